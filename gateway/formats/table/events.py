"""From values and identifiers to EPCIS events, as a mapping's `events` say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gateway import gs1
from gateway.epcis.element import Element, element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    Event,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
)
from gateway.findings import Findings
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.dates import offset_of
from gateway.formats.table.gather import Group, Key
from gateway.formats.table.spec import EventSpec, PartySpec, event_fields

#: Namespace of the CBV's master data and ILMD attributes (CBV 1.2, section 9.2 and 10.1).
CBV_MDA = "urn:epcglobal:cbv:mda"

#: Characters that stand for themselves in a CBV business transaction identifier besides letters and digits.
_PLAIN_IN_URN = "!'()*+,-.:;=_"


#: Stands between class, amount and unit of a thing without serial number while it waits among the identifiers.
AMOUNT = "\x1f"


def transaction_uri(issuer: str, number: str) -> str:
    """The identifier of a business transaction: issuer's GLN and number (CBV 2.0, section 8.5)."""
    return f"urn:epcglobal:cbv:bt:{issuer}:{quote(number, safe=_PLAIN_IN_URN)}"


def _quantity(text: str) -> QuantityElement:
    epc_class, amount, unit = text.split(AMOUNT)
    return QuantityElement(epc_class, amount, unit or None)


#: Keys whose parts are kept; memory stays flat when every row has a time of its own.
_REMEMBER = 4096


class Builder:
    """Builds the events of one kind.

    Args:
        spec: the kind.
        constants: values of the mapping's constants.
        prefixes: knows the length of company prefixes.
        read_point: readPoint for events without one in the mapping: GLN or URI, may be empty.
        place: where the rows come from.
    """

    def __init__(
        self,
        spec: EventSpec,
        constants: Mapping[str, str],
        prefixes: gs1.CompanyPrefixes,
        read_point: str,
        place: Place,
    ) -> None:
        self.spec = spec
        #: The fields whose values make the key of a group, in this order.
        self.fields = [name for name in event_fields(spec) if name not in constants]
        self._constants = constants
        self._prefixes = prefixes
        self._read_point = read_point
        self._place = place
        self._accepted: dict[Key, bool] = {}
        self._common: dict[Key, dict[str, Any]] = {}

    def accepts(self, key: Key, row: int, header: Callable[[str], str], findings: Findings) -> bool:
        """Whether there is an event for these values; says why not when some are there and some are missing."""
        known = self._accepted.get(key)
        if known is None:
            known = self._accepts(key, row, header, findings)
            if len(self._accepted) > _REMEMBER:
                self._accepted.clear()
            self._accepted[key] = known
        return known

    def _accepts(self, key: Key, row: int, header: Callable[[str], str], findings: Findings) -> bool:
        values = dict(zip(self.fields, key, strict=True))
        if not self.applies(values):
            return False
        empty = [name for name in self.spec.when if not values.get(name, self._constants.get(name))]
        if self.spec.when and len(empty) == len(self.spec.when):
            return False
        if empty:
            missing = " and ".join(repr(header(name)) for name in empty)
            message = f"the {self.spec.biz_step or self.spec.event} event lacks {missing}"
            where = self._place.at(row, header(empty[0]))
            findings.report(rules.INCOMPLETE, message, where=where, expected="all of its columns filled, or none")
            return False
        if not values.get(self.spec.time, self._constants.get(self.spec.time)):
            message = f"the time of the {self.spec.biz_step or self.spec.event} event is missing"
            findings.report(rules.TIME_MISSING, message, where=self._place.at(row, header(self.spec.time)))
            return False
        return True

    def applies(self, values: Mapping[str, str]) -> bool:
        """Whether rows with these values are of the kind that the event is about (`where`)."""
        return all(values[name] in wanted for name, wanted in self.spec.where.items())

    def build(self, group: Group, parent: str = "") -> Event:
        """The event of a group; `parent` is the EPC of the container in an AggregationEvent."""
        spec = self.spec
        common = self._common.get(group.key)
        if common is None:
            if len(self._common) > _REMEMBER:
                self._common.clear()
            common = self._common[group.key] = self._parts(group.key)
        where = self._place.at(group.first, last_row=group.last)
        epcs: list[str] | None = group.epcs
        quantities = None
        if group.epcs and AMOUNT in group.epcs[0]:
            epcs, quantities = None, [_quantity(one) for one in group.epcs]
        if spec.event == "AggregationEvent":
            return AggregationEvent(
                **common,
                action=spec.action,
                parent_id=parent,
                child_epcs=epcs,
                child_quantity_list=quantities,
                where=where,
            )
        return ObjectEvent(**common, action=spec.action, epc_list=epcs, quantity_list=quantities, where=where)

    def _parts(self, key: Key) -> dict[str, Any]:
        """All of an event that its key says. Events of one key share these parts."""
        spec = self.spec
        values = {**self._constants, **dict(zip(self.fields, key, strict=True))}
        time = values[spec.time]
        parts: dict[str, Any] = {
            "event_time": time,
            "event_time_zone_offset": offset_of(time) or "",
            "biz_step": spec.biz_step or None,
            "disposition": spec.disposition or None,
            "read_point": self._location(values.get(spec.read_point) or self._read_point),
            "biz_location": self._location(values.get(spec.biz_location, "")),
            "biz_transaction_list": self._transactions(values),
            "source_list": self._parties(spec.sources, values),
            "destination_list": self._parties(spec.destinations, values),
        }
        if spec.event == "ObjectEvent":
            parts["ilmd"] = self._ilmd(values) or None
        return parts

    def _ilmd(self, values: Mapping[str, str]) -> list[Element]:
        return [
            element(CBV_MDA, name, values[field], prefix="cbvmda")
            for name, field in self.spec.ilmd.items()
            if values[field]
        ]

    def _transactions(self, values: Mapping[str, str]) -> list[BizTransaction] | None:
        return [
            BizTransaction(transaction_uri(values[one.issuer], values[one.number]), one.type)
            for one in self.spec.transactions
            if values[one.number] and values[one.issuer]
        ] or None

    def _parties(self, parties: Sequence[PartySpec], values: Mapping[str, str]) -> list[Party] | None:
        return [
            Party(one.type, gs1.gln_to_sgln_urn(values[one.party], self._prefixes))
            for one in parties
            if values[one.party]
        ] or None

    def _location(self, value: str) -> Location | None:
        if not value:
            return None
        return Location(gs1.gln_to_sgln_urn(value, self._prefixes) if value.isdigit() else value)
