"""Lines whose values stand at fixed places, as records."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Findings, Where
from gateway.formats.base import Context
from gateway.formats.table import rules, rules_records
from gateway.formats.table.carriers.base import Totals
from gateway.formats.table.cells import header_key
from gateway.formats.table.csv_guess import expected_words
from gateway.formats.table.csv_rows import MAX_LINE
from gateway.formats.table.records import Record
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.spec_records import Fixed, Span
from gateway.formats.table.text_encoding import given_encoding, settle, undecodable
from gateway.sources import Source


class Lines:
    """The lines of one file.

    Args:
        spec: the mapping, with `table.fixed`.
        name: name of the file.
        findings: takes what is wrong.

    Attributes:
        totals: values of the columns of `table.controls`.
    """

    def __init__(self, spec: MappingSpec, name: str, findings: Findings) -> None:
        self._fixed = spec.table.fixed or Fixed(columns={})
        self._name = name
        self._findings = findings
        self.totals: Totals = {}
        self._controls = {header_key(control.column) for control in spec.table.controls}
        self._above = {
            column: "" for columns in self._fixed.lines.values() for column in columns if not self._is_control(column)
        }
        self._uncovered = _Uncovered(self._fixed.columns, self._fixed.kind)
        self._before: dict[str, int] = {}

    def _is_control(self, column: str) -> bool:
        return header_key(column) in self._controls

    def records(self, lines: Iterator[str]) -> Iterator[Record]:
        """One record a data line; its number is that of the line.

        Raises:
            InputError: a value stands in a line below the data lines for which it holds.
        """
        fixed = self._fixed
        seen = False
        for number, text in enumerate(lines, 1):
            line = text.rstrip("\r\n\x1a")
            if not line.strip():
                continue
            kind = _part(line, fixed.kind) if fixed.kind is not None else ""
            if fixed.kind is None or kind in fixed.data:
                seen = True
                self._check(line, number)
                yield number, {**self._above, **_values(line, fixed.columns)}
            elif kind in fixed.lines:
                self._other(line, number, fixed.lines[kind], behind=seen)
            elif kind not in fixed.ignore:
                self._findings.report(
                    rules_records.FIXED_KIND,
                    f"{kind!r} is no kind of line of the mapping",
                    where=Where(file=self._name, line=number),
                    value=line,
                    expected=", ".join([*fixed.data, *fixed.lines, *fixed.ignore]),
                )

    def _other(self, line: str, number: int, columns: Mapping[str, Span], *, behind: bool) -> None:
        for column, value in _values(line, columns).items():
            where = Where(file=self._name, line=number, column=column)
            if self._is_control(column):
                self.totals.setdefault(column, []).append((value, where))
                continue
            if behind and value and not self._above[column]:
                message = f"the value of {column!r} stands below the lines for which it holds"
                hint = "Put the line above the data lines."
                raise InputError(Finding.of(rules_records.VALUE_LATE, message, where=where, value=value, hint=hint))
            self._above[column] = value

    def _check(self, line: str, number: int) -> None:
        where = Where(file=self._name, line=number)
        if "\t" in line:
            message = "the line holds a tab: its values do not stand at their places"
            raise InputError(Finding.of(rules_records.FIXED_TAB, message, where=where))
        outside = self._uncovered.first(line)
        if outside is not None:
            start, value = outside
            message = f"characters {start} to {start + len(value) - 1} are in no column; they are not converted"
            self._findings.report(rules_records.FIXED_OUTSIDE, message, where=where, value=value)


class _Uncovered:
    """The parts of a line that no column covers; each is reported once."""

    def __init__(self, columns: Mapping[str, Span], kind: Span | None) -> None:
        spans = sorted((span.start, span.start + span.width) for span in (*columns.values(), *([kind] if kind else [])))
        self._gaps: list[tuple[int, int | None]] = []
        at = 1
        for start, end in spans:
            if start > at:
                self._gaps.append((at, start))
            at = max(at, end)
        self._gaps.append((at, None))

    def first(self, line: str) -> tuple[int, str] | None:
        """The first part with something in it: its first character's number and its text."""
        for gap in self._gaps:
            start, end = gap
            text = line[start - 1 : end - 1 if end is not None else None]
            if text.strip():
                self._gaps.remove(gap)
                return start + len(text) - len(text.lstrip()), text.strip()
        return None


def _values(line: str, columns: Mapping[str, Span]) -> dict[str, str]:
    return {name: _part(line, span) for name, span in columns.items()}


def _part(line: str, span: Span) -> str:
    return line[span.start - 1 : span.start - 1 + span.width].strip(" ")


def lines(source: Source, spec: MappingSpec, context: Context) -> Iterator[str]:
    """The lines of a file.

    Raises:
        InputError: it is not in the encoding that the mapping declares.
        LimitExceeded: a line is longer than any real one.
    """
    fixed = spec.table.fixed or Fixed(columns={})
    encoding = settle(source, given_encoding(fixed.encoding, context), expected_words(spec), context.findings)
    with source.open() as stream:
        text = io.TextIOWrapper(stream, encoding, newline="")
        try:
            number = 0
            while line := text.readline(MAX_LINE):
                number += 1
                if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
                    message = f"the line is longer than {MAX_LINE:,} characters"
                    where = Where(file=source.name, line=number)
                    raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where))
                yield line
                if context.progress is not None and not number % 4096:
                    context.progress(stream.tell())
        except UnicodeDecodeError as error:
            raise InputError(undecodable(source, encoding, error.reason)) from error
