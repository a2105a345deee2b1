"""Which time belongs to which event. A time that is not the same for all of a container is not the container's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.formats.table.infer.relations import Container
from gateway.formats.table.infer.role import Role

#: Kinds of times that may say when a thing got its identifier, and when it was packed.
_MADE = ("commissioned", "time", "packed")
_PACKED = ("packed", "time")


@dataclass(frozen=True, slots=True)
class Times:
    """Times by thing.

    Attributes:
        made: when the smallest things got their identifiers; None when the sample does not say.
        packed: for each container when it was packed; None when the sample does not say.
        doubts: why a time could not be used.
    """

    made: Role | None
    packed: dict[str, Role | None]
    doubts: tuple[str, ...]


def find(roles: Sequence[Role], containers: Sequence[Container]) -> Times:
    """The times of the events of a flat table."""
    by_kind = {role.kind: role for role in reversed(roles)}
    made = _first(by_kind, _MADE)
    packed: dict[str, Role | None] = {}
    doubts = []
    for container in containers:
        role = _first(by_kind, _PACKED)
        packed[container.name] = role if role is not None and _same_within(role, container) else None
        if role is None:
            doubts.append(f"no column says when {plural(container.name)} were packed")
        elif packed[container.name] is None:
            doubts.append(
                f"{role.look.header!r} differs within a {container.name}, so it is not the time of its packing"
            )
    return Times(made, packed, tuple(doubts))


def plural(thing: str) -> str:
    """The things of this name."""
    return thing if thing.endswith("s") else f"{thing}s"


def _first(by_kind: Mapping[str, Role], kinds: Sequence[str]) -> Role | None:
    return next((by_kind[kind] for kind in kinds if kind in by_kind), None)


def _same_within(role: Role, container: Container) -> bool:
    """Whether a time is the same in all rows of a container."""
    if role.above:
        return True
    known: dict[str, str] = {}
    for sscc, time in zip(container.values, role.look.texts, strict=True):
        if sscc and time and known.setdefault(sscc, time) != time:
            return False
    return True
