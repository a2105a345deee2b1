"""`convert --report` keeps pictures of what a person has to look at beside the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import cli
from gateway.resources import shipped

SAMPLES = shipped("mappings", "styles", "fax-page")
KNOWN = ("--mapping", "styles/fax-page", "--set", "event-time=2026-10-05T14:00:00+02:00")


def convert(sample: str, folder: Path, *more: str) -> str:
    out = str(folder / "out.jsonld")
    arguments = ["convert", str(SAMPLES / sample), "--to", "epcis-2.0-json", "-o", out, *KNOWN, *more]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    return result.output


def test_pictures_lie_beside_the_report_and_are_named_in_it(tmp_path: Path) -> None:
    report = tmp_path / "fax.json"
    said = convert("fax-broken.tif", tmp_path, "--report", str(report))
    pictures = sorted(path.name for path in (tmp_path / "fax.json.pages").iterdir())
    assert pictures == ["page-1-151x32.png", "page-1-24x189.png", "page-1-69x67.png", "page-2.png"]
    hints = " ".join(finding["hint"] for finding in json.loads(report.read_text())["findings"])
    for name in pictures:
        assert name in hints
        assert name in said
    assert not (tmp_path / "out.jsonld").exists()


def test_pictures_of_an_earlier_run_go_away(tmp_path: Path) -> None:
    report = tmp_path / "fax.json"
    convert("fax-broken.tif", tmp_path, "--report", str(report))
    own = tmp_path / "fax.json.pages" / "notes.txt"
    own.write_text("mine")
    convert("fax-lx2611.tif", tmp_path, "--report", str(report))
    assert [path.name for path in own.parent.iterdir()] == ["notes.txt"]


def test_without_a_report_the_hint_says_how_to_see_them(tmp_path: Path) -> None:
    assert "With --report FILE" in convert("fax-broken.tif", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize("sample", ["fax-lx2611.tif"])
def test_the_format_is_scan(sample: str, tmp_path: Path) -> None:
    report = tmp_path / "fax.json"
    convert(sample, tmp_path, "--report", str(report), "--from", "scan")
    assert json.loads(report.read_text())["format_in"] == "scan"
