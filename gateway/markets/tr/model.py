"""A PTS transfer as plain values, named as its XML names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

VERSION = "1.3"


@dataclass(slots=True)
class ProductList:
    """Packs of one product, lot and expiry, directly in one carrier.

    Attributes:
        gtin: 14 digits.
        lot: lot number.
        expiry: YYYY-MM-DD.
        production: production date YYYY-MM-DD, empty when not known.
        order: purchase order number, empty when not known.
        serials: serial numbers in packing order.
    """

    gtin: str
    lot: str
    expiry: str
    production: str = ""
    order: str = ""
    serials: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Carrier:
    """A container with an SSCC.

    Attributes:
        label: ``00`` and the 18 digits of the SSCC.
        container: P, C, S, B or E; empty when not known.
        entries: product lists and inner carriers, in packing order.
    """

    label: str
    container: str = ""
    entries: list[ProductList | Carrier] = field(default_factory=list)

    def carriers(self) -> Iterator[Carrier]:
        """The carriers directly inside."""
        return (entry for entry in self.entries if isinstance(entry, Carrier))

    def height(self) -> int:
        """How many carriers stand inside each other, this one included."""
        return 1 + max((carrier.height() for carrier in self.carriers()), default=0)

    def walk(self) -> Iterator[Carrier]:
        """This carrier and all inside it, outermost first."""
        yield self
        for carrier in self.carriers():
            yield from carrier.walk()

    def packs(self) -> int:
        """How many serial numbers stand in it, at any depth."""
        return sum(len(entry.serials) if isinstance(entry, ProductList) else entry.packs() for entry in self.entries)


@dataclass(slots=True)
class Transfer:
    """One dispatch note: who sends what to whom. Empty text means that the element is absent.

    Attributes:
        source: GLN of the sender.
        destination: GLN of the receiver.
        action: ``S``, sale.
        ship_to: GLN of the place of delivery.
        number: number of the dispatch note.
        date: date of the dispatch note, YYYY-MM-DD.
        note: free text.
        version: version of the format.
        carriers: outermost containers.
    """

    source: str
    destination: str
    action: str = "S"
    ship_to: str = ""
    number: str = ""
    date: str = ""
    note: str = ""
    version: str = VERSION
    carriers: list[Carrier] = field(default_factory=list)
