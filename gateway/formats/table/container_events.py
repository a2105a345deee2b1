"""Which containers the events about containers are about."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice
from typing import Protocol

from gateway.formats.table.container_groups import Gathered
from gateway.formats.table.containers import Containers, picker
from gateway.formats.table.events import Builder
from gateway.formats.table.gather import Group, Key
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.repeats import Repeats


class Accepts(Protocol):
    """Whether a kind of event is about these values of a row."""

    def __call__(self, builder: Builder, key: Key, row: int, /) -> bool:
        """Whether there is an event; says why not where some of the values are there and some are missing."""


def groups_of(
    builder: Builder, levels: Sequence[Containers], accepts: Accepts, *, several_kinds: bool
) -> Iterator[Group]:
    """The containers of each event of one kind.

    Args:
        builder: the kind of event.
        levels: all containers, the smallest first.
        accepts: whether there is an event.
        several_kinds: whether a container may be there once for each kind of row.
    """
    spec = builder.spec
    by_name = {level.name: level for level in levels}
    if spec.epcs == OUTERMOST:
        yield from _sliced(builder, _outermost(builder, levels, several_kinds=several_kinds), accepts)
    elif spec.epcs in by_name:
        yield from _sliced(builder, by_name[spec.epcs].groups(builder.fields, lambda _: True), accepts)
    elif spec.parent in by_name and not spec.children:
        level = by_name[spec.parent]
        pick = picker([level.fields.index(name) for name in builder.fields])
        for values, row, urn in level:
            key = pick(values)
            if accepts(builder, key, row):
                yield Group(key, [urn], row, row)
    elif spec.children in by_name:
        level = by_name[spec.children]
        for group in level.groups([level.fields[0], *builder.fields], lambda values: bool(values[0])):
            if accepts(builder, group.key[1:], group.first):
                yield Group(group.key, list(group.epcs), group.first, group.last)


def _sliced(builder: Builder, groups: Iterable[Gathered], accepts: Accepts) -> Iterator[Group]:
    for group in groups:
        if accepts(builder, group.key, group.first):
            epcs = iter(group.epcs)
            while some := list(islice(epcs, builder.spec.at_most)):
                yield Group(group.key, some, group.first, group.last)


def _outermost(builder: Builder, levels: Sequence[Containers], *, several_kinds: bool) -> Iterator[Gathered]:
    """Containers that are in no other, each once: one that holds things and other containers is at two levels."""
    if not several_kinds and sum(level.entries > 0 for level in levels) < 2:  # noqa: PLR2004 - nothing can repeat
        yield from _alone(builder, levels)
        return
    repeated = Repeats(lambda: ((epc, ()) for group in _alone(builder, levels) for epc in group.epcs)).numbers
    numbers = count()
    for group in _alone(builder, levels):
        epcs = (epc for epc in group.epcs if next(numbers) not in repeated)
        first = list(islice(epcs, 1))
        if first:
            yield Gathered(group.key, group.first, group.last, chain(first, epcs))
        deque(epcs, maxlen=0)  # nobody wanted them, and they are counted


def _alone(builder: Builder, levels: Sequence[Containers]) -> Iterator[Gathered]:
    for level in levels:
        yield from level.groups(builder.fields, level.is_outermost)
