"""Writing to the ledger: each method is one transaction and may be called again after a crash.

"Again" is why methods look before they write: a step that ran, died before the engine knew it, and runs once more
finds its own rows by their natural keys and leaves one of each.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.archive import Stored
from gateway.exchange.clock import Clock, moment, stamp, system
from gateway.exchange.database import Database
from gateway.exchange.tables import (
    FINAL,
    Collection,
    Configuration,
    Delivery,
    DeliveryState,
    FindingRow,
    History,
    LossRow,
    Message,
    OfferSeen,
    OutputFile,
    ScheduleRow,
    Stage,
    State,
)
from gateway.findings import Finding, Report


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file whose bytes are durable in the archive.

    Attributes:
        partner: who sent it.
        channel: where it was collected.
        name: its name as the sender spells it.
        identity: `Offer.identity`, which tells this version of the file from another one.
        stored: the archived content.
        configuration: hash of the configuration in force.
    """

    partner: str
    channel: str
    name: str
    identity: str
    stored: Stored
    configuration: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A delivery to be made of one output."""

    target: str
    position: int
    partner: str
    name: str
    address: str
    size: int
    sha256: str


class Ledger:
    """The record of everything that came in and went out."""

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self.database = database
        self.clock = clock

    def now(self) -> str:
        """The time as the ledger writes it."""
        return stamp(self.clock())

    # ---- configuration ------------------------------------------------------------------------------------------

    def configuration(self, files: Mapping[str, str]) -> str:
        """Keep a version of the configuration and return its hash. The same files have the same hash."""
        digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        with self.database.write() as session:
            if session.get(Configuration, digest) is None:
                session.add(Configuration(sha256=digest, seen_at=self.now(), files=dict(files)))
        return digest

    # ---- arrival ------------------------------------------------------------------------------------------------

    def receive(self, arrival: Arrival) -> tuple[Message, bool]:
        """Record a file that is durable here; the second value is False when it was recorded before.

        The same bytes that came before on this channel under another name or time make a message in state
        ``duplicate``, unless the earlier one was refused or failed: then the sender tries again.
        """
        with self.database.write() as session:
            known = _offer(session, arrival.channel, arrival.identity)
            if known is not None and known.sha256 == arrival.stored.sha256:
                return _message(session, known.message), False
            first = self._first(session, arrival)
            message = self._add(
                session,
                Message(
                    partner=arrival.partner,
                    channel=arrival.channel,
                    name=arrival.name,
                    size=arrival.stored.size,
                    sha256=arrival.stored.sha256,
                    state=State.DUPLICATE if first else State.RECEIVED,
                    reason=f"the same bytes came as {first}" if first else "",
                    duplicate_of=first,
                    configuration=arrival.configuration,
                ),
            )
            self._see(session, known, arrival, message.id)
            return message, True

    def refuse_unseen(self, arrival: Arrival, finding: Finding) -> tuple[Message, bool]:
        """Record a file that was not taken because it is over a limit; it stays with its sender."""
        with self.database.write() as session:
            known = _offer(session, arrival.channel, arrival.identity)
            if known is not None:
                return _message(session, known.message), False
            message = self._add(
                session,
                Message(
                    partner=arrival.partner,
                    channel=arrival.channel,
                    name=arrival.name,
                    size=arrival.stored.size,
                    sha256="",
                    state=State.REFUSED,
                    reason="over a limit; the file stays where it is",
                    configuration=arrival.configuration,
                ),
            )
            self._see(session, None, arrival, message.id)
            _put_findings(session, message.id, "", [finding])
            return message, True

    def replay(
        self, old: Message, root: str, start: str, only_targets: Sequence[str] | None, configuration: str
    ) -> Message:
        """A new message from the archived bytes of an old one.

        Args:
            old: the message to run again; with ``deliver`` its outputs are taken over.
            root: id of the message that came in: `old`, or what `old` itself is a replay of.
            start: step to begin with: ``detect``, ``convert`` or ``deliver``.
            only_targets: the targets that get something; None for all of the channel.
            configuration: hash of the configuration in force.
        """
        with self.database.write() as session:
            message = self._add(
                session,
                Message(
                    partner=old.partner,
                    channel=old.channel,
                    name=old.name,
                    size=old.size,
                    sha256=old.sha256,
                    state=State.RECEIVED,
                    replay_of=root,
                    start=start,
                    only_targets=list(only_targets) if only_targets is not None else None,
                    configuration=configuration,
                ),
            )
            if start != "detect":
                message.format, message.mapping = old.format, old.mapping
            if start == "deliver":
                message.events, message.epcs = old.events, old.epcs
                for output in session.scalars(sa.select(OutputFile).where(OutputFile.message == old.id)):
                    if only_targets is None or output.target in only_targets:
                        session.add(_copy(output, message.id))
            return message

    def acknowledged(self, channel: str, identity: str) -> None:
        """The peer was told that the file is durable here."""
        with self.database.write() as session:
            offer = _offer(session, channel, identity)
            if offer is not None:
                offer.acknowledged_at = self.now()

    def collected(self, channel: str, taken: int, error: str = "") -> None:
        """Note the last look at a channel."""
        with self.database.write() as session:
            session.merge(Collection(channel=channel, at=self.now(), taken=taken, error=error))

    # ---- steps --------------------------------------------------------------------------------------------------

    def begin(self, message: str, step: str, *, target: str = "", input_sha256: str = "") -> None:
        """A step begins, or begins again after a crash."""
        with self.database.write() as session:
            stage = _stage(session, message, step, target)
            if stage is None:
                stage = Stage(message=message, step=step, target=target, started_at=self.now(), state="running")
                session.add(stage)
            stage.state, stage.input_sha256 = "running", input_sha256

    def finish(
        self,
        message: str,
        step: str,
        *,
        target: str = "",
        failed: bool = False,
        output_sha256: str = "",
        detail: str = "",
    ) -> None:
        """A step is done or has failed."""
        with self.database.write() as session:
            self._finish(session, message, step, target, "failed" if failed else "done", output_sha256, detail)

    def detected(self, message: str, format_: str, mapping: str, reason: str) -> None:
        """What a message was recognised as."""
        with self.database.write() as session:
            row = _message(session, message)
            row.format, row.mapping = format_, mapping
            self._finish(session, message, "detect", "", "done", row.sha256, reason)

    def converted(self, message: str, target: str, report: Report, outputs: Sequence[tuple[str, str, Stored]]) -> None:
        """What a conversion for one target came to.

        Args:
            message: the message's id.
            target: the target's id.
            report: findings, losses and counts.
            outputs: name, format and archived content of each file, in order.
        """
        with self.database.write() as session:
            row = _message(session, message)
            row.events, row.epcs = report.events, report.epcs
            row.format = row.format or report.format_in
            _put_findings(session, message, target, report.findings)
            _put_losses(session, message, target, report)
            session.execute(sa.delete(OutputFile).where(OutputFile.message == message, OutputFile.target == target))
            for position, (name, format_, stored) in enumerate(outputs, 1):
                session.add(
                    OutputFile(
                        message=message,
                        target=target,
                        position=position,
                        name=name,
                        format=format_,
                        size=stored.size,
                        sha256=stored.sha256,
                    )
                )
            self._finish(
                session,
                message,
                "convert",
                target,
                "failed" if report.failed else "done",
                outputs[0][2].sha256 if len(outputs) == 1 else "",
                f"{report.events:,} events with {report.epcs:,} identifiers",
            )

    def findings(self, message: str, target: str, findings: Iterable[Finding]) -> None:
        """Keep findings that no conversion reported."""
        with self.database.write() as session:
            _put_findings(session, message, target, findings)

    def move(self, message: str, state: State, reason: str = "") -> None:
        """A message comes into a state. A message in a final state stays there."""
        with self.database.write() as session:
            self._move(session, _message(session, message), state, reason)

    def plan(self, message: str, plans: Iterable[Plan]) -> list[Delivery]:
        """Write down which deliveries are to be made, in order."""
        with self.database.write() as session:
            deliveries = []
            for number, plan in enumerate(plans, 1):
                id_ = f"{message}.{number:03d}"
                delivery = session.get(Delivery, id_)
                if delivery is None:
                    delivery = Delivery(
                        id=id_,
                        message=message,
                        target=plan.target,
                        position=plan.position,
                        partner=plan.partner,
                        name=plan.name,
                        address=plan.address,
                        size=plan.size,
                        sha256=plan.sha256,
                        state=DeliveryState.PLANNED,
                    )
                    session.add(delivery)
                deliveries.append(delivery)
            self._move(session, _message(session, message), State.DELIVERING)
            return deliveries

    # ---- deliveries ---------------------------------------------------------------------------------------------

    def delivered(self, delivery: str, name: str) -> None:
        """A receiver has the file."""
        with self.database.write() as session:
            row = session.get_one(Delivery, delivery)
            if row.state != DeliveryState.DELIVERED:
                row.attempts += 1
                row.state, row.name, row.delivered_at = DeliveryState.DELIVERED, name, self.now()
                row.error = row.next_try_at = ""

    def undelivered(self, delivery: str, error: str, wait: float | None) -> None:
        """An attempt failed; another one follows after `wait` seconds, or none when it is None."""
        with self.database.write() as session:
            row = session.get_one(Delivery, delivery)
            row.attempts += 1
            row.error = error
            if wait is None:
                row.state, row.next_try_at = DeliveryState.FAILED, ""
            else:
                row.state = DeliveryState.WAITING
                row.next_try_at = stamp(self.clock() + timedelta(seconds=wait))

    def close(self, message: str) -> State | None:
        """Close a message whose deliveries have all come to an end; None while one has not, or when it is closed."""
        with self.database.write() as session:
            row = _message(session, message)
            if row.state in FINAL:
                return None
            states = list(session.scalars(sa.select(Delivery.state).where(Delivery.message == message)))
            if any(state in (DeliveryState.PLANNED, DeliveryState.WAITING) for state in states):
                return None
            failed = sum(state == DeliveryState.FAILED for state in states)
            if failed:
                self._move(session, row, State.FAILED, f"{failed} of {len(states)} deliveries failed")
            else:
                self._move(session, row, State.DONE)
            return State(row.state)

    # ---- schedules ----------------------------------------------------------------------------------------------

    def slot(self, channel: str, last_slot: str, fired: str) -> None:
        """A schedule has come as far as `last_slot`; `fired` is the last slot that was fired, or empty."""
        with self.database.write() as session:
            row = session.get(ScheduleRow, channel)
            if row is None:
                row = ScheduleRow(channel=channel, last_slot=last_slot)
                session.add(row)
            row.last_slot = last_slot
            row.last_fired = fired or row.last_fired or ""

    # ---- helpers ------------------------------------------------------------------------------------------------

    def _add(self, session: Session, message: Message) -> Message:
        """Give a message its number and id. Ids never go back, even when the clock does."""
        latest = session.scalar(sa.select(sa.func.max(Message.received_at))) or ""
        message.received_at = max(self.now(), latest)
        message.id = uuid.uuid4().hex  # until the database has given the number
        if message.state in FINAL:
            message.closed_at = message.received_at
        session.add(message)
        session.flush()
        message.id = f"{moment(message.received_at):%Y%m%d%H%M%S}-{message.number:08d}"
        session.flush()
        session.add(History(message=message.id, at=message.received_at, state=message.state, detail=message.reason))
        return message

    def _first(self, session: Session, arrival: Arrival) -> str | None:
        query = (
            sa.select(Message.id)
            .where(Message.channel == arrival.channel, Message.sha256 == arrival.stored.sha256)
            .where(Message.state.not_in([State.REFUSED, State.FAILED, State.DUPLICATE]))
            .order_by(Message.number)
            .limit(1)
        )
        return session.scalar(query)

    def _see(self, session: Session, known: OfferSeen | None, arrival: Arrival, message: str) -> None:
        if known is None:
            known = OfferSeen(channel=arrival.channel, identity=arrival.identity)
            session.add(known)
        known.sha256, known.message, known.seen_at, known.acknowledged_at = (
            arrival.stored.sha256,
            message,
            self.now(),
            "",
        )

    def _move(self, session: Session, message: Message, state: State, reason: str = "") -> None:
        if message.state == state or message.state in FINAL:
            return
        message.state, message.reason = state, reason
        at = self.now()
        if state in FINAL:
            message.closed_at = at
        session.add(History(message=message.id, at=at, state=state, detail=reason))

    def _finish(
        self, session: Session, message: str, step: str, target: str, state: str, output_sha256: str, detail: str
    ) -> None:
        stage = _stage(session, message, step, target)
        if stage is not None:
            stage.state, stage.finished_at = state, self.now()
            stage.output_sha256, stage.detail = output_sha256, detail


def _message(session: Session, id_: str) -> Message:
    return session.scalars(sa.select(Message).where(Message.id == id_)).one()


def _offer(session: Session, channel: str, identity: str) -> OfferSeen | None:
    return session.scalar(sa.select(OfferSeen).where(OfferSeen.channel == channel, OfferSeen.identity == identity))


def _stage(session: Session, message: str, step: str, target: str) -> Stage | None:
    query = sa.select(Stage).where(Stage.message == message, Stage.step == step, Stage.target == target)
    return session.scalar(query)


def _copy(output: OutputFile, message: str) -> OutputFile:
    return OutputFile(
        message=message,
        target=output.target,
        position=output.position,
        name=output.name,
        format=output.format,
        size=output.size,
        sha256=output.sha256,
    )


def _put_findings(session: Session, message: str, target: str, findings: Iterable[Finding]) -> None:
    session.execute(sa.delete(FindingRow).where(FindingRow.message == message, FindingRow.target == target))
    for position, finding in enumerate(findings, 1):
        session.add(
            FindingRow(
                message=message,
                target=target,
                position=position,
                code=finding.code,
                severity=finding.severity.value,
                text=finding.message,
                where=finding.where.as_dict(),
                value=finding.value,
                expected=finding.expected,
                hint=finding.hint,
            )
        )


def _put_losses(session: Session, message: str, target: str, report: Report) -> None:
    session.execute(sa.delete(LossRow).where(LossRow.message == message, LossRow.target == target))
    for position, loss in enumerate(report.losses.summaries.values(), 1):
        session.add(
            LossRow(
                message=message,
                target=target,
                position=position,
                code=loss.code,
                outcome=loss.outcome.value,
                field=loss.field,
                count=loss.count,
                examples=loss.examples,
                reason=loss.reason,
            )
        )
