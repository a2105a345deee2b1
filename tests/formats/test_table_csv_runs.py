"""Plain CSV cut at what rows have in common gives the rows that the csv module gives."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.table import csv_runs
from gateway.formats.table import unique as unique_keys
from gateway.formats.table.csv_plain import plain_blocks
from gateway.formats.table.csv_runs import Same, long_run
from gateway.formats.table.spec import Csv
from gateway.formats.table.unique import Unique, mark

CELL = st.text(st.sampled_from("ab1"), max_size=3)
RUN = st.tuples(st.lists(CELL, min_size=3, max_size=3), st.integers(0, 2), st.lists(CELL, min_size=1, max_size=30))


@pytest.fixture(autouse=True)
def _short_texts_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_runs, "_WORTH", 8)


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    stream = io.BytesIO(text.encode())
    blocks = list(plain_blocks(stream, Csv(delimiter=delimiter), "utf-8"))
    rows = [list(row) for block in blocks for row in block.rows]
    assert [block.first for block in blocks] == [1 + sum(map(len, blocks[:n])) for n in range(len(blocks))]
    rest = stream.read().decode()
    return rows + list(csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter))


@settings(max_examples=300, deadline=None)
@given(st.lists(RUN, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_the_rows_are_those_of_the_csv_module(runs, line_end: str, last_end: bool) -> None:
    lines = []
    for cells, place, own in runs:
        lines += [",".join([*cells[:place], one, *cells[place + 1 :]]) for one in own]
    text = line_end.join(lines) + (line_end if last_end else "")
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert [row for row in rows_of(text) if row] == expected


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.sampled_from('a,\n"\r;'), max_size=8), max_size=30))
def test_hostile_text_gives_the_same_rows_too(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=False))
    except csv.Error:
        return
    stream = io.BytesIO(text.encode())
    found = [list(row) for block in plain_blocks(stream, Csv(), "utf-8") for row in block.rows]
    assert found == expected[: len(found)]


def test_a_long_run_is_one_block_with_its_own_cells_only() -> None:
    text = "\n".join(f"08680001123452,S{n:05},L1,2029-10-31" for n in range(500))
    found = long_run(text, 0, ",")
    assert found is not None
    columns, position = found
    assert position == len(text) + 1
    assert list(columns[1]) == [f"S{n:05}" for n in range(500)]
    assert isinstance(columns[0], Same)
    assert list(columns[0]) == ["08680001123452"] * 500
    assert columns[2].count("L1") == 500
    assert columns[2].count("L2") == 0
    assert list(columns[3][10:12]) == ["2029-10-31"] * 2


def test_a_run_ends_where_a_row_differs_elsewhere() -> None:
    first = [f"a,{n},x" for n in range(100)]
    text = "\n".join([*first, "a,100,y", "a,101,x"])
    found = long_run(text, 0, ",")
    assert found is not None
    assert list(found[0][1]) == [str(n) for n in range(100)]
    assert text[found[1] :] == "a,100,y\na,101,x"


@pytest.mark.parametrize(
    "rest",
    ["a,9100,y\na,9101,x", "a,910,x\na,9101,x", "b,9100,x", "a,9100,xy\na,9101,x", "a,9100", "a\n1,9100,x"],
)
def test_cells_of_one_size_are_cut_at_equal_distances(monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    monkeypatch.setattr(csv_runs, "_of_any_size", lambda *_: pytest.fail("searched"))
    first = [f"a,{n},x" for n in range(1000, 1300)]
    text = "\n".join([*first, rest])
    found = long_run(text, 0, ",")
    assert found is not None
    assert list(found[0][1]) == [str(n) for n in range(1000, 1300)]
    assert text[found[1] :] == rest


def test_a_cell_of_the_same_size_with_a_delimiter_is_none() -> None:
    text = "\n".join(["a,10,x", "a,11,x", "a,,,,x", *(f"a,{n},x" for n in range(12, 99))])
    assert rows_of(text)[2] == ["a", "", "", "", "x"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 40)), min_size=1, max_size=4), st.booleans())
def test_runs_of_cells_of_one_size_give_the_rows_of_the_csv_module(runs, last_end: bool) -> None:
    lines = [f"1,{number % 7919:04},{case}" for case, count in runs for number in range(0, count * 7, 7)]
    text = "\n".join(lines) + ("\n" if last_end else "")
    assert rows_of(text) == [line.split(",") for line in lines]


@pytest.mark.parametrize("at_once", [3, 1 << 16])
@pytest.mark.parametrize("count", [10, 5000, 600_000])
def test_keys_that_come_twice_are_suspects(monkeypatch: pytest.MonkeyPatch, count: int, at_once: int) -> None:
    monkeypatch.setattr(unique_keys, "_AT_ONCE", max(at_once, count // 1000))
    keys = [f"urn:x:{number}" for number in range(count)]
    unique = Unique()
    for start in range(0, count, 700):
        unique.add(keys[start : start + 700])
    unique.add([keys[3], keys[-1]])
    assert unique.suspects() == {mark(keys[3]), mark(keys[-1])}


@given(st.lists(st.integers(-5, 5).map(lambda number: number << 40 | number), max_size=60))
def test_keys_that_come_often_are_suspects_however_often_heaps_are_divided(keys: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique_keys, "_BUFFER", 4)
        patch.setattr(unique_keys, "_AT_ONCE", 1)
        unique = Unique()
        for key in keys:
            unique.add([key])
        marks = list(map(mark, keys))  # two keys may have one
        assert unique.suspects() == {one for one in marks if marks.count(one) > 1}


def test_memory_does_not_grow_with_the_number_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_keys, "_BUFFER", 1 << 10)
    monkeypatch.setattr(unique_keys, "_AT_ONCE", 1 << 9)

    def peak(count: int) -> int:
        tracemalloc.start()
        unique = Unique()
        for start in range(0, count, 500):
            unique.add([f"urn:x:{number}" for number in range(start, start + 500)])
        assert not unique.suspects()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = peak(15_000)
    assert peak(150_000) < 1.2 * few
