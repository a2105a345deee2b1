"""Commissioning that is written with the action OBSERVE, as some systems of contract manufacturers do (tracekey).

OBSERVE says that the objects existed before, and an event with it may hold no ILMD. What the sender means is most
likely ADD; but a label that was only seen again looks the same. So it is told, and changed only when somebody says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.epcis.alike import remember
from gateway.epcis.batches import Batches, batches
from gateway.epcis.events import Event, Kin, ObjectEvent
from gateway.epcis.place import inside
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Findings, Rule, Severity
from gateway.options import Setting

KEEP: Final = "keep"
ADD: Final = "add"

COMMISSIONING_ACTION: Final = Setting(
    "commissioning-action",
    "commissioning events with the action OBSERVE: keep them and say so, or change the action to ADD",
    (KEEP, ADD),
    KEEP,
)

OBSERVED: Final = Rule(
    "EPCIS-ACTION-01",
    Severity.WARNING,
    "Commissioning has the action ADD.",
    "OBSERVE says that the objects existed before (EPCIS, clause 7.3.2), and such an event may hold no lot and expiry "
    "(ILMD). Receivers may not count the objects as commissioned.",
    "ask the sender to write ADD; --set commissioning-action=add reads OBSERVE as ADD",
)
CHANGED: Final = Rule(
    "EPCIS-ACTION-02",
    Severity.INFO,
    "The action of a commissioning event was read as ADD.",
    "The setting commissioning-action says that this sender writes OBSERVE and means ADD.",
    "Nothing has to be done.",
)
RULES: Final = (OBSERVED, CHANGED)


def with_action(events: Iterable[Event], mode: str, findings: Findings) -> Iterable[Event]:
    """Tell of, or change, the action of commissioning ObjectEvents that have OBSERVE.

    One finding counts them when the events are exhausted.

    Args:
        events: read once; with ``add`` they are changed in place.
        mode: ``keep`` or ``add``.
        findings: takes the finding.
    """
    return Batches(_with_action(batches(events), mode, findings))


def _with_action(lists: Iterable[list[Event]], mode: str, findings: Findings) -> Iterator[list[Event]]:
    count, first, number = 0, NOWHERE, 0
    others: set[Kin] = set()  # events alike to one that is none of these
    for batch in lists:
        for event in batch:
            number += 1
            if event.kin in others:
                continue
            if not (isinstance(event, ObjectEvent) and event.action == "OBSERVE" and _commissions(event.biz_step)):
                if event.kin is not None:
                    remember(others, event.kin)
                continue
            count += 1
            if count == 1:
                first = inside(event.where, number, "action")
            if mode == ADD:
                event.kin = None
                event.action = "ADD"
        yield batch
    if count:
        verb = "were read as ADD" if mode == ADD else "were kept"
        message = f"{count:,} commissioning events with the action OBSERVE {verb}"
        findings.report(CHANGED if mode == ADD else OBSERVED, message, where=first, value="OBSERVE", expected="ADD")


def _commissions(step: str | None) -> bool:
    return step is not None and step.endswith("commissioning") and word(Field.BIZ_STEP, step) == "commissioning"
