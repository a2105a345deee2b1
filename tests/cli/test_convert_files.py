"""`gateway convert` and the files around it: what is refused, and that nothing half-written or destroyed is left."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.cli.main import main

NOBODY = 65534  # the user that owns nothing
HEAD = "GTIN;Seriennummer;Charge;Gültig bis;Karton SSCC;Serialisiert am;Verpackt am"
ROW = "08680001123452;A{};L1;31.10.2029;086800010000000012;16.11.2026 06:30:00;16.11.2026 08:05:00"


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "in" / "batch.csv"
    path.parent.mkdir()
    path.write_bytes("\r\n".join([HEAD, *(ROW.format(n) for n in range(3)), ""]).encode("cp1252"))
    return path


def convert(monkeypatch, capsys, *arguments: object, to: str = "epcis-1.2-xml") -> tuple[int, str]:
    named = ["gateway", "convert", *map(str, arguments), "--mapping", "acme-cmo/batch", "--to", to]
    monkeypatch.setattr(sys, "argv", named)
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr().err


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_output_appears_alone_and_with_the_bytes_of_the_report(sheet, tmp_path, monkeypatch, capsys):
    code, _ = convert(monkeypatch, capsys, sheet, "-o", "out.xml", "--report", "r.json")
    assert code == 0
    assert left(tmp_path) == ["in/batch.csv", "out.xml", "r.json"]
    report = json.loads(Path("r.json").read_text())
    assert report["outputs"][0]["bytes"] == Path("out.xml").stat().st_size


def test_an_output_never_replaces_the_input(sheet, tmp_path, monkeypatch, capsys):
    before = sheet.read_bytes()
    link = tmp_path / "link.csv"
    link.hardlink_to(sheet)
    for out in (sheet, tmp_path / "in" / ".." / "in" / "batch.csv", link):
        code, err = convert(monkeypatch, capsys, sheet, "-o", out)
        assert (code, sheet.read_bytes()) == (2, before)
        assert "is the input" in err


def test_an_output_never_replaces_a_pipe_or_a_device(sheet, tmp_path, monkeypatch, capsys):
    os.mkfifo(tmp_path / "pipe")
    code, err = convert(monkeypatch, capsys, sheet, "-o", "pipe")
    assert code == 2
    assert "error: cannot write to pipe: it is no ordinary file\n  fix: -o - writes to standard output" in err
    code, err = convert(monkeypatch, capsys, sheet, "-o", "out.xml", "--report", "pipe")
    assert (code, (tmp_path / "pipe").is_fifo()) == (2, True)
    assert left(tmp_path) == ["in/batch.csv"]


@pytest.mark.parametrize(
    ("out", "report", "text"),
    [
        ("", "r.json", "error: -o is empty"),
        ("in/batch.csv/x.xml", "r.json", "error: cannot write to in/batch.csv/x.xml: "),
        ("out.xml", "no/such/r.json", "error: cannot write to no/such/r.json: there is no folder no/such"),
        ("out.xml", "in", "error: --report in is a folder"),
        ("out.xml", "-", "error: a report cannot be written to standard output"),
        ("out.xml", "out.xml", "error: --report out.xml is also the output"),
        ("out.xml", "in/batch.csv", "error: --report in/batch.csv is also the input"),
    ],
)
def test_paths_that_cannot_be_are_refused_before_anything_is_written(
    sheet, tmp_path, monkeypatch, capsys, out, report, text
):
    before = sheet.read_bytes()
    code, err = convert(monkeypatch, capsys, sheet, "-o", out, "--report", report)
    assert code == 2
    assert err.startswith(text)
    assert (left(tmp_path), sheet.read_bytes()) == (["in/batch.csv"], before)


def test_a_place_that_takes_no_files_is_told_without_a_bug(sheet, monkeypatch, capsys):
    code, err = convert(monkeypatch, capsys, sheet, "-o", "/proc/out.xml")
    assert code == 2
    assert err.startswith("error: cannot write to /proc/out.xml: ")


def test_a_full_disk_is_no_bug_and_leaves_nothing(sheet, tmp_path, monkeypatch, capsys):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "out.xml")

    monkeypatch.setattr("gateway.convert.convert", full)
    code, err = convert(monkeypatch, capsys, sheet, "-o", "out.xml", "--report", "r.json")
    assert (code, err) == (2, "error: out.xml: No space left on device\n")
    assert left(tmp_path) == ["in/batch.csv"]


def test_a_report_is_written_of_a_refused_file_too(sheet, tmp_path, monkeypatch, capsys):
    sheet.write_bytes(sheet.read_bytes().replace(b"08680001123452", b"9.50E+12", 1))
    code, err = convert(monkeypatch, capsys, sheet, "-o", "out/", "--report", "r.json")
    assert code == 1
    assert left(tmp_path) == ["in/batch.csv", "r.json"]
    assert [f["code"] for f in json.loads(Path("r.json").read_text())["findings"]] == ["TABLE-NUM-01"]
    assert "batch.csv, row 2, column 'GTIN': 9.50E+12 is a rounded number" in err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "error: the name of the input is empty"),
        ("in", "error: in is a folder"),
        ("pipe", "error: pipe is no ordinary file"),
        ("no.csv", "error: there is no file no.csv"),
    ],
)
def test_inputs_that_are_no_files(sheet, tmp_path, monkeypatch, capsys, name, text):
    os.mkfifo(tmp_path / "pipe")
    code, err = convert(monkeypatch, capsys, name)
    assert code == 2
    assert err.startswith(text)


@contextmanager
def _not_root():
    """Root may read every file; so it becomes nobody for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_an_unreadable_input(sheet, monkeypatch, capsys):
    with tempfile.TemporaryDirectory() as folder:  # one that others may look into, as they may not into tmp_path
        Path(folder).chmod(0o755)
        path = Path(folder, "batch.csv")
        path.write_bytes(sheet.read_bytes())
        assert convert(monkeypatch, capsys, path)[0] == 0  # loads all modules, which nobody may not be able to
        path.chmod(0)
        with _not_root():
            code, err = convert(monkeypatch, capsys, path)
        assert (code, err) == (2, f"error: cannot read {path}: Permission denied\n")


@pytest.mark.parametrize("name", ["späce name ü.csv", "new\nline.csv", "-dash.csv", "a\x1b[31mred.csv"])
def test_names_are_metadata_and_do_not_reach_the_terminal_raw(sheet, tmp_path, monkeypatch, capsys, name):
    (tmp_path / name).write_bytes(sheet.read_bytes())
    code, err = convert(monkeypatch, capsys, tmp_path / name, "-o", "out/")
    assert code == 0
    assert len(err.splitlines()) == 2
    assert "\x1b" not in err
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
def test_closed_standard_streams(sheet, monkeypatch, capsys, stream):
    monkeypatch.setattr(sys, stream, None)
    code, err = convert(monkeypatch, capsys, "-" if stream == "stdin" else sheet)
    assert code == 2
    assert "is closed" in err
