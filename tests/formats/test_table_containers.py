"""Containers on disk are the same as in memory: events, their order, findings and counts."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.epcis.events import Event, ObjectEvent
from gateway.findings import Finding, Findings
from gateway.formats.table import container_groups, container_log, containers, disk_list, load, repeats
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.container_groups import gathered
from gateway.formats.table.containers import Containers
from gateway.formats.table.disk_list import DiskList, Store
from gateway.formats.table.repeats import Numbers, Repeats
from gateway.gs1 import CompanyPrefixes
from tests.formats import tables

TIMES = ["2026-10-05T09:00:00Z", "2026-10-06T09:00:00Z"]
PACKING = [
    {"event": "ObjectEvent", "action": "ADD", "epcs": "unit", "time": "at", "biz_step": "commissioning"},
    {"event": "ObjectEvent", "action": "ADD", "epcs": "case", "time": "packed", "at_most": 3},
    {"event": "ObjectEvent", "action": "ADD", "epcs": "pallet", "time": "at"},
    {"event": "AggregationEvent", "action": "ADD", "parent": "case", "children": "unit", "time": "packed"},
    {"event": "AggregationEvent", "action": "ADD", "parent": "pallet", "children": "case", "time": "packed"},
    {"event": "ObjectEvent", "action": "OBSERVE", "epcs": "outermost", "time": "shipped", "when": ["shipped"]},
]
REWORK = [
    {"event": "ObjectEvent", "action": "ADD", "epcs": "unit", "time": "at", "where": {"kind": ["a", "b"]}},
    {"event": "AggregationEvent", "action": "DELETE", "parent": "case", "time": "packed", "where": {"kind": "c"}},
    {"event": "AggregationEvent", "action": "ADD", "parent": "pallet", "children": "case", "time": "packed"}
    | {"where": {"kind": ["a", "c"]}},
    {"event": "ObjectEvent", "action": "OBSERVE", "epcs": "outermost", "time": "at", "where": {"kind": ["b", "c"]}},
]


def sscc(extension: int, number: int) -> str:
    digits = f"{extension}9521321{number:09d}"
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def mapping(folder: Path, events: list[dict], table: dict | None = None):
    spec = copy.deepcopy(tables.SPEC)
    optional = {"required": False}
    date_time = {"transform": "datetime", "formats": ["YYYY-MM-DDThh:mm:ssZ"], "zone": "UTC"} | optional
    spec["table"] = table or {"csv": {}, "footers": [{"words": ["Cases"], "counts": "case"}]}
    spec["fields"] |= {
        "serial": {"column": "Serial", "transform": "serial"} | optional,
        "pallet": {"column": "Pallet", "transform": "sscc"} | optional,
        "packed": {"column": "Packed"} | date_time | {"default": TIMES[0]},
        "shipped": {"column": "Shipped"} | date_time,
        "kind": {"column": "Kind", "transform": "text"},
    }
    spec["objects"]["case"]["inside"] = "pallet"
    spec["objects"]["pallet"] = {"sscc": "pallet"}
    spec["events"] = events
    path = folder / "x.yaml"
    path.write_text(json.dumps(spec), "utf-8")
    return load(str(path))


@pytest.fixture(scope="module", params=[PACKING, REWORK], ids=["packing", "rework"])
def mapped(request, tmp_path_factory):
    return mapping(tmp_path_factory.mktemp("mapping"), request.param)


@pytest.fixture(scope="module")
def mapped_sheets(tmp_path_factory):
    table = {"xlsx": {"sheet": "*"}, "footers": [{"words": ["Cases"], "counts": "case"}]}
    return mapping(tmp_path_factory.mktemp("mapping"), PACKING, table)


HEAD = [*tables.HEAD.split(","), "Pallet", "Packed", "Shipped", "Kind"]


@contextmanager
def limits(in_memory: int, recent: int, parts: int, suspects: int) -> Iterator[None]:
    """Bounds so small that a few rows are many."""
    with (
        patch.object(containers, "IN_MEMORY", in_memory),
        patch.object(container_log, "RECENT", recent),
        patch.object(disk_list, "BLOCK", 3),
        patch.object(repeats, "PART_BLOCK", 2),
        patch.object(container_groups, "PART_BLOCK", 2),
        patch.object(repeats, "_PARTS", parts),
        patch.object(repeats, "_SUSPECTS", suspects),
        patch.object(repeats, "_BATCH", 2),
    ):
        yield


ROW = st.tuples(
    st.integers(0, 7),  # case
    st.sampled_from([0, 0, 0, 0, 1, 2]),  # by how much its pallet differs from the others
    st.sampled_from([0, 0, 0, 1]),  # packed
    st.sampled_from([0, 0, 0, 1]),  # shipped
    st.sampled_from("aabc"),
    st.booleans(),  # whether a unit is named
    st.integers(1, 3),  # rows alike
)
LIMITS = st.tuples(st.integers(0, 4), st.integers(1, 4), st.sampled_from([1, 4]), st.sampled_from([0, 2, 100]))


def cells(rows, *, pallets: bool) -> list[list[str]]:
    out = []
    for case, pallet, packed, shipped, kind, unit, count in rows:
        for _ in range(count):
            serial = f"S{len(out)}" if unit else ""
            outer = [sscc(0, case) if case else "", sscc(1, case % 3 + pallet) if pallets and case % 4 != 1 else ""]
            times = [TIMES[packed], ["", TIMES[1]][shipped]]
            out.append([tables.GTIN, serial, "L1", "2029-10-31", *outer, *times, kind])
    return out


def order(findings: list[Finding]) -> list[tuple[int, str, str, str]]:
    return sorted((one.where.row, one.where.column, one.code, one.message) for one in findings)


def listed_cases(events: list[Event]) -> list[list[str]]:
    """What the events about cases alone list."""
    return [one.epc_list or [] for one in events if isinstance(one, ObjectEvent) and one.biz_step is None]


def told_at_once(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.code not in {"TABLE-PARENT-01", "TABLE-CONFLICT-01"}]


@settings(max_examples=250, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=25), LIMITS, st.booleans())
def test_a_table_gives_the_same_with_its_containers_on_disk(mapped, rows, small, pallets) -> None:
    text = "\n".join(map(",".join, [HEAD, *cells(rows, pallets=pallets), ["Cases: 3", *[""] * 8]]))
    expected = tables.convert(mapped, text)
    with limits(*small):
        found = tables.convert(mapped, text)
    assert found[0] == expected[0]
    assert order(found[1]) == order(expected[1])
    assert told_at_once(found[1]) == told_at_once(expected[1])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(ROW, min_size=1, max_size=6), min_size=2, max_size=3), LIMITS)
def test_each_sheet_counts_its_new_containers(mapped_sheets, sheets, small) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for number, rows in enumerate(sheets):
            sheet = book.add_worksheet()
            content = cells(rows, pallets=True)
            for index, row in enumerate([HEAD, *content, ["Cases: 9"]]):
                sheet.write_row(index, 0, [f"{cell}x{number}" if cell.startswith("S") else cell for cell in row])
    expected = tables.convert(mapped_sheets, stream.getvalue(), "s.xlsx")
    with limits(*small):
        found = tables.convert(mapped_sheets, stream.getvalue(), "s.xlsx")
    assert found[0] == expected[0]
    assert order(found[1]) == order(expected[1])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(0, 1), st.sampled_from("abc")), min_size=1),
    LIMITS,
)
@example(rows=[(1, 0, 0, "b"), (1, 0, 0, "c")], small=(0, 1, 4, 2))
def test_each_outermost_container_is_shipped_once(mapped, rows, small) -> None:
    # Cases and pallets have the same numbers, so that a container may be at both levels.
    kinds = mapped.spec.events[-1].where
    data = [
        [tables.GTIN, f"S{n}", "L1", "2029-10-31", sscc(0, case), sscc(0, pallet) if pallet else "", "", "", kind]
        for n, (case, pallet, _, kind) in enumerate(rows)
    ]
    for row, (_, _, shipped, _) in zip(data, rows, strict=True):
        row[7] = TIMES[1] if shipped else ""
    with limits(*small):
        events, _ = tables.convert(mapped, "\n".join(map(",".join, [HEAD, *data])))

    cases: dict[tuple[str, str], tuple[str, str]] = {}
    pallets: dict[tuple[str, str], tuple[str, str]] = {}
    for _, _, _, _, case, pallet, _, shipped, kind in data:
        own = kind if kinds else ""
        cases.setdefault((own, case), (pallet, own or shipped))
        if pallet and own != "a":  # what is done with rows of kind a does not tell of pallets
            pallets.setdefault((own, pallet), ("", own or shipped))
    named: set[str] = set()
    expected = []
    for level in (cases, pallets):
        groups: dict[str, list[str]] = {}
        for (_, number), (pallet, key) in level.items():
            if not pallet:
                groups.setdefault(key, []).append(f"urn:epc:id:sscc:9521321.0{number[8:17]}")
        for key, some in groups.items():
            new = [one for one in some if one not in named]
            named.update(new)
            if new and key not in {"", "a"}:
                expected.append(new)
    assert [one.epc_list for one in events if getattr(one, "action", "") == "OBSERVE"] == expected


def test_levels_in_a_column_give_the_same_with_their_containers_on_disk() -> None:
    path = Path("mappings/styles/levels/report-vx2601.csv")
    mapped = load("styles/levels")
    expected = tables.convert(mapped, path.read_bytes(), path.name)
    assert expected[0]
    with limits(0, 1, 4, 1):
        assert tables.convert(mapped, path.read_bytes(), path.name) == expected


def test_a_contradiction_is_told_with_the_rows_of_both_when_thousands_of_cases_lie_between(tmp_path) -> None:
    mapped = mapping(tmp_path, PACKING)
    rows = [[tables.GTIN, f"S{n}", "L1", "2029-10-31", sscc(0, n), "", TIMES[0], "", "a"] for n in range(9000)]
    again = [*rows[5]]
    again[1], again[6] = "X1", TIMES[1]
    text = "\n".join(map(",".join, [HEAD, *rows, again, [*rows[8999][:1], "X2", *rows[8999][2:]]]))
    events, findings = tables.convert(mapped, text)
    assert tables.told(findings) == [("TABLE-CONFLICT-01", 9002, "Packed")]
    assert "in row 7 it has" in findings[0].message
    assert sum(map(len, listed_cases(events))) == 9000


VALUES = st.tuples(st.sampled_from(["", "", "p", "q"]), st.sampled_from("xyz"))
LOOK = st.tuples(st.sampled_from(["see", "see", "mention"]), st.integers(0, 9), VALUES, st.sampled_from(["", "a", "b"]))


def level(findings: Findings) -> Containers:
    return Containers(
        name="case",
        position=0,
        fields=["pallet", "time"],
        positions=[0, 1],
        has_parent=True,
        by_epc=True,
        header=str,
        prefixes=CompanyPrefixes([]),
        place=Place("f"),
        findings=findings,
    )


def look(one: Containers, looks) -> list[int]:
    entries = []
    for row, (what, number, values, kind) in enumerate(looks):
        if what == "see":
            one.see(f"urn:{number}", values, row, kind)
        else:
            one.mention(f"urn:{number}")
        entries.append(one.entries)
    return entries


@settings(max_examples=400, deadline=None)
@given(st.lists(LOOK, max_size=40), LIMITS)
def test_containers_are_those_of_a_plain_model(looks, small) -> None:
    first: dict[tuple[str, str], tuple[tuple[str, str], int]] = {}
    named: dict[str, None] = {}
    numbers, wrong = [], []
    for row, (what, number, values, kind) in enumerate(looks):
        urn = f"urn:{number}"
        named[urn] = None
        numbers.append(len(named))
        if what == "see" and first.setdefault((kind, urn), (values, row))[0] != values:
            wrong.append((row, first[kind, urn][1]))
    groups: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for (_, urn), (values, row) in first.items():
        if values[0]:
            groups.setdefault((values[1],), []).append((urn, row))

    findings = Findings()
    with limits(*small):
        found = level(findings)
        entries = look(found, looks)
        contradicted = found.settle()
        if contradicted:
            second = level(Findings())
            second.look_again(found, contradicted, findings)
            look(second, looks)
        groups_found = [
            (one.key, [*one.epcs], one.first, one.last) for one in found.groups(["time"], lambda own: bool(own[0]))
        ]
        assert list(found) == [(values, row, urn) for (_, urn), (values, row) in first.items()]
    assert [found.number(count) for count in entries] == numbers
    assert sorted(one.where.row for one in findings) == [row for row, _ in wrong]
    for one in findings:
        assert f"in row {dict(wrong)[one.where.row]} " in one.message
    assert groups_found == [
        (key, [urn for urn, _ in some], some[0][1], max(row for _, row in some)) for key, some in groups.items()
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=60), LIMITS)
def test_repeats_are_those_of_a_plain_model(entries, small) -> None:
    seen: dict[int, int] = {}
    again, differing = set(), set()
    for number, (key, value) in enumerate(entries):
        if key in seen:
            again.add(number)
            differing |= {key} if seen[key] != value else set()
        seen.setdefault(key, value)
    with limits(*small):
        found = Repeats(lambda: ((key, value) for key, value in entries))
    assert {number for number in range(len(entries)) if number in found.numbers} == again
    assert found.differing == differing
    assert bool(found.numbers) == bool(again)
    assert [found.numbers.below(end) for end in range(70)] == [sum(one < end for one in again) for end in range(70)]


@given(st.sets(st.integers(0, 200)))
def test_numbers_are_a_set(some: set[int]) -> None:
    numbers = Numbers()
    for one in some:
        numbers.add(one)
    assert {one for one in range(300) if one in numbers} == some


@given(
    st.lists(st.tuples(st.text(), st.integers(), st.binary(), st.tuples(st.text(st.characters())))),
    st.integers(1, 5),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_a_list_on_disk_gives_back_what_it_took(items, block: int, start: int, count: int) -> None:
    store = Store()
    found: DiskList[tuple] = DiskList(store, block)
    for index, item in enumerate(items):
        assert len(found) == index
        found.append(item)
    assert list(found) == items
    start = min(start, len(items))
    count = min(count, len(items) - start)
    assert list(found.part(start, count)) == items[start : start + count]
    store.close()


def test_half_of_a_surrogate_pair_comes_back() -> None:
    found: DiskList[tuple[str]] = DiskList(Store(), 1)
    found.append(("\ud83d",))
    assert list(found) == [("\ud83d",)]


def test_one_event_with_many_containers_is_given_out_in_parts_of_its_size(tmp_path) -> None:
    mapped = mapping(tmp_path, PACKING)
    order = [n % 2 * 100 + n // 2 for n in range(40)]
    rows = [[tables.GTIN, f"S{n}", "L1", "2029-10-31", sscc(0, n), "", TIMES[n % 2], "", "a"] for n in order]
    with limits(2, 1, 4, 1):
        events, _ = tables.convert(mapped, "\n".join(map(",".join, [HEAD, *rows])))
    cases = listed_cases(events)
    assert max(map(len, cases)) == 3
    assert sum(map(len, cases)) == 40


@pytest.mark.parametrize("suspects", [0, 100])
def test_groups_that_come_back_keep_their_order(suspects: int) -> None:
    known: DiskList = DiskList(Store())
    for row, key in enumerate("abcabda"):
        known.append(("", f"urn:{row}", row, (key,)))
    with limits(0, 1, 4, suspects):
        found = [(one.key, list(one.epcs), one.first, one.last) for one in gathered(known, lambda own: own)]
    assert found == [
        (("a",), ["urn:0", "urn:3", "urn:6"], 0, 6),
        (("b",), ["urn:1", "urn:4"], 1, 4),
        (("c",), ["urn:2"], 2, 2),
        (("d",), ["urn:5"], 5, 5),
    ]
