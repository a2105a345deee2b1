"""The hierarchy store in the flow: kept once, not of what is refused or cancelled, compared with what came before."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.epcis.events import AggregationEvent
from gateway.exchange import failpoints
from gateway.exchange.archive.store import Stored
from gateway.exchange.clock import system
from gateway.exchange.flow import apart
from gateway.exchange.flow.remembering import Remembering
from gateway.exchange.flow.steps import Flow, Go
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.record import Arrival, Ledger
from gateway.exchange.ledger.tables import Message
from gateway.exchange.operations.actions import cancel
from gateway.exchange.serials.store import SerialStore
from gateway.transports.secrets import secrets
from tests.exchange.site import AGREEMENT, Site
from tests.exchange.test_commands import gateway
from tests.exchange.test_operations import MAPPED
from tests.submit.story import CASE, PALLET, document, made, packed, serials, shipped

TOLD = f"serials: true\n{AGREEMENT}"
WHEN = {"event_time": "2026-01-02T09:00:00Z", "event_time_zone_offset": "+00:00"}
WITHDRAWN = (
    b"</eventTimeZoneOffset><baseExtension><eventID>urn:x:gone</eventID><errorDeclaration>"
    b"<declarationTime>2026-01-02T11:00:00Z</declarationTime></errorDeclaration></baseExtension>"
)
ONE_TARGET = TOLD.replace("serials: true", "serials: {contradictions: refuse}").rpartition("  - {id: two")[0]
COUNTING = "SELECT message FROM serial_messages WHERE state = 'complete' ORDER BY message"


@pytest.fixture
def site(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build(TOLD)


def test_what_messages_say_is_kept_and_compared(site: Site) -> None:
    site.drop("1.xml", document(made(serials(3)), packed(CASE, serials(3)), packed(PALLET, [CASE])))
    site.drop("2.xml", document(made(serials(1)), shipped([PALLET])))
    assert not site.once()
    first, second = site.messages()
    assert [(m.state, m.name) for m in (first, second)] == [("done", "1.xml"), ("done", "2.xml")]
    found = site.rows("SELECT code, severity, target FROM findings WHERE code LIKE 'SERIAL%'")
    assert found == [("SERIAL-01", "warning", "(serials)")]
    assert "SERIAL-01" in gateway("show", "2", "-C", str(site.root))
    workspace = site.workspace()
    tree = SerialStore(workspace.database).hierarchy("main")
    assert tree.contents(PALLET) == serials(3)
    assert tree.status(serials(1)[0]).messages == (first.id, second.id)
    workspace.close()
    gateway("replay", "1", "--again", "-C", str(site.root))
    assert not site.once()
    replay = site.messages()[-1]
    assert site.rows(COUNTING) == [(second.id,), (replay.id,)]  # the same file counts once
    # The replay contradicts the second message, as that one did the first, and not the first.
    assert site.rows("SELECT code FROM findings WHERE code LIKE 'SERIAL%'") == [("SERIAL-01",)] * 2
    shown = gateway("serials", CASE, "--contents", "-C", str(site.root))
    assert shown.split()[-3:] == serials(3)
    assert "in        " + PALLET in gateway("serials", CASE, "-C", str(site.root))
    assert "nothing is known" in gateway("serials", CASE, "--client", "other", "-C", str(site.root))
    gateway("serials", "--void", str(replay.number), "-C", str(site.root))
    assert site.rows(COUNTING) == [(first.id,), (second.id,)]  # as if the replay had never come
    gateway("serials", "--void", "1", "-C", str(site.root))
    assert site.rows(COUNTING) == [(second.id,)]


def test_contradictions_may_be_refused_and_the_refused_counts_no_more(site: Site) -> None:
    site.agree(TOLD.replace("serials: true", "serials: {client: brand, contradictions: refuse}"))
    site.drop("1.xml", document(made(serials(3))))
    site.drop("2.xml", document(made(serials(2)), made(serials(1, 9))))
    assert not site.once()
    first, second = site.messages()
    assert (second.state, second.reason) == ("refused", "2 contradictions to earlier messages")
    assert site.rows(COUNTING) == [(first.id,)]
    assert site.delivered()["one"] == ["1.jsonld"]


def test_what_fails_or_is_cancelled_counts_no_more(site: Site) -> None:
    site.drop("bad.xml", document(made(serials(1)), packed(CASE, ["urn:epc:id:sgtin:8699999.1.1"])))
    site.agree(TOLD.replace("id: one,", "id: one, hold: true,"))
    site.drop("good.xml", document(made(serials(2))))
    site.once()
    bad, good = sorted(site.messages(), key=lambda message: message.name)
    assert bad.state == "refused"
    assert site.rows(COUNTING) == [(good.id,)]
    workspace = site.workspace()
    cancel(workspace, good.id, "a mistake")
    workspace.close()
    assert site.rows(COUNTING) == []


def told(site: Site) -> list[tuple]:
    """What is known of serial numbers, without the numbers of rows."""
    return site.rows(
        "SELECT m.name, e.seconds, e.kind, e.size, e.step, e.event_id, e.parent_epc, e.ilmd, l.part, count(*)"
        " FROM serial_messages s JOIN messages m ON m.id = s.message JOIN serial_events e ON e.message = s.id"
        " JOIN serial_lists l ON l.event = e.id JOIN serial_facts f ON f.event = e.id WHERE s.state = 'complete'"
        " GROUP BY m.name, e.id, e.seconds, e.kind, e.size, e.step, e.event_id, e.parent_epc, e.ilmd, l.part"
        " ORDER BY e.id, l.part"
    )


def passed(site: Site, *files: bytes) -> list[Go]:
    """How files leave the steps before their delivery."""
    workspace = site.workspace()
    flow = Flow(workspace.agreements, workspace.ledger, workspace.archive, secrets(site.root))
    configuration = workspace.ledger.configuration(workspace.agreements.files)
    went = []
    for number, data in enumerate(files):
        with workspace.archive.temporary() as stream:
            stream.write(data)
            stored = workspace.archive.keep(stream)
        arrival = Arrival("acme", "acme-in", f"{number}.xml", f"{number}", stored, configuration)
        message, _ = workspace.ledger.receive(arrival)
        went.append([step(message.id) for step in (flow.detect, flow.convert, flow.check)][-1])
    workspace.close()
    return went


def test_large_files_say_the_same_from_a_process_of_their_own(
    tmp_path: Path, store: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = document(made(serials(3)), packed(CASE, serials(3)), packed(PALLET, [CASE]))
    contradicts = document(made(serials(2)), made(serials(1, 9)))
    withdraws = document(made(serials(2, 20))).replace(b"</eventTimeZoneOffset>", WITHDRAWN, 1)
    found = []
    for name in ("here", "apart"):
        site = Site(tmp_path / name, **store).build(ONE_TARGET)
        went = passed(site, first, contradicts, withdraws)
        findings = site.rows("SELECT code, severity, target, value FROM findings ORDER BY id")
        withdrawn = site.rows("SELECT event_id FROM serial_withdrawals")
        found.append((went, findings, told(site), withdrawn))
        monkeypatch.setattr(apart, "LARGE", 0)
    assert found[1] == found[0]
    assert found[0][0] == [Go.ON, Go.STOP, Go.ON]
    assert found[0][2]
    assert found[0][3] == [("urn:x:gone",)]


@pytest.mark.parametrize("large", [1 << 40, 0])
@pytest.mark.parametrize("point", failpoints.SERIAL_POINTS)
def test_kill_9_keeps_all_or_nothing(tmp_path: Path, point: str, large: int) -> None:
    site = Site(tmp_path / "ws").build(ONE_TARGET)
    site.large = large
    site.drop("1.xml", document(made(serials(3))))
    process, _ = site.start(point)
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    assert len(site.rows(COUNTING)) == (point == "serials.recorded")
    assert not site.once()
    assert len(site.rows(COUNTING)) == 1
    counted = "SELECT count(*) FROM serial_events e JOIN serial_messages m ON m.id = e.message"
    assert site.rows(f"{counted} WHERE m.state = 'complete'") == [(1,)]


def test_without_the_word_nothing_is_kept(tmp_path: Path) -> None:
    site = Site(tmp_path / "ws").build(AGREEMENT)
    site.drop("1.xml", document(made(serials(3))))
    assert not site.once()
    assert site.rows(COUNTING) == []


def test_a_replay_with_a_mended_mapping_takes_the_place_of_what_was_said_before(site: Site, fixtures: Path) -> None:
    shipped_ = (Path(__file__).parents[2] / "mappings" / "acme-cmo" / "batch.yaml").read_text()
    own = site.root / "mappings" / "own" / "batch.yaml"
    own.parent.mkdir()
    own.write_text(shipped_.replace("acme-cmo/batch", "own/batch"))
    mapped = f"serials: {{contradictions: report}}\n{MAPPED}"
    site.agree(mapped)
    site.drop("batch.csv", (fixtures / "mappings" / "acme-cmo" / "batch-tr.csv").read_bytes())
    site.once()
    own.write_text(own.read_text().replace("biz_step: commissioning", "biz_step: inspecting"))
    gateway("replay", "1", "--again", "-C", str(site.root))
    site.once()
    first, second = site.messages()
    assert (second.state, site.rows(COUNTING)) == ("done", [(second.id,)])
    assert site.rows("SELECT code, severity FROM findings WHERE code LIKE 'SERIAL%'") == [("SERIAL-08", "warning")]
    site.agree(mapped.replace("report", "refuse"))
    own.write_text(own.read_text().replace("biz_step: inspecting", "biz_step: holding"))
    gateway("replay", "1", "--again", "-C", str(site.root))
    site.once()
    third = site.messages()[-1]
    assert (third.state, third.reason) == ("refused", "1 contradiction to earlier messages")
    assert site.rows(COUNTING) == [(second.id,)]  # what is refused changes nothing
    for id_, left in (("2", [(first.id,)]), ("1", [])):
        gateway("serials", "--void", id_, "-C", str(site.root))
        assert site.rows(COUNTING) == left
    gateway("replay", "3", "--from", "check", "--again", "-C", str(site.root))
    site.once()
    fourth = site.messages()[-1]
    assert (fourth.state, site.rows(COUNTING)) == ("done", [(fourth.id,)])


def test_a_replay_of_what_failed_counts_in_its_place_and_a_cancelled_one_gives_it_back(tmp_path: Path) -> None:
    site = Site(tmp_path / "ws").build(TOLD.replace("attempts: 2, first: 60", "attempts: 1"))
    site.drop("1.xml", document(made(serials(2)), packed(CASE, serials(2))))
    site.one.rmdir()
    assert site.once()
    (first,) = site.messages()
    assert (first.state, site.rows(COUNTING)) == ("failed", [(first.id,)])  # the things did happen
    site.one.mkdir()
    site.agree(TOLD.replace("id: one,", "id: one, hold: true,"))
    gateway("replay", "1", "-C", str(site.root))
    site.once()
    second = site.messages()[-1]
    assert (second.state, site.rows(COUNTING)) == ("delivering", [(second.id,)])
    workspace = site.workspace()
    assert SerialStore(workspace.database).hierarchy("main").contents(CASE) == serials(2)
    cancel(workspace, second.id, "a mistake")
    workspace.close()
    assert site.rows(COUNTING) == [(first.id,)]


def test_a_replay_does_not_hear_what_the_run_before_it_packed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    store, remembering = SerialStore(database), Remembering(database, system)
    ledger = Ledger(database)
    arrival = Arrival("acme", "in", "1", "1", Stored("0" * 64, 1), ledger.configuration({"a": "b"}))
    old, _ = ledger.receive(arrival)
    new = ledger.replay(old, old.id, "detect", None, old.configuration)
    agreement = SimpleNamespace(serials=SimpleNamespace(client="main", contradictions="report"))

    def say(message: Message, children: list[str]) -> None:
        pack = AggregationEvent(**WHEN, parent_id=CASE, child_epcs=children, action="ADD", biz_step="packing")
        with remembering.observing(agreement, message, lambda _: None) as (observe, _):
            observe([pack])

    say(old, serials(3))
    say(new, serials(2))
    assert store.hierarchy("main").contents(CASE) == serials(3)  # until its check is passed
    assert remembering.hierarchy(agreement, new).contents(CASE) == serials(2)
    codes = [found.code for found in remembering.contradictions(agreement, new)]
    assert codes == ["SERIAL-08", "SERIAL-04", "SERIAL-04"]
    remembering.counts(new)
    remembering.counts(new)  # again after a crash
    assert store.hierarchy("main").contents(CASE) == serials(2)
    say(new, serials(1))  # converted again after a crash: told once
    assert store.hierarchy("main").contents(CASE) == serials(2)
    remembering.forget(new.id)
    assert store.hierarchy("main").contents(CASE) == serials(3)
    database.close()
