"""Firing schedules: which slots are due, and what happens to those that passed while the gateway was down.

How far each channel has come stands in the ledger (``last_slot``). At start, and after a machine has slept, the slots
since then are looked at, and the channel's ``catch-up`` says which of them are fired late. Each slot becomes a
collection with an id of its own, so a slot that is fired twice has one effect.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.agreements.model import CatchUp, Channel
from gateway.agreements.timing import Timing
from gateway.exchange.clock import Clock, moment, stamp
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Ledger

#: A slot that is not older than this counts as on time: it is fired under every catch-up policy.
GRACE = timedelta(seconds=60)

#: When the newest fired slot lies further ahead than this, the clock was wrong. Steps of time servers are smaller.
AHEAD = timedelta(seconds=90)

#: When more slots than this were missed, ``catch-up: all`` fires the newest only: one collection takes everything.
MOST = 1000

#: What the ids of scheduled collections begin with.
SCHEDULED = "sched"

log = logs.get(__name__)

Fire = Callable[[str, str], None]
"""Enqueues a collection: channel and workflow id."""

Busy = Callable[[str], bool]
"""Whether a collection of the channel waits that was enqueued before."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at one schedule came to.

    Attributes:
        fire: slots to fire now, oldest first.
        reached: how far the schedule has come: the newest slot that has passed, fired or skipped; None when no slot
            has passed.
    """

    fire: tuple[datetime, ...] = ()
    reached: datetime | None = None


def due(timing: Timing, catch_up: CatchUp, last: datetime, now: datetime) -> Due:
    """Which slots after `last` are to be fired at `now`.

    Args:
        timing: the rule.
        catch_up: ``all`` fires every slot; ``latest`` only the newest; ``none`` the newest if it is on time.
        last: how far the schedule has come.
        now: the time.
    """
    newest = timing.latest(last, now)
    if newest is None:
        return Due()
    if catch_up is CatchUp.ALL:
        slots = list(islice(timing.slots(last, now), MOST + 1))
        return Due(tuple(slots if len(slots) <= MOST else [newest]), newest)
    if catch_up is CatchUp.NONE and now - newest > GRACE:
        return Due((), newest)
    return Due((newest,), newest)


def slot_id(channel: str, slot: datetime) -> str:
    """Id of the collection of one slot: the same whoever fires it, however often."""
    return f"{SCHEDULED}:{channel}:{slot:%Y%m%dT%H%M%SZ}"


class Scheduler:
    """Fires the schedules of all channels.

    Args:
        agreements: channels and their schedules.
        ledger: how far each has come.
        fire: enqueues a collection.
        clock: the time.
        busy: whether an earlier slot's collection has not begun yet. Then a slot that is on time is passed over: that
            collection will take its files. Without this, slots would pile up behind a peer that is slower than its
            schedule. Slots that are caught up are fired whatever waits, as the channel's ``catch-up`` says.
    """

    def __init__(
        self, agreements: Agreements, ledger: Ledger, fire: Fire, clock: Clock, busy: Busy = lambda _channel: False
    ) -> None:
        self._ledger = ledger
        self._queries = Queries(ledger.database)
        self._fire = fire
        self._busy = busy
        self._clock = clock
        self._channels = _scheduled(agreements)
        self._last: dict[str, datetime] = {}
        self._next: dict[str, datetime | None] = {}
        self._anew: dict[str, str] = {}

    def begin(self) -> None:
        """Read how far each schedule has come. A channel that is new begins now: it has missed nothing."""
        rows = self._queries.schedules()
        now = self._clock()
        for channel in self._channels:
            row = rows.get(channel.id)
            if row is None:
                self._ledger.slot(channel.id, stamp(now), "")
            self._last[channel.id] = moment(row.last_slot) if row else now
            self._next[channel.id] = None

    def use(self, agreements: Agreements) -> None:
        """Go by other agreements: the schedules that stay go on where they are."""
        self._channels = _scheduled(agreements)
        self.begin()

    def tick(self) -> int:
        """Fire what is due now; returns how many slots were fired."""
        now = self._clock()
        fired = 0
        for channel in self._channels:
            if self._last[channel.id] - now > AHEAD:
                self._went_back(channel.id, now)
            planned = self._next[channel.id]
            if planned is not None and now < planned:
                continue
            timing = channel.timing
            if timing is None:
                continue
            found = due(timing, channel.catch_up, self._last[channel.id], now)
            slots = self._fire_all(channel.id, found.fire, now)
            fired += len(slots)
            if found.reached is not None:
                self._last[channel.id] = found.reached
                self._ledger.slot(channel.id, stamp(found.reached), stamp(slots[-1]) if slots else "")
            self._next[channel.id] = timing.next(max(now, self._last[channel.id]))
        return fired

    def _went_back(self, channel: str, now: datetime) -> None:
        """The clock was ahead, and slots were fired whose time has not come: they will be fired at their time, too.

        Without this the channel would be left alone until the time that the clock once showed.
        """
        log.warning(
            "the clock went back; the schedule begins again now", channel=channel, was=stamp(self._last[channel])
        )
        self._last[channel], self._next[channel] = now, None
        self._anew[channel] = f"~{now:%Y%m%dT%H%M%SZ}"
        self._ledger.slot(channel, stamp(now), "")

    def _fire_all(self, channel: str, slots: Sequence[datetime], now: datetime) -> list[datetime]:
        """Fire slots, and return those that were fired."""
        fired = []
        for slot in slots:
            late = now - slot > GRACE
            if not late and self._busy(channel):
                log.warning("slot passed over: the collection before it has not begun", channel=channel)
                continue
            self._fire(channel, slot_id(channel, slot) + self._anew.get(channel, ""))
            fired.append(slot)
            if late:
                log.warning("late slot", channel=channel, slot=stamp(slot))
        return fired

    def run(self, stopping: threading.Event, interval: float = 0.5, each: Callable[[], None] = lambda: None) -> None:
        """Tick until stopped.

        Args:
            stopping: ends the loop.
            interval: seconds between ticks; a slot fires at most this much late.
            each: called after each tick.
        """
        self.begin()
        while not stopping.is_set():
            self.tick()
            each()
            stopping.wait(interval)


def _scheduled(agreements: Agreements) -> list[Channel]:
    return [channel for _, channel in agreements.channels() if channel.schedule is not None]


def next_slots(agreements: Agreements, now: datetime) -> Mapping[str, datetime | None]:
    """The next slot of each channel; None for channels without a schedule."""
    return {
        channel.id: channel.timing.next(now) if channel.timing is not None else None
        for _, channel in agreements.channels()
    }
