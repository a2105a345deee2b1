"""Runs the checks over a stream of events, between a reader and a writer."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Final, Protocol

from gateway.checks import event_id, identifiers, order, time, vocabulary
from gateway.checks import events as required_parts
from gateway.checks.scope import Checker, Scope, nothing
from gateway.checks.story import Story
from gateway.epcis.alike import Alike
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
    checkers = [checker(scope) for layer, checker in _CHECKERS.items() if layer in layers]
    quiets = [checker.quiet for checker in checkers if checker.quiet is not nothing]
    story = Story(scope) if STORY in layers else None
    alike: Alike[bool] = Alike()
    number = 0
    try:
        for batch in batches(events):
            for event in batch:
                number += 1
                entry = alike.entry(event)
                if entry is None or not entry.value or not _quiet(event, quiets):
                    scope.enter(event, number)
                    before = len(context.findings)
                    for checker in checkers:
                        checker.check(event)
                    if entry is not None and len(context.findings) == before:
                        entry.value = True
                if story is not None:
                    scope.enter(event, number)
                    story.check(event)
            yield batch
    except GatewayError:
        if story is not None:
            story.finish(complete=False)
        raise
    if story is not None:
        story.finish()


def _quiet(event: Event, quiets: Collection[Callable[[Event], bool]]) -> bool:
    # A loop, for every event comes here: a generator expression takes twice the time.
    for quiet in quiets:  # noqa: SIM110
        if not quiet(event):
            return False
    return True
