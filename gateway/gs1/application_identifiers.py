"""GS1 application identifiers, from biip's copy of the GS1 table (GS1 General Specifications, section 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.gs1 import schemes

#: Keys with a check digit that are the whole value of an application identifier.
NUMBERS = {
    "00": schemes.SSCC,
    "01": schemes.SGTIN,
    "02": schemes.SGTIN,
    "03": schemes.SGTIN,
    **{str(code): schemes.SGLN for code in range(410, 418)},
}

#: Application identifiers whose value is a date, YYMMDD.
DATES = frozenset({"11", "12", "13", "15", "16", "17"})

_SYMBOLS = 4


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """One application identifier.

    Attributes:
        code: two to four digits.
        title: GS1's data title, e.g. ``BATCH/LOT``.
        form: GS1's format, e.g. ``N2+X..20`` (identifier, then value).
        variable: whether its value has no fixed place of its end, so that a separator must follow.
        pattern: what a value must match as a whole.
    """

    code: str
    title: str
    form: str
    variable: bool
    pattern: re.Pattern[str]

    def accepts(self, value: str) -> bool:
        """Whether `value` has the form of this application identifier; check digits are not looked at."""
        return bool(value) and self.pattern.fullmatch(value) is not None


def at_start(text: str) -> ApplicationIdentifier | None:
    """The application identifier with which `text` begins, None when GS1 defines none."""
    return _lookup(text[:_SYMBOLS])


def by_code(code: str) -> ApplicationIdentifier | None:
    """The application identifier with this code, None when GS1 does not define it."""
    found = _lookup(code)
    return found if found is not None and found.code == code else None


@lru_cache(maxsize=16384)
def _lookup(head: str) -> ApplicationIdentifier | None:
    from biip import ParseError  # noqa: PLC0415 - biip takes long to import; most runs read no element string
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier  # noqa: PLC0415 - as above

    try:
        found = GS1ApplicationIdentifier.extract(head)
    except ParseError:
        return None
    # biip's pattern covers identifier and value. ASCII, because \d alone would take digits of other scripts.
    value = found.pattern.removeprefix("^" + found.ai)
    return ApplicationIdentifier(
        found.ai, found.data_title, found.format, found.separator_required, re.compile(value, re.ASCII)
    )
