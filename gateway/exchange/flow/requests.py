"""How a message is read: the conversion that an agreement asks for, from the archived original."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.agreements.load import Agreements
from gateway.agreements.model import Target
from gateway.convert import new_report
from gateway.epcis.events import Event
from gateway.errors import ConfigurationError, UsageError
from gateway.exchange.archive.store import Archive
from gateway.exchange.ledger.tables import Message
from gateway.opening import input_of, open_input, target_of
from gateway.request import Request


def request_for(agreements: Agreements, archive: Archive, message: Message, target: Target) -> Request:
    """The conversion of a message for one target.

    Raises:
        ConfigurationError: the message's channel or mapping is gone from the agreements, or its bytes are deleted.
    """
    if message.pruned_at:
        text = f"the bytes of {message.id} were deleted at {message.pruned_at}, as its agreement's retention says"
        raise ConfigurationError(text, hint="restore data/archive from a backup")
    _, channel = agreements.channel(message.channel)
    mapping = next((m for m in agreements.mappings[channel.id] if m.name == message.mapping), None)
    if message.mapping and mapping is None:
        # A replay may come after the mapping was renamed or taken out of the agreement.
        text = f"the agreement of channel {channel.id!r} has no mapping {message.mapping!r} any more"
        raise ConfigurationError(text, hint="replay the message with --from detect")
    return Request(
        source=archive.source(message.sha256, message.name),
        to=target.to,
        from_=message.format,
        mapping=mapping,
        to_mapping=agreements.target_mappings.get(target.id),
        values=target.set,
        loss=target.loss_mode,
        now=f"{message.received_at[:19]}Z",
        limits=agreements.limits[channel.id],
    )


def events_of(agreements: Agreements, archive: Archive, message: Message) -> Iterator[Event]:
    """The events of a message, read again from its archived original.

    Raises:
        GatewayError: it cannot be read: its bytes, channel or mapping are gone, or its content is wrong from there on.
    """
    request = request_of(agreements, archive, message)
    target = target_of(request.to)
    report = new_report(request)
    opened = open_input(input_of(request, report, target), report, target)
    yield from opened.document.events


def request_of(agreements: Agreements, archive: Archive, message: Message) -> Request:
    """The conversion of a message for the first receiver that gets its events.

    Raises:
        UsageError: it was never read, or nobody gets events of its channel.
        ConfigurationError: as `request_for`.
    """
    if not message.sha256 or not message.format:
        text = f"{message.id} was never read"
        raise UsageError(text, hint=message.reason)
    agreement, channel = agreements.channel(message.channel)
    targets = agreement.targets_of(channel)
    if not targets:
        text = f"nobody gets files of channel {channel.id!r}, so they are not read as events"
        raise UsageError(text)
    return request_for(agreements, archive, message, targets[0])
