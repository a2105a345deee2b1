"""What a simulator of a regulator's system is: it is given calls and replies to them, without a socket.

It checks each call against the schema and the rules that it can know, keeps state (which serial numbers were reported,
who owns them), and replies in the real system's shapes and codes. The server around it (`gateway simulate`) adds what
any system may do: be slow, cut the line, answer with a page of HTML or with 503.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.markets.client import Call, Reply


def _counter() -> Callable[[], str]:
    last = 0

    def following() -> str:
        nonlocal last
        last += 1
        return str(last)

    return following


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong on demand (``gateway simulate tr --fault NAME``).

    Attributes:
        name: a word with hyphens.
        title: what happens, in one line.
    """

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a simulator is to behave.

    Attributes:
        user: the name that may log in; empty for any.
        password: its password; empty for any.
        refuse: serial numbers, in the market's spelling, that are refused as unknown or wrong.
        faults: names of the market's own `Simulation.faults` that are on.
        ids: gives numbers and names that the system would draw, e.g. notification ids; the same ones in each run.
    """

    user: str = ""
    password: str = ""
    refuse: frozenset[str] = frozenset()
    faults: frozenset[str] = frozenset()
    ids: Callable[[], str] = field(default_factory=_counter)


class Simulator(Protocol):
    """One running simulator."""

    def reply(self, call: Call) -> Reply:
        """Reply to a call: `Call.path` has its query, `Call.headers` have names in small letters. Never raises."""

    def state(self) -> Mapping[str, object]:
        """What it knows, for people and for tests: e.g. serial numbers and their owners."""


def without_query(path: str) -> str:
    """A path alone."""
    return path.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Simulation:
    """How a market is simulated.

    Attributes:
        start: makes a simulator with empty state.
        faults: what can go wrong on demand, besides what any system may do.
        unlike: how it differs from the real system, and what it cannot know, for the page of the market.
        shown: how the path of a call is shown to people: without what may tell of single packs.
    """

    start: Callable[[Rehearsal], Simulator]
    faults: tuple[Fault, ...] = ()
    unlike: tuple[str, ...] = ()
    shown: Callable[[str], str] = without_query
