"""Identifiers: well-formed, with the right check digit, and of the right kind for their place.

A batch names a million packs of a few trade items. What stands before the serial number is therefore checked once
(`_Heads`), and a list of alike EPCs by one pattern; only what does not fit this is read one by one.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from typing import Final

from gateway.checks import rules
from gateway.checks.scope import Checker, Scope
from gateway.epcis.alike import Group
from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    Party,
    QuantityElement,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Rule
from gateway.gs1 import Gs1Error, Gtin, Key, Lgtin, Pgln, Sgln, parse_any

_REMEMBERED: Final = 10_000  # places and classes that are remembered as good

_HEADS: Final = 500  # heads with a compiled pattern
_SERIAL: Final = "[A-Za-z0-9_-]{1,20}+"  # characters that no syntax escapes; other serial numbers are read
_SSCC_DIGITS: Final = 17
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_OTHER_SCHEMES: Final = ("gid", "usdod", "adi", "bic", "imovn")  # EPC schemes that hold no GS1 key
_Match = Callable[[str], re.Match[str] | None]
_SCHEME: Final = re.compile(r"urn:epc:([a-z]+):([^:]*):")


class Kind(enum.Enum):
    """What an identifier names. The value is what a message calls it."""

    OBJECT = "a single object"
    CLASS = "a class"
    LOT = "a lot"
    PLACE = "a place"
    PARTY = "a party"
    OTHER = "something that is no GS1 key"


def kind_of(key: Key | None, text: str) -> Kind:
    """What an identifier names.

    Args:
        key: what `gateway.gs1.parse_any` made of it.
        text: the identifier; patterns wider than one key are no `Key`.
    """
    if key is None:
        return Kind.CLASS if text.startswith(("urn:epc:idpat:", "urn:epc:class:")) else Kind.OTHER
    if isinstance(key, Lgtin):
        return Kind.LOT
    if isinstance(key, Sgln):
        return Kind.PLACE
    if isinstance(key, Pgln):
        return Kind.PARTY
    if isinstance(key, Gtin) or (key.SCHEME.pattern and key.parts.serial is None):
        return Kind.CLASS
    return Kind.OBJECT


def checker(scope: Scope) -> Checker:
    """The check of one event, for `gateway.checks.run`."""
    identifiers = _Identifiers(scope)
    return Checker(identifiers.check, identifiers.quiet)


class _Heads:
    """Heads of EPCs that were read and found good, each with a pattern of the EPCs that may follow from it."""

    def __init__(self) -> None:
        self._patterns: dict[str, _Match | None] = {}

    def all_good(self, epcs: Sequence[str]) -> bool:
        """Whether all EPCs are good and begin alike. False says only that they must be looked at one by one."""
        match = self._match(epcs[0])
        if match is None:
            return False
        text = "\n" + "\n".join(epcs)
        # The count keeps an EPC with a line end in it from passing as two.
        return text.count("\n") == len(epcs) and match(text) is not None

    def good(self, epc: str) -> bool:
        """Whether one EPC is good; False says only that it must be read."""
        match = self._match(epc)
        return match is not None and match(f"\n{epc}") is not None and "\n" not in epc

    def _match(self, epc: str) -> _Match | None:
        head = epc[: epc.rfind("." if epc[:4] == "urn:" else "/") + 1]
        try:
            return self._patterns[head]
        except KeyError:
            if len(self._patterns) >= _HEADS:
                self._patterns.clear()
            tail = _tail(head)
            match = re.compile(f"(?:\n{re.escape(head)}{tail})++").fullmatch if tail else None
            self._patterns[head] = match
            return match


def _tail(head: str) -> str:
    """Read a head with the shortest tail; the pattern of tails that need no reading, empty when there is none."""
    try:
        if head.startswith("urn:epc:id:sgtin:") and head.count(".") == 2:  # noqa: PLR2004 - prefix and item reference
            parse_any(head + "0")
            return _SERIAL
        if head.startswith("urn:epc:id:sscc:") and head.count(".") == 1:
            length = _SSCC_DIGITS - len(head[len("urn:epc:id:sscc:") : -1])
            parse_any(head + "0" * length)
            return f"[0-9]{{{length}}}"
        if head.startswith("http") and head.endswith("/21/") and head.count("/21/") == 1 and "?" not in head:
            return _SERIAL if kind_of(parse_any(head + "0"), head) is Kind.OBJECT else ""
    except Gs1Error:
        pass  # each EPC with this head is read, and reported at its place
    return ""


class _Identifiers:
    """Checks the identifiers of events, remembering what was good."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._heads = _Heads()
        self._places: set[str] = set()
        self._owners: set[str] = set()
        self._parties_seen: set[tuple[str, str]] = set()  # good ones
        self._class_names: set[str] = set()

    def check(self, event: Event) -> None:
        """Check all identifiers of an event."""
        self._objects(event)
        if event.read_point is not None:
            self._place(event.read_point.id, "readPoint/id")
        if event.biz_location is not None:
            self._place(event.biz_location.id, "bizLocation/id")
        if event.source_list or event.destination_list:
            self._parties(event.source_list, "source")
            self._parties(event.destination_list, "destination")

    def quiet(self, group: Group) -> bool:
        """Whether the objects and parents of events that are alike to a good one are surely good."""
        heads = self._heads
        if group.parents and not heads.all_good(group.parents) and not all(map(heads.good, group.parents)):
            return False
        return all(group.lists) and (heads.all_good(group.objects) or all(map(heads.all_good, group.lists)))

    def _objects(self, event: Event) -> None:
        if isinstance(event, ObjectEvent):
            self._epcs(event.epc_list, "epcList")
            self._classes(event.quantity_list, "quantityList")
        elif isinstance(event, AggregationEvent):
            self._parent(event.parent_id)
            self._epcs(event.child_epcs, "childEPCs")
            self._classes(event.child_quantity_list, "childQuantityList")
        elif isinstance(event, TransactionEvent):
            self._parent(event.parent_id)
            self._epcs(event.epc_list, "epcList")
            self._classes(event.quantity_list, "quantityList")
        elif isinstance(event, TransformationEvent):
            self._epcs(event.input_epc_list, "inputEPCList")
            self._classes(event.input_quantity_list, "inputQuantityList")
            self._epcs(event.output_epc_list, "outputEPCList")
            self._classes(event.output_quantity_list, "outputQuantityList")
        elif isinstance(event, AssociationEvent):
            if event.parent_id and not self._heads.good(event.parent_id):
                self._object(event.parent_id, "parentID", places=True)
            self._epcs(event.child_epcs, "childEPCs", places=True)
            self._classes(event.child_quantity_list, "childQuantityList")
        elif isinstance(event, QuantityEvent):
            self._class(event.epc_class, "epcClass")

    def _epcs(self, epcs: Sequence[str] | None, path: str, *, places: bool = False) -> None:
        if not epcs or self._heads.all_good(epcs):
            return
        for at, epc in enumerate(epcs, 1):
            if not self._heads.good(epc):
                self._object(epc, f"{path}/epc[{at}]", places=places)

    def _parent(self, parent: str | None) -> None:
        if parent and not self._heads.good(parent):
            self._object(parent, "parentID")

    def _object(self, text: str, path: str, *, places: bool = False) -> None:
        kind = self._read(text, path)
        if kind in (Kind.CLASS, Kind.LOT, Kind.PARTY):
            self._wrong(rules.CLASS_AS_INSTANCE, kind, text, path, "a single object, e.g. an SGTIN or SSCC")
        elif kind is Kind.PLACE and not places:
            self._wrong(rules.PLACE_AS_OBJECT, kind, text, path, "a thing, e.g. an SGTIN or SSCC")

    def _classes(self, quantities: Sequence[QuantityElement] | None, path: str) -> None:
        for at, quantity in enumerate(quantities or (), 1):
            self._class(quantity.epc_class, f"{path}/quantityElement[{at}]/epcClass")

    def _class(self, text: str, path: str) -> None:
        if text not in self._class_names:
            allowed = (Kind.CLASS, Kind.LOT, Kind.OTHER)
            self._few(rules.INSTANCE_AS_CLASS, allowed, text, path, "a class or lot, e.g. an LGTIN", self._class_names)

    def _place(self, text: str, path: str) -> None:
        if text not in self._places:
            self._few(rules.LOCATION_KIND, (Kind.PLACE, Kind.OTHER), text, path, "an SGLN", self._places)

    def _parties(self, parties: Sequence[Party] | None, name: str) -> None:
        for at, party in enumerate(parties or (), 1):
            if (party.type, party.id) in self._parties_seen:
                continue
            path = f"{name}List/{name}[{at}]"
            before = len(self._scope.findings)
            if word(Field.SOURCE_DESTINATION_TYPE, party.type) == "location":
                self._place(party.id, path)
            elif party.id not in self._owners:
                allowed = (Kind.PARTY, Kind.PLACE, Kind.OTHER)
                self._few(rules.PARTY_KIND, allowed, party.id, path, "a PGLN or SGLN", self._owners)
            if len(self._scope.findings) == before and len(self._parties_seen) < _REMEMBERED:
                self._parties_seen.add((party.type, party.id))

    def _few(self, rule: Rule, allowed: Sequence[Kind], text: str, path: str, expected: str, good: set[str]) -> None:
        """Check an identifier of which a batch has few different ones, and remember it when it is good."""
        if not text:  # that a mandatory value is empty is said by gateway.checks.events
            return
        before = len(self._scope.findings)
        kind = self._read(text, path)
        if kind is not None and kind not in allowed:
            self._wrong(rule, kind, text, path, expected)
        elif len(self._scope.findings) == before and len(good) < _REMEMBERED:
            good.add(text)

    def _read(self, text: str, path: str) -> Kind | None:
        """What an identifier names; None when it is wrong, which is reported."""
        try:
            key = parse_any(text)
        except Gs1Error as error:
            self._scope.findings.add(error.finding(self._scope.place(path)))
            return None
        if key is None and not _URI.fullmatch(text):
            message = f"{text!r} is no URI" if text else "the identifier is empty"
            expected = "an EPC URN, a GS1 Digital Link or another URI"
            self._scope.report(rules.NOT_A_URI, message, path=path, value=text, expected=expected)
            return None
        kind = kind_of(key, text)
        if kind is Kind.OTHER and text.startswith("urn:epc:"):
            self._scheme(text, path)
        return kind

    def _scheme(self, text: str, path: str) -> None:
        match = _SCHEME.match(text)
        if match is None or match[1] != "id" or match[2] not in _OTHER_SCHEMES:
            message = f"{text!r} is not the pure identity of a known EPC scheme"
            self._scope.report(rules.EPC_SCHEME, message, path=path, value=text, expected="urn:epc:id:...")

    def _wrong(self, rule: Rule, kind: Kind, text: str, path: str, expected: str) -> None:
        message = f"{text} is {kind.value}, expected is {expected}"
        self._scope.report(rule, message, path=path, value=text, expected=expected)
