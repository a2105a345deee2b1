"""Text from outside, shown to people: it must not steer a terminal, hide what is beside it, or break a line."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with escapes for what is no visible character, e.g. the colours and titles in a file's name."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
