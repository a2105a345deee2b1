"""Where the table lies in a sheet: its header row, cells above it that say something, rows below that are no data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from gateway.formats.table.cells import Cell, blank, header_key, shown
from gateway.formats.table.infer import words
from gateway.formats.table.infer.grid import Grid
from gateway.formats.table.infer.looks import is_sscc
from gateway.gs1.check_digit import verify

_WITHIN = 40
_VALUE = re.compile(r"[-+./:0-9() ]{4,}|[0-9]+")
_LETTER = re.compile(r"[^\W\d_]")
_TRAILING_NUMBER = re.compile(r"[-=:\s]*[-+.,0-9]+\s*$")
_LONGEST_LABEL = 40
_KNOWN = 0.3
_FEW = 3
#: Shorter words could begin a row of data in another file.
_SHORTEST_LABEL = 3
_GTINS = (8, 12, 13, 14)


@dataclass(frozen=True, slots=True)
class Total:
    """A row below the data.

    Attributes:
        words: with which its first filled cell begins.
        number: the number in it, empty for none.
    """

    words: str
    number: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a sheet are.

    Attributes:
        header: index of the header row.
        names: its cells.
        body: the rows of data.
        above: labels above the header, with their value in each sheet.
        titles: further texts above the header.
        totals: rows that are no data.
        starts: index of the first row of data of each sheet.
        score: how much of a header the row is, to choose among sheets.
    """

    header: int
    names: list[str]
    body: list[list[Cell]]
    above: dict[str, list[Cell]]
    titles: list[str]
    totals: list[Total]
    score: float
    starts: tuple[int, ...] = (0,)


def find(grid: Grid) -> Layout | None:
    """The layout of a sheet, None when no row looks like a header with data below it."""
    rows = grid.rows
    scores = {index: _header_score(rows, index) for index in range(min(len(rows), _WITHIN))}
    best = max(scores, key=lambda index: (scores[index], -index), default=-1)
    if best < 0 or scores[best] <= 0:
        return None
    names = [shown(cell) for cell in rows[best]]
    while names and not names[-1]:
        names.pop()
    body, totals = _without_totals(rows[best + 1 :], names)
    if not body:
        return None
    above, titles = _above(rows[:best])
    return Layout(best, names, body, above, titles, totals, scores[best])


def together(layouts: Sequence[Layout]) -> Layout:
    """One layout of several sheets with the same header: what holds for a mapping must hold for all of them."""
    if len(layouts) == 1:
        return layouts[0]
    above: dict[str, list[Cell]] = {}
    for one in layouts:
        for label, cells in one.above.items():
            above.setdefault(label, []).extend(cells)
    # A total is that of its own sheet: its number says nothing about all of them.
    totals = {total.words: Total(total.words, "") for one in layouts for total in one.totals}
    body = [row for one in layouts for row in one.body]
    starts = tuple(accumulate((len(one.body) for one in layouts[:-1]), initial=0))
    return replace(layouts[0], body=body, above=above, totals=list(totals.values()), starts=starts)


def _header_score(rows: Sequence[Sequence[Cell]], index: int) -> float:
    """Texts that differ, header words among them, no values, and rows below: a header."""
    cells = rows[index]
    texts = [shown(cell) for cell in cells if shown(cell)]
    below = next((row for row in rows[index + 1 :] if not blank(row)), None)
    if len(set(texts)) < 2 or below is None:  # noqa: PLR2004 - one cell is a title
        return 0
    values = sum(1 for cell in cells if shown(cell) and (not isinstance(cell, str) or _is_value(shown(cell))))
    known = sum(1 for text in texts if _is_known(text))
    deepest = max(len([cell for cell in row if shown(cell)]) for row in rows[index + 1 : index + 1 + _WITHIN])
    twice = len(texts) - len(set(texts))
    return len(texts) + 2 * known - 3 * (values + twice) - max(deepest - len(texts), 0) * 2


def _is_value(text: str) -> bool:
    return bool(_VALUE.fullmatch(text)) or len(text) > _LONGEST_LABEL


def _is_known(text: str) -> bool:
    return bool(words.thing(text)) or any(match.weight >= _KNOWN for match in words.meanings(text))


def _above(rows: Sequence[Sequence[Cell]]) -> tuple[dict[str, list[Cell]], list[str]]:
    """Labels with a value right of them or behind their colon; and what has no label."""
    found: dict[str, list[Cell]] = {}
    titles: list[str] = []
    for row in rows:
        filled = [cell for cell in row if shown(cell)]
        position = 0
        while position < len(filled):
            label, colon, inside = shown(filled[position]).partition(":")
            following = filled[position + 1] if position + 1 < len(filled) else ""
            if colon and inside.strip() and label.strip():
                found.setdefault(label.strip(), [inside.strip()])
            elif shown(following) and (colon or _is_known(label) or not _words_only(following)):
                found.setdefault(label.strip(), [following])
                position += 1
            else:
                titles.append(shown(filled[position]))
            position += 1
    return found, titles


def _words_only(cell: Cell) -> bool:
    return isinstance(cell, str) and not any(character.isdigit() for character in cell)


def _without_totals(rows: Sequence[list[Cell]], names: Sequence[str]) -> tuple[list[list[Cell]], list[Total]]:
    """The rows of data, and those below or between them that are totals, signatures or end marks."""
    filled = [row for row in rows if not blank(row)]
    shapes = _counts(filled, len(names), _shape)
    values = _counts(filled, len(names), shown)
    found: list[int] = []
    at_end = True
    for index in range(len(filled) - 1, -1, -1):
        row = filled[index]
        first = _first(row)
        may_be = _LETTER.search(first) and not _has_key(row) and (at_end or words.is_total(first))
        if may_be and _strange(row, shapes, values):
            found.append(index)
        else:
            at_end = False
    starts = {header_key(_first(row)) for index, row in enumerate(filled) if index not in found}
    totals = {index: total for index in found if (total := _total(filled[index], starts)) is not None}
    body = [row for index, row in enumerate(filled) if index not in totals and not _repeats(row, names)]
    return body, [totals[index] for index in sorted(totals)]


def _first(row: Sequence[Cell]) -> str:
    return next(shown(cell) for cell in row if shown(cell))


def _has_key(row: Sequence[Cell]) -> bool:
    """Whether a row names a thing: then it is no total."""
    return any(is_sscc(shown(cell)) or (len(shown(cell)) in _GTINS and verify(shown(cell))) for cell in row)


def _repeats(row: Sequence[Cell], names: Sequence[str]) -> bool:
    return [shown(cell) for cell in row][: len(names)] == list(names)


def _counts(rows: Sequence[Sequence[Cell]], width: int, look_at: Callable[[Cell], str]) -> list[Counter[str]]:
    """For each column how often its cells look how."""
    counts: list[Counter[str]] = [Counter() for _ in range(width)]
    for row in rows:
        for counter, cell in zip(counts, row, strict=False):
            counter[look_at(cell)] += 1
    return counts


def _shape(cell: Cell) -> str:
    text = shown(cell)
    if not text:
        return ""
    if not _LETTER.search(text):
        return "9"
    return "a b" if " " in text else "a"


def _strange(row: Sequence[Cell], shapes: Sequence[Counter[str]], values: Sequence[Counter[str]]) -> bool:
    """Whether the row is unlike the others: its first filled cell says something that hardly another row says there."""
    position = next(index for index, cell in enumerate(row) if shown(cell))
    if position >= len(shapes):
        return True
    counter = shapes[position]
    rows = sum(counter.values())
    shape = _shape(row[position])
    filled = [cell for cell in row if shown(cell)]
    usual = sum(1 for one in shapes if one[""] * 2 < rows)
    few = len(filled) <= max(usual // 2, 1) or words.is_total(shown(row[position]))
    if few and counter[shape] <= max(rows // 10, _FEW) and counter.most_common(1)[0][0] != shape:
        return True
    # A word of its own in a column whose words repeat, and numbers in some of the other columns.
    numbers = all(_shape(cell) == "9" for cell in filled[1:]) and len(filled) < usual
    said = values[position]
    return numbers and said[shown(row[position])] == 1 and len(said) * 2 <= rows


def _total(row: Sequence[Cell], starts: set[str]) -> Total | None:
    """The total in a row; None when a row of data begins with the same words, which a footer would swallow."""
    first = _first(row)
    inside = _TRAILING_NUMBER.search(first)
    following = next((shown(cell) for cell in row[1:] if shown(cell) and shown(cell) != first), "")
    number = inside.group().strip(" :=-") if inside and inside.start() else following
    digits = number.replace(".", "").replace(",", "").replace(" ", "")
    shortest = first[: inside.start()] if inside and inside.start() else first.split(":")[0]
    for label in (shortest.strip(" :"), first):
        long = len(label) >= _SHORTEST_LABEL or words.is_total(label)
        if long and not any(start.startswith(header_key(label)) for start in starts):
            return Total(label, digits if digits.isdigit() else "")
    return None
