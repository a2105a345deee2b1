"""The life of one object: replayed from what a document's events say of it, in their order."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from gateway.checks import rules
from gateway.checks.story_log import (
    BORN,
    ENDED,
    EVENT_ID,
    FORGOTTEN,
    PACKED,
    PARENT,
    REPACKED,
    REVIVED,
    UNPACKED,
    USED,
    Records,
    code_of,
    kind_of,
    number_of,
)
from gateway.checks.story_told import Told, Unborn
from gateway.epcis.time import order_key

_MARK_BITS: Final = 32
_LOW: Final = (1 << _MARK_BITS) - 1


class Containers:
    """What events say of containers.

    Args:
        records: of all events.
        emptied: marks (`mark`) of the events that unpack all that is in a container.
    """

    def __init__(self, records: Records, emptied: Iterable[int]) -> None:
        self._records = records
        self._emptied = array("Q", sorted(emptied))

    def parent(self, code: int) -> str:
        """The container that something was packed into or unpacked from."""
        return self._records.get(number_of(code)).parent

    def inside(self, packed: int, code: int) -> bool:
        """Whether what was packed is in its container still: nobody has emptied it since."""
        if not self._emptied:
            return True
        parent = self.parent(packed)
        at = bisect_left(self._emptied, mark(parent, number_of(packed)))
        end = bisect_left(self._emptied, mark(parent, number_of(code)))
        # Equal marks are suspects only: another container may have the same.
        return all(self.parent(code_of(marked & _LOW, UNPACKED)) != parent for marked in self._emptied[at:end])


def mark(parent: str, number: int) -> int:
    """What stands for "event `number` unpacks all that is in `parent`": marks of one container are in order."""
    return (hash(parent) & _LOW) << _MARK_BITS | number


class Life:
    """What has become of one object so far.

    Attributes:
        born: code of its commissioning, 0 when it was not.
        ended: code of its end, 0 when it lives.
        packed: code of the packing into the container that it is in, 0 when it is in none.
        waiting: codes of packings that came before it was commissioned.
        event_id: not an object but an eventID: code of the event that has it.
    """

    __slots__ = ("_containers", "_epc", "_records", "_told", "born", "ended", "event_id", "packed", "waiting")

    def __init__(self, epc: str, containers: Containers, records: Records, told: Told) -> None:
        self._epc = epc
        self._containers = containers
        self._records = records
        self._told = told
        self.born = self.ended = self.packed = self.event_id = 0
        self.waiting: list[int] = []

    def follow(self, codes: list[int], unborn: Unborn) -> None:
        """Go through all that happened."""
        for code in codes:
            _STEPS[kind_of(code)](self, code)
        for code in self.waiting:
            unborn.add(code, self._epc)

    def is_used(self, code: int) -> None:
        """It must live."""
        if self.ended:
            self._told.add(rules.USED_AFTER_END, code, self._epc, self.ended)

    def is_born(self, code: int) -> None:
        """After its end a serial number may not come back; before its birth it may have been packed."""
        if self.born and not self.ended:
            self._told.add(rules.COMMISSIONED_TWICE, code, self._epc, self.born)
            return
        self.is_used(code)
        self.born, self.ended = code, 0
        if self.waiting:
            self._late(code, self.waiting.pop())
            self.waiting.clear()

    def ends(self, code: int) -> None:
        """It leaves its container, too."""
        self.is_used(code)
        self.ended, self.packed = code, 0

    def is_packed(self, code: int) -> None:
        """It must not be in another container."""
        self.is_used(code)
        containers = self._containers
        if self.packed and containers.inside(self.packed, code):
            again = containers.parent(self.packed) == containers.parent(code)
            self._told.add(rules.PACKED_AGAIN if again else rules.TWO_PARENTS, code, self._epc, self.packed)
        self.packed = code
        if not self.born:
            self.waiting.append(code)

    def is_unpacked(self, code: int) -> None:
        """It must not be in another container."""
        containers = self._containers
        elsewhere = self.packed and containers.inside(self.packed, code)
        if elsewhere and containers.parent(self.packed) != containers.parent(code):
            self._told.add(rules.UNPACKED_ELSEWHERE, code, self._epc, self.packed)
        else:
            self.packed = 0

    def is_repacked(self, code: int) -> None:
        """Its unpacking was declared wrong."""
        self.is_used(code)
        self.packed = code

    def is_forgotten(self, _: int) -> None:
        """Its commissioning was declared wrong."""
        self.born = self.ended = self.packed = 0

    def is_revived(self, _: int) -> None:
        """Its end was declared wrong."""
        self.ended = 0

    def names_event(self, code: int) -> None:
        """It is an eventID."""
        if self.event_id:
            self._told.add(rules.EVENT_ID_TWICE, code, self._epc, self.event_id)
        else:
            self.event_id = code

    def _late(self, born: int, packed: int) -> None:
        """An object is commissioned that an event before had packed."""
        birth, packing = self._records.get(number_of(born)), self._records.get(number_of(packed))
        born_at, packed_at = order_key(birth.time, birth.offset), order_key(packing.time, packing.offset)
        if born_at is not None and packed_at is not None and born_at > packed_at:
            self._told.add(rules.PACKED_BEFORE_BORN, born, self._epc, packed)


_STEPS: Final[dict[int, Callable[[Life, int], None]]] = {
    USED: Life.is_used,
    BORN: Life.is_born,
    ENDED: Life.ends,
    PACKED: Life.is_packed,
    UNPACKED: Life.is_unpacked,
    PARENT: Life.is_used,
    FORGOTTEN: Life.is_forgotten,
    REVIVED: Life.is_revived,
    REPACKED: Life.is_repacked,
    EVENT_ID: Life.names_event,
}
