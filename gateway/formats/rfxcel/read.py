"""The EPCIS documents in rfXcel's envelopes as one document; the values of the envelopes are vendor content of it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from gateway.epcis.document import Document, Header
from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.errors import InputError
from gateway.findings import Finding, Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_xml.read import read as read_epcis
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write_element import write_element
from gateway.formats.rfxcel import rules
from gateway.formats.rfxcel.names import NAMESPACES, ROOTS, SOAP
from gateway.formats.rfxcel.unwrap import XML_RULES, Unwrapped, unwrap
from gateway.formats.xml_input import first_element
from gateway.sources import Source


def read(source: Source, context: Context) -> Document:
    """Read a message.

    Lines in findings about events count from the start tag of their EPCIS document.

    Raises:
        InputError: it is not well-formed, has a DOCTYPE, is no message with envelopes, or an EPCIS document in it
            cannot be read. Behind the first event the same is raised by the iterator of events.
        LimitExceeded: it is over one of the context's limits.
    """
    root = first_element(source, context, XML_RULES)
    tag = str(root.tag)
    uri, _, local = tag[1:].rpartition("}")
    if tag != f"{{{SOAP}}}Envelope" and not (uri in NAMESPACES and local in ROOTS):
        message = f"the root element is {tag}, which holds no envelopes of rfXcel"
        raise InputError(Finding.of(rules.ROOT, message, value=tag, expected=", ".join(ROOTS)))
    found = unwrap(source, context)
    try:
        first = read_epcis(found.parts[0].source(source.name), context) if found.parts else Document(Header(), ())
    except BaseException:
        found.close()
        raise
    first.header.extensions = [*first.header.extensions, *found.rest]
    document = Document(first.header, ())
    document.events = _events(document, first, found, source.name, context)
    return document


def _events(document: Document, first: Document, found: Unwrapped, name: str, context: Context) -> Iterator[Event]:
    """The events of all documents, numbered throughout."""
    number = 0
    try:
        for at, part in enumerate(found.parts):
            inner = first if at == 0 else read_epcis(part.source(name), context)
            if at:
                _lose_header(inner.header, at + 1, context)
            for event in inner.events:
                number += 1
                if at:
                    event.where = structs.replace(event.where, event=number)
                yield event
            document.body_extensions += inner.body_extensions
            document.event_list_extensions += inner.event_list_extensions
            document.extensions += inner.extensions
            part.close()
    finally:
        found.close()


def _lose_header(header: Header, number: int, context: Context) -> None:
    """List what the header of a further document says."""

    def lose(field: str, value: str) -> None:
        context.losses.add(rules.LATER_HEADER, Outcome.LOST, f"document/{field}", f"{number}: {value}")

    if header.creation_date:
        lose("creationDate", header.creation_date)
    trees: list[Element] = [*([header.sbdh] if header.sbdh is not None else []), *header.extensions]
    for tree in (*trees, *header.master_data_extensions):
        lose(tree.local, write_element(tree, Scope({})))
    for vocabulary in header.vocabularies:
        for item in vocabulary.elements:
            values = "; ".join(f"{one.id}={one.value}" for one in item.attributes)
            lose("EPCISMasterData", f"{vocabulary.type} {item.id} {values}")
    for name, value in header.attributes:
        lose(f"@{name}", value)
