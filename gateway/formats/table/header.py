"""Finding the header of a table by its content, and which column holds which field."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import InputError
from gateway.findings import Finding, Findings, Where
from gateway.formats.table import rules
from gateway.formats.table.cells import Cell, blank, header_key, shown
from gateway.formats.table.spec import MappingSpec

#: Separators that partners use, with their names.
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}
_DELIMITERS = tuple(_NAMES)
#: So many cells of a row are compared with the headers that are missed; no real header is wider.
_COMPARED = 500


@dataclass(frozen=True, slots=True)
class Header:
    """A header row.

    Attributes:
        index: index of the row among those that were looked at.
        names: the header cells as text.
        columns: field name: index of its column. Optional fields may be missing.
    """

    index: int
    names: tuple[str, ...]
    columns: dict[str, int]


def find(spec: MappingSpec, rows: Sequence[Sequence[Cell]]) -> Header | None:
    """The first row that has the columns of all required fields, None when there is none."""
    for index, row in enumerate(rows[: spec.table.header_within]):
        columns = _columns(spec, row)
        # What a setting can supply may be missing; only reading knows whether the setting is given.
        if not columns or any(not spec.fields[name].otherwise for name in _missing(spec, columns)):
            continue
        return Header(index, tuple(shown(cell) for cell in row), columns)
    return None


def check(
    spec: MappingSpec, rows: Sequence[Sequence[Cell]], place: Where, supplied: set[str], findings: Findings
) -> Header:
    """The header, with all that is to be said about it in the findings.

    Args:
        spec: the mapping.
        rows: the first rows of the table.
        place: file and sheet.
        supplied: settings that were given; they stand for missing columns.
        findings: takes warnings.

    Raises:
        InputError: no header, a required column is missing, or a column stands twice.
    """
    looked = rows[: spec.table.header_within]
    if all(blank(row) for row in rows):
        raise InputError(Finding.of(rules.EMPTY, "the table is empty", where=place))
    best = max(range(len(looked)), key=lambda index: len(_columns(spec, looked[index])))
    row = looked[best]
    columns = _columns(spec, row)
    where = Where(file=place.file, sheet=place.sheet, row=best + 1)
    missing = [name for name in _missing(spec, columns) if spec.fields[name].otherwise not in supplied]
    if missing:
        raise InputError(_missing_finding(spec, row, missing, where))
    names = tuple(shown(cell) for cell in row)
    _check_twice(spec, names, where)
    known = {header_key(text) for field in spec.fields.values() for text in field.column}
    known |= {header_key(text) for text in spec.table.ignore}
    for name in names:
        if name and header_key(name) not in known:
            near = difflib.get_close_matches(name, [field.column[0] for field in spec.fields.values()], n=1)
            message = f"the column {name!r} is not in the mapping; its values are not converted"
            findings.report(
                rules.HEADER_UNKNOWN,
                message + (f" (did you mean {near[0]!r}?)" if near else ""),
                where=Where(file=place.file, sheet=place.sheet, row=best + 1, column=name),
                value=name,
            )
    above = [index + 1 for index in range(best) if not blank(looked[index])]
    if above:
        where = Where(file=place.file, sheet=place.sheet, row=above[0], last_row=above[-1])
        findings.report(rules.PREAMBLE, "rows above the header are not converted", where=where)
    return Header(best, names, columns)


def _columns(spec: MappingSpec, row: Sequence[Cell]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for index, cell in enumerate(row):
        if isinstance(cell, str) and cell:
            positions.setdefault(header_key(cell), index)
    found = {}
    for name, field in spec.fields.items():
        index_of = next((positions[header_key(t)] for t in field.column if header_key(t) in positions), None)
        if index_of is not None:
            found[name] = index_of
    return found


def _missing(spec: MappingSpec, columns: dict[str, int]) -> list[str]:
    return [name for name, field in spec.fields.items() if field.required and name not in columns]


def _missing_finding(spec: MappingSpec, row: Sequence[Cell], missing: list[str], where: Where) -> Finding:
    there = [shown(cell) for cell in row if shown(cell)][:_COMPARED]
    delimiter = spec.table.csv.delimiter if spec.table.csv is not None else ""
    other = max(_DELIMITERS, key=there[0].count) if there else ""
    if len(row) == 1 and not where.sheet and delimiter != other and other and there[0].count(other):
        message = f"the cells are separated by {_name(other)}, the mapping {spec.mapping} reads {_name(delimiter)}"
        hint = "Export the table with the separator that the mapping declares, or correct table.csv.delimiter."
        return Finding.of(rules.CSV_FORM, message, where=where, value=there[0], expected=delimiter, hint=hint)
    parts = []
    for name in missing:
        wanted = spec.fields[name].column[0]
        near = difflib.get_close_matches(wanted.casefold(), [text.casefold() for text in there], n=1, cutoff=0.5)
        looks = next((text for text in there if near and text.casefold() == near[0]), "")
        parts.append(f"{wanted!r}" + (f" (nearest: {looks!r})" if looks else ""))
    settings = [spec.fields[name].otherwise for name in missing]
    hint = rules.HEADER_MISSING.hint
    if all(settings):
        hint = f"Add the column, or give {' and '.join(f'--set {key}=' for key in dict.fromkeys(settings))}."
    message = f"the mapping {spec.mapping} needs the column{'s' * (len(parts) > 1)} {', '.join(parts)}"
    expected = ", ".join(spec.fields[name].column[0] for name in missing)
    return Finding.of(rules.HEADER_MISSING, message, where=where, value=", ".join(there), expected=expected, hint=hint)


def _name(delimiter: str) -> str:
    return _NAMES.get(delimiter, repr(delimiter))


def _check_twice(spec: MappingSpec, names: tuple[str, ...], where: Where) -> None:
    keys = [header_key(name) for name in names]
    for field in spec.fields.values():
        known = {header_key(text) for text in field.column}
        found = [name for name, key in zip(names, keys, strict=True) if key in known]
        if len(found) > 1:
            message = f"the columns {' and '.join(map(repr, found))} stand for the same field"
            place = Where(file=where.file, sheet=where.sheet, row=where.row, column=found[1])
            raise InputError(Finding.of(rules.HEADER_TWICE, message, where=place))
