"""How far the cells of a sheet reach, compared with how many there are.

A sheet is kept in memory as a rectangle from its first to its last cell. One stray cell in the last column and row,
left behind by a slip of the hand or put there on purpose, makes a file of a few kilobytes a rectangle of 17 thousand
million cells. The extent is therefore measured while the parts of a workbook are inflated, before anything opens them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: So many empty cells of a rectangle do no harm (32 bytes each).
_HARMLESS = 4_000_000
#: A table of which less than one cell in so many is filled is no table.
_SPARSE = 8
#: Columns from AA on. The digit tells a reference from ``xmlns:r="http..."``.
_WIDE = re.compile(rb"""r=["']([A-Za-z]{2,4})([0-9]{1,9})""")
#: ``r = "A1"`` is legal and nobody writes it.
_SPREAD = (b"r =", b"r= ", b"r\t", b"r\n", b"r\r", b"r=\t", b"r=\n", b"r=\r")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^<>]*?\br=["']([0-9]{1,9})""")
_TAG = re.compile(rb"""<(?:\w+:)?(row|c)(?=[\s/>])(?:[^<>]*?\sr\s*=\s*["']([A-Za-z]{0,4})([0-9]{0,9}))?""")
_LETTERS = 26
#: Tags of sheets are short; text that holds no ``<`` must not pile up.
_LONGEST = 4096


def harmless(area: int, cells: int) -> bool:
    """Whether a rectangle of so many cells is small, or filled like that of a table."""
    return area <= max(_HARMLESS, _SPARSE * cells)


class Estimate:
    """A quick look at a part: an upper bound of its rectangle, wherever a producer writes like all others.

    Up to column Z the row of a cell is taken from its row element alone: a file that lies there can ask for no more
    than 26 columns of all rows, about 900 MB.
    """

    def __init__(self) -> None:
        self._cells = 0
        self._references = 0
        self._rows = 0
        self._columns = _LETTERS
        self._unusual = False

    def feed(self, piece: bytes) -> None:
        """Take some whole tags."""
        self._cells += piece.count(b"<c ") + piece.count(b"<c>") + piece.count(b":c ") + piece.count(b":c>")
        self._references += piece.count(b'r="') + piece.count(b"r='")
        self._rows = max(self._rows, *map(int, _ROW.findall(piece)), 0)
        wide = _WIDE.findall(piece)
        if wide:
            self._columns = max(self._columns, *map(number, {letters for letters, _ in wide}))
            self._rows = max(self._rows, *map(int, {digits for _, digits in wide}))
        self._unusual = self._unusual or any(mark in piece for mark in _SPREAD)

    @property
    def harmless(self) -> bool:
        """Whether the rectangle cannot be much larger than its cells are many."""
        if self._unusual or self._references < self._cells:
            return self._cells == 0
        return harmless(self._rows * self._columns, self._cells)


class Extent:
    """The exact rectangle of a part's cells. Slower than `Estimate`; for parts that it finds suspicious.

    Attributes:
        cells: how many cells there are.
        columns: number of the last column.
        rows: number of the last row.
    """

    def __init__(self) -> None:
        self.cells = 0
        self.columns = 0
        self.rows = 0
        self._row = 0
        self._column = 0

    def feed(self, pieces: Iterable[bytes]) -> None:
        """Take all pieces of a part, each some whole tags."""
        for piece in pieces:
            for kind, letters, digits in _TAG.findall(piece):
                self._tag(kind, letters, digits)

    def _tag(self, kind: bytes, letters: bytes, digits: bytes) -> None:
        if kind == b"row":
            self._row = int(digits) if digits else self._row + 1
            self._column = 0
            return
        self.cells += 1
        # A cell without a reference stands beside the one before it.
        self._column = number(letters) if letters else self._column + 1
        self.columns = max(self.columns, self._column)
        self.rows = max(self.rows, int(digits) if digits else self._row)

    @property
    def harmless(self) -> bool:
        """Whether the rectangle is small, or filled like that of a table."""
        return harmless(self.rows * self.columns, self.cells)


def number(letters: bytes) -> int:
    """Number of a column from its letters: A is 1, AA is 27."""
    value = 0
    for letter in letters.upper():
        value = value * _LETTERS + letter - ord("A") + 1
    return value


def whole_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut only before ``<``."""
    rest = b""
    for piece in pieces:
        joined = rest + piece
        cut = joined.rfind(b"<")
        if cut <= 0 or len(joined) - cut > _LONGEST:
            cut = len(joined)
        rest = joined[cut:]
        yield joined[:cut]
    yield rest
