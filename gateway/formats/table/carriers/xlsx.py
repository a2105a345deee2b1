"""Workbooks: whatever spreadsheet programs save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context, Limits
from gateway.formats.table import xlsx_rows
from gateway.formats.table.carriers import kinds
from gateway.formats.table.carriers.base import Sheet
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import MappingSpec, Xlsx
from gateway.sources import Source


class XlsxCarrier:
    """Workbooks: XLSX, XLS and ODS."""

    key = "xlsx"
    format = "table"

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether the file is, or claims to be, a workbook."""
        return kinds.is_workbook(head, name)

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """The sheets that the mapping reads."""
        return xlsx_rows.sheets(source, spec.table.xlsx or Xlsx(), context, fill=xlsx_rows.fills(spec))

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002 - as the protocol has it
        """The first rows of the sheet; none without the whole file.

        Raises:
            InputError: the file is called a workbook and cannot be opened as one. No other format would do better,
                and "nobody claims it" would hide the reason.
            LimitExceeded: the same, because it is over a limit.
        """
        if source is None:
            return []
        try:
            return xlsx_rows.head(source, spec, rows, Limits())
        except (InputError, LimitExceeded):
            if kinds.is_workbook(b"", source.name):
                raise
            return []  # a zip or a compound file of another kind


XLSX = XlsxCarrier()
