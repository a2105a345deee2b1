"""Scanned or faxed pages: each barcode is a row; or the text of PDF pages as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gateway.findings import Findings, Where
from gateway.formats.base import Context, Limits
from gateway.formats.scan import rules
from gateway.formats.scan.extra import require
from gateway.formats.scan.pages import is_scan, pages
from gateway.formats.table.carriers.base import Place, Sheet
from gateway.formats.table.cells import Block, Cell
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.spec_scan import Scan
from gateway.sources import Source


@dataclass(frozen=True)
class PagePlace(Place):
    """Rows that are places on pages.

    Attributes:
        rows: the place of each row, e.g. ``page 2, 84 x 31 mm``; the column names in row 1 are at none.
    """

    rows: list[str] = field(default_factory=list)

    def at(self, row: int = 0, column: str = "", last_row: int = 0) -> Where:
        """The place of a row on its page."""
        path, last = self.named(row), self.named(last_row)
        return Where(file=self.file, column=column, path=f"{path} to {last}" if last and last != path else path)

    def named(self, row: int) -> str:
        """A row inside a sentence."""
        return self.rows[row - 1] if 0 < row <= len(self.rows) else ""


class ScanCarrier:
    """PDF, TIFF, PNG and JPEG."""

    key = "scan"
    format = "scan"

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether the file is, or claims to be, a document of pages."""
        return is_scan(head, name)

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """All pages as one table, page by page.

        Raises:
            ConfigurationError: the extra `scan` is not installed.
        """
        require()
        place = PagePlace(source.name)
        read = _texts if (spec.table.scan or Scan()).text else _codes
        yield Sheet(place, read(source, spec, context, place))

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002 - as the protocol has it
        """The column names, if the first page that is read has a code of the mapping's smallest thing; its first text.

        Raises:
            InputError: the file is damaged or protected. No other format would do better.
            LimitExceeded: it is over a limit.
            ConfigurationError: the extra `scan` is not installed.
        """
        if source is None:
            return []
        require()
        scan = spec.table.scan or Scan()
        if scan.text:
            context = Context(findings=Findings(0))
            first = next(_texts(source, spec, context, PagePlace(source.name)), None)
            return first.rows[:rows] if first is not None else []
        from gateway.formats.scan.pictures import Pictures  # noqa: PLC0415 - needs the extra
        from gateway.formats.scan.records import Records, columns  # noqa: PLC0415

        records = Records(spec, Pictures(source.name, Context()))
        found = islice(pages(source, Limits(), dpi=scan.dpi), scan.covers, scan.covers + 1)
        return [columns(spec)] if any(records.fits(page) for page in found) else []


def _codes(source: Source, spec: MappingSpec, context: Context, place: PagePlace) -> Iterator[Block]:
    from gateway.formats.scan.pictures import Pictures  # noqa: PLC0415 - needs the extra
    from gateway.formats.scan.records import Records, columns  # noqa: PLC0415

    names = columns(spec)
    records = Records(spec, Pictures(source.name, context))
    scan = spec.table.scan or Scan()
    place.rows.append("")
    yield Block(1, [names])
    for page in pages(source, context.limits, dpi=scan.dpi):
        if page.number <= scan.covers:
            continue
        found = records.of(page)
        first = len(place.rows) + 1
        place.rows.extend(f"page {page.number}, {record.symbol.box}" for record in found)
        if found:
            yield Block(first, [[record.cell(name) for name in names] for record in found])


def _texts(source: Source, spec: MappingSpec, context: Context, place: PagePlace) -> Iterator[Block]:
    from gateway.formats.scan.pictures import Pictures, blank  # noqa: PLC0415 - needs the extra
    from gateway.formats.scan.text_table import TextTable  # noqa: PLC0415

    pictures, table = Pictures(source.name, context), TextTable()
    scan = spec.table.scan or Scan()
    for page in pages(source, context.limits, dpi=scan.dpi, text=True):
        if page.number <= scan.covers:
            continue
        rows = table.rows(page)
        if not rows and blank(page):
            pictures.report(rules.BLANK, "the page is blank", page)
        elif not rows:
            message = "the page has no text that was printed to PDF, only a picture"
            pictures.report(rules.NO_TEXT, message, page)
        first = len(place.rows) + 1
        place.rows.extend(f"page {page.number}, line {line}" for line in range(1, len(rows) + 1))
        if rows:
            yield Block(first, rows)


SCAN = ScanCarrier()
