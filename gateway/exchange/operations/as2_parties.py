"""The AS2 partners of a workspace: what agreements say about each pair of ids, put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.agreements.load import Agreements
from gateway.errors import UsageError
from gateway.transports.as2_http.settings import As2Settings

KEY = "as2"


@dataclass
class Party:
    """A partner under a pair of ids.

    Attributes:
        partner: id of the partner in its agreement.
        us: our AS2 id.
        them: theirs.
        channels: ids and settings of the channels that its messages come into.
        targets: ids and settings of the targets that are sent to it.
    """

    partner: str
    us: str
    them: str
    channels: dict[str, As2Settings] = field(default_factory=dict)
    targets: dict[str, As2Settings] = field(default_factory=dict)

    @property
    def settings(self) -> As2Settings:
        """What messages of the partner must be: the first channel says it, or else the first target."""
        return next(iter([*self.channels.values(), *self.targets.values()]))

    @property
    def sending(self) -> As2Settings | None:
        """How messages are sent to the partner; None if none are."""
        return next((one for one in [*self.targets.values(), *self.channels.values()] if one.url), None)

    @property
    def all(self) -> list[tuple[str, As2Settings]]:
        """All places in agreements and their settings."""
        return [(f"channel {id_}", one) for id_, one in self.channels.items()] + [
            (f"target {id_}", one) for id_, one in self.targets.items()
        ]


def parties(agreements: Agreements) -> list[Party]:
    """All AS2 partners, in the order of the agreements."""
    found: dict[tuple[str, str], Party] = {}
    for agreement in agreements.all:
        for channel in agreement.channels:
            if isinstance(channel.settings, As2Settings):
                one = channel.settings
                party = found.setdefault((one.us, one.them), Party(agreement.partner.id, one.us, one.them))
                party.channels[channel.id] = one
        for target in agreement.targets:
            if isinstance(target.settings, As2Settings):
                one = target.settings
                whose = target.partner or agreement.partner.id
                party = found.setdefault((one.us, one.them), Party(whose, one.us, one.them))
                party.targets[target.id] = one
    return list(found.values())


def party(agreements: Agreements, name: str) -> Party:
    """The partner that is meant by the id of its agreement, its AS2 id, or a channel's or target's id.

    Raises:
        UsageError: there is none, or several.
    """
    everybody = parties(agreements)
    for names in (_ids, _places):
        found = [one for one in everybody if name in names(one)]
        if len(found) == 1:
            return found[0]
        if found:
            told = ", ".join(f"{id_} ({one.us} - {one.them})" for one in found for id_ in _places(one))
            message = f"{name!r} stands for several: {told}"
            raise UsageError(message, hint="name a channel or a target")
    known = ", ".join(one.them for one in everybody) or "none: no agreement has `transport: as2`"
    message = f"there is no AS2 partner {name!r}; known: {known}"
    raise UsageError(message)


def stated(agreements: Agreements) -> Iterator[As2Settings]:
    """All settings, those of channels first: they say what messages must be."""
    everybody = parties(agreements)
    for one in everybody:
        yield from one.channels.values()
    for one in everybody:
        yield from one.targets.values()


def _ids(one: Party) -> set[str]:
    return {one.partner, one.them}


def _places(one: Party) -> list[str]:
    return [*one.channels, *one.targets]


def folders(agreements: Agreements) -> list[Path]:
    """Data folders of all partners; one, as a rule."""
    return list(dict.fromkeys(one.data for one in stated(agreements)))
