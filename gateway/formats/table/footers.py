"""Rows below the data: totals, signatures. Recognised by their first word; a total is a control count.

Documents of records state their totals once, in a header or trailer; they are compared in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from gateway.findings import Findings, Where
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Totals
from gateway.formats.table.cells import Cell, header_key, shown
from gateway.formats.table.spec import Footer
from gateway.formats.table.spec_records import Control
from gateway.formats.table.transforms import Refused, read_number

_FIRST_WORD = re.compile(r"[^\W\d_]+")
#: More cells than these are no total but data.
_FILLED = 4
#: First words of totals in the languages of senders.
# fmt: off
TOTALS = frozenset((
    "total", "totals", "totale", "totali", "totaal", "sum", "summe", "summa", "suma", "sumă", "soma", "somme", "gesamt",
    "gesamtsumme", "anzahl", "subtotal", "count", "celkem", "spolu", "razem", "összesen", "ukupno", "skupaj", "toplam",
    "genel", "tutar", "всего", "итого", "сума", "разом", "общо", "σύνολο", "合计", "总计", "合計", "總計", "jumlah",
))
# fmt: on
_TRAILING = re.compile(r"[-+.,0-9]+$")


class Footers:
    """Takes footer rows and, at the end, compares their totals.

    Args:
        footers: those that the mapping declares.
        decimal: decimal sign of the table.
        findings: takes what is wrong.
    """

    def __init__(self, footers: Sequence[Footer], decimal: str, findings: Findings) -> None:
        self._words = [(header_key(word), footer.counts) for footer in footers for word in footer.words]
        self._decimal = decimal
        self._findings = findings
        self._totals: list[tuple[str, str, Where]] = []

    def takes(self, row: Sequence[Cell], where: Where) -> bool:
        """Whether the row is a footer."""
        filled = [cell for cell in row if shown(cell)]
        first = header_key(shown(filled[0])) if filled else ""
        for word, counts in self._words:
            if not first.startswith(word):
                continue
            if counts:
                self._note(filled, counts, where)
            return True
        return False

    def looks_like(self, row: Sequence[Cell], where: Where) -> bool:
        """Whether a row that cannot be read looks like a total that the mapping does not know; says so."""
        filled = [cell for cell in row if shown(cell)]
        first = header_key(shown(filled[0])) if filled else ""
        word = _FIRST_WORD.match(first)
        if word is None or word[0] not in TOTALS or len(filled) > _FILLED:
            return False
        message = f"the row {shown(filled[0])!r} looks like a total, and the mapping knows no such row"
        self._findings.report(rules.FOOTER_UNKNOWN, message, where=where, value=shown(filled[0]))
        return True

    def _note(self, filled: Sequence[Cell], counts: str, where: Where) -> None:
        inside = _TRAILING.search(shown(filled[0]))
        candidates: list[Cell] = [inside.group()] if inside else list(filled[1:2])
        for cell in candidates:
            try:
                number = read_number(cell, decimal=self._decimal)
            except Refused:
                break
            self._totals.append((counts, number, where))
            return
        message = f"the totals row {shown(filled[0])!r} has no number"
        self._findings.report(rules.FOOTER_UNREAD, message, where=where, expected=f"the number of objects {counts!r}")

    def controls(self, declared: Sequence[Control], found: Totals, nowhere: Where) -> None:
        """Take the totals that a document of records states once; those of its parts are added up.

        Args:
            declared: the totals that the mapping asks for.
            found: those that are there.
            nowhere: place for what is missing.
        """
        for control in declared:
            places = found.get(control.column, [])
            if not places:
                if control.required:
                    message = f"the total {control.column!r} is missing"
                    expected = f"the number of objects {control.counts!r}"
                    self._findings.report(rules.CONTROL_MISSING, message, where=nowhere, expected=expected)
                continue
            numbers = []
            for value, where in places:
                try:
                    numbers.append(Decimal(read_number(value, decimal=self._decimal)))
                except Refused as refused:
                    self._findings.report(
                        rules.FOOTER_UNREAD,
                        f"the total {control.column!r}: {refused.message}",
                        where=where,
                        value=value,
                    )
            if len(numbers) == len(places):
                self._totals.append((control.counts, str(sum(numbers)), places[-1][1]))

    def compare(self, counted: Mapping[str, Decimal]) -> None:
        """Compare the totals with what was counted, by object."""
        for counts, number, where in self._totals:
            if Decimal(number) != counted[counts]:
                message = f"the total says {number}, the rows add up to {counted[counts]} (object {counts!r})"
                self._findings.report(rules.FOOTER, message, where=where, value=number, expected=str(counted[counts]))
