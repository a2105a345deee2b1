"""Versions of the configuration: which came when, by whom, and what changed in them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.errors import UsageError
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.audit_work import SINCE
from gateway.exchange.ledger.tables import AuditRow, Configuration

#: Action in the audit trail; the subject is the version's hash.
ACTION = "configuration"
SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Version:
    """A version that came into use.

    Attributes:
        number: of the audit trail's row that tells it.
        sha256: hash of its files.
        at: since when.
        who: by whom.
        why: the reason that was given.
        changed: files that are not as in the version before: path and ``added``, ``changed`` or ``removed``.
    """

    number: int
    sha256: str
    at: str
    who: str
    why: str
    changed: Mapping[str, str]


def changed_to(session: Session, sha256: str, files: Mapping[str, str], at: str, *, new: bool) -> None:
    """Tell the audit trail that a version is in use, unless it was the last one that it knows; and if it is new."""
    last = session.scalar(_versions().with_only_columns(AuditRow.subject).limit(1))
    if last == sha256:
        return
    old = session.get(Configuration, last) if last else None
    changed = differences(old.files if old else {}, files)
    facts = {"changed": changed, SINCE: at} if new else {"changed": changed}
    audit.note(session, audit.Entry(at, ACTION, sha256, facts))


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Files that differ: path and ``added``, ``changed`` or ``removed``."""
    out = {}
    for path in sorted({*old, *new}):
        if path not in old:
            out[path] = "added"
        elif path not in new:
            out[path] = "removed"
        elif old[path] != new[path]:
            out[path] = "changed"
    return out


def history(session: Session) -> list[Version]:
    """All versions that came into use, newest first. One that came back is there again."""
    return [
        Version(row.number, row.subject, row.at, row.who, row.why, json.loads(row.what).get("changed", {}))
        for row in session.scalars(_versions())
    ]


def version(session: Session, id_: str) -> Configuration:
    """The version whose hash begins with `id_`, or the newest for an empty one.

    Raises:
        UsageError: there is none, or there are several.
    """
    if not id_:
        newest = session.scalar(_versions().with_only_columns(AuditRow.subject).limit(1))
        if newest is None:
            message = "the ledger knows no configuration yet"
            raise UsageError(message, hint="`gateway once` or `gateway run` records the first")
        id_ = newest
    query = sa.select(Configuration).where(Configuration.sha256.startswith(id_, autoescape=True)).limit(2)
    found = session.scalars(query).all()
    if len(found) != 1 or len(id_) < SHORTEST:
        message = f"there is no configuration {id_!r}" if not found else f"{id_!r} may be several configurations"
        raise UsageError(message, hint="`gateway config history` lists them; give at least six characters")
    return found[0]


def diff(old: Configuration, new: Configuration) -> Iterator[str]:
    """The differences between two versions, as ``diff -u`` writes them."""
    for path in differences(old.files, new.files):
        yield from difflib.unified_diff(
            old.files.get(path, "").splitlines(),
            new.files.get(path, "").splitlines(),
            f"{old.sha256[:12]}/{path}",
            f"{new.sha256[:12]}/{path}",
            lineterm="",
        )


def _versions() -> sa.Select[Any]:
    return sa.select(AuditRow).where(AuditRow.action == ACTION).order_by(AuditRow.number.desc())
