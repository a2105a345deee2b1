"""One column: how its cells become values, each distinct cell once.

Nearly all columns of a batch sheet hold few distinct values in very many rows. A column therefore converts the
distinct cells of a block and remembers them; the rest is a lookup. Serial numbers are all distinct: they are
tested together, and one by one only when something is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.findings import Rule
from gateway.formats.table import rules
from gateway.formats.table.cells import Cell, Gap, shown
from gateway.formats.table.characters import disguised, edges
from gateway.formats.table.transforms import Converter, Refused, Repaired
from gateway.gs1.schemes import SGTIN

#: Distinct cells of a column whose values are remembered, some 300 bytes each.
_REMEMBER = 8192


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a cell has no value."""

    rule: Rule
    message: str
    expected: str = ""
    hint: str = ""


class Column:
    """Converts the cells of one field.

    Args:
        header: the column's header, for findings.
        convert: the field's transform.
        required: whether an empty cell is an error.
        otherwise: value for empty cells, ``""`` for none.
        setting: setting that would supply the value, for the hint.
    """

    def __init__(
        self, header: str, convert: Converter, *, required: bool, otherwise: str = "", setting: str = ""
    ) -> None:
        self.header = header
        self._convert = convert
        self._required = required
        self._otherwise = otherwise
        self._setting = setting
        self._known: dict[Cell, str | Bad] = {}
        #: What was repaired and not yet reported: the cell and the repair.
        self.repairs: list[tuple[Cell, Repaired]] = []

    def known(self, cell: Cell) -> str | Bad:
        """The value of a cell, remembered for the next time."""
        found = self._known.get(cell)
        if found is None or type(cell) is bool:  # True and 1 are the same key
            found = self.value(cell)
            if len(self._known) >= _REMEMBER:
                self._known.clear()
            self._known[cell] = found
        return found

    def value(self, cell: Cell) -> str | Bad:
        """The value of one cell."""
        if cell is Gap.HERE:
            return ""
        if shown(cell) == "":
            return self._empty()
        try:
            found = self._convert(cell)
        except Refused as refused:
            return Bad(refused.rule, refused.message, refused.expected, refused.hint)
        if found == "":  # the field's steps left nothing
            return self._empty()
        if isinstance(found, Repaired):
            self.repairs.append((cell, found))
            return found.value
        if isinstance(cell, str) and not cell.isascii() and (around := edges(cell)):
            names = " and ".join(disguised(around))
            self.repairs.append((cell, Repaired(found, rules.INVISIBLE, f"around {shown(cell)!r} stood {names}")))
        return found

    def _empty(self) -> str | Bad:
        if self._otherwise or not self._required:
            return self._otherwise
        hint = f"fill the cell, or give --set {self._setting}=" if self._setting else ""
        return Bad(rules.MISSING, f"the column {self.header!r} is empty", "a value", hint)


class SerialColumn(Column):
    """Serial numbers: all distinct, tested together."""

    @staticmethod
    def plain(cells: Sequence[Cell]) -> bool:
        """Whether all are serial numbers of letters and digits only, which need no look one by one."""
        try:
            joined = "".join(cells).encode()  # type: ignore[arg-type]  # a cell that is no text raises
        except (TypeError, UnicodeEncodeError):
            return False
        lengths = set(map(len, cells))  # type: ignore[arg-type]
        # isalnum of bytes knows only ASCII, and is ten times as quick as that of str.
        return joined.isalnum() and min(lengths) >= 1 and max(lengths) <= SGTIN.serial_max
