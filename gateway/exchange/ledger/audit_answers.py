"""What the audit trail tells of an answer: enough to find any later change of its row or of its results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger import audit_facts
from gateway.exchange.ledger.audit_facts import PAGE, Fault, Told, packed, read
from gateway.exchange.ledger.tables import AuditRow
from gateway.exchange.ledger.tables_answers import AnswerRow, ResultRow

#: Action of the entry.
ACTION = "answer"

_FACTS = ("kind", "verdict", "standing", "carrier")
_ROW = ("key", "kind", "at", "carrier", "sha256", "delivery", "standing", "verdict", "retryable", "reference", "detail")
_RESULT = (ResultRow.identifier, ResultRow.verdict, ResultRow.retryable, ResultRow.code, ResultRow.text)


def told(session: Session, row: AnswerRow) -> tuple[str, dict[str, Any]]:
    """Subject and facts of the entry: the delivery, or which answer it is where none is known."""
    facts = {name: getattr(row, name) or "" for name in _FACTS}
    whole, places = digests(session, row)
    return row.delivery or f"answer {row.id}", {"answer": row.id, **facts, "row": whole, "places": places}


def digests(session: Session, row: AnswerRow) -> tuple[str, str]:
    """SHA-256 over the row of an answer and all its results, in their order; and over where the results stand.

    The second one covers how many there are, their places and the keys by which they are found.
    """
    whole = hashlib.sha256(packed([getattr(row, name) for name in _ROW]))
    places = hashlib.sha256(packed([row.results]))
    query = sa.select(*_RESULT, ResultRow.position, ResultRow.key).where(ResultRow.answer == row.id)
    for *result, position, key in session.execute(query.order_by(ResultRow.position).execution_options(yield_per=5000)):
        if row.results:
            whole.update(packed(result))
        places.update(b"%d:%d," % (position, key))
    return whole.hexdigest(), places.hexdigest()


def differences(session: Session) -> Iterator[Fault]:
    """Answers that are not as the trail tells, or of which it tells nothing, and those that are gone."""
    last = 0
    while True:
        query = sa.select(AnswerRow).where(AnswerRow.id > last).order_by(AnswerRow.id).limit(PAGE)
        page = session.scalars(query).all()
        if not page:
            break
        last = page[-1].id
        subjects = {row.delivery or "" for row in page} | {f"answer {row.id}" for row in page}
        found = audit_facts.told(session, subjects - {""}, [ACTION])
        new = sorted((one for some in found.values() for one in some if "answer" in one.facts), key=_number)
        entries = {one.facts["answer"]: one for one in new}
        for row in page:
            entry = entries.get(row.id)
            if entry is not None:
                yield from _compared(session, row, entry)
            elif not _of_old(session, row, found[row.delivery or ""]):
                yield Fault(0, f"answer {row.id} is one of which the trail knows nothing")
        session.expunge_all()
    yield from _gone(session)


def _number(entry: Told) -> int:
    return entry.number


def _compared(session: Session, row: AnswerRow, entry: Told) -> Iterator[Fault]:
    whole, places = digests(session, row)
    if entry.facts.get("row") != whole or entry.facts.get("places", places) != places:
        yield Fault(entry.number, f"answer {row.id} is not the one that the trail tells")


def _of_old(session: Session, row: AnswerRow, entries: Sequence[Told]) -> bool:
    """Whether the trail tells of an answer as it did before it said which one."""
    facts = {"kind": row.kind, "verdict": row.verdict, "standing": row.standing, "carrier": row.carrier or ""}
    if not row.delivery:
        query = sa.select(AuditRow.what).where(AuditRow.subject == "", AuditRow.at == row.at)
        return any(read(what) == facts for what in session.scalars(query.where(AuditRow.action == ACTION)))
    return any("answer" not in entry.facts and entry.facts == facts for entry in entries)


def _gone(session: Session) -> Iterator[Fault]:
    """Answers of which the trail tells and that are not there."""
    last = 0
    while True:
        answers = sa.select(AuditRow.number, AuditRow.what).where(AuditRow.action == ACTION)
        page = session.execute(answers.where(AuditRow.number > last).order_by(AuditRow.number).limit(PAGE)).all()
        if not page:
            return
        last = page[-1].number
        wanted = {read(row.what).get("answer", 0): row.number for row in page}
        known = set(session.scalars(sa.select(AnswerRow.id).where(AnswerRow.id.in_(wanted))))
        for answer, number in wanted.items():
            if answer and answer not in known:
                yield Fault(number, f"tells of answer {answer}, which is not there")
