"""Answers: who owes one, whose it is, late, twice, contradicting, unknown, or never."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.agreements.answers import AnswerKind, Answers, AnswerTable, Expectation, Then
from gateway.agreements.model import Target
from gateway.answers import Answer, Reason, SerialAnswer, Verdict
from gateway.cli import answers as cli_answers
from gateway.exchange.archive.store import Archive, Stored
from gateway.exchange.flow import answer_files
from gateway.exchange.flow.answering import Answering
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.answers import NAME, STANDINGS, AnswerBook, Incoming
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.queries_answers import AnswerQueries
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables import DeliveryState, Message, State
from gateway.sources import Source
from tests.exchange.site import AGREEMENT, Site, document
from tests.exchange.test_commands import gateway

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCEPTED, REJECTED = Answer(Verdict.ACCEPTED), Answer(Verdict.REJECTED, (Reason("17"),))


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    yield Ledger(database, clock)
    database.close()


@pytest.fixture
def book(ledger: Ledger, clock: Clock) -> AnswerBook:
    return AnswerBook(ledger.database, clock)


def send(
    ledger: Ledger, number: int = 1, then: Then = Then.ALERT, partners: tuple[str, ...] = ("its",), **more: int
) -> str:
    """A message that was delivered to partners who owe an answer within a minute; returns its id."""
    stored = Stored(f"{number:064}", 1)
    configuration = ledger.configuration({"a": "b"})
    message, _ = ledger.receive(Arrival("acme", "in", f"{number}", f"{number}", stored, configuration))
    plans = [Plan(f"to-{partner}", 1, partner, f"{number}.x12", "a", 1, "a" * 64) for partner in partners]
    owed = Expectation.model_validate({"kind": "csv", "within": 60, "then": then.value, **more})
    for delivery in ledger.plan(message.id, plans):
        ledger.delivered(delivery.id, f"{number}.x12", owed)
        ledger.close(message.id)
    return message.id


def come(book: AnswerBook, key: str, answer: Answer = ACCEPTED, name: str = "1.x12", partner: str = "") -> str:
    return book.take(Incoming(key, "csv", [(NAME, name)], answer, partner)).standing


def state(ledger: Ledger, id_: str) -> tuple[str, str]:
    message = Queries(ledger.database).message(id_)
    return message.state, message.reason


def test_a_message_waits_for_its_answer(ledger: Ledger, book: AnswerBook) -> None:
    id_ = send(ledger)
    assert state(ledger, id_) == (State.AWAITING, "an answer of to-its")
    assert Queries(ledger.database).open_messages() == []
    assert come(book, "k") == "first"
    assert come(book, "k") == "first"  # taken again after a crash
    assert state(ledger, id_) == (State.DONE, "")
    assert Queries(ledger.database).message(id_).closed_at
    lineage = Queries(ledger.database).lineage(id_)
    assert ([a.key for a in lineage.answers], lineage.owed) == (["k"], [])
    with ledger.database.read() as session:
        assert list(audit.verify(session)) == []


def test_an_answer_that_comes_before_all_are_delivered_counts(ledger: Ledger, book: AnswerBook) -> None:
    id_ = send(ledger, partners=("its", "drw"))
    assert state(ledger, id_) == (State.AWAITING, "an answer of to-its, to-drw")
    assert come(book, "k", partner="drw") == "first"
    assert state(ledger, id_)[0] == State.AWAITING
    assert come(book, "l", REJECTED, partner="its") == "first"
    assert state(ledger, id_) == (State.FAILED, "to-its answered: rejected")


def test_results_for_each_identifier_are_kept_in_one_form(ledger: Ledger, book: AnswerBook) -> None:
    send(ledger)
    serials = (
        SerialAnswer("urn:epc:id:sgtin:0614141.107346.1", Verdict.ACCEPTED),
        SerialAnswer("010...2", Verdict.REJECTED, (Reason("9", "already sold", retryable=True), Reason("10", ""))),
    )
    row = book.take(
        Incoming("k", "ticket", [(NAME, "1.x12")], Answer(Verdict.PARTIAL, serials=serials, reference="T7"))
    )
    assert (row.reference, row.results) == ("T7", 2)
    found = AnswerQueries(ledger.database).results(row.id)
    assert [(r.identifier, r.verdict, r.retryable, r.code, r.text) for r in found] == [
        ("urn:epc:id:sgtin:0614141.107346.1", "accepted", False, "", ""),
        ("010...2", "rejected", False, "9, 10", "already sold"),
    ]
    ((answer, result),) = AnswerQueries(ledger.database).of_identifier(
        __import__("gateway.exchange.ledger.epc_index", fromlist=["x"]).keys_of(
            ["https://id.gs1.org/01/10614141073464/21/1"]
        )[0]
    )
    assert (answer.id, result.verdict) == (row.id, "accepted")
    assert state(ledger, Queries(ledger.database).messages()[0].id)[1] == "to-its answered: partial, 1 of 2 identifiers"


def test_late_repeated_contradicting_unasked_and_unknown_answers_are_kept(
    ledger: Ledger, book: AnswerBook, clock: Clock
) -> None:
    first, second = send(ledger, 1), send(ledger, 2)
    clock.pass_(61)
    assert come(book, "a", name="1.x12") == "late"  # nobody has looked yet
    assert [(m.then, m.delivery.message) for m in book.overdue()] == [(Then.ALERT, second)]
    assert book.overdue() == []
    assert state(ledger, second)[0] == State.AWAITING
    assert come(book, "b", name="2.x12") == "late"
    assert (state(ledger, first)[0], state(ledger, second)[0]) == (State.DONE, State.DONE)
    assert come(book, "c", name="2.x12") == "repeated"
    assert come(book, "d", REJECTED, name="2.x12") == "contradicts"
    assert state(ledger, second)[0] == State.DONE
    assert come(book, "e", name="3.x12") == "unknown"
    with ledger.database.write() as session:
        session.execute(sa.text("DELETE FROM expected"))
    assert come(book, "f", name="1.x12") == "unasked"
    unknown = AnswerQueries(ledger.database).answers(standings=["unknown"])
    assert [(row.key, row.detail) for row in unknown] == [("e", "it answers nothing that was delivered from here")]


def test_an_answer_that_may_mean_several_deliveries_means_none(ledger: Ledger, book: AnswerBook) -> None:
    send(ledger, 1, partners=("its", "drw"))
    assert come(book, "a", name="1.x12") == "unknown"
    assert AnswerQueries(ledger.database).answers()[0].detail == "it may mean any of 2 deliveries"
    assert come(book, "b", name="1.x12", partner="drw") == "first"
    assert come(book, "c", name="1.x12") == "first"  # only one still waits


def test_pending_is_no_answer_yet(ledger: Ledger, book: AnswerBook) -> None:
    id_ = send(ledger)
    come(book, "a", Answer(Verdict.PENDING))
    assert state(ledger, id_)[0] == State.AWAITING
    come(book, "b")
    assert state(ledger, id_)[0] == State.DONE


def test_no_answer_in_time_fails(ledger: Ledger, book: AnswerBook, clock: Clock) -> None:
    id_ = send(ledger, then=Then.FAIL)
    clock.pass_(59)
    assert book.overdue() == []
    clock.pass_(1)
    assert [m.then for m in book.overdue()] == [Then.FAIL]
    assert state(ledger, id_) == (State.FAILED, "no answer in time to to-its")
    assert come(book, "a") == "late"
    assert state(ledger, id_)[0] == State.FAILED


def test_no_answer_in_time_sends_the_same_again_and_gives_up_at_last(
    ledger: Ledger, book: AnswerBook, clock: Clock
) -> None:
    id_ = send(ledger, then=Then.RESEND, resends=2)
    for time_ in (1, 2):
        clock.pass_(60)
        assert [(m.then, m.resent) for m in book.overdue()] == [(Then.RESEND, time_)]
        (again,) = book.resending()
        assert (again.delivery.state, again.resent, state(ledger, id_)[0]) == (
            DeliveryState.PLANNED,
            time_,
            "delivering",
        )
        clock.pass_(100)
        assert book.overdue() == []  # it is on its way
        ledger.delivered(again.delivery.id, "1.x12", Expectation(kind="csv", within=60, then="resend", resends=2))
        ledger.close(id_)
        assert (book.resending(), state(ledger, id_)[0]) == ([], State.AWAITING)
    clock.pass_(60)
    assert [m.then for m in book.overdue()] == [Then.FAIL]
    assert state(ledger, id_)[0] == State.FAILED
    with ledger.database.read() as session:
        assert list(audit.verify(session)) == []


# ---- files ------------------------------------------------------------------------------------------------------


def message(name: str = "answers") -> Message:
    return Message(id="20260301120000000-00000009", name=name, sha256="a" * 64)


TABLE = AnswerTable(
    reference="FILE", status="STATUS", epc="EPC", code="CODE", text="TEXT", accepted=("OK",), warning=("WARN",),
    rejected=("ERROR",), retryable=("T1",),
)  # fmt: skip


def read_table(text: str | bytes, table: AnswerTable = TABLE):
    data = text if isinstance(text, bytes) else text.encode()
    answers = Answers(kind=AnswerKind.CSV, table=table)
    return answer_files.read(Source.memory(data, "a.csv"), message(), answers, "its")


def test_a_table_gives_an_answer_for_each_file_it_speaks_of() -> None:
    found = read_table(
        "\ufeffFILE;EPC;STATUS;CODE;TEXT\n"
        "a.xml;urn:1;OK;;\n"
        "a.xml;urn:2;ERROR;T1;busy\n"
        "\n"
        "b.xml;urn:3;ok;;\n"
        "c.xml;;ERROR;X;bad file\n"
        "d.xml;urn:4;maybe;;\n"
        ";urn:5;OK;;\n"
    )
    got = [
        (i.names[0][1] if i.names else "", i.answer.verdict, i.answer.retryable, len(i.answer.serials)) for i in found
    ]
    assert got == [
        ("a.xml", Verdict.PARTIAL, True, 2),
        ("b.xml", Verdict.ACCEPTED, False, 1),
        ("c.xml", Verdict.REJECTED, False, 0),
        ("d.xml", Verdict.UNREADABLE, False, 1),
        ("", Verdict.ACCEPTED, False, 1),
    ]
    assert found[0].key == "20260301120000000-00000009#1"
    assert found[3].answer.serials[0].reasons[0].meaning == "unknown status 'maybe'"


def test_a_table_without_the_columns_is_no_answer_and_a_broken_one_needs_a_person() -> None:
    assert read_table("EPC,LOT\n1,2\n") is None
    assert read_table("") is None
    assert read_table(b"FILE,STATUS,EPC,CODE,TEXT\n\xff\xfe")[0].answer.verdict is Verdict.UNREADABLE
    assert read_table("FILE,STATUS,EPC,CODE,TEXT\n") == []


def isa(*segments: str) -> bytes:
    head = "ISA*00*          *00*          *ZZ*ITS            *ZZ*ME             *260301*1200*U*00401*000000009*0*P*>"
    return "~".join(
        [head, "GS*FA*ITS*ME*20260301*1200*9*X*004010", *segments, "GE*1*9", "IEA*1*000000009", ""]
    ).encode()


@pytest.mark.parametrize(
    ("ak5", "ak9", "verdict"),
    [("A", "A*1*1*1", Verdict.ACCEPTED), ("E", "E*1*1*1", Verdict.WARNING), ("R", "R*1*1*0", Verdict.REJECTED),
     ("R", "P*2*2*1", Verdict.PARTIAL)],
)  # fmt: skip
def test_a_997_is_read_and_means_the_group(ak5: str, ak9: str, verdict: Verdict) -> None:
    data = isa("ST*997*0001", "AK1*SH*17", "AK2*856*0001", "AK3*HL*5**8", f"AK5*{ak5}", f"AK9*{ak9}", "SE*7*0001")
    (found,) = answer_files.read(Source.memory(data, "a.edi"), message(), Answers(kind=AnswerKind.X12), "its")
    assert (found.names, found.answer.verdict) == ([("x12", "SH:17")], verdict)
    assert "message 0001 segment 5 HL code 8" in found.detail
    assert answer_files.read(Source.memory(data), message(), Answers(kind=AnswerKind.EDIFACT), "its") is None


def test_a_contrl_is_read_and_means_the_interchange() -> None:
    data = b"UNB+UNOC:3+ITS:14+ME:14+260301:1200+9'UNH+1+CONTRL:D:3:UN'UCI+REF17+ME:14+ITS:14+4+18'UNT+3+1'UNZ+1+9'"
    (found,) = answer_files.read(Source.memory(data, "a.edi"), message(), Answers(kind=AnswerKind.EDIFACT), "its")
    assert (found.names, found.answer.verdict) == ([("edifact", "REF17")], Verdict.REJECTED)


def test_what_is_no_997_or_a_broken_one() -> None:
    answers = Answers(kind=AnswerKind.X12)
    asn = isa("ST*856*0001", "BSN*00*1*20260301*1200", "SE*3*0001")
    assert answer_files.read(Source.memory(asn), message(), answers, "its") is None
    assert answer_files.read(Source.memory(b"hello"), message(), answers, "its") is None
    broken = isa("ST*997*0001", "AK1*SH*17", "AK9*Q", "SE*3*0001")
    (found,) = answer_files.read(Source.memory(broken), message(), answers, "its")
    assert (found.names, found.answer.verdict) == ((), Verdict.UNREADABLE)


def test_a_delivered_ship_notice_is_known_by_its_control_number(
    tmp_path: Path, ledger: Ledger, book: AnswerBook
) -> None:
    archive = Archive(tmp_path)
    asn = (
        isa("ST*856*0001", "BSN*00*1*20260301*1200", "SE*3*0001")
        .replace(b"GS*FA*ITS*ME*20260301*1200*9", b"GS*SH*ITS*ME*20260301*1200*000017")
        .replace(b"GE*1*9", b"GE*1*000017")
    )
    with archive.temporary() as stream:
        stream.write(asn)
        stored = archive.keep(stream)
    target = Target(id="t", to="x12-856", transport="folder", answer=Expectation(kind="x12-997", within=60))
    arrived = Arrival("acme", "in", "a", "a", stored, ledger.configuration({"a": "b"}))
    id_ = ledger.receive(arrived)[0].id
    (delivery,) = ledger.plan(id_, [Plan("t", 1, "its", "a.edi", "a", stored.size, stored.sha256)])
    names = Answering(ledger, archive).names(target, delivery)
    assert names == [("x12", "SH:17")]
    ledger.delivered(delivery.id, "a.edi", target.answer, names)
    ledger.close(id_)
    data = isa("ST*997*0001", "AK1*SH*0017", "AK9*A*1*1*1", "SE*4*0001")
    for incoming in answer_files.read(Source.memory(data, "x"), message(), Answers(kind=AnswerKind.X12), "its"):
        with ledger.database.write() as session:
            session.add(message_row_of(incoming.carrier, ledger))
        book.take(incoming)
    assert state(ledger, id_)[0] == State.DONE


def message_row_of(id_: str, ledger: Ledger) -> Message:
    return Message(
        id=id_, partner="its", channel="c", name="x", size=1, sha256="b" * 64, received_at="2026",
        state=State.CONVERTING, configuration=ledger.configuration({"a": "b"}),
    )  # fmt: skip


# ---- the whole way ----------------------------------------------------------------------------------------------

OWED = AGREEMENT.replace(
    "settings: {path: data/one}", "settings: {path: data/one}, partner: its, answer: {kind: csv, within: 3600}"
)
ANSWERS = """\
partner: {id: its}
channels:
  - id: its-answers
    transport: folder
    settings: {path: data/answers, settle: {looks: 1, interval: 0, min-age: 0}}
    answers: {kind: csv, table: {reference: FILE, status: STATUS, epc: EPC, accepted: [OK], rejected: [ERROR]}}
"""


def agreed(site: Site, ours: str, theirs: str = ANSWERS) -> Path:
    """Both agreements; returns the folder of answers."""
    site.agree(ours)
    (site.root / "agreements" / "its.yaml").write_text(theirs)
    folder = site.root / "data" / "answers"
    folder.mkdir()
    return folder


def test_the_whole_way_over_restarts(site: Site) -> None:
    folder = agreed(site, OWED)
    site.drop("a.xml", document(1))
    site.once()
    assert [(m.state, m.reason) for m in site.messages()] == [("awaiting", "an answer of one")]
    root = str(site.root)
    assert "csv" in gateway("answers", "--owed", "-C", root)
    assert "an answer of one" in gateway("status", "-C", root)
    (sent,) = site.one.iterdir()
    (folder / "1.csv").write_text(f"FILE,EPC,STATUS\n{sent.name},urn:epc:id:sgtin:0614141.107346.1,OK\nother.xml,,OK\n")
    site.once()
    first, carrier = site.messages()
    assert (first.state, carrier.state, carrier.reason) == ("done", "done", "answers: 1 accepted, 1 unknown")
    shown = gateway("show", "1", "-C", root)
    assert "<- csv answer.1" in shown
    assert "1 identifiers: gateway answers --results 1" in shown
    assert gateway("show", "1", "--open", "answer.1", "-C", root).startswith("FILE,EPC,STATUS")
    assert "known: answer.1" in gateway("show", "1", "--open", "answer.7", "-C", root, expect=2)
    assert f"answers {first.id}.001: accepted (first)" in gateway("show", "2", "-C", root)
    listed = [json.loads(line) for line in gateway("answers", "-C", root, "--json").splitlines()]
    assert [(row["standing"], row["verdict"]) for row in listed] == [("unknown", "accepted"), ("first", "accepted")]
    assert "0614141.107346.1\taccepted" in gateway("answers", "--results", "1", "-C", root)
    assert "there is no answer 9" in gateway("answers", "--results", "9", "-C", root, expect=2)
    (folder / "2.csv").write_text("hello\n")
    (folder / "3.xml").write_bytes(document(3))
    site.once()
    kind = "csv (its first line must name FILE, STATUS, EPC)"
    text = f"it is no answer of kind {kind}, and nobody gets files of channel its-answers"
    assert [(m.state, m.reason) for m in site.messages()][2:] == [("refused", text)] * 2
    assert gateway("audit", "verify", "-C", root).endswith("whole\n")


def test_the_same_file_is_delivered_again_when_no_answer_comes(site: Site) -> None:
    agreed(site, OWED.replace("within: 3600", "within: 2, then: resend"))
    site.drop("a.xml", document(1))
    site.once()
    (sent,) = site.one.iterdir()
    name, data = sent.name, sent.read_bytes()
    sent.unlink()  # the receiver took it
    time.sleep(2)
    site.once()
    (again,) = site.one.iterdir()
    assert (again.name, again.read_bytes()) == (name, data)
    assert len(list(site.two.iterdir())) == 1
    assert [m.state for m in site.messages()] == ["awaiting"]
    time.sleep(2)
    site.once()
    assert [(m.state, m.reason) for m in site.messages()] == [("failed", "no answer in time to one")]


def test_a_partners_events_are_answers(make_site: Callable[[str], Site]) -> None:
    site = make_site(AGREEMENT)
    theirs = ANSWERS[: ANSWERS.index("    answers:")] + "    answers: {kind: epcis}\n"
    folder = agreed(site, OWED.replace("kind: csv", "kind: epcis"), theirs)
    for number in (1, 2):
        site.drop(f"{number}.xml", document(number))
    site.once()
    received = document(1).replace(b":commissioning", b":receiving").replace(b"ADD", b"OBSERVE")
    (folder / "1.xml").write_bytes(received)
    (folder / "2.xml").write_bytes(received.replace(b"107346.1<", b"107346.99<"))
    site.once()
    assert [m.state for m in site.messages()] == ["done", "awaiting", "done", "done"]
    assert [m.reason for m in site.messages()][2:] == ["answers: 1 accepted", "answers: 1 unknown"]
    (folder / "3.csv").write_text("a,b\n1,2\n")
    (folder / "4.xml").write_bytes(document(4))
    site.once()
    text = "it is no answer of kind epcis, and nobody gets files of channel its-answers"
    assert [(m.state, m.reason) for m in site.messages()][4:] == [("refused", text)] * 2


def test_words_of_the_command_are_those_of_the_exchange() -> None:
    assert cli_answers.STANDINGS == STANDINGS
