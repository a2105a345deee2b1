"""Text and attribute values as XML 1.0 spells them.

Writers build strings by hand because that is eight to twenty times cheaper than an XML library's writer; this is
the one place where characters are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

REPLACEMENT: Final = "\ufffd"

# XML 1.0, production [2] Char: everything outside of it cannot stand in a document, not even as a reference.
ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_IN_TEXT: Final = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_ATTRIBUTE: Final = re.compile('[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_REFERENCES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}


#: Characters of nearly all identifiers: none of them is ever escaped.
_PLAIN: Final = bytes(set(range(0x20, 0x7F)) - set(b"&<>"))


def _is_plain(value: str) -> bool:
    """Whether nothing is to be escaped, by a test that needs a fifth of a search's time. False says nothing."""
    return value.isascii() and not value.encode().translate(None, _PLAIN)


def _reference(match: re.Match[str]) -> str:
    return _REFERENCES.get(match[0], REPLACEMENT)


def text(value: str) -> str:
    """Escape element content. A character that XML forbids becomes U+FFFD; the writer reports it as a loss."""
    return _IN_TEXT.sub(_reference, value) if _IN_TEXT.search(value) else value


def attribute(value: str) -> str:
    """Escape an attribute value for double quotes, tabs and line ends included."""
    return _IN_ATTRIBUTE.sub(_reference, value) if _IN_ATTRIBUTE.search(value) else value


def repeated(tag: str, values: Sequence[str]) -> str:
    """One element `tag` for each value: ``<epc>a</epc><epc>b</epc>``. Long lists cost one search, not one each."""
    if not values:
        return ""
    separator = f"</{tag}><{tag}>"
    if not _is_plain("".join(values)):
        values = [text(value) for value in values]
    return f"<{tag}>{separator.join(values)}</{tag}>"
