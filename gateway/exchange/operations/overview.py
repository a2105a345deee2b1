"""What an operator wants to know in the morning: what is wrong and what to do, what came and went, what is at work."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.errors import ConfigurationError
from gateway.exchange.clock import stamp
from gateway.exchange.flow.holds import Holds
from gateway.exchange.ledger.tables import Collection, State
from gateway.exchange.operations.alerts import troubles_now
from gateway.exchange.workspace import Workspace

#: How far "lately" reaches back.
LATELY = timedelta(hours=24)


def overview(workspace: Workspace) -> tuple[dict[str, Any], ConfigurationError | None]:
    """Everything that `gateway status` shows, and what is wrong with the files of the configuration.

    Times are as the ledger writes them, in UTC, unless a key says `local`.
    """
    now, queries = workspace.clock(), workspace.queries
    collections = queries.collections()
    channels, wrong = _channels(workspace, now, collections)
    facts = {
        "workspace": str(workspace.settings.root),
        "process": workspace.running(),
        "wrong": _wrong(workspace, now, collections),
        "refused_configuration": {row.worker: row.error for row in queries.in_force() if row.error},
        "lately": {
            "hours": LATELY // timedelta(hours=1),
            "received": queries.received_since(stamp(now - LATELY)),
            "ended": queries.counts(stamp(now - LATELY)),
        },
        "disk": {
            "free": shutil.disk_usage(workspace.settings.data).free,
            "must_stay_free": workspace.settings.free_bytes,
        },
        "workers": [
            {"worker": w.name, "host": w.host, "process": w.process, "silent": w.silent, "leads": w.leads}
            for w in workspace.workers()
        ],
        "holds": [
            {"kind": hold.kind, "id": hold.key, "at": hold.at, "who": hold.who, "reason": hold.reason}
            for hold in Holds(workspace.database).all()
        ],
        "channels": channels,
        "messages": queries.counts(),
        "in_work": _in_work(workspace),
    }
    return facts, wrong


def _wrong(workspace: Workspace, now: datetime, collections: Mapping[str, Collection]) -> list[dict[str, Any]]:
    """Every trouble, with the error of a channel in full: what is shown here stays on this machine."""
    known = {row.key: row for row in workspace.queries.alerts()}
    found = []
    for one in troubles_now(workspace, now):
        row = known.get(one.key)
        look = collections.get(one.about) if one.kind == "channel" else None
        text = f"channel {one.about}: {look.error}" if look else one.text
        facts = {"key": one.key, "kind": one.kind, "text": text, "count": one.count}
        facts |= {"since": row.first_at if row else "", "seen_by": row.seen_by if row else ""}
        found.append(facts | {"seen_why": row.seen_why if row else ""})
    return found


def _channels(
    workspace: Workspace, now: datetime, collections: Mapping[str, Collection]
) -> tuple[list[dict[str, Any]], ConfigurationError | None]:
    try:
        agreed = list(workspace.agreements.channels())
    except ConfigurationError as error:
        return [], error
    schedules, channels = workspace.queries.schedules(), []
    for agreement, channel in agreed:
        timing = channel.timing
        upcoming = timing.next(now) if timing else None
        row, look = schedules.get(channel.id), collections.get(channel.id)
        channels.append(
            {
                "channel": channel.id,
                "partner": agreement.partner.id,
                "schedule": f"{timing.text} {channel.time_zone}" if timing else "",
                "next_slot": stamp(upcoming) if upcoming else "",
                "next_local": f"{upcoming.astimezone(timing.zone):%Y-%m-%d %H:%M:%S %Z}" if timing and upcoming else "",
                "catch_up": channel.catch_up.value,
                "last_slot": row.last_fired if row else "",
                "last_look": look.at if look else "",
                "taken": look.taken if look else 0,
                "error": look.error if look else "",
            }
        )
    return channels, None


def _in_work(workspace: Workspace) -> list[dict[str, Any]]:
    """Messages that are not at an end, oldest first, with what each waits for."""
    queries = workspace.queries
    waits: dict[str, list[str]] = {}
    for delivery in queries.open_deliveries():
        when = f" at {_short(delivery.next_try_at)}: {delivery.error}" if delivery.next_try_at else ""
        held = f": {delivery.error}" if delivery.error and not when else ""
        waits.setdefault(delivery.message, []).append(f"{delivery.target}{when}{held}")
    return [
        {
            "id": m.id,
            "partner": m.partner,
            "name": m.name,
            "state": m.state,
            "received_at": m.received_at,
            "waits_for": "; ".join(waits.get(m.id, [])) or m.reason,
        }
        for m in [*queries.open_messages(), *queries.messages(states=[State.AWAITING])[::-1]]
    ]


def _short(at: str) -> str:
    return f"{at[:10]} {at[11:19]}Z"
