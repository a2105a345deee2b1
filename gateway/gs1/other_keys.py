"""The GS1 keys that medicine supply uses more seldom: assets, documents, coupons, services, parts, pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from gateway.gs1 import schemes
from gateway.gs1.keys import Key
from gateway.gs1.schemes import Parts, Scheme


@dataclass(frozen=True, slots=True)
class Grai(Key):
    """A returnable asset, e.g. a crate.

    Attributes:
        grai: 13 digits, without the zero that AI (8003) puts before them.
        serial: 1 to 16 characters of set 82; None for the asset type.
    """

    SCHEME: ClassVar[Scheme] = schemes.GRAI
    NUMBER: ClassVar[str] = "grai"
    SERIAL: ClassVar[str] = "serial"

    grai: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Giai(Key):
    """An individual asset.

    Attributes:
        giai: company prefix and reference, 1 to 30 characters of set 82.
    """

    SCHEME: ClassVar[Scheme] = schemes.GIAI
    NUMBER: ClassVar[str] = "giai"

    giai: str


@dataclass(frozen=True, slots=True)
class Gdti(Key):
    """A document.

    Attributes:
        gdti: 13 digits, the document type.
        serial: 1 to 17 characters of set 82; None for the document type.
    """

    SCHEME: ClassVar[Scheme] = schemes.GDTI
    NUMBER: ClassVar[str] = "gdti"
    SERIAL: ClassVar[str] = "serial"

    gdti: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Gsrn(Key):
    """The recipient in a service relation, e.g. a patient.

    Attributes:
        gsrn: 18 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.GSRN
    NUMBER: ClassVar[str] = "gsrn"

    gsrn: str


@dataclass(frozen=True, slots=True)
class Gsrnp(Key):
    """The provider in a service relation, e.g. a physician.

    Attributes:
        gsrn: 18 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.GSRNP
    NUMBER: ClassVar[str] = "gsrn"

    gsrn: str


@dataclass(frozen=True, slots=True)
class Cpi(Key):
    """A component or part.

    Attributes:
        cpi: company prefix and reference, 1 to 30 characters of set 39.
        serial: 1 to 12 digits; None for the kind of part.
    """

    SCHEME: ClassVar[Scheme] = schemes.CPI
    NUMBER: ClassVar[str] = "cpi"
    SERIAL: ClassVar[str] = "serial"

    cpi: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Sgcn(Key):
    """A coupon.

    Attributes:
        gcn: 13 digits.
        serial: 1 to 12 digits; None for the kind of coupon.
    """

    SCHEME: ClassVar[Scheme] = schemes.SGCN
    NUMBER: ClassVar[str] = "gcn"
    SERIAL: ClassVar[str] = "serial"

    gcn: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Itip(Key):
    """One piece of a trade item that consists of several.

    Attributes:
        gtin: 14 digits.
        piece: number of the piece, two digits.
        total: number of pieces, two digits.
        serial: 1 to 20 characters of set 82; None for the piece of any instance.
    """

    SCHEME: ClassVar[Scheme] = schemes.ITIP
    NUMBER: ClassVar[str] = "gtin"
    SERIAL: ClassVar[str] = "serial"

    gtin: str
    piece: str
    total: str
    serial: str | None = None

    @property
    def parts(self) -> Parts:
        """The key as the syntaxes see it: GTIN, piece and total are one value."""
        return Parts(self.SCHEME, self.gtin + self.piece + self.total, self.serial, self.prefix_length)

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """The piece of these parts."""
        number = parts.number
        return cls(number[:14], number[14:16], number[16:], parts.serial, prefix_length=parts.prefix_length)


@dataclass(frozen=True, slots=True)
class Upui(Key):
    """A trade item with a serial number that a third party issued (EU tobacco rules).

    Attributes:
        gtin: 14 digits.
        serial: 1 to 28 characters of set 82, AI (235); None for the trade item.
    """

    SCHEME: ClassVar[Scheme] = schemes.UPUI
    NUMBER: ClassVar[str] = "gtin"
    SERIAL: ClassVar[str] = "serial"

    gtin: str
    serial: str | None = None
