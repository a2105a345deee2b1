"""Sources and destinations as N1 loops."""

from __future__ import annotations

from collections.abc import Iterator

from gateway import gs1
from gateway.epcis.events import Party
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.edi import x12_losses as rules
from gateway.formats.edi.x12_master import Names
from gateway.formats.edi.x12_story import Shipment

#: Entity codes (N101) of sources and destinations by CBV type: selling party, ship from, buying party, ship to.
_CODES = {
    ("source", "owning_party"): "SE",
    ("source", "location"): "SF",
    ("destination", "owning_party"): "BY",
    ("destination", "location"): "ST",
}
_NO_EXTENSION = "0"


def gln_of(uri: str) -> tuple[str, str]:
    """GLN and extension of an SGLN or PGLN in any spelling; empty when it is none."""
    try:
        key = gs1.parse_any(uri)
    except gs1.Gs1Error:
        return "", ""
    if isinstance(key, gs1.Sgln):
        return key.gln, key.extension
    if isinstance(key, gs1.Pgln | gs1.Gln):
        return key.gln, _NO_EXTENSION
    return "", ""


class Parties:
    """The parties of a shipment.

    Args:
        shipment: the shipment.
        names: names and addresses.
        context: takes losses.
    """

    def __init__(self, shipment: Shipment, names: Names, context: Context) -> None:
        self._shipment = shipment
        self._names = names
        self._context = context

    @staticmethod
    def owners(shipment: Shipment) -> set[str]:
        """GLNs of all parties; the issuer of a document that is one of them is told by N1."""
        return {gln_of(party.id)[0] for party in (*shipment.sources, *shipment.destinations)} - {""}

    def segments(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """N1, N3 and N4 of each party."""
        written: set[str] = set()
        for side, parties in (("source", self._shipment.sources), ("destination", self._shipment.destinations)):
            for party in parties:
                code = _CODES.get((side, word(Field.SOURCE_DESTINATION_TYPE, party.type) or ""), "")
                gln, extension = gln_of(party.id)
                if not code or not gln or code in written:
                    self._lose(side, party)
                    continue
                written.add(code)
                if extension not in (None, "", _NO_EXTENSION):
                    self._lose(side, party)
                place = self._names.place(party.id)
                yield "N1", (code, place.name, "UL", gln)
                if place.street:
                    yield "N3", place.street
                if any(place.town):
                    yield "N4", place.town

    def _lose(self, side: str, party: Party) -> None:
        name = f"{side}List/{party.type}"
        self._context.losses.add(rules.PARTY, Outcome.LOST, name, party.id, event=self._shipment.number)
