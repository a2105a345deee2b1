"""Carriers: the kinds of files that hold rows or records.

The first that a mapping declares and that knows a file reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.formats.table.carriers.base import Carrier
from gateway.plugins import Registry

if TYPE_CHECKING:
    from gateway.formats.table.spec import Table

_HERE = "gateway.formats.table.carriers"

#: All carriers, in the order in which they are asked: those that prove a file by its content before those that
#: take any text. CSV takes whatever nobody else wants, and so comes last.
CARRIERS: Registry[Carrier] = Registry(
    "gateway.carriers",
    "carrier",
    Carrier,
    {
        "xlsx": f"{_HERE}.xlsx:XLSX",
        "scan": f"{_HERE}.scan:SCAN",
        "x12": f"{_HERE}.edi:X12",
        "edifact": f"{_HERE}.edi:EDIFACT",
        "json": f"{_HERE}.json:JSON",
        "xml": f"{_HERE}.xml:XML",
        "fixed": f"{_HERE}.fixed:FIXED",
        "csv": f"{_HERE}.csv:CSV",
    },
)


def carriers_of(table: Table) -> Iterator[Carrier]:
    """The carriers that a mapping declares, in their order. Only these are loaded."""
    return (CARRIERS.get(key) for key in CARRIERS.keys() if table.kind(key) is not None)  # noqa: SIM118 - no dict
