"""Logistic units and places: SSCC, GLN, SGLN, PGLN, and shipments and consignments (GSIN, GINC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.gs1 import schemes
from gateway.gs1.keys import Key
from gateway.gs1.schemes import Parts, Scheme


@dataclass(frozen=True, slots=True)
class Sscc(Key):
    """A logistic unit: a case, a pallet.

    Attributes:
        sscc: 18 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.SSCC
    NUMBER: ClassVar[str] = "sscc"

    sscc: str


@dataclass(frozen=True, slots=True)
class Gln(Key):
    """A global location number that is not said to be a place or a party; written as a place.

    Attributes:
        gln: 13 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.SGLN
    NUMBER: ClassVar[str] = "gln"

    gln: str

    @classmethod
    def takes(cls, parts: Parts) -> bool:
        """A GLN has no extension; with one it is an SGLN."""
        return parts.scheme is schemes.SGLN and parts.serial is None

    def as_sgln(self, extension: str = "0") -> Sgln:
        """The place, perhaps a part of it."""
        return Sgln(self.gln, extension, prefix_length=self.prefix_length)

    def as_pgln(self) -> Pgln:
        """The party."""
        return Pgln(self.gln, prefix_length=self.prefix_length)


@dataclass(frozen=True, slots=True)
class Sgln(Key):
    """A place, or with an extension a part of it.

    Attributes:
        gln: 13 digits.
        extension: 1 to 20 characters of set 82; ``0`` means that there is none.
    """

    SCHEME: ClassVar[Scheme] = schemes.SGLN
    NUMBER: ClassVar[str] = "gln"
    SERIAL: ClassVar[str] = "extension"

    gln: str
    extension: str = "0"


@dataclass(frozen=True, slots=True)
class Pgln(Key):
    """A party: a company or a part of it.

    Attributes:
        gln: 13 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.PGLN
    NUMBER: ClassVar[str] = "gln"

    gln: str


@dataclass(frozen=True, slots=True)
class Gsin(Key):
    """A shipment: all logistic units that go from one seller to one buyer under one despatch advice.

    Attributes:
        gsin: 17 digits.
    """

    SCHEME: ClassVar[Scheme] = schemes.GSIN
    NUMBER: ClassVar[str] = "gsin"

    gsin: str


@dataclass(frozen=True, slots=True)
class Ginc(Key):
    """A consignment: logistic units that a carrier moves together.

    Attributes:
        ginc: company prefix and reference, 1 to 30 characters of set 82.
    """

    SCHEME: ClassVar[Scheme] = schemes.GINC
    NUMBER: ClassVar[str] = "ginc"

    ginc: str
