"""How often workers died over a piece of work: what kills each worker that takes it must not stop the exchange."""

from __future__ import annotations

from gateway.exchange.clock import Clock, stamp, system
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables_work import Interruption


class Interruptions:
    """Counts deaths by piece of work.

    Args:
        database: the ledger's database.
        clock: the time.
    """

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self._database = database
        self._clock = clock

    def add(self, work: str) -> int:
        """Count one more death and return how many there were."""
        with self._database.write() as session:
            self._database.alone(session, "interruptions")
            row = session.get(Interruption, work)
            if row is None:
                row = Interruption(work=work, count=0)
                session.add(row)
            row.count += 1
            row.at = stamp(self._clock())
            return row.count

    def count(self, work: str) -> int:
        """How many deaths there were."""
        with self._database.read() as session:
            row = session.get(Interruption, work)
            return row.count if row is not None else 0
