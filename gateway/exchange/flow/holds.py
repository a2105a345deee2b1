"""Holding and releasing: an operator stops a partner, a channel or a target, and lets it go on.

Held work waits in its place, so order is kept: the files of a held channel are neither collected nor converted, and
those for a held target or receiver are not delivered. Nothing is lost and nothing counts as a failed try. A hold stays
over restarts until it is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.agreements.load import Agreements
from gateway.exchange.clock import Clock, stamp, system
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.audit_work import HOLD, RELEASE, SINCE
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import Delivery, DeliveryState, Message, State
from gateway.exchange.ledger.tables_work import Hold, Wake

PARTNER, CHANNEL, TARGET = "partner", "channel", "target"
KINDS = (PARTNER, CHANNEL, TARGET)

#: What the reason of a message begins with that waits because of a hold.
HELD = "held: "

_HOLDS = sa.select(Hold).order_by(Hold.kind, Hold.key)


class Holds:
    """What is held.

    Args:
        database: the ledger's database.
        clock: the time.
    """

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self._database = database
        self._clock = clock

    def put(self, kind: str, key: str, who: str, reason: str) -> bool:
        """Hold something; False when it was held already. The first reason stays."""
        with self._database.write() as session:
            self._database.alone(session, "holds")
            if session.get(Hold, (kind, key)) is not None:
                return False
            at = stamp(self._clock())
            session.add(Hold(kind=kind, key=key, at=at, who=who, reason=reason))
            facts = {SINCE: at, "reason": reason}
            audit.note(session, audit.Entry(at, f"{HOLD}{kind}", key, facts, audit.Actor(who, reason)))
            return True

    def lift(self, kind: str, key: str) -> bool:
        """Release something; False when it was not held. What waited for it is told to look again."""
        with self._database.write() as session:
            self._database.alone(session, "holds")
            hold = session.get(Hold, (kind, key))
            if hold is None:
                return False
            session.delete(hold)
            session.flush()
            at = stamp(self._clock())
            _wake_held(session, at)
            audit.note(session, audit.Entry(at, f"{RELEASE}{kind}", key, {}))
            return True

    def all(self) -> Sequence[Hold]:
        """Everything that is held."""
        with self._database.read() as session:
            return session.scalars(_HOLDS).all()

    def of_channel(self, agreements: Agreements, channel_id: str) -> str:
        """Why nothing is collected from a channel, and its files are not converted; empty when nothing holds it.

        Raises:
            ConfigurationError: the agreements have no such channel.
        """
        agreement, channel = agreements.channel(channel_id)
        if agreement.partner.hold or channel.hold:
            return f"{HELD}the agreement says so"
        return self.why({PARTNER: agreement.partner.id, CHANNEL: channel.id})

    def of_target(self, agreements: Agreements, target_id: str) -> str:
        """Why nothing is delivered to a target; empty when nothing holds it.

        Raises:
            ConfigurationError: the agreements have no such target.
        """
        target = agreements.target(target_id)
        partners = [agreement.partner for agreement in agreements.all if agreement.partner.id == target.receiver]
        if target.hold or any(partner.hold for partner in partners):
            return f"{HELD}the agreement says so"
        return self.why({PARTNER: target.receiver, TARGET: target.id})

    def look_again(self) -> None:
        """Let everything that is held look again: the agreements have changed."""
        with self._database.write() as session:
            _wake_held(session, stamp(self._clock()))

    def why(self, keys: Mapping[str, str]) -> str:
        """Why something is held, empty when it is not.

        Args:
            keys: what it belongs to, by kind: ``{"partner": "acme", "channel": "acme-in"}``.
        """
        # All are read: few things are held at a time, usually nothing, and this is asked before every step.
        hold = next((hold for hold in self.all() if keys.get(hold.kind) == hold.key), None)
        if hold is None:
            return ""
        return f"{HELD}{hold.kind} {hold.key} by {hold.who}" + (f", {hold.reason}" if hold.reason else "")

    def wake_strays(self, ahead: float) -> None:
        """Let deliveries look again whose next try lies so many seconds ahead: a wrong clock has put it there."""
        at = self._clock()
        stray = sa.select(Delivery.id).where(Delivery.state == DeliveryState.WAITING)
        stray = stray.where(Delivery.next_try_at > stamp(at + timedelta(seconds=ahead)))
        with self._database.read() as session:
            found = session.scalars(stray).all()
        if found:
            with self._database.write() as session:
                wake(session, found, stamp(at))

    def wakes(self) -> Sequence[str]:
        """Waiting work that is to look again."""
        with self._database.read() as session:
            return session.scalars(sa.select(Wake.work).order_by(Wake.work)).all()

    def told(self, work: Iterable[str]) -> None:
        """Waiting work was told to look again."""
        with self._database.write() as session:
            session.execute(sa.delete(Wake).where(Wake.work.in_(list(work))))


def wake(session: Session, work: Iterable[str], at: str) -> None:
    """Note waiting work that is to look again; the leader tells it soon."""
    for id_ in work:
        session.merge(Wake(work=id_, at=at))


def _wake_held(session: Session, at: str) -> None:
    deliveries = sa.select(Delivery.id).where(Delivery.state == DeliveryState.HELD)
    messages = sa.select(Message.id).where(Message.state == State.RECEIVED, Message.reason.startswith(HELD))
    wake(session, [*session.scalars(deliveries), *session.scalars(messages)], at)
