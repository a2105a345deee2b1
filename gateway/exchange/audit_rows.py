"""Where the rows of the ledger contradict the audit trail: messages, outputs, deliveries, answers and their results.

The trail proves itself by its chain; what it tells was written in the same transaction as the rows. So a row that was
changed, put in or taken out afterwards differs from what the trail tells of it. Rows are read some at a time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange import audit_answers
from gateway.exchange.left_out import LIST
from gateway.exchange.tables import AuditRow, Delivery, DeliveryState, Message, OutputFile
from gateway.exchange.tables_answers import AnswerRow

OUTPUTS, DELIVERED, FAILED, MISSED, CANCEL = "outputs", "delivered", "not delivered", "no answer in time", "cancel"
UNCERTAIN, SETTLED = "uncertain", "settled"
_ARRIVED = ("message received", "message duplicate")
_PAGE = 500
_NUL, _SHOWN = "\0", "␀"  # PostgreSQL keeps the picture


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the trail, or with what it tells of.

    Attributes:
        number: the row of the trail at which it shows, 0 where no row is there.
        text: what is wrong.
    """

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the trail about one subject."""

    number: int
    action: str
    facts: Mapping[str, Any]


def differences(session: Session, since: str = "") -> Iterator[Fault]:
    """Everything that differs.

    Args:
        session: a session that reads.
        since: when the trail began, where the ledger is older; rows from before, of which it tells nothing, are right.
    """
    yield from _messages(session)
    yield from _deliveries(session, since)
    yield from _answers(session)
    yield from _gone(session)


def _messages(session: Session) -> Iterator[Fault]:
    last = 0
    while True:
        query = sa.select(Message).where(Message.number > last).order_by(Message.number).limit(_PAGE)
        page = session.scalars(query).all()
        if not page:
            return
        last = page[-1].number
        told = _told(session, [message.id for message in page], [*_ARRIVED, OUTPUTS])
        made: dict[str, list[OutputFile]] = defaultdict(list)
        outputs = sa.select(OutputFile).where(OutputFile.message.in_([message.id for message in page]))
        for output in session.scalars(outputs.order_by(OutputFile.message, OutputFile.target, OutputFile.position)):
            made[output.message].append(output)
        for message in page:
            yield from _message(message, told[message.id], made[message.id])
        session.expunge_all()


def _message(message: Message, told: Sequence[Told], outputs: Sequence[OutputFile]) -> Iterator[Fault]:
    for entry in told:
        if entry.action in _ARRIVED:
            yield from _compared(f"message {message.id}", message, entry, exclude=("detail",))
    by_target = {str(entry.facts.get("target")): entry for entry in told if entry.action == OUTPUTS}
    left_out = by_target[LIST].facts.get("left_out", 0) if LIST in by_target else 0
    if message.left_out != left_out:
        text = f"message {message.id} left out {message.left_out} events, of which the trail tells {left_out}"
        yield Fault(by_target[LIST].number if LIST in by_target else 0, text)
    if not by_target and message.replay_of:
        return  # of replays from before their outputs were told
    if not by_target and not any(entry.action in _ARRIVED for entry in told):
        return  # from before the trail
    for target in sorted({*by_target, *(output.target for output in outputs)}):
        mine = [output for output in outputs if output.target == target]
        number, facts = (by_target[target].number, by_target[target].facts) if target in by_target else (0, {})
        same = [output.sha256 for output in mine] == facts.get("sha256", [])
        if same and "files" in facts:
            same = [[_shown(output.name), output.format, output.size] for output in mine] == _shown(facts["files"])
        if not same:
            yield Fault(number, f"the outputs of message {message.id} for {target} are not those that the trail tells")


def _deliveries(session: Session, since: str) -> Iterator[Fault]:
    last = ""
    while True:
        query = sa.select(Delivery).where(Delivery.id > last).order_by(Delivery.id).limit(_PAGE)
        page = session.scalars(query).all()
        if not page:
            return
        last = page[-1].id
        subjects = {delivery.id for delivery in page} | {delivery.message for delivery in page}
        told = _told(session, sorted(subjects), [DELIVERED, FAILED, MISSED, CANCEL, UNCERTAIN, SETTLED])
        for delivery in page:
            entries = told[delivery.id]
            if since and not entries and (not delivery.delivered_at or delivery.delivered_at <= since):
                continue
            yield from _delivery(delivery, entries, cancelled=bool(told[delivery.message]))
        session.expunge_all()


def _delivery(delivery: Delivery, told: Sequence[Told], *, cancelled: bool) -> Iterator[Fault]:
    name, state = f"delivery {delivery.id}", delivery.state
    made = next((entry for entry in told[::-1] if entry.action == DELIVERED), None)
    last = told[-1] if told else None
    number = last.number if last else 0
    if state == DeliveryState.DELIVERED:
        if made is None:
            yield Fault(0, f"{name} stands as delivered, of which the trail knows nothing")
        else:
            yield from _compared(name, delivery, made)
        return
    again = last is not None and (
        (last.action == MISSED and last.facts.get("then") == "resend")
        or (last.action == SETTLED and not last.facts.get("taken"))
    )
    if state == DeliveryState.FAILED:
        right = last is not None and last.action == FAILED
    elif state == DeliveryState.UNCERTAIN:
        right = next((entry.action for entry in told[::-1] if entry.action != MISSED), "") == UNCERTAIN
    elif state == DeliveryState.CANCELLED:
        right = cancelled and (last is None or again)
    else:
        right = last is None or again
    if not right:
        said = f"the trail tells {last.action!r}" if last else "the trail knows nothing of it"
        yield Fault(number, f"{name} stands as {state}, but {said}")


def _answers(session: Session) -> Iterator[Fault]:
    last = 0
    while True:
        query = sa.select(AnswerRow).where(AnswerRow.id > last).order_by(AnswerRow.id).limit(_PAGE)
        page = session.scalars(query).all()
        if not page:
            return
        last = page[-1].id
        subjects = {row.delivery or "" for row in page} | {f"answer {row.id}" for row in page}
        told = _told(session, sorted(subjects - {""}), [audit_answers.ACTION])
        entries = {entry.facts["answer"]: entry for some in told.values() for entry in some if "answer" in entry.facts}
        for row in page:
            entry = entries.get(row.id)
            if entry is not None:
                if entry.facts.get("row") != audit_answers.digest(session, row):
                    yield Fault(entry.number, f"answer {row.id} is not the one that the trail tells")
            elif not _answer_of_old(session, row, told[row.delivery or ""]):
                yield Fault(0, f"answer {row.id} is one of which the trail knows nothing")
        session.expunge_all()


def _answer_of_old(session: Session, row: AnswerRow, told: Sequence[Told]) -> bool:
    """Whether the trail tells of an answer as it did before it said which one."""
    facts = {"kind": row.kind, "verdict": row.verdict, "standing": row.standing, "carrier": row.carrier or ""}
    if not row.delivery:
        query = sa.select(AuditRow).where(AuditRow.subject == "", AuditRow.at == row.at)
        rows = session.scalars(query.where(AuditRow.action == audit_answers.ACTION)).all()
        return any(json.loads(entry.what) == facts for entry in rows)
    return any("answer" not in entry.facts and entry.facts == facts for entry in told)


def _gone(session: Session) -> Iterator[Fault]:
    """Rows that the trail tells of and that are not there."""
    there = sa.select(Delivery.id).where(Delivery.id == AuditRow.subject)
    query = sa.select(AuditRow.number, AuditRow.subject).where(AuditRow.action.in_((DELIVERED, FAILED)))
    for number, subject in session.execute(query.where(~there.exists()).order_by(AuditRow.number)):
        yield Fault(number, f"tells of delivery {subject}, which is not there")
    last = 0
    while True:
        answers = sa.select(AuditRow.number, AuditRow.what).where(AuditRow.action == audit_answers.ACTION)
        page = session.execute(answers.where(AuditRow.number > last).order_by(AuditRow.number).limit(_PAGE)).all()
        if not page:
            return
        last = page[-1].number
        wanted = {json.loads(row.what).get("answer", 0): row.number for row in page}
        known = set(session.scalars(sa.select(AnswerRow.id).where(AnswerRow.id.in_(wanted))))
        for answer, number in wanted.items():
            if answer and answer not in known:
                yield Fault(number, f"tells of answer {answer}, which is not there")


def _told(session: Session, subjects: Sequence[str], actions: Sequence[str]) -> dict[str, list[Told]]:
    query = sa.select(AuditRow).where(AuditRow.subject.in_(subjects), AuditRow.action.in_(actions))
    found: dict[str, list[Told]] = defaultdict(list)
    for row in session.scalars(query.order_by(AuditRow.number)):
        found[row.subject].append(Told(row.number, row.action, json.loads(row.what)))
    return found


def _compared(name: str, row: object, told: Told, exclude: Sequence[str] = ()) -> Iterator[Fault]:
    facts = {key: value for key, value in told.facts.items() if key not in exclude}
    wrong = [key for key, value in facts.items() if _shown(getattr(row, key) or "") != _shown(value or "")]
    if wrong:
        yield Fault(told.number, f"{name} is not as the trail tells: its {', '.join(wrong)}")


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return value.replace(_NUL, _SHOWN) if isinstance(value, str) else value
