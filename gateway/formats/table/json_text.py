"""Reads JSON value by value from a text that comes in pieces. Nothing is held but the value that is being read.

Numbers stay as they are written, names that stand twice in an object and NaN are refused.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Rule, Where
from gateway.formats.base import Limits
from gateway.formats.table import rules, rules_records
from gateway.formats.table.cells import Number

PIECE = 1 << 18
_SPACE = " \t\r\n"
#: An error this near the end of what was read may be an error of a value that is only cut.
_NEAR = 64
#: A record larger than this is none; what is read before it is given up stays in memory.
MOST = 32 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Refused(ValueError):
    """JSON that the grammar allows, and that nobody can read safely."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        message = f"the name {twice!r} stands twice in an object"
        raise Refused(message)
    return made


def _constant(word: str) -> Any:
    message = f"{word} is no JSON"
    raise Refused(message)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Number, parse_int=Number, parse_constant=_constant, strict=True
)


class Text:
    """A JSON text that is read piece by piece.

    Args:
        stream: the file, at its beginning.
        name: its name, for findings.
        limits: bounds.
    """

    def __init__(self, stream: BinaryIO, name: str, limits: Limits) -> None:
        self._stream = stream
        self._name = name
        self._most = min(MOST, limits.event_bytes)
        start = stream.read(4)
        encoding = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "")
        stream.seek(3 if encoding == "utf-8" else 0)
        self._decoder = codecs.getincrementaldecoder(encoding or "utf-8")()
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._end = False

    def peek(self) -> str:
        """The next character that is no blank, without taking it; empty at the end.

        Raises:
            InputError: the bytes are not UTF-8.
        """
        while True:
            buffer, at = self._buffer, self._at
            while at < len(buffer) and buffer[at] in _SPACE:
                at += 1
            self._at = at
            if at < len(buffer):
                return buffer[at]
            if not self._more():
                return ""

    def expect(self, characters: str) -> str:
        """Take the next character, which must be one of these."""
        found = self.peek()
        if not found or found not in characters:
            wanted = " or ".join(map(repr, characters))
            what = repr(found) if found else "the end of the file"
            raise InputError(self.finding(rules_records.JSON_FORM, f"expected {wanted}, found {what}"))
        self._at += 1
        return found

    def value(self) -> Any:
        """Take the next value.

        Raises:
            InputError: it is no JSON, has a name twice, or is cut off.
            LimitExceeded: it is too large, or nested too deeply.
        """
        self.peek()
        want = PIECE
        while True:
            try:
                found, end = _DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if not self._may_be_cut(error) or not self._more(want):
                    raise InputError(self._wrong(error)) from error
                want *= 2
                continue
            except Refused as error:
                raise InputError(self.finding(rules_records.JSON_FORM, str(error))) from error
            except RecursionError as error:
                raise LimitExceeded(self.finding(rules.TOO_LARGE, "a value is nested too deeply")) from error
            if isinstance(found, Number) and end == len(self._buffer) and self._more():
                continue  # its digits may go on
            self._at = end
            return found

    def name(self) -> str:
        """Take the next value, which must be a text: a name in an object."""
        if self.peek() != '"':
            self.expect('"')
        return str(self.value())

    def finding(self, rule: Rule, message: str) -> Finding:
        """A finding at the place that was reached."""
        line = self._line + self._buffer.count("\n", 0, self._at)
        return Finding.of(rule, message, where=Where(file=self._name, line=line))

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        return error.pos + _NEAR >= len(self._buffer) or error.msg.startswith("Unterminated string")

    def _wrong(self, error: json.JSONDecodeError) -> Finding:
        at_end = error.pos >= len(self._buffer.rstrip(_SPACE)) or error.msg.startswith("Unterminated string")
        cut = self._end and at_end
        line = self._line + self._buffer.count("\n", 0, error.pos)
        message = "the JSON ends in the middle of a value" if cut else f"no JSON: {error.msg}"
        value = "" if cut else self._buffer[max(error.pos - 20, 0) : error.pos + 20]
        return Finding.of(rules_records.JSON_FORM, message, where=Where(file=self._name, line=line), value=value)

    def _more(self, want: int = PIECE) -> bool:
        """Read on; False at the end of the file."""
        if self._end:
            return False
        self._line += self._buffer.count("\n", 0, self._at)
        self._buffer = self._buffer[self._at :]
        self._at = 0
        if len(self._buffer) > self._most:
            message = f"a value has more than {self._most:,} characters"
            raise LimitExceeded(self.finding(rules.TOO_LARGE, message))
        data = self._stream.read(want)
        self._end = len(data) < want
        try:
            text = self._decoder.decode(data, final=self._end)
        except UnicodeDecodeError as error:
            wrong = error.object[error.start : error.end].hex(" ")
            found = self.finding(rules.ENCODING, f"bytes {wrong} are not UTF-8, in which JSON is written")
            raise InputError(found) from error
        self._buffer += text
        return bool(text) or not self._end

    def consumed(self) -> int:
        """How many bytes of the file were read."""
        return self._stream.tell()


def scalars(value: dict[str, Any], skip: str = "") -> Iterator[tuple[str, str | bool]]:
    """The values of an object and of the objects inside it, by dotted name; lists of plain values with spaces between.

    Args:
        value: the object.
        skip: a name that is left out.
    """
    for name, inside in value.items():
        if name == skip:
            continue
        if isinstance(inside, dict):
            yield from ((f"{name}.{inner}", one) for inner, one in scalars(inside))
        elif isinstance(inside, list):
            yield from _listed(name, inside)
        elif inside is not None:
            yield name, inside
        else:
            yield name, ""


def _listed(name: str, values: list[Any]) -> Iterator[tuple[str, str | bool]]:
    """Each element under its own number: which of them is meant is a matter of the mapping."""
    for number, one in enumerate(values, 1):
        if isinstance(one, dict):
            yield from ((f"{name}.{number}.{inner}", value) for inner, value in scalars(one))
        elif isinstance(one, list):
            yield from _listed(f"{name}.{number}", one)
        else:
            yield f"{name}.{number}", "" if one is None else one
