"""How long bytes are kept: retention by agreement, and legal holds that stop it.

Pruning deletes bytes from the archive, never a line of the ledger: what came, what was made of it, who got it, all
hashes and the audit trail stay. A content goes only when every message that names it may go. The ledger is marked
first: a crash in between leaves bytes that nobody names, which the next run deletes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.agreements.load import Agreements
from gateway.errors import UsageError
from gateway.exchange.archive.store import Archive
from gateway.exchange.clock import stamp
from gateway.exchange.ledger import audit, epc_index
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import (
    FINAL,
    LONGEST_LOT,
    Delivery,
    DeliveryState,
    LegalHold,
    Message,
    OutputFile,
    Traded,
)
from gateway.exchange.ledger.tables_answers import AnswerRow, Asking

#: What stands in the archive and in no ledger is left alone for so long: it may be on its way into the ledger.
GRACE = timedelta(hours=24)

KINDS = ("message", "partner", "lot", "all")
_SOME = 500


@dataclass(slots=True)
class Pruned:
    """What a prune came to, or would come to.

    Attributes:
        messages: messages whose time is over.
        held: messages whose time is over and that a legal hold keeps.
        contents: contents deleted.
        size: bytes deleted, as they lay on the disk.
    """

    messages: list[str]
    held: int = 0
    contents: int = 0
    size: int = 0


def prune(
    database: Database, archive: Archive, agreements: Agreements, now: datetime, *, really: bool = True
) -> Pruned:
    """Delete the bytes of messages whose agreement's retention is over.

    Args:
        database: the ledger's.
        archive: the bytes.
        agreements: whose `retention` counts; messages of partners without an agreement are kept.
        now: the time.
        really: False only counts.
    """
    with database.read() as session:
        due = [
            message
            for agreement in agreements.all
            if agreement.retention is not None
            for message in _due(session, agreement.partner.id, stamp(now - timedelta(days=agreement.retention.days)))
        ]
        held = _held(session, due)
    going = [message for message in due if message.number not in held]
    result = Pruned([message.id for message in going], held=len(held))
    if really:
        for at in range(0, len(going), _SOME):
            _mark(database, going[at : at + _SOME], now)
    with database.read() as session:
        wanted = _wanted(session, set() if really else {message.number for message in going})
    oldest = (now - GRACE).timestamp()
    for sha256, path in archive.contents():
        size = path.stat().st_size
        if sha256 in wanted or path.stat().st_mtime > oldest:
            continue
        if not really or archive.drop(sha256, oldest):
            result.contents += 1
            result.size += size
    return result


def hold(database: Database, kind: str, key: str, at: str) -> int:
    """Keep what a message, a partner or a lot names, or everything; returns the hold's number.

    The audit trail tells who did it and why.
    """
    key = key[:LONGEST_LOT] if kind == "lot" else key
    with database.write() as session:
        row = LegalHold(kind=kind, key=key, at=at, who=database.actor.who, why=database.actor.why)
        session.add(row)
        session.flush()
        audit.note(session, audit.Entry(at, "legal hold", str(row.id), {"kind": kind, "key": key}))
        return row.id


def release(database: Database, number: int, at: str) -> None:
    """End a hold.

    Raises:
        UsageError: there is none with this number, or it has ended.
    """
    with database.write() as session:
        row = session.get(LegalHold, number)
        if row is None or row.released_at:
            message = (
                f"there is no legal hold {number}" if row is None else f"the legal hold {number} has ended already"
            )
            raise UsageError(message, hint="`gateway archive holds` lists them")
        row.released_at = at
        audit.note(session, audit.Entry(at, "legal hold released", str(number), {"kind": row.kind, "key": row.key}))


def holds(database: Database) -> Sequence[LegalHold]:
    """All holds, those that have ended too."""
    with database.read() as session:
        return session.scalars(sa.select(LegalHold).order_by(LegalHold.id)).all()


def _due(session: Session, partner: str, before: str) -> Sequence[Message]:
    query = sa.select(Message).where(Message.partner == partner, Message.state.in_(FINAL), Message.pruned_at == "")
    query = query.where(Message.closed_at < before, Message.closed_at != "", Message.sha256 != "")
    # What a regulator may have, and what it is still asked for, cannot be found out without the bytes.
    open_ = sa.select(Delivery.id).outerjoin(Asking, Asking.delivery == Delivery.id)
    open_ = open_.where(sa.or_(Delivery.state == DeliveryState.UNCERTAIN, Asking.delivery.is_not(None)))
    query = query.where(~open_.where(Delivery.message == Message.id).exists())
    return session.scalars(query.order_by(Message.number)).all()


def _held(session: Session, messages: Sequence[Message]) -> set[int]:
    """Numbers of those that a hold keeps. A replay is kept with what it replays, and the other way round."""
    rows = session.scalars(sa.select(LegalHold).where(LegalHold.released_at == "")).all()
    keys = {kind: {row.key for row in rows if row.kind == kind} for kind in KINDS}
    if keys["all"]:
        return {message.number for message in messages}
    kept = sa.select(Message.id, Message.replay_of)
    found = [
        *session.execute(kept.join(Traded, Traded.message == Message.number).where(Traded.lot.in_(keys["lot"]))),
        *session.execute(kept.where(Message.id.in_(keys["message"]))),
    ]
    named = {id_ for row in found for id_ in row if id_}
    return {
        message.number
        for message in messages
        if message.partner in keys["partner"] or message.id in named or (message.replay_of or "") in named
    }


def _mark(database: Database, messages: Sequence[Message], now: datetime) -> None:
    numbers = [message.number for message in messages]
    with database.write() as session:
        session.execute(sa.update(Message).where(Message.number.in_(numbers)).values(pruned_at=stamp(now)))
        epc_index.forget(session, numbers)
        for message in messages:
            audit.note(session, audit.Entry(stamp(now), "pruned", message.id, {"sha256": message.sha256}))


def _wanted(session: Session, going: set[int]) -> set[str]:
    """Hashes that a message names whose bytes stay."""
    wanted = set()
    for number, sha256 in session.execute(sa.select(Message.number, Message.sha256).where(Message.pruned_at == "")):
        if number not in going:
            wanted.add(sha256)
    outputs = sa.select(Message.number, OutputFile.sha256).join(Message, Message.id == OutputFile.message)
    for number, sha256 in session.execute(outputs.where(Message.pruned_at == "")):
        if number not in going:
            wanted.add(sha256)
    # Answers that came with a connection are small and prove what was delivered: they stay.
    wanted.update(session.scalars(sa.select(AnswerRow.sha256).where(AnswerRow.sha256 != "")))
    return wanted
