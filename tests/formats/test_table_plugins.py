"""Transforms of other packages, installed and used end to end."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.formats.tables import GTIN, SPEC

CODE = '''
from gateway.findings import Rule, Severity
from gateway.formats.table.transforms import Refused, Repaired, clean

NO_SUCH_LINE = Rule("HOUSE-LINE-01", Severity.ERROR, "A line has no such prefix.", "", "Correct the prefix.")
OLD_PREFIX = Rule("HOUSE-LINE-02", Severity.WARNING, "An old prefix.", "", "Use the new one.")


def line_serial(field, tools):
    """A serial number with the prefix of its line, which is left out."""

    def convert(cell):
        prefix, dash, serial = clean(cell).partition("-")
        if not dash or prefix not in field.table:
            raise Refused(NO_SUCH_LINE, f"{prefix!r} is no line", expected=", ".join(field.table))
        if field.table[prefix] == "old":
            return Repaired(serial, OLD_PREFIX, f"{prefix!r} is an old prefix")
        return serial

    return convert
'''


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder as an installer leaves it, with a package that offers a transform."""
    site = tmp_path / "site"
    about = site / "house_transforms-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "house_transforms.py").write_text(CODE, "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: house-transforms\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(
        "[gateway.transforms]\nline-serial = house_transforms:line_serial\n", "utf-8"
    )
    spec = copy.deepcopy(SPEC)
    spec["fields"]["serial"] |= {"transform": "line-serial", "table": {"L4": "new", "A4": "old"}}
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    return site


def run(folder: Path, site: Path | None, rows: str) -> tuple[int, str, dict]:
    (folder / "in.csv").write_text(rows, "utf-8")
    report = folder / "report.json"
    paths = [str(site)] if site is not None else []
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "convert", "in.csv", "--mapping", "x.yaml", "--to", "epcis-2.0-json", "-o",
         "out.json", "--report", str(report)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*paths, str(Path(__file__).resolve().parents[2])])},
    )  # fmt: skip
    return done.returncode, done.stderr, json.loads(report.read_text("utf-8")) if report.exists() else {}


def test_an_installed_transform_converts_repairs_and_refuses(house: Path, tmp_path: Path) -> None:
    head = "GTIN,Serial,Lot,Expiry,Case\n"
    code, said, report = run(tmp_path, house, f"{head}{GTIN},L4-S1,L1,2029-10-31,\n{GTIN},A4-S2,L1,2029-10-31,\n")
    assert code == 0, said
    events = json.loads((tmp_path / "out.json").read_text("utf-8"))["epcisBody"]["eventList"]
    assert [epc.rpartition(".")[2] for event in events for epc in event["epcList"]] == ["S1", "S2"]
    assert [(one["code"], one["where"]["row"]) for one in report["findings"]] == [("HOUSE-LINE-02", 3)]
    code, _, report = run(tmp_path, house, f"{head}{GTIN},L5-S1,L1,2029-10-31,\n")
    assert code == 1
    finding = report["findings"][0]
    assert (finding["code"], finding["value"], finding["expected"]) == ("HOUSE-LINE-01", "L5-S1", "L4, A4")


def test_a_transform_that_is_missing_or_broken_stops_the_run(house: Path, tmp_path: Path) -> None:
    rows = "GTIN,Serial\n"
    code, said, _ = run(tmp_path, None, rows)
    assert code == 4
    assert "there is no transform 'line-serial'" in said
    (house / "house_transforms.py").write_text("1 / 0\n", "utf-8")
    code, said, _ = run(tmp_path, house, rows)
    assert code == 4
    assert "'line-serial' (house_transforms:line_serial) cannot be loaded: ZeroDivisionError" in said
