"""Findings about a story: they are known last, and are told in the order of the document.

Of any number of findings only those are kept that the report will show; the rest is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush, heappushpop
from typing import Final

from gateway.checks import rules
from gateway.checks.scope import Scope
from gateway.checks.story_log import BORN, PARENT, Record, Records, at_of, kind_of, number_of
from gateway.findings import Rule, Severity

#: What is known of one finding: its code, the object, and the code of what it contradicts.
_Fact = tuple[int, str, str, int]
_RULES: Final = {rule.code: rule for rule in rules.RULES}


class Told:
    """Takes what is wrong in any order.

    Args:
        scope: where the findings go.
        records: of all events.
    """

    def __init__(self, scope: Scope, records: Records) -> None:
        self._scope = scope
        self._records = records
        self._limit = scope.findings.limit
        self._kept: dict[Severity, list[_Fact]] = {severity: [] for severity in Severity}
        self._more = dict.fromkeys(Severity, 0)

    def add(self, rule: Rule, code: int, epc: str, other: int) -> None:
        """Something is wrong at `code`, because of what happened at `other`."""
        kept = self._kept[rule.severity]
        fact = (-code, rule.code, epc, other)
        if len(kept) < self._limit:
            heappush(kept, fact)
        else:
            self._more[rule.severity] += 1
            if kept:
                heappushpop(kept, fact)

    def report(self) -> None:
        """Report all of it."""
        for code, rule, epc, other in sorted((-c, r, e, o) for kept in self._kept.values() for c, r, e, o in kept):
            self._report(_RULES[rule], code, epc, other)
        for severity, count in self._more.items():
            self._scope.findings.leave_out(severity, count)

    def _report(self, rule: Rule, code: int, epc: str, other: int) -> None:
        number, before = number_of(code), number_of(other)
        now, then = self._records.get(number), self._records.get(before)
        text, expected = _WORDS[rule](epc, number, before, now, then)
        self._scope.number, self._scope.where = number, now.where
        self._scope.report(rule, text, path=_path(code, now, rule), value=epc, expected=expected)


def _path(code: int, record: Record, rule: Rule) -> str:
    if rule is rules.EVENT_ID_TWICE:
        return "eventID"
    kind = kind_of(code)
    if kind == PARENT:
        return "parentID"
    if record.type == "TransformationEvent":
        name = "outputEPCList" if kind == BORN else "inputEPCList"
    else:
        name = "childEPCs" if record.type == "AggregationEvent" else "epcList"
    return f"{name}/epc[{at_of(code)}]"


_Words = Callable[[str, int, int, Record, Record], tuple[str, str]]


def _born_twice(epc: str, number: int, before: int, _now: Record, _then: Record) -> tuple[str, str]:
    return f"{epc} is commissioned by event {before} and again by event {number}", ""


def _after_end(epc: str, number: int, before: int, _now: Record, _then: Record) -> tuple[str, str]:
    return f"{epc} is used by event {number}, but event {before} decommissioned it", ""


def _packed_again(epc: str, _number: int, before: int, now: Record, _then: Record) -> tuple[str, str]:
    return f"{epc} is in {now.parent} since event {before}", ""


def _two_parents(epc: str, _number: int, before: int, now: Record, then: Record) -> tuple[str, str]:
    return f"{epc} is packed into {now.parent}, but is in {then.parent} since event {before}", then.parent


def _elsewhere(epc: str, _number: int, before: int, now: Record, then: Record) -> tuple[str, str]:
    return f"{epc} is unpacked from {now.parent}, but is in {then.parent} since event {before}", then.parent


def _too_late(epc: str, _number: int, before: int, now: Record, then: Record) -> tuple[str, str]:
    text = f"{epc} is commissioned at {now.time}, after event {before} packed it at {then.time}"
    return text, f"not after {then.time}"


def _ancestor(epc: str, _number: int, _before: int, now: Record, _then: Record) -> tuple[str, str]:
    return f"{epc} is packed into {now.parent}, which is inside {epc}", ""


def _event_id(epc: str, _number: int, before: int, _now: Record, _then: Record) -> tuple[str, str]:
    return f"the eventID {epc} is that of event {before}", ""


_WORDS: Final[dict[Rule, _Words]] = {
    rules.COMMISSIONED_TWICE: _born_twice,
    rules.USED_AFTER_END: _after_end,
    rules.PACKED_AGAIN: _packed_again,
    rules.TWO_PARENTS: _two_parents,
    rules.UNPACKED_ELSEWHERE: _elsewhere,
    rules.PACKED_BEFORE_BORN: _too_late,
    rules.OWN_ANCESTOR: _ancestor,
    rules.EVENT_ID_TWICE: _event_id,
}


class Unborn:
    """Children that were packed and never commissioned: how many of each event, for the first events that have some.

    Args:
        scope: where the findings go.
        records: of all events.
        events: how many events there are.
    """

    def __init__(self, scope: Scope, records: Records, events: int) -> None:
        self._scope = scope
        self._records = records
        self._limit = scope.findings.limit
        self._seen = bytearray(events + 1)
        self._last = events
        self._kept: dict[int, tuple[int, int, str]] = {}

    def add(self, code: int, epc: str) -> None:
        """A child was packed at `code`, and no event commissioned it."""
        number = number_of(code)
        self._seen[number] = 1
        if number > self._last:
            return
        known = self._kept.get(number)
        if known is None:
            self._kept[number] = (1, code, epc)
            if len(self._kept) > 2 * self._limit:
                self._drop()
        else:
            count, first, example = known
            self._kept[number] = (count + 1, code, epc) if code < first else (count + 1, first, example)

    def report(self) -> None:
        """Report one finding for each event."""
        self._drop()
        for number, (count, _, first) in sorted(self._kept.items()):
            text = f"{count} children were packed but not commissioned in this document, e.g. {first}"
            if count == 1:
                text = f"the child {first} was packed but not commissioned in this document"
            self._scope.number, self._scope.where = number, self._records.get(number).where
            self._scope.report(rules.PACKED_UNBORN, text, path="childEPCs", value=first)
        self._scope.findings.leave_out(rules.PACKED_UNBORN.severity, sum(self._seen) - len(self._kept))

    def _drop(self) -> None:
        """Keep only the first events: of the others not one finding will be shown."""
        numbers = sorted(self._kept)[: self._limit]
        self._kept = {number: self._kept[number] for number in numbers}
        if len(numbers) == self._limit:
            self._last = numbers[-1] if numbers else -1
