"""Trade items: GTIN, alone, with serial number (SGTIN), with lot (LGTIN)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.gs1 import rules, schemes
from gateway.gs1.check_digit import is_digits
from gateway.gs1.errors import Gs1Error
from gateway.gs1.keys import Key
from gateway.gs1.schemes import Parts, Scheme
from gateway.gs1.validate import check_number

LENGTHS = (8, 12, 13, 14)
_LENGTHS_IN_WORDS = "8, 12, 13 or 14 digits"


def normalise_gtin(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as the 14 digits of its application identifier, check digit verified.

    Raises:
        Gs1Error: GS1-GTIN-01 or GS1-GTIN-02.
    """
    if len(text) not in LENGTHS or not is_digits(text):
        message = f"{text!r} is not a GTIN of {_LENGTHS_IN_WORDS}"
        raise Gs1Error(rules.GTIN_FORM, message, value=text, expected=_LENGTHS_IN_WORDS)
    gtin = text.zfill(14)
    check_number(schemes.SGTIN, gtin)
    return gtin


@dataclass(frozen=True, slots=True)
class Gtin(Key):
    """A trade item; as URN the pattern of all its instances, ``urn:epc:idpat:sgtin:...*``.

    Attributes:
        gtin: 14 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.SGTIN
    NUMBER: ClassVar[str] = "gtin"

    gtin: str

    @classmethod
    def takes(cls, parts: Parts) -> bool:
        """A GTIN has no serial number."""
        return parts.scheme is schemes.SGTIN and parts.serial is None

    @classmethod
    def _plain(cls, text: str) -> Parts | None:
        if len(text) in LENGTHS and is_digits(text):
            return Parts(schemes.SGTIN, normalise_gtin(text), None)
        return None

    @classmethod
    def _digits(cls) -> str:
        return _LENGTHS_IN_WORDS


@dataclass(frozen=True, slots=True)
class Sgtin(Key):
    """One instance of a trade item, for example one pack.

    Attributes:
        gtin: 14 digits.
        serial: 1 to 20 characters of set 82.
    """

    SCHEME: ClassVar[Scheme] = schemes.SGTIN
    NUMBER: ClassVar[str] = "gtin"
    SERIAL: ClassVar[str] = "serial"

    gtin: str
    serial: str

    @classmethod
    def takes(cls, parts: Parts) -> bool:
        """An SGTIN has a serial number; without it the text is a GTIN."""
        return parts.scheme is schemes.SGTIN and parts.serial is not None


@dataclass(frozen=True, slots=True)
class Lgtin(Key):
    """All instances of a trade item in one lot.

    Attributes:
        gtin: 14 digits.
        lot: 1 to 20 characters of set 82.
    """

    SCHEME: ClassVar[Scheme] = schemes.LGTIN
    NUMBER: ClassVar[str] = "gtin"
    SERIAL: ClassVar[str] = "lot"

    gtin: str
    lot: str
