"""Checks a file as EPTTS will: it is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from gateway.findings import Findings, Where
from gateway.gs1 import check_digit
from gateway.markets.eg import rules
from gateway.markets.eg.rows import (
    COLUMNS,
    COMMISSIONING,
    CONTAINER,
    FORMS,
    HEADER,
    ITEM,
    LOT,
    MOST_LOTS,
    MOST_SERIALS,
    PACKING,
    Row,
)
from gateway.markets.kit import checks
from gateway.markets.kit.dates import is_date

_KEY_DIGITS: Final = {ITEM: 14, CONTAINER: 18}


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one file."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        findings.report(rules.TEXT, f"the file is not UTF-8: {error.reason} at byte {error.start:,}")
        return
    lines = text.split("\n")
    if lines[0] != HEADER:
        message = f"the header is {lines[0]!r}"
        findings.report(rules.HEADER, message, where=Where(line=1), value=lines[0], expected=HEADER)
        return
    file = _File(findings)
    for number, line in enumerate(lines[1:], 2):
        if line or number < len(lines):
            file.take(number, line)
    file.finish()


class _File:
    """Takes the rows one by one and remembers what later rows depend on."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._rows = 0
        self._last_time = ""
        self._commissioned: dict[str, int] = {}
        self._packed: dict[str, tuple[str, int]] = {}
        self._lots: set[str] = set()
        self._marks: set[str] = set()
        self._date_lengths: set[int] = set()

    def take(self, line: int, text: str) -> None:
        """Check one row."""
        where = Where(line=line)
        values = text.split(",")
        if len(values) != len(COLUMNS) or '"' in text:
            message = f"the line has {len(values)} values" if '"' not in text else "the line has quotation marks"
            self._findings.report(
                rules.TEXT, message, where=where, expected=f"{len(COLUMNS)} values without quotation marks"
            )
            return
        self._rows += 1
        named = {column["name"]: value for column, value in zip(COLUMNS, values, strict=True)}
        if not checks.run(FORMS, named, self._findings, where):
            return
        row = Row(*values[1:])
        if values[0] != str(self._rows):
            message = f"seqNo is {values[0]}, this is row {self._rows}"
            self._findings.report(rules.SEQUENCE, message, where=where, value=values[0], expected=str(self._rows))
        self._time(row, where)
        self._keys(row, where)
        if row.step == COMMISSIONING:
            self._commission(row, where)
        else:
            self._pack(row, where)

    def finish(self) -> None:
        """Check what only the whole file shows."""
        if not self._rows:
            self._findings.report(rules.NOTHING, "the file has no rows")
        serials = len(self._commissioned.keys() | self._packed.keys())
        if serials > MOST_SERIALS:
            message = f"the file has {serials:,} different serial numbers"
            self._findings.report(rules.SERIALS, message, value=serials, expected=f"at most {MOST_SERIALS:,}")
        if len(self._lots) > MOST_LOTS:
            message = f"the file commissions items of {len(self._lots)} lots"
            self._findings.report(rules.LOTS, message, value=len(self._lots), expected=f"at most {MOST_LOTS}")
        if {"", "0"} <= self._marks:
            self._findings.report(rules.IMPORT, "local goods are marked by 0 in some rows and by nothing in others")
        if len(self._date_lengths) > 1:
            self._findings.report(rules.DATE, "some dates end with T and some do not")
        self._story()

    def _story(self) -> None:
        elsewhere = 0
        for epc, (_, line) in self._packed.items():
            born = self._commissioned.get(epc)
            if born is None:
                elsewhere += 1
            elif born > line:
                message = f"{epc} is packed here and commissioned in line {born}"
                self._findings.report(rules.TOO_LATE, message, where=Where(line=line), value=epc)
        if elsewhere:
            message = f"{elsewhere:,} identifiers are packed that this file does not commission"
            self._findings.report(rules.ELSEWHERE, message, value=elsewhere)
        for epc in self._circles():
            message = f"{epc} is packed into itself"
            self._findings.report(rules.CYCLE, message, where=Where(line=self._packed[epc][1]), value=epc)

    def _circles(self) -> Iterator[str]:
        """One identifier of each circle."""
        done: set[str] = set()
        for start in self._packed:
            way: dict[str, None] = {}
            at = start
            while at in self._packed and at not in done and at not in way:
                way[at] = None
                at = self._packed[at][0]
            if at in way:
                yield at
            done.update(way)

    def _time(self, row: Row, where: Where) -> None:
        try:
            datetime.fromisoformat(row.time)
        except ValueError:
            self._findings.report(rules.FORM, f"eventTime {row.time!r} is no time", where=where, value=row.time)
        if row.time < self._last_time:  # one form and one zone: the text orders as the time does
            message = f"eventTime goes back from {self._last_time}"
            self._findings.report(
                rules.ORDER, message, where=where, value=row.time, expected=f"not before {self._last_time}"
            )
        self._last_time = max(self._last_time, row.time)

    def _keys(self, row: Row, where: Where) -> None:
        if row.read_point != row.location or not checks.is_gln(row.read_point):
            message = f"readPointGLN is {row.read_point}, bizLocationGLN {row.location}"
            self._findings.report(rules.PLACE, message, where=where, value=row.read_point)
        for text in (row.epc, row.parent):
            digits = _KEY_DIGITS.get(text[: len(ITEM)])
            key = text[len(ITEM) : len(ITEM) + digits] if digits else ""
            if key and not check_digit.verify(key):
                self._findings.report(rules.KEY, f"the check digit of {key} is wrong", where=where, value=key)

    def _commission(self, row: Row, where: Where) -> None:
        if row.epc in self._commissioned:
            message = f"{row.epc} is commissioned in line {self._commissioned[row.epc]} already"
            self._findings.report(rules.TWICE, message, where=where, value=row.epc)
        self._commissioned.setdefault(row.epc, where.line)
        if row.epc.startswith(CONTAINER):
            if row.parent:
                self._findings.report(
                    rules.PARENT, "the SSCC has a Parent", where=where, value=row.parent, expected="empty"
                )
            self._nothing_else(row, where)
            return
        if row.lot:
            self._lots.add(row.lot)
        else:
            message = "the item has no lot"
            self._findings.report(rules.PARENT, message, where=where, value=row.parent, expected=f"{LOT} and the lot")
        if row.imported != "I":
            self._marks.add(row.imported)
        self._dates(row, where)

    def _dates(self, row: Row, where: Where) -> None:
        day = row.time[:10]
        if not row.expiry:
            self._findings.report(rules.DATE, "expiryDate is missing", where=where)
        for name, value in (("expiryDate", row.expiry), ("manufDate", row.made)):
            if value and not is_date(value[:10]):
                self._findings.report(rules.DATE, f"{name} {value!r} is no day", where=where, value=value)
            elif value:
                self._date_lengths.add(len(value))
        if row.expiry and row.expiry[:10] < day:
            message = f"expiryDate {row.expiry} is before eventTime {row.time}"
            self._findings.report(rules.EXPIRY, message, where=where, value=row.expiry)
        if row.made and row.made[:10] > day:
            message = f"manufDate {row.made} is after eventTime {row.time}"
            self._findings.report(rules.EXPIRY, message, where=where, value=row.made)

    def _pack(self, row: Row, where: Where) -> None:
        if not row.parent.startswith(CONTAINER):
            message = "the row of a packing names no SSCC"
            self._findings.report(
                rules.PARENT, message, where=where, value=row.parent, expected=f"{CONTAINER} and the SSCC"
            )
        if row.epc in self._packed:
            message = f"{row.epc} is packed in line {self._packed[row.epc][1]} already"
            self._findings.report(rules.TWICE, message, where=where, value=row.epc)
        else:
            self._packed[row.epc] = (row.parent, where.line)
        self._nothing_else(row, where)

    def _nothing_else(self, row: Row, where: Where) -> None:
        what = PACKING if row.step == PACKING else "an SSCC's commissioning"
        if row.imported:
            self._findings.report(rules.IMPORT, f"import stands in a row of {what}", where=where, value=row.imported)
        if row.expiry or row.made:
            self._findings.report(
                rules.DATE, f"a date stands in a row of {what}", where=where, value=row.expiry or row.made
            )
