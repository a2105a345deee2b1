"""A document: its header, and an iterator of events that is read once.

Nothing in the bulk path holds more than a block of events. What stands behind the events in a file (extensions
at the end of the body or the document) is known only when the iterator is exhausted; writers ask for it then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from gateway.epcis.element import Element
from gateway.epcis.events import Event


class Attribute(Struct):
    """A master data attribute. `value` holds text; `children` what stands in it when it is a structure."""

    id: str
    value: str = ""
    children: list[Element] = []


class VocabularyElement(Struct):
    """One master data record, e.g. one location or one trade item class (clause 9.4)."""

    id: str
    attributes: list[Attribute] = []
    children: list[str] = []
    extensions: list[Element] = []


class Vocabulary(Struct):
    """Master data records of one vocabulary type, e.g. ``urn:epcglobal:epcis:vtype:Location``."""

    type: str
    elements: list[VocabularyElement] = []
    extensions: list[Element] = []


class QueryResults(Struct):
    """The envelope of an EPCISQueryDocument."""

    query_name: str
    subscription_id: str | None = None
    extensions: list[Element] = []


class Header(Struct):
    """What stands before the events.

    Attributes:
        schema_version: ``1.0``, ``1.1``, ``1.2`` or ``2.0`` of the source.
        creation_date: xsd:dateTime as read; for a document that the gateway builds, the date it was given.
        document_id: JSON-LD ``id`` of the document.
        sbdh: StandardBusinessDocumentHeader as a tree, built and read by `gateway.epcis.sbdh`.
        instance_identifier: JSON ``instanceIdentifier`` where there is no SBDH tree.
        sender: JSON ``sender`` where there is no SBDH tree.
        receiver: JSON ``receiver`` where there is no SBDH tree.
        vocabularies: master data of the header.
        query: envelope when the source is a query document.
        master_data_document: whether the source is an EPCISMasterDataDocument, which has no events.
        extensions: foreign elements of the header.
        attributes: foreign attributes of the root element.
        namespaces: prefix preferences of the document: prefix and URI pairs in source order.
    """

    schema_version: str = ""
    creation_date: str | None = None
    document_id: str | None = None
    sbdh: Element | None = None
    instance_identifier: str | None = None
    sender: str | None = None
    receiver: str | None = None
    vocabularies: list[Vocabulary] = []
    master_data_extensions: list[Element] = []
    query: QueryResults | None = None
    master_data_document: bool = False
    extensions: list[Element] = []
    attributes: list[tuple[str, str]] = []
    namespaces: list[tuple[str, str]] = []


@dataclass(slots=True)
class Document:
    """A header and its events.

    Attributes:
        header: complete before the first event is asked for.
        events: read once, in order.
        body_extensions: foreign elements of the EPCISBody; complete when `events` is exhausted.
        event_list_extensions: foreign content of EventList; complete when `events` is exhausted.
        extensions: foreign elements of the document; complete when `events` is exhausted.
    """

    header: Header
    events: Iterable[Event]
    body_extensions: list[Element] = field(default_factory=list)
    event_list_extensions: list[Element] = field(default_factory=list)
    extensions: list[Element] = field(default_factory=list)
