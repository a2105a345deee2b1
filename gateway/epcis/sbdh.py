"""The StandardBusinessDocumentHeader (SBDH 1.3) as a tree: building one, and looking things up in one.

The model keeps the header as it was read; nothing of it is ever lost between XML versions. Order and names:
HeaderVersion, Sender+, Receiver+, DocumentIdentification, Manifest?, BusinessScope?.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.epcis.element import Element, element

NAMESPACE: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
PREFIX: Final = "sbdh"

#: What EPCIS documents say about themselves in DocumentIdentification.
STANDARD: Final = "EPCglobal"
TYPE: Final = "Events"
TYPE_VERSION: Final = "1.0"
HEADER_VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class Partner:
    """A sender or a receiver.

    Attributes:
        identifier: GLN, SGLN URN or whatever the partners agreed on.
        authority: who gives out such identifiers, e.g. ``SGLN``; empty when not said.
    """

    identifier: str
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Identification:
    """The parts of DocumentIdentification.

    Attributes:
        instance_identifier: unique for the sender; receivers find duplicates by it.
        creation_date: CreationDateAndTime, xsd:dateTime.
        standard: the standard of the document, ``EPCglobal``.
        type_version: version of the document type.
        type: kind of document, ``Events``.
        multiple_type: whether the document holds several types; empty when not said.
    """

    instance_identifier: str
    creation_date: str
    standard: str = STANDARD
    type_version: str = TYPE_VERSION
    type: str = TYPE
    multiple_type: str = ""


def authority_of(identifier: str) -> str:
    """The authority that an identifier's own form names: ``SGLN`` and ``GLN``; empty for all others."""
    if identifier.startswith("urn:epc:id:sgln:"):
        return "SGLN"
    return "GLN" if len(identifier) == len("0000000000000") and identifier.isdigit() else ""


def build(sender: str, receiver: str, instance_identifier: str, creation_date: str) -> Element:
    """Build a header from the four values that have no default.

    Args:
        sender: identifier of the sender.
        receiver: identifier of the receiver.
        instance_identifier: unique identifier of the document.
        creation_date: xsd:dateTime of the document.
    """
    document = [
        _text("Standard", STANDARD),
        _text("TypeVersion", TYPE_VERSION),
        _text("InstanceIdentifier", instance_identifier),
        _text("Type", TYPE),
        _text("CreationDateAndTime", creation_date),
    ]
    return _node(
        "StandardBusinessDocumentHeader",
        [
            _text("HeaderVersion", HEADER_VERSION),
            _node("Sender", [_identifier(sender)]),
            _node("Receiver", [_identifier(receiver)]),
            _node("DocumentIdentification", document),
        ],
    )


def senders(header: Element) -> list[Partner]:
    """All senders in order."""
    return _partners(header, "Sender")


def receivers(header: Element) -> list[Partner]:
    """All receivers in order."""
    return _partners(header, "Receiver")


def identification(header: Element) -> Identification:
    """DocumentIdentification; parts that are missing are empty."""
    part = header.child("DocumentIdentification")
    if part is None:
        return Identification("", "", "", "", "")
    return Identification(
        _value(part, "InstanceIdentifier"),
        _value(part, "CreationDateAndTime"),
        _value(part, "Standard"),
        _value(part, "TypeVersion"),
        _value(part, "Type"),
        _value(part, "MultipleType"),
    )


def is_minimal(header: Element) -> bool:
    """Whether the header says nothing but what `build` would say, so that its four values are all there is."""
    found = identification(header)
    parties = [*senders(header)[:1], *receivers(header)[:1]]
    if len(parties) != 2:  # noqa: PLR2004 - a sender and a receiver
        return False
    sender, receiver = parties
    built = build(sender.identifier, receiver.identifier, found.instance_identifier, found.creation_date)
    return _shape(built) == _shape(header)


def _shape(node: Element) -> tuple[object, ...]:
    """Content without prefixes, which mean nothing."""
    return (node.name, node.text.strip(), sorted(node.attributes), [_shape(child) for child in node.children])


def _partners(header: Element, local: str) -> list[Partner]:
    found = []
    for node in header.children:
        identifier = node.child("Identifier") if node.local == local else None
        if identifier is not None:
            found.append(Partner(identifier.text.strip(), dict(identifier.attributes).get("Authority", "")))
    return found


def _value(node: Element, local: str) -> str:
    child = node.child(local)
    return child.text.strip() if child is not None else ""


def _node(local: str, children: list[Element]) -> Element:
    return element(NAMESPACE, local, prefix=PREFIX, children=children)


def _text(local: str, value: str) -> Element:
    return element(NAMESPACE, local, value, prefix=PREFIX)


def _identifier(identifier: str) -> Element:
    node = _text("Identifier", identifier)
    authority = authority_of(identifier)
    if authority:
        node.attributes = [("Authority", authority)]
    return node
