"""How long the bytes of AS2 messages are kept: the agreement's retention and legal holds, as for all other bytes."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.exchange.operations import retention
from gateway.exchange.operations.as2_parties import folders, parties
from gateway.exchange.workspace import Workspace
from gateway.transports.as2_http.archive import Kept
from gateway.transports.as2_http.incidents import Incidents
from gateway.transports.as2_http.retention import Pruned, prune
from gateway.transports.as2_http.session import INCIDENTS
from gateway.transports.as2_http.settings import As2Settings

_ALL = frozenset({"all", "message", "lot"})


def prune_as2(workspace: Workspace, now: datetime, *, really: bool = True) -> Pruned:
    """Delete the bytes of AS2 messages whose time is over; what tells a repetition stays for ever.

    A message with a partner goes when every agreement that exchanges with it under these ids has a retention and the
    longest one is over. While a legal hold on a message or a lot is in force none goes, for what lies here is not
    known by lot; a hold on a partner keeps that partner's.

    Args:
        workspace: the workspace.
        now: the time.
        really: False only counts.
    """
    holds = [row for row in retention.holds(workspace.database) if not row.released_at]
    result = Pruned()
    if any(row.kind in _ALL for row in holds):
        return result
    held = {row.key for row in holds if row.kind == "partner"}
    days = _days(workspace)
    partners = {(one.us, one.them): one.partner for one in parties(workspace.agreements)}

    def due(kept: Kept) -> bool:
        longest = days.get(kept.ids)
        when = str(kept.record.get("time", ""))
        if longest is None or not when or partners.get(kept.ids) in held:
            return False
        return datetime.fromisoformat(when) < now - timedelta(days=longest)

    for data in folders(workspace.agreements):
        prune(data, due, now, result, really=really)
        if really:
            Incidents(data / INCIDENTS).forget(now - timedelta(days=90))
    return result


def _days(workspace: Workspace) -> dict[tuple[str, str], int | None]:
    """The longest retention for each pair of ids; None where one agreement has none."""
    found: dict[tuple[str, str], int | None] = {}
    for agreement in workspace.agreements.all:
        mine = agreement.retention.days if agreement.retention else None
        stated = [channel.settings for channel in agreement.channels]
        stated += [target.settings for target in agreement.targets]
        for settings in stated:
            if not isinstance(settings, As2Settings):
                continue
            ids = (settings.us, settings.them)
            before = found.get(ids, mine)
            found[ids] = None if mine is None or before is None else max(mine, before)
    return found
