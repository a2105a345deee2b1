"""What a mapping leaves out on purpose is the same for all kinds of files."""

from __future__ import annotations

import pytest

from gateway.formats.base import Context
from gateway.formats.table import load, read
from gateway.formats.table.ignored import Ignored
from gateway.formats.table.mappings import Mapping
from gateway.resources import shipped
from gateway.sources import Source


def test_headers_and_stars() -> None:
    ignored = Ignored(["Line No", "shipment.TD5*", "a.b"])
    assert "line  no" in ignored
    assert "shipment.TD501" in ignored
    assert "TD5" not in ignored
    assert "axb" not in ignored
    assert "Line" not in Ignored([])


def test_paths_end_with_it() -> None:
    ignored = Ignored(["Note", "/Head/*", "@x*"], paths=True)
    for path in ("Note", "/Batch/Unit/Note", "/head/Who", "/Batch/Head/Who/Name", "/Batch/@xml"):
        assert path in ignored
    for path in ("/Batch/Notes", "/Note/Text", "/Batch/MyHead/x"):
        assert path not in ignored


SAMPLES = [
    ("styles/json-batch", "batch-vx2601.json", b'"cases"', b'"lineInfo": 1, "lineName": "7", "cases"', ["../../line*"]),
    ("styles/xml-packing", "packing-vx2601.xml", b"<Pallet ", b"<LineInfo>1</LineInfo><Pallet ", ["Line*"]),
]


@pytest.mark.parametrize(("mapping", "sample", "old", "new", "ignore"), SAMPLES)
def test_records_are_left_out_alike(mapping: str, sample: str, old: bytes, new: bytes, ignore: list[str]) -> None:
    data = (shipped("mappings") / mapping / sample).read_bytes()
    assert old in data
    changed = data.replace(old, new, 1)
    loaded = load(mapping)

    def said(extra: list[str]) -> set[str]:
        table = loaded.spec.table.model_copy(update={"ignore": [*loaded.spec.table.ignore, *extra]})
        context = Context(mapping=Mapping(loaded.spec.model_copy(update={"table": table}), loaded.origin))
        assert list(read(Source.memory(changed, sample), context).events)
        return {finding.where.column for finding in context.findings if finding.code == "TABLE-HEAD-02"}

    assert any("line" in name.lower() for name in said([]))
    assert not any("line" in name.lower() for name in said(ignore))
