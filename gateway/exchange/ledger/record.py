"""Writing to the ledger: each method is one transaction and may be called again after a crash.

"Again" is why methods look before they write: a step that ran, died before the engine knew it, and runs once more
finds its own rows by their natural keys and leaves one of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.bounded import bounded
from gateway.exchange.clock import stamp
from gateway.exchange.ledger import answers, audit
from gateway.exchange.ledger.audit_deliveries import DELIVERED, FAILED, PLANNED, TRIED, UNCERTAIN
from gateway.exchange.ledger.audit_facts import DELIVERY, STAGE, digest
from gateway.exchange.ledger.audit_rows import FINDINGS, OUTPUTS, REPEATS, STEP
from gateway.exchange.ledger.intake import Arrival, Intake
from gateway.exchange.ledger.left_out import LIST, Told
from gateway.exchange.ledger.rows import (
    LONGEST_TARGET,
    Made,
    delivery_facts,
    delivery_row,
    message_row,
    owed_facts,
    put_findings,
    put_losses,
    put_outputs,
    running_targets,
    stage_row,
)
from gateway.exchange.ledger.tables import (
    ENDED,
    FINAL,
    Delivery,
    DeliveryState,
    History,
    InForce,
    Message,
    OutputFile,
    ScheduleRow,
    Stage,
    State,
)
from gateway.findings import Finding
from gateway.report import Report

if TYPE_CHECKING:
    from gateway.agreements.answers import Expectation

__all__ = ["Arrival", "Ledger", "Made", "Plan"]

# Made once, as those of `gateway.exchange.ledger.rows`.
_STATES = sa.select(Delivery.state).where(Delivery.message == sa.bindparam("message_"))


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


class Ledger(Intake):
    """The record of everything that came in and went out."""

    # ---- steps --------------------------------------------------------------------------------------------------

    def begin(self, message: str, step: str, *, target: str = "", input_sha256: str = "") -> None:
        """A step begins that may take long, or begins again after a crash."""
        with self.database.write() as session:
            stage = stage_row(session, message, step, target)
            again = stage is not None
            if stage is None:
                stage = Stage(message=message, step=step, target=target, started_at=self.now(), state="running")
                session.add(stage)
            stage.state, stage.input_sha256 = "running", input_sha256
            if again:  # after a crash: what was told of it, if anything, holds no more
                session.flush()
                self._note(session, STEP, message, **_stage_facts(stage))

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
        """A step is done or has failed. One that fails for the whole message ends where it was: at a target, maybe."""
        with self.database.write() as session:
            state = "failed" if failed else "done"
            for ended in running_targets(session, message, step) if failed and not target else [target]:
                facts = self._finish(session, message, step, ended, state, output_sha256, detail)
                self._note(session, STEP, message, **facts)

    def detected(self, message: str, format_: str, mapping: str, reason: str, since: str = "") -> None:
        """What a message was recognised as, by a step that began at a time; from here on it is converted."""
        with self.database.write() as session:
            row = message_row(session, message)
            row.format, row.mapping = format_, mapping
            self._move(session, row, State.CONVERTING)
            facts = self._finish(session, message, "detect", "", "done", row.sha256, reason, since)
            self._note(session, STEP, message, format=format_, mapping=mapping, **facts)

    def converted(
        self, message: str, target: str, report: Report, outputs: Sequence[Made], left_out: Sequence[Told] = ()
    ) -> None:
        """What a conversion for one target came to.

        Args:
            message: the message's id.
            target: the target's id.
            report: findings, losses and counts.
            outputs: name, format, kind and archived content of each file, in order.
            left_out: errors of events that were left out, which are not in the report, and the IDs of these.
        """
        with self.database.write() as session:
            row = message_row(session, message)
            row.events, row.epcs = report.events, report.epcs
            row.format = row.format or report.format_in
            facts: dict[str, object] = {
                "findings": put_findings(session, message, target, report.findings, left_out),
                "losses": put_losses(session, message, target, report),
                "format": row.format,
                "events": row.events,
                "epcs": row.epcs,
                **put_outputs(session, message, target, outputs),
            }
            facts |= self._finish(
                session,
                message,
                "convert",
                target,
                "failed" if report.failed else "done",
                outputs[0][-1].sha256 if len(outputs) == 1 else "",
                f"{report.events:,} events with {report.epcs:,} identifiers",
            )
            self._note(session, OUTPUTS, message, **{**facts, "target": target})

    def left_out(self, message: str, count: int, made: Made | None, told: Sequence[Told]) -> None:
        """How many events of a message were left out, the list of them, and errors that no conversion found."""
        with self.database.write() as session:
            message_row(session, message).left_out = count
            found = put_findings(session, message, LIST, (), told)
            known = sa.select(OutputFile.id).where(OutputFile.message == message, OutputFile.target == LIST)
            if made is not None or session.scalar(known) is not None:
                facts = put_outputs(session, message, LIST, [made] if made is not None else [])
                self._note(session, OUTPUTS, message, **facts, target=LIST, left_out=count, findings=found)
            else:
                self._note(session, FINDINGS, message, target=LIST, findings=found)

    def findings(self, message: str, target: str, findings: Iterable[Finding]) -> None:
        """Keep findings that no conversion reported."""
        with self.database.write() as session:
            told = put_findings(session, message, target, findings)
            self._note(session, FINDINGS, message, target=bounded(target, LONGEST_TARGET), findings=told)

    def move(self, message: str, state: State, reason: str = "") -> None:
        """A message comes into a state. A message in a final state stays there."""
        with self.database.write() as session:
            self._move(session, message_row(session, message), state, reason)

    def repeats(self, message: str, first: str) -> None:
        """A message repeats what another one brought first."""
        with self.database.write() as session:
            message_row(session, message).duplicate_of = first
            self._note(session, REPEATS, message, duplicate_of=first)

    def waits(self, message: str, reason: str) -> None:
        """Say why a message stays in its state."""
        with self.database.write() as session:
            row = message_row(session, message)
            if row.state not in FINAL:
                row.reason = reason

    def plan(self, message: str, plans: Iterable[Plan], passed: str = "", since: str = "") -> list[Delivery]:
        """Write down which deliveries are to be made, in order, of a message that passed its check.

        Args:
            message: the message's id.
            plans: the deliveries.
            passed: what the check came to.
            since: when it began.
        """
        with self.database.write() as session:
            row = message_row(session, message)
            if row.state in FINAL:
                return []  # cancelled meanwhile
            deliveries, added = [], list[Delivery]()
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
                    added.append(delivery)
                deliveries.append(delivery)
            session.add_all(added)
            self._move(session, row, State.DELIVERING)
            if added:
                facts = self._finish(session, message, "check", "", "done", "", passed, since)
                facts[PLANNED] = {one.id.rpartition(".")[2]: [one.name, digest([one], DELIVERY)] for one in added}
                audit.tell(session, audit.Entry(self.now(), "planned", message, facts))
            return deliveries

    # ---- deliveries ---------------------------------------------------------------------------------------------

    def delivered(
        self,
        delivery: str,
        name: str,
        expectation: Expectation | None = None,
        names: Iterable[answers.Name] = (),
        said: str = "",
    ) -> None:
        """A receiver has the file.

        Args:
            delivery: the delivery's id.
            name: the file's name there.
            expectation: the answer that the receiver owes us, if any.
            names: by which an answer may speak of it, besides its name and ids.
            said: what the receiver said when it took the file.
        """
        with self.database.write() as session:
            row = delivery_row(session, delivery)
            if row.state != DeliveryState.DELIVERED:  # also one that was cancelled meanwhile: the receiver has it
                row.attempts += 1
                row.state, row.name, row.delivered_at = DeliveryState.DELIVERED, name, self.now()
                row.error, row.next_try_at, row.said = "", "", said
                answers.expect(session, row, expectation, names, row.delivered_at)
                self._note(session, DELIVERED, delivery, **delivery_facts(session, row))

    def undelivered(self, delivery: str, error: str, wait: float | None) -> None:
        """An attempt failed; another one follows after `wait` seconds, or none when it is None."""
        with self.database.write() as session:
            row = delivery_row(session, delivery)
            if row.state in ENDED and row.state != DeliveryState.UNCERTAIN:
                return  # another worker has brought it to an end meanwhile
            row.attempts += 1
            row.error = error
            if wait is None or row.state == DeliveryState.UNCERTAIN:
                row.state, row.next_try_at = DeliveryState.FAILED, ""
            else:
                row.state = DeliveryState.WAITING
                row.next_try_at = stamp(self.clock() + timedelta(seconds=wait))
            action = FAILED if row.state == DeliveryState.FAILED else TRIED
            self._note(session, action, delivery, target=row.target, error=error, attempts=row.attempts)

    def uncertain(self, delivery: str, error: str, expectation: Expectation) -> None:
        """Nothing more is tried, and nobody knows whether the receiver has the file: an operator has to find out.

        Args:
            delivery: the delivery's id.
            error: what is known.
            expectation: within what time, and what follows if nobody does.
        """
        with self.database.write() as session:
            row = delivery_row(session, delivery)
            if row.state in ENDED and row.state != DeliveryState.CANCELLED:
                return
            row.attempts += 1
            row.state, row.error, row.next_try_at = DeliveryState.UNCERTAIN, error, ""
            facts = {"target": row.target, "error": error, "attempts": row.attempts}
            if message_row(session, row.message).state not in FINAL:
                facts |= owed_facts(answers.owe(session, row, expectation, self.now()))
            self._note(session, UNCERTAIN, delivery, **facts)

    def postponed(self, delivery: str, reason: str, wait: float) -> None:
        """A delivery waits for something else. That is no try."""
        with self.database.write() as session:
            row = delivery_row(session, delivery)
            if row.state not in ENDED:
                row.state, row.error = DeliveryState.WAITING, reason
                row.next_try_at = stamp(self.clock() + timedelta(seconds=wait))

    def held(self, delivery: str, reason: str) -> None:
        """A delivery waits until an operator releases what is held. That is no try."""
        with self.database.write() as session:
            row = delivery_row(session, delivery)
            if row.state not in ENDED:
                row.state, row.error, row.next_try_at = DeliveryState.HELD, reason, ""

    def close(self, message: str) -> State | None:
        """Close a message whose deliveries have all come to an end; None while one has not, or when it is closed."""
        with self.database.write() as session:
            row = message_row(session, message)
            if row.state in FINAL:
                return None
            states = list(session.scalars(_STATES, {"message_": message}))
            if any(state not in ENDED for state in states):
                return None
            self._move(session, row, *answers.outcome(session, message))
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

    # ---- configuration ------------------------------------------------------------------------------------------

    def in_force(self, worker: str, sha256: str, error: str = "") -> None:
        """What a worker goes by now, and why the files as they are could not be taken, if so."""
        with self.database.write() as session:
            row = session.get(InForce, worker)
            if row is None or row.sha256 != sha256:
                row = session.merge(InForce(worker=worker, sha256=sha256, since=self.now()))
            if error and error != row.error:
                self._note(session, "configuration refused", sha256, error=error)
            row.error, row.error_at = error, self.now() if error else ""

    # ---- audit trail --------------------------------------------------------------------------------------------

    def note(self, action: str, subject: str, **what: object) -> None:
        """Write into the audit trail what a person or a worker did."""
        with self.database.write() as session:
            self._note(session, action, subject, **what)

    # ---- helpers -----------------------------------------------------------------------------------------------

    def _note(self, session: Session, action: str, subject: str, **what: object) -> None:
        audit.note(session, audit.Entry(self.now(), action, subject, what))

    def _move(self, session: Session, message: Message, state: State, reason: str = "") -> None:
        if message.state == state or message.state in FINAL:
            return
        message.state, message.reason = state, reason
        at = self.now()
        if state in FINAL:
            message.closed_at = at
        session.add(History(message=message.id, at=at, state=state, detail=reason))

    def _finish(
        self,
        session: Session,
        message: str,
        step: str,
        target: str,
        state: str,
        output_sha256: str,
        detail: str,
        since: str = "",
    ) -> dict[str, object]:
        """End a step, one that began at a time if it was not told that it began; returns what the trail tells of it."""
        stage = stage_row(session, message, step, target)
        if stage is None:
            stage = Stage(message=message, step=step, target=target, started_at=since or self.now())
            stage.input_sha256 = "" if step == "check" else message_row(session, message).sha256
            session.add(stage)
        stage.state, stage.finished_at = state, self.now()
        stage.output_sha256, stage.detail = output_sha256, detail
        return _stage_facts(stage)


def _stage_facts(stage: Stage) -> dict[str, object]:
    return {"step": stage.step, "target": stage.target, "state": stage.state, "row": digest([stage], STAGE)}
