"""What is wrong with the exchange now: pure questions to the ledger, as of a time.

A trouble has a key that stays the same while it lasts. Its text names ids and counts, never file names or serial
numbers: it leaves the machine by mail and webhook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from gateway.agreements.load import Agreements
from gateway.bounded import bounded
from gateway.exchange.clock import moment, stamp
from gateway.exchange.ledger.answers import CONTRADICTS, GIVEN_UP, OVERDUE, UNKNOWN, WAITING
from gateway.exchange.ledger.tables import (
    SOME_LEFT_OUT,
    AlertRow,
    Collection,
    Delivery,
    DeliveryState,
    InForce,
    Message,
    ScheduleRow,
    State,
)
from gateway.exchange.ledger.tables_answers import AnswerRow, Expected
from gateway.settings import Alerts

#: How long a message that failed, or an answer that nobody knows, is told of.
MEMORY = timedelta(days=7)

#: Bytes of a trouble's key.
LONGEST_KEY = 160

#: A schedule may be late by so much.
LAG = timedelta(minutes=10)

#: The ledger itself does not work, which the ledger cannot tell; and: a way of telling does not work.
LEDGER, WAY = "ledger", "alerts"

KINDS = (
    "failed",
    "refused",
    "left-out",
    "channel",
    "answer",
    "uncertain",
    "backlog",
    "schedule",
    "configuration",
    "certificate",
    "as2",
    "disk",
    LEDGER,
    WAY,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong.

    Attributes:
        kind: one of `KINDS`.
        about: what it is about; kind and this are its key.
        text: what is wrong and what to do, for a person.
        count: of how many; when it rises, the trouble has got worse.
    """

    kind: str
    about: str
    text: str
    count: int = 1

    @property
    def key(self) -> str:
        """The same for the same trouble."""
        return bounded(f"{self.kind}:{self.about}", LONGEST_KEY)


def troubles(
    session: Session,
    now: datetime,
    wanted: Alerts,
    agreements: Agreements | None = None,
    certificates: Iterable[tuple[str, datetime]] = (),
) -> Iterator[Trouble]:
    """Everything that is wrong at `now`.

    Args:
        session: a session that reads.
        now: the time.
        wanted: limits from which on something is wrong.
        agreements: whose schedules are looked at.
        certificates: name and end of each certificate in use.
    """
    yield from _ended_badly(session, now)
    yield from _left_out(session, now)
    yield from _backlog(session, now, wanted.backlog_age)
    yield from _answers(session, now)
    yield from _uncertain(session)
    for look in session.scalars(sa.select(Collection).where(Collection.error != "").order_by(Collection.channel)):
        yield Trouble("channel", look.channel, f"channel {look.channel} could not be collected: gateway status")
    for row in session.scalars(sa.select(InForce).where(InForce.error != "").order_by(InForce.worker)):
        text = f"worker {row.worker} goes by an older configuration, because the files are wrong now: gateway check"
        yield Trouble("configuration", row.worker, text)
    for name, end in certificates:
        left = end - now
        if left < timedelta(days=wanted.certificate_days):
            said = f"ends on {end:%Y-%m-%d}" if left > timedelta(0) else f"ended on {end:%Y-%m-%d}"
            yield Trouble("certificate", name, f"certificate {name} {said}: gateway check")
    yield from _schedules(session, now, agreements)
    # What was not told stands there since the last look of who tells it.
    for way in session.scalars(sa.select(AlertRow).where(AlertRow.kind == WAY, AlertRow.ended_at == "")):
        yield Trouble(WAY, way.key.partition(":")[2], way.text)


def _ended_badly(session: Session, now: datetime) -> Iterator[Trouble]:
    """Messages that failed or were refused and were not replayed, by partner."""
    replay = aliased(Message)
    query = sa.select(Message.partner, Message.state, sa.func.count(), sa.func.max(Message.number))
    query = query.where(Message.state.in_((State.FAILED, State.REFUSED)), Message.closed_at >= stamp(now - MEMORY))
    replayed = sa.select(replay.number).where(replay.replay_of == sa.func.coalesce(Message.replay_of, Message.id))
    query = query.where(~replayed.where(replay.number > Message.number).exists())
    query = query.group_by(Message.partner, Message.state).order_by(Message.partner, Message.state)
    for partner, state, count, last in session.execute(query):
        was = "was" if count == 1 else "were"
        verb = "failed" if state == State.FAILED else f"{was} refused"
        text = f"{_messages(count)} of {partner} {verb}, the last is {last}: gateway show {last}"
        yield Trouble("failed" if state == State.FAILED else "refused", partner, text, count)


def _left_out(session: Session, now: datetime) -> Iterator[Trouble]:
    """Messages that went on without some of their events, by partner; a replay tells of itself."""
    query = sa.select(Message.partner, sa.func.count(), sa.func.sum(Message.left_out), sa.func.max(Message.number))
    query = query.where(SOME_LEFT_OUT, Message.closed_at >= stamp(now - MEMORY), Message.state != State.REFUSED)
    query = query.where(Message.replay_of.is_(None))
    for partner, count, events, last in session.execute(query.group_by(Message.partner).order_by(Message.partner)):
        text = f"{events:,} wrong events were left out of {_messages(count)} of {partner}, the last is {last}"
        yield Trouble("left-out", partner, f"{text}: gateway show {last} --open left-out", count)


def _backlog(session: Session, now: datetime, age: int) -> Iterator[Trouble]:
    working = (State.RECEIVED, State.CONVERTING, State.DELIVERING)
    query = sa.select(Message.partner, sa.func.count(), sa.func.min(Message.number))
    query = query.where(Message.state.in_(working), Message.received_at <= stamp(now - timedelta(seconds=age)))
    for partner, count, first in session.execute(query.group_by(Message.partner).order_by(Message.partner)):
        verb = "is" if count == 1 else "are"
        text = f"{_messages(count)} of {partner} {verb} at work for too long, the oldest is {first}"
        text = f"{text}: gateway show {first}"
        yield Trouble("backlog", partner, text, count)


def _answers(session: Session, now: datetime) -> Iterator[Trouble]:
    late = sa.or_(
        Expected.state.in_((OVERDUE, GIVEN_UP)), sa.and_(Expected.state == WAITING, Expected.due_at <= stamp(now))
    )
    owed = sa.select(Delivery.target, sa.func.count()).join(Expected, Expected.delivery == Delivery.id)
    owed = owed.where(late, Expected.due_at >= stamp(now - MEMORY))
    for target, count in session.execute(owed.group_by(Delivery.target).order_by(Delivery.target)):
        text = f"{target} has not answered in time to {count:,} deliveries: gateway answers --owed"
        yield Trouble("answer", f"owed by {target}", text, count)
    strange = sa.select(AnswerRow.standing, sa.func.count()).where(AnswerRow.at >= stamp(now - MEMORY))
    strange = strange.where(AnswerRow.standing.in_((UNKNOWN, CONTRADICTS))).group_by(AnswerRow.standing)
    for standing, count in session.execute(strange.order_by(AnswerRow.standing)):
        what = "answer nothing that is known" if standing == UNKNOWN else "contradict earlier ones"
        text = f"{count:,} answers {what}: gateway answers --standing {standing}"
        yield Trouble("answer", standing, text, count)


def _uncertain(session: Session) -> Iterator[Trouble]:
    """Submissions that may have arrived: however old they are, somebody has to find out."""
    query = sa.select(Delivery.target, sa.func.count(), sa.func.min(Message.number))
    query = query.join(Message, Message.id == Delivery.message).where(Delivery.state == DeliveryState.UNCERTAIN)
    for target, count, first in session.execute(query.group_by(Delivery.target).order_by(Delivery.target)):
        what = f"{count:,} {'delivery' if count == 1 else 'deliveries'}"
        text = f"{target} may have taken {what}, and cannot be asked; find out: gateway settle {first}"
        yield Trouble("uncertain", target, text, count)


def _schedules(session: Session, now: datetime, agreements: Agreements | None) -> Iterator[Trouble]:
    reached = {row.channel: row.last_slot for row in session.scalars(sa.select(ScheduleRow))}
    for _, channel in agreements.channels() if agreements is not None else ():
        if channel.timing is None or channel.id not in reached:
            continue
        due = channel.timing.latest(moment(reached[channel.id]), now)
        if due is not None and now - due > LAG:
            text = f"channel {channel.id} has not been collected since its slot of {due:%Y-%m-%d %H:%M} UTC"
            yield Trouble("schedule", channel.id, f"{text}: is the gateway running?")


def _messages(count: int) -> str:
    return f"{count:,} {'message' if count == 1 else 'messages'}"
