"""A stream of events, some at a time.

Reading, checking and writing take turns. When each of them works on some events before the next one has its turn, the
processor finds its code and data in its caches: the whole is a sixth quicker than event by event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.epcis.events import Event, epcs
from gateway.errors import GatewayError

_EVENTS: Final = 64
#: Identifiers in a batch that is not filled up any more: events may be large, and a batch is held in memory.
_EPCS: Final = 5_000


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """All events in order; an error of the document is raised behind the events that came before it."""
    batch: list[Event] = []
    size = 0
    try:
        for event in events:
            batch.append(event)
            size += epcs(event)
            if len(batch) >= _EVENTS or size >= _EPCS:
                yield batch
                batch, size = [], 0
    except GatewayError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
