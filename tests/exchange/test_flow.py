"""Files between drop folders: delivered, refused, repeated, retried, replayed."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.exchange.engine_words import VERSION
from gateway.exchange.ledger.tables import State
from gateway.exchange.operations.replay import replay
from tests.exchange.site import AGREEMENT, Site, document


def states(site: Site) -> list[tuple[str, str, str]]:
    return [(m.name, m.state, m.reason) for m in site.messages()]


def test_one_file_goes_to_two_receivers_and_once_again_does_nothing(site: Site) -> None:
    site.drop("batch 7.xml", document())
    assert not site.once()
    assert site.delivered() == {"one": ["batch_7.jsonld"], "two": ["batch_7.xml"]}
    message = site.messages()[0]
    assert (message.state, message.format, message.events, message.epcs) == ("done", "epcis-1.2-xml", 1, 1)
    lineage = site.workspace().queries.lineage(message.id)
    assert [entry.state for entry in lineage.history] == ["received", "converting", "delivering", "done"]
    assert [(stage.step, stage.target, stage.state) for stage in lineage.stages] == [
        ("detect", "", "done"),
        ("convert", "one", "done"),
        ("convert", "two", "done"),
        ("check", "", "done"),
    ]
    for delivery, output in zip(lineage.deliveries, lineage.outputs, strict=True):
        there = site.root / "data" / delivery.target / delivery.name
        assert there.read_bytes() == site.workspace().archive.path(output.sha256).read_bytes()
        assert (delivery.sha256, delivery.attempts) == (output.sha256, 1)
    assert not site.once()
    assert len(site.messages()) == 1
    assert site.delivered() == {"one": ["batch_7.jsonld"], "two": ["batch_7.xml"]}


def test_a_bad_file_is_refused_with_its_findings_and_nobody_gets_anything(site: Site) -> None:
    site.drop("broken.xml", document()[:-60])
    site.drop("strange.bin", b"\x00\x01\x02")
    assert not site.once()
    assert {(name, state) for name, state, _ in states(site)} == {("broken.xml", "refused"), ("strange.bin", "refused")}
    assert site.delivered() == {"one": [], "two": []}
    workspace = site.workspace()
    for message in site.messages():
        assert workspace.archive.verify(message.sha256)
        findings = workspace.queries.lineage(message.id).findings
        assert any(finding.severity == "error" and finding.hint for finding in findings)
    assert site.rows("select count(*) from deliveries") == [(0,)]


def test_a_table_is_written_by_the_mapping_of_the_target(make_site: Callable[[str], Site]) -> None:
    target = "{id: two, to: table, mapping: styles/returns, set: {carrier: csv}, transport: folder,"
    agreement = AGREEMENT.replace("{id: two, to: epcis-1.2-xml, transport: folder,", target)
    assert target in agreement
    site = make_site(agreement)
    returned = (
        document()
        .replace(b"<action>ADD", b"<action>OBSERVE")
        .replace(b"bizstep:commissioning", b"bizstep:receiving")
        .replace(b"disp:active", b"disp:returned")
        .replace(b"0614141.07346.1234", b"0614141.07346.0")
        .replace(b"</readPoint>", b"</readPoint><bizLocation><id>urn:epc:id:sgln:0614141.07346.0</id></bizLocation>")
    )
    site.drop("returned.xml", returned)
    assert not site.once()
    assert states(site) == [("returned.xml", "done", "")]
    assert site.delivered() == {"one": ["returned.jsonld"], "two": ["returned.csv"]}
    table = next((site.root / "data" / "two").glob("returned-*.csv")).read_text()
    assert "urn:epc:id:sgtin:0614141.107346.1,2026-01-02 10:00,0614141073467,,,RESALE" in table


def test_one_failed_target_stops_all(make_site: Callable[[str], Site]) -> None:
    # A commissioning without lot and expiry cannot become a Turkish package file.
    site = make_site(AGREEMENT.replace("to: epcis-1.2-xml", "to: tr-pts"))
    site.drop("a.xml", document())
    assert not site.once()
    name, state, reason = states(site)[0]
    assert (name, state) == ("a.xml", "refused")
    assert "for two; nothing was delivered" in reason
    assert site.delivered() == {"one": [], "two": []}


def test_the_same_bytes_again_are_a_duplicate(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    site.drop("b.xml", document())
    site.once()
    first, second = site.messages()
    assert (second.state, second.duplicate_of, second.reason) == (
        "duplicate",
        first.id,
        f"the same bytes came as {first.id}",
    )
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
    assert list(site.workspace().queries.lineage("1").duplicates) == [second.id]


def test_a_refused_file_may_come_again(site: Site) -> None:
    for name in ("a.bin", "b.bin"):
        site.drop(name, b"\x00")
        site.once()
    assert [m.state for m in site.messages()] == ["refused", "refused"]


def test_a_file_over_the_size_limit_stays_with_its_sender_and_is_reported_once(
    make_site: Callable[[str], Site],
) -> None:
    site = make_site(AGREEMENT.replace("path: data/in,", "path: data/in, max-size: 10,"))
    site.drop("big.xml", document())
    assert not site.once()
    assert not site.once()
    assert [(m.name, m.state, m.sha256) for m in site.messages()] == [("big.xml", "refused", "")]
    assert (site.inbox / "big.xml").exists()


def test_a_receiver_that_is_away_is_tried_again(site: Site) -> None:
    site.drop("a.xml", document())
    site.one.rmdir()
    assert site.once()  # a folder that is not there needs somebody to act: failed at once
    (message,) = site.messages()
    assert (message.state, message.reason) == ("failed", "1 of 2 deliveries failed")
    assert site.workspace().queries.delivered_targets(message.id) == {"two"}
    site.one.mkdir()
    again = replay(site.workspace(), message.id, "deliver")
    assert (again.replay_of, again.only_targets) == (message.id, ["one"])
    assert not site.once()
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
    with pytest.raises(UsageError, match=r"every target of .* has its files already"):
        replay(site.workspace(), message.id)


def test_a_retry_waits_over_restarts_and_keeps_the_receivers_order(make_site: Callable[[str], Site]) -> None:
    # Without the message's id in it, the temporary name is known beforehand.
    site = make_site(
        AGREEMENT.replace("id: one,", 'id: one, name: "{stem}{suffix}",').replace("first: 60", "first: 3600")
    )
    site.drop("a.xml", document(1))
    site.drop("b.xml", document(2))
    # Another writer holds the temporary name: a fault that passes by itself.
    holder = _hold(site.one / ".a.jsonld.part")
    assert site.once()
    of_one = "select id, state, attempts from deliveries where target = 'one' order by id"
    waiting = site.rows(of_one)
    assert [(state, attempts) for _, state, attempts in waiting] == [("waiting", 1), ("planned", 0)]
    assert site.delivered()["two"] == ["a.xml", "b.xml"]
    holder()
    site.wake(waiting[0][0])
    assert site.once()  # its time has not come: nothing is tried, nothing is lost
    assert site.rows(of_one) == waiting
    site.wake(waiting[0][0])
    assert not site.once(shift=3600 * 1.25 + 1)
    assert site.delivered()["one"] == ["a.jsonld", "b.jsonld"]
    order = site.rows("select message from deliveries where target = 'one' order by delivered_at")
    assert order == sorted(order)


def _hold(path: Path) -> Callable[[], None]:
    """Lock the temporary name of a delivery, as a second writer would."""
    stream = path.open("w")
    fcntl.flock(stream, fcntl.LOCK_EX)

    def release() -> None:
        path.unlink(missing_ok=True)
        stream.close()

    return release


def test_replay_after_the_agreement_was_repaired(site: Site) -> None:
    site.agree(AGREEMENT.replace("to: epcis-1.2-xml", "to: tr-pts"))
    site.drop("a.xml", document())
    site.once()
    site.agree(AGREEMENT)
    (old,) = site.messages()
    new = replay(site.workspace(), str(old.number), "convert")
    assert (new.replay_of, new.sha256, new.state) == (old.id, old.sha256, State.RECEIVED)
    assert new.configuration != old.configuration
    assert not site.once()
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
    assert [m.state for m in site.messages()] == ["refused", "done"]
    assert list(site.workspace().queries.lineage(old.id).replays) == [new.id]


def test_replay_refuses_politely(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    site.drop("b.xml", document())
    site.drop("c.bin", b"\x00")
    site.once()
    workspace = site.workspace()
    for id_, start, words in (
        ("1", "detect", "has its files already"),
        ("2", "detect", "is a duplicate of"),
        ("3", "deliver", "has no outputs"),
        ("9", "detect", "there is no message '9'"),
    ):
        with pytest.raises(UsageError, match=words):
            replay(workspace, id_, start)
    again = replay(workspace, "1", again=True)
    with pytest.raises(UsageError, match="is still at work"):
        replay(workspace, again.id)
    assert not site.once()
    assert site.delivered() == {"one": ["a.jsonld"] * 2, "two": ["a.xml"] * 2}


def test_a_channel_whose_peer_is_away_ends_the_run_with_a_failed_peer(site: Site) -> None:
    site.inbox.rmdir()
    assert site.once()
    assert "there is no folder" in site.workspace().queries.collections()["acme-in"].error


def test_what_the_engine_stores_is_json_and_its_file_is_in_wal_mode(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    for name in ("engine", "ledger"):
        with sqlite3.connect(site.root / "data" / f"{name}.sqlite") as connection:
            assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    with sqlite3.connect(site.root / "data" / "engine.sqlite") as connection:
        assert connection.execute("select distinct serialization from workflow_status").fetchall() == [
            ("portable_json",)
        ]
        versions = connection.execute(
            "select distinct application_version, executor_id from workflow_status"
        ).fetchall()
        assert versions == [(VERSION, "gateway-1")]
        steps = connection.execute(
            "select function_name from operation_outputs where workflow_uuid like '2%-00000001' order by function_id"
        )
        # The order of the steps is stored with messages in flight: changing it needs a new VERSION and a drain.
        assert [name for (name,) in steps] == ["read", "release", "deliver", "deliver"]


def test_the_engine_forgets_work_that_ended_long_ago_and_the_ledger_does_not(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    engine = site.root / "data" / "engine.sqlite"
    with sqlite3.connect(engine) as connection:
        (count,) = connection.execute("select count(*) from workflow_status").fetchone()
        assert count == 4  # a collection, a message and two deliveries
        month = 31 * 86_400_000
        connection.execute(
            "update workflow_status set created_at = created_at - ?, updated_at = updated_at - ?,"
            " completed_at = completed_at - ?",
            (month, month, month),
        )
    assert not site.once()
    with sqlite3.connect(engine) as connection:
        assert connection.execute("select count(*) from workflow_status").fetchone() == (1,)
    assert [m.state for m in site.messages()] == ["done"]
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
