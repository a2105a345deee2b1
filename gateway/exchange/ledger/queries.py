"""Reading the ledger: what the flow needs to go on, and what an operator wants to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.errors import UsageError
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import (
    ENDED,
    FINAL,
    LONGEST_LOT,
    SOME_LEFT_OUT,
    AlertRow,
    AuditRow,
    Collection,
    Configuration,
    Delivery,
    DeliveryState,
    FindingRow,
    History,
    InForce,
    LossRow,
    Message,
    OfferSeen,
    OutputFile,
    ScheduleRow,
    Stage,
    State,
    Traded,
)
from gateway.exchange.ledger.tables_answers import AnswerRow, Expected

OPEN = [state for state in State if state not in FINAL]

#: Those in which there is something to do here. A message that waits for an answer needs nothing from us.
AT_WORK = [state for state in OPEN if state is not State.AWAITING]

# Made once: to put a statement together costs as much as to run it.
_MESSAGE = sa.select(Message).where(Message.id == sa.bindparam("id_"))
_OUTPUTS = sa.select(OutputFile).where(OutputFile.message == sa.bindparam("id_")).order_by(OutputFile.id)
_REFUSED = (
    sa.select(Stage.target)
    .where(Stage.message == sa.bindparam("id_"), Stage.step == "convert", Stage.state == "failed")
    .order_by(Stage.id)
)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything the ledger knows about one message: raw bytes, outputs, deliveries, answers, and what was wrong.

    `answers` are those to its deliveries, `owed` what is to come; `brought` are answers to others that it carried.
    """

    message: Message
    history: Sequence[History]
    stages: Sequence[Stage]
    outputs: Sequence[OutputFile]
    deliveries: Sequence[Delivery]
    findings: Sequence[FindingRow]
    losses: Sequence[LossRow]
    duplicates: Sequence[str] = field(default=())
    replays: Sequence[str] = field(default=())
    answers: Sequence[AnswerRow] = field(default=())
    owed: Sequence[Expected] = field(default=())
    brought: Sequence[AnswerRow] = field(default=())


class Queries:
    """Questions to the ledger. None of them changes anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def message(self, id_: str) -> Message:
        """The message with this id, or with this number (``42`` is short for ``…-00000042``).

        Raises:
            UsageError: there is no such message.
        """
        with self._database.read() as session:
            found = session.scalar(_MESSAGE, {"id_": id_})
            if found is None and id_.isdecimal() and len(id_) < 19:  # noqa: PLR2004 - fits a 64-bit key
                found = session.get(Message, int(id_))
        if found is None:
            message = f"there is no message {id_!r}"
            raise UsageError(message, hint="`gateway messages` lists them")
        return found

    def messages(
        self,
        *,
        states: Sequence[State] = (),
        partner: str = "",
        since: str = "",
        after: int = 0,
        limit: int = 0,
        gtin: str = "",
        lot: str = "",
        uncertain: bool = False,
    ) -> Sequence[Message]:
        """Messages, newest first.

        Args:
            states: in one of these states; empty for all.
            partner: from this partner; empty for all.
            since: received at this time or later, as the ledger writes it.
            after: with a greater number.
            limit: at most so many; 0 for all.
            gtin: that name this GTIN, 14 digits.
            lot: that name this lot, of the GTIN if one is given.
            uncertain: only those with a delivery of which nobody knows whether it arrived.
        """
        query = sa.select(Message).order_by(Message.number.desc())
        if gtin or lot:
            traded = sa.select(Traded.message).where(Traded.message == Message.number)
            traded = traded.where(Traded.gtin == gtin) if gtin else traded
            query = query.where((traded.where(Traded.lot == lot[:LONGEST_LOT]) if lot else traded).exists())
        if states:
            query = query.where(Message.state.in_(states))
        if partner:
            query = query.where(Message.partner == partner)
        if uncertain:
            doubt = sa.select(Delivery.id).where(Delivery.state == DeliveryState.UNCERTAIN)
            query = query.where(doubt.where(Delivery.message == Message.id).exists())
        if since:
            query = query.where(Message.received_at >= since)
        if after:
            query = query.where(Message.number > after)
        with self._database.read() as session:
            return session.scalars(query.limit(limit) if limit else query).all()

    def by_numbers(self, numbers: Sequence[int]) -> Iterator[Message]:
        """The messages with these numbers, in that order."""
        for at in range(0, len(numbers), 500):
            query = sa.select(Message).where(Message.number.in_(numbers[at : at + 500])).order_by(Message.number)
            with self._database.read() as session:
                found = session.scalars(query).all()
            yield from found

    def gtins(self) -> Sequence[str]:
        """Every GTIN that a message names."""
        with self._database.read() as session:
            return session.scalars(sa.select(Traded.gtin).distinct().order_by(Traded.gtin)).all()

    def receivers(self, message: str) -> list[str]:
        """The targets that have a file of a message."""
        query = sa.select(Delivery.target).where(Delivery.message == message)
        query = query.where(Delivery.state == DeliveryState.DELIVERED).order_by(Delivery.id)
        with self._database.read() as session:
            return list(dict.fromkeys(session.scalars(query)))

    def open_messages(self) -> Sequence[Message]:
        """Messages with which there is something to do, oldest first."""
        return self.messages(states=AT_WORK)[::-1]

    def not_begun(self, channel: str = "") -> Sequence[str]:
        """Ids of the messages, of one channel or all, of which no step has begun, oldest first."""
        query = sa.select(Message.id).where(Message.state == State.RECEIVED).order_by(Message.number)
        query = query.where(Message.channel == channel) if channel else query
        with self._database.read() as session:
            return session.scalars(query).all()

    def lineage(self, id_: str) -> Lineage:
        """All about one message.

        Raises:
            UsageError: there is no such message.
        """
        message = self.message(id_)
        key = message.id
        with self._database.read() as session:
            by_target = sa.select(FindingRow).where(FindingRow.message == key)
            return Lineage(
                message=message,
                history=session.scalars(sa.select(History).where(History.message == key).order_by(History.id)).all(),
                stages=session.scalars(sa.select(Stage).where(Stage.message == key).order_by(Stage.id)).all(),
                outputs=session.scalars(
                    sa.select(OutputFile).where(OutputFile.message == key).order_by(OutputFile.id)
                ).all(),
                deliveries=session.scalars(
                    sa.select(Delivery).where(Delivery.message == key).order_by(Delivery.id)
                ).all(),
                findings=session.scalars(by_target.order_by(FindingRow.target, FindingRow.position)).all(),
                losses=session.scalars(sa.select(LossRow).where(LossRow.message == key).order_by(LossRow.id)).all(),
                duplicates=session.scalars(sa.select(Message.id).where(Message.duplicate_of == key)).all(),
                replays=session.scalars(sa.select(Message.id).where(Message.replay_of == key)).all(),
                answers=session.scalars(
                    sa.select(AnswerRow)
                    .join(Delivery, Delivery.id == AnswerRow.delivery)
                    .where(Delivery.message == key)
                    .order_by(AnswerRow.id)
                ).all(),
                owed=session.scalars(
                    sa.select(Expected).where(Expected.message == key, Expected.state != "answered")
                ).all(),
                brought=session.scalars(
                    sa.select(AnswerRow).where(AnswerRow.carrier == key).order_by(AnswerRow.id)
                ).all(),
            )

    def made(self, id_: str) -> tuple[Sequence[OutputFile], Sequence[str]]:
        """What was made of a message, and the targets for which its conversion failed."""
        with self._database.read() as session:
            outputs = session.scalars(_OUTPUTS, {"id_": id_}).all()
            return outputs, session.scalars(_REFUSED, {"id_": id_}).all()

    def delivery(self, id_: str) -> Delivery:
        """One delivery.

        Raises:
            UsageError: there is no such delivery.
        """
        with self._database.read() as session:
            found = session.get(Delivery, id_)
        if found is None:
            message = f"there is no delivery {id_!r}"
            raise UsageError(message)
        return found

    def open_deliveries(self) -> Sequence[Delivery]:
        """Deliveries that are not at an end."""
        query = sa.select(Delivery).where(Delivery.state.not_in(ENDED))
        with self._database.read() as session:
            return session.scalars(query.order_by(Delivery.id)).all()

    def uncertain(self) -> Sequence[Delivery]:
        """Deliveries of which nobody knows whether they arrived."""
        query = sa.select(Delivery).where(Delivery.state == DeliveryState.UNCERTAIN)
        with self._database.read() as session:
            return session.scalars(query.order_by(Delivery.id)).all()

    def root(self, message: Message) -> Message:
        """The message that came in, of which this one is a replay; the message itself when it is none."""
        return self.message(message.replay_of) if message.replay_of else message

    def delivered_targets(self, message: str) -> set[str]:
        """Targets that have every file of a message, counting what its replays delivered too."""
        query = sa.select(Delivery.target, Delivery.state, Message.number)
        query = query.join(Message, Message.id == Delivery.message)
        query = query.where(sa.or_(Message.id == message, Message.replay_of == message)).order_by(Message.number)
        attempts: dict[tuple[str, int], list[str]] = {}
        with self._database.read() as session:
            for target, state, number in session.execute(query):
                attempts.setdefault((target, number), []).append(state)
        return {
            target
            for (target, _), states in attempts.items()
            if all(state == DeliveryState.DELIVERED for state in states)
        }

    def delivered_names(self, root: str, target: str) -> dict[str, str]:
        """Names under which a target got the files of a message or of its replays, by hash; the newest of each."""
        query = sa.select(Delivery.sha256, Delivery.name).join(Message, Message.id == Delivery.message)
        query = query.where(sa.or_(Message.id == root, Message.replay_of == root), Delivery.target == target)
        query = query.where(Delivery.state == DeliveryState.DELIVERED).order_by(Message.number)
        with self._database.read() as session:
            return {row.sha256: row.name for row in session.execute(query)}

    def acknowledgement_missing(self, channel: str, identity: str) -> bool:
        """Whether a file is durable here but its peer was not told yet."""
        query = sa.select(OfferSeen.acknowledged_at)
        query = query.where(OfferSeen.channel == channel, OfferSeen.identity == identity)
        with self._database.read() as session:
            return session.scalar(query) == ""

    def counts(self, ended_since: str = "") -> dict[str, int]:
        """Number of messages by state; with a time, of those that ended then or later."""
        query = sa.select(Message.state, sa.func.count()).group_by(Message.state)
        query = query.where(Message.closed_at >= ended_since) if ended_since else query
        with self._database.read() as session:
            found = {row[0]: row[1] for row in session.execute(query)}
        return {state.value: found[state] for state in State if state in found}

    def received_since(self, since: str) -> int:
        """How many messages came at a time or later."""
        with self._database.read() as session:
            return session.scalar(sa.select(sa.func.count()).where(Message.received_at >= since)) or 0

    def audit(
        self, *, since: str = "", subject: str = "", who: str = "", action: str = "", limit: int = 0
    ) -> Sequence[AuditRow]:
        """Rows of the audit trail, newest first.

        Args:
            since: at this time or later.
            subject: about what begins so.
            who: by whom; a part of the name is enough.
            action: that begin so.
            limit: at most so many; 0 for all.
        """
        query = sa.select(AuditRow).order_by(AuditRow.number.desc())
        if since:
            query = query.where(AuditRow.at >= since)
        if subject:
            query = query.where(AuditRow.subject.startswith(subject, autoescape=True))
        if who:
            query = query.where(AuditRow.who.contains(who, autoescape=True))
        if action:
            query = query.where(AuditRow.action.startswith(action, autoescape=True))
        with self._database.read() as session:
            return session.scalars(query.limit(limit) if limit else query).all()

    def configuration(self, sha256: str) -> Mapping[str, str]:
        """The files of a version of the configuration."""
        with self._database.read() as session:
            found = session.get(Configuration, sha256)
        return found.files if found else {}

    def named_contents(self) -> Iterator[tuple[str, str]]:
        """Hash of each content that the archive must hold, and what it is: a message's original or an output."""
        raw = sa.select(Message.sha256, Message.id).where(Message.pruned_at == "", Message.sha256 != "")
        made = sa.select(OutputFile.sha256, Message.id, OutputFile.target)
        made = made.join(Message, Message.id == OutputFile.message).where(Message.pruned_at == "")
        with self._database.read() as session:
            for sha256, id_ in session.execute(raw.order_by(Message.number)):
                yield sha256, f"{id_} raw"
            for sha256, id_, target in session.execute(made.order_by(OutputFile.id)):
                yield sha256, f"{id_} {target}"
            for sha256, number in session.execute(
                sa.select(AnswerRow.sha256, AnswerRow.id).where(AnswerRow.sha256 != "")
            ):
                yield sha256, f"answer {number}"

    def backlog(self) -> Sequence[tuple[str, int, str]]:
        """Partner, number of messages that are not at an end, and when the oldest of them came."""
        query = sa.select(Message.partner, sa.func.count(), sa.func.min(Message.received_at))
        query = query.where(Message.state.in_(OPEN)).group_by(Message.partner).order_by(Message.partner)
        with self._database.read() as session:
            return [(partner, count, oldest) for partner, count, oldest in session.execute(query)]

    def delivery_counts(self) -> Sequence[tuple[str, str, int]]:
        """Receiver, state and number of deliveries."""
        query = sa.select(Delivery.partner, Delivery.state, sa.func.count())
        query = query.group_by(Delivery.partner, Delivery.state).order_by(Delivery.partner, Delivery.state)
        with self._database.read() as session:
            return [(partner, state, count) for partner, state, count in session.execute(query)]

    def ended_since(self, since: str, limit: int) -> Sequence[tuple[str, str, str, str]]:
        """Partner, state, arrival and end of the messages that ended last, newest first."""
        query = sa.select(Message.partner, Message.state, Message.received_at, Message.closed_at)
        query = query.where(Message.closed_at >= since).order_by(Message.closed_at.desc()).limit(limit)
        with self._database.read() as session:
            return [(partner, state, came, went) for partner, state, came, went in session.execute(query)]

    def left_out_since(self, since: str) -> int:
        """How many wrong events were left out of the messages that ended at a time or later."""
        query = sa.select(sa.func.sum(Message.left_out)).where(SOME_LEFT_OUT, Message.closed_at >= since)
        with self._database.read() as session:
            return session.scalar(query) or 0

    def answer_counts(self, now: str) -> Mapping[str, int]:
        """How many answers are ``waiting``, ``overdue``, ``answered`` or ``given up``, and how many are ``unknown``."""
        # Each question is answered by an index alone: a ledger of years has millions of rows.
        by_state = sa.select(Expected.state, sa.func.count()).group_by(Expected.state)
        overdue = sa.select(sa.func.count()).where(Expected.state == "waiting", Expected.due_at <= now)
        with self._database.read() as session:
            found = {str(state): int(count) for state, count in session.execute(by_state)}
            late = session.scalar(overdue) or 0
            if late:
                found["overdue"] = found.get("overdue", 0) + late
                found["waiting"] -= late
            found = {state: count for state, count in found.items() if count}
            unknown = session.scalar(sa.select(sa.func.count()).where(AnswerRow.standing == "unknown")) or 0
        return {**found, "unknown": unknown} if unknown else found

    def alerts(self) -> Sequence[AlertRow]:
        """Troubles that were seen, the oldest first; those that are over stay until that was told."""
        with self._database.read() as session:
            return session.scalars(sa.select(AlertRow).order_by(AlertRow.first_at, AlertRow.key)).all()

    def in_force(self) -> Sequence[InForce]:
        """What each worker goes by."""
        with self._database.read() as session:
            return session.scalars(sa.select(InForce).order_by(InForce.worker)).all()

    def schedules(self) -> Mapping[str, ScheduleRow]:
        """How far each channel's schedule has come."""
        with self._database.read() as session:
            return {row.channel: row for row in session.scalars(sa.select(ScheduleRow))}

    def collections(self) -> Mapping[str, Collection]:
        """The last look at each channel."""
        with self._database.read() as session:
            return {row.channel: row for row in session.scalars(sa.select(Collection))}
