"""Blocks of rows to runs: rows that follow each other and differ in nothing but the identifier of the smallest thing.

The work of a row is done here and nowhere else, and column by column: what is written in Python runs once a run
or once a distinct value, not once a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from operator import ne

from gateway.errors import LimitExceeded
from gateway.findings import Finding, Findings
from gateway.formats.base import Limits
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.cells import Block, Cell, blank, header_key, shown
from gateway.formats.table.columns import Bad, Column, SerialColumn
from gateway.formats.table.footers import Footers

#: Runs shorter than this on average: the rows of the block are brought together by value first.
_SHORT = 4
REPEATED = "the header stands here once more; the row was passed over"


@dataclass(slots=True)
class Run:
    """Rows with the same values.

    Attributes:
        values: the value of each coarse field, in the order of the fields.
        fine: the identifier of the smallest thing of each row.
        numbers: row numbers.
        plain: whether all of `fine` are letters and digits.
    """

    values: tuple[str, ...]
    fine: Sequence[str]
    numbers: Sequence[int]
    plain: bool


class Runs:
    """Makes runs of blocks.

    Args:
        names: header cells.
        coarse: for each coarse field the index of its column and the column, or its value in all rows.
        fine: index and column of the identifier of the smallest thing.
        footers: recognises rows that are no data.
        place: where the rows come from.
        findings: takes what is wrong.
        limits: bounds.
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        coarse: Sequence[tuple[int, Column] | str],
        fine: tuple[int, Column],
        footers: Footers,
        place: Place,
        findings: Findings,
        limits: Limits,
    ) -> None:
        self._names = names
        self._coarse = coarse
        self._fine = fine
        self._footers = footers
        self._place = place
        self._findings = findings
        self._limits = limits
        self._block = Block(1, ())
        #: How many data rows were taken.
        self.rows = 0
        #: How many were refused.
        self.refused = 0

    def of(self, block: Block) -> Iterator[Run]:
        """The runs of a block. Bad rows are reported and left out."""
        numbers = block.numbers
        cells = block.even_columns(len(self._names))
        if cells is None:
            rows, numbers = self._even(block)
            block = Block(block.first, rows)
            cells = list(zip(*rows, strict=True))
        if not len(block):
            return
        if numbers[-1] > self._limits.rows:
            message = f"the table has more than {self._limits.rows} rows"
            raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=self._place.at(numbers[-1])))
        self._block = block
        plain = isinstance(self._fine[1], SerialColumn) and self._fine[1].plain(cells[self._fine[0]])
        values = [part if isinstance(part, str) else part[1].known(cells[part[0]][0]) for part in self._coarse]
        varying = self._varying(cells, len(block))
        for indexes in self._pieces([cells[part[0]] for _, part in varying], len(block)):
            first = indexes[0]
            for position, (place, column) in varying:
                values[position] = column.known(cells[place][first])
            run = self._run(cells, indexes, numbers, values, plain=plain)
            if run is not None:
                self.rows += len(run.numbers)
                yield run
        self._report_repairs(cells, numbers)

    def _varying(self, cells: Sequence[Sequence[Cell]], count: int) -> list[tuple[int, tuple[int, Column]]]:
        """The coarse columns whose cells are not all the same: position among the coarse fields, and the column."""
        varying = []
        for position, part in enumerate(self._coarse):
            if not isinstance(part, str):
                column = cells[part[0]]
                first = column[0]
                if column[-1] != first or column.count(first) != count:
                    varying.append((position, part))
        return varying

    @staticmethod
    def _pieces(varying: Sequence[Sequence[Cell]], count: int) -> Iterator[range | list[int]]:
        """Indexes of the rows that agree in all varying columns."""
        if not varying:
            yield range(count)
            return
        keys: Sequence[object] = varying[0] if len(varying) == 1 else list(zip(*varying, strict=True))
        starts = [0, *compress(range(1, count), map(ne, keys, islice(keys, 1, None))), count]
        if len(starts) * _SHORT <= count or count < _SHORT:
            yield from map(range, starts, starts[1:])
            return
        together: dict[object, list[int]] = {}
        for index, key in enumerate(keys):
            together.setdefault(key, []).append(index)
        yield from together.values()

    def _run(
        self,
        cells: Sequence[Sequence[Cell]],
        indexes: range | list[int],
        numbers: Sequence[int],
        values: Sequence[str | Bad],
        *,
        plain: bool,
    ) -> Run | None:
        """The run of these rows without those that are bad; None when nothing is left."""
        place, column = self._fine
        if isinstance(indexes, range):
            own: Sequence[Cell] = cells[place][indexes.start : indexes.stop]
            rows = numbers[indexes.start : indexes.stop]
        else:
            own = [cells[place][i] for i in indexes]
            rows = [numbers[i] for i in indexes]
        fine: Sequence[str | Bad] = own if plain else [column.value(cell) for cell in own]  # type: ignore[assignment]
        bad = Bad in map(type, values)
        if bad or (not plain and Bad in map(type, fine)):
            good = [
                not self._reject(self._block.rows[index], number, values, one)
                for index, number, one in zip(indexes, rows, fine, strict=True)
            ]
            fine, rows = list(compress(fine, good)), list(compress(rows, good))
            if not rows:
                return None
        return Run(tuple(values), fine, rows, plain)  # type: ignore[arg-type]  # bad rows are out

    def _even(self, block: Block) -> tuple[Sequence[Sequence[Cell]], Sequence[int]]:
        """The rows that have as many cells as the header, and their numbers; the others are reported."""
        width = len(self._names)
        rows, numbers = [], []
        for number, row in zip(block.numbers, block.rows, strict=True):
            if blank(row) or self._footers.takes(row, self._place.at(number)):
                continue
            if len(row) < width or not blank(row[width:]):
                self.refused += 1
                message = f"the row has {len(row)} cells, the header has {width}"
                self._findings.report(
                    rules.RAGGED, message, where=self._place.at(number), value=len(row), expected=f"{width} cells"
                )
                continue
            rows.append(row[:width])
            numbers.append(number)
        return rows, numbers

    def _reject(self, row: Sequence[Cell], number: int, values: Sequence[str | Bad], fine: str | Bad) -> bool:
        """Whether the row is left out: reported unless it is blank, a footer or the header once more."""
        parts = (*self._coarse, self._fine)
        wrong = [
            (*part, value)
            for part, value in zip(parts, (*values, fine), strict=True)
            if not isinstance(part, str) and isinstance(value, Bad)
        ]
        if not wrong:
            return False
        if blank(row) or self._footers.takes(row, self._place.at(number)) or self._is_header(row, number):
            return True
        self.refused += 1
        if self._footers.looks_like(row, self._place.at(number)):
            return True
        for place, column, bad in wrong:
            self._findings.report(
                bad.rule,
                bad.message,
                where=self._place.at(number, column.header),
                value=shown(row[place]),
                expected=bad.expected,
                hint=bad.hint,
            )
        return True

    def _is_header(self, row: Sequence[Cell], number: int) -> bool:
        """Whether the header is repeated, as at the top of each printed page; says so."""
        found = [header_key(shown(cell)) for cell in row] == [header_key(name) for name in self._names]
        if found:
            self._findings.report(rules.HEADER_AGAIN, REPEATED, where=self._place.at(number))
        return found

    def _report_repairs(self, cells: Sequence[Sequence[Cell]], numbers: Sequence[int]) -> None:
        for part in (*self._coarse, self._fine):
            if isinstance(part, str):
                continue
            place, column = part
            for cell, repaired in column.repairs:
                self._findings.report(
                    repaired.rule,
                    repaired.message,
                    where=self._place.at(numbers[cells[place].index(cell)], column.header),
                    value=shown(cell),
                    expected=repaired.value,
                )
            column.repairs.clear()
