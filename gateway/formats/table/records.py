"""Records to blocks of rows: which columns there are, and what of a record no column takes.

A record is a name-to-value mapping with its number. The columns are those of the first records; what comes later is
either a column that the mapping knows, or reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeAlias

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Findings, Where
from gateway.formats.table import rules, rules_records
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.cells import Block, Cell, Number, header_key
from gateway.formats.table.ignored import Ignored
from gateway.formats.table.spec import MappingSpec

#: So many records are looked at before their columns are decided.
LOOKED = 512
BLOCK_ROWS = 512

#: Transforms whose values are texts even where they are made of digits.
_TEXTS = frozenset({"serial", "lot"})

Record: TypeAlias = tuple[int, Mapping[str, Cell]]


@dataclass(frozen=True)
class RecordPlace(Place):
    """Where records come from. Row 1 are the names of the columns; the record with number n is row n + 1.

    Attributes:
        base: path of all records, for what concerns none of them.
        path: the path of a record with this number.
        is_line: whether a record's number is that of its line.
    """

    base: str = ""
    path: Callable[[int], str] = str
    is_line: bool = False

    def at(self, row: int = 0, column: str = "", last_row: int = 0) -> Where:
        """The place of a record, a range of records or a value."""
        number, last = row - 1, last_row - 1
        if number < 1:
            return Where(file=self.file, path=self.base, column=column)
        if self.is_line:
            more = last if last > number else 0
            return Where(file=self.file, line=number, column=column, path=f"to line {more}" if more else "")
        path = self.path(number) + (f" to {self.path(last)}" if last > number else "")
        return Where(file=self.file, path=path, column=column)

    def named(self, row: int) -> str:
        """A record inside a sentence."""
        return f"line {row - 1}" if self.is_line else self.path(row - 1)


def blocks(records: Iterator[Record], spec: MappingSpec, place: Place, findings: Findings) -> Iterator[Block]:
    """The names of the columns as row 1, then the records. Values that no column takes are reported by name.

    Raises:
        InputError: one value of a record has two names.
    """
    first = list(islice(records, LOOKED))
    if not first:
        return
    columns = _Columns(spec, first, place, findings, complete=len(first) < LOOKED)
    yield Block(1, [columns.names])
    rest = chain(first, records)
    while batch := list(islice(rest, BLOCK_ROWS)):
        rows = [columns.row(number, record) for number, record in batch]
        columns.look_for_numbers(rows, batch[0][0])
        yield Block(batch[0][0] + 1, rows, numbers=[number + 1 for number, _ in batch])


def head(records: Iterable[Record], rows: int) -> list[list[Cell]]:
    """Names and first rows, to find out whose file it is. What cannot be read any further ends them."""
    taken: list[Mapping[str, Cell]] = []
    with suppress(InputError, LimitExceeded):  # the beginning alone may be cut anywhere
        taken.extend(record for _, record in islice(records, LOOKED))
    names = list(dict.fromkeys(name for record in taken for name in record))
    if not names:
        return []
    return [list(names), *([record.get(name, "") for name in names] for record in taken[: rows - 1])]


class _Columns:
    def __init__(
        self, spec: MappingSpec, first: Iterable[Record], place: Place, findings: Findings, *, complete: bool
    ) -> None:
        self._place = place
        self._findings = findings
        seen = dict.fromkeys(name for _, record in first for name in record)
        #: The names of the columns.
        self.names: list[str] = list(seen)
        self._taken = {header_key(name) for name in self.names}
        #: Every spelling of a field's column: the column that is there for it.
        self._spellings: dict[str, str] = {}
        for field in spec.fields.values():
            there = [name for name in self.names if header_key(name) in {header_key(text) for text in field.column}]
            if field.column and not there and (not complete or not field.required):
                self._add(field.column[0])
                there = [field.column[0]]
            for text in field.column:
                self._spellings[header_key(text)] = there[0] if there else text
            for text in (*field.join, *field.first_of):
                if header_key(text) not in self._taken and not complete:
                    self._add(text)
        self._left_out = Ignored(spec.table.ignore)
        self._known = set(self.names)
        texts = {
            header_key(text) for field in spec.fields.values() if field.transform in _TEXTS for text in field.headers
        }
        self._texts = [index for index, name in enumerate(self.names) if header_key(name) in texts]

    def _add(self, name: str) -> None:
        if header_key(name) not in self._taken:
            self.names.append(name)
            self._taken.add(header_key(name))

    def row(self, number: int, record: Mapping[str, Cell]) -> list[Cell]:
        """The values of a record in the order of the columns."""
        if not record.keys() <= self._known:
            record = self._renamed(number, record)
        return [record.get(name, "") for name in self.names]

    def look_for_numbers(self, rows: list[list[Cell]], first: int) -> None:
        """Report columns of serial and lot numbers that hold numbers, each once."""
        for index in self._texts:
            found = next((cell for row in rows if isinstance(cell := row[index], Number)), None)
            if found is not None:
                self._texts = [other for other in self._texts if other != index]
                name = self.names[index]
                message = f"{name!r} holds numbers, not texts; zeros in front of them would be lost"
                where = self._place.at(first + 1, name)
                self._findings.report(rules_records.RECORD_NUMBER, message, where=where, value=found)

    def _renamed(self, number: int, record: Mapping[str, Cell]) -> Mapping[str, Cell]:
        out: dict[str, Cell] = {}
        for name, value in record.items():
            column = self._spellings.get(header_key(name), name)
            if column in out:
                message = f"the values {name!r} and {column!r} stand for the same field"
                where = self._place.at(number + 1, name)
                raise InputError(Finding.of(rules.HEADER_TWICE, message, where=where))
            out[column] = value
            if column in self._known:
                continue
            self._known.add(name)
            if name not in self._left_out:
                message = f"the value {name!r} is not in the mapping; it is not converted"
                where = self._place.at(number + 1, name)
                self._findings.report(rules.HEADER_UNKNOWN, message, where=where, value=name)
        return out
