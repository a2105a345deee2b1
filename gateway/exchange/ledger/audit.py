"""The audit trail: who did what, when and why, in a chain of hashes that shows every later change.

Each row holds the hash of the row before it and its own hash over all it says. A row that is changed, taken out or put
in breaks the chain at its place, and `verify` names the place. Rows are written in the transaction of what they tell
of, so neither can be there without the other.

What the chain alone cannot show is that its end was cut off, or that all of it was written anew. For the first, the
rows that it tells of are compared with it (`gateway.exchange.ledger.audit_rows`); for both, note now and then what
``gateway audit verify`` prints as the head, somewhere else, and give it back with ``--expect``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger.audit_facts import Fault
from gateway.exchange.ledger.audit_rows import differences
from gateway.exchange.ledger.tables import AuditRow, History, Message

#: What stands before the first row.
GENESIS = "0" * 64

#: Action of a change of state; the state follows.
STATE = "message"

#: Action of the first row in a ledger that is older than its trail; what came before is not told.
BEGIN = "begin"

_PENDING, _BESIDE = "audit", "audit beside"
_LOCK = 0x6761746577617901  # any constant, the same for all workers
_PAGE = 2000


_HEAD = sa.select(AuditRow.number, AuditRow.sha256).order_by(AuditRow.number.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and why.

    Attributes:
        who: a worker (``gateway gateway-1``) or a person (``operator alice``).
        why: the reason that a person gave.
    """

    who: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be written into the trail.

    Attributes:
        at: when, as the ledger writes times.
        action: what was done, e.g. ``message done``, ``configuration``.
        subject: to what: a message's id, a hash.
        what: the facts.
        actor: who did it; None for whoever the database is open for.
    """

    at: str
    action: str
    subject: str
    what: Mapping[str, Any]
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: number and hash of its last row."""

    number: int = 0
    sha256: str = GENESIS

    def __str__(self) -> str:
        return f"{self.number}:{self.sha256}"


def note(session: Session, entry: Entry) -> None:
    """Write an entry at the end of this transaction."""
    session.info.setdefault(_PENDING, []).append(entry)


def tell(session: Session, entry: Entry) -> None:
    """Tell facts in the row of this transaction that tells their subject's new state, or in a row of their own."""
    session.info.setdefault(_BESIDE, []).append(entry)


def collect(session: Session, *_: object) -> None:
    """Notes every new state of a message: a listener for what a session is about to write."""
    for row in session.new:
        if isinstance(row, History):
            note(session, Entry(row.at, f"{STATE} {row.state}", row.message, {"detail": row.detail or ""}))


def seal(session: Session, actor: Actor) -> None:
    """Write what was noted in this transaction; its last act.

    It is the last one so that workers who write at the same time wait for each other only from here to the commit.
    """
    session.flush()
    entries = _merged(session.info.pop(_PENDING, []), session.info.pop(_BESIDE, []))
    if not entries:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    last = head(session)
    number, previous = last.number, last.sha256
    rows = []
    for entry in entries:
        number += 1
        row = {
            "number": number,
            "at": entry.at,
            "who": (entry.actor or actor).who,
            "action": entry.action,
            "subject": entry.subject,
            "why": (entry.actor or actor).why,
            "what": json.dumps(dict(entry.what), ensure_ascii=False, sort_keys=True),
            "previous": previous,
        }
        row["sha256"] = previous = _digest(row)
        rows.append(row)
    session.execute(sa.insert(AuditRow), rows)


def head(session: Session) -> Head:
    """The end of the chain as it stands in the ledger."""
    found = session.execute(_HEAD).first()
    return Head(found.number, found.sha256) if found else Head()


def verify(session: Session, expected: Head | None = None) -> Iterator[Fault]:
    """Everything that is wrong with the trail, in the order of its rows; then where the ledger contradicts it.

    Args:
        session: a session that reads.
        expected: a head that was noted earlier; the chain must go through it.
    """
    yield from _broken_links(_rows(session))
    if expected is not None and expected.number:
        found = session.get(AuditRow, expected.number)
        if found is None or found.sha256 != expected.sha256:
            yield Fault(expected.number, "is not the row that was noted as the head: the trail was written anew")
    first = session.scalars(sa.select(AuditRow).order_by(AuditRow.number).limit(1)).first()
    since = first.at if first is not None and first.action == BEGIN else ""
    yield from _contradictions(session, since)
    yield from differences(session, since)


def _merged(entries: list[Entry], beside: list[Entry]) -> list[Entry]:
    for told in beside:
        for at, entry in enumerate(entries):
            if entry.subject == told.subject and entry.action.startswith(f"{STATE} "):
                entries[at] = replace(entry, what={**entry.what, **told.what})
                break
        else:
            entries.append(told)
    return entries


def _digest(row: Mapping[str, Any]) -> str:
    parts = [row[name] for name in ("at", "who", "action", "subject", "why", "what", "previous")]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _rows(session: Session) -> Iterator[Mapping[str, Any]]:
    """All rows in order, some at a time."""
    last = None
    while True:
        query = sa.select(AuditRow.__table__).order_by(AuditRow.number).limit(_PAGE)
        found = session.execute(query if last is None else query.where(AuditRow.number > last)).mappings().all()
        yield from map(dict, found)
        if len(found) < _PAGE:
            return
        last = found[-1]["number"]


def _broken_links(rows: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    before = last = Head()  # the two rows in front
    place = 0  # of the row before, also where that one does not belong there
    for row, following in pairwise(chain(rows, [None])):
        if row is None:
            return
        number = row["number"]
        if number != place + 1:
            gone = f"row {place + 1} is" if number == place + 2 else f"rows {place + 1} to {number - 1} are"
            yield Fault(number, f"{gone} missing before it")
        place = number
        if row["previous"] != last.sha256:
            if following is not None and following["previous"] == last.sha256:
                yield Fault(number, "was put in: the rows before and behind it belong together")
                continue
            if row["previous"] == before.sha256 and last.number:
                yield Fault(last.number, "was put in: the rows before and behind it belong together")
            elif number == last.number + 1:
                yield Fault(
                    number, f"does not follow row {last.number}: that one was replaced, or rows between are gone"
                )
        elif _digest(row) != row["sha256"]:
            yield Fault(number, f"was changed: {row['action']} of {row['subject']}")
        before, last = last, Head(number, row["sha256"])


def _contradictions(session: Session, since: str) -> Iterator[Fault]:
    told = sa.select(AuditRow.number).where(
        AuditRow.subject == History.message,
        AuditRow.at == History.at,
        AuditRow.action == sa.literal(f"{STATE} ") + History.state,
    )
    untold = sa.select(History).where(~told.exists()).order_by(History.id)
    if since:
        untold = untold.where(History.at > since)
    for row in session.scalars(untold):
        yield Fault(0, f"message {row.message} became {row.state} at {row.at}, of which the trail knows nothing")
    known = sa.select(History.id).where(
        History.message == AuditRow.subject,
        History.at == AuditRow.at,
        sa.literal(f"{STATE} ") + History.state == AuditRow.action,
    )
    changes = sa.select(AuditRow).where(AuditRow.action.startswith(f"{STATE} "), ~known.exists())
    for entry in session.scalars(changes.order_by(AuditRow.number)):
        yield Fault(entry.number, f"tells that {entry.subject} {entry.action}, of which its history knows nothing")
    latest = (
        sa.select(History.state).where(History.message == Message.id).order_by(History.id.desc()).limit(1)
    ).scalar_subquery()
    for id_, state, real in session.execute(
        sa.select(Message.id, Message.state, latest).where(Message.state != latest)
    ):
        yield Fault(0, f"message {id_} stands as {state}, but its history ends with {real}")
