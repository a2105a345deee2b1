"""Mappings and documents that would have been taken for right, and are named before they do harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.convert import Request, convert
from gateway.errors import ConfigurationError
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.formats.table import load, read
from gateway.formats.table.conflicts import conflicts
from gateway.formats.table.infer import dialect
from gateway.formats.table.mappings import Mapping
from gateway.sources import Source

PLAIN: dict[str, Any] = {
    "mapping": "x/y",
    "version": 1,
    "title": "Test",
    "table": {"csv": {"delimiter": ";"}},
    "company_prefixes": ["9521321"],
    "fields": {"gtin": {"column": "GTIN", "transform": "gtin"}, "serial": {"column": "Serial", "transform": "serial"},
               "at": {"column": "At", "transform": "datetime", "otherwise": "event-time"}},
    "objects": {"pack": {"sgtin": ["gtin", "serial"]}},
    "events": [{"event": "ObjectEvent", "action": "ADD", "epcs": "pack", "time": "at"}],
}  # fmt: skip
ROWS = "GTIN;Serial;At\r\n09521321110014;A1;2026-11-01T08:00:00+01:00\r\n"


def mapping(tmp_path: Path, table: dict[str, Any], name: str = "x/y") -> Mapping:
    path = tmp_path / f"{name.replace('/', '-')}.yaml"
    path.write_text(yaml.safe_dump({**PLAIN, "mapping": name, "table": table}), encoding="utf-8")
    return load(str(path))


@pytest.mark.parametrize(
    "table",
    [
        {"x12": {"encoding": "nonsense"}},
        {"edifact": {"encoding": "nonsense"}},
        {"csv": {"encoding": "nonsense"}},
        {"csv": {"delimiter": ";", "quote": ";"}},
        {"csv": {"delimiter": "\n"}},
    ],
)
def test_a_dialect_that_cannot_be_is_refused_with_the_mapping(table: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(table))):
        mapping(tmp_path, table)


@pytest.mark.parametrize("spelling", ["utf-16", "UTF-16", "utf_16", "UTF-16-LE", "utf_16_le"])
def test_an_encoding_counts_however_it_is_spelt(spelling: str, tmp_path: Path) -> None:
    one = mapping(tmp_path, {"csv": {"encoding": spelling}})
    source = Source.memory(ROWS.encode(spelling), "a.csv")
    assert one.claims(source.head(), source.name, source)
    assert len(list(read(source, Context(mapping=one)).events)) == 1


def test_what_a_mapping_reads_a_proposal_reads_too() -> None:
    found = dialect.guess(ROWS.encode("utf-16-le"))
    assert found is not None
    assert (found.csv.encoding, found.csv.delimiter) == ("utf-16-le", ";")
    assert dialect.guess(b"\0\1\2" * 50) is None


def test_mappings_that_read_the_same_records_are_in_each_others_way(tmp_path: Path) -> None:
    both = [
        mapping(tmp_path, {"xlsx": {"sheet": [sheet]}, "json": {"records": "r"}}, f"x/{sheet.lower()}")
        for sheet in ("A", "B")
    ]
    assert {(one.mapping, one.other) for one in conflicts(both, both)} == {("x/a", "x/b"), ("x/b", "x/a")}
    apart = [mapping(tmp_path, {"xlsx": {"sheet": [sheet]}}, f"x/{sheet.lower()}") for sheet in ("A", "B")]
    assert list(conflicts(apart, apart)) == []


def test_a_unit_that_is_none_is_a_loss_of_a_table(tmp_path: Path) -> None:
    sample = Path("mappings/styles/quantities/packing-2026-10-05.csv.expected.jsonld")
    text = sample.read_text("utf-8")
    assert '"quantity"' in text
    at = text.index('"quantity"')
    changed = text[:at] + '"uom":"K\\u001fM",' + text[at:]
    request = Request(Source.memory(changed.encode(), "a.jsonld"), to="table", mapping=load("styles/quantities"))
    report = convert(request, tmp_path)
    assert isinstance(report.findings, Findings)
    assert report.failed or report.losses.count
