"""Rows that make no sense give findings, never a traceback, in every shape of table."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context
from gateway.formats.table import load, read
from gateway.resources import shipped
from gateway.sources import Source

STYLES = {
    "levels": "report-vx2601.csv",
    "quantities": "packing-2026-10-05.csv",
    "returns": "returns-2026-11-02.csv",
    "rework": "rework-2026-10-06.csv",
    "shipping-sscc": "departures-2026-10-21.tsv",
}


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_shuffled_and_damaged_rows(style: str, data: st.DataObject) -> None:
    mapping = load(f"styles/{style}")
    delimiter = mapping.spec.table.csv.delimiter
    text = (shipped("mappings") / "styles" / style / STYLES[style]).read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    cells = sorted({cell for row in rows for cell in row} | {"x", "\x1d", "9.5E+12", "\uff10"})
    for _ in range(data.draw(st.integers(1, 6))):
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[row]) - 1))
        rows[row][column] = data.draw(st.sampled_from(cells))
    order = data.draw(st.permutations(range(len(rows)))) if data.draw(st.booleans()) else range(len(rows))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows[index] for index in order)
    context = Context(mapping=mapping)
    try:
        events = list(read(Source.memory(out.getvalue().encode(), STYLES[style]), context).events)
    except (InputError, LimitExceeded):
        return
    assert events or context.findings.errors
