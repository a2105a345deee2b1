"""A TraceLink message as a header and a stream of events.

Namespace and local name decide, never a prefix. What the reader of a message's body does not take stays in the
document as vendor content in TraceLink's own namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol, cast

from lxml import etree

from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.epcis.time import has_zone
from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.names import (
    ASSIGNED,
    DISAGGREGATED,
    MESSAGES,
    PREFIXES,
    SHIPMENT,
    UPDATED,
    name_of,
)
from gateway.formats.tracelink.read_assigned import AssignedReader
from gateway.formats.tracelink.read_disaggregated import DisaggregatedReader
from gateway.formats.tracelink.read_shipment import ShipmentReader
from gateway.formats.tracelink.read_updated import UpdatedReader
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.tree import is_empty, node_name
from gateway.formats.xml_input import SAFE, Input, Node, XmlRules, first_element, not_well_formed
from gateway.sources import Source

_XML_RULES: Final = XmlRules(rules.NOT_WELL_FORMED, rules.DOCTYPE, rules.LIMIT)
_HEADER: Final = "ControlFileHeader"
_BODY: Final = "MessageBody"


class BodyReader(Protocol):
    """Reads the body of one kind of message."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Local names of the elements that it wants to see when they end; it clears what it has read."""

    def ended(self, name: str, node: Node) -> Iterable[Event]:
        """An element of `tags` has ended; the events that are complete with it."""

    def body(self, node: Node) -> Iterable[Event]:
        """The body has ended. What is left in it, this reader has not taken."""


_READERS: Final[dict[str, Callable[[Reading], BodyReader]]] = {
    ASSIGNED: AssignedReader,
    UPDATED: UpdatedReader,
    DISAGGREGATED: DisaggregatedReader,
    SHIPMENT: ShipmentReader,
}


def read(source: Source, context: Context) -> Document:
    """Read a message.

    Raises:
        InputError: it is not well-formed, has a DOCTYPE, is no message of TraceLink, or one without events. Behind
            the first event the same is raised by the iterator of events.
        LimitExceeded: it is over one of the context's limits.
        UsageError: the setting ``company-prefix`` is wrong.
    """
    root = first_element(source, context, _XML_RULES)
    message = name_of(str(root.tag))
    if message not in MESSAGES or str(root.tag) != f"{{{MESSAGES[message]}}}{message}":
        expected = ", ".join(_READERS)
        text = f"the root element is {root.tag}, which is no message of TraceLink"
        raise InputError(Finding.of(rules.ROOT, text, value=root.tag, expected=expected))
    if message not in _READERS:
        raise InputError(Finding.of(rules.NO_EVENTS, f"{message} holds no events", value=message))
    return _Reader(source, context, message).document


class _Reader:
    """Reads one message. Elements are dropped as soon as they have been read."""

    def __init__(self, source: Source, context: Context, message: str) -> None:
        self._context = context
        self._reading = Reading(context)
        self._body = _READERS[message](self._reading)
        self._input = Input(source, context, _XML_RULES)
        self.document = Document(Header(namespaces=[(prefix, uri) for uri, prefix in PREFIXES.items()]), ())
        self._seen: set[str] = set()
        events = self._read()
        first = next(events, None)  # the header stands before the first event
        self.document.events = _chain(first, events)

    def _read(self) -> Iterator[Event]:
        tags = [f"{{*}}{local}" for local in (_HEADER, _BODY, *self._body.tags)]
        parser: Any = etree.iterparse(
            self._input,
            events=("end",),
            tag=tags,
            remove_comments=True,
            remove_pis=True,
            huge_tree=True,  # our own limits hold instead: bytes of an event, identifiers, depth
            **SAFE,
        )
        try:
            for _, node in parser:
                for event in self._ended(cast("Node", node)):
                    self._input.mark()
                    yield event
            self._finish(parser.root)
        except etree.XMLSyntaxError as error:
            raise InputError(not_well_formed(_XML_RULES, error, parser.error_log, self._reading.number)) from error
        finally:
            self._input.close()

    def _ended(self, node: Node) -> Iterable[Event]:
        name = node_name(node)
        parent = node.getparent()
        if not name or parent is None:
            return ()
        top = parent.getparent() is None
        if top and name in self._seen:
            message = f"the message has a second {name}"
            self._context.findings.report(rules.REPEATED, message, where=self._reading.where(node))
        if top and name == _HEADER:
            self._header(node)
            return ()
        if top and name == _BODY:
            self._seen.add(_BODY)
            events = list(self._body.body(node))
            self.document.body_extensions += [self._reading.trees.read(child) for child in node]
            return events
        return self._body.ended(name, node) if name in self._body.tags else ()

    def _header(self, node: Node) -> None:
        trees, header = self._reading.trees, self.document.header
        self._seen.add(_HEADER)
        where = self._reading.where(node, _HEADER)
        self._reading.unkept(node)
        if self._reading.number:
            message = f"the {_HEADER} stands behind events"
            self._context.findings.report(rules.MISSING, message, where=where, expected=f"{_HEADER} first")
        tree = trees.read(node)
        sender, receiver, number, time = (
            trees.take(tree, local, where)
            for local in ("FileSenderNumber", "FileReceiverNumber", "FileControlNumber", "FileTime")
        )
        date = trees.take(tree, "FileDate", where) if time else ""
        created = f"{date}T{time}" if date else ""
        if time and not date:
            message = "the header has FileTime and no FileDate"
            self._context.findings.report(rules.MISSING, message, where=where, value=time, expected="FileDate")
        if sender and receiver and number and created:
            header.sbdh = sbdh.build(sender, receiver, number, created)
            # Without zone it is no creationDate for EPCIS 2.0; the SBDH has it as it is.
            header.creation_date = created if has_zone(created) else None
        else:
            header.creation_date = created or None
            header.sender, header.receiver = sender or None, receiver or None
            header.instance_identifier = number or None
        header.extensions = list(tree.children)
        self._reading.clear(node)

    def _finish(self, root: Node) -> None:
        self._reading.unkept(root)
        self._reading.finish()
        for local in (_HEADER, _BODY):
            if local not in self._seen:
                message = f"the message has no {local}"
                self._context.findings.report(rules.MISSING, message, where=Where(line=1), expected=local)
        for child in root:
            self._reading.lose_tail(child)
        rest = [self._reading.trees.read(child) for child in root if node_name(child) not in (_HEADER, _BODY)]
        self.document.extensions += [item for item in rest if not is_empty(item)]


def _chain(first: Event | None, rest: Iterator[Event]) -> Iterator[Event]:
    if first is not None:
        yield first
        yield from rest
