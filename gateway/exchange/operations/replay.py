"""Running a message again from its archived original: a new message, linked to the old one."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import UsageError
from gateway.exchange.flow.names import RESEND
from gateway.exchange.ledger.tables import FINAL, Message, State
from gateway.exchange.operations.settling import unsettled
from gateway.exchange.workspace import Workspace

#: Where a replay may begin. From ``check`` on the archived outputs are taken as they are; ``deliver`` is checked too.
STEPS = ("detect", "convert", "check", "deliver")

#: Replays that take over the outputs of the old message.
WITH_OUTPUTS = ("check", "deliver", RESEND)


def replay(
    workspace: Workspace,
    id_: str,
    start: str = "detect",
    *,
    again: bool = False,
    then: bool = False,
    only: Sequence[str] = (),
) -> Message:
    """Record a replay; the running gateway, or the next one, processes it.

    Only targets that do not have the message's files yet get them, unless `again` is given.

    Args:
        workspace: the workspace.
        id_: the message.
        start: one of `STEPS`, or `RESEND`.
        again: deliver also to targets that have the files already.
        then: convert with the workspace's mappings as they were when the old message came, not with those of now.
        only: targets that get something; empty for all of the channel.

    Raises:
        UsageError: there is nothing to do; says why and what to do instead.
        ConfigurationError: an agreement is wrong, or the message's channel is gone.
    """
    old = workspace.queries.message(id_)
    _refuse(workspace, old, start)
    agreement, channel = workspace.agreements.channel(old.channel)
    targets = [target.id for target in agreement.targets_of(channel) if not only or target.id in only]
    root = workspace.queries.root(old)
    with workspace.database.read() as session:
        doubtful = sorted(unsettled(session, root.id) & set(targets))
    if doubtful:
        message = f"it is not known whether {', '.join(doubtful)} took what was sent of {root.id}"
        raise UsageError(message, hint="find out, then say it: gateway settle ID; else it may be taken twice")
    if not again:
        served = workspace.queries.delivered_targets(root.id)
        targets = [target for target in targets if target not in served]
        if not targets:
            message = f"every target of {old.id} has its files already"
            raise UsageError(message, hint="nothing to do; to send them once more add --again")
    configuration = workspace.ledger.configuration(workspace.agreements.files)
    if then:
        configuration = old.configuration
    return workspace.ledger.replay(old, root.id, start, targets, configuration)


def _refuse(workspace: Workspace, old: Message, start: str) -> None:
    state = State(old.state)
    if state not in FINAL:
        message = f"{old.id} is still at work ({state.value})"
        raise UsageError(message, hint=f"wait for it: gateway show {old.number}")
    if state is State.DUPLICATE:
        message = f"{old.id} is a duplicate of {old.duplicate_of}"
        raise UsageError(message, hint=f"replay that one: gateway replay {old.duplicate_of}")
    if not old.sha256:
        message = f"{old.id} was never taken from its sender, so there is nothing in the archive to replay"
        raise UsageError(message, hint="raise the limit that refused it, or ask the sender for smaller files")
    if start in WITH_OUTPUTS and not workspace.queries.lineage(old.id).outputs:
        message = f"{old.id} has no outputs that could be delivered"
        raise UsageError(message, hint="replay it with --from detect")
