"""What a sheet says beside its values: hidden rows, merged cells, errors, and formulas without a result.

The library that reads workbooks gives an empty cell for an error and for a formula whose result was never saved. Here
these are found, so that they can be told from cells that are really empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.formats.table.cells import NO_RESULT
from gateway.formats.table.sheet_extent import number

#: So many marks of a kind are kept; a sheet with more of them is broken as a whole, and says so long before.
KEPT = 20_000
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^<>]*?\br=["']([0-9]{1,9})["'][^<>]*>""")
_HIDDEN = re.compile(rb"""\bhidden=["'](?:1|true)["']""")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^<>]*>")
_MIN, _MAX = (re.compile(rb"""\b%s=["']([0-9]{1,9})""" % name) for name in (b"min", b"max"))
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\b([^<>]*?\bt=["']e["'][^<>]*)>(?:(?!<(?:\w+:)?v>).)*<(?:\w+:)?v>([^<]{0,20})""", re.DOTALL
)
_NO_VALUE = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^<>]*/>)\s*(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>")
_REFERENCE = re.compile(rb"""\br=["']([A-Za-z]{1,3})([0-9]{1,9})["']""")
#: A cell with its formula is not longer.
_LONGEST_CELL = 1 << 13
#: What every mark has in it: searches for a few letters cost next to nothing, and what they find is rare.
_SIGNS = (b"hidden=", b't="e"', b"t='e'", b"</f>", b":f>", b"/></c>")
_TEXT = re.compile(rb"""\bt=["']str["']""")


@dataclass(slots=True)
class Marks:
    """Marks of one sheet; rows count from 1, columns from 0.

    Attributes:
        hidden: ranges of hidden rows.
        faults: row: column and text of its cells with an error or without a result.
        columns: ranges of hidden columns.
        merged: ranges that run over several rows: first row, last row, column.
        lost: how many marks were not kept.
    """

    hidden: list[tuple[int, int]] = field(default_factory=list)
    faults: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    lost: int = 0

    def hide(self, first: int, last: int) -> None:
        """Rows are hidden."""
        if self.hidden and self.hidden[-1][1] + 1 == first:
            self.hidden[-1] = (self.hidden[-1][0], last)
        elif len(self.hidden) < KEPT:
            self.hidden.append((first, last))
        else:
            self.lost += 1

    def hide_columns(self, first: int, last: int) -> None:
        """Columns are hidden."""
        if len(self.columns) < KEPT:
            self.columns.append((first, last))

    def fault(self, row: int, column: int, text: str) -> None:
        """A cell has no value but an error."""
        if len(self.faults) < KEPT:
            self.faults.setdefault(row, []).append((column, text))
        else:
            self.lost += 1


class Scan:
    """Finds the marks of an XLSX sheet while its bytes pass by.

    Attributes:
        marks: those found so far.
    """

    def __init__(self) -> None:
        self.marks = Marks()
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Take some whole tags. Cells may be cut anywhere between them."""
        if not (_any_mark(piece) or _any_mark(self._rest)):
            self._rest = piece[-_LONGEST_CELL:]  # the cell of a mark in the next piece may begin here
            return
        text = self._rest + piece
        cut = max(text.rfind(b"<c "), text.rfind(b":c "), text.rfind(b"<row"), text.rfind(b":row"))
        cut = text.rfind(b"<", 0, cut + 1)
        if cut < 0 or len(text) - cut > _LONGEST_CELL:
            cut = len(text)
        self._look(text[:cut])
        self._rest = text[cut:]

    def end(self) -> None:
        """The sheet has ended."""
        self._look(self._rest)
        self._rest = b""

    def _look(self, text: bytes) -> None:
        if b"hidden=" in text:
            self._hidden(text)
        if b't="e"' in text or b"t='e'" in text:
            for match in _ERROR.finditer(text):
                self._fault(match[1], match[2].decode("ascii", "replace"))
        if b"</f>" in text or b":f>" in text or b"/></c>" in text:
            for match in _NO_VALUE.finditer(text):
                cells = _CELL.findall(text, text.rfind(b"<", 0, _cell_start(text, match.start()) + 1), match.start())
                if cells and not (match[1] and _TEXT.search(cells[-1])):
                    self._fault(cells[-1], NO_RESULT)

    def _hidden(self, text: bytes) -> None:
        for match in _ROW.finditer(text):
            if _HIDDEN.search(match[0]):
                self.marks.hide(int(match[1]), int(match[1]))
        for tag in filter(_HIDDEN.search, _COLUMN.findall(text)):
            first, last = (int(found[1]) if (found := end.search(tag)) else 0 for end in (_MIN, _MAX))
            if first:
                self.marks.hide_columns(first - 1, max(first, last) - 1)

    def _fault(self, attributes: bytes, text: str) -> None:
        place = _REFERENCE.search(attributes)
        if place is not None:
            self.marks.fault(int(place[2]), number(place[1]) - 1, text)


def _any_mark(text: bytes) -> bool:
    return any(sign in text for sign in _SIGNS)


def _cell_start(text: bytes, before: int) -> int:
    return max(text.rfind(b"<c ", 0, before), text.rfind(b":c ", 0, before), 0)
