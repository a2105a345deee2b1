"""Builds the blank table: a workbook with checks and notes, or CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import GatewayError, UsageError
from gateway.formats.base import Context
from gateway.formats.table.cells import Cell, letter, shown
from gateway.formats.table.guard import guarded
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.spec import FieldSpec, MappingSpec
from gateway.formats.table.template.examples import Examples, examples
from gateway.formats.table.template.validation import about, check_of
from gateway.formats.table.write.files import ROWS_IN_SHEET, text_encoding
from gateway.formats.table.write.frame import Frame
from gateway.sources import Source

_WIDTHS = (12, 40)
_NOTE_MOST = 1000
_PROMPT_MOST = 250
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - fixed, so that the same mapping gives the same file
_NOTE = "Example: overwrite or delete it before the table is sent."


@dataclass(slots=True)
class Template:
    """A blank table.

    Attributes:
        data: the file.
        notes: what whoever asked for it should know, e.g. why there are no example rows.
    """

    data: bytes
    notes: list[str] = field(default_factory=list)


def template(mapping: Mapping, carrier: str, *, with_examples: bool = True) -> Template:
    """A blank table for a mapping.

    Args:
        mapping: the mapping.
        carrier: ``xlsx`` or ``csv``.
        with_examples: whether two rows show what is meant; they are left out when the mapping would not read them.

    Raises:
        UsageError: the mapping does not read such files.
    """
    known = [key for key in _BUILDERS if getattr(mapping.spec.table, key) is not None]
    if carrier not in known:
        message = f"the mapping {mapping.name} reads {' or '.join(known) or 'neither workbooks nor CSV'}, not {carrier}"
        raise UsageError(message, hint="give a file name with another suffix, .xlsx or .csv")
    shown_rows = examples(mapping) if with_examples else Examples(why_not="-")
    notes = [shown_rows.why_not] if with_examples and shown_rows.why_not else []
    data = _BUILDERS[carrier](mapping, shown_rows)
    if shown_rows.rows:
        wrong = _read_back(mapping, carrier, data)
        if wrong:
            notes.append(wrong)
            data = _BUILDERS[carrier](mapping, Examples())
    return Template(data, [f"no example rows: {note}" for note in notes])


def _read_back(mapping: Mapping, carrier: str, data: bytes) -> str:
    """What is wrong with the examples when the mapping reads them, empty when nothing is."""
    from gateway.formats.table.reading import read  # noqa: PLC0415 - reading knows nothing of templates

    context = Context(mapping=mapping)
    try:
        for _ in read(Source.memory(data, f"template.{carrier}"), context).events:
            pass
    except GatewayError as error:
        return error.message
    return next((finding.message for finding in context.findings if finding.severity == "error"), "")


def _above(frame: Frame, made: Examples) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[title] for title in frame.titles]
    rows += [[label, made.above.get(label, "")] for label in frame.labels]
    return [*rows, []] if rows else []


def _csv(mapping: Mapping, made: Examples) -> bytes:
    dialect: Any = mapping.spec.table.csv
    frame = Frame(mapping.spec)
    delimiter, encoding = text_encoding(dialect)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quotechar=dialect.quote, lineterminator="\r\n")
    width = max(len(frame.headers), 2 if frame.labels else 1)
    rows: list[Sequence[Cell]] = [[*row, *[""] * (width - len(row))] for row in _above(frame, made)]
    rows += [frame.headers, *([row.get(header, "") for header in frame.headers] for row in made.rows)]
    for row in rows:
        texts = [shown(cell) for cell in row]
        writer.writerow([guarded(one) for one in texts] if dialect.formulas == "guarded" else texts)
    return text.getvalue().encode(encoding, "replace")


def _xlsx(mapping: Mapping, made: Examples) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - only when a workbook is made

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": mapping.title,
                "comments": f"mapping {mapping.name}, version {mapping.spec.version}",
                "created": _CREATED,
            }
        )
        names = mapping.spec.table.xlsx.sheet if mapping.spec.table.xlsx is not None else []
        for name in [one for one in names if one != "*"] or ["Sheet1"]:
            _Sheet(book, book.add_worksheet(name), mapping.spec).fill(made)
    return file.getvalue()


class _Sheet:
    """One sheet of the workbook."""

    def __init__(self, book: Any, sheet: Any, spec: MappingSpec) -> None:
        self._sheet = sheet
        self._spec = spec
        self._frame = Frame(spec)
        self._text = book.add_format({"num_format": "@"})
        self._example = book.add_format({"num_format": "@", "italic": True, "font_color": "#7F7F7F"})
        colours = {"num_format": "@", "bold": True, "border": 1, "text_wrap": True, "valign": "top"}
        self._must = book.add_format({**colours, "bg_color": "#FFE699"})
        self._may = book.add_format({**colours, "bg_color": "#EDEDED"})

    def fill(self, made: Examples) -> None:
        """Write everything."""
        above = _above(self._frame, made)
        self._columns(len(above))
        for number, row in enumerate(above):
            for column, cell in enumerate(row):
                label = column == 0 and str(row[0]) in self._frame.labels
                self._sheet.write_string(number, column, shown(cell), self._may if label else self._text)
            if row and str(row[0]) in self._frame.labels:
                self._explain(number, 0, [self._frame.labels[str(row[0])]])
                self._value_above(number, self._frame.labels[str(row[0])])
        head = len(above)
        for number, cells in enumerate(made.rows, head + 1):
            for column, header in enumerate(self._frame.headers):
                self._sheet.write_string(number, column, shown(cells.get(header, "")), self._example)
        if made.rows:
            self._sheet.write_comment(head + 1, 0, _NOTE)
        self._sheet.freeze_panes(head + 1, 0)

    def _columns(self, head: int) -> None:
        for column, header in enumerate(self._frame.headers):
            names = self._frame.fields[header]
            width = min(max(len(header) + 4, _WIDTHS[0], 22 if names else 0), _WIDTHS[1])
            self._sheet.set_column(column, column, width, self._text)
            fields = [self._spec.fields[name] for name in names]
            must = header == self._frame.level or any(one.required and not one.otherwise for one in fields)
            self._sheet.write_string(head, column, header, self._must if must else self._may)
            self._explain(head, column, names)
            options = self._check(header, fields, f"{letter(column + 1)}{head + 2}")
            if options:
                self._sheet.data_validation(head + 1, column, ROWS_IN_SHEET - 1, column, options)

    def _value_above(self, number: int, name: str) -> None:
        options = self._check("", [self._spec.fields[name]], f"B{number + 1}")
        if options:
            self._sheet.data_validation(number, 1, number, 1, options)

    def _check(self, header: str, fields: Sequence[FieldSpec], cell: str) -> dict[str, Any]:
        """The options of a check; a column that several fields share is not checked."""
        levels = self._spec.table.levels
        if levels is not None and header and header == self._frame.level:
            words = list(levels.objects)
            return {"validate": "list", "source": words, "error_message": "One of: " + ", ".join(words)}
        if len(fields) != 1 or (len(fields[0].headers) > 1 and not fields[0].column):
            return {}
        found = check_of(fields[0], cell, self._spec.table.decimal)
        if found is None:
            return {}
        said = " ".join(about(fields[0]))[:_PROMPT_MOST]
        kind = {"error_type": "stop" if found.strict else "warning", "error_message": said, "input_message": said}
        return {**found.options, **kind, "ignore_blank": True}

    def _explain(self, row: int, column: int, names: Sequence[str]) -> None:
        lines = list(self._lines(names))
        if lines:
            self._sheet.write_comment(row, column, "\n".join(lines)[:_NOTE_MOST], {"x_scale": 2, "y_scale": 1.5})

    def _lines(self, names: Sequence[str]) -> Iterator[str]:
        for name in names:
            if len(names) > 1:
                things = [one for one, thing in self._spec.objects.items() if name in thing.identity]
                yield f"{', '.join(things) or name}:"
            yield from about(self._spec.fields[name])


_BUILDERS = {"xlsx": _xlsx, "csv": _csv}
