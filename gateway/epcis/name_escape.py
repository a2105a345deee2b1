"""Names of JSON keys that XML forbids, spelt as ISO/IEC 9075-14 (SQL/XML) spells them: ``1name`` is ``_x0031_name``.

The spelling is reversible and known to other tools; the name is kept, not lost.
"""

from __future__ import annotations

import functools
import re
from typing import Final

# XML 1.0, productions [4] and [4a], without the colon, which separates the prefix.
_START: Final = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARACTERS: Final = _START + r"\-.0-9\u00b7\u0300-\u036f\u203f-\u2040"
_PLAIN: Final = re.compile("[A-Za-z_][A-Za-z0-9_.-]*")
_ESCAPE: Final = re.compile(r"_x([0-9A-F]{4}|[0-9A-F]{6})_")


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Legal names and illegal characters; compiled when a name is not plain ASCII, for it takes its time."""
    return re.compile(f"[{_START}][{_CHARACTERS}]*"), re.compile(f"[^{_CHARACTERS}]")


def _is_legal(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None or _patterns()[0].fullmatch(name) is not None


@functools.lru_cache(maxsize=4096)
def spelt(name: str) -> str:
    """A local name as XML allows it: itself, which is nearly always so, or with its illegal characters escaped."""
    return name if _is_legal(name) and meant(name) == name else _escaped(name)


def meant(name: str) -> str:
    """The name, ``{namespace}local`` or ``local``, that `spelt` wrote; any other name is itself."""
    if "_x" not in name:
        return name
    head, brace, local = name.rpartition("}")
    original = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if int(match[1], 16) < 0x110000 else match[0], local)  # noqa: PLR2004 - end of Unicode
    return head + brace + original if original != local and _escaped(original) == local else name


def _escaped(name: str) -> str:
    # An underscore that would look like the start of an escape is escaped too.
    out = re.sub(r"_(?=x(?:[0-9A-F]{4}|[0-9A-F]{6})_)", "_x005F_", name)
    out = _patterns()[1].sub(lambda match: _escape(match[0]), out)
    return out if _is_legal(out) else _escape(out[:1] or "_") + out[1:]


def _escape(character: str) -> str:
    return f"_x{ord(character):04X}_" if ord(character) < 0x10000 else f"_x{ord(character):06X}_"  # noqa: PLR2004 - BMP
