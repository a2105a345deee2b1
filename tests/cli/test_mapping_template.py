"""`gateway mapping template`: a blank table from the command line, read again by `gateway validate`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.cli.main import main


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gateway", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code, capsys.readouterr().err

    return call


@pytest.mark.parametrize("name", ["blank.xlsx", "blank.csv"])
def test_a_template_is_made_and_valid(run, name: str) -> None:
    assert run("mapping", "template", "acme-cmo/batch", "-o", name) == (0, "")
    code, said = run("validate", name, "--mapping", "acme-cmo/batch")
    assert code == 0, said


def test_without_examples_there_are_no_rows(run) -> None:
    assert run("mapping", "template", "acme-cmo/batch", "-o", "blank.csv", "--no-examples") == (0, "")
    code, said = run("validate", "blank.csv", "--mapping", "acme-cmo/batch")
    assert code == 1
    assert "TABLE-EMPTY-01" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("styles/box-blocks", "-o", "blank.csv"), "reads xlsx, not csv"),
        (("acme-cmo/batch", "-o", "blank"), "suffix"),
        (("acme-cmo/no-such", "-o", "blank.csv"), "there is no mapping"),
        (("acme-cmo/batch", "-o", "no/such/folder/blank.csv"), "cannot write"),
        (("acme-cmo/batch", "-o", "-"), "suffix"),
    ],
)
def test_wrong_use_is_said(run, arguments, said) -> None:
    code, text = run("mapping", "template", *arguments)
    assert code == 2
    assert said in text
    assert not list(Path().iterdir())
