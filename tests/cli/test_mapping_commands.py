"""The workbench for mappings on the command line: infer, check, test."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner

from gateway.cli.main import cli, main

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "fixtures" / "infer"


@dataclass
class Done:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str | Path) -> Done:
    """Run ``gateway mapping`` in this process, with its exit code."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["gateway", "mapping", *map(str, arguments)]
    with redirect_stdout(out), redirect_stderr(err), mock.patch.object(sys, "argv", argv):
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of mappings of one's own, with a mapping that has two samples."""
    shutil.copytree(ROOT / "mappings" / "styles", tmp_path / "mappings" / "mine")
    for path in (tmp_path / "mappings" / "mine").iterdir():
        if path.stem != "returns":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    mapping = tmp_path / "mappings" / "mine" / "returns.yaml"
    text = mapping.read_text("utf-8").replace("styles/returns", "mine/returns")
    mapping.write_text(text.replace("Returned on", "Came back on"), encoding="utf-8")
    for sample in (tmp_path / "mappings" / "mine" / "returns").glob("*.csv"):
        sample.write_text(sample.read_text("utf-8").replace("Returned on", "Came back on"), encoding="utf-8")
    return tmp_path / "mappings"


# infer


def test_infer_writes_a_mapping_that_checks_and_says_why(tmp_path: Path) -> None:
    target = tmp_path / "mappings" / "my-cmo" / "batch.yaml"
    done = run("infer", SAMPLES / "de-protokoll.csv", "-o", target)
    assert done.returncode == 0
    assert done.stdout == ""
    assert re.search(r"^NVE Karton +SSCC of the case +high +18 digits", done.stderr, re.MULTILINE)
    assert (
        "tried on the sample with stand-ins for time-zone and event-time: 20 events with 40 identifiers" in done.stderr
    )
    assert target.read_text("utf-8").splitlines()[0].startswith("# Proposed from de-protokoll.csv.")
    assert "mapping: my-cmo/batch" in target.read_text("utf-8")
    assert run("check", target).returncode == 0


def test_infer_prints_the_mapping_without_a_file_and_json_for_machines() -> None:
    done = run("infer", SAMPLES / "cn-zhuangxiang.csv")
    assert done.returncode == 0
    assert "mapping: new/cn-zhuangxiang" in done.stdout
    done = run("infer", SAMPLES / "cn-zhuangxiang.csv", "--json", "--set", "time-zone=Asia/Shanghai")
    document = json.loads(done.stdout)
    assert document["trial"]["events"] == 12
    assert document["columns"][3]["fields"] == ["serial"]
    assert document["settings"] == ["time-zone", "read-point"]


def test_infer_overwrites_nothing(tmp_path: Path) -> None:
    target = tmp_path / "batch.yaml"
    target.write_text("mine", encoding="utf-8")
    done = run("infer", SAMPLES / "de-protokoll.csv", "-o", target)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert target.read_text("utf-8") == "mine"


@pytest.mark.parametrize(("text", "code"), [("", 1), ("a\nb\n", 1), ("GTIN,Serial\n1,2\n3,4\n", 1)])
def test_infer_refuses_what_is_no_table(tmp_path: Path, text: str, code: int) -> None:
    sample = tmp_path / "x.csv"
    sample.write_text(text, encoding="utf-8")
    done = run("infer", sample, "-o", tmp_path / "m.yaml")
    assert done.returncode == code
    assert "fix:" in done.stderr
    assert not (tmp_path / "m.yaml").exists()


def test_infer_wants_a_right_name(tmp_path: Path) -> None:
    assert run("infer", SAMPLES / "de-protokoll.csv", "--name", "No Name").returncode == 2
    assert run("infer", tmp_path / "missing.csv").returncode == 2


# check


def test_check_without_names_checks_all_and_finds_no_conflict() -> None:
    done = run("check")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) >= 8
    assert done.stderr == ""


def test_check_names_a_sample_that_another_mapping_claims(folder: Path) -> None:
    copy = folder / "mine" / "again.yaml"
    text = (folder / "mine" / "returns.yaml").read_text("utf-8")
    copy.write_text(text.replace("mine/returns", "mine/again"), encoding="utf-8")
    done = run("check", "--mappings", folder)
    assert done.returncode == 4
    assert "error   mine/returns: the sample returns-2026-11-02.csv is claimed by mine/again, too" in done.stderr
    assert "warning mine/again: a file with the columns of mine/again can be claimed by mine/returns" in done.stderr


def test_check_of_one_mapping_sees_that_it_claims_the_samples_of_others(tmp_path: Path) -> None:
    greedy = tmp_path / "mine" / "greedy.yaml"
    greedy.parent.mkdir()
    text = (ROOT / "mappings" / "styles" / "returns.yaml").read_text("utf-8")
    greedy.write_text(text.replace("styles/returns", "mine/greedy"), encoding="utf-8")
    done = run("check", greedy)
    assert done.returncode == 4
    assert "styles/returns: the sample returns-2026-11-02.csv is claimed by mine/greedy, too" in done.stderr


def test_check_names_a_sample_that_its_own_mapping_does_not_claim(folder: Path) -> None:
    sample = folder / "mine" / "returns" / "returns-2026-11-02.csv"
    sample.write_text(sample.read_text("utf-8").replace("Warehouse GLN", "Depot"), encoding="utf-8")
    done = run("check", folder / "mine" / "returns.yaml")
    assert done.returncode == 4
    assert "is not claimed by its own mapping" in done.stderr


def test_check_names_a_wrong_mapping_with_its_line(folder: Path) -> None:
    path = folder / "mine" / "returns.yaml"
    path.write_text(path.read_text("utf-8").replace("transform: gln}", "transform: glm}", 1), encoding="utf-8")
    done = run("check", folder)
    assert done.returncode == 4
    assert "returns.yaml:" in done.stderr
    assert "did you mean 'gln'?" in done.stderr
    assert run("check", "--mappings", folder).returncode == 4


def test_check_describes_a_named_mapping() -> None:
    done = run("check", "acme-cmo/batch")
    assert done.returncode == 0
    assert "  event    shipping of outermost at shipped" in done.stdout


# test


def test_test_runs_the_shipped_samples() -> None:
    done = run("test")
    assert done.returncode == 0
    assert "ok      styles/levels" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(", 0 not as expected")


def test_test_shows_a_readable_difference_and_update_accepts_it(folder: Path) -> None:
    done = run("test", "--mappings", folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 samples of 1 mapping, 0 not as expected")
    path = folder / "mine" / "returns.yaml"
    path.write_text(path.read_text("utf-8").replace("Europe/Madrid", "Europe/Athens"), encoding="utf-8")
    expected = folder / "mine" / "returns" / "returns-2026-11-02.csv.expected.jsonld"
    before = expected.read_bytes()
    done = run("test", folder / "mine")
    assert done.returncode == 1
    assert "differs mine/returns  returns-2026-11-02.csv: 5 events" in done.stdout
    assert re.search(r'^ +- +"eventTime": "2026-11-02T08:15:00\+01:00",$', done.stdout, re.MULTILINE)
    assert re.search(r'^ +\+ +"eventTime": "2026-11-02T08:15:00\+02:00",$', done.stdout, re.MULTILINE)
    assert expected.read_bytes() == before
    done = run("test", path, "--update")
    assert done.returncode == 0
    assert "updated mine/returns" in done.stdout
    assert expected.read_bytes() != before
    assert run("test", path).returncode == 0


def test_test_writes_missing_goldens_and_takes_away_those_of_refused_samples(folder: Path) -> None:
    samples = folder / "mine" / "returns"
    (samples / "returns-broken.csv.expected.jsonld").write_bytes(b"{}")
    (samples / "new.csv").write_bytes((samples / "returns-2026-11-02.csv").read_bytes())
    done = run("test", folder)
    assert "new.csv.expected.jsonld is missing" in done.stdout
    assert "returns-broken.csv.expected.jsonld should not be there" in done.stdout
    run("test", folder, "--update")
    assert (samples / "new.csv.expected.jsonld").exists()
    assert not (samples / "returns-broken.csv.expected.jsonld").exists()


def test_test_says_what_is_wrong_with_settings_and_folders(folder: Path) -> None:
    settings = folder / "mine" / "returns" / "returns-2026-11-02.csv.set.yaml"
    settings.write_text("creation-date: 2026\n- x\n", encoding="utf-8")
    assert run("test", folder).returncode == 4
    settings.write_text('no-such-setting: "1"\n', encoding="utf-8")
    done = run("test", folder)
    assert done.returncode == 2
    assert "returns-2026-11-02.csv: nothing in this conversion knows the setting 'no-such-setting'" in done.stderr
    assert run("test", folder / "mine" / "returns").returncode == 2  # a folder without mappings
    assert run("test", "acme-cmo/nothing").returncode == 2


def test_the_help_names_all_commands_and_imports_none(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["mapping", "--help"])
    assert result.exit_code == 0
    for name in ("infer", "check", "test"):
        assert f"\n  {name} " in result.output
    code = "import sys; from gateway.cli.main import cli; cli(['mapping', '--help'], standalone_mode=False); "
    code += (
        "print(sorted(set(sys.modules) & {'pydantic', 'yaml', 'rich', 'gateway.convert', 'gateway.cli.mapping_infer'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
