"""What the audit trail tells of rows of the ledger, and how it is compared with them.

A row with few facts is told in words; of rows that are many or long a SHA-256 over all their values is told. Both are
written in the transaction that writes the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger.tables import AuditRow

#: Columns that a digest covers, in its order.
STAGE = ("step", "target", "state", "input_sha256", "output_sha256", "started_at", "finished_at", "detail")
FINDING = ("target", "position", "code", "severity", "text", "where", "value", "expected", "hint", "event_id")
LOSS = ("target", "position", "code", "outcome", "field", "count", "examples", "reason")
DELIVERY = ("message", "target", "position", "partner", "address", "size", "sha256")
KNOWN = ("kind", "value")

#: Rows that are read at a time.
PAGE = 500

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
    at: str
    action: str
    facts: Mapping[str, Any]


def digest(rows: Iterable[object], columns: Sequence[str]) -> str:
    """SHA-256 over these columns of all rows.

    What is empty is left out: a column that comes with a later version changes nothing of what was told before.
    """
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update(_bytes({name: value for name in columns if (value := getattr(row, name))}))
    return hashed.hexdigest()


def packed(values: Sequence[Any]) -> bytes:
    """Values of one row, the same for a row that is to be written and for one that was read."""
    return _bytes([value or "" for value in values])


def _bytes(values: Any) -> bytes:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return text.replace("\\u0000", _SHOWN).encode("utf-8", "surrogatepass")


def told(session: Session, subjects: Iterable[str], actions: Sequence[str] = ()) -> dict[str, list[Told]]:
    """What the trail tells of some subjects, in its order; all of it, or only some actions."""
    query = sa.select(AuditRow.number, AuditRow.at, AuditRow.action, AuditRow.subject, AuditRow.what)
    query = query.where(AuditRow.subject.in_(sorted(set(subjects))))
    query = query.where(AuditRow.action.in_(actions)) if actions else query
    found: dict[str, list[Told]] = defaultdict(list)
    for number, at, action, subject, what in session.execute(query.order_by(AuditRow.number)):
        found[subject].append(Told(number, at, action, read(what)))
    return found


def read(what: str) -> dict[str, Any]:
    """The facts of an entry; none where they cannot be read: the chain tells that somebody changed them."""
    try:
        facts = json.loads(what)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def compared(name: str, row: object, entry: Told, exclude: Sequence[str] = ()) -> Iterator[Fault]:
    """A fault if a row is not as an entry tells, column by column."""
    facts = {key: value for key, value in entry.facts.items() if key not in exclude}
    wrong = [key for key, value in facts.items() if not same(getattr(row, key), value)]
    if wrong:
        yield unlike(name, entry, wrong)


def unlike(name: str, entry: Told, columns: Sequence[str]) -> Fault:
    """The fault of a row that is not as an entry tells."""
    return Fault(entry.number, f"{name} is not as the trail tells: its {', '.join(columns)}")


def same(kept: Any, wanted: Any) -> bool:
    """Whether a column holds what the trail tells."""
    return bool(shown(kept or "") == shown(wanted or ""))


def shown(value: Any) -> Any:
    """A value as both kinds of databases give it back."""
    if isinstance(value, list):
        return [shown(one) for one in value]
    return value.replace(_NUL, _SHOWN) if isinstance(value, str) else value
