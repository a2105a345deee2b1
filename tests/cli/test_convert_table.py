"""`gateway convert --to table`: which mapping is whose, and which kind of file is written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.cli.main import main

HEAD = "GTIN;Seriennummer;Charge;Gültig bis;Karton SSCC;Serialisiert am;Verpackt am"
ROW = "08680001123452;A{};L1;31.10.2029;086800010000000012;16.11.2026 06:30:00;16.11.2026 08:05:00"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    rows = [HEAD, *(ROW.format(number) for number in range(3)), ""]
    Path("batch.csv").write_bytes("\r\n".join(rows).encode("cp1252"))

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gateway", "convert", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code, capsys.readouterr().err

    code, _ = call("batch.csv", "--mapping", "acme-cmo/batch", "--to", "epcis-1.2-xml", "-o", "batch.xml")
    assert code == 0
    return call


def test_the_mapping_of_an_input_without_one_is_the_outputs(run) -> None:
    code, said = run("batch.xml", "--to", "table", "--mapping", "acme-cmo/batch", "-o", "out.csv")
    assert code == 0, said
    lines = Path("out.csv").read_bytes().decode("cp1252").splitlines()
    assert lines[0].startswith("GTIN;Seriennummer;Charge;Gültig bis;Karton SSCC;Paletten SSCC;")
    assert [line.split(";")[1] for line in lines[1:]] == ["A0", "A1", "A2"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("-o", "out/"), "out/batch.xlsx"),
        (("-o", "out/", "--set", "carrier=csv"), "out/batch.csv"),
        (("-o", "any.xlsx"), "any.xlsx"),
        (("-o", "any.dat", "--set", "carrier=xlsx"), "any.dat"),
    ],
)
def test_the_kind_of_file_is_that_of_the_name_or_the_setting_or_the_mappings_first(run, arguments, name) -> None:
    code, said = run("batch.xml", "--to", "table", "--mapping", "acme-cmo/batch", *arguments)
    assert code == 0, said
    assert Path(name).read_bytes().startswith(b"PK") != name.endswith(".csv")


def test_a_table_becomes_another_table_with_two_mappings(run) -> None:
    code, said = run("batch.csv", "--to", "table", "--mapping", "acme-cmo/batch", "--to-mapping", "acme-cmo/batch-us",
                     "-o", "us.csv")  # fmt: skip
    # The plant is another one: nothing of it can be told in the table of the American plants.
    assert code == 1
    assert "TABLE-OUT-05" in said
    us = Path("us.yaml")
    import yaml

    from gateway.formats.table import load

    spec = yaml.safe_load(load("acme-cmo/batch-us").origin.read_text("utf-8"))
    spec["constants"]["plant"]["value"] = "8680001000012"
    us.write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    for named in (("--mapping", "acme-cmo/batch"), ()):
        code, said = run("batch.csv", "--to", "table", *named, "--to-mapping", "us.yaml", "-o", "us.csv")
        assert code == 0, said
    assert "08680001123452,A0,L1,10/31/2029,086800010000000012,,11/16/2026 00:30:00" in Path("us.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("batch.xml", "--to", "table"), "written through a mapping"),
        (("batch.csv", "--to", "table", "--mapping", "acme-cmo/batch"), "--to-mapping"),
        (("batch.xml", "--to", "epcis-2.0-json", "--to-mapping", "acme-cmo/batch"), "written without a mapping"),
        (("batch.xml", "--to", "table", "--mapping", "styles/box-blocks", "-o", "x.csv"), "knows xlsx"),
    ],
)
def test_mappings_that_are_missing_or_too_many_are_a_wrong_use(run, arguments, said) -> None:
    code, text = run(*arguments)
    assert code == 2
    assert said in text
    assert not Path("x.csv").exists()


def test_loss_fail_refuses_and_loss_is_listed(run) -> None:
    recorded = "<recordTime>2026-11-17T00:00:00Z</recordTime><eventTimeZoneOffset>"
    text = Path("batch.xml").read_text().replace("<eventTimeZoneOffset>", recorded, 1)
    Path("more.xml").write_text(text)
    common = ("more.xml", "--to", "table", "--mapping", "acme-cmo/batch", "-o", "out.csv")
    code, said = run(*common, "--loss", "fail")
    assert (code, Path("out.csv").exists()) == (3, False)
    code, said = run(*common, "--report", "r.json")
    assert code == 0
    assert "LOSS-TABLE-02" in said
    assert "2026-11-17T00:00:00Z" in Path("r.json.losses.jsonl").read_text()
