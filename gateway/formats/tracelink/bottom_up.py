"""Orders events of packing: what is inside comes before what it is packed into."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.epcis.events import AggregationEvent


def bottom_up(events: Sequence[AggregationEvent]) -> list[AggregationEvent]:
    """Events in their order, except that a container is packed before it is a child itself.

    Containers that are in each other, which is impossible, keep the order that they have.
    """
    by_parent: dict[str, list[int]] = {}
    for number, event in enumerate(events):
        by_parent.setdefault(event.parent_id or "", []).append(number)
    inner = [
        [at for child in event.child_epcs or () for at in by_parent.get(child, ())] if len(events) > 1 else []
        for event in events
    ]
    out: list[AggregationEvent] = []
    begun = [False] * len(events)
    for first in range(len(events)):
        stack = [(first, 0)]
        while stack:
            number, at = stack.pop()
            if at == 0:
                if begun[number]:
                    continue
                begun[number] = True
            if at < len(inner[number]):
                stack.append((number, at + 1))
                stack.append((inner[number][at], 0))
            else:
                out.append(events[number])
    return out
