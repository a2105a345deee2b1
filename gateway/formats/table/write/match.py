"""Which kind of event of a mapping an event of a document is, and what the kind's fields hold of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote

from gateway import gs1
from gateway.epcis import vocabulary
from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, BizTransaction, Event, Location, ObjectEvent, Party
from gateway.epcis.vocabulary import Field
from gateway.findings import LossRule
from gateway.formats.table.dates import offset_of
from gateway.formats.table.events import CBV_MDA, transaction_uri
from gateway.formats.table.spec import EventSpec, PartySpec
from gateway.formats.table.write.spellings import Spellings
from gateway.gs1.check_digit import verify

_TRANSACTION = "urn:epcglobal:cbv:bt:"
#: What no mapping has a field for, by name in the model and path in EPCIS.
_NOWHERE = {
    "event_id": "eventID",
    "record_time": "recordTime",
    "certification_info": "certificationInfo",
    "sensor_element_list": "sensorElementList",
    "sensor_list_extensions": "sensorElementList",
    "persistent_disposition": "persistentDisposition",
    "extensions": "extension",
    "inner_extensions": "extension",
    "base_extensions": "baseExtension",
    "attributes": "@*",
}
_One = TypeVar("_One", BizTransaction, Party)


class Differs(Exception):
    """The event is of another kind; says in what it differs."""


@dataclass(slots=True)
class Told:
    """What the fields of a kind of event hold of an event.

    Attributes:
        values: field and value.
        rest: path in EPCIS and value of what no field holds.
        spelled: rule, path and value of what a field holds in another spelling.
    """

    values: dict[str, str] = field(default_factory=dict)
    rest: list[tuple[str, Any]] = field(default_factory=list)
    spelled: list[tuple[LossRule, str, str]] = field(default_factory=list)


class Matcher:
    """Recognises the events of one kind.

    Args:
        spec: the kind.
        constants: values of the mapping's constants.
        read_point: readPoint that reading supplies where the mapping has none: GLN or URI, may be empty.
        prefixes: knows the length of company prefixes.
    """

    def __init__(
        self, spec: EventSpec, constants: Mapping[str, str], read_point: str, prefixes: gs1.CompanyPrefixes
    ) -> None:
        self.spec = spec
        self._prefixes = prefixes
        self._constants = constants
        self._read_point = read_point

    def told(self, event: Event) -> Told:
        """What the fields hold of an event, its objects aside.

        Raises:
            Differs: the event is of another kind.
        """
        spec = self.spec
        self._same_kind(event)
        told = Told()
        for name, wanted in spec.where.items():
            told.values[name] = wanted[0]
        self._put(told, spec.time, event.event_time, "its time")
        if event.event_time_zone_offset not in {"", offset_of(event.event_time)}:
            told.rest.append(("eventTimeZoneOffset", event.event_time_zone_offset))
        if event.disposition and not spec.disposition:
            told.rest.append(("disposition", event.disposition))
        self._place(told, spec.read_point, event.read_point, "readPoint")
        self._place(told, spec.biz_location, event.biz_location, "bizLocation")
        self._ilmd(told, getattr(event, "ilmd", None) or [])
        self._parties(told, spec.sources, event.source_list or [], "source")
        self._parties(told, spec.destinations, event.destination_list or [], "destination")
        self._transactions(told, event.biz_transaction_list or [])
        for attribute, path in _NOWHERE.items():
            value = getattr(event, attribute)
            if value:
                told.rest.append((path, value))
        lacks = [name for name in spec.when if not told.values.get(name, self._constants.get(name))]
        if lacks:
            message = f"it lacks what the field {lacks[0]!r} holds"
            raise Differs(message)
        return told

    def _same_kind(self, event: Event) -> None:
        spec = self.spec
        if event.type != spec.event or not isinstance(event, (ObjectEvent, AggregationEvent)):
            message = f"it is a {event.type}"
            raise Differs(message)
        if event.error_declaration is not None:
            message = "it is declared to be in error"
            raise Differs(message)
        if event.action != spec.action:
            message = f"its action is {event.action}"
            raise Differs(message)
        if _word(Field.BIZ_STEP, event.biz_step or "") != _word(Field.BIZ_STEP, spec.biz_step):
            message = f"its bizStep is {event.biz_step or 'not given'}"
            raise Differs(message)
        disposition = _word(Field.DISPOSITION, event.disposition or "")
        if spec.disposition and disposition != _word(Field.DISPOSITION, spec.disposition):
            message = f"its disposition is {event.disposition or 'not given'}"
            raise Differs(message)
        if isinstance(event, AggregationEvent) and bool(spec.children) != _has_children(event):
            message = "it names contents" if _has_children(event) else "it names no contents"
            raise Differs(message)

    def _put(self, told: Told, name: str, value: str, what: str) -> None:
        """Give a field its value.

        Raises:
            Differs: it is a constant with another value, or another part of the event gave it another one.
        """
        if name in self._constants:
            if self._constants[name] != value:
                message = f"{what} is {value or 'not given'}, the mapping says {self._constants[name]}"
                raise Differs(message)
        elif value and told.values.setdefault(name, value) != value:
            message = f"{what} is {value}, and the same field holds {told.values[name]}"
            raise Differs(message)

    def _place(self, told: Told, name: str, place: Location | None, path: str) -> None:
        if place is not None and place.extensions:
            told.rest.append((path, place.extensions))
        if not name:
            supplied = self._read_point if path == "readPoint" else ""
            if place is not None and not (supplied and supplied in {place.id, self._gln(told, place.id, path)[0]}):
                told.rest.append((path, place.id))
            return
        gln, exact = self._gln(told, place.id, path) if place is not None else ("", True)
        if not exact and place is not None:
            told.rest.append((path, place.id))
        self._put(told, name, gln, path)

    def _ilmd(self, told: Told, ilmd: Sequence[Element]) -> None:
        fields = dict(self.spec.ilmd)
        for one in ilmd:
            plain = not one.children and not one.attributes and one.namespace == CBV_MDA
            name = fields.pop(one.local, "") if plain else ""
            if name:
                self._put(told, name, one.text, f"ilmd/{one.local}")
            else:
                told.rest.append((f"ilmd/{one.local}", one.text if plain else one))
        for local, name in fields.items():
            self._put(told, name, "", f"ilmd/{local}")

    def _transactions(self, told: Told, transactions: Sequence[BizTransaction]) -> None:
        left = list(transactions)
        for wanted in self.spec.transactions:
            one = _first(left, Field.BIZ_TRANSACTION_TYPE, wanted.type)
            issuer, number = _issued(one.id) if one is not None else ("", "")
            if one is None or not number:
                continue
            known = self._constants.get(wanted.issuer) or told.values.get(wanted.issuer)
            if known not in {None, issuer} or told.values.get(wanted.number) not in {None, number}:
                continue  # its place is taken by another value: the transaction is listed as what is left
            self._put(told, wanted.issuer, issuer, "the issuer of a business transaction")
            self._put(told, wanted.number, number, "a business transaction")
            left.remove(one)
        told.rest += [("bizTransactionList/bizTransaction", one) for one in left]

    def _parties(self, told: Told, wanted: Sequence[PartySpec], parties: Sequence[Party], path: str) -> None:
        left = list(parties)
        for spec in wanted:
            one = _first(left, Field.SOURCE_DESTINATION_TYPE, spec.type)
            gln, exact = self._gln(told, one.id, path) if one is not None else ("", False)
            if one is not None and exact:
                left.remove(one)
                self._put(told, spec.party, gln, f"the {path} {spec.type}")
            else:
                self._put(told, spec.party, "", f"the {path} {spec.type}")
        told.rest += [(f"{path}List/{path}", one) for one in left]

    def _gln(self, told: Told, uri: str, path: str) -> tuple[str, bool]:
        """The GLN of an SGLN, and whether it says as much; nothing of any other identifier."""
        spelled: list[tuple[LossRule, str, str]] = []
        try:
            key = Spellings(self._prefixes, lambda *loss: spelled.append(loss)).key(uri, path)
        except gs1.Gs1Error:
            return "", False
        if not isinstance(key, gs1.Sgln):
            return "", False
        exact = key.extension == gs1.Sgln.SCHEME.none
        if exact:
            told.spelled += spelled
        return key.gln, exact


def _first(items: Sequence[_One], field_: Field, type_: str) -> _One | None:
    wanted = _word(field_, type_)
    return next((one for one in items if _word(field_, one.type or "") == wanted), None)


def _word(field_: Field, value: str) -> str:
    return vocabulary.word(field_, value) or value


def _has_children(event: AggregationEvent) -> bool:
    return bool(event.child_epcs or event.child_quantity_list)


def _issued(uri: str) -> tuple[str, str]:
    """Issuer's GLN and number of a business transaction of the CBV's form, nothing of any other."""
    if not uri.startswith(_TRANSACTION):
        return "", ""
    issuer, _, escaped = uri.removeprefix(_TRANSACTION).partition(":")
    number = unquote(escaped)
    if len(issuer) != gs1.Sgln.SCHEME.length or not verify(issuer) or transaction_uri(issuer, number) != uri:
        return "", ""
    return issuer, number


def nearest(reasons: Sequence[tuple[EventSpec, str]]) -> str:
    """Why an event is of no kind: what sets it apart from the kind that is most like it."""
    same: Iterator[str] = (
        reason for _, reason in reasons if not reason.startswith(("it is a ", "its action", "its biz"))
    )
    return next(same, reasons[0][1] if reasons else "the mapping has no events")
