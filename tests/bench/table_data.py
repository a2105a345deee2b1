"""Batch sheets to measure with, and the yardsticks that read them and do nothing.

``table_data.py --child bare FILE`` reads a CSV file with ``csv.reader``, ``--child calamine FILE`` a workbook.
"""

from __future__ import annotations

import csv
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

ROWS = 1_000_000
RATIO = 2.8
MAPPING = "acme-cmo/batch-us"
SETTINGS = {"event-time": "2026-11-20T08:00:00+01:00", "creation-date": "2026-11-22T00:00:00Z"}
PACKS_IN_CASE = 50
CASES_ON_PALLET = 40
ROWS_IN_LOT = 50_000
_GTIN = "08680001123452"
_HEADER = ["GTIN", "Serial Number", "Lot", "Expiration Date", "Case SSCC"]
_PALLET = "Pallet SSCC"
_SHEET = "Packs"


def rows(count: int, packs: int, *, pallets: bool = False) -> Iterator[list[str]]:
    """Header and rows of a batch sheet in the US dialect, `packs` in a case, all numbers synthetic."""
    yield [*_HEADER, *([_PALLET] if pallets else [])]
    for number in range(count):
        case = number // packs
        row = [_GTIN, _serial(number), f"LOT{number // ROWS_IN_LOT:06d}", "10/31/2029", _sscc(0, case)]
        yield [*row, _sscc(1, case // CASES_ON_PALLET)] if pallets else row


def generate(path: Path, count: int = ROWS, *, pallets: bool = False, packs: int = PACKS_IN_CASE) -> None:
    """Write a CSV file, about 73 bytes a row."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows(count, packs, pallets=pallets))


def generate_xlsx(path: Path, count: int, *, packs: int) -> None:
    """Write the same as a workbook."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(_SHEET)
        for number, row in enumerate(rows(count, packs)):
            sheet.write_row(number, 0, row)


def _serial(number: int) -> str:
    # Multiplying by a number that shares no divisor with the modulus mixes without repeating.
    return f"S{number * 7_919_317_001 % 10**15:015d}"


def _sscc(extension: int, number: int) -> str:
    digits = f"{extension}8680001{number:09d}"
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def bare(path: Path) -> None:
    """The yardstick: read every row and do nothing."""
    with path.open(encoding="utf-8", newline="") as stream:
        for _ in csv.reader(stream):
            pass


def calamine(path: Path) -> None:
    """The yardstick of workbooks: read every cell and do nothing."""
    from python_calamine import CalamineWorkbook

    for _ in CalamineWorkbook.from_path(path).get_sheet_by_name(_SHEET).to_python():
        pass


def peak_mebibytes() -> float:
    """Peak memory of this process. Linux counts the parent's memory into ru_maxrss of a child, but not here."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 1)


def main(arguments: list[str]) -> None:
    """Be one of the measured processes."""
    {"bare": bare, "calamine": calamine}[arguments[1]](Path(arguments[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
