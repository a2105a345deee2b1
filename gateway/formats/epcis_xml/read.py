"""An EPCIS XML document as a header and a stream of events, in memory that does not grow with the document.

Namespace and local name decide, never a prefix. One parser pass over the start tag refuses what must not be parsed
any further (DOCTYPE, unknown roots); a second one streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from lxml import etree

from gateway.epcis.document import Document, Header, QueryResults
from gateway.epcis.events import Event
from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml import homeless, rules
from gateway.formats.epcis_xml.comments import Comments
from gateway.formats.epcis_xml.names import CARRIED, CARRY, VERSIONS, Version
from gateway.formats.epcis_xml.pieces import Pieces
from gateway.formats.epcis_xml.read_element import Elements, line_of
from gateway.formats.epcis_xml.read_event import TYPES, EventReader
from gateway.formats.epcis_xml.read_header import HeaderReader, read_root, restore_attributes
from gateway.formats.epcis_xml.read_parts import content, local_name
from gateway.formats.epcis_xml.read_plain import PlainReader
from gateway.formats.xml_input import SAFE, Input, Node, XmlRules, first_element, not_well_formed
from gateway.sources import Source

_XML_RULES: Final = XmlRules(rules.NOT_WELL_FORMED, rules.DOCTYPE, rules.LIMIT)
_WRAPPER: Final = "extension"
_LIKE_ASCII: Final = ("UTF-8", "US-ASCII", "ASCII", "ISO-8859-", "WINDOWS-125")
_EVENT_LIST_ELEMENTS: Final = f"{{{CARRY}}}{homeless.EVENT_LIST_ELEMENTS}"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What kind of document a root element says it is."""

    version: Version
    name: str


def _kinds() -> dict[str, _Kind]:
    return {
        f"{{{uri}}}{name}": _Kind(version, name)
        for version in VERSIONS
        for uri, name in (
            (version.document, "EPCISDocument"),
            (version.query, "EPCISQueryDocument"),
            (version.master_data, "EPCISMasterDataDocument"),
        )
    }


_KINDS: Final = _kinds()


def read(source: Source, context: Context) -> Document:
    """Read a document of any version of EPCIS XML.

    Raises:
        InputError: it is not well-formed, has a DOCTYPE, or its root element is not one of EPCIS. Behind the first
            event the same is raised by the iterator of events.
        LimitExceeded: it is over one of the context's limits.
    """
    kind = _kind(source, context)
    reader = _Reader(source, context, kind)
    return reader.document


def _kind(source: Source, context: Context) -> _Kind:
    """Look at the start tag, and go no further."""
    root = first_element(source, context, _XML_RULES)
    kind = _KINDS.get(str(root.tag))
    if kind is None:
        raise InputError(_unknown_root(root))
    return kind


def _unknown_root(root: Node) -> Finding:
    expected = ", ".join(sorted({kind.name for kind in _KINDS.values()}))
    message = f"the root element is {root.tag}, which is no document of EPCIS"
    where = Where(line=line_of(root))
    return Finding.of(rules.ROOT, message, where=where, value=root.tag, expected=expected)


def _event_tags(version: Version) -> list[str]:
    """Event names as they may occur: every element of the file is compared with each of them."""
    qualified = (f"{{{version.document}}}", f"{{{version.query}}}")
    return [tag for tag in TYPES if not tag.startswith("{") or tag.startswith(qualified)]


class _Reader:
    """The state of reading one document. Elements are dropped as soon as they have been read."""

    def __init__(self, source: Source, context: Context, kind: _Kind) -> None:
        self._context = context
        self._kind = kind
        self._events = EventReader(context)
        self._elements = Elements(context.limits.depth, context.losses)
        self._input = Input(source, context, _XML_RULES)
        self._comments = Comments(context.losses, source.head(4))
        self._pieces = Pieces(self._input, self._feed)
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag=_event_tags(kind.version),
            remove_blank_text=True,
            remove_comments=True,
            remove_pis=True,
            huge_tree=True,  # our own limits hold instead: bytes of an event, identifiers, depth
            **SAFE,
        )
        self._list: Node | None = None
        self._header_done = False
        self._seen_results = False
        self._reported: set[str] = set()
        self.document = Document(Header(), ())
        self._headers = HeaderReader(self.document.header, self._elements)
        events = self._read()
        first = next(events, None)  # the header is complete once the first event is
        restore_attributes(self.document.header)
        self.document.events = _chain(first, events)

    def _read(self) -> Iterator[Event]:
        try:
            yield from self._pieces.events()
            root = self._parser.close()
            yield from self._ended()
            self._finish(root)
        except etree.XMLSyntaxError as error:
            number = self._pieces.number
            log = self._parser.feed_error_log
            finding = not_well_formed(_XML_RULES, error, log, number + 1 if number else 0)
            raise InputError(finding) from error
        finally:
            self._input.close()

    def _feed(self, data: bytes) -> Iterator[Event]:
        """Give bytes to the parser; the events that end in them."""
        self._comments.feed(data)
        try:
            self._parser.feed(data)
        except etree.XMLSyntaxError:
            yield from self._ended()
            raise
        yield from self._ended()
        if any(entry.level == etree.ErrorLevels.FATAL for entry in self._parser.feed_error_log):
            self._parser.close()  # an undeclared entity stops the parser in silence; closing it says so

    def _ended(self) -> Iterator[Event]:
        for _, node in self._parser.read_events():
            event = self._one(cast("Node", node))  # only ends of elements were asked for
            if event is not None:
                yield event

    def _one(self, node: Node) -> Event | None:
        parent = node.getparent()
        if parent is not self._list and not self._is_event_place(parent):
            return None
        pieces = self._pieces
        pieces.number += 1
        # An empty event may be one tag; then it is not the end of what was fed.
        pieces.settled = len(node) > 0
        self._drop_before(node, parent)
        if not self._header_done:
            self._read_header(node.getroottree().getroot())
            pieces.plain = self._plain_reader(node)
        if str(node.tag).startswith("{"):
            self._qualified(node)
        # libxml2 counts lines of elements up to 65,535 only; where the event was cut off, its line is known.
        line = pieces.event_line or line_of(node)
        event = self._events.read(node, pieces.number, line, lists_mandatory=self._kind.version.wraps)
        node.clear()
        self._input.mark()
        return event

    def _plain_reader(self, node: Node) -> PlainReader | None:
        """The fast way, if names without prefix have no namespace here and ASCII is ASCII."""
        declared = self._list.nsmap if self._list is not None else {}
        encoding = (node.getroottree().docinfo.encoding or "UTF-8").upper()
        if None in declared or not encoding.startswith(_LIKE_ASCII):
            return None
        return PlainReader(self._kind.version, declared, self._context.limits.epcs_per_event)

    def _is_event_place(self, parent: Node | None) -> bool:
        """Whether events may stand here: EventList, or its wrappers. Vendor content may use the same names."""
        place = parent
        while place is not None and local_name(place) == _WRAPPER:
            place = place.getparent()
        if place is None or local_name(place) != "EventList":
            return False
        above = place.getparent()
        if above is None or local_name(above) not in ("EPCISBody", "resultsBody"):
            return False
        self._list = place
        return True

    def _drop_before(self, node: Node, parent: Node | None) -> None:
        """Read what stands between two events, and free both."""
        while parent is not None:
            previous = node.getprevious()
            while previous is not None:
                if previous.tag not in TYPES:
                    self._between(previous)
                parent.remove(previous)
                previous = node.getprevious()
            if parent is self._list:
                return
            node, parent = parent, parent.getparent()

    def _between(self, node: Node) -> None:
        """Something in EventList that is not an event which was read."""
        name = local_name(node)
        extensions = self.document.event_list_extensions
        if name == _WRAPPER:
            for child in node:
                if child.tag not in TYPES:
                    self._between(child)
        elif name in (CARRIED, _EVENT_LIST_ELEMENTS):
            self._carried(node)
        elif node.getparent() is self._list and not name.startswith("{"):
            known = ", ".join(name for name in TYPES if not name.startswith("{"))
            self._context.findings.report(
                rules.UNKNOWN_EVENT,
                f"EventList holds an element {name!r}, which is no event type of EPCIS",
                where=Where(line=line_of(node)),
                value=name,
                expected=known,
            )
        else:
            extensions.append(self._elements.read(node))

    def _carried(self, node: Node) -> None:
        name = _EVENT_LIST_ELEMENTS
        if node.tag == name:
            self.document.event_list_extensions += self._elements.read_all(node)
            return
        for element in self._headers.carried(node):
            if element.name == name:
                self.document.event_list_extensions += element.children
            else:
                self.document.event_list_extensions.append(element)

    def _qualified(self, node: Node) -> None:
        if "qualified" not in self._reported:
            self._reported.add("qualified")
            self._context.findings.report(
                rules.QUALIFIED,
                f"{local_name(node)} is in the namespace {node.nsmap.get(node.prefix)!r}; it was read all the same",
                where=Where(line=line_of(node)),
                value=node.tag,
                expected=local_name(node),
            )

    def _read_header(self, root: Node) -> None:
        """Everything in front of the first event."""
        self._header_done = True
        header = self.document.header
        read_root(root, self._kind.version, header, self._context.findings)
        header.master_data_document = self._kind.name == "EPCISMasterDataDocument"
        if self._kind.name == "EPCISQueryDocument":
            header.query = QueryResults("")
        for child in root:
            name = local_name(child)
            if name == "EPCISHeader":
                self._headers.header(child)
            elif name == "EPCISBody":
                self._body(child)

    def _body(self, body: Node) -> None:
        """The envelope of query results."""
        query = self.document.header.query
        if query is None:
            return
        for results in body:
            if local_name(results) != "QueryResults":
                continue
            self._seen_results = True
            for child in results:
                name = local_name(child)
                if name == "queryName":
                    query.query_name = content(child)
                elif name == "subscriptionID":
                    query.subscription_id = content(child)

    def _finish(self, root: Node) -> None:
        """Everything behind the last event."""
        if not self._header_done:
            self._read_header(root)
        seen_body = False
        behind = []
        for child in root:
            name = local_name(child)
            if name == "EPCISBody":
                seen_body = True
                if str(child.tag).startswith("{"):
                    self._qualified(child)
                self._finish_body(child)
            elif name != "EPCISHeader":
                behind.append(child)
        self._behind(behind)
        if not seen_body:
            self._context.findings.report(rules.MISSING, "the document has no EPCISBody", expected="EPCISBody")
        elif self.document.header.query is not None and not self._seen_results:
            self._context.findings.report(
                rules.QUERY_CONTROL, "the query document holds a control message, not results"
            )

    def _behind(self, nodes: list[Node]) -> None:
        """Foreign content behind the body."""
        for element in self._elements.unwrapped(nodes):
            if element.name == f"{{{CARRY}}}{homeless.BODY_ELEMENTS}":
                self.document.body_extensions += element.children
            else:
                self.document.extensions.append(element)

    def _finish_body(self, body: Node) -> None:
        self._elements.unkept(body)
        query = self.document.header.query
        behind = []
        for child in body:
            name = local_name(child)
            if name == "EventList":
                self._finish_list(child)
            elif name == "VocabularyList":
                self._headers.vocabulary_list(child)
            elif name == "QueryResults" and query is not None:
                self._finish_results(child, query)
            elif query is None:
                behind.append(child)
        self.document.body_extensions += self._elements.unwrapped(behind)

    def _finish_results(self, results: Node, query: QueryResults) -> None:
        behind = []
        for child in results:
            name = local_name(child)
            if name == "resultsBody":
                for inner in child:
                    if local_name(inner) == "EventList":
                        self._finish_list(inner)
                    elif local_name(inner) == "VocabularyList":
                        self._headers.vocabulary_list(inner)
            elif name not in ("queryName", "subscriptionID"):
                behind.append(child)
        query.extensions += self._elements.unwrapped(behind)

    def _finish_list(self, node: Node) -> None:
        self._list = node
        self._elements.unkept(node)
        for child in node:
            if child.tag not in TYPES:
                self._between(child)


def _chain(first: Event | None, rest: Iterator[Event]) -> Iterator[Event]:
    if first is not None:
        yield first
        yield from rest
