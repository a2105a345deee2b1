"""The demo ends as it must, and what it leaves can be looked at."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.demo import stage
from gateway.cli.main import cli


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False, standalone_mode=False)
    return result.return_value or 0, result.output


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("demo") / "stage"
    status, text = invoke("demo", "--keep", str(folder))
    assert status == 0, text
    return str(folder), text


def test_it_tells_what_came_in_what_went_out_and_what_was_refused_with_row_and_column(played):
    _, text = played
    for expected in (
        "batch-tr.xlsx: done",
        "delivered batch-tr.xml -> brand-owner, sftp brand-owner@127.0.0.1",
        "batch-friday.csv: refused",
        "batch-friday.csv, row 4, column 'GTIN': 8,68E+12 is a rounded number",
        "batch-friday.csv, row 6, column 'Gültig bis': '31.11.2029' is no date",
        "row 8, column 'Seriennummer'",
        "row 10, column 'Charge'",
        "gateway show -C",
    ):
        assert expected in text


def test_the_receivers_have_whole_files_and_the_sender_keeps_his_in_the_archive(played, tmp_path):
    root = Path(played[0])
    assert [path.name for path in stage.inbox(root, "brand-owner")] == ["batch-tr.jsonld", "batch-tr.xml"]
    (package,) = stage.inbox(root, "wholesaler")
    with zipfile.ZipFile(package) as opened:
        assert opened.testzip() is None
    json.loads(stage.inbox(root, "brand-owner")[0].read_bytes())
    assert stage.left_with_sender(root) == []
    kept = [path.name for path in (root / stage.PEERS / "acme-cmo").rglob("*") if path.is_file()]
    assert sorted(kept) == [stage.BROKEN, stage.SHEET]


def test_the_workspace_can_be_looked_at_when_the_peers_are_gone(played):
    workspace = str(Path(played[0]) / stage.WORKSPACE)
    status, text = invoke("messages", "-C", workspace, "--json")
    assert status == 0
    assert sorted(json.loads(line)["state"] for line in text.splitlines()) == ["done", "refused"]
    _, shown = invoke("show", "-C", workspace, "1")
    assert "sha256" in shown


def test_it_does_not_overwrite(played):
    from gateway.errors import UsageError

    with pytest.raises(UsageError, match="exists already"):
        invoke("demo", "--keep", played[0])


def test_two_companies_exchange_a_batch_by_as2(tmp_path):
    folder = tmp_path / "as2"
    status, text = invoke("demo", "--as2", "--keep", str(folder))
    assert status == 0, text
    for expected in (
        "turned the sheet into batch-tr.xml, EPCIS 1.2",
        "signed with BrandPharma's key",
        "batch-tr.jsonld",
        "Proven: BrandPharma has confirmed, with its signature",
        "Proven: Acme CMO signed exactly these files",
        "nothing was sent a second time",
    ):
        assert expected in text
    assert "AS2" not in text.partition("Look further")[0]
    (received,) = (folder / "brand" / "data" / "warehouse").iterdir()
    json.loads(received.read_bytes())
    assert (folder / "acme" / "keys" / "acme.key").stat().st_mode & 0o077 == 0
    (id_,) = [line.split()[3] for line in text.splitlines() if "gateway as2 verify" in line and "-C" in line]
    assert invoke("as2", "verify", id_, "-C", str(folder / "brand"))[0] == 0
