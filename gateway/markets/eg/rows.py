"""The rows of a file, its header and the forms of its columns."""

from __future__ import annotations

import tomllib
from typing import Any, Final, NamedTuple

from gateway.markets.eg import rules
from gateway.markets.kit.checks import Check, matches
from gateway.resources import shipped

SCHEMA: Final = ("eg", "eptts", "1", "columns.toml")
_TABLE: Final[dict[str, Any]] = tomllib.loads(shipped("xsd", *SCHEMA).read_text("utf-8"))
COLUMNS: Final[tuple[dict[str, Any], ...]] = tuple(_TABLE["column"])
HEADER: Final = ",".join(column["name"] for column in COLUMNS)
FORMS: Final = tuple(
    Check(column["name"], rules.FORM, matches(column["pattern"]), column["form"], required=not column.get("empty"))
    for column in COLUMNS
)

COMMISSIONING, PACKING = "commissioning", "packing"
ITEM, CONTAINER, LOT = "(01)", "(00)", "(10)"
#: Most different serial numbers in a file, and most lots of items that it commissions.
MOST_SERIALS, MOST_LOTS = 50_000, 5


class Row(NamedTuple):
    """One line, without its number. Fields are named and ordered as the columns."""

    step: str
    time: str
    offset: str
    read_point: str
    location: str
    epc: str
    parent: str = ""
    imported: str = ""
    expiry: str = ""
    made: str = ""

    @property
    def lot(self) -> str:
        """The lot, with its GTIN, where an item is commissioned; else empty."""
        return self.epc[: len(ITEM) + 14] + self.parent if self.parent.startswith(LOT) else ""


def write(rows: list[Row]) -> bytes:
    """A whole file."""
    lines = [HEADER, *(f"{number},{','.join(row)}" for number, row in enumerate(rows, 1)), ""]
    return "\n".join(lines).encode()
