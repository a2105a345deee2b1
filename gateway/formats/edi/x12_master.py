"""Master data of a document's header: names and addresses of parties, NDC and name of items."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from gateway import gs1
from gateway.epcis.document import Header, VocabularyElement
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.edi import x12_losses as rules

_MDA = "urn:epcglobal:cbv:mda#"
_PRINTABLE = re.compile(r"[ -~]+")
_NDC_11 = re.compile(r"([0-9]{5})-?([0-9]{4})-?([0-9]{2})")
_NDC_TYPES = ("US_FDA_NDC", "FDA_NDC_11")
_NDC, _NDC_TYPE = "additionalTradeItemIdentification", "additionalTradeItemIdentificationTypeCode"
_PRODUCT = "regulatedProductName"
#: Attributes of a place, and the greatest length of the element that holds it (N102, N301, N302, N401 to N404).
_PLACE = {
    "name": 60,
    "streetAddressOne": 55,
    "streetAddressTwo": 55,
    "city": 30,
    "state": 2,
    "postalCode": 15,
    "countryCode": 3,
}
_PID05 = 80
_HEADER = (
    "sbdh",
    "instance_identifier",
    "sender",
    "receiver",
    "document_id",
    "query",
    "extensions",
    "master_data_extensions",
    "attributes",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Name (N102), street (N301, N302) and town (N401 to N404); what is not known is empty."""

    name: str = ""
    street: tuple[str, ...] = ()
    town: tuple[str, ...] = ()


class Names:
    """Looks up master data; what nobody asked for is lost in the end.

    Args:
        header: the document's header.
        context: takes losses.
    """

    def __init__(self, header: Header, context: Context) -> None:
        self._header = header
        self._context = context
        self._elements: dict[str, dict[str, str]] = {}
        self._items: dict[str, str] = {}
        self._used: set[tuple[str, str]] = set()
        for vocabulary in header.vocabularies:
            for element in vocabulary.elements:
                self._elements[element.id] = _attributes(element)
                gtin = _gtin(element.id)
                if gtin:
                    self._items[gtin] = element.id

    def place(self, uri: str) -> Place:
        """Name and address of a party."""
        values = {name: self._text(uri, name, length) for name, length in _PLACE.items()}
        street = tuple(one for one in (values["streetAddressOne"], values["streetAddressTwo"]) if one)
        town = (values["city"], values["state"], values["postalCode"], values["countryCode"])
        return Place(values["name"], street, town)

    def product(self, gtin: str) -> str:
        """The name of an item."""
        return self._text(self._items.get(gtin, ""), _PRODUCT, _PID05)

    def ndc(self, gtin: str) -> str:
        """The NDC of an item as 11 digits; empty when it is in a form of which they cannot be told."""
        uri = self._items.get(gtin, "")
        known = self._elements.get(uri, {})
        match = _NDC_11.fullmatch(known.get(_NDC, ""))
        if match is None or known.get(_NDC_TYPE) not in _NDC_TYPES:
            return ""
        self._used |= {(uri, _NDC), (uri, _NDC_TYPE)}
        return "".join(match.groups())

    def lose_rest(self) -> None:
        """List all master data that was not written, and what else stands in the header."""
        for uri, attributes in self._elements.items():
            for name, value in attributes.items():
                if (uri, name) not in self._used:
                    self._context.losses.add(rules.MASTER_DATA, Outcome.LOST, f"vocabulary/{name}", f"{uri}: {value}")
        for name in _HEADER:
            value = getattr(self._header, name)
            if value:
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                self._context.losses.add(rules.HEADER, Outcome.LOST, name, text)

    def _text(self, uri: str, name: str, length: int) -> str:
        """A text that is written where it fits."""
        value = self._elements.get(uri, {}).get(name, "")
        if not value:
            return ""
        first = (uri, name) not in self._used
        self._used.add((uri, name))
        if len(value) <= length and _PRINTABLE.fullmatch(value) and value == value.strip():
            return value
        if first:
            self._context.losses.add(rules.TEXT, Outcome.LOST, f"vocabulary/{name}", f"{uri}: {value}")
        return ""


def _attributes(element: VocabularyElement) -> dict[str, str]:
    found = {}
    for one in element.attributes:
        name = one.id.removeprefix(_MDA)
        found[name] = msgspec.json.encode(one.children).decode() if one.children else one.value
    if element.children or element.extensions:
        found["children"] = msgspec.json.encode([element.children, element.extensions]).decode()
    return found


def _gtin(uri: str) -> str:
    """The GTIN of an EPCClass record, empty when it is about anything else."""
    try:
        key = gs1.parse_any(uri)
    except gs1.Gs1Error:
        return ""
    return key.gtin if isinstance(key, gs1.Gtin) else ""
