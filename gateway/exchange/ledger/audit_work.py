"""Where what operators did contradicts the audit trail: configurations, holds, legal holds, alerts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger.audit_facts import Fault, read, same
from gateway.exchange.ledger.tables import AlertRow, AuditRow, Configuration, LegalHold
from gateway.exchange.ledger.tables_work import Hold

CONFIGURATION, HOLD, RELEASE, SEEN = "configuration", "hold ", "release ", "alert seen"
LEGAL, LEGAL_END = "legal hold", "legal hold released"
_EXACT = (CONFIGURATION, SEEN, LEGAL, LEGAL_END)

#: In the facts of the first use of a configuration: since when it is kept. In those of a hold: since when it holds.
SINCE = "since"

_Entries = Sequence[tuple[AuditRow, dict[str, Any]]]


def differences(session: Session, since: str) -> Iterator[Fault]:
    """Everything of these that differs.

    Args:
        session: a session that reads.
        since: when the trail began, where the ledger is older.
    """
    wanted = sa.or_(AuditRow.action.in_(_EXACT), AuditRow.action.startswith(HOLD), AuditRow.action.startswith(RELEASE))
    rows = session.scalars(sa.select(AuditRow).where(wanted).order_by(AuditRow.number))
    entries = [(row, read(row.what)) for row in rows]
    yield from _configurations(session, entries, since)
    yield from _holds(session, entries)
    yield from _legal_holds(session, entries)
    yield from _alerts(session, entries)


def version_of(files: dict[str, str]) -> str:
    """The name of a version of the configuration: SHA-256 over all its files."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _configurations(session: Session, entries: _Entries, since: str) -> Iterator[Fault]:
    told = {row.subject: (row, facts) for row, facts in reversed(entries) if row.action == CONFIGURATION}
    query = sa.select(Configuration).order_by(Configuration.seen_at).execution_options(yield_per=10)
    for version in session.scalars(query):
        entry = told.pop(version.sha256, None)
        name = f"configuration {version.sha256[:12]}"
        if entry is None:
            if version.seen_at > since:
                yield Fault(0, f"{name} is one of which the trail knows nothing")
            continue
        wrong = ["files"] if version_of(version.files) != version.sha256 else []
        wrong += ["seen_at"] if entry[1].get(SINCE, version.seen_at) != version.seen_at else []
        if wrong:
            yield Fault(entry[0].number, f"{name} is not as the trail tells: its {', '.join(wrong)}")
    for sha256, (row, _) in told.items():
        yield Fault(row.number, f"tells of configuration {sha256[:12]}, which is not there")


def _holds(session: Session, entries: _Entries) -> Iterator[Fault]:
    last = {
        (row.action.partition(" ")[2], row.subject): (row, facts)
        for row, facts in entries
        if row.action.startswith((HOLD, RELEASE))
    }
    in_force = {key: entry for key, entry in last.items() if entry[0].action.startswith(HOLD)}
    for hold in session.scalars(sa.select(Hold).order_by(Hold.kind, Hold.key)):
        name, entry = f"the hold of {hold.kind} {hold.key}", in_force.pop((hold.kind, hold.key), None)
        if entry is None:
            yield Fault(0, f"{name} is one of which the trail knows nothing")
            continue
        row, facts = entry
        wrong = ["who"] if hold.who != row.who else []
        wrong += ["at"] if facts.get(SINCE, hold.at) != hold.at else []
        wrong += ["reason"] if not same(hold.reason, facts.get("reason", row.why)) else []
        if wrong:
            yield Fault(row.number, f"{name} is not as the trail tells: its {', '.join(wrong)}")
    for (kind, key), (row, _) in in_force.items():
        yield Fault(row.number, f"tells that {kind} {key} is held, which is not on record")


def _legal_holds(session: Session, entries: _Entries) -> Iterator[Fault]:
    begun = {row.subject: (row, facts) for row, facts in entries if row.action == LEGAL}
    ended = {row.subject: row for row, _ in entries if row.action == LEGAL_END}
    for hold in session.scalars(sa.select(LegalHold).order_by(LegalHold.id)):
        entry, end = begun.pop(str(hold.id), None), ended.get(str(hold.id))
        if entry is None:
            yield Fault(0, f"legal hold {hold.id} is one of which the trail knows nothing")
            continue
        row, facts = entry
        wanted = {"at": row.at, "who": row.who, "why": row.why, "kind": facts["kind"], "key": facts["key"]}
        wanted |= {"released_at": end.at if end is not None else ""}
        wrong = [key for key, value in wanted.items() if not same(getattr(hold, key), value)]
        if wrong:
            yield Fault(row.number, f"legal hold {hold.id} is not as the trail tells: its {', '.join(wrong)}")
    for number, (row, _) in begun.items():
        yield Fault(row.number, f"tells of legal hold {number}, which is not there")


def _alerts(session: Session, entries: _Entries) -> Iterator[Fault]:
    """What operators said that they see to. An alert that begins anew forgets it."""
    seen = {(facts["key"], row.at): (row, facts) for row, facts in entries if row.action == SEEN}
    for alert in session.scalars(sa.select(AlertRow).order_by(AlertRow.key)):
        values = [alert.seen_at, alert.seen_by, alert.seen_why, alert.seen_count]
        row, facts = seen.get((alert.key, alert.seen_at), (None, {}))
        wanted = [row.at, row.who, row.why, facts["count"]] if row is not None else ["", "", "", 0]
        if not same(values, wanted):
            yield Fault(row.number if row else 0, f"who sees to {alert.key!r} is not as the trail tells")
