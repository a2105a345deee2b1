"""The story of a batch inside one document: what was commissioned, what is packed where, what is at its end.

Events count in the order of the document. Identifiers are compared as they are written: one object written as EPC
URN here and as Digital Link there counts as two. AssociationEvents tie objects to equipment and places, not into
containers, and are left out.

What happens is written down while the events pass (`gateway.checks.story_log`), and looked at when all have passed,
object by object. So the findings come last, and memory does not grow with the document; only each event that empties
a container costs eight bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from gateway.checks import rules, story_nests
from gateway.checks.scope import Scope
from gateway.checks.story_life import Containers, Life, mark
from gateway.checks.story_log import (
    BORN,
    ENDED,
    EVENT_ID,
    FORGOTTEN,
    KINDS,
    PACKED,
    PARENT,
    REPACKED,
    REVIVED,
    UNPACKED,
    USED,
    Log,
    Record,
    Records,
    code_of,
)
from gateway.checks.story_told import Told, Unborn
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, TransactionEvent, TransformationEvent

_EVERYDAY: Final = (BORN, PACKED)


class Story:
    """Follows objects through a document.

    Args:
        scope: where findings go.
        nested: how many packings of containers into containers are looked at together.
    """

    def __init__(self, scope: Scope, nested: int = story_nests.NESTED) -> None:
        self._scope = scope
        self._nested = nested
        self._log = Log()
        self._records = Records()
        self._emptied = array("Q")
        self._born_any = False
        self._number = 0

    def check(self, event: Event) -> None:
        """Take the next event of the document."""
        self._number = number = self._scope.number
        withdrawn = event.error_declaration is not None
        parent = ""
        if event.event_id and not withdrawn:
            self._log.one(event.event_id, code_of(number, EVENT_ID))
        if isinstance(event, ObjectEvent):
            self._object(event, withdrawn=withdrawn)
        elif isinstance(event, AggregationEvent):
            parent = event.parent_id or ""
            self._aggregation(event, parent, withdrawn=withdrawn)
        elif isinstance(event, TransformationEvent):
            if not withdrawn:
                self._each(event.input_epc_list, USED)
            self._each(event.output_epc_list, FORGOTTEN if withdrawn else BORN)
        elif isinstance(event, TransactionEvent):
            self._each(event.epc_list, USED)
        self._records.add(Record(event.type, event.event_time, event.event_time_zone_offset, parent, self._scope.where))

    def finish(self, *, complete: bool = True) -> None:
        """Say what is wrong.

        Args:
            complete: False when the document broke off: then nothing is said of what may have come later.
        """
        told = Told(self._scope, self._records)
        unborn = Unborn(self._scope, self._records, self._number)
        nests = story_nests.Nests()
        containers = Containers(self._records, self._emptied)
        try:
            for part in self._log.parts():
                for epc, codes in part.items():
                    if not _is_quiet(codes):
                        Life(epc, containers, self._records, told).follow(codes, unborn)
                        nests.look(codes)
            self._rings(nests, containers, told)
            told.report()
            if complete and self._born_any:
                unborn.report()
        finally:
            self._log.close()
            self._records.close()

    def _each(self, epcs: Sequence[str] | None, kind: int) -> None:
        if epcs:
            self._born_any |= kind == BORN
            self._log.each(epcs, self._number, kind)

    def _object(self, event: ObjectEvent, *, withdrawn: bool) -> None:
        if event.action == "ADD":
            self._each(event.epc_list, FORGOTTEN if withdrawn else BORN)
        elif event.action == "DELETE":
            self._each(event.epc_list, REVIVED if withdrawn else ENDED)
        elif not withdrawn:
            self._each(event.epc_list, USED)

    def _aggregation(self, event: AggregationEvent, parent: str, *, withdrawn: bool) -> None:
        if not parent:
            return
        # An error declaration withdraws what the event did: the packed are out again, the unpacked are in.
        packs = (event.action == "ADD") != withdrawn
        if event.action == "OBSERVE":
            self._each(event.child_epcs, USED)
        elif packs:
            self._log.one(parent, code_of(self._number, PARENT))
            self._each(event.child_epcs, REPACKED if withdrawn else PACKED)
        elif event.child_epcs:
            self._each(event.child_epcs, UNPACKED)
        elif not withdrawn:
            self._emptied.append(mark(parent, self._number))

    def _rings(self, nests: story_nests.Nests, containers: Containers, told: Told) -> None:
        if not nests.possible:
            return
        steps = story_nests.nested(self._log, self._nested)
        if steps is None:
            text = f"containers are packed into others more than {self._nested:,} times, and some after they were"
            self._scope.report(rules.STORY_CAPPED, f"{text} filled, some before; rings among them are not looked for")
            return
        for code, epc in story_nests.rings(steps, containers):
            told.add(rules.OWN_ANCESTOR, code, epc, code)


def _is_quiet(codes: list[int]) -> bool:
    """Whether there is surely nothing to say: most objects are commissioned, and packed once."""
    kind = codes[0] & KINDS
    if len(codes) == 1:
        return kind != PACKED
    return kind == BORN and len(codes) == len(_EVERYDAY) and codes[1] & KINDS == PACKED
