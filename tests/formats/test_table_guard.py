"""Texts that look like formulas: marked in CSV when they are written, the mark taken away when they are read."""

from __future__ import annotations

import io
import zipfile

import pytest
import python_calamine
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.findings import Severity
from gateway.formats.base import Context
from gateway.formats.table import read
from gateway.formats.table.guard import guarded, plain
from gateway.sources import Source
from tests.formats.table_writing import EVENTS, FIELDS, GTIN, Written, events_of, mapping

ONLY_UNITS = {
    "fields": {name: FIELDS[name] for name in ("gtin", "serial", "lot", "made")},
    "objects": {"unit": {"sgtin": ["gtin", "serial"]}},
    "events": EVENTS[:1],
}
HEAD = "GTIN,Serial,Lot,Made"
TIME = "25.10.2026 09:00:00"
#: Serial numbers that GS1 allows and that are formulas to a spreadsheet program, and some that only look alike.
DANGEROUS = ["=1+1", "+A", "-A", "'=1", "''-A", "=HYPERLINK(1)"]
HARMLESS = ["'A", "A=1", "'", "1-2", "''"]


def table(*serials: str) -> str:
    return "\n".join([HEAD, *(f'{GTIN},"{serial}",L1,{TIME}' for serial in serials)])


def serials(events) -> list[str]:
    return [epc.removeprefix("urn:epc:id:sgtin:9521321.011001.") for event in events for epc in event.epc_list]


@given(st.text())
@example("'")
@example("''=")
def test_what_is_marked_comes_back(text: str) -> None:
    assert plain(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_marked_cells_are_read_without_their_mark_and_it_is_said() -> None:
    by = mapping(**ONLY_UNITS)
    context = Context(mapping=by)
    events = list(read(Source.memory(table("A1", "'-A2", "''=3", "'A4").encode(), "t.csv"), context).events)
    assert serials(events) == ["A1", "-A2", "'=3", "'A4"]
    said = [(one.code, one.severity, one.where.row, one.where.column, one.value) for one in context.findings]
    assert said == [
        ("TABLE-FORMULA-01", Severity.INFO, 3, "B", "'-A2"),
        ("TABLE-FORMULA-01", Severity.INFO, 4, "B", "''=3"),
    ]


def test_a_mark_far_down_in_a_plain_file_is_seen() -> None:
    many = [f"K{number}" for number in range(20_000)]
    events = events_of(table(*many, "'-LAST").replace('"', ""), mapping(**ONLY_UNITS))
    assert serials(events) == [*many, "-LAST"]


def test_a_mapping_can_take_cells_as_they_stand() -> None:
    by = mapping(**ONLY_UNITS, table={"csv": {"formulas": "plain"}})
    assert serials(events_of(table("'-A2", "-A3"), by)) == ["'-A2", "-A3"]


@pytest.mark.parametrize("formulas", ["guarded", "plain"])
def test_written_csv_comes_back_and_what_was_marked_is_told(formulas: str) -> None:
    by = mapping(**ONLY_UNITS, table={"csv": {"formulas": formulas}})
    exact = mapping(**ONLY_UNITS, table={"csv": {"formulas": "plain"}})
    before = events_of(table(*DANGEROUS, *HARMLESS), exact)
    written = Written(before, by)
    assert events_of(written.data, by) == before
    carried = [value for code, _, value in written.losses if code == "LOSS-TABLE-06"]
    assert carried == (DANGEROUS if formulas == "guarded" else [])
    if formulas == "guarded":
        cells = [line.split(",")[1] for line in written.text.splitlines()]
        assert all(cell[0] not in "=+-@" for cell in cells)


def test_workbooks_hold_texts_and_never_formulas() -> None:
    by = mapping(**ONLY_UNITS, table={"xlsx": {}})
    before = events_of(table(*DANGEROUS), mapping(**ONLY_UNITS, table={"csv": {"formulas": "plain"}}))
    written = Written(before, by)
    assert written.losses == []
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(written.data)).get_sheet_by_index(0)
    assert [row[1] for row in sheet.to_python()][1:] == DANGEROUS
    assert events_of(written.data, by, "t.xlsx") == before

    with zipfile.ZipFile(io.BytesIO(written.data)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
