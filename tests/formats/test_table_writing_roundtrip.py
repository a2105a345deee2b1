"""What a mapping has read it writes, and reads again as the same events: all shipped samples, and tables by chance."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.convert import Request, convert
from gateway.findings import Severity
from gateway.formats.table import all_mappings
from gateway.gs1.charsets import SET_82
from gateway.gs1.check_digit import append
from gateway.resources import shipped
from gateway.sources import Source
from tests.formats.table_writing import FIELDS, GTIN, Written, events_of, mapping, normal

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "mappings"
EXPECTED = ".expected.jsonld"
ACME = [
    (FIXTURES / "acme-cmo/batch-tr.xlsx", "acme-cmo/batch"),
    (FIXTURES / "acme-cmo/batch-us.csv", "acme-cmo/batch-us"),
]
SAMPLES = ACME + [
    (path.with_name(path.name.removesuffix(EXPECTED)), f"{path.parent.parent.name}/{path.parent.name}")
    for path in sorted(shipped("mappings").glob("*/*/*" + EXPECTED))
]
CREATED = {"creation-date": "2026-01-01T00:00:00Z"}
MAPPINGS = {one.name: one for one in all_mappings()}
PAIRS = [
    (path, name, carrier)
    for path, name in SAMPLES
    for carrier in ("csv", "xlsx")
    if getattr(MAPPINGS[name].spec.table, carrier) is not None
]


def test_there_are_samples() -> None:
    assert len({name for _, name, _ in PAIRS}) >= 8
    assert {carrier for _, _, carrier in PAIRS} == {"csv", "xlsx"}


@pytest.mark.parametrize(("sample", "name", "carrier"), PAIRS, ids=lambda part: getattr(part, "name", part))
def test_a_sample_comes_back(sample: Path, name: str, carrier: str, tmp_path: Path) -> None:
    by = MAPPINGS[name]

    def run(source: Path, folder: str, **request: object) -> Path:
        out = tmp_path / folder
        out.mkdir()
        report = convert(Request(Source.file(source), **request), out)  # type: ignore[arg-type]
        assert not report.failed, list(report.findings)
        assert report.losses.count == 0
        if folder != "first":
            assert not [finding for finding in report.findings if finding.severity is not Severity.INFO]
        return Path(report.outputs[0].path)

    first = run(sample, "first", to="epcis-2.0-json", mapping=by, values=CREATED)
    table = run(first, "table", to="table", mapping=by, values={"carrier": carrier})
    assert table.suffix == f".{carrier}"
    again = run(table, "again", to="epcis-2.0-json", mapping=by, values=CREATED)
    assert again.read_bytes() == first.read_bytes()


SERIALS = st.text(SET_82, min_size=1, max_size=20)
PALLETS = [append(f"19521321{number:09d}") for number in range(3)]
BOXES = [append(f"09521321{number:09d}") for number in range(6)]
MINUTES = st.integers(0, 59).map("{:02}".format)
LEVELS = {"column": "Level", "objects": {"U": "unit", "B": "box", "P": "pallet"}}

#: The same events in other tables.
SHAPES = {
    "flat": {},
    "blocks": {"table": {"csv": {}, "fill_down": ["pallet", "box"]}},
    "levels": {"table": {"csv": {}, "levels": LEVELS}},
    "levels-parent": {"table": {"csv": {}, "levels": LEVELS | {"parent": "Within"}}},
    "semicolons": {"table": {"csv": {"delimiter": ";", "quote": "'", "encoding": "cp1252"}}},
    "plain": {"table": {"csv": {"formulas": "plain"}}},
}
SHAPES["one-code"] = {
    "fields": FIELDS
    | {
        "gtin": {"column": "Code", "transform": "gtin", "steps": [{"element": "01"}]},
        "serial": {"column": "Code", "transform": "serial", "steps": [{"element": "21"}]},
        "lot": {"column": "Code", "transform": "lot", "steps": [{"element": "10"}]},
    }
}
SHAPES["parts"] = {
    "fields": FIELDS
    | {
        "gtin": {"column": "Article", "transform": "gtin", "steps": [{"split": {"by": " ", "part": 1, "of": 2}}]},
        "lot": {"column": "Article", "transform": "lot", "steps": [{"split": {"by": " ", "part": 2, "of": 2}}]},
        "serial": {"column": "Serial", "transform": "serial", "steps": [{"prefix": "S"}, {"suffix": "-"}]},
    }
}


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A table with one row a unit, of units in boxes on pallets; some of them loose, times by box."""
    boxes = {
        box: (draw(st.sampled_from(["", *PALLETS])), draw(MINUTES)) for box in draw(st.sets(st.sampled_from(BOXES)))
    }
    # All that is in one pallet is packed at one time, as the mapping has one column for both.
    times = {pallet: draw(MINUTES) for pallet in PALLETS}
    rows = ["GTIN,Serial,Lot,Box,Pallet,Made,Packed"]
    for serial in draw(st.lists(SERIALS, min_size=1, max_size=12, unique=True)):
        box = draw(st.sampled_from(["", *sorted(boxes)]))
        pallet, own = boxes.get(box, ("", ""))
        packed = f"25.10.2026 12:{times.get(pallet, own)}" if box else ""
        made = f"25.10.2026 09:{draw(MINUTES)}:00"
        quoted = serial.replace('"', '""')
        lot = draw(st.sampled_from(["L1", "-L2", "@".replace("@", "=3")]))
        rows.append(f'{GTIN},"{quoted}",{lot},{box},{pallet},{made},{packed}')
    return "\n".join(rows)


FLAT = mapping(table={"csv": {"formulas": "plain"}})
SHAPED = {name: mapping(**changes) for name, changes in SHAPES.items()}
#: A step of this mapping gives only serial numbers that begin with S and end with -, and texts with brackets in an
#: element string have a spelling of their own.
ANY_SERIAL = sorted(SHAPED.keys() - {"parts"})


@pytest.mark.parametrize("shape", ANY_SERIAL)
@given(table=tables())
@settings(max_examples=40, deadline=None)
def test_any_table_comes_back_in_any_shape(shape: str, table: str) -> None:
    before = events_of(table, FLAT)
    written = Written(before, SHAPED[shape])
    assert not written.codes
    assert {one.code for one in written.lost} <= {"LOSS-TABLE-06"}
    assert normal(events_of(written.data, SHAPED[shape])) == normal(before)


@given(table=tables())
@settings(max_examples=20, deadline=None)
def test_parts_of_a_cell_are_put_together(table: str) -> None:
    header, *rows = table.split("\n")
    plain = [header]
    for number, row in enumerate(rows):
        tail = row.rsplit(",", 5)[1:]
        plain.append(",".join([GTIN, f"S{number}-", *tail]))
    before = events_of("\n".join(plain), FLAT)
    written = Written(before, SHAPED["parts"])
    assert not written.codes
    assert normal(events_of(written.data, SHAPED["parts"])) == normal(before)
