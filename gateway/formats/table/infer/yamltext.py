"""A proposed mapping as YAML that people read and correct: short lines, and a comment where somebody must decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.formats.table.infer.proposal import Proposal

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9-]*(?:/[a-z0-9-]+)?")
#: Words that YAML takes for something else than text.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_WIDTH = 118
_FOUR_DIGITS = 0xFFFF


def render(proposal: Proposal) -> str:
    """The text of the mapping file."""
    return "\n".join(_lines(proposal)) + "\n"


def _lines(proposal: Proposal) -> Iterator[str]:
    spec = proposal.spec
    yield f"# Proposed from {_safe(proposal.sample)}. Read it, answer the questions, and run `gateway mapping check`."
    yield from _questions(proposal)
    for key in ("mapping", "version", "title"):
        yield f"{key}: {_value(spec[key])}"
    yield f"identify: {_value(spec['identify'])}"
    yield from _section("table", spec["table"], {})
    if "company-prefix" in proposal.settings:
        yield '# company_prefixes: ["…"]  # instead of --set company-prefix='
    if "settings" in spec:
        yield from _section("settings", spec["settings"], {})
    yield from _section("fields", spec["fields"], proposal.comments)
    yield from _section("objects", spec["objects"], {})
    yield "events:"
    for event in spec["events"]:
        for index, (key, value) in enumerate(event.items()):
            yield f"  {'- ' if not index else '  '}{key}: {_value(value)}"


def _questions(proposal: Proposal) -> Iterator[str]:
    if proposal.questions:
        yield "#"
        yield "# To decide:"
    for number, question in enumerate(proposal.questions, 1):
        yield from _wrapped(f"{number}. {_safe(question.about)}: {_safe(question.text)}")


def _section(name: str, values: Mapping[str, Any], comments: Mapping[str, str]) -> Iterator[str]:
    yield f"{name}:"
    for key, value in values.items():
        if comments.get(key):
            yield from (f"  {line}" for line in _wrapped(_safe(comments[key])))
        yield f"  {key}: {_value(value)}"


def _wrapped(text: str) -> Iterator[str]:
    line = "#"
    for word in text.split(" "):
        if len(line) + len(word) >= _WIDTH and line != "#":
            yield line
            line = "#  "
        line += f" {word}"
    yield line


def _safe(text: str) -> str:
    """Text from outside that cannot end a comment's line."""
    return "".join(character if character.isprintable() else " " for character in text)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_value(key)}: {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return str(value)
    return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))


def _escaped(character: str) -> str:
    """A character inside double quotes; what a YAML file must not hold, or people cannot see, by its number."""
    number = ord(character)
    if character.isprintable():
        return character
    return f"\\u{number:04x}" if number <= _FOUR_DIGITS else f"\\U{number:08x}"
