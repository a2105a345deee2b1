"""Finding the header of a table by its content, and which column holds which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default

from gateway.errors import InputError
from gateway.findings import Finding, Findings, Where
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.cells import Cell, blank, header_key, shown
from gateway.formats.table.ignored import Ignored
from gateway.formats.table.near import nearest
from gateway.formats.table.spec import AUTO, MappingSpec

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
        sources: the same with the columns of fields that are read from several.
        preamble: field name: value of its cell above the header, and where that is.
        level: index of the column of `table.levels`, -1 when there is none.
        parent: index of the column of `table.levels.parent`, -1 when there is none.
        totals: column of a control: its value above the header, and where that is.
    """

    index: int
    names: tuple[str, ...]
    columns: dict[str, int]
    sources: dict[str, tuple[int, ...]]
    preamble: dict[str, tuple[Cell, Where]]
    level: int = -1
    parent: int = -1
    totals: dict[str, tuple[Cell, Where]] = default(default_factory=dict)


def find(spec: MappingSpec, rows: Sequence[Sequence[Cell]]) -> Header | None:
    """The first row that has the columns of all required fields, None when there is none.

    Args:
        spec: the mapping.
        rows: the first rows of a table; of several tables when the mapping reads several sheets.
    """
    for index, row in enumerate(rows):
        sources = _sources(spec, row)
        level, parent = _level_columns(spec, row)
        # What a setting can supply may be missing; only reading knows whether the setting is given.
        if not sources or any(not spec.fields[name].otherwise for name in _missing(spec, sources)):
            continue
        if (spec.table.levels is not None and level < 0) or not _identified(spec, rows[: index + 1]):
            continue
        preamble = _preamble(spec, rows[:index], Place(""))
        if any(_asks_preamble(spec, name, sources) and name not in preamble for name in spec.fields):
            continue
        names = tuple(shown(cell) for cell in row)
        return Header(index, names, _columns(spec, sources), sources, preamble, level, parent)
    return None


def known_columns(spec: MappingSpec, row: Sequence[Cell]) -> int:
    """How many fields of the mapping have their columns in this row, if it were the header."""
    return len(_sources(spec, row))


def _identified(spec: MappingSpec, rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the last of the rows, and those above it, have what `identify` asks for besides the columns."""
    names = {header_key(shown(cell)) for cell in rows[-1]}
    own = spec.identify
    if any(header_key(name) not in names for name in own.columns):
        return False
    if any(header_key(name) in names for name in own.without):
        return False
    texts = [shown(cell).casefold() for row in rows for cell in row]
    return all(any(word.casefold() in text for text in texts) for word in own.contains)


def _is_title(spec: MappingSpec, row: Sequence[Cell]) -> bool:
    """Whether the row is one by which the mapping knows its files."""
    texts = [shown(cell).casefold() for cell in row]
    return any(word.casefold() in text for text in texts for word in spec.identify.contains)


def _asks_preamble(spec: MappingSpec, name: str, sources: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a field must have a value above the header."""
    field = spec.fields[name]
    return bool(field.preamble and field.required and not field.otherwise and not field.default) and name not in sources


def check(
    spec: MappingSpec, rows: Sequence[Sequence[Cell]], place: Place, supplied: set[str], findings: Findings
) -> Header:
    """The header, with all that is to be said about it in the findings.

    Args:
        spec: the mapping.
        rows: the first rows of the table.
        place: where the rows come from.
        supplied: settings that were given; they stand for missing columns.
        findings: takes warnings.

    Raises:
        InputError: no header, a required column is missing, or a column stands twice.
    """
    looked = rows[: spec.table.header_within]
    if all(blank(row) for row in rows):
        raise InputError(Finding.of(rules.EMPTY, "the table is empty", where=place.at()))
    best = max(range(len(looked)), key=lambda index: len(_sources(spec, looked[index])))
    row = looked[best]
    sources = _sources(spec, row)
    where = place.at(best + 1)
    preamble = _preamble(spec, looked[:best], place)
    missing = [name for name in _missing(spec, sources) if spec.fields[name].otherwise not in supplied]
    missing += [name for name in spec.fields if _asks_preamble(spec, name, sources) and name not in preamble]
    if missing:
        raise InputError(_missing_finding(spec, row, missing, where))
    names = tuple(shown(cell) for cell in row)
    _check_twice(spec, names, where)
    level, parent = _level_columns(spec, row)
    levels = spec.table.levels
    known = {header_key(text) for field in spec.fields.values() for text in field.headers}
    if levels is not None:
        known |= {header_key(text) for text in (*levels.column, *levels.parent)}
        if level < 0 or (levels.parent and parent < 0):
            wanted = levels.column[0] if level < 0 else levels.parent[0]
            message = f"the mapping {spec.mapping} needs the column {wanted!r}"
            there = ", ".join(name for name in names if name)
            raise InputError(Finding.of(rules.HEADER_MISSING, message, where=where, value=there, expected=wanted))
    open_titles = [field.title for key, field in spec.fields.items() if key not in sources and key not in preamble]
    ignored = Ignored(spec.table.ignore)
    for name in names:
        if name and header_key(name) not in known and name not in ignored:
            near = nearest([name], open_titles)
            message = f"the column {name!r} is not in the mapping; its values are not converted"
            findings.report(
                rules.HEADER_UNKNOWN,
                message + (f" (did you mean {near!r}?)" if near else ""),
                where=place.at(best + 1, name),
                value=name,
            )
    totals = _labelled({header_key(one.column): one.column for one in spec.table.controls}, looked[:best], place)
    read = {cell_place.row for _, cell_place in (*preamble.values(), *totals.values())}
    above = [
        index + 1
        for index in range(best)
        if not blank(looked[index]) and place.at(index + 1).row not in read and not _is_title(spec, looked[index])
    ]
    if above:
        where = place.at(above[0], last_row=above[-1])
        findings.report(rules.PREAMBLE, "rows above the header are not converted", where=where)
    return Header(best, names, _columns(spec, sources), sources, preamble, level, parent, totals)


def _positions(row: Sequence[Cell]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for index, cell in enumerate(row):
        if isinstance(cell, str) and cell:
            positions.setdefault(header_key(cell), index)
    return positions


def _sources(spec: MappingSpec, row: Sequence[Cell]) -> dict[str, tuple[int, ...]]:
    """The columns that each field is read from; fields of which a needed column is not there are left out."""
    positions = _positions(row)
    found: dict[str, tuple[int, ...]] = {}
    for name, field in spec.fields.items():
        index_of = next((positions[header_key(t)] for t in field.column if header_key(t) in positions), None)
        if index_of is not None:
            found[name] = (index_of,)
        elif field.join and all(header_key(text) in positions for text in field.join):
            found[name] = tuple(positions[header_key(text)] for text in field.join)
        elif any(header_key(text) in positions for text in field.first_of):
            found[name] = tuple(positions[header_key(t)] for t in field.first_of if header_key(t) in positions)
    return found


def _columns(spec: MappingSpec, sources: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    return {name: indexes[0] for name, indexes in sources.items() if spec.fields[name].column}


def _level_columns(spec: MappingSpec, row: Sequence[Cell]) -> tuple[int, int]:
    levels = spec.table.levels
    if levels is None:
        return -1, -1
    positions = _positions(row)
    level, parent = (
        next((positions[header_key(t)] for t in texts if header_key(t) in positions), -1)
        for texts in (levels.column, levels.parent)
    )
    return level, parent


def _preamble(spec: MappingSpec, rows: Sequence[Sequence[Cell]], place: Place) -> dict[str, tuple[Cell, Where]]:
    """What stands above the header: right of a label, or behind the colon of the label's own cell."""
    labels = {header_key(text): name for name, field in spec.fields.items() for text in field.preamble}
    return _labelled(labels, rows, place)


def _labelled(labels: Mapping[str, str], rows: Sequence[Sequence[Cell]], place: Place) -> dict[str, tuple[Cell, Where]]:
    found: dict[str, tuple[Cell, Where]] = {}
    for number, row in enumerate(rows if labels else (), 1):
        for index, cell in enumerate(row):
            label, colon, inside = shown(cell).partition(":")
            name = labels.get(header_key(label))
            if name is None or name in found:
                continue
            right = next((other for other in row[index + 1 :] if shown(other)), "")
            value: Cell = inside.strip() if colon and inside.strip() else right
            if shown(value):
                found[name] = (value, place.at(number, label.strip()))
    return found


def _missing(spec: MappingSpec, sources: Mapping[str, tuple[int, ...]]) -> list[str]:
    # What tells the things of a table apart is needed even where a row may lack it.
    fine = next(iter(spec.objects.values())).identity[-1]
    return [
        name
        for name, field in spec.fields.items()
        if name not in sources and (name == fine or (field.required and not field.preamble and not field.default))
    ]


def _missing_finding(spec: MappingSpec, row: Sequence[Cell], missing: list[str], where: Where) -> Finding:
    there = [shown(cell) for cell in row if shown(cell)][:_COMPARED]
    delimiter = spec.table.csv.delimiter if spec.table.csv is not None else ""
    other = max(_DELIMITERS, key=there[0].count) if there else ""
    if len(row) == 1 and not where.sheet and delimiter not in {other, AUTO} and other and there[0].count(other):
        message = f"the cells are separated by {_name(other)}, the mapping {spec.mapping} reads {_name(delimiter)}"
        hint = "Export the table with the separator that the mapping declares, or correct table.csv.delimiter."
        return Finding.of(rules.CSV_FORM, message, where=where, value=there[0], expected=delimiter, hint=hint)
    free = _free(spec, row, there)
    parts = []
    for name in missing:
        looks = nearest([*spec.fields[name].headers, *spec.fields[name].preamble], free)
        parts.append(f"{spec.fields[name].title!r}" + (f" (nearest: {looks!r})" if looks else ""))
    settings = [spec.fields[name].otherwise for name in missing]
    hint = rules.HEADER_MISSING.hint
    if all(settings):
        hint = f"Add the column, or give {' and '.join(f'--set {key}=' for key in dict.fromkeys(settings))}."
    message = f"the mapping {spec.mapping} needs the column{'s' * (len(parts) > 1)} {', '.join(parts)}"
    expected = ", ".join(spec.fields[name].title for name in missing)
    return Finding.of(rules.HEADER_MISSING, message, where=where, value=", ".join(there), expected=expected, hint=hint)


def _free(spec: MappingSpec, row: Sequence[Cell], there: Sequence[str]) -> list[str]:
    """The headers that stand for no field and are not left out on purpose."""
    taken = {index for indexes in _sources(spec, row).values() for index in indexes}
    used = {header_key(shown(cell)) for index, cell in enumerate(row) if index in taken}
    ignored = Ignored(spec.table.ignore)
    return [text for text in there if header_key(text) not in used and text not in ignored]


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
