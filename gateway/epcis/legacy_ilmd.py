"""Lot and expiry that stand elsewhere than in CBV's elements in the ILMD of a commissioning event.

Healthcare systems in the USA, older than EPCIS 1.1 or written by its examples, put ``gs1ushc:lotNumber`` and
``gs1ushc:itemExpirationDate`` into the event itself (Optel too); some write the elements of CBV there. Others have them
in ILMD, but in the namespace of GS1 US (rfXcel), or in an ILMD of their own (tracekey). Whoever looks for lot and
expiry looks for CBV's elements in ILMD, so they are moved there: by this rule alone, which can be switched off and is
reported. Other elements of these namespaces, such as ``gs1ushc:additionalTradeItemIdentification`` and
``tk:productionOrder``, stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from gateway.epcis.alike import remember
from gateway.epcis.batches import Batches, batches
from gateway.epcis.element import Element
from gateway.epcis.events import Event, Kin, ObjectEvent
from gateway.epcis.place import inside
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Findings, Rule, Severity
from gateway.options import Setting

#: Namespace of the GS1 US healthcare extensions.
GS1_US_HEALTHCARE: Final = "http://epcis.gs1us.org/hc/ns"
#: Namespace of the master data attributes of CBV, in which ILMD holds lot and expiry.
CBV_MASTER_DATA: Final = "urn:epcglobal:cbv:mda"
#: Namespace of the extensions of tracekey.
TRACEKEY: Final = "urn:tracekey:extension:xsd"
_PREFIX: Final = "cbvmda"
_NAMES: Final = ("lotNumber", "itemExpirationDate")
#: Names in an ILMD of a vendor's own. productionDate is not CBV's word, but that of the gateway for what CBV lacks.
_VENDOR_NAMES: Final = (*_NAMES, "productionDate")

KEEP: Final = "keep"
ILMD: Final = "ilmd"
BOTH: Final = "both"

#: Without a value, `default_mode` decides.
LEGACY_ILMD: Final = Setting(
    "legacy-ilmd",
    "lot and expiry that commissioning events have at event level, in the namespace of GS1 US (gs1ushc) or in an ILMD "
    "of tracekey: keep them there, move them to CBV's ILMD, or have both; unset, they are kept from XML to XML and "
    "moved otherwise",
    (KEEP, ILMD, BOTH),
)

MOVED: Final = Rule(
    "EPCIS-ILMD-01",
    Severity.INFO,
    "Lot and expiry of a commissioning event stand in its ILMD.",
    "GS1 US healthcare messages of the first generation have gs1ushc:lotNumber and gs1ushc:itemExpirationDate in the "
    "event itself, rfXcel has them in ILMD, tracekey has a tk:ilmd of its own. The gateway reads them as the ILMD that "
    "they are (CBV 2.0, section 9.2).",
    "Nothing has to be done; --set legacy-ilmd=keep leaves them where they were.",
)
DIFFERS: Final = Rule(
    "EPCIS-ILMD-02",
    Severity.ERROR,
    "An event has one lot and one expiry.",
    "Lot or expiry in two places of the event contradict each other; choosing one could put a wrong expiry on packs.",
    "Ask the sender which one is right; --set legacy-ilmd=keep passes both on as they are.",
)
RULES: Final = (MOVED, DIFFERS)

#: CBV's element for each element that is moved.
_TARGETS: Final = {
    f"{{{namespace}}}{local}": f"{{{CBV_MASTER_DATA}}}{local}"
    for namespace, names in ((GS1_US_HEALTHCARE, _NAMES), (CBV_MASTER_DATA, _NAMES), (TRACEKEY, _VENDOR_NAMES))
    for local in names
}
#: Elements at event level in which such elements may stand.
_CONTAINERS: Final = frozenset({f"{{{TRACEKEY}}}extension", f"{{{TRACEKEY}}}ilmd"})


def default_mode(*, from_xml: bool, to_xml: bool) -> str:
    """The mode when nobody chose one: XML to XML keeps everything at its place, any other way moves to ILMD."""
    return KEEP if from_xml and to_xml else ILMD


def to_ilmd(events: Iterable[Event], mode: str, findings: Findings) -> Iterable[Event]:
    """Move or copy lot and expiry of commissioning ObjectEvents to CBV's elements in ILMD, changing events in place.

    Where the ILMD holds the same value already, nothing is changed. Where values differ, nothing is changed either and
    an error finding says so. One info finding counts what was moved when the events are exhausted.

    Args:
        events: read once.
        mode: ``keep``, ``ilmd`` or ``both``.
        findings: takes the findings.

    Raises:
        ValueError: there is no such mode.
    """
    if mode == KEEP:
        return events
    if mode not in (ILMD, BOTH):
        message = f"no place for lot and expiry is called {mode!r}"
        raise ValueError(message)
    return Batches(_Mover(mode, findings).run(batches(events)))


class _Mover:
    """Moves event after event and counts."""

    def __init__(self, mode: str, findings: Findings) -> None:
        self._mode = mode
        self._findings = findings
        self._number = 0
        self._first = NOWHERE
        self._events = 0
        self._values = 0

    def run(self, lists: Iterable[list[Event]]) -> Iterator[list[Event]]:
        """Move in each event, then report."""
        plain: set[Kin] = set()  # events alike to one in which there was nothing to move
        for batch in lists:
            for event in batch:
                self._number += 1
                if event.kin in plain:
                    continue
                if isinstance(event, ObjectEvent) and (event.extensions or _is_foreign(event.ilmd)):
                    if _commissions(event):
                        self._event(event)
                elif event.kin is not None:
                    remember(plain, event.kin)
            yield batch
        if self._events:
            verb = "copied" if self._mode == BOTH else "moved"
            message = f"{self._values:,} lot numbers and expiry dates that stood elsewhere were {verb} to ILMD "
            message += f"in {self._events:,} events"
            self._findings.report(MOVED, message, where=self._first, value=self._values)

    def _event(self, event: ObjectEvent) -> None:
        ilmd = event.ilmd or []
        elsewhere = [
            *_stray(event.extensions),
            *(item for item in ilmd if _TARGETS.get(item.name, item.name) != item.name),
        ]
        if not elsewhere:
            return
        moved: list[Element] = []
        for target in dict.fromkeys(_TARGETS[item.name] for item in elsewhere):
            found = [item for item in elsewhere if _TARGETS[item.name] == target]
            known = [item for item in ilmd if item.name == target]
            if len({item.text.strip() for item in (*found, *known)}) > 1:
                self._contradiction(event, found, known)
            elif not known:
                moved += found
        if not moved:
            return
        if self._mode == ILMD:
            gone = set(map(id, moved))
            event.extensions = _without(event.extensions, gone)
            ilmd = [item for item in ilmd if id(item) not in gone]
        event.kin = None
        event.ilmd = [*ilmd, *map(_renamed, moved)]
        self._first = self._first if self._events else inside(event.where, self._number, "")
        self._events += 1
        self._values += len(moved)

    def _contradiction(self, event: Event, found: list[Element], known: list[Element]) -> None:
        local = found[0].local
        values = ", ".join(dict.fromkeys(repr(item.text.strip()) for item in found))
        other = ", ".join(dict.fromkeys(repr(item.text.strip()) for item in known)) or "nothing"
        message = f"{local} is {values} in one place and {other} in ILMD"
        where = inside(event.where, self._number, local)
        expected = known[0].text.strip() if known else "one value"
        self._findings.report(DIFFERS, message, where=where, value=found[0].text.strip(), expected=expected)


def _commissions(event: ObjectEvent) -> bool:
    step = event.biz_step
    return event.action == "ADD" and step is not None and word(Field.BIZ_STEP, step) == "commissioning"


def _renamed(item: Element) -> Element:
    name = _TARGETS[item.name]
    return structs.replace(item, name=name, prefix=item.prefix if item.name == name else _PREFIX)


def _is_foreign(ilmd: list[Element] | None) -> bool:
    """Whether something in ILMD is to be renamed; nearly always nothing is."""
    return ilmd is not None and any(_TARGETS.get(item.name, item.name) != item.name for item in ilmd)


def _stray(elements: Iterable[Element]) -> Iterator[Element]:
    """Elements to move, at event level and in containers there."""
    for item in elements:
        if item.name in _TARGETS:
            yield item
        elif item.name in _CONTAINERS:
            yield from _stray(item.children)


def _without(elements: list[Element], gone: set[int]) -> list[Element]:
    """Elements without those that were moved, and without containers that held nothing else. Nothing is changed."""
    kept = []
    for item in elements:
        if id(item) in gone:
            continue
        if item.name in _CONTAINERS and item.children:
            children = _without(item.children, gone)
            if not children and not item.attributes and not item.text.strip():
                continue
            kept.append(structs.replace(item, children=children))
        else:
            kept.append(item)
    return kept
