"""The character sets of GS1 keys and how each syntax escapes them (GS1 General Specifications, section 7.11)."""

from __future__ import annotations

import string

#: AI encodable character set 82, in the order of the standard's table.
SET_82 = "!\"%&'()*+,-./" + string.digits + ":;<=>?" + string.ascii_uppercase + "_" + string.ascii_lowercase

#: AI encodable character set 39, used by the component/part identifier.
SET_39 = "#-/" + string.digits + string.ascii_uppercase

DIGITS = string.digits

_ALLOWED = {name: name.encode() for name in (SET_82, SET_39, DIGITS)}


def outside(text: str, charset: str) -> str:
    """The characters of `text` that are not in `charset`, each once, in order of appearance."""
    if not text.encode("utf-8", "surrogatepass").translate(None, _ALLOWED[charset]):
        return ""
    return "".join(dict.fromkeys(c for c in text if c not in charset))
