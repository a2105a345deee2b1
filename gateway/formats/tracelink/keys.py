"""Serial numbers and places as TraceLink spells them, to identifiers of EPCIS and back."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.findings import NOWHERE, Findings, Where
from gateway.formats.base import Context
from gateway.formats.tracelink import rules
from gateway.gs1 import CompanyPrefixes, Gln, Gs1Error, Pgln, Sgln, Sgtin, Sscc, check_digit, link_syntax, urn_syntax
from gateway.gs1.schemes import SGLN, SGTIN, SSCC, Parts
from gateway.gs1.validate import check_serial
from gateway.options import COMPANY_PREFIX

_SGTIN_TEXT: Final = re.compile(r"01([0-9]{14})21(.+)", re.DOTALL | re.ASCII)
_SSCC_TEXT: Final = re.compile(r"00([0-9]{18})", re.ASCII)
_GLN: Final = re.compile(r"[0-9]{13}", re.ASCII)
_URN_HEAD: Final = "urn:epc:id:sgln:"
_SOME: Final = "0"
_REMEMBERED: Final = 10_000


class Serial(NamedTuple):
    """A serial number as TraceLink writes it.

    Attributes:
        text: with its application identifiers, without brackets.
        ai: the first of them.
        number: GTIN-14 or SSCC.
        company_prefix: empty when its length is not known.
    """

    text: str
    ai: str
    number: str
    company_prefix: str


def prefixes_of(context: Context) -> CompanyPrefixes:
    """What the setting ``company-prefix`` and the published table know.

    Raises:
        UsageError: the setting is wrong.
    """
    try:
        return CompanyPrefixes.from_setting(context.options.get(COMPANY_PREFIX))
    except Gs1Error as error:
        raise UsageError(str(error), hint=error.hint) from error


class KeyReader:
    """Reads serial numbers and places of one message."""

    def __init__(self, context: Context) -> None:
        self._findings: Findings = context.findings
        self._prefixes = prefixes_of(context)
        self._stems: dict[tuple[str, str], str] = {}
        self._places: dict[str, str] = {}
        self.without_prefix = 0
        self.first_without = ("", NOWHERE)

    def epc(self, text: str, prefix: str, where: Where) -> str | None:
        """The EPC of a serial number; None when it is wrong, which is reported.

        Args:
            text: as the message has it.
            prefix: company prefix that the message says, empty when it says none.
            where: its place.
        """
        try:
            return self._epc(text, prefix, where)
        except Gs1Error as error:
            self._findings.add(error.finding(where))
            return None

    def _epc(self, text: str, prefix: str, where: Where) -> str:
        sgtin = _SGTIN_TEXT.fullmatch(text)
        if sgtin is not None:
            gtin, serial = sgtin[1], sgtin[2]
            check_serial(SGTIN, serial)
            stem = self._stem(gtin, prefix, where)
            escape = urn_syntax.escape if stem.startswith("urn:") else link_syntax.escape
            return stem + escape(serial)
        sscc = _SSCC_TEXT.fullmatch(text)
        if sscc is not None:
            parts = Sscc(sscc[1]).parts
            return self._spelt(parts, prefix, where)
        message = f"{text!r} is no serial number with its application identifiers"
        raise Gs1Error(rules.SERIAL, message, value=text, expected="01<GTIN-14>21<serial number> or 00<SSCC>")

    def _stem(self, gtin: str, prefix: str, where: Where) -> str:
        stem = self._stems.get((gtin, prefix))
        if stem is None:
            stem = self._spelt(Sgtin(gtin, _SOME).parts, prefix, where).removesuffix(_SOME)
            if len(self._stems) < _REMEMBERED:
                self._stems[gtin, prefix] = stem
        return stem

    def _spelt(self, parts: Parts, prefix: str, where: Where) -> str:
        digits = parts.number[1:-1]
        if prefix and self.fits(parts.number, prefix):
            return urn_syntax.build(parts._replace(prefix_length=len(prefix)))
        if prefix:
            message = f"companyPrefix {prefix!r} is not what {digits!r} begins with"
            self._findings.report(rules.PREFIX_WRONG, message, where=where, value=prefix, expected=digits)
        try:
            return urn_syntax.build(parts, self._prefixes)
        except Gs1Error:
            self.without_prefix += 1
            if self.without_prefix == 1:
                self.first_without = (parts.number, where)
            return link_syntax.build(parts)

    @staticmethod
    def fits(number: str, prefix: str) -> bool:
        """Whether a GTIN or an SSCC can have this company prefix."""
        return check_digit.is_digits(prefix) and 6 <= len(prefix) <= 12 and number[1:-1].startswith(prefix)  # noqa: PLR2004 - GS1

    def place(self, text: str, where: Where) -> str | None:
        """The SGLN of a location; None when it is wrong, which is reported.

        Read are the three parts with dots, the URN, a GLN of 13 digits, and a Digital Link.
        """
        known = self._places.get(text)
        if known is not None:
            return known
        try:
            found = self._place(text, where)
        except Gs1Error as error:
            self._findings.add(error.finding(where))
            return None
        if len(self._places) < _REMEMBERED:
            self._places[text] = found
        return found

    def _place(self, text: str, where: Where) -> str:
        if _GLN.fullmatch(text):
            place = Gln(text).as_sgln()
            try:
                return place.as_urn(self._prefixes)
            except Gs1Error:
                return place.as_digital_link()
        if link_syntax.is_web_uri(text):
            Sgln.parse(text)
            return text
        urn = text if text.startswith(_URN_HEAD) else _URN_HEAD + text
        parts = urn_syntax.split(urn)
        if parts.serial is not None and parts.serial == parts.number[-1]:
            message = f"the extension {parts.serial!r} of {text!r} is the check digit of its GLN {parts.number}"
            self._findings.report(rules.CHECK_DIGIT_EXTENSION, message, where=where, value=text)
        return urn

    def report(self) -> None:
        """Say how many keys were read without company prefix."""
        if self.without_prefix:
            number, where = self.first_without
            message = f"the company prefix of {number} and {self.without_prefix - 1:,} other keys is not known"
            self._findings.report(rules.PREFIX_UNKNOWN, message, where=where, value=number)


def serial_of(epc: str, prefixes: CompanyPrefixes) -> Serial:
    """An EPC as TraceLink writes it.

    Raises:
        Gs1Error: it is neither an SGTIN nor an SSCC.
    """
    try:
        parts = urn_syntax.split(epc) if epc.startswith("urn:") else link_syntax.split(epc).parts
    except Gs1Error as error:
        raise Gs1Error(rules.IDENTIFIER, error.message, value=epc, expected="SGTIN or SSCC") from error
    if parts.scheme is SSCC:
        text, ai = f"00{parts.number}", "00"
    elif parts.scheme is SGTIN and parts.serial is not None:
        text, ai = f"01{parts.number}21{parts.serial}", "01"
    else:
        message = f"{epc!r} is {parts.scheme.title}, expected was an SGTIN or an SSCC"
        raise Gs1Error(rules.IDENTIFIER, message, value=epc, expected="SGTIN or SSCC")
    length = parts.prefix_length
    if not length:
        try:
            length = prefixes.length_of(parts.number[1:-1])
        except Gs1Error:
            length = 0
    return Serial(text, ai, parts.number, parts.number[1 : 1 + length])


def dotted(place: str, prefixes: CompanyPrefixes) -> str:
    """An SGLN without the head of its URN, as TraceLink writes it.

    Raises:
        Gs1Error: it is no SGLN, or its company prefix is not known.
    """
    if _GLN.fullmatch(place):
        return Gln(place).as_sgln().as_urn(prefixes).removeprefix(_URN_HEAD)
    try:
        parts = urn_syntax.split(place) if place.startswith("urn:") else link_syntax.split(place).parts
    except Gs1Error as error:
        raise Gs1Error(rules.IDENTIFIER, error.message, value=place, expected="SGLN") from error
    if parts.scheme is not SGLN:
        message = f"{place!r} is {parts.scheme.title}, expected was an SGLN"
        raise Gs1Error(rules.IDENTIFIER, message, value=place, expected="SGLN")
    return urn_syntax.build(parts, prefixes).removeprefix(_URN_HEAD)


def gln_of(text: str) -> str | None:
    """The GLN in 13 digits, an SGLN or a PGLN; None when there is none, or a part of a place."""
    try:
        if _GLN.fullmatch(text):
            return Gln(text).gln
        parts = urn_syntax.split(text) if text.startswith("urn:") else link_syntax.split(text).parts
    except Gs1Error:
        return None
    if parts.scheme is SGLN and parts.serial is not None:
        return None
    return parts.number if parts.scheme in (SGLN, Pgln.SCHEME) else None
