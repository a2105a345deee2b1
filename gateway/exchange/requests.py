"""How a message is read: the conversion that an agreement asks for, from the archived original."""

from __future__ import annotations

from gateway.agreements.load import Agreements
from gateway.agreements.model import Target
from gateway.errors import ConfigurationError
from gateway.exchange.archive import Archive
from gateway.exchange.tables import Message
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
