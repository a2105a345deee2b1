"""Full codes of packs: GTIN and serial number, and the crypto tail that makes them worth copying.

``01`` GTIN ``21`` serial number GS ``91`` key GS ``92`` code. GS is the control character 1D, which XML cannot hold;
partners write it in other ways. A code stands in no message of an error: the pack's SGTIN does.
"""

from __future__ import annotations

import re
from typing import Final

GS: Final = "\x1d"
_TAIL: Final = r"[!-~]"
_CODE: Final = re.compile(rf"01(\d{{14}})21([0-9A-Za-z]{{13}})\x1d91({_TAIL}{{4}})\x1d92({_TAIL}{{44}})", re.ASCII)
_BRACKETS: Final = re.compile(
    rf"\(01\)(\d{{14}})\(21\)([0-9A-Za-z]{{13}})\(91\)({_TAIL}{{4}})\(92\)({_TAIL}{{44}})", re.ASCII
)
#: How GS is written where the character itself cannot be.
_SPELT: Final = ("\\u001d", "\\u001D", "\\x1d", "\\x1D", "<GS>", "{GS}", "␝")
_SYMBOLOGY: Final = "]d2"


def full_code(text: str) -> str | None:
    """A code with real GS; None for what is no full code."""
    for spelt in _SPELT:
        text = text.replace(spelt, GS)
    text = text.removeprefix(_SYMBOLOGY).removeprefix(GS)
    if _CODE.fullmatch(text):
        return text
    found = _BRACKETS.fullmatch(text)
    return code_of(*found.groups()) if found else None


def code_of(gtin: str, serial: str, key: str, tail: str) -> str:
    """A code of its parts."""
    return f"01{gtin}21{serial}{GS}91{key}{GS}92{tail}"


def sgtin_of(code: str) -> str:
    """The 27 characters of the pack that a full code belongs to."""
    return code[2:16] + code[18:31]


def is_full(code: str) -> bool:
    """Whether a text is a full code with real GS."""
    return _CODE.fullmatch(code) is not None
