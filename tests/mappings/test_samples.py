"""Every shipped mapping reads its own samples as their goldens say, and no other mapping claims them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.convert import Request, convert
from gateway.findings import Finding
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.formats.table import Mapping, all_mappings
from gateway.resources import shipped
from gateway.sources import Source

MAPPINGS = shipped("mappings")
GOLDEN = (".expected.jsonld", ".findings.txt", ".set.yaml")
SAMPLES = sorted(path for path in MAPPINGS.glob("*/*/*") if path.is_file() and not path.name.endswith(GOLDEN))
SETTINGS = {"creation-date": "2026-01-01T00:00:00Z"}


def beside(sample: Path, suffix: str) -> Path:
    return sample.with_name(sample.name + suffix)


def line(finding: Finding) -> str:
    return f"{finding.severity.value} {finding.code} {finding.where}: {finding.message}"


def mapping_of(sample: Path) -> Mapping:
    folder = sample.parent
    return next(one for one in all_mappings() if one.name == f"{folder.parent.name}/{folder.name}")


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 9
    assert len({sample.parent for sample in SAMPLES}) >= 6


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_gives_its_goldens(sample: Path, tmp_path: Path, golden) -> None:
    values = dict(SETTINGS)
    if beside(sample, ".set.yaml").exists():
        values |= yaml.safe_load(beside(sample, ".set.yaml").read_text("utf-8"))
    mapping = mapping_of(sample)
    request = Request(Source.file(sample), to=EPCIS_2_0_JSON.key, from_="table", mapping=mapping, values=values)
    report = convert(request, tmp_path)
    expected, said = beside(sample, ".expected.jsonld"), beside(sample, ".findings.txt")
    lines = [line(finding) for finding in report.findings]
    if lines:
        golden(said, ("\n".join(lines) + "\n").encode())
    else:
        assert not said.exists()
    if report.failed:
        assert lines
        assert not expected.exists()
    else:
        golden(expected, Path(report.outputs[0].path).read_bytes())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_claimed_by_its_own_mapping_only(sample: Path) -> None:
    source = Source.file(sample)
    claims = [one.name for one in all_mappings() if one.claims(source.head(), source.name, source)]
    assert claims == [f"{sample.parent.parent.name}/{sample.parent.name}"]
