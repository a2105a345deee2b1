"""Hold, release, cancel, send again, replay with mappings of then, rates, lanes and what is a duplicate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.agreements.model import Rate
from gateway.cli import hold as hold_command
from gateway.exchange.flow import holds
from gateway.exchange.flow.rates import Rates
from gateway.exchange.ledger.database import Database
from tests.exchange.site import AGREEMENT, Site, document, until
from tests.exchange.test_commands import gateway

SCHEDULED = AGREEMENT.replace(
    "transport: folder\n    settings", "transport: folder\n    schedule: {interval: 1}\n    settings"
)


@pytest.fixture
def stored(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build(SCHEDULED)


def words(site: Site, *arguments: str, expect: int = 0) -> str:
    return gateway(*arguments, "-C", str(site.root), expect=expect)


def states(site: Site) -> list[str]:
    return [message.state for message in site.messages()]


def deliveries(site: Site) -> dict[str, list[str]]:
    rows = site.rows("select target, state from deliveries order by id")
    return {target: [state for name, state in rows if name == target] for target in ("one", "two")}


def test_words_of_the_commands_are_those_of_the_exchange() -> None:
    assert hold_command.KINDS == holds.KINDS


def test_a_held_target_keeps_its_order_and_nothing_counts_as_a_try(stored: Site) -> None:
    words(stored, "hold", "target", "two", "--why", "their server moves")
    stored.drop("a.xml", document(1))
    with stored.running():
        until(lambda: deliveries(stored) == {"one": ["delivered"], "two": ["held"]})
        stored.drop("b.xml", document(2))
        until(lambda: deliveries(stored) == {"one": ["delivered"] * 2, "two": ["held", "planned"]})
        assert states(stored) == ["delivering", "delivering"]
        status = json.loads(words(stored, "status", "--json"))
        assert [(h["kind"], h["id"], h["reason"]) for h in status["holds"]] == [("target", "two", "their server moves")]
        assert "held: target two by operator" in status["in_work"][0]["waits_for"]
        assert "their server moves" in words(stored, "status")
        words(stored, "release", "target", "two")
        until(lambda: states(stored) == ["done", "done"])
    assert stored.rows("select distinct attempts from deliveries") == [(1,)]
    first, second = stored.rows("select delivered_at from deliveries where target = 'two' order by id")
    assert first < second
    trail = words(stored, "audit", "list")
    assert "hold target" in trail
    assert "release target" in trail
    words(stored, "audit", "verify")


def test_a_held_channel_is_neither_collected_nor_converted(site: Site) -> None:
    site.drop("a.xml", document(1))
    words(site, "hold", "channel", "acme-in")
    assert not site.once()
    assert (site.inbox / "a.xml").exists()
    words(site, "release", "channel", "acme-in")
    process, _ = site.start("collect.enqueued")
    process.join(40)  # the file is ours and nothing has begun
    words(site, "hold", "partner", "acme", "--why", "under review")
    assert not site.once()
    assert states(site) == ["received"]
    assert "held: partner acme" in site.messages()[0].reason
    assert "under review" in words(site, "status")
    words(site, "release", "partner", "acme")
    assert not site.once()
    assert [(m.state, m.reason) for m in site.messages()] == [("done", "")]


def test_what_an_agreement_holds_goes_on_when_it_does_not_any_more(site: Site) -> None:
    site.agree(SCHEDULED.replace("{id: two,", "{id: two, hold: true,"))
    words(site, "status")
    site.drop("a.xml", document(1))
    with site.running():
        until(lambda: deliveries(site) == {"one": ["delivered"], "two": ["held"]})
        site.agree(SCHEDULED)
        until(lambda: states(site) == ["done"])


def test_holds_are_refused_politely(site: Site) -> None:
    assert "no channel 'x'" in words(site, "hold", "channel", "x", expect=2)
    words(site, "hold", "channel", "acme-in")
    assert "held already" in words(site, "hold", "channel", "acme-in", expect=2)
    assert "is not held" in words(site, "release", "target", "one", expect=2)


def test_cancel_ends_what_has_not_been_delivered(stored: Site) -> None:
    words(stored, "hold", "target", "two")
    stored.drop("a.xml", document(1))
    with stored.running():
        until(lambda: deliveries(stored) == {"one": ["delivered"], "two": ["held"]})
        assert "1 deliveries were made" in words(stored, "cancel", "1", "--why", "sent by mistake")
        stored.drop("b.xml", document(2))
        words(stored, "release", "target", "two")
        until(lambda: states(stored) == ["cancelled", "done"])  # the next one in the lane goes on
    assert deliveries(stored) == {"one": ["delivered"] * 2, "two": ["cancelled", "delivered"]}
    assert stored.messages()[0].reason == "cancelled: sent by mistake; 1 of 2 deliveries were made before"
    assert "at an end already" in words(stored, "cancel", "1", expect=2)
    words(stored, "audit", "verify")
    words(stored, "replay", "1")
    assert not stored.once()
    assert stored.messages()[-1].only_targets == ["two"]
    assert states(stored)[-1] == "done"


def test_the_same_bytes_under_the_same_name(site: Site) -> None:
    site.drop("a.xml", document(1))
    site.once()
    (sent,) = site.one.iterdir()
    before = sent.read_bytes()
    sent.unlink()  # the receiver lost it
    assert "'three' never got" in words(site, "resend", "1", "--target", "three", expect=2)
    words(site, "resend", "1", "--target", "one", "--why", "they lost it")
    assert not site.once()
    assert [path.name for path in site.one.iterdir()] == [sent.name]
    assert sent.read_bytes() == before
    assert len(list(site.two.iterdir())) == 1
    again = site.messages()[-1]
    assert (again.state, again.replay_of) == ("done", site.messages()[0].id)


MAPPED = """\
partner: {id: acme}
channels:
  - id: acme-in
    transport: folder
    settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}
    mappings: [own/batch]
targets:
  - {id: one, to: epcis-2.0-json, transport: folder, settings: {path: data/one}}
"""


def test_a_replay_goes_by_the_mapping_of_then_or_of_now(site: Site, fixtures: Path) -> None:
    shipped = (Path(__file__).parents[2] / "mappings" / "acme-cmo" / "batch.yaml").read_text()
    own = site.root / "mappings" / "own" / "batch.yaml"
    own.parent.mkdir()
    own.write_text(shipped.replace("acme-cmo/batch", "own/batch"))
    site.agree(MAPPED)
    site.drop("batch.csv", (fixtures / "mappings" / "acme-cmo" / "batch-tr.csv").read_bytes())
    site.once()
    first = site.messages()[0]
    assert first.state == "done", first.reason
    own.write_text(own.read_text().replace("commissioning", "inspecting"))
    words(site, "replay", "1", "--again", "--mappings", "then")
    site.once()
    words(site, "replay", "1", "--again")
    site.once()
    then, now = site.messages()[1:]
    made = []
    for message in (first, then, now):
        ((sha256,),) = site.rows(f"select sha256 from outputs where message = '{message.id}'")
        made.append(b"inspecting" in site.workspace().archive.path(sha256).read_bytes())
    assert made == [False, False, True]
    assert then.configuration == first.configuration != now.configuration


#: Keeps when each passage was given, which the exchange forgets, by store.
SEEN = {
    "sqlite": (
        "create table seen (at float, delivery text)",
        "create trigger seen after insert on passages begin insert into seen values (new.at, new.delivery); end",
    ),
    "postgres": (
        "create table seen (at float, delivery text)",
        """create function seen() returns trigger language plpgsql as
        $$ begin insert into seen values (new.at, new.delivery); return new; end $$""",
        "create trigger seen after insert on passages for each row execute function seen()",
    ),
}


def test_a_target_is_not_tried_faster_than_its_rate(tmp_path: Path, store: dict) -> None:
    rated = AGREEMENT.replace("{id: one,", "{id: one, rate: {limit: 2, seconds: 3},")
    site = Site(tmp_path / "ws", **store).build(rated)
    for serial in range(5):
        site.drop(f"{serial}.xml", document(serial))
    opened = site.workspace()
    with opened.database.write() as session:
        for statement in SEEN["postgres" if store else "sqlite"]:
            session.execute(sa.text(statement))
    opened.close()
    assert not site.once(wait=60)
    seen = site.rows("select at, delivery from seen order by at")
    assert [delivery for _, delivery in seen] == [
        id_ for (id_,) in site.rows("select id from deliveries where target = 'one' order by id")
    ]
    assert len(seen) == 5
    at = [at for at, _ in seen]
    assert all(later - earlier >= 3 - 1e-6 for earlier, later in zip(at, at[2:], strict=False))
    assert site.rows("select distinct attempts from deliveries") == [(1,)]


def test_rates_count_over_all_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{tmp_path / 'l.sqlite'}")
    database.migrate()
    now = 1_000_000.0
    monkeypatch.setattr(Database, "seconds", lambda *_: now)
    one, other, rate = Rates(database), Rates(database), Rate(limit=2, seconds=60)
    assert one.ask("t", "a", rate) == 0
    now += 10
    assert [other.ask("t", "b", rate), one.ask("u", "c", rate)] == [0, 0]
    assert other.ask("t", "d", rate) == 50
    now += 49.5
    assert other.ask("t", "d", rate) == 0.5
    now += 0.5
    assert [other.ask("t", "d", rate), one.ask("t", "e", rate)] == [0, 10]
    database.close()


def test_lanes(site: Site) -> None:
    site.agree(AGREEMENT.replace("{id: one,", "{id: one, parallel: 3,"))
    words(site, "hold", "target", "one")
    for serial in range(6):
        site.drop(f"{serial}.xml", document(serial))
    site.once()
    assert deliveries(site)["one"] == ["held"] * 3 + ["planned"] * 3
    words(site, "release", "target", "one")
    assert not site.once()
    assert states(site) == ["done"] * 6


X12 = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260101*1200*U*00401*{:09}*0*P*>~"
    "GS*SH*SENDER*RECEIVER*20260101*1200*1*X*004010~ST*856*0001~SE*2*0001~GE*1*1~IEA*1*{:09}~"
)


@pytest.mark.parametrize(("policy", "state"), [("skip", "duplicate"), ("refuse", "refused"), ("process", "refused")])
def test_control_numbers(site: Site, policy: str, state: str) -> None:
    from gateway.exchange.ledger.control_numbers import ControlNumbers, control_number
    from gateway.sources import Source

    source = Source.memory(X12.format(7, 7).encode(), "a.edi")
    assert control_number(source, "x12-856") == "ZZ:SENDER/000000007"
    assert (
        control_number(Source.memory(b"UNB+UNOA:2+S:14+R:14+260101:1200+REF7'", "b"), "edifact-desadv") == "S:14/REF7"
    )
    assert control_number(Source.memory(b"nonsense", "b"), "x12-856") == ""
    assert control_number(source, "scan") == ""
    sbdh = document(1).replace(
        b"<EPCISBody>",
        b'<EPCISHeader><s:StandardBusinessDocumentHeader xmlns:s="http://www.unece.org/cefact/namespaces/'
        b'StandardBusinessDocumentHeader"><s:HeaderVersion>1.0</s:HeaderVersion><s:Sender><s:Identifier'
        b' Authority="GS1">S</s:Identifier></s:Sender><s:Receiver><s:Identifier Authority="GS1">R</s:Identifier>'
        b"</s:Receiver><s:DocumentIdentification><s:Standard>EPCglobal</s:Standard><s:TypeVersion>1.0</s:TypeVersion>"
        b"<s:InstanceIdentifier>N1</s:InstanceIdentifier><s:Type>Events</s:Type><s:CreationDateAndTime>"
        b"2026-01-01T00:00:00Z</s:CreationDateAndTime></s:DocumentIdentification></s:StandardBusinessDocumentHeader>"
        b"</EPCISHeader><EPCISBody>",
    )
    assert control_number(Source.memory(sbdh, "c"), "epcis-1.2-xml") == "S/N1"
    assert control_number(Source.memory(document(1), "c"), "epcis-1.2-xml") == ""
    site.agree(
        AGREEMENT.replace(
            "transport: folder\n    settings",
            f"duplicates: {{control-number: {policy}}}\n    transport: folder\n    settings",
        )
    )
    site.drop("a.xml", sbdh)
    site.once()
    site.drop("b.xml", sbdh + b"\n")
    site.once()
    first, second = site.messages()
    assert first.state == "done"
    assert second.state == (state if policy != "process" else "done")
    assert (f"came already, in {first.id}" in second.reason) == (policy != "process")
    database = Database(f"sqlite:///{site.root / 'data' / 'ledger.sqlite'}")
    assert ControlNumbers(database).first(first, "S/N1") == ""
    database.close()


def test_files_that_stay_at_the_peer_are_taken_once(make_site) -> None:
    site = make_site(AGREEMENT.replace("{path: data/in, ", "{path: data/in, after: keep, "))
    site.drop("a.xml", document(1))
    for _ in range(2):
        assert not site.once()
    assert [(m.name, m.state) for m in site.messages()] == [("a.xml", "done")]
    site.drop("a.xml", document(2))
    site.once()
    assert states(site) == ["done", "done"]


def test_the_same_bytes_may_be_processed_again(make_site) -> None:
    channel = "duplicates: {content: process}\n    transport: folder\n    settings"
    site = make_site(AGREEMENT.replace("transport: folder\n    settings", channel))
    for name in ("a.xml", "b.xml"):
        site.drop(name, document(1))
    site.once()
    assert states(site) == ["done", "done"]
