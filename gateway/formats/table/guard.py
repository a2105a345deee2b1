"""Texts in CSV that a spreadsheet program would run as formulas: marked with an apostrophe, and the mark taken away.

A cell that begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return is a formula to spreadsheet programs; serial
numbers may begin so (GS1 set 82). An apostrophe before it makes it text. So that nothing is read wrong, a text that
already begins with apostrophes and such a character gets one more: taking one away is always right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.findings import Findings
from gateway.formats.table import rules_out
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.cells import Block, Cell, letter, shown

MARK = "'"
#: Characters that begin a formula.
_BEGINNINGS = "=+-@\t\r"
_FORMULA = re.compile(f"{MARK}*[{re.escape(_BEGINNINGS)}]")
_GUARDED = re.compile(f"{MARK}+[{re.escape(_BEGINNINGS)}]")
_SIGNS = tuple(MARK + char for char in _BEGINNINGS)


def guarded(text: str) -> str:
    """The text with an apostrophe before it when a spreadsheet program would take it for a formula."""
    return MARK + text if _FORMULA.match(text) else text


def plain(text: str) -> str:
    """The text that a guarded cell holds."""
    return text[1:] if _GUARDED.match(text) else text


def may_be_guarded(text: str) -> bool:
    """Whether a cell of a larger text may be guarded; quick, and sometimes wrong with yes."""
    return MARK in text and any(sign in text for sign in _SIGNS)


def unguarded(blocks: Iterator[Block], place: Place, findings: Findings) -> Iterator[Block]:
    """The blocks with the apostrophes taken away. Each one is reported.

    Args:
        blocks: rows of a CSV file; those that come by column hold no guarded cell.
        place: where they come from.
        findings: takes what was changed.
    """
    for block in blocks:
        if block.columns is not None or not any(map(_looks_guarded, block.rows)):
            yield block
            continue
        rows: list[Sequence[Cell]] = []
        for number, row in zip(block.numbers, block.rows, strict=True):
            cells = [plain(cell) if isinstance(cell, str) else cell for cell in row]
            for index, (before, after) in enumerate(zip(row, cells, strict=True), 1):
                if before != after:
                    message = f"{shown(before)!r} was read as {shown(after)!r}"
                    where = place.at(number, letter(index))
                    findings.report(rules_out.FORMULA, message, where=where, value=shown(before), expected=shown(after))
            rows.append(cells)
        yield Block(block.first, rows)


def _looks_guarded(row: Sequence[Cell]) -> bool:
    return any(isinstance(cell, str) and cell.startswith(MARK) for cell in row)
