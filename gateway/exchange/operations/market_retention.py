"""How long it is remembered what regulators said: the agreement's retention and legal holds, as for all other bytes.

A submission of a message goes with that message: when its bytes are pruned, which a legal hold stops. One that no
message of this ledger knows (of `gateway submit`, or from before a restore) goes by its age. That it was taken is never
forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from gateway.exchange.ledger.tables import Delivery, Message
from gateway.exchange.operations import retention
from gateway.exchange.workspace import Workspace
from gateway.submit.journal import Account
from gateway.submit.journal_prune import Kept, Pruned, prune

_ALL = frozenset({"all", "message", "lot"})


def prune_markets(workspace: Workspace, now: datetime, *, really: bool = True) -> Pruned:
    """Forget what regulators said whose time is over. To be called after `retention.prune`.

    Args:
        workspace: the workspace.
        now: the time.
        really: False only counts; then what `retention.prune` would free now is not among it.
    """
    holds = [row for row in retention.holds(workspace.database) if not row.released_at]
    all_held = any(row.kind in _ALL for row in holds)
    held = {row.key for row in holds if row.kind == "partner"}
    result = Pruned()
    needed = _needed(workspace)
    for folder, accounts in _accounts(workspace, held).items():

        def due(kept: Kept, accounts: dict[Account, int | None] = accounts) -> bool:
            days = accounts[kept.account]
            if days is None or kept.at > (now - timedelta(days=days)).timestamp():
                return False
            return hash(kept.name) not in needed and not (all_held and _strange(workspace, kept.name))

        prune(folder, accounts, due, result, really=really)
    return result


def memories(workspace: Workspace) -> set[Path]:
    """The folders in which the agreements remember what was said to regulators."""
    stated = [target.settings for agreement in workspace.agreements.all for target in agreement.targets]
    return {settings.memory for settings in stated if hasattr(settings, "journal")}


def _needed(workspace: Workspace) -> set[int]:
    """Hashes of the names of deliveries whose messages are not pruned. Two names may share one: then both stay."""
    query = sa.select(Delivery.name).join(Message, Message.id == Delivery.message).where(Message.pruned_at == "")
    with workspace.database.read() as session:
        return {hash(name) for name in session.scalars(query.execution_options(yield_per=5000))}


def _strange(workspace: Workspace, name: str) -> bool:
    """Whether no delivery of the ledger has this name."""
    with workspace.database.read() as session:
        return session.scalar(sa.select(Delivery.id).where(Delivery.name == name).limit(1)) is None


def _accounts(workspace: Workspace, held: set[str]) -> dict[Path, dict[Account, int | None]]:
    """Accounts in each memory with the longest retention of their agreements; None where one has none or is held."""
    found: dict[Path, dict[Account, int | None]] = defaultdict(dict)
    for agreement in workspace.agreements.all:
        mine = agreement.retention.days if agreement.retention else None
        if agreement.partner.id in held:
            mine = None
        for target in agreement.targets:
            if not hasattr(target.settings, "journal"):
                continue
            known, account = found[target.settings.memory], target.settings.account
            before = known.get(account, mine)
            known[account] = None if mine is None or before is None else max(mine, before)
    return found
