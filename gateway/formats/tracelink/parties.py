"""Where sender and receiver of a shipment stand: SenderInfo and ReceiverInfo, by look-up id or in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gateway.epcis.element import Element
from gateway.formats.tracelink.names import PREFIXES
from gateway.formats.tracelink.tree import find


class Names(NamedTuple):
    """The elements of one party or place.

    Attributes:
        role: sourceDestinationType of CBV.
        lookup: what the name of its look-up id begins with.
        info: element that names it in full.
        identifier: element of its id in there.
        details: element of its name and address in there.
    """

    role: str
    lookup: str
    info: str
    identifier: str
    details: str


_LOOKUP: Final = "LookupId"

#: Parties and places of both sides.
PARTY_TYPES: Final[Mapping[str, tuple[Names, ...]]] = {
    "SenderInfo": (
        Names("owning_party", "From", "FromBusinessPartyInfo", "BusinessId", "BusinessInfo"),
        Names("location", "ShipFrom", "ShipFromLocationInfo", "FacilityId", "LocationInfo"),
    ),
    "ReceiverInfo": (
        Names("owning_party", "To", "ToBusinessPartyInfo", "BusinessId", "BusinessInfo"),
        Names("location", "ShipTo", "ShipToLocationInfo", "FacilityId", "LocationInfo"),
    ),
}


class Place(NamedTuple):
    """A party or a place that a shipment names.

    Attributes:
        role: sourceDestinationType of CBV.
        identifier: the element with its id.
    """

    role: str
    identifier: Element


def places(info: Element, side: str) -> Iterator[Place]:
    """The parties and places in SenderInfo or ReceiverInfo, each once."""
    for names in PARTY_TYPES[side]:
        found = find(info, names.info, names.identifier) or _lookup(info, names.lookup)
        if found is not None:
            yield Place(names.role, found)


def _lookup(info: Element, start: str) -> Element | None:
    for child in info.children:
        if child.namespace in PREFIXES and child.local.startswith(start) and child.local.endswith(_LOOKUP):
            return child
    return None
