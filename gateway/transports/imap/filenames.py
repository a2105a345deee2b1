"""The names of attachments: as senders write them, in four ways of which two are against the rules."""

from __future__ import annotations

import contextlib
import email.errors
import mimetypes
import re
from email.header import decode_header, make_header
from email.message import Message

LONGEST = 255

# Of the kinds that matter here; what the system's table says differs from machine to machine.
_SUFFIXES = {
    "text/csv": ".csv",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/json": ".json",
    "application/ld+json": ".jsonld",
    "text/plain": ".txt",
    "text/tab-separated-values": ".tsv",
    "application/zip": ".zip",
    "application/pdf": ".pdf",
    "application/edi-x12": ".x12",
    "application/edifact": ".edi",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_SEPARATORS = re.compile(r"[/\\]")


def of(part: Message) -> str:
    """The name of a part as its sender means it, empty if it has none.

    Parameters in pieces and with character sets (RFC 2231) are the rule; encoded words (RFC 2047) are forbidden here
    and common.
    """
    for header, value in list(part.raw_items()):
        if header.casefold() in {"content-disposition", "content-type"} and isinstance(value, str):
            part.replace_header(header, _text(value))  # bytes that a sender put there raw
    try:
        stated = part.get_filename() or ""
    except (LookupError, ValueError, TypeError):  # an unknown character set, or pieces that make no sense
        stated = ""
    name = str(stated)
    if "=?" in name:
        with contextlib.suppress(email.errors.HeaderParseError, LookupError, ValueError):
            name = str(make_header(decode_header(name)))
    return plain(name)


def _text(name: str) -> str:
    """Bytes that a sender put there raw: UTF-8, else Latin-1."""
    if not re.search("[\ud800-\udfff]", name):
        return name
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def plain(name: str) -> str:
    """The name without the folders that a sender put before it, not longer than a file system takes."""
    last = _SEPARATORS.split(" ".join(name.split()))[-1].replace("\0", "").strip()
    if last in {".", ".."}:
        return ""
    head, dot, suffix = last.rpartition(".")
    if len(last) > LONGEST and dot and len(suffix) < LONGEST // 2:
        return head[: LONGEST - 1 - len(suffix)] + dot + suffix
    return last[:LONGEST]


def made_up(kind: str, number: int) -> str:
    """A name for a part that has none, by its kind and its place in the mail."""
    return f"part-{number}{_SUFFIXES.get(kind) or mimetypes.guess_extension(kind or '-') or '.bin'}"
