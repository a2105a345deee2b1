"""An EDI file as records: two passes, the first for the columns and all that is wrong, the second for the rows."""

from __future__ import annotations

import contextlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings, Rule, Where
from gateway.formats.base import Context
from gateway.formats.edi import rules
from gateway.formats.edi.envelope import Envelopes, Inside, Syntax, note
from gateway.formats.edi.segments import Segment, Segments, segment_place
from gateway.formats.edi.tree import Complain, Node, Row, Tree, Wanted
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.cells import Block, Cell, Gap
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source

#: Rows of a block.
BLOCK_ROWS = 512


class MessageTree(Protocol):
    """Builds the tree of one message."""

    def take(self, segment: Segment) -> Iterator[Row]:
        """Take a segment."""

    def finish(self) -> Iterator[Row]:
        """The message has ended."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How messages of one kind become records.

    Attributes:
        syntax: their envelopes.
        segments: cuts a file into segments: stream, name, encoding, progress.
        tree: builds the tree of a message.
        kinds: message types that are read.
        versions: versions that are read; none for any. ``005010`` takes ``005010X...``, too.
        senders: interchange senders whose files are the mapping's own; none for any.
        encoding: encoding to read with; empty for what the file declares.
        containers: names that hold the number of a container.
    """

    syntax: Syntax
    segments: Callable[[BinaryIO, str, str, Callable[[int], None] | None], Segments]
    tree: Callable[[int, Tree, Wanted, Complain], MessageTree]
    kinds: tuple[str, ...]
    versions: tuple[str, ...]
    senders: tuple[str, ...]
    encoding: str
    containers: tuple[str, ...]


@dataclass(frozen=True)
class SegmentPlace(Place):
    """Says segments and levels instead of rows.

    Attributes:
        columns: number of the segment in which a column stands first.
        rows: number of the first row of each level that gave rows.
        starts: number of the segment at which that level begins.
        names: what the file calls that level.
    """

    columns: dict[str, int] = field(default_factory=dict)
    rows: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    names: list[str] = field(default_factory=list)

    def at(self, row: int = 0, column: str = "", last_row: int = 0) -> Where:
        """The place of a row: the segment at which its level begins; of row 1, where the column stands first."""
        if row <= 1:
            number = self.columns.get(column, 1)
            return segment_place(self.file, number, column=column)
        index = self._index(row)
        if index < 0:
            return Where(file=self.file, column=column)
        last = self.starts[self._index(last_row)] if last_row > row else 0
        node = "" if last > self.starts[index] else self.names[index]
        return segment_place(self.file, self.starts[index], last, node=node, column=column)

    def named(self, row: int) -> str:
        """A row inside a sentence, e.g. ``segment 17 (HL 4)``."""
        return self.at(row).path

    def add(self, row: int, node: Node) -> None:
        """Take the first row of a level."""
        self.rows.append(row)
        self.starts.append(node.number)
        self.names.append(node.id)

    def _index(self, row: int) -> int:
        return bisect_right(self.rows, row) - 1


class Records:
    """The records of a file.

    Args:
        source: the file.
        spec: the mapping; its columns decide what is read.
        dialect: how messages become records.
        context: findings and limits.
    """

    def __init__(self, source: Source, spec: MappingSpec, dialect: Dialect, context: Context) -> None:
        self._source = source
        self._dialect = dialect
        self._context = context
        fine = spec.fields[next(iter(spec.objects.values())).identity[-1]].headers
        headers = [text for one in spec.fields.values() for text in one.headers]
        self._wanted = Wanted(headers, fine, list(dialect.containers), spec.table.decimal)
        self._envelopes = Envelopes(dialect.syntax, source.name, context.findings)
        self.place = SegmentPlace(source.name)

    def blocks(self) -> Iterator[Block]:
        """The header row, then the rows.

        Raises:
            InputError: the file cannot be read any further.
            LimitExceeded: it is over a limit.
        """
        with self._source.open() as stream:
            for _ in self._rows(stream, self._context.findings, self._context.progress):
                pass
        columns = list(self.place.columns)
        yield Block(1, [columns])
        with self._source.open() as stream:
            rows: list[list[Cell]] = []
            number, first, before = 1, 2, None
            for row in self._rows(stream, Findings(), None):
                number += 1
                if row.node is not before:
                    self.place.add(number, row.node)
                    before = row.node
                rows.append(_cells(row, columns))
                if len(rows) >= BLOCK_ROWS:
                    yield Block(first, rows)
                    first, rows = number + 1, []
            if rows:
                yield Block(first, rows)

    def head(self, stream: BinaryIO, count: int) -> list[list[Cell]]:
        """Columns and first rows of the beginning of a file; what is wrong, and that it is cut, is not said."""
        rows: list[Row] = []
        findings = Findings()
        with contextlib.suppress(InputError, LimitExceeded):
            rows.extend(self._rows(stream, findings, None))
        if any(one.code == rules.VERSION.code for one in findings):
            return []
        senders = {one.sender for one in self._envelopes.interchanges}
        if self._dialect.senders and not senders.intersection(self._dialect.senders):
            return []
        columns = list(self.place.columns)
        return [list(columns), *(_cells(row, columns) for row in rows[:count])] if columns else []

    def _rows(self, stream: BinaryIO, findings: Findings, progress: Callable[[int], None] | None) -> Iterator[Row]:
        dialect = self._dialect
        self._envelopes = Envelopes(dialect.syntax, self._source.name, findings)
        segments = dialect.segments(stream, self._source.name, dialect.encoding, progress)
        current: Inside | None = None
        message: MessageTree | None = None
        around: dict[str, str] = {}
        for inside, segment in self._envelopes.messages(segments):
            if inside is not current:
                if message is not None:
                    yield from _with(message.finish(), around)
                current, message = inside, self._begin(inside, findings)
                around = self._around(inside) if message is not None else {}
            if message is not None:
                yield from _with(message.take(segment), around)
        if message is not None:
            yield from _with(message.finish(), around)

    def _begin(self, inside: Inside, findings: Findings) -> MessageTree | None:
        """The tree of a message; None when it is not one that the mapping reads."""
        head = inside.message.head
        kind, version = inside.message.kind, inside.message.version(inside.group)
        where = segment_place(self._source.name, head.number)

        def complain(
            rule: Rule, message: str, node: Node, *, value: object = "", expected: str = "", column: str = ""
        ) -> None:
            place = segment_place(self._source.name, node.number, node=node.id, column=column)
            findings.report(rule, message, where=place, value=value, expected=expected)
            note(inside.message, rule, node.number, node.id.partition(" ")[0] or head.tag, message)

        if kind not in self._dialect.kinds:
            text = f"the message {inside.message.control} is of type {kind}; the mapping reads {self._kinds}"
            findings.report(rules.NOT_READ, text, where=where, value=kind, expected=self._kinds)
            return None
        if self._dialect.versions and not any(version.startswith(one) for one in self._dialect.versions):
            expected = ", ".join(self._dialect.versions)
            text = f"the message {inside.message.control} is of version {version}; the mapping reads {expected}"
            findings.report(rules.VERSION, text, where=where, value=version, expected=expected)
            note(inside.message, rules.VERSION, head.number, head.tag, text)
            return None
        tree = Tree(self._wanted, self._context.limits.depth, complain, self._see)
        return self._dialect.tree(head.number, tree, self._wanted, complain)

    @property
    def _kinds(self) -> str:
        return ", ".join(self._dialect.kinds)

    def _around(self, inside: Inside) -> dict[str, str]:
        """Values of the envelope that the mapping asks for: ``interchange.ISA06``, ``interchange.UNB02`` ..."""
        found = {}
        for envelope in inside.envelopes:
            head = envelope.head
            for element, components in enumerate(head.elements, 1):
                for component, value in enumerate(components, 1):
                    more = f"-{component}" if component > 1 else ""
                    column = f"{envelope.level.name}.{head.tag}{element:02}{more}"
                    if value.strip() and self._wanted.takes(column):
                        self._see(column, head.number)
                        found[column] = value.strip()
        return found

    def _see(self, column: str, segment: int) -> None:
        self.place.columns.setdefault(column, segment)


def _with(rows: Iterator[Row], around: dict[str, str]) -> Iterator[Row]:
    for row in rows:
        if around:
            row.values.update(around)
        yield row


def _cells(row: Row, columns: list[str]) -> list[Cell]:
    values, levels = row.values, row.levels
    cells: list[Cell] = []
    for column in columns:
        cell: Cell | None = values.get(column)
        if cell is None:
            level = column.partition(".")[0]
            cell = "" if level in levels or level in _ALWAYS else Gap.HERE
        cells.append(cell)
    return cells


#: Levels that all rows have.
_ALWAYS = frozenset({"interchange", "group", "message"})
