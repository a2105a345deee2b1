"""The text layer of PDF pages as rows and cells, by where the words stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.formats.scan.page import Box, Page, Word, in_reading_order

#: Words are parts of one cell while the gap between them is less than this part of their height.
_GAP = 0.7
#: A line with so many cells belongs to a table; columns are where these lines have their cells.
_CELLS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """Words that stand together."""

    text: str
    box: Box


class TextTable:
    """Puts the words of pages into columns. The first page with a table decides where these are."""

    def __init__(self) -> None:
        self._columns: list[tuple[float, float]] = []

    def rows(self, page: Page) -> list[list[str]]:
        """The lines of a page, one text a column."""
        lines = [_cells(line) for line in in_reading_order(page.words, lambda word: word.box)]
        if not self._columns:
            self._columns = _columns(lines)
        return [self._row(line) for line in lines]

    def _row(self, line: Sequence[Cell]) -> list[str]:
        if not self._columns:
            return [cell.text for cell in line]
        row = [""] * len(self._columns)
        for cell in line:
            index = max(range(len(row)), key=lambda index: _shared(cell.box, self._columns[index]))
            row[index] = f"{row[index]} {cell.text}".strip()
        return row


def _cells(line: Sequence[Word]) -> list[Cell]:
    cells: list[Cell] = []
    for word in line:
        last = cells[-1] if cells else None
        if last is not None and word.box.left - last.box.right < _GAP * min(word.box.height, last.box.height):
            box = Box(
                last.box.left,
                min(last.box.top, word.box.top),
                max(last.box.right, word.box.right),
                max(last.box.bottom, word.box.bottom),
            )
            cells[-1] = Cell(f"{last.text} {word.text}", box)
        else:
            cells.append(Cell(word.text, word.box))
    return cells


def _columns(lines: Sequence[Sequence[Cell]]) -> list[tuple[float, float]]:
    """From where to where the columns reach: cells that overlap across the lines of the table are one column."""
    spans = sorted((cell.box.left, cell.box.right) for line in lines if len(line) >= _CELLS for cell in line)
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left <= columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], right)
        else:
            columns.append((left, right))
    return columns


def _shared(box: Box, column: tuple[float, float]) -> float:
    """How much of a cell lies over a column; negative is the distance to it."""
    return min(box.right, column[1]) - max(box.left, column[0])
