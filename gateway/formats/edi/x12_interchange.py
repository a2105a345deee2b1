"""X12 interchanges around messages: ISA GS ST ... SE GE IEA with counts, and separators that stand in no value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.formats.edi.x12_settings import Frame
from gateway.formats.edi.x12_syntax import Separators, written, written_isa

#: A segment: its tag and its elements; those with components as tuples.
Part = tuple[str, Sequence[str | Sequence[str]]]

#: Characters that may become element, component, terminator and repetition separator; the usual ones first.
_CANDIDATES = ("*|!%", ":><&", "~`{'", "^@}#")


def texts(messages: Iterable[Iterable[Part]]) -> list[str]:
    """All values of segments."""
    values = [value for parts in messages for _, values in parts for value in values]
    return [text for value in values for text in ([value] if isinstance(value, str) else value)]


def separators(values: Iterable[str], given: str = "") -> Separators | str:
    """Separators that stand in no value.

    Args:
        values: all values that will be written.
        given: the four separators that a partner asks for, empty to choose them.

    Returns:
        The separators; or the characters of `given` that stand in values, empty when all candidates do.
    """
    used = set("".join(set(values)))
    chosen = given or "".join(next((mark for mark in some if mark not in used), "") for some in _CANDIDATES)
    if used.intersection(chosen) or len(chosen) < len(_CANDIDATES):
        return "".join(sorted(used.intersection(chosen)))
    return Separators(*chosen)


def interchange(
    about: Frame, group: str, kind: str, messages: Sequence[Sequence[Part]], marks: Separators
) -> Iterator[str]:
    """An interchange with one group of messages, segment by segment; counts and control numbers are right.

    Args:
        about: what ISA and GS say.
        group: functional identifier (GS01).
        kind: transaction set (ST01).
        messages: what stands between ST and SE of each message.
        marks: separators.
    """
    # From 00402 on ISA11 is the repetition separator; before, it names the standard.
    repetition = marks.repetition if about.version >= "00402" else "U"
    isa = ["00", "", "00", "", *about.sender, *about.receiver, about.day[2:], about.minute, repetition]
    yield written_isa([*isa, about.version[:5], about.control, "0", about.usage], marks)
    head = [group, about.group_sender, about.group_receiver, about.day, about.minute, about.group_control]
    yield written("GS", [*head, "X", about.version], marks)
    # An implementation guide has its name in ST03, too.
    guide = [about.version] if len(about.version) > len("005010") else []
    for number, parts in enumerate(messages, 1):
        yield written("ST", [kind, f"{number:04}", *guide], marks)
        for tag, values in parts:
            yield written(tag, values, marks)
        yield written("SE", [str(len(parts) + 2), f"{number:04}"], marks)
    yield written("GE", [str(len(messages)), about.group_control], marks)
    yield written("IEA", ["1", about.control], marks)
