"""The hierarchy store in the flow: what messages say about serial numbers is kept, and asked for where it is needed.

It is kept while a message is converted, without reading the file a second time, and counts from the moment at which
all of it is there. A message that is refused, fails before it is delivered, or is cancelled, counts no more. A replay
is not kept while the message that it replays counts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from gateway.agreements.model import Agreement
from gateway.epcis.events import Event
from gateway.exchange import failpoints
from gateway.exchange.clock import Clock, stamp
from gateway.exchange.database import Database
from gateway.exchange.serials import SerialStore, StoredHierarchy, forget
from gateway.exchange.serials_check import check_story
from gateway.exchange.tables import Message
from gateway.findings import Finding, Findings, Severity

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

    def hierarchy(self, agreement: Agreement) -> StoredHierarchy | None:
        """What earlier messages of the client packed into what; None where the agreement does not want it."""
        return self._store.hierarchy(agreement.serials.client) if agreement.serials is not None else None

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
        if agreement.serials is None or self._told_already(agreement.serials.client, message):
            yield observer, lambda: None
            return
        failed = False

        def fail() -> None:
            nonlocal failed
            failed = True

        with contextlib.suppress(_Failed), self._store.recording(agreement.serials.client, message.id) as recorder:

            def observe(events: Sequence[Event]) -> None:
                observer(events)
                if recorder is not None:
                    recorder.add(events)

            yield observe, fail
            failpoints.reach("serials.told")
            if failed:
                raise _Failed
        failpoints.reach("serials.recorded")

    def contradictions(self, agreement: Agreement, message: Message) -> list[Finding]:
        """What a message says that contradicts others; errors only where the agreement refuses such messages."""
        if agreement.serials is None:
            return []
        findings = Findings()
        check_story(self._database, agreement.serials.client, message.id, findings)
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

    def _told_already(self, client: str, message: Message) -> bool:
        """Whether another run of the same message counts."""
        root = message.replay_of or message.id
        runs = sa.select(Message.id).where(sa.or_(Message.id == root, Message.replay_of == root))
        with self._database.read() as session:
            others = [id_ for id_ in session.scalars(runs) if id_ != message.id]
        return bool(others) and self._store.recorded(client, others)
