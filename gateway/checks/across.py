"""The story of an object over many files: what a new message says that earlier ones contradict.

Pure: it is given what is known of one object, in the order of time, and gives what is wrong. Contradictions inside one
file are told when that file is checked; here one side is in the new message and the other one is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.findings import Rule, Severity

REUSED: Final = Rule(
    "SERIAL-01",
    Severity.ERROR,
    "a serial number is commissioned that was commissioned in another message",
    "A serial number is given to one object of its product, once (CBV 2.0, clause 8.2).",
    "find out which of the two messages is wrong; void it, or ask the packer for other serial numbers",
)
DIFFERENT: Final = Rule(
    "SERIAL-02",
    Severity.ERROR,
    "two messages say different things about lot, expiry or another attribute of the same object",
    "Attributes of an object hold for its life (EPCIS 2.0, clause 7.3.8).",
    "find out which of the two messages is wrong, and void it",
)
TOO_LATE: Final = Rule(
    "SERIAL-03",
    Severity.ERROR,
    "something was packed, in another message, before it was commissioned",
    "An object comes into being before it is put into a container.",
    "correct the times, or void the wrong message",
)
UNBORN: Final = Rule(
    "SERIAL-04",
    Severity.WARNING,
    "something is packed that no message has commissioned",
    "Its lot and expiry are not known, and most regulators ask for them. The message may still come.",
    "ask for the commissioning message",
)
TWO_PARENTS: Final = Rule(
    "SERIAL-05",
    Severity.ERROR,
    "something is packed into a container while another message has it in a second one",
    "An object is in one container at a time (EPCIS 2.0, clause 7.4.3).",
    "send the unpacking that is missing, or void the wrong message",
)
SHIPPED_TWICE: Final = Rule(
    "SERIAL-06",
    Severity.WARNING,
    "something is shipped again that another message shipped, and nobody received or returned it in between",
    "Two dispatch notes for the same pack are a mistake, unless each is another leg of the same way.",
    "find out whether one of the shipments is wrong; void it",
)
AFTER_END: Final = Rule(
    "SERIAL-07",
    Severity.ERROR,
    "something is used that another message has decommissioned or destroyed",
    "Nothing happens to an object after its end.",
    "correct the times, or void the wrong message",
)
RETOLD: Final = Rule(
    "SERIAL-08",
    Severity.ERROR,
    "a replay says something else of serial numbers than the run of the same file that was delivered",
    "Only one reading of a file can be right, and receivers have the other one.",
    "if this one is right, void the other one (gateway serials --void ID) and replay it; with `contradictions: report`"
    " it takes its place",
)
TOO_MANY_EVENTS: Final = Rule(
    "SERIAL-90",
    Severity.ERROR,
    "a message has more events than the store counts",
    "The store numbers the events of a message.",
    "split the message",
)
RULES: Final = (
    REUSED,
    DIFFERENT,
    TOO_LATE,
    UNBORN,
    TWO_PARENTS,
    SHIPPED_TWICE,
    AFTER_END,
    RETOLD,
    TOO_MANY_EVENTS,
)

#: How canonical SSCCs begin.
_CONTAINERS: Final = "https://id.gs1.org/00/"
_ARRIVALS: Final = frozenset(
    {"receiving", "accepting", "arriving", "returning", "void_shipping", "stocking", "storing"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What one event says about the object.

    Attributes:
        kind: ``born``, ``packed``, ``unpacked``, ``observed`` or ``ended``.
        step: bare word of the business step, where it is a standard one.
        place: which event it is, in words.
        here: whether it is in the message that is looked at.
        parent: the container, for packing and unpacking; empty when an unpacking names none.
        attributes: ILMD by local name, of a birth.
        number: number of the event in its message.
    """

    kind: str
    step: str
    place: str
    here: bool
    parent: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A rule that is broken, at an event of the message, because of `other`."""

    rule: Rule
    text: str
    at: Fact
    other: Fact | None = None


def contradictions(epc: str, facts: Sequence[Fact]) -> Iterator[Contradiction]:
    """What the facts about one object contradict.

    Args:
        epc: the object, as a canonical Digital Link where it is a GS1 key.
        facts: of all messages, in the order of time.
    """
    births = [fact for fact in facts if fact.kind == "born"]
    for one, two in _pairs(births):
        yield Contradiction(REUSED, f"{epc} was commissioned by {two.place} already", one, two)
        differing = sorted(
            name
            for name in dict(one.attributes).keys() & dict(two.attributes).keys()
            if dict(one.attributes)[name] != dict(two.attributes)[name]
        )
        for name in differing:
            values = f"{dict(one.attributes)[name]!r} here and {dict(two.attributes)[name]!r} in {two.place}"
            yield Contradiction(DIFFERENT, f"{name} of {epc} is {values}", one, two)
    yield from _birth(epc, facts, births)
    yield from _life(epc, facts)


def _pairs(births: Sequence[Fact]) -> Iterator[tuple[Fact, Fact]]:
    """Each birth in the message, with the first one elsewhere."""
    elsewhere = next((fact for fact in births if not fact.here), None)
    if elsewhere is not None:
        yield from ((fact, elsewhere) for fact in births if fact.here)


def _birth(epc: str, facts: Sequence[Fact], births: Sequence[Fact]) -> Iterator[Contradiction]:
    packings = [fact for fact in facts if fact.kind == "packed"]
    if not births:
        # A container is most often told by what is packed into it, and nobody asks for its lot.
        here = next((fact for fact in packings if fact.here), None) if not epc.startswith(_CONTAINERS) else None
        if here is not None:
            yield Contradiction(UNBORN, f"{epc} is packed into {here.parent}, and no message commissioned it", here)
        return
    first = facts.index(births[0])
    for packing in packings:
        if facts.index(packing) < first and packing.here != births[0].here:
            text = f"{epc} is packed by {packing.place} before {births[0].place} commissions it"
            at, other = _sides(packing, births[0])
            yield Contradiction(TOO_LATE, text, at, other)
            return


def _life(epc: str, facts: Sequence[Fact]) -> Iterator[Contradiction]:
    yield from _end(epc, facts)
    yield from _places(epc, facts)
    yield from _shipments(epc, facts)


def _end(epc: str, facts: Sequence[Fact]) -> Iterator[Contradiction]:
    ended: Fact | None = None
    for fact in facts:
        if ended is not None and fact.kind != "born" and fact.here != ended.here:
            at, other = _sides(fact, ended)
            text = f"{epc} is used by {fact.place}, but {ended.place} ended its life"
            yield Contradiction(AFTER_END, text, at, other)
            return  # once is enough
        if fact.kind == "ended" and ended is None:
            ended = fact


def _places(epc: str, facts: Sequence[Fact]) -> Iterator[Contradiction]:
    inside: Fact | None = None
    for fact in facts:
        if fact.kind == "packed":
            if inside is not None and inside.parent != fact.parent and inside.here != fact.here:
                at, other = _sides(fact, inside)
                text = f"{epc} is packed into {fact.parent} by {fact.place}, but is in {inside.parent}"
                yield Contradiction(TWO_PARENTS, text, at, other)
            inside = fact
        elif fact.kind == "unpacked" and inside is not None and fact.parent in ("", inside.parent):
            inside = None


def _shipments(epc: str, facts: Sequence[Fact]) -> Iterator[Contradiction]:
    shipped: Fact | None = None
    for fact in facts:
        if fact.step == "shipping":
            if shipped is not None and shipped.here != fact.here:
                at, other = _sides(fact, shipped)
                text = f"{epc} is shipped by {fact.place}, and was shipped by {shipped.place}"
                yield Contradiction(SHIPPED_TWICE, text, at, other)
            shipped = fact
        elif fact.step in _ARRIVALS:
            shipped = None


def _sides(one: Fact, other: Fact) -> tuple[Fact, Fact]:
    """The one in the message first."""
    return (one, other) if one.here else (other, one)
