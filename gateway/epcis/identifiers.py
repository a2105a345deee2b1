"""Spells the identifiers of events as EPC URNs or as GS1 Digital Links (conversion rules C15 to C18).

URIs that are no GS1 keys stay as they are. From URN to Digital Link nothing is lost but the place where the company
prefix ends; the way back needs its length, and an unknown one is an error finding, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec import structs

from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.place import inside
from gateway.epcis.rules import LINK_BESIDE_KEY
from gateway.findings import Findings, Losses, Outcome
from gateway.gs1 import CompanyPrefixes, DigitalLink, Gs1Error
from gateway.gs1.bulk import digital_links_to_urns, urns_to_digital_links

#: The spellings, as the setting ``epc`` names them.
KEEP: Final = "keep"
URN: Final = "urn"
DIGITAL_LINK: Final = "dl"

_Spell = Callable[[Sequence[str], Callable[[int, DigitalLink], None]], list[str]]
_REMEMBERED: Final = 10_000


def translate(
    events: Iterable[Event], style: str, prefixes: CompanyPrefixes, findings: Findings, losses: Losses
) -> Iterator[Event]:
    """Spell EPCs, parents, classes, locations and parties of events in one style. The events are changed in place.

    An identifier that cannot be spelt stays as it is and gives an error finding.

    Args:
        events: read once.
        style: ``keep``, ``urn`` or ``dl``.
        prefixes: knows the length of company prefixes, needed for ``urn``.
        findings: takes wrong identifiers and unknown company prefixes.
        losses: takes what a Digital Link says beside its key and a URN cannot hold.

    Raises:
        ValueError: there is no such style.
    """
    if style == KEEP:
        return iter(events)
    if style not in (URN, DIGITAL_LINK):
        message = f"no spelling of identifiers is called {style!r}"
        raise ValueError(message)
    return _Translator(style, prefixes, findings, losses).run(events)


class _Translator:
    """Translates event after event; places and classes, of which there are few, are remembered."""

    def __init__(self, style: str, prefixes: CompanyPrefixes, findings: Findings, losses: Losses) -> None:
        self._findings = findings
        self._losses = losses
        self._spell: _Spell
        if style == URN:
            self._spell = lambda texts, on_loss: digital_links_to_urns(texts, prefixes, on_loss)
        else:
            self._spell = lambda texts, _: urns_to_digital_links(texts)
        self._few: dict[str, str] = {}
        self._places: dict[str, Location] = {}
        self._event = Event(event_time="", event_time_zone_offset="")
        self._number = 0

    def run(self, events: Iterable[Event]) -> Iterator[Event]:
        """Translate the events one by one."""
        for self._number, self._event in enumerate(events, 1):
            self._translate(self._event)
            yield self._event

    def _translate(self, event: Event) -> None:
        if isinstance(event, (ObjectEvent, TransactionEvent)):
            event.epc_list = self._many(event.epc_list, "epcList")
            event.quantity_list = self._classes(event.quantity_list, "quantityList")
        if isinstance(event, (AggregationEvent, AssociationEvent)):
            event.child_epcs = self._many(event.child_epcs, "childEPCs")
            event.child_quantity_list = self._classes(event.child_quantity_list, "childQuantityList")
        if isinstance(event, (AggregationEvent, AssociationEvent, TransactionEvent)) and event.parent_id:
            event.parent_id = self._one(event.parent_id, "parentID")
        if isinstance(event, TransformationEvent):
            event.input_epc_list = self._many(event.input_epc_list, "inputEPCList")
            event.output_epc_list = self._many(event.output_epc_list, "outputEPCList")
            event.input_quantity_list = self._classes(event.input_quantity_list, "inputQuantityList")
            event.output_quantity_list = self._classes(event.output_quantity_list, "outputQuantityList")
        if isinstance(event, QuantityEvent):
            event.epc_class = self._known(event.epc_class, "epcClass")
        event.kin = None
        event.read_point = self._place(event.read_point, "readPoint/id")
        event.biz_location = self._place(event.biz_location, "bizLocation/id")
        event.source_list = self._parties(event.source_list, "source")
        event.destination_list = self._parties(event.destination_list, "destination")

    def _many(self, texts: list[str] | None, path: str) -> list[str] | None:
        """Translate a list at once; only when something in it is wrong, one by one."""
        if not texts:
            return texts
        lost: list[tuple[int, DigitalLink]] = []
        try:
            spelt = self._spell(texts, lambda index, link: lost.append((index, link)))
        except Gs1Error:
            return [self._one(text, f"{path}/epc[{at}]") for at, text in enumerate(texts, 1)]
        for index, link in lost:
            self._lose(link, f"{path}/epc[{index + 1}]")
        return spelt

    def _one(self, text: str, path: str) -> str:
        """Translate one identifier. A wrong one stays as it is and is reported."""
        lost: list[DigitalLink] = []
        try:
            spelt = self._spell((text,), lambda _, link: lost.append(link))[0]
        except Gs1Error as error:
            finding = error.finding(inside(self._event.where, self._number, path))
            # A check that ran before has found a wrong key already; an unknown prefix is found only here.
            if finding not in self._findings.kept:
                self._findings.add(finding)
            return text
        for link in lost:
            self._lose(link, path)
        return spelt

    def _known(self, text: str, path: str) -> str:
        """Translate an identifier that is likely to come again. Only those without finding and loss are kept."""
        known = self._few.get(text)
        if known is not None:
            return known
        findings, losses = len(self._findings), self._losses.count
        spelt = self._one(text, path)
        quiet = len(self._findings) == findings and self._losses.count == losses
        if quiet and spelt != text and len(self._few) < _REMEMBERED:
            self._few[text] = spelt
        return spelt

    # Parts may belong to several events (`gateway.epcis.alike`): they are replaced, never changed.

    def _classes(self, quantities: list[QuantityElement] | None, path: str) -> list[QuantityElement] | None:
        return quantities and [
            structs.replace(item, epc_class=self._known(item.epc_class, f"{path}/quantityElement[{at}]/epcClass"))
            for at, item in enumerate(quantities, 1)
        ]

    def _place(self, location: Location | None, path: str) -> Location | None:
        if location is None:
            return None
        spelt = self._known(location.id, path)
        if location.extensions:
            return structs.replace(location, id=spelt)
        place = self._places.get(spelt)
        if place is None:
            place = Location(spelt)
            if len(self._places) < _REMEMBERED:
                self._places[spelt] = place
        return place

    def _parties(self, parties: list[Party] | None, name: str) -> list[Party] | None:
        return parties and [
            structs.replace(party, id=self._known(party.id, f"{name}List/{name}[{at}]"))
            for at, party in enumerate(parties, 1)
        ]

    def _lose(self, link: DigitalLink, path: str) -> None:
        """Report what stands in a Digital Link beside its key: the whole link, so that nothing of it is gone."""
        event_id = self._event.event_id or ""
        # The index stays out, so that the summary counts all losses in one list together.
        field = "/".join(part.partition("[")[0] for part in path.split("/"))
        number = self._event.where.event or self._number
        self._losses.add(LINK_BESIDE_KEY, Outcome.LOST, field, link.text, event=number, event_id=event_id)
