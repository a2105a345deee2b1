"""What goes on where it stood: after the engine's memory was lost, and for answers that came too early."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path

import pytest

from gateway.agreements.answers import Expectation
from gateway.answers import Answer, Reason, SerialAnswer, Verdict
from gateway.exchange.archive.store import Stored
from gateway.exchange.flow.answers_later import LateBook
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.answers import NAME, AnswerBook
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables import State
from tests.exchange.site import AGREEMENT, Site, document
from tests.exchange.test_answers import REJECTED, Clock, book, clock, come, ledger, state  # noqa: F401 - fixtures
from tests.exchange.test_commands import gateway


def lose_engine(site: Site) -> None:
    """The engine's database is gone, as after a restored backup."""
    if site.postgres is not None:
        site.postgres.execute(site.database, "drop schema dbos cascade")
        return
    for path in (site.root / "data").glob("engine.sqlite*"):
        path.unlink()


@pytest.mark.parametrize("point", ["deliver.planned", "deliver.enqueued", "deliver.sent:2", "deliver.recorded:2"])
def test_a_message_at_delivery_is_not_converted_again(store: dict, tmp_path: Path, point: str) -> None:
    """Not even when the agreement has changed meanwhile: what was planned is delivered, once, with the same bytes."""
    site = Site(tmp_path / "ws", **store).build()
    site.drop("a.xml", document())
    process, _ = site.start(point)
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    before = site.rows("select step, target, started_at from stages order by id")
    planned = site.rows("select id, sha256, name from deliveries order by id")
    lose_engine(site)
    site.agree(AGREEMENT.replace("to: epcis-2.0-json", "to: epcis-2.0-xml, name: 'other-{message}.xml'"))
    assert not site.once()
    assert [m.state for m in site.messages()] == ["done"]
    assert site.rows("select step, target, started_at from stages order by id") == before
    assert site.rows("select id, sha256, name from deliveries order by id") == planned
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
    assert gateway("audit", "verify", "-C", str(site.root)).endswith("whole\n")


def sent(ledger: Ledger, *, number: int = 1) -> tuple[str, str]:  # noqa: F811
    """A message whose delivery is on its way: its id and the delivery's."""
    stored = Stored(f"{number:064}", 1)
    message, _ = ledger.receive(Arrival("acme", "in", "a", f"{number}", stored, ledger.configuration({"a": "b"})))
    (delivery,) = ledger.plan(message.id, [Plan("to-its", 1, "its", f"{number}.x12", "a", 1, "a" * 64)])
    return message.id, delivery.id


OWED = Expectation.model_validate({"kind": "csv", "within": 60})


@pytest.mark.parametrize(("answer", "end"), [(Answer(Verdict.ACCEPTED), State.DONE), (REJECTED, State.FAILED)])
def test_an_answer_between_delivery_and_its_record_counts(ledger, book, clock, answer, end) -> None:  # noqa: F811
    message, delivery = sent(ledger)
    clock.pass_(1)
    assert come(book, "k", answer) == "unknown"  # the process that delivered has died before its record
    late = LateBook(book)
    assert late.by_name() == []
    clock.pass_(5)
    ledger.delivered(delivery, "1.x12", OWED)
    ledger.close(message)
    assert state(ledger, message)[0] == State.AWAITING
    assert [(row.delivery, row.standing) for row in late.by_name()] == [(delivery, "first")]
    assert state(ledger, message)[0] == end
    assert late.by_name() == []
    assert come(book, "l", answer) == "repeated"
    with ledger.database.read() as session:
        assert list(audit.verify(session)) == []


def test_two_early_answers_are_a_first_and_a_repeated_one(ledger, book, clock) -> None:  # noqa: F811
    message, delivery = sent(ledger)
    clock.pass_(1)
    assert [come(book, key) for key in ("k", "l")] == ["unknown", "unknown"]
    ledger.delivered(delivery, "1.x12", OWED)
    ledger.close(message)
    assert [row.standing for row in LateBook(book).by_name()] == ["first", "repeated"]
    assert state(ledger, message)[0] == State.DONE


def test_an_old_answer_says_nothing_about_a_later_file_of_the_same_name(ledger, book, clock) -> None:  # noqa: F811
    assert come(book, "k") == "unknown"
    clock.pass_(3600)
    message, delivery = sent(ledger)
    ledger.delivered(delivery, "1.x12", OWED)
    ledger.close(message)
    assert LateBook(book).by_name() == []
    assert state(ledger, message)[0] == State.AWAITING


def test_an_answer_that_may_mean_several_stays_unknown(ledger, book, clock) -> None:  # noqa: F811
    one, two = sent(ledger), sent(ledger, number=2)
    clock.pass_(1)
    assert come(book, "k", name="same.x12") == "unknown"
    for message, delivery in (one, two):
        ledger.delivered(delivery, "same.x12", OWED, [(NAME, "same.x12")])
        ledger.close(message)
    assert LateBook(book).by_name() == []
    assert {state(ledger, one[0])[0], state(ledger, two[0])[0]} == {State.AWAITING}


def test_a_long_key_and_a_long_name_are_kept_apart(ledger, book, clock) -> None:  # noqa: F811
    """Names with the same first characters are two names, on every database."""
    first, second = "x" * 4000 + "1", "x" * 4000 + "2"
    message, delivery = sent(ledger)
    ledger.delivered(delivery, first, OWED)
    ledger.close(message)
    assert come(book, "k" * 5000, name=second) == "unknown"
    assert come(book, "k" * 5000 + "l", name=first) == "first"


EPCIS = """\
partner: {id: acme}
channels:
  - {id: acme-in, transport: folder, settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}}
targets:
  - id: one
    partner: hub
    to: epcis-2.0-json
    transport: folder
    settings: {path: data/one}
    answer: {kind: epcis, within: 3600}
"""
HUB = """\
partner: {id: hub}
channels:
  - id: hub-in
    transport: folder
    settings: {path: data/hub, settle: {looks: 1, interval: 0, min-age: 0}}
    answers: {kind: epcis}
"""


@pytest.mark.parametrize("kind", ["csv", "epcis"])
def test_a_partner_that_answers_while_the_process_is_dead(site: Site, kind: str) -> None:
    """Killed after the file was there and before the record; the answer is taken before the delivery is tried again."""
    table = "table: {reference: FILE, status: STATUS, accepted: [OK]}"
    hub = HUB if kind == "epcis" else HUB.replace("{kind: epcis}", f"{{kind: csv, {table}}}")
    agreement = EPCIS.replace("kind: epcis", f"kind: {kind}")
    site.agree(agreement)
    (site.root / "agreements" / "hub.yaml").write_text(hub)
    (site.root / "data" / "hub").mkdir()
    site.drop("a.xml", document())
    process, _ = site.start("deliver.sent")
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    name = next((site.root / "data" / "one").iterdir()).name
    answer = document().replace(b"bizstep:commissioning", b"bizstep:receiving").replace(b"ADD", b"OBSERVE")
    answer = answer if kind == "epcis" else f"FILE,STATUS\n{name},OK\n".encode()
    (site.root / "data" / "hub" / f"answer.{'xml' if kind == 'epcis' else 'csv'}").write_bytes(answer)
    gateway("hold", "target", "one", "-C", str(site.root))  # so that the answer is first
    site.once()
    assert site.rows("select standing from answers") == [("unknown",)]
    gateway("release", "target", "one", "-C", str(site.root))
    site.once()
    assert site.rows("select standing, verdict from answers") == [("first", "accepted")]
    assert [m.state for m in site.messages()] == ["done", "done"]
    assert gateway("audit", "verify", "-C", str(site.root)).endswith("whole\n")
    if kind == "csv":
        shown = json.loads(gateway("show", "1", "--json", "-C", str(site.root)))["lineage"]
        (delivery,) = shown["outputs"][0]["deliveries"]
        assert [a["verdict"] for a in delivery["answers"]] == ["accepted"]
        opened = gateway("show", "1", "--open", f"answer.{delivery['answers'][0]['id']}", "-C", str(site.root))
        assert opened.startswith("FILE,STATUS")


# ---- the trail against the rows ---------------------------------------------------------------------------------


def full(ledger: Ledger, book: AnswerBook, clock: Clock) -> None:  # noqa: F811
    """A message with an output, a delivery made, one failed, and an answer with results."""
    from gateway.report import Report

    message, delivery = sent(ledger)
    report = Report("epcis-1.2-xml", "epcis-2.0-json")
    ledger.converted(message, "to-its", report, [("1.x12", "x12-856", "", Stored("a" * 64, 1))])
    ledger.delivered(delivery, "1.x12", OWED, said="thank you")
    ledger.close(message)
    serials = (SerialAnswer("urn:epc:id:sgtin:0614141.107346.1", Verdict.REJECTED, (Reason("9", "sold"),)),)
    come(book, "k", Answer(Verdict.PARTIAL, serials=serials))
    _, second = sent(ledger, number=2)
    ledger.undelivered(second, "gone", None)
    come(book, "l", name="nobody knows")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE messages SET sha256 = 'b' WHERE number = 1", "is not as the trail tells: its sha256"),
        ("UPDATE messages SET partner = 'b' WHERE number = 1", "its partner"),
        ("UPDATE outputs SET sha256 = 'b'", "outputs of message"),
        ("UPDATE outputs SET name = 'b'", "outputs of message"),
        ("DELETE FROM outputs", "outputs of message"),
        ("UPDATE deliveries SET sha256 = 'b' WHERE state = 'delivered'", "its sha256"),
        ("UPDATE deliveries SET name = 'b' WHERE state = 'delivered'", "its name"),
        ("UPDATE deliveries SET address = 'b' WHERE state = 'delivered'", "its address"),
        ("UPDATE deliveries SET said = 'b' WHERE state = 'delivered'", "its said"),
        ("UPDATE deliveries SET delivered_at = '2020' WHERE state = 'delivered'", "its delivered_at"),
        ("UPDATE deliveries SET state = 'planned' WHERE state = 'delivered'", "stands as planned"),
        ("UPDATE deliveries SET state = 'failed' WHERE state = 'delivered'", "stands as failed"),
        ("UPDATE deliveries SET state = 'delivered' WHERE state = 'failed'", "the trail knows nothing"),
        ("DELETE FROM deliveries WHERE state = 'failed'", "which is not there"),
        ("UPDATE answers SET verdict = 'accepted' WHERE id = 1", "answer 1 is not the one"),
        ("UPDATE answers SET at = '2020' WHERE id = 2", "answer 2 is not the one"),
        ("DELETE FROM answers WHERE id = 2", "tells of answer 2, which is not there"),
        ("UPDATE results SET verdict = 'accepted'", "answer 1 is not the one"),
        ("DELETE FROM results", "answer 1 is not the one"),
        (
            "INSERT INTO answers SELECT id + 8, id, kind, at, carrier, '', NULL, '', '', 0, '', '', 0 FROM answers",
            "is one of which the trail knows nothing",
        ),
    ],
)
def test_a_changed_row_is_found(ledger, book, clock, statement: str, words: str) -> None:  # noqa: F811
    full(ledger, book, clock)
    with ledger.database.read() as session:
        assert list(audit.verify(session)) == []
    connection = sqlite3.connect(str(ledger.database.engine.url.database))
    assert connection.execute(statement).rowcount > 0
    connection.commit()
    connection.close()
    with ledger.database.read() as session:
        assert any(words in fault.text for fault in audit.verify(session))


def test_what_a_receiver_said_is_shown(ledger, book, clock, capsys) -> None:  # noqa: F811
    from gateway.cli import show

    full(ledger, book, clock)
    lineage = Queries(ledger.database).lineage("1")
    (output,) = show.way(lineage)["outputs"]
    assert output["deliveries"][0]["said"] == "thank you"
    assert [a["verdict"] for a in output["deliveries"][0]["answers"]] == ["partial"]
    show._print(lineage, {})
    assert "<- when it took the file: thank you" in capsys.readouterr().out
