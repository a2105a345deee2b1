"""Proposes a mapping for a table that nobody has described: `infer`.

The values speak first (check digits, patterns, forms of dates over whole columns, how many different ones there are),
the headers second (words of nine languages), the relation between the columns third. Each decision has its reasons;
what a sample cannot say becomes a question to a person. Nothing is written here and nothing is read but the sample.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.table import rules_infer
from gateway.formats.table.infer import grid, layout, relations, roles, words
from gateway.formats.table.infer.build import Builder
from gateway.formats.table.infer.grid import Book, Grid
from gateway.formats.table.infer.layout import Layout
from gateway.formats.table.infer.looks import look
from gateway.formats.table.infer.proposal import Proposal, Question
from gateway.formats.table.infer.relations import Structure
from gateway.formats.table.infer.role import MEDIUM, Role
from gateway.formats.table.infer.yamltext import render
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source

__all__ = ["Proposal", "Question", "infer", "render"]

_HEADER_WITHIN = 20


def infer(source: Source, name: str) -> Proposal:
    """Propose a mapping for the file.

    Args:
        source: a sample, the larger the better.
        name: what the mapping is to be called, ``<partner>/<document>``.

    Raises:
        InputError: no table was recognised, or nothing says which things its rows are about.
        LimitExceeded: the file is over a limit.
    """
    book = grid.load(source, Context())
    sheet, found = _table(book, source)
    decided = _roles(found)
    structure = relations.find(decided, found.starts)
    proposal = Proposal(name, source.name, {}, decided, notes=_notes(book, sheet, found, structure))
    builder = Builder(proposal, decided, structure, found.names)
    if not builder.build():
        raise InputError(_nothing(source, sheet, found, decided))
    for doubt in structure.doubts:
        proposal.ask("containers", doubt)
    if book.guess is not None and book.guess.doubt:
        proposal.ask("encoding", book.guess.doubt)
    table = _kind(book, sheet, found, proposal)
    table |= _shape(structure, builder, found, proposal)
    proposal.notes.append("proposed events: " + ", ".join(map(_event, builder.events)))
    proposal.spec = {
        "mapping": name,
        "version": 1,
        "title": f"Proposed from {source.name}",
        "identify": {"names": [f"*{PurePath(source.name).suffix.lower() or ''}"]},
        "table": table,
        **({"settings": builder.settings} if builder.settings else {}),
        "fields": builder.fields.specs,
        "objects": builder.objects,
        "events": builder.events,
    }
    MappingSpec.model_validate(proposal.spec)
    return proposal


def _table(book: Book, source: Source) -> tuple[Grid, Layout]:
    """The sheet that holds the table."""
    found = [(one, where) for one in book.grids if (where := layout.find(one)) is not None]
    if not found:
        message = "no row looks like a header with rows of data below it"
        raise InputError(Finding.of(rules_infer.NO_TABLE, message, where=Where(file=source.name)))
    sheet, best = max(found, key=lambda pair: pair[1].score)
    return sheet, layout.together([best, *(one for _, one in found if one.names == best.names and one is not best)])


def _roles(found: Layout) -> list[Role]:
    """What each column is; day and month are told apart by the whole file where a column alone cannot."""
    cells = [[row[index] if index < len(row) else "" for row in found.body] for index in range(len(found.names))]
    looks = [look(index, name, cells[index]) for index, name in enumerate(found.names)]
    looks += [look(-1, label, values) for label, values in found.above.items()]
    shown = {one.dates.order: one for one in looks if one.dates is not None and one.dates.proof}
    proven = [order for order in ("DMY", "MDY") if order in shown]
    decided = roles.decide(
        look(one.index, one.header, cells[one.index] if one.index >= 0 else one.texts, proven[0])
        if len(proven) == 1 and one.dates is not None and one.dates.rivals
        else one
        for one in looks
    )
    for role in decided if len(proven) == 1 else ():
        dates = role.look.dates
        if dates is not None and dates.rivals and set(dates.rivals) <= {"DMY", "MDY"} and role.doubt:
            witness = shown[proven[0]]
            proof = witness.dates.proof if witness.dates is not None else ""
            role.doubt, role.confidence = "", MEDIUM
            role.reasons.append(f"day and month as in {witness.header!r}, where {proof!r} decides")
    return decided


def _notes(book: Book, sheet: Grid, found: Layout, structure: Structure) -> list[str]:
    notes = list(book.guess.reasons) if book.guess is not None else []
    if sheet.sheet:
        notes.append(f"the table is in the sheet {sheet.sheet!r}")
    notes.append(f"row {found.header + 1} is the header; {len(found.body):,} rows of data below it")
    if not sheet.complete:
        notes.append(f"only the first {grid.ROWS:,} rows were looked at; rows below the data were not")
    if found.totals:
        notes.append("rows that are no data begin with " + ", ".join(repr(total.words) for total in found.totals))
    return [*notes, *structure.notes]


def _kind(book: Book, sheet: Grid, found: Layout, proposal: Proposal) -> dict[str, Any]:
    """How the table is carried."""
    out: dict[str, Any] = {}
    if book.csv is not None:
        out["csv"] = {"delimiter": book.csv.delimiter, "encoding": book.csv.encoding}
    else:
        alike = [one.sheet for one in book.grids if (where := layout.find(one)) and where.names == found.names]
        others = [one.sheet for one in book.grids if one.sheet not in alike]
        out["xlsx"] = {"sheet": "*"} if len(alike) > 1 else {"sheet": sheet.sheet} if sheet.sheet != book.first else {}
        if len(alike) > 1:
            proposal.notes.append(f"all sheets with this header are read: {', '.join(map(repr, alike))}")
        if others:
            proposal.ask("sheets", f"not converted: {', '.join(map(repr, others))}")
    if found.header >= _HEADER_WITHIN:
        out["header_within"] = found.header + _HEADER_WITHIN
    return out


def _shape(structure: Structure, builder: Builder, found: Layout, proposal: Proposal) -> dict[str, Any]:
    """The parts of `table` that depend on what the columns are."""
    out: dict[str, Any] = {}
    sign = builder.decimal()
    if sign != ".":
        out["decimal"] = sign
    if builder.ignored():
        out["ignore"] = builder.ignored()
    footers = [_footer(total.words, total.number, builder, structure) for total in found.totals]
    if footers:
        out["footers"] = footers
    if structure.fill_down:
        out["fill_down"] = [name for role in structure.fill_down for name in proposal.fields_of(role)]
    if structure.levels is not None:
        levels = structure.levels
        out["levels"] = {"column": levels.column.look.header, "objects": levels.objects}
        if levels.parent is not None:
            out["levels"]["parent"] = levels.parent.look.header
        elif "packed" in builder.fields.specs:
            out["levels"]["inherit"] = ["packed"]
    return out


def _event(event: dict[str, Any]) -> str:
    what = f"{event['children']} into {event['parent']}" if "parent" in event else event["epcs"]
    return f"{event['biz_step']} of {what}"


def _footer(label: str, number: str, builder: Builder, structure: Structure) -> dict[str, Any]:
    """A row below the data; its number is compared when it is the number of one kind of thing."""
    out: dict[str, Any] = {"words": [label]}
    counts = builder.counts(structure)
    equal = [name for name, count in counts.items() if number and str(count) == number]
    named = words.thing(label)
    if equal:
        out["counts"] = named if named in equal else equal[0]
    return out


def _nothing(source: Source, sheet: Grid, found: Layout, decided: list[Role]) -> Finding:
    where = Where(file=source.name, sheet=sheet.sheet, row=found.header + 1)
    taken = ", ".join(f"{role.look.header!r} as {role.title}" for role in decided if role.kind != "unknown")
    message = "nothing says which things the rows are about: no serial numbers with a GTIN, no SSCCs, no amounts"
    doubts = [f"{role.look.header!r}: {role.doubt}" for role in decided if role.doubt]
    message = "; ".join([message, *doubts])
    return Finding.of(
        rules_infer.NO_THINGS,
        message,
        where=where,
        value=taken or "nothing",
        expected="serial numbers, SSCCs or amounts",
    )
