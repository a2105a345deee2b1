"""What the audit trail tells of an answer: enough to find any later change of its row or of its results."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.tables_answers import AnswerRow, ResultRow

#: Action of the entry.
ACTION = "answer"

_FACTS = ("kind", "verdict", "standing", "carrier")
_ROW = ("key", "kind", "at", "carrier", "sha256", "delivery", "standing", "verdict", "retryable", "reference", "detail")


def told(session: Session, row: AnswerRow) -> tuple[str, dict[str, Any]]:
    """Subject and facts of the entry: the delivery, or which answer it is where none is known."""
    facts = {name: getattr(row, name) or "" for name in _FACTS}
    return row.delivery or f"answer {row.id}", {"answer": row.id, **facts, "row": digest(session, row)}


def digest(session: Session, row: AnswerRow) -> str:
    """SHA-256 over the row of an answer and all its results, in their order."""
    hashed = hashlib.sha256(_bytes([getattr(row, name) for name in _ROW]))
    if row.results:
        columns = (ResultRow.identifier, ResultRow.verdict, ResultRow.retryable, ResultRow.code, ResultRow.text)
        query = sa.select(*columns).where(ResultRow.answer == row.id).order_by(ResultRow.position)
        for result in session.execute(query.execution_options(yield_per=5000)):
            hashed.update(_bytes(list(result)))
    return hashed.hexdigest()


def _bytes(values: list[Any]) -> bytes:
    # PostgreSQL keeps no NUL: its picture stands there instead.
    text = json.dumps([value or "" for value in values], ensure_ascii=False).replace("\\u0000", "␀")
    return text.encode("utf-8", "surrogatepass")
