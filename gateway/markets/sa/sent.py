"""A request that is ready to be sent, read again: what it asks for, and the packs and lots that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gateway.findings import Findings
from gateway.markets.sa.check import Reader, read
from gateway.markets.sa.operations import Operation
from gateway.markets.sa.write import Product


def pack_name(gtin: str, serial: str) -> str:
    """How answers name a pack."""
    return f"(01){gtin}(21){serial}"


def lot_name(gtin: str, lot: str) -> str:
    """How answers name an amount of a lot."""
    return f"(01){gtin}(10){lot}"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request.

    Attributes:
        operation: what it asks for.
        fields: those before the goods.
        rows: its products as they stand; of a Supply one for each serial number.
        names: how answers name them.
    """

    operation: Operation
    fields: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]
    names: tuple[str, ...]

    def products(self) -> list[Product]:
        """The packs."""
        gtin = self.fields.get("GTIN", "")
        return [Product(row.get("GTIN", gtin), row["SN"], row.get("BN", ""), row.get("XD", "")) for row in self.rows]


@lru_cache(maxsize=1)
def read_sent(data: bytes) -> Sent:
    """Read a request.

    Raises:
        ValueError: it is none of RSD.
    """
    rows: list[dict[str, str]] = []
    reader = Reader(rows.append)
    findings = Findings()
    if not read(data, reader, findings) or reader.operation is None:
        reason = next((finding.message for finding in findings), f"{reader.root} is no request of RSD")
        message = f"this is no request that can be sent: {reason}"
        raise ValueError(message)
    gtin = reader.fields.get("GTIN", "")
    names = tuple(
        pack_name(row.get("GTIN", gtin), row["SN"]) if "SN" in row else lot_name(row["GTIN"], row.get("BN", ""))
        for row in rows
    )
    return Sent(reader.operation, reader.fields, tuple(rows), names)
