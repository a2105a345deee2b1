"""Runs the checks over a stream of events, between a reader and a writer."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Protocol

from gateway.checks import event_id, identifiers, order, time, vocabulary
from gateway.checks import events as required_parts
from gateway.checks.scope import Checker, Scope, nothing
from gateway.epcis.alike import Alike, Entry, Group
from gateway.epcis.batches import batches
from gateway.epcis.events import Event
from gateway.errors import GatewayError
from gateway.findings import Findings


class Layer(enum.StrEnum):
    """A group of checks that can be switched on."""

    EVENTS = "events"
    IDENTIFIERS = "identifiers"
    VOCABULARY = "vocabulary"
    TIME = "time"
    ORDER = "order"
    EVENT_ID = "event-id"
    STORY = "story"


EVENTS: Final = Layer.EVENTS
IDENTIFIERS: Final = Layer.IDENTIFIERS
VOCABULARY: Final = Layer.VOCABULARY
TIME: Final = Layer.TIME
ORDER: Final = Layer.ORDER
EVENT_ID: Final = Layer.EVENT_ID
STORY: Final = Layer.STORY

#: What every conversion checks.
LAYERS: Final = (EVENTS, IDENTIFIERS, VOCABULARY, TIME, EVENT_ID)
#: What is left to check of a table's events: their form and identifiers were proved while they were built.
BUILT_LAYERS: Final = (VOCABULARY, TIME)
#: What `gateway validate` checks. The story needs a temporary file of about half the document's size.
ALL_LAYERS: Final = tuple(Layer)

_CHECKERS: Final[dict[Layer, Callable[[Scope], Checker]]] = {
    EVENTS: required_parts.checker,
    IDENTIFIERS: identifiers.checker,
    VOCABULARY: vocabulary.checker,
    TIME: time.checker,
    ORDER: order.checker,
    EVENT_ID: event_id.checker,
}


class Context(Protocol):
    """What the checks need of the conversion's context (`gateway.formats.base.Context` has it)."""

    findings: Findings
    now: str


def check_events(
    events: Iterable[Event], context: Context, layers: Collection[Layer], lenient: Collection[str] = ()
) -> Iterator[Event]:
    """As `check_batches`, event by event."""
    return chain.from_iterable(check_batches(events, context, layers, lenient))


def check_batches(
    events: Iterable[Event], context: Context, layers: Collection[Layer], lenient: Collection[str] = ()
) -> Iterator[list[Event]]:
    """Check each event and hand them on, unchanged and in order, some at a time. Wrong events are handed on too.

    Args:
        events: the reader's events.
        context: takes the findings; its `now` is what times in the future are compared with.
        layers: which checks to run.
        lenient: codes of rules whose errors are warnings here.
    """
    scope = Scope(context.findings, context.now, lenient=lenient)
    checks = _Checks(scope, layers)
    if STORY not in layers:
        for batch in batches(events):
            checks.check(batch)
            yield batch
        return
    from gateway.checks.story import Story  # noqa: PLC0415 - only `gateway validate` asks for it

    story = Story(scope)
    checks.every.append(story.check)
    try:
        for batch in batches(events):
            checks.check(batch)
            yield batch
    except GatewayError:
        story.finish(complete=False)
        raise
    story.finish()


class _Checks:
    """The checks of one document, some events at a time.

    Attributes:
        every: checks that have to see every event.
    """

    def __init__(self, scope: Scope, layers: Collection[Layer]) -> None:
        checkers = [checker(scope) for layer, checker in _CHECKERS.items() if layer in layers]
        self.every = [checker.check for checker in checkers if checker.quiet is None]
        self._checks = [checker.check for checker in checkers if checker.quiet is not None]
        quiets = [checker.quiet for checker in checkers if checker.quiet is not None]
        self._quiets = [quiet for quiet in quiets if quiet is not nothing]
        self._scope = scope
        self._alike: Alike[bool] = Alike()
        self._number = 0

    def check(self, batch: Sequence[Event]) -> None:
        """Check the next events."""
        entries = self._to_look_at(batch)
        if self.every:
            self._check_every(batch, entries)
        else:
            for index, entry in entries:
                self._scope.enter(batch[index], self._number + index + 1)
                self._look(batch[index], entry)
        self._number += len(batch)

    def _check_every(self, batch: Sequence[Event], entries: Iterator[tuple[int, Entry[bool] | None]]) -> None:
        following = next(entries, None)
        for index, event in enumerate(batch):
            self._scope.enter(event, self._number + index + 1)
            if following is not None and following[0] == index:
                self._look(event, following[1])
                following = next(entries, None)
            for check in self.every:
                check(event)

    def _look(self, event: Event, entry: Entry[bool] | None) -> None:
        before = len(self._scope.findings)
        for check in self._checks:
            check(event)
        if entry is not None and len(self._scope.findings) == before:
            entry.value = True

    def _to_look_at(self, batch: Sequence[Event]) -> Iterator[tuple[int, Entry[bool] | None]]:
        """The positions of events about which there may be something to say, in their order, and their entries.

        Of events that are alike to none before them the first is looked at; what is found out then holds for the
        others: ask for the next position only when the one before was looked at.
        """
        groups, others = self._alike.groups(batch)
        entries: dict[int, Entry[bool]] = {}
        new: dict[int, list[int]] = {}
        for entry, indexes in groups.items():
            if entry.value and self._quiet(batch, indexes):
                continue
            others += indexes
            entries.update(dict.fromkeys(indexes, entry))
            if not entry.value and indexes[1:]:
                new[indexes[1]] = indexes[1:]
        done: set[int] = set()
        for index in sorted(others):
            if index in new and entries[index].value and self._quiet(batch, new[index]):
                done.update(new[index])
            if index not in done:
                yield index, entries.get(index)

    def _quiet(self, batch: Sequence[Event], indexes: Sequence[int]) -> bool:
        group = Group([batch[index] for index in indexes])
        return all(quiet(group) for quiet in self._quiets)
