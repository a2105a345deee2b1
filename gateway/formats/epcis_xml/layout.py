"""Indentation of finished XML text, for people. Whitespace goes only where it means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(r"<[^>]*>|[^<]+")  # writers escape ">" everywhere, so a tag ends at the first one
STEP: Final = "  "


def indented(fragment: str, depth: int) -> str:
    """Indent whole elements; each ends with a line end. Elements that hold text are left as they are."""
    return "".join(_indented(_TOKEN.findall(fragment), depth))


def _indented(tokens: list[str], depth: int) -> Iterator[str]:
    texts = _with_text(tokens)
    inline = 0  # how many open elements hold text: inside of them every character counts
    stack: list[bool] = []
    for number, token in enumerate(tokens):
        if token.startswith("</"):
            held = stack.pop()
            depth -= 1
            opened = tokens[number - 1]
            empty = opened.startswith("<") and not opened.startswith("</") and not opened.endswith("/>")
            if not inline and not empty:
                yield STEP * depth
            inline -= held
            yield token
            if not inline:
                yield "\n"
        elif token.startswith("<"):
            if not inline:
                yield STEP * depth
            yield token
            if token.endswith("/>"):
                if not inline:
                    yield "\n"
                continue
            held = number in texts
            stack.append(held)
            inline += held
            depth += 1
            if not inline and not tokens[number + 1].startswith("</"):
                yield "\n"
        else:
            yield token


def _with_text(tokens: list[str]) -> set[int]:
    """Positions of the start tags whose elements hold text directly."""
    found = set()
    stack: list[int] = []
    for number, token in enumerate(tokens):
        if token.startswith("</"):
            stack.pop()
        elif not token.startswith("<"):
            found.update(stack[-1:])
        elif not token.endswith("/>"):
            stack.append(number)
    return found
