"""Rows of plain CSV that follow each other and differ in one cell only, cut at once.

The packs of a case stand in rows that differ in nothing but the serial number. What stands between two serial numbers
is then always the same text, and the rows are cut at this text instead of at each delimiter: a third of the time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import repeat

from gateway.formats.table.cells import Cell

Columns = Sequence[Sequence[Cell]]

#: A text that is shorter, or whose rows agree for less than this part of it, is not worth the look.
_WORTH = 4096
_SHARE = 16


class Same(Sequence[Cell]):
    """A column with the same cell in every row."""

    __slots__ = ("_cell", "_count")

    def __init__(self, cell: Cell, count: int) -> None:
        self._cell = cell
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int | slice) -> Cell | Sequence[Cell]:  # type: ignore[override]
        if isinstance(index, slice):
            return Same(self._cell, len(range(*index.indices(self._count))))
        if -self._count <= index < self._count:
            return self._cell
        raise IndexError(index)

    def __iter__(self) -> Iterator[Cell]:
        return repeat(self._cell, self._count)

    def count(self, value: object) -> int:
        """How many cells are this value: all or none."""
        return self._count if value == self._cell else 0


def long_run(text: str, position: int, delimiter: str) -> tuple[Columns, int] | None:
    """The rows from a position on that differ in one cell, column by column, and the position behind them.

    None when they are too few to be worth it, or when the text is none of whose rows can be told so.

    Args:
        text: rows without quotes, parted by line feeds, with none behind the last.
        position: where a row begins.
        delimiter: what parts cells.
    """
    if len(text) - position < _WORTH:
        return None
    around = _around(text, position, delimiter)
    if around is None:
        return None
    cells, place = around
    before = "".join(cell + delimiter for cell in cells[:place])
    behind = "".join(delimiter + cell for cell in cells[place + 1 :])
    if not _is_long(text, position, before, behind):
        return None
    size = len(cells[place])
    found = _of_one_size(text, position, before, behind, size) or _of_any_size(text, position, before, behind)
    joined = "".join(found)
    if not found or delimiter in joined or "\n" in joined:
        return None
    columns: list[Sequence[Cell]] = [Same(cell, len(found)) for cell in cells]
    columns[place] = found
    return columns, position + len(joined) + len(found) * (len(before) + len(behind) + 1)


def _of_one_size(text: str, position: int, before: str, behind: str, size: int) -> list[str]:
    """The own cells of the rows that agree, when all of them have this size; empty when they do not.

    Serial numbers have one length nearly always. To pick them out at equal distances takes half the time of a search
    for what stands between them. Where the run ends is guessed; that all rows up to there agree is proved.
    """
    between = behind + "\n" + before
    start = position + len(before)
    distance = len(between) + size

    def differs(row: int) -> bool:
        return not text.startswith(between, start + row * distance - len(between))

    rows = 1 + bisect_left(range(1, (len(text) + 1 - position) // distance), True, key=differs)
    end = start + rows * distance - len(between)
    if text[end : end + len(behind) + 1] not in {behind + "\n", behind}:  # the row is the first of the next run
        end -= distance
    if (end - start) * _SHARE < len(text) - start:
        return []
    found = [text[at : at + size] for at in range(start, end, distance)]
    return found if between.join(found) == text[start:end] else []


def _of_any_size(text: str, position: int, before: str, behind: str) -> list[str]:
    """The own cells of the rows that agree."""
    found = text[position + len(before) :].split(behind + "\n" + before)
    joined = "".join(found[:-1])
    if "\n" in joined:
        stop = next(index for index, piece in enumerate(found) if "\n" in piece)
        found = found[: stop + 1]
    # Behind the last row's own cell stands the rest of its row, and maybe of the text.
    last = found.pop().partition("\n")[0]
    if last.endswith(behind):
        found.append(last.removesuffix(behind) if behind else last)
    return found


def _around(text: str, position: int, delimiter: str) -> tuple[list[str], int] | None:
    """The first row's cells, and the place of the one in which the second row differs.

    None unless there are several cells and they differ in one place.
    """
    end = text.find("\n", position)
    if end < 0:
        return None
    behind = text.find("\n", end + 1)
    first = text[position:end].split(delimiter)
    second = text[end + 1 : behind if behind >= 0 else len(text)].split(delimiter)
    places = [place for place, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]]
    return (first, places[0]) if 1 < len(first) == len(second) and len(places) == 1 else None


def _is_long(text: str, position: int, before: str, behind: str) -> bool:
    """Whether a row far behind still agrees."""
    start = text.find("\n", position + (len(text) - position) // _SHARE) + 1
    end = text.find("\n", start)
    return end > start > 0 and text.startswith(before, start) and text.endswith(behind, start, end)
