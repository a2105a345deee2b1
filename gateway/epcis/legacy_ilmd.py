"""Lot and expiry that stand beside the ILMD of a commissioning event (reference rule "Legacy input").

Healthcare systems in the USA, older than EPCIS 1.1 or written by its examples, put ``gs1ushc:lotNumber`` and
``gs1ushc:itemExpirationDate`` into the event itself; some write the elements of CBV there. Whoever looks for lot and
expiry looks into ILMD, so they are moved there: by this rule alone, which can be switched off and is reported. Other
elements of these namespaces, such as ``gs1ushc:additionalTradeItemIdentification``, stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent
from gateway.epcis.place import inside
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Findings, Rule, Severity
from gateway.options import Setting

#: Namespace of the GS1 US healthcare extensions.
GS1_US_HEALTHCARE: Final = "http://epcis.gs1us.org/hc/ns"
#: Namespace of the master data attributes of CBV, in which ILMD holds lot and expiry.
CBV_MASTER_DATA: Final = "urn:epcglobal:cbv:mda"
_PREFIX: Final = "cbvmda"
_NAMES: Final = ("lotNumber", "itemExpirationDate")

KEEP: Final = "keep"
ILMD: Final = "ilmd"
BOTH: Final = "both"

#: Without a value, `default_mode` decides.
LEGACY_ILMD: Final = Setting(
    "legacy-ilmd",
    "lot and expiry that commissioning events have at event level (gs1ushc): keep them there, move them to ILMD, or "
    "have both; unset, they are kept from XML to XML and moved otherwise",
    (KEEP, ILMD, BOTH),
)

MOVED: Final = Rule(
    "EPCIS-ILMD-01",
    Severity.INFO,
    "Lot and expiry of a commissioning event stand in its ILMD.",
    "GS1 US healthcare messages of the first generation have gs1ushc:lotNumber and gs1ushc:itemExpirationDate in the "
    "event itself. The gateway reads them as the ILMD that they are (CBV 2.0, section 9.2).",
    "Nothing has to be done; --set legacy-ilmd=keep leaves them where they were.",
)
DIFFERS: Final = Rule(
    "EPCIS-ILMD-02",
    Severity.ERROR,
    "An event has one lot and one expiry.",
    "Lot or expiry at event level and in ILMD contradict each other; choosing one could put a wrong expiry on packs.",
    "Ask the sender which one is right; --set legacy-ilmd=keep passes both on as they are.",
)
RULES: Final = (MOVED, DIFFERS)

_TARGETS: Final = {
    f"{{{namespace}}}{local}": f"{{{CBV_MASTER_DATA}}}{local}"
    for namespace in (GS1_US_HEALTHCARE, CBV_MASTER_DATA)
    for local in _NAMES
}


def default_mode(*, from_xml: bool, to_xml: bool) -> str:
    """The mode when nobody chose one: XML to XML keeps everything at its place, any other way moves to ILMD."""
    return KEEP if from_xml and to_xml else ILMD


def to_ilmd(events: Iterable[Event], mode: str, findings: Findings) -> Iterator[Event]:
    """Move or copy lot and expiry at event level of commissioning ObjectEvents to ILMD. Events are changed in place.

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
        return iter(events)
    if mode not in (ILMD, BOTH):
        message = f"no place for lot and expiry is called {mode!r}"
        raise ValueError(message)
    return _Mover(mode, findings).run(events)


class _Mover:
    """Moves event after event and counts."""

    def __init__(self, mode: str, findings: Findings) -> None:
        self._mode = mode
        self._findings = findings
        self._number = 0
        self._first = NOWHERE
        self._events = 0
        self._values = 0

    def run(self, events: Iterable[Event]) -> Iterator[Event]:
        """Move in each event, then report."""
        for self._number, event in enumerate(events, 1):
            if event.extensions and isinstance(event, ObjectEvent) and _commissions(event):
                self._event(event)
            yield event
        if self._events:
            verb = "copied" if self._mode == BOTH else "moved"
            message = f"{self._values:,} lot numbers and expiry dates at event level were {verb} to ILMD "
            message += f"in {self._events:,} events"
            self._findings.report(MOVED, message, where=self._first, value=self._values)

    def _event(self, event: ObjectEvent) -> None:
        ilmd = event.ilmd or []
        moved: list[Element] = []
        for target in dict.fromkeys(_TARGETS[item.name] for item in event.extensions if item.name in _TARGETS):
            found = [item for item in event.extensions if _TARGETS.get(item.name) == target]
            known = [item for item in ilmd if _TARGETS.get(item.name) == target]
            if len({item.text.strip() for item in (*found, *known)}) > 1:
                self._contradiction(event, found, known)
            elif not known:
                moved += found
        if not moved:
            return
        if self._mode == ILMD:
            gone = set(map(id, moved))
            event.extensions = [item for item in event.extensions if id(item) not in gone]
        event.kin = None
        event.ilmd = [*ilmd, *map(_renamed, moved)]
        self._first = self._first if self._events else inside(event.where, self._number, "")
        self._events += 1
        self._values += len(moved)

    def _contradiction(self, event: Event, found: list[Element], known: list[Element]) -> None:
        local = found[0].local
        values = ", ".join(dict.fromkeys(repr(item.text.strip()) for item in found))
        other = ", ".join(dict.fromkeys(repr(item.text.strip()) for item in known)) or "nothing"
        message = f"{local} is {values} at event level and {other} in ILMD"
        where = inside(event.where, self._number, local)
        expected = known[0].text.strip() if known else "one value"
        self._findings.report(DIFFERS, message, where=where, value=found[0].text.strip(), expected=expected)


def _commissions(event: ObjectEvent) -> bool:
    step = event.biz_step
    return event.action == "ADD" and step is not None and word(Field.BIZ_STEP, step) == "commissioning"


def _renamed(item: Element) -> Element:
    name = _TARGETS[item.name]
    return structs.replace(item, name=name, prefix=item.prefix if item.name == name else _PREFIX)
