"""File names: which ones a channel takes, in which order, and which ones are fit to be written.

Names that come from outside are metadata. They never become part of a path except inside the one folder that they
were listed in, and only after `plain` has seen them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import unquote_to_bytes

from gateway.errors import TransportError

IGNORED = (".*", "~*", "*~", "*.part", "*.tmp", "*.filepart")
"""Patterns of names under which programs keep files that are not finished."""

_NUMBER = re.compile(r"(\d+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTE = "%{:02X}"

# Device names on Windows: a partner's share may be there (Microsoft, "Naming Files, Paths, and Namespaces").
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}

# 255 bytes is the limit of every common file system; the temporary name adds a dot and ".part".
_LONGEST = 255 - len("..part")


def matches(name: str, patterns: Sequence[str], ignore: Sequence[str] = IGNORED) -> bool:
    """Whether a channel takes a file of this name. Globs; upper and lower case are the same."""
    folded = name.casefold()
    return any(fnmatchcase(folded, pattern.casefold()) for pattern in patterns) and not any(
        fnmatchcase(folded, pattern.casefold()) for pattern in ignore
    )


def natural(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sort key: ``lot2`` before ``lot10``; digits count as numbers, letters without case, then the name itself."""
    parts = (part for part in _NUMBER.split(name) if part)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p.casefold()) for p in parts), name


def from_bytes(raw: bytes) -> tuple[str, str]:
    r"""Name and path of a file whose name is these bytes.

    The name is for people: bytes that are not UTF-8 show as ``\xNN``. The path is text too, but keeps every byte:
    ``%NN`` for those bytes and for a percent sign. `to_bytes` turns it back.
    """
    name = raw.decode("utf-8", "backslashreplace")
    path = "".join(
        _BYTE.format(ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else "%25" if c == "%" else c
        for c in raw.decode("utf-8", "surrogateescape")
    )
    return name, path


def to_bytes(path: str) -> bytes:
    """The bytes of a file name whose path `from_bytes` made.

    Raises:
        TransportError: it names something outside its folder.
    """
    raw = unquote_to_bytes(path)
    if raw in {b"", b".", b".."} or b"/" in raw or b"\0" in raw:
        message = f"{path!r} is not the name of a file in the folder"
        raise TransportError(message)
    return raw


def plain(name: str) -> str:
    """The name itself, if it is fit to be written on any partner's file system.

    Raises:
        TransportError: it has a separator, a control character or a reserved form, or is too long.
    """
    trouble = _trouble(name)
    if trouble:
        message = f"a file cannot be delivered under the name {name!r}: it {trouble}"
        raise TransportError(message, hint="change the name that the agreement gives to this output")
    return name


def _trouble(name: str) -> str:
    raw = name.encode("utf-8", "surrogatepass")
    troubles = {
        "is no file name": name in {"", ".", ".."},
        "contains a path separator": "/" in name or "\\" in name,
        "contains a control character": _CONTROL.search(name) is not None,
        "starts with a space, or ends with a space or a dot": name != name.strip(" ") or name.endswith("."),
        "is reserved on Windows": name.split(".", 1)[0].rstrip().upper() in _RESERVED,
        "is not valid Unicode": _SURROGATE.search(name) is not None,
        f"is longer than {_LONGEST} bytes": len(raw) > _LONGEST,
    }
    return next((trouble for trouble, found in troubles.items() if found), "")


def temporary(name: str) -> str:
    """Where a file is written before it gets its name: hidden, and ignored by everybody who ignores ``*.part``."""
    return f".{name}.part"


def fill(template: str, name: str) -> str:
    """Name of a marker or checksum file: ``{name}`` is the file's name, ``{stem}`` the same without its last suffix."""
    return template.replace("{name}", name).replace("{stem}", stem(name)[0])


def numbered(name: str, number: int) -> str:
    """``report.xml`` and 2 give ``report-2.xml``; 1 gives the name itself."""
    head, suffix = stem(name)
    return name if number == 1 else f"{head}-{number}{suffix}"


def stem(name: str) -> tuple[str, str]:
    """Split off the last suffix, with its dot: ``a.tar.gz`` is ``a.tar`` and ``.gz``; a leading dot is no suffix."""
    head, dot, suffix = name.rpartition(".")
    return (head, dot + suffix) if head else (name, "")
