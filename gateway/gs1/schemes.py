"""The GS1 keys as a table: one row for each EPC scheme.

Sources: GS1 EPC Tag Data Standard, section 6.3 (URN parts and their lengths), GS1 General Specifications,
section 3 (application identifiers), GS1 Digital Link: URI Syntax, section 4 (keys and qualifiers).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from gateway.findings import Rule
from gateway.gs1 import rules
from gateway.gs1.charsets import DIGITS, SET_39, SET_82


class Layout(enum.Enum):
    """How a key is made of company prefix P, reference R and check digit c."""

    #: R[0] P R[1:] c: the first digit of the reference stands before the prefix (GTIN, SSCC).
    INDICATOR = "indicator"
    #: P R c.
    PLAIN = "plain"
    #: P R with a reference of letters and digits, of variable length, without check digit.
    TEXT = "text"


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """One kind of GS1 key.

    Attributes:
        name: name in the EPC URN.
        title: what a message calls it.
        ai: application identifier of the key.
        layout: how prefix and reference make the key.
        length: digits of the key with check digit; for `Layout.TEXT` the most characters.
        charset: characters of the reference.
        kind: ``id`` for an instance, ``class`` for a lot.
        filler: digits that the application identifier puts before the key (GRAI: ``0``).
        extra: digits of each further URN part that belongs to the key (ITIP: piece and total).
        serial_ai: application identifier of the serial part; empty when it follows the key in the same one.
        serial_title: what a message calls the serial part.
        serial_max: most characters of the serial part, 0 when the key has none.
        serial_set: characters of the serial part.
        none: URN spelling of an absent serial part (SGLN: ``0``), None when there is no such spelling.
        pattern: whether the key without serial part is written ``urn:epc:idpat:...*``.
        form: rule about the key's digits.
        check: rule about its check digit.
        serial_rules: rules about characters and length of the serial part.
    """

    name: str
    title: str
    ai: str
    layout: Layout
    length: int
    charset: str = DIGITS
    kind: str = "id"
    filler: str = ""
    extra: tuple[int, ...] = ()
    serial_ai: str = ""
    serial_title: str = "serial number"
    serial_max: int = 0
    serial_set: str = SET_82
    none: str | None = None
    pattern: bool = False
    form: Rule = rules.KEY_FORM
    check: Rule = rules.KEY_CHECK
    serial_rules: tuple[Rule, Rule] = (rules.SERIAL_CHARACTERS, rules.SERIAL_LENGTH)

    @property
    def number_title(self) -> str:
        """What a message calls the key without its serial part: people know a GTIN, not an SGTIN's GTIN."""
        return {rules.GTIN_CHECK: "GTIN", rules.GLN_CHECK: "GLN"}.get(self.check, self.title)

    @property
    def urn(self) -> str:
        """What the scheme's EPC URNs begin with."""
        return f"urn:epc:{self.kind}:{self.name}:"

    @property
    def urn_digits(self) -> int:
        """Digits of company prefix and reference together in a URN."""
        return self.length - 1


class Parts(NamedTuple):
    """A key taken apart, between the syntaxes.

    Attributes:
        scheme: kind of key.
        number: the key with check digit, without the scheme's filler; extra digits at the end.
        serial: serial part without escapes, None when there is none.
        prefix_length: digits of the company prefix when the syntax says it (URN), else 0.
    """

    scheme: Scheme
    number: str
    serial: str | None
    prefix_length: int = 0


SGTIN = Scheme(
    "sgtin",
    "SGTIN",
    "01",
    Layout.INDICATOR,
    14,
    serial_ai="21",
    serial_max=20,
    pattern=True,
    form=rules.GTIN_FORM,
    check=rules.GTIN_CHECK,
)
LGTIN = Scheme(
    "lgtin",
    "LGTIN",
    "01",
    Layout.INDICATOR,
    14,
    kind="class",
    serial_ai="10",
    serial_title="lot number",
    serial_max=20,
    form=rules.GTIN_FORM,
    check=rules.GTIN_CHECK,
    serial_rules=(rules.LOT_CHARACTERS, rules.LOT_LENGTH),
)
UPUI = Scheme(
    "upui",
    "UPUI",
    "01",
    Layout.INDICATOR,
    14,
    serial_ai="235",
    serial_title="third-party controlled serial number",
    serial_max=28,
    pattern=True,
    form=rules.GTIN_FORM,
    check=rules.GTIN_CHECK,
)
ITIP = Scheme(
    "itip",
    "ITIP",
    "8006",
    Layout.INDICATOR,
    14,
    extra=(2, 2),
    serial_ai="21",
    serial_max=20,
    pattern=True,
    form=rules.GTIN_FORM,
    check=rules.GTIN_CHECK,
)
SSCC = Scheme("sscc", "SSCC", "00", Layout.INDICATOR, 18, form=rules.SSCC_FORM, check=rules.SSCC_CHECK)
SGLN = Scheme(
    "sgln",
    "SGLN",
    "414",
    Layout.PLAIN,
    13,
    serial_ai="254",
    serial_title="GLN extension",
    serial_max=20,
    none="0",
    form=rules.GLN_FORM,
    check=rules.GLN_CHECK,
)
PGLN = Scheme("pgln", "PGLN", "417", Layout.PLAIN, 13, form=rules.GLN_FORM, check=rules.GLN_CHECK)
GRAI = Scheme("grai", "GRAI", "8003", Layout.PLAIN, 13, filler="0", serial_max=16, pattern=True)
GIAI = Scheme("giai", "GIAI", "8004", Layout.TEXT, 30, charset=SET_82)
GDTI = Scheme("gdti", "GDTI", "253", Layout.PLAIN, 13, serial_max=17, pattern=True)
GSRN = Scheme("gsrn", "GSRN", "8018", Layout.PLAIN, 18)
GSRNP = Scheme("gsrnp", "GSRN of a provider", "8017", Layout.PLAIN, 18)
CPI = Scheme(
    "cpi",
    "CPI",
    "8010",
    Layout.TEXT,
    30,
    charset=SET_39,
    serial_ai="8011",
    serial_max=12,
    serial_set=DIGITS,
    pattern=True,
)
SGCN = Scheme("sgcn", "GCN", "255", Layout.PLAIN, 13, serial_max=12, serial_set=DIGITS, pattern=True)
GINC = Scheme("ginc", "GINC", "401", Layout.TEXT, 30, charset=SET_82)
GSIN = Scheme("gsin", "GSIN", "402", Layout.PLAIN, 17)

SCHEMES = (
    SGTIN,
    LGTIN,
    SSCC,
    SGLN,
    PGLN,
    GRAI,
    GIAI,
    GDTI,
    GSRN,
    GSRNP,
    CPI,
    SGCN,
    GINC,
    GSIN,
    ITIP,
    UPUI,
)
