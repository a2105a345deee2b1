"""What an operator does to the flow: hold, release, cancel, send again. All of it stands in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.errors import UsageError
from gateway.exchange.clock import stamp
from gateway.exchange.flow.holds import CHANNEL, PARTNER, TARGET, Holds, wake
from gateway.exchange.flow.names import RESEND
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.rows import message_row
from gateway.exchange.ledger.tables import ENDED, FINAL, Delivery, DeliveryState, History, Message, State
from gateway.exchange.operations.replay import replay
from gateway.exchange.operations.settling import doubtful
from gateway.exchange.serials.store import forget
from gateway.exchange.workspace import Workspace


def hold(workspace: Workspace, kind: str, key: str, reason: str) -> None:
    """Stop a partner, a channel or a target until it is released.

    Raises:
        UsageError: there is no such thing in the agreements, or it is held already.
    """
    known = _known(workspace, kind)
    if key not in known:
        message = f"the agreements have no {kind} {key!r}"
        raise UsageError(message, hint=f"known: {', '.join(known)}")
    if not Holds(workspace.database, workspace.clock).put(kind, key, workspace.actor.who, reason):
        message = f"{kind} {key} is held already"
        raise UsageError(message, hint="`gateway status` says since when and why")


def release(workspace: Workspace, kind: str, key: str) -> None:
    """Let a partner, a channel or a target go on.

    Raises:
        UsageError: it is not held.
    """
    if not Holds(workspace.database, workspace.clock).lift(kind, key):
        message = f"{kind} {key} is not held"
        raise UsageError(message, hint="`gateway status` lists what is held; `hold: true` stands in an agreement")


def cancel(workspace: Workspace, id_: str, reason: str) -> int:
    """End a message that is at work; returns how many of its deliveries were made already.

    Raises:
        UsageError: there is no such message, or it is at an end.
    """
    found = workspace.queries.message(id_)
    at = stamp(workspace.clock())
    doubts = doubtful(workspace, found.id)
    with workspace.database.write() as session:
        message = message_row(session, found.id)
        if message.state in FINAL:
            text = f"{message.id} is at an end already ({message.state})"
            raise UsageError(text, hint="nothing to cancel")
        deliveries = session.scalars(sa.select(Delivery).where(Delivery.message == message.id)).all()
        made = sum(delivery.state == DeliveryState.DELIVERED for delivery in deliveries)
        for delivery in deliveries:
            if delivery.state not in ENDED:
                delivery.state, delivery.next_try_at = DeliveryState.CANCELLED, ""
                if delivery.id in doubts:
                    delivery.state, delivery.error = DeliveryState.UNCERTAIN, "cancelled, and it may have arrived"
                    facts = {"target": delivery.target, "error": delivery.error}
                    audit.note(session, audit.Entry(at, "uncertain", delivery.id, facts))
        detail = f"cancelled: {reason}" if reason else "cancelled"
        if made:
            detail += f"; {made} of {len(deliveries)} deliveries were made before"
        message.state, message.reason, message.closed_at = State.CANCELLED, detail, at
        session.add(History(message=message.id, at=at, state=State.CANCELLED, detail=detail))
        forget(session, message.id, at)
        wake(session, [message.id, *(delivery.id for delivery in deliveries)], at)
        audit.note(session, audit.Entry(at, "cancel", message.id, {"delivered": made}))
    return made


def resend(workspace: Workspace, id_: str, targets: Sequence[str] = ()) -> Message:
    """Deliver the same bytes under the same names once more; a new message, linked to the old one.

    Args:
        workspace: the workspace.
        id_: the message.
        targets: who gets it; by default every target that has it.

    Raises:
        UsageError: a target never got it.
    """
    old = workspace.queries.message(id_)
    served = sorted(workspace.queries.delivered_targets(workspace.queries.root(old).id))
    for target in targets:
        if target not in served:
            message = f"{target!r} never got {old.id}"
            raise UsageError(message, hint=f"it was delivered to {', '.join(served) or 'nobody'}; use `gateway replay`")
    if not served:
        message = f"{old.id} was delivered to nobody"
        raise UsageError(message, hint=f"run it again: gateway replay {old.number}")
    return replay(workspace, id_, RESEND, again=True, only=tuple(targets) or tuple(served))


def _known(workspace: Workspace, kind: str) -> list[str]:
    agreements = workspace.agreements
    targets = [target for agreement in agreements.all for target in agreement.targets]
    found = {
        PARTNER: [agreement.partner.id for agreement in agreements.all] + [target.receiver for target in targets],
        CHANNEL: [channel.id for _, channel in agreements.channels()],
        TARGET: [target.id for target in targets],
    }
    return sorted(set(found[kind]))
