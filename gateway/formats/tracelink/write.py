"""A document as one TraceLink message."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header
from gateway.epcis.element import XSI, Element
from gateway.epcis.events import Event
from gateway.epcis.time import has_zone, parse
from gateway.errors import InputError
from gateway.findings import NOWHERE, Finding
from gateway.formats.base import Context, blocks
from gateway.formats.epcis_xml.scope import Scope, declaration
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.addresses import Addresses
from gateway.formats.tracelink.build import Builder
from gateway.formats.tracelink.keys import gln_of
from gateway.formats.tracelink.kinds import Kind, kind_of
from gateway.formats.tracelink.names import ASSIGNED, CMN, END_OF_BATCH, MESSAGES, PREFIXES, SHIPMENT, name_of
from gateway.formats.tracelink.settings import MESSAGE
from gateway.formats.tracelink.times import in_utc
from gateway.formats.tracelink.write_assigned import AssignedWriter
from gateway.formats.tracelink.write_end_of_batch import EndOfBatchWriter
from gateway.formats.tracelink.write_shipment import ShipmentWriter
from gateway.formats.tracelink.writing import Writing
from gateway.options import CREATION_DATE, INSTANCE_IDENTIFIER, RECEIVER, SENDER

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BY_KIND: Final = {Kind.COMMISSION: ASSIGNED, Kind.PACKING: ASSIGNED, Kind.SHIPPING: SHIPMENT}


class BodyWriter(Protocol):
    """Writes the body of one kind of message."""

    def parts(self, events: Iterable[Event]) -> Iterator[str]:
        """The body piece by piece."""


_WRITERS: Final[dict[str, Callable[[Writing], BodyWriter]]] = {
    ASSIGNED: AssignedWriter,
    SHIPMENT: ShipmentWriter,
    END_OF_BATCH: EndOfBatchWriter,
}


def write(document: Document, context: Context) -> Iterator[bytes]:
    """Write a document as SNXDispositionAssigned, SOMSalesShipment or SNXEndOfBatch message.

    Raises:
        InputError: nobody says which message, and the first event does not show it.
    """
    return blocks(_parts(document, context))


def _parts(document: Document, context: Context) -> Iterator[str]:
    events = iter(document.events)
    first = list(itertools.islice(events, 1))
    message = context.options.get(MESSAGE) or _by_content(first)
    namespace = MESSAGES[message]
    uris = {PREFIXES[namespace]: namespace, PREFIXES[CMN]: CMN, "xsi": XSI}
    writing = Writing(context, Scope(uris), Builder(namespace), Addresses(document.header.vocabularies))
    prefix = PREFIXES[namespace]
    yield DECLARATION
    yield f"<{prefix}:{message}{''.join(declaration(*pair) for pair in uris.items())}>\n"
    yield _header(document.header, writing, message) + "\n"
    yield f"<{prefix}:MessageBody>\n"
    yield from _WRITERS[message](writing).parts(itertools.chain(first, events))
    yield f"</{prefix}:MessageBody>\n</{prefix}:{message}>\n"
    _rest(document, writing, message)
    writing.finish()


def _by_content(first: list[Event]) -> str:
    message = _BY_KIND.get(kind_of(first[0])) if first else None
    if message is None:
        what = f"the first event is {first[0].biz_step or first[0].type}" if first else "the document has no events"
        raise InputError(Finding.of(rules.MESSAGE, what, expected=", ".join(_WRITERS)))
    return message


def _header(header: Header, writing: Writing, message: str) -> str:
    """ControlFileHeader from the document's header, else from settings."""
    sender, receiver, number, created = header.sender, header.receiver, header.instance_identifier, ""
    if header.sbdh is not None:
        found = sbdh.identification(header.sbdh)
        sender = next((one.identifier for one in sbdh.senders(header.sbdh)), "")
        receiver = next((one.identifier for one in sbdh.receivers(header.sbdh)), "")
        number, created = found.instance_identifier, found.creation_date
    namespace = MESSAGES[message]
    tree = Element(f"{{{namespace}}}ControlFileHeader", prefix=PREFIXES[namespace])
    tree.children = [item for item in header.extensions if _is_transaction_type(item, message)]
    options, values = writing.context.options, writing.values
    for local, given, setting in (
        ("FileSenderNumber", sender, SENDER),
        ("FileReceiverNumber", receiver, RECEIVER),
        ("FileControlNumber", number, INSTANCE_IDENTIFIER),
    ):
        text = values.need(local, given or "", setting, NOWHERE)
        if local != "FileControlNumber" and text:
            gln = gln_of(text)
            if gln is None:
                message = f"{local} {text!r} is no GLN"
                writing.findings.report(rules.IDENTIFIER, message, value=text, expected="13 digits, SGLN or PGLN")
            text = gln or ""
        writing.builder.put(tree, local, text)
    created = created or header.creation_date or options.get(CREATION_DATE) or writing.context.now
    date, time = _file_time(created, writing)
    writing.builder.put(tree, "FileDate", date)
    writing.builder.put(tree, "FileTime", time)
    return writing.xml(tree)


def _file_time(created: str, writing: Writing) -> tuple[str, str]:
    """FileDate and FileTime of a dateTime: in UTC where it has a zone, as it is where it has none."""
    if not created:
        writing.values.missing("FileDate", CREATION_DATE, NOWHERE)
        return "", ""
    text = created if _is_local(created) else in_utc(created, "Z")
    if text is None or "T" not in text:
        message = f"the creation date {created!r} is no date and time"
        writing.findings.report(rules.TIME, message, value=created, expected="2026-01-31T12:00:00Z")
        return "", ""
    date, _, time = text.partition("T")
    whole, dot, fraction = time.partition(".")
    if dot:
        writing.leftovers.document("creationDate", created)
        whole += "Z" if fraction.endswith("Z") else ""
    return date, whole


def _is_transaction_type(item: Element, message: str) -> bool:
    """Whether an element of the header says what the events are about, which is not said of their totals."""
    return name_of(item.name) == "FileTransactionType" and message != END_OF_BATCH


def _is_local(created: str) -> bool:
    return parse(created) is not None and not has_zone(created)


def _rest(document: Document, writing: Writing, message: str) -> None:
    """List what else the document says."""
    header, left = document.header, writing.leftovers
    if header.sbdh is not None and not sbdh.is_minimal(header.sbdh):
        left.document("StandardBusinessDocumentHeader", header.sbdh)
    for kind, record in writing.addresses.unused():
        left.document(f"EPCISMasterData/{kind}", record)
    if header.document_id:
        left.document("id", header.document_id)
    if header.query is not None:
        left.document("QueryResults", header.query)
    for name, value in header.attributes:
        left.document(f"@{name}", value)
    others = [item for item in header.extensions if not _is_transaction_type(item, message)]
    foreign = (others, header.master_data_extensions, document.body_extensions, document.event_list_extensions)
    for item in itertools.chain(*foreign, document.extensions):
        left.document(item.name, item)
