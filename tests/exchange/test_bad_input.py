"""Bad files through the whole exchange: refused with row and column, kept in the archive, and nobody gets anything."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import cli
from gateway.findings import Where
from tests.exchange.site import Site

AGREEMENT = """\
partner: {id: acme}
channels:
  - id: acme-in
    transport: folder
    settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}
    mappings: [acme-cmo/batch]
targets:
  - {id: one, to: epcis-1.2-xml, transport: folder, settings: {path: data/one}}
"""
SHOWN = 20


def bomb(size: int) -> bytes:
    """A workbook of a few kilobytes that unpacks to `size` bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(size >> 20):
            part.write(bytes(1 << 20))
    return out.getvalue()


def protected() -> bytes:
    """The outside of a workbook with a password."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1500) + "EncryptedPackage".encode("utf-16-le") + bytes(600)


def shown(site: Site, id_: str, *options: str) -> str:
    result = CliRunner().invoke(cli, ["show", id_, "-C", str(site.root), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def expected(fixtures: Path) -> dict[str, tuple[bytes, list[dict[str, object]]]]:
    """Bytes and error findings by file name."""
    folder = fixtures / "mappings" / "acme-cmo" / "bad"
    found = {}
    for path in sorted(folder.glob("*.findings.json")):
        bad = path.with_name(path.name.removesuffix(".findings.json"))
        errors = [f for f in json.loads(path.read_text()) if f["severity"] == "error"]
        if errors:
            found[bad.name] = (bad.read_bytes(), errors)
    assert len(found) >= 30
    found["empty.csv"] = (b"", [{"code": "DETECT-03", "where": {}}])  # it needs no mapping to be seen
    found["protected.xlsx"] = (protected(), [{"code": "TABLE-XLSX-02", "where": {"file": "protected.xlsx"}}])
    found["bomb.xlsx"] = (bomb(256 << 20), [{"code": "TABLE-XLSX-01", "where": {"file": "bomb.xlsx"}}])
    return found


def test_bad_files(
    make_site: Callable[[str], Site], expected: dict[str, tuple[bytes, list[dict[str, object]]]], fixtures: Path
) -> None:
    site = make_site(AGREEMENT)
    for name, (data, _) in expected.items():
        site.drop(name, data)
    good = (fixtures / "mappings" / "acme-cmo" / "batch-tr.csv").read_bytes()
    site.drop("good.csv", good)  # bad neighbours must not hold it up
    assert not site.once()
    messages = {message.name: message for message in site.messages()}
    assert {name: message.state for name, message in messages.items()} == dict.fromkeys(expected, "refused") | {
        "good.csv": "done"
    }
    assert site.delivered() == {"one": ["good.xml"], "two": []}
    assert site.rows("select count(*) from deliveries") == [(1,)]
    assert list((site.root / "data" / "quarantine").iterdir()) == []
    for name, (data, errors) in expected.items():
        message = messages[name]
        assert site.workspace().archive.path(message.sha256).read_bytes() == data
        whole = json.loads(shown(site, message.id, "--json"))
        assert (whole["outputs"], whole["deliveries"]) == ([], []), name
        found = {(f["code"], json.dumps(f["where"], sort_keys=True)): f for f in whole["findings"]}
        text = shown(site, message.id)
        for number, error in enumerate(errors):
            where = error["where"]
            finding = found[error["code"], json.dumps(where, sort_keys=True)]
            assert finding["hint"], (name, finding)
            if "value" in error:
                assert (finding["value"], finding["expected"]) == (error["value"], error.get("expected", "")), name
            if number < SHOWN // 2:
                assert f"{error['code']} {Where(**where)}" in text, (name, text)
