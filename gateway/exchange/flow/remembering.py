"""The hierarchy store in the flow: what messages say about serial numbers is kept, and asked for where it is needed.

It is kept while a message is converted, without reading the file a second time, and counts from the moment at which
all of it is there. A message that is refused, fails before it is delivered, or is cancelled, counts no more. A replay
takes the place of the run before it when it passes its check (`gateway.exchange.serials.runs`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from gateway.agreements.model import Agreement
from gateway.checks.across import RETOLD
from gateway.epcis.events import Event
from gateway.exchange import failpoints
from gateway.exchange.clock import Clock, stamp
from gateway.exchange.flow import apart
from gateway.exchange.flow.apart import Serials
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import Message, State
from gateway.exchange.serials.check import check_story
from gateway.exchange.serials.look import Run
from gateway.exchange.serials.record import Recorder
from gateway.exchange.serials.runs import adopt, counting, first_difference, others, take_place
from gateway.exchange.serials.store import SerialStore, StoredHierarchy, forget
from gateway.exchange.serials.tables import MessageState, SerialMessage
from gateway.findings import Finding, Findings, Severity, Where

#: Replays that begin there take over outputs, and what was said with them.
ADOPTING = ("check", "deliver")

Observer = Callable[[Sequence[Event]], None]


class _Failed(Exception):
    """The conversion failed: nothing of the message counts."""


class Remembering:
    """Keeps what messages say about serial numbers.

    Args:
        database: the ledger's.
        clock: tells when something was kept.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._store = SerialStore(database, clock)

    def hierarchy(self, agreement: Agreement, message: Message) -> StoredHierarchy | None:
        """What messages of the client packed into what, other runs of the same file not among them.

        None where the agreement does not want it.
        """
        if agreement.serials is None:
            return None
        return self._store.hierarchy(agreement.serials.client, Run(message.id, frozenset(self._others(message))))

    def serials(self, agreement: Agreement, message: Message, recorder: Recorder | None = None) -> Serials | None:
        """The part of a conversion in the store, for a process that asks and fills it itself."""
        if agreement.serials is None:
            return None
        record = recorder.message if recorder is not None else 0
        run = Run(message.id, frozenset(self._others(message)))
        return Serials(self._database.place, agreement.serials.client, run, record)

    @contextlib.contextmanager
    def observing(
        self, agreement: Agreement, message: Message, observer: Observer
    ) -> Iterator[tuple[Observer, Callable[[], None]]]:
        """While the message is converted: what is to observe its events, and what to call when that failed.

        Args:
            agreement: the sender's.
            message: the message.
            observer: who observes them anyway.
        """
        with self.recording(agreement, message) as (recorder, fail):
            if recorder is None:
                yield observer, fail
                return

            def observe(events: Sequence[Event]) -> None:
                observer(events)
                recorder.add(events)

            yield observe, fail

    @contextlib.contextmanager
    def recording(self, agreement: Agreement, message: Message) -> Iterator[tuple[Recorder | None, Callable[[], None]]]:
        """While the message is converted: what takes its events, and what to call when that failed.

        There is no recorder where nothing is to be kept, or all of it is there already.

        Args:
            agreement: the sender's.
            message: the message.
        """
        if agreement.serials is None:
            yield None, lambda: None
            return
        failed = False

        def fail() -> None:
            nonlocal failed
            failed = True

        client, waits = agreement.serials.client, bool(message.replay_of)
        with contextlib.suppress(_Failed), self._store.recording(client, message.id, waits=waits) as recorder:
            yield recorder, fail
            failpoints.reach("serials.told")
            if failed:
                raise _Failed
        failpoints.reach("serials.recorded")

    def contradictions(self, agreement: Agreement, message: Message) -> list[Finding]:
        """What a message says that contradicts others; errors only where the agreement refuses such messages."""
        if agreement.serials is None:
            return []
        client, findings = agreement.serials.client, Findings()
        if message.start in ADOPTING:
            with self._database.write() as session:
                adopt(session, client, message)
        runs = frozenset(self._others(message))
        self._retold(message, runs, findings)
        if message.size >= apart.LARGE:
            for found in apart.contradictions(self._database.place, client, message.id, runs):
                findings.add(found)
        else:
            check_story(self._database, client, message.id, findings, runs)
        if agreement.serials.contradictions == "refuse":
            return list(findings)
        return [
            replace(found, severity=Severity.WARNING) if found.severity is Severity.ERROR else found
            for found in findings
        ]

    def forget(self, message: str) -> None:
        """A message counts no more."""
        with self._database.write() as session:
            forget(session, message, stamp(self._clock()))

    def counts(self, message: Message) -> None:
        """A message has passed its check: it counts from now on, and no other run of the same file does."""
        if message.replay_of:
            with self._database.write() as session:
                take_place(session, message)

    def _retold(self, message: Message, runs: Collection[str], findings: Findings) -> None:
        """Say where a replay tells something else than the run of the same file that receivers have."""
        with self._database.read() as session:
            now = counting(session, runs)
            mine = sa.select(SerialMessage).where(SerialMessage.message == message.id)
            row = session.scalars(mine.where(SerialMessage.state == MessageState.READY)).first()
            if now is None or row is None:
                return
            state = session.scalar(sa.select(Message.state).where(Message.id == now.message))
            if state == State.FAILED:
                return  # it did not come to its end: this is why it is replayed
            event = first_difference(session, row.id, now.id)
            if event is not None:
                where = Where(event=event) if event else Where()
                text = f"the replay says something else of serial numbers than {now.message}, which was delivered"
                findings.report(RETOLD, text, where=where)

    def _others(self, message: Message) -> list[str]:
        with self._database.read() as session:
            return others(session, message)
