"""File names: which ones a channel takes, in which order, and which ones are fit to be written.

Names that come from outside are metadata. They never become part of a path except inside the one folder that they
were listed in, and only after `plain` has seen them.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence
from fnmatch import translate
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
LONGEST_STORED = 255
_LONGEST = LONGEST_STORED - len("..part")


def matches(name: str, patterns: Sequence[str], ignore: Sequence[str] = IGNORED) -> bool:
    """Whether a channel takes a file of this name. Globs.

    Upper and lower case are the same, and so are the composed and decomposed forms of a letter: a Mac stores ``ü`` as
    two characters.
    """
    folded = fold(name)
    return bool(_any_of(tuple(patterns))(folded)) and not _any_of(tuple(ignore))(folded)


@functools.lru_cache(maxsize=256)
def _any_of(patterns: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(translate(fold(pattern)) for pattern in patterns) or r"(?!)").match


def fold(name: str) -> str:
    """The name without regard to case and to the form in which its letters are stored."""
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name.casefold())


def natural(name: str) -> tuple[str, str]:
    """Sort key: ``lot2`` before ``lot10``; digits count as numbers, letters without case, then the name itself.

    A number is written as the length of its digits, then the digits, so that texts sort as their numbers do. One
    text a name needs a tenth of the memory of a list of parts; folders of 100,000 files are real.
    """
    parts = (part for part in _NUMBER.split(name) if part)
    return "".join(_sortable(p) if p.isdecimal() else f"\x01{p.casefold()}" for p in parts), name


def _sortable(digits: str) -> str:
    # Not by way of a number: a server may list names of any length, and int() refuses more than 4300 digits.
    digits = digits if digits.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in digits)
    digits = digits.lstrip("0") or "0"
    return f"\0{chr(len(digits))}{digits}"


def from_bytes(raw: bytes) -> tuple[str, str]:
    r"""Name and path of a file whose name is these bytes.

    The name is for people: bytes that are not UTF-8 show as ``\xNN``. The path is text too, but keeps every byte:
    ``%NN`` for those bytes and for a percent sign. `to_bytes` turns it back.
    """
    if raw.isascii() and b"%" not in raw:
        name = raw.decode("ascii")
        return name, name
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
    if not is_plain(raw):
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


TEMPORARY = ".{name}.part"
"""Where a file is written before it gets its name: hidden, and ignored by everybody who ignores ``*.part``."""


def temporary(name: str, template: str = TEMPORARY) -> str:
    """The temporary name of a file.

    Raises:
        TransportError: it is longer than file systems store.
    """
    filled = fill(template, name)
    if len(filled.rpartition("/")[2].encode("utf-8", "surrogateescape")) > LONGEST_STORED:
        message = f"the temporary name of {name!r} is longer than {LONGEST_STORED} bytes"
        raise TransportError(message, hint="give the output a shorter name in the agreement")
    return filled


def is_plain(raw: bytes) -> bool:
    """Whether these bytes can be the name of a file in a folder. Servers have been seen to list others."""
    return not (raw in {b"", b".", b".."} or b"/" in raw or b"\0" in raw)


def fill(template: str, name: str) -> str:
    """Name of a marker or checksum file: ``{name}`` is the file's name, ``{stem}`` the same without its last suffix."""
    return template.replace("{name}", name).replace("{stem}", stem(name)[0])


def glob(template: str) -> str:
    """Pattern of all names that a template makes."""
    plain = re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", template)
    return plain.replace("{name}", "*").replace("{stem}", "*")


def numbered(name: str, number: int) -> str:
    """``report.xml`` and 2 give ``report-2.xml``, 1 the name itself. What gets too long is cut before the number."""
    if number == 1:
        return name
    head, suffix = stem(name)
    end = f"-{number}{suffix}".encode("utf-8", "surrogateescape")[-LONGEST_STORED:]
    kept = head.encode("utf-8", "surrogateescape")[: LONGEST_STORED - len(end)]
    while kept and len(kept) < len(head.encode("utf-8", "surrogateescape")) and not _whole(kept, head):
        kept = kept[:-1]
    return (kept + end).decode("utf-8", "surrogateescape")


def _whole(kept: bytes, head: str) -> bool:
    """Whether a cut did not go through a letter."""
    return head.startswith(kept.decode("utf-8", "surrogateescape"))


def stem(name: str) -> tuple[str, str]:
    """Split off the last suffix, with its dot: ``a.tar.gz`` is ``a.tar`` and ``.gz``; a leading dot is no suffix."""
    head, dot, suffix = name.rpartition(".")
    return (head, dot + suffix) if head else (name, "")
