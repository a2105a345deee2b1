"""Small sheets, compared as whole objects; order of rows and columns; memory on a large one."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, BizTransaction, Location, ObjectEvent, Party
from gateway.errors import InputError, UsageError
from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.table import load, read
from gateway.options import Options
from gateway.sources import Source

ROOT = Path(__file__).resolve().parents[2]
HEAD = ["GTIN", "Serial Number", "Lot", "Expiration Date", "Case SSCC", "Pallet SSCC", "Commissioned At", "Packed At"]
SHIP = ["Shipped At", "Ship From GLN", "Owner GLN", "Ship To GLN", "ASN Number"]
GTIN = "08680001123452"
CASES = ["086800010000000012", "086800010000000029"]
PALLET = "186800010000000019"
MADE = "11/16/2026 06:30:00"
PACKED = "11/16/2026 08:05"
EPC = "urn:epc:id:sgtin:8680001.012345."
PLANT = Location("urn:epc:id:sgln:8680001.00002.0")


def sheet(rows: list[list[str]], head: list[str] = HEAD) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode()


def row(serial: str, case: int = 0, *, lot: str = "L1", expiry: str = "10/31/2029", made: str = MADE) -> list[str]:
    return [GTIN, serial, lot, expiry, CASES[case], PALLET, made, PACKED]


def convert(data: bytes, **settings: str):
    context = Context(mapping=load("acme-cmo/batch-us"), options=Options(settings), now="2026-11-22T00:00:00Z")
    document = read(Source.memory(data, "s.csv"), context)
    return list(document.events), context.findings, document.header


def packed_in(events, parent: str) -> list[str]:
    return [c for e in events if isinstance(e, AggregationEvent) and e.parent_id == parent for c in e.child_epcs]


def test_a_small_sheet_in_full() -> None:
    extra = ["11/17/2026 15:30", "8680001000012", "8680002000011", "8680003000010", "DN 7"]
    events, findings, header = convert(sheet([[*row("A1"), *extra], [*row("B/2"), *extra]], [*HEAD, *SHIP]))
    made = {"event_time": "2026-11-16T06:30:00-05:00", "event_time_zone_offset": "-05:00"}
    packed = {"event_time": "2026-11-16T08:05:00-05:00", "event_time_zone_offset": "-05:00"}
    commissioning = {"biz_step": "commissioning", "disposition": "active", "read_point": PLANT, "biz_location": PLANT}
    packing = {"biz_step": "packing", "disposition": "in_progress", "read_point": PLANT, "biz_location": PLANT}
    mda = "urn:epcglobal:cbv:mda"
    ilmd = [
        element(mda, "lotNumber", "L1", prefix="cbvmda"),
        element(mda, "itemExpirationDate", "2029-10-31", prefix="cbvmda"),
    ]
    packs = [EPC + "A1", EPC + "B%2F2"]
    case, pallet = "urn:epc:id:sscc:8680001.0000000001", "urn:epc:id:sscc:8680001.1000000001"
    all_rows, first = Where("s.csv", row=2, last_row=3), Where("s.csv", row=2, last_row=2)
    assert events == [
        ObjectEvent(**made, **commissioning, action="ADD", epc_list=packs, ilmd=ilmd, where=all_rows),
        ObjectEvent(**packed, **commissioning, action="ADD", epc_list=[case], where=first),
        ObjectEvent(**packed, **commissioning, action="ADD", epc_list=[pallet], where=first),
        AggregationEvent(**packed, **packing, action="ADD", parent_id=case, child_epcs=packs, where=all_rows),
        AggregationEvent(**packed, **packing, action="ADD", parent_id=pallet, child_epcs=[case], where=first),
        ObjectEvent(
            event_time="2026-11-17T15:30:00-05:00",
            event_time_zone_offset="-05:00",
            biz_step="shipping",
            disposition="in_transit",
            read_point=PLANT,
            action="OBSERVE",
            epc_list=[pallet],
            biz_transaction_list=[BizTransaction("urn:epcglobal:cbv:bt:8680001000012:DN%207", "desadv")],
            source_list=[
                Party("owning_party", "urn:epc:id:sgln:8680002.00001.0"),
                Party("possessing_party", "urn:epc:id:sgln:8680001.00001.0"),
            ],
            destination_list=[
                Party("owning_party", "urn:epc:id:sgln:8680003.00001.0"),
                Party("possessing_party", "urn:epc:id:sgln:8680003.00001.0"),
            ],
            where=first,
        ),
    ]
    assert not list(findings)
    assert (header.schema_version, header.creation_date) == ("2.0", "2026-11-22T00:00:00Z")


def test_the_order_of_columns_does_not_matter() -> None:
    rows = [row("A1"), row("A2", 1)]
    order = [7, 3, 1, 0, 6, 2, 5, 4]
    turned = [[cells[i] for i in order] for cells in rows]
    assert convert(sheet(rows))[0] == convert(sheet(turned, [HEAD[i] for i in order]))[0]


def test_unsorted_rows_make_the_same_events_but_for_order() -> None:
    rows = [row(f"A{n:03d}", n % 2) for n in range(40)]
    random.Random(1).shuffle(rows)
    events, findings, _ = convert(sheet(rows))
    assert not list(findings)
    assert len(events) == 1 + 1 + 1 + 2 + 1
    for case in (0, 1):
        parent = f"urn:epc:id:sscc:8680001.000000000{case + 1}"
        assert sorted(packed_in(events, parent)) == sorted(EPC + r[1] for r in rows if r[4] == CASES[case])


def test_events_never_mix_batches_or_times() -> None:
    rows = [row("A1"), row("A2", lot="L2"), row("A3", expiry="11/30/2029"), row("A4", made="11/16/2026 06:31:00")]
    events, _, _ = convert(sheet([*rows, row("A5")]))
    assert [e.epc_list for e in events[:4]] == [[EPC + "A1", EPC + "A5"], [EPC + "A2"], [EPC + "A3"], [EPC + "A4"]]
    assert events[3].event_time == "2026-11-16T06:31:00-05:00"


def test_an_event_holds_at_most_a_thousand() -> None:
    events, _, _ = convert(sheet([row(f"A{n}") for n in range(2500)]))
    packs = [e for e in events if isinstance(e, ObjectEvent) and EPC in e.epc_list[0]]
    assert [len(e.epc_list) for e in packs] == [1000, 1000, 500]


def test_a_missing_time_names_the_setting_and_takes_it() -> None:
    data = sheet([row("A1")[:6]], HEAD[:6])
    with pytest.raises(InputError) as caught:
        convert(data)
    assert caught.value.finding.code == "TABLE-HEAD-01"
    assert "--set event-time=" in caught.value.finding.hint
    events, findings, _ = convert(data, **{"event-time": "2026-11-20T08:00:00Z"})
    assert not list(findings)
    assert {(e.event_time, e.event_time_zone_offset) for e in events} == {("2026-11-20T08:00:00Z", "+00:00")}


def test_a_setting_without_zone_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="event-time"):
        convert(sheet([row("A1")[:6]], HEAD[:6]), **{"event-time": "20.11.2026"})


def test_the_serial_of_another_gtin_is_another_pack() -> None:
    other = row("A1")
    other[0] = "18680001123459"
    events, findings, _ = convert(sheet([row("A1"), other]))
    assert not list(findings)
    assert len(packed_in(events, "urn:epc:id:sscc:8680001.0000000001")) == 2


def test_duplicates_far_apart_are_found_with_both_rows() -> None:
    rows = [row(f"A{n:06d}", n % 2) for n in range(140_000)]
    rows.append(row("A000007", 1))
    _, findings, _ = convert(sheet(rows))
    assert [(f.code, f.where.row, f.value) for f in findings] == [("TABLE-DUP-01", 140_002, "A000007")]
    assert "row 9" in next(iter(findings)).message


def test_no_mapping_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="mapping"):
        read(Source.memory(b"x"), Context())


def test_memory_stays_flat() -> None:
    code = (
        "import sys, tempfile, pathlib; sys.path.insert(0, 'tests/bench'); import table_data as table\n"
        "folder = pathlib.Path(tempfile.mkdtemp()); table.generate(folder / 'b.csv', 200_000, pallets=True)\n"
        "from gateway.formats.table import load, read\n"
        "from gateway.formats.base import Context\n"
        "from gateway.options import Options\n"
        "from gateway.sources import Source\n"
        "import json, shutil\n"
        "context = Context(options=Options(table.SETTINGS), mapping=load(table.MAPPING))\n"
        "events = packs = 0\n"
        "for event in read(Source.file(folder / 'b.csv'), context).events:\n"
        "    events += 1; packs += len(getattr(event, 'child_epcs', ()))\n"
        "shutil.rmtree(folder)\n"
        "rss = table.peak_mebibytes()\n"
        "print(json.dumps([events, packs, len(context.findings), rss]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    events, packed, findings, rss = json.loads(done.stdout)
    # 200 of packs, 4 of cases, 1 of pallets, one a case and one a pallet
    assert (events, packed, findings) == (200 + 4 + 1 + 4000 + 100, 204_000, 0)
    assert rss <= 64
