"""MIME headers: read leniently, written strictly.

Read: folded lines, bare line feeds, odd parameters. Written: one line a field, CRLF, ASCII, no field that a peer could
end early (RFC 4130, 5.2; RFC 2045; RFC 2231 for file names).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.header import decode_header, make_header
from email.message import Message
from typing import Any
from urllib.parse import quote

from gateway.transports.as2.content import Region
from gateway.transports.as2.errors import ProcessingFailed

HEAD_SIZE = 64 * 1024
"""Largest header block, in bytes."""

_FIELDS = 200
_VALUE = 8 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Headers:
    """Fields in their order; names are the same in upper and lower case.

    Args:
        fields: names and values, unfolded.
    """

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self.fields = [(name, value) for name, value in fields]

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, without spaces around it."""
        folded = name.lower()
        return next((value.strip() for key, value in self.fields if key.lower() == folded), default)

    def count(self, name: str) -> int:
        """How often a field is there."""
        return sum(key.lower() == name.lower() for key, _ in self.fields)

    def parameter(self, name: str, key: str) -> str:
        """A parameter of a structured field, e.g. the ``boundary`` of ``Content-Type``; empty if there is none.

        If it is there twice, the form of RFC 2231 counts, which can hold every character.
        """
        message = Message()
        message[name] = self.get(name)[:_VALUE]
        try:
            # With the form of RFC 2231 the values are tuples, whatever the annotations of the library say.
            parameters: list[tuple[str, Any]] = list(message.get_params([], name, unquote=False) or [])
            found = [value for stated, value in parameters if stated.lower() == key]
            best = next((value for value in found if isinstance(value, tuple)), found[0] if found else "")
            return _unquoted(best)
        except (ValueError, LookupError, TypeError, AttributeError):  # whatever the library makes of odd parameters
            return ""

    def content_type(self) -> str:
        """``type/subtype`` in small letters; ``application/octet-stream`` if there is none."""
        value = self.get("Content-Type").partition(";")[0].strip().lower()
        return value if value.count("/") == 1 else "application/octet-stream"

    def encoding(self) -> str:
        """The transfer encoding. None means binary in AS2, since HTTP carries every byte."""
        return self.get("Content-Transfer-Encoding", "binary").partition(";")[0].strip().lower() or "binary"

    def filename(self) -> str:
        """The file's name as the peer spells it, decoded; metadata only, never a path. Empty if there is none."""
        found = self.parameter("Content-Disposition", "filename") or self.parameter("Content-Type", "name")
        return _decoded(found)


def _unquoted(value: str | tuple[str | None, str | None, str]) -> str:
    """A parameter's text; a tuple is the form of RFC 2231, with the bytes of its character set."""
    text = value if isinstance(value, str) else value[2]
    text = text.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = _ESCAPE.sub(r"\1", text[1:-1])
    charset = "" if isinstance(value, str) else value[0] or "utf-8"
    if not charset:
        return text
    raw = text.encode("latin-1", "replace")
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("latin-1")


def _decoded(value: str) -> str:
    """Undo RFC 2047, which many peers use where RFC 2231 belongs."""
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError, TypeError):
        return value


def parse(data: bytes) -> Headers:
    """Read a header block without its empty line.

    Raises:
        ProcessingFailed: it is too large, or a line is no field.
    """
    if len(data) > HEAD_SIZE:
        message = "the headers of a part are too large"
        raise ProcessingFailed(message)
    fields: list[tuple[str, str]] = []
    for raw in data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        line = raw.rstrip("\r")
        if line[:1] in {" ", "\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if not line:
            continue
        if not colon or not _TOKEN.fullmatch(name.strip()):
            message = "a part does not begin with MIME headers"
            raise ProcessingFailed(message)
        fields.append((name.strip(), value.strip()))
        if len(fields) > _FIELDS:
            message = "a part has too many headers"
            raise ProcessingFailed(message)
    return Headers(fields)


def split(part: Region) -> tuple[Headers, Region]:
    """Headers and body of a MIME entity.

    Raises:
        ProcessingFailed: it does not begin with headers.
    """
    begin = part.head(HEAD_SIZE)
    if begin[:1] == b"\n" or begin[:2] == b"\r\n":
        # No headers at all.
        return Headers(), part.part(1 if begin[:1] == b"\n" else 2, part.size)
    found = _END.search(begin)
    if not found:
        message = "a part has no end of its headers"
        raise ProcessingFailed(message)
    return parse(begin[: found.start()]), part.part(found.end(), part.size)


def check_text(part: Region) -> None:
    """See to it that a part is small and printable ASCII.

    Raises:
        ProcessingFailed: it is not.
    """
    if part.size > HEAD_SIZE or not _TEXT.fullmatch(part.slice(0, part.size)):
        message = "odd bytes in or before headers that no signature covers"
        raise ProcessingFailed(message)


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """A header block with its empty line.

    Raises:
        ValueError: a field would break the block.
    """
    return b"".join(f"{checked(name, value)}\r\n".encode("ascii") for name, value in fields) + b"\r\n"


def checked(name: str, value: str) -> str:
    """``name: value``, if it fits in one line of ASCII.

    Raises:
        ValueError: it does not.
    """
    if not _TOKEN.fullmatch(name) or _NOT_PRINTED.search(value) or not value.isascii():
        message = f"the field {name!r} cannot be written: only printable ASCII on one line"
        raise ValueError(message)
    return f"{name}: {value}"


def quoted(value: str) -> str:
    """A parameter value in quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def disposition(filename: str, *, quotes: bool = True) -> str:
    """Content-Disposition of a payload: the name in ASCII, and in full if that differs (RFC 2231, RFC 6266).

    Args:
        filename: as it is meant.
        quotes: put it in quotes; without, they are only put where the name needs them.
    """
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    value = f"attachment; filename={quoted(plain) if quotes or not _TOKEN.fullmatch(plain) else plain}"
    return value if plain == filename else f"{value}; filename*=utf-8''{quote(filename, safe='')}"
