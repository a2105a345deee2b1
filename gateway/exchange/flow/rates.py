"""Rate limits: not more tries at a target within a time than its agreement allows, whoever makes them."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.agreements.model import Rate
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables_work import Passage


class Rates:
    """Counts tries by target, on the database's clock.

    Args:
        database: the ledger's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, target: str, delivery: str, rate: Rate) -> float:
        """Ask for a passage; 0 when it is given, else the seconds to wait until one is free.

        Args:
            target: the target.
            delivery: the delivery that is to be tried.
            rate: at most so many tries in so many seconds, in every window of that length.
        """
        with self._database.write() as session:
            self._database.alone(session, f"rate {target}")
            now = self._database.seconds(session)
            # Those that lie ahead were noted while the clock was wrong, and would keep the target shut until then.
            old = sa.or_(Passage.at <= now - rate.seconds, Passage.at > now + rate.seconds)
            session.execute(sa.delete(Passage).where(Passage.target == target, old))
            query = sa.select(Passage.at).where(Passage.target == target).order_by(Passage.at.desc())
            # The one that must have left the window before another one may enter it.
            oldest = session.scalar(query.offset(rate.limit - 1).limit(1))
            if oldest is not None:
                return max(oldest + rate.seconds - now, 0.01)
            session.add(Passage(target=target, delivery=delivery, at=now))
            return 0.0
