"""Large contents are worked on in a process of their own: the same results, and nothing left when one of both dies."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.convert import convert as convert_here
from gateway.epcis.document import Document, Header
from gateway.errors import InputError, LimitExceeded, UsageError
from gateway.exchange.archive.store import StorageError
from gateway.exchange.flow import apart
from gateway.exchange.flow.steps import Flow, Go
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.epc_index import candidates
from gateway.exchange.ledger.epcs import asked
from gateway.exchange.ledger.intake import Arrival
from gateway.findings import Finding, Where
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.formats.table.mappings import load as find_mapping
from gateway.markets.ru.oms_codes import sgtin_of
from gateway.markets.ru.simulator_oms import made_up_code
from gateway.opening import TOO_LARGE
from gateway.request import Request
from gateway.sources import Source
from gateway.transports.secrets import Referred, secrets
from gateway.vault import LazyVault, Vault
from tests.bench.exchange_load import many_events
from tests.exchange.site import Site, until
from tests.markets import ru_story

KEY_OF_CODES = "22" * 32
NOW = "2026-01-01T00:00:00Z"
KEY = '[archive]\nkey = "env:ARCHIVE_KEY"\n'


def request(data: bytes, **more) -> Request:
    return Request(Source.memory(data, "a.xml"), "epcis-2.0-json", "epcis-1.2-xml", now=NOW, **more)


def worked(root: Path, data: bytes, settings: str = ""):
    """Take a file through the steps before its delivery; what the ledger knows of it then."""
    site = Site(root).build()
    with (root / "gateway.toml").open("a") as stream:
        stream.write(settings)
    workspace = site.workspace()
    ledger, archive = workspace.ledger, workspace.archive
    flow = Flow(workspace.agreements, ledger, archive, secrets(root))
    configuration = ledger.configuration(workspace.agreements.files)
    with archive.temporary() as stream:
        stream.write(data)
        stored = archive.keep(stream)
    message, _ = ledger.receive(Arrival("acme", "acme-in", "a.xml", "a", stored, configuration))
    went = [step(message.id) for step in (flow.detect, flow.convert, flow.check)]
    lineage = workspace.queries.lineage(message.id)
    with workspace.database.read() as session:
        named = candidates(session, [asked("urn:epc:id:sgtin:0614141.107346.7")])
    left = list(archive.quarantine.iterdir())
    workspace.close()
    outputs = [(one.target, one.name, one.size, one.sha256) for one in lineage.outputs]
    findings = [(one.code, one.text) for one in lineage.findings]
    return went, outputs, findings, lineage.message.events, named, left


@pytest.mark.parametrize("settings", ["", KEY])
def test_the_results_are_the_same(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("ARCHIVE_KEY", "11" * 32)
    data = many_events(1, 2000)
    here = worked(tmp_path / "here", data, settings)
    monkeypatch.setattr(apart, "LARGE", 0)
    there = worked(tmp_path / "there", data, settings)
    assert there == here
    assert here[0] == [Go.ON] * 3
    assert here[3:] == (2000, [1], [])


@pytest.mark.parametrize(
    ("head", "size", "large"),
    [
        (b"<?xml ", 1 << 20, False),
        (b"<?xml ", apart.LARGE, True),
        (b"PK\x03\x04", apart.LARGE_PACKED - 1, False),
        (b"PK\x03\x04", apart.LARGE_PACKED, True),
        (b"\x1f\x8b", apart.LARGE_PACKED, True),
        (b"%PDF-1.7", 100, True),
        (b"II*\x00", 100, True),
        (b"", 0, False),
    ],
)
def test_what_unpacks_to_much_is_large_earlier(head, size, large):
    assert apart.is_large(Source.memory(head.ljust(size, b" "))) is large


def test_a_workbook_gives_the_same_from_a_process_of_its_own(tmp_path):
    found = []
    for name, work in (("here", convert_here), ("apart", lambda *given: apart.convert(*given)[0])):
        (tmp_path / name).mkdir()
        source = Source.file(Path(__file__).parents[2] / "fixtures/mappings/acme-cmo/batch-tr.xlsx")
        mapping = find_mapping("acme-cmo/batch")
        report = work(Request(source, "epcis-1.2-xml", mapping=mapping, now=NOW), tmp_path / name)
        found.append([(output.name, output.sha256) for output in report.outputs])
    assert found[0] == found[1]
    assert found[0]


def test_a_file_with_errors_is_refused_with_the_same_words(tmp_path, monkeypatch):
    data = many_events(1, 3).replace(b"</eventTime>", b"x</eventTime>")
    here = worked(tmp_path / "here", data)
    monkeypatch.setattr(apart, "LARGE", 0)
    assert worked(tmp_path / "there", data) == here
    assert here[0] == [Go.ON, Go.ON, Go.STOP]
    assert here[2]


def test_errors_come_back_as_they_were_raised(tmp_path):
    with pytest.raises(UsageError, match="no-such") as caught:
        apart.convert(replace(request(many_events(1, 1)), to="no-such"), tmp_path)
    assert caught.value.hint
    finding = Finding.of(TOO_LARGE, "too large", where=Where(line=3))
    for error in (InputError(finding), LimitExceeded(finding), OSError(28, "No space left on device")):
        raised = pickle.loads(pickle.dumps(apart._portable(error)))
        again = raised.kind(*raised.arguments)
        assert (type(again), str(again)) == (type(error), str(error))
    assert apart._portable(KeyError("x")).arguments == ("KeyError: 'x'",)


def test_a_full_disk_is_a_full_disk(tmp_path):
    with pytest.raises(OSError, match="No such file") as caught:
        apart.convert(request(many_events(1, 1)), tmp_path / "gone")
    assert caught.value.errno


def test_secret_codes_come_from_the_vault_by_reference_and_are_sent_to_nobody(tmp_path, monkeypatch):
    (tmp_path / "key").write_text(KEY_OF_CODES)
    codes = [made_up_code(ru_story.GTIN, ru_story.serial(number)) for number in range(20)]
    with Vault(tmp_path / "codes.sqlite", KEY_OF_CODES) as vault:
        vault.put({sgtin_of(code): code for code in codes})
    packs = ru_story.commission([ru_story.pack_epc(number) for number in range(20)])
    written = FORMATS.get("epcis-1.2-xml").write(Document(Header(), iter([packs])), Context(now=NOW))
    data = b"".join(written)
    started, said = [], []
    popen, dumps = subprocess.Popen, pickle.dumps
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **more: started.append((a, more)) or popen(*a, **more))
    monkeypatch.setattr(pickle, "dumps", lambda job: said.append(dumps(job)) or said[-1])
    asked_for = Request(
        Source.memory(data, "a.xml"),
        "ru-oms-utilisation",
        "epcis-1.2-xml",
        now=NOW,
        values={"subject-ids": f"4699999000014={ru_story.PLANT_ID}", "order-type": "1"},
        codes=LazyVault(tmp_path / "codes.sqlite", Referred(tmp_path, "file:key")),
    )
    (tmp_path / "out").mkdir()
    report, _ = apart.convert(asked_for, tmp_path / "out")
    assert not report.failed, list(report.findings)
    assert codes[7][-20:] in Path(report.outputs[0].path).read_text()
    everything = repr(started).encode() + b"".join(said)
    assert b"file:key" in everything
    assert KEY_OF_CODES.encode() not in everything
    assert codes[7][-20:].encode() not in everything


def test_the_password_of_a_database_is_no_part_of_where_it_is(tmp_path):
    (tmp_path / "key").write_text("geheim")
    place = Database(f"sqlite:///{tmp_path}/x.sqlite", password=Referred(tmp_path, "file:key")).place
    assert b"geheim" not in pickle.dumps(place)
    assert place.password() == "geheim"
    assert "geheim" not in repr(Database(f"sqlite:///{tmp_path}/x.sqlite", password="geheim").place)


def child(process: int) -> int:
    """The only process that a process has started, once it is there."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        command = ["ps", "-o", "pid=", "--ppid", str(process)]
        shown = subprocess.run(command, check=False, capture_output=True, text=True)
        found = [int(pid) for pid in shown.stdout.split()]
        for pid in found:
            with contextlib.suppress(OSError):  # `ps` is one of them
                if b"apart" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        time.sleep(0.02)
    raise TimeoutError


def gone(process: int) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if ") Z " in Path(f"/proc/{process}/stat").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def ignores(process: int, number: int) -> bool:
    """Whether a process has said that it will not end at a signal."""
    status = Path(f"/proc/{process}/status").read_text()
    ignored = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(ignored, 16) >> number - 1 & 1)


class Endless:
    """A job that does not end by itself."""

    def run(self) -> None:
        time.sleep(60)


def test_when_it_is_killed_the_step_is_to_be_tried_again():
    killer = threading.Thread(target=lambda: os.kill(child(os.getpid()), signal.SIGKILL))
    killer.start()
    with pytest.raises(StorageError, match="ended with -9"):
        apart._ask(Endless())
    killer.join()


def test_a_stop_for_all_does_not_reach_it_and_it_ends_with_the_one_that_asked():
    code = (
        "from gateway.exchange.flow import apart; from tests.exchange.test_apart import Endless; apart._ask(Endless())"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    asking = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        helper = child(asking.pid)
        until(lambda: ignores(helper, signal.SIGTERM), 60)
        os.kill(helper, signal.SIGTERM)
        time.sleep(0.3)
        assert not Path(f"/proc/{helper}/stat").read_text().count(") Z ")
    finally:
        asking.kill()
        asking.wait()
    assert gone(helper)


def test_modules_of_the_folder_where_the_gateway_runs_are_not_taken(tmp_path, monkeypatch):
    (tmp_path / "pickle.py").write_text("raise SystemExit('not me')")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    report, _ = apart.convert(request(many_events(1, 1)), tmp_path / "out")
    assert report.events == 1
