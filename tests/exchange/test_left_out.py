"""Events that are left out because they are wrong, step by step: what goes on, what is told, what a crash changes."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli import show
from gateway.convert import convert
from gateway.exchange import failpoints
from gateway.exchange.flow import apart, converting
from gateway.exchange.flow.steps import Flow
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.epcs import asked
from gateway.exchange.ledger.intake import Arrival
from gateway.exchange.ledger.left_out import LIST, PROCEED, LeftOut
from gateway.exchange.ledger.received import Received
from gateway.exchange.ledger.tables import Message, OutputFile
from gateway.exchange.operations.replay import STEPS, replay
from gateway.exchange.operations.trace import events_as_json, trace
from gateway.exchange.operations.troubles import troubles
from gateway.findings import Finding, Where
from gateway.leaving import NONE_LEFT
from gateway.request import Request
from gateway.sources import Source
from gateway.transports.secrets import secrets
from gateway.web.jobs import errors_of, job
from tests.exchange.site import Site, document

AGREEMENT = """\
partner: {id: acme}
channels:
  - id: acme-in
    transport: https
    settings: {receive: {keys: [{name: acme, sha256: SHA}], capture: true, left-out: 10}}
targets:
  - {id: one, to: epcis-2.0-json, transport: folder, settings: {path: data/one}}
  - {id: two, to: epcis-1.2-xml, transport: folder, settings: {path: data/two}}
""".replace("SHA", "0" * 64)

EVENT = re.search(rb"<ObjectEvent>.*</ObjectEvent>", document(1), re.DOTALL).group()


def xml(*events: bytes) -> bytes:
    """A document of these events."""
    return document(1).replace(EVENT, b"\n".join(events))


def event(serial: int = 1, changes: tuple[str, str] = ("", ""), id_: str = "") -> bytes:
    """An event; `changes` is a text of it and what stands there instead."""
    made = re.search(rb"<ObjectEvent>.*</ObjectEvent>", document(serial), re.DOTALL).group()
    assert changes[0].encode() in made
    made = made.replace(changes[0].encode(), changes[1].encode(), 1) if changes[0] else made
    extension = f"<baseExtension><eventID>{id_}</eventID></baseExtension><epcList>"
    return made.replace(b"<epcList>", extension.encode()) if id_ else made


ACTION = ("<action>ADD", "<action>ADDD")
DIGIT = ("urn:epc:id:sgtin:0614141.107346.", "https://id.gs1.org/01/10614141073465/21/")
NO_TIME = ("<eventTime>2026-01-02T09:00:00.000Z</eventTime>", "")


def linked(*events: dict[str, Any] | str) -> bytes:
    """A JSON-LD document of these events; texts stand in it as they are."""
    body = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"own": "https://own.example/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-02T10:00:00Z",
        "epcisBody": {"eventList": ["here"]},
    }
    texts = [each if isinstance(each, str) else json.dumps(each) for each in events]
    return json.dumps(body).replace('"here"', ",\n".join(texts)).encode()


def item(serial: int, **changes: Any) -> dict[str, Any]:
    """An event of such a document; None takes a member out."""
    made = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-01-02T09:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [f"urn:epc:id:sgtin:0614141.107346.{serial}"],
        **changes,
    }
    return {key: value for key, value in made.items() if value is not None}


class World:
    """A workspace whose messages go through the steps before their delivery here, without an engine."""

    def __init__(self, root: Path, agreement: str = AGREEMENT, **more: Any) -> None:
        self.site = Site(root, **more)
        self.site.build(agreement)
        self.workspace = self.site.workspace()
        self.flow = Flow(self.workspace.agreements, self.workspace.ledger, self.workspace.archive, secrets(root))
        self.received = Received(self.workspace.database)
        self._count = 0

    def receive(self, data: bytes, behaviour: str = PROCEED) -> str:
        self._count += 1
        archive, ledger = self.workspace.archive, self.workspace.ledger
        with archive.temporary() as stream:
            stream.write(data)
            stored = archive.keep(stream)
        configuration = ledger.configuration(self.workspace.agreements.files)
        name = "a.xml" if data.lstrip().startswith(b"<") else "a.json"
        arrival = Arrival("acme", "acme-in", name, str(self._count), stored, configuration, behaviour)
        return ledger.receive(arrival)[0].id

    def go(self, id_: str) -> str:
        for step in (self.flow.detect, self.flow.convert, self.flow.check, self.flow.plan):
            step(id_)
        return id_

    def take(self, data: bytes, behaviour: str = PROCEED) -> str:
        return self.go(self.receive(data, behaviour))

    def message(self, id_: str) -> Message:
        return self.workspace.queries.message(id_)

    def outputs(self, id_: str) -> Sequence[OutputFile]:
        return self.workspace.queries.lineage(id_).outputs

    def texts(self, id_: str) -> dict[str, str]:
        texts = {}
        for output in self.outputs(id_):
            with self.workspace.archive.open(output.sha256) as stream:
                texts[output.target] = stream.read().decode()
        return texts

    def serials(self, id_: str) -> list[str]:
        """The serial numbers that the targets get: the same for all."""
        found = {
            target: re.findall(r"107346\.(\d+)", text) for target, text in self.texts(id_).items() if target != LIST
        }
        assert len({tuple(each) for each in found.values()}) <= 1, found
        return next(iter(found.values()), [])

    def errors(self, id_: str) -> list[dict[str, Any]]:
        told = job(self.message(id_), self.received)
        assert (told.running, told.success) == (False, not told.errors)
        return list(told.errors)

    def events(self, id_: str) -> list[int]:
        """The events that the job says are wrong."""
        return sorted({error.get("event", 0) for error in self.errors(id_)})

    def is_whole(self) -> bool:
        with self.workspace.database.read() as session:
            return not list(audit.verify(session))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "ws")
    yield world
    assert world.is_whole()
    world.workspace.close()


def test_wrong_events_are_left_out_and_each_is_told(world: World) -> None:
    data = xml(event(1), event(2, ACTION, "urn:uuid:two"), event(3), event(4, DIGIT), event(5), event(6, NO_TIME))
    id_ = world.take(data)
    assert world.serials(id_) == ["1", "3", "5"]
    message = world.message(id_)
    assert (message.state, message.events, message.left_out) == ("delivering", 3, 3)
    errors = world.errors(id_)
    assert [(error["event"], error.get("eventID"), error["code"]) for error in errors] == [
        (2, "urn:uuid:two", "EPCIS-EVENT-01"),
        (4, None, "GS1-GTIN-02"),
        (6, None, "EPCIS-XML-06"),
    ]
    assert "ADDD" in errors[0]["detail"]
    assert all("line" in error["detail"] for error in errors)
    rows = [row for row in world.workspace.queries.lineage(id_).findings if row.severity == "error"]
    assert all(row.hint for row in rows)
    assert all(row.value for row in rows[:2])
    lines = [json.loads(line) for line in world.texts(id_)[LIST].splitlines()]
    assert [(line["event"], line["eventID"], line["by"]) for line in lines] == [
        (2, "urn:uuid:two", "one"),
        (4, "", "one"),
        (6, "", "one"),
    ]
    with world.workspace.archive.open(message.sha256) as stream:
        assert stream.read() == data
    with events_as_json(world.workspace, message) as path:
        assert len(json.loads(path.read_text())["epcisBody"]["eventList"]) == 3
    for serial, gone in (("2", True), ("3", False)):
        (named,) = trace(world.workspace, [asked(f"urn:epc:id:sgtin:0614141.107346.{serial}")])
        assert [(each.number, each.left_out) for each in named.mentions] == [(int(serial), gone)]


def test_linked_data(world: World) -> None:
    data = linked(
        item(1),
        item(2, eventTime=None, eventID="urn:uuid:two"),  # cannot be read as an event at all
        item(3),
        item(4, bizStep="shiping"),
        item(5, type="own:Event", epcList=None, action=None),  # a vendor's own type
        item(6, type="FooEvent"),
        '{"type": "ObjectEvent", "type": "ObjectEvent"}',
        item(8, epcList=["https://id.gs1.org/01/10614141073465/21/8"]),
        item(9, type="own:Event", epcList=None, action=None, **{"own:": 1}),  # one with a fault
        item(10),
    )
    id_ = world.take(data)
    assert world.serials(id_) == ["1", "3", "10"]
    assert world.events(id_) == [2, 4, 6, 7, 8, 9]
    assert (world.message(id_).events, world.message(id_).left_out) == (3, 6)
    kept = json.loads(world.texts(id_)["one"])["epcisBody"]["eventList"]
    assert [each["type"] for each in kept] == ["ObjectEvent"] * 3 + ["own:Event"]


def test_on_postgresql(tmp_path: Path, postgres: Any) -> None:
    """Also with characters that PostgreSQL does not keep."""
    world = World(tmp_path / "ws", postgres=postgres)
    odd = item(2, bizStep="shiping\0", eventID="urn:x:\0")
    id_ = world.take(linked(item(1), odd, item(3), *(item(number, bizStep="x") for number in range(4, 10))))
    assert world.serials(id_) == ["1", "3"]
    assert world.events(id_) == [2, *range(4, 10)]
    assert "urn:x:" in world.errors(id_)[0]["eventID"]
    assert len(list(errors_of(world.message(id_), world.received, world.workspace.archive))) >= 7
    with events_as_json(world.workspace, world.message(id_)) as path:
        assert len(json.loads(path.read_text())["epcisBody"]["eventList"]) == 2
    assert world.is_whole()
    world.workspace.close()


WRONG_DOCUMENTS = {
    "cut XML": xml(event(1), event(2, ACTION), event(3))[:-70],
    "crossed tags": xml(event(1), event(2, ACTION), event(3)).replace(b"</epcList>", b"</epcLis>", 1),
    "no body": xml(event(1), event(2, ACTION)).replace(b"EPCISBody", b"EPCISBodi"),
    "cut JSON": linked(item(1), item(2, bizStep="shiping"), item(3))[:-60],
    "a bare word": linked(item(1), '{"type": "ObjectEvent", "action": OBSERVE}', item(3)),
    "NaN": linked(item(1), '{"type": "ObjectEvent", "action": NaN}', item(3)),
    "no comma": linked(item(1), item(2), item(3)).replace(b"},\n", b"}\n", 1),
    "a header's key": linked(item(1), item(2, bizStep="shiping")).replace(b'"schemaVersion"', b'"schemaVersio"'),
    "not UTF-8": linked(item(1, bizStep="shiping"), item(2)).replace(b"sgtin:0614141.107346.2", b"\xff"),
    "no EPCIS": b"<other/>",
}


@pytest.mark.parametrize("which", WRONG_DOCUMENTS)
def test_a_wrong_document_is_refused_as_a_whole(world: World, which: str) -> None:
    id_ = world.take(WRONG_DOCUMENTS[which])
    message = world.message(id_)
    assert (message.state, message.left_out) == ("refused", 0)
    assert list(world.outputs(id_)) == []
    errors = world.errors(id_)
    assert "Nothing of the document was captured" in errors[0]["detail"]
    assert len(errors) > 1


def test_nothing_goes_on_where_all_events_are_wrong(world: World) -> None:
    id_ = world.take(xml(event(1, ACTION), event(2, DIGIT), event(3, NO_TIME)))
    assert (world.message(id_).state, world.message(id_).left_out) == ("refused", 0)
    assert list(world.outputs(id_)) == []
    assert world.events(id_) == [0, 1, 2, 3]
    assert any(error.get("code") == "LEFT-OUT-02" for error in world.errors(id_))


def test_too_many_wrong_events_are_a_wrong_document(world: World) -> None:
    wrong = [event(number, ACTION) for number in range(2, 13)]
    enough, too_many = world.take(xml(event(1), *wrong[:10])), world.take(xml(event(1), *wrong))
    assert (world.message(enough).left_out, world.events(enough)) == (10, list(range(2, 12)))
    assert (world.message(too_many).state, world.message(too_many).left_out) == ("refused", 0)
    assert any(error.get("code") == "LEFT-OUT-01" for error in world.errors(too_many))


def test_without_being_asked_nothing_is_left_out(world: World) -> None:
    data = xml(event(1), event(2, ACTION))
    id_ = world.take(data, "")
    assert (world.message(id_).state, world.events(id_)) == ("refused", [2])
    right = xml(event(1), event(2))
    plain, greedy = world.take(right, ""), world.take(right + b"\n")
    assert world.texts(plain) == world.texts(greedy)
    assert world.errors(greedy) == []


def test_what_stands_among_the_events_and_is_none(world: World) -> None:
    id_ = world.take(xml(event(1), b"<FooEvent><x/></FooEvent>", event(2), event(3, ACTION)))
    assert world.serials(id_) == ["1", "2"]
    assert world.message(id_).left_out == 2
    assert any("FooEvent" in error["detail"] and "line" in error["detail"] for error in world.errors(id_))


def test_what_one_receiver_cannot_have_nobody_gets(world: World) -> None:
    """A word that JSON's schema refuses as a URN and XML does not: found by the second receiver's writer alone."""
    agreement = AGREEMENT.replace("{id: one, to: epcis-2.0-json", "{id: one, to: epcis-1.2-xml").replace(
        "{id: two, to: epcis-1.2-xml", "{id: two, to: epcis-2.0-json, set: {cbv: urn}"
    )
    other = World(world.site.root.parent / "other", agreement)
    odd = event(2, ("urn:epcglobal:cbv:disp:active", "https://own.example/disp/odd"))
    plain = [event(number, ("<disposition>urn:epcglobal:cbv:disp:active</disposition>", "")) for number in (1, 3)]
    plain = [each.replace(b"<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>", b"") for each in plain]
    id_ = other.take(xml(plain[0], odd, plain[1]))
    assert other.serials(id_) == ["1", "3"]
    assert other.events(id_) == [2]
    assert [json.loads(line)["by"] for line in other.texts(id_)[LIST].splitlines()] == ["two"]
    alone = other.take(xml(odd))  # the first receiver could have had it
    assert other.message(alone).state == "refused"
    assert other.events(alone) == [0, 1]
    assert any("EPCIS-JSON" in error.get("code", "") for error in other.errors(alone))
    assert other.is_whole()
    other.workspace.close()


def test_what_cannot_be_separated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time that something is left out something else may be wrong: that has an end."""
    monkeypatch.setattr(converting, "MOST_ROUNDS", 1)
    id_ = world.take(xml(event(1), event(2, ACTION)))
    assert (world.message(id_).state, world.message(id_).left_out) == ("refused", 0)
    assert {error.get("code") for error in world.errors(id_)} == {None, "EPCIS-EVENT-01", "LEFT-OUT-03"}
    monkeypatch.undo()
    again = world.take(xml(event(1), event(2, ACTION)) + b" ")
    assert world.message(again).left_out == 1


def test_what_only_the_schema_of_an_output_refuses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of an output's events are those of the output; the event of the document is found."""
    real = converting.check_file

    def check(path: Path, format_: str) -> Any:
        findings = real(path, format_)
        kept = re.findall(r"107346\.(\d+)", path.read_text())
        if format_ == "epcis-1.2-xml" and "5" in kept:
            findings.add(Finding.of(NONE_LEFT, "odd", where=Where(event=kept.index("5") + 1, line=9)))
        return findings

    monkeypatch.setattr(converting, "check_file", check)
    id_ = world.take(xml(event(1), event(2, ACTION), event(3, NO_TIME), event(4), event(5), event(6)))
    assert world.serials(id_) == ["1", "4", "6"]
    assert world.events(id_) == [2, 3, 5]


def test_the_same_document_again(world: World) -> None:
    """Its job ends as the first one does, and runs as long; nothing is passed on twice."""
    data = xml(event(1), event(2, ACTION))
    first, again = world.receive(data), world.receive(data)
    assert world.message(again).state == "duplicate"
    assert job(world.message(again), world.received).running
    world.go(first)
    assert world.errors(again) == world.errors(first) != []
    assert job(world.message(world.receive(data, "")), world.received).success is False


@pytest.mark.parametrize("step", STEPS)
def test_replays(world: World, step: str) -> None:
    """From each step the same events go on, and the list of the others stays with the message."""
    first = world.take(xml(event(1), event(2, ACTION)))
    for delivery in world.workspace.queries.lineage(first).deliveries:
        world.workspace.ledger.delivered(delivery.id, "x")
    world.workspace.ledger.close(first)
    again = replay(world.workspace, first, step, again=True).id
    world.go(again)
    message = world.message(again)
    assert (message.state, message.events, message.left_out, message.error_behaviour) == ("delivering", 1, 1, PROCEED)
    assert world.texts(again) == world.texts(first)


class Died(BaseException):
    """The process is gone."""


POINTS = ("convert.started", "convert.written", "convert.archived", "convert.recorded", *failpoints.LEFT_OUT_POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_step_changes_nothing(world: World, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = xml(event(1), event(2, ACTION), event(3))
    whole = world.texts(world.take(data))
    for time in (1, 2, 3, 4):
        id_ = world.receive(data + b" " * time)
        world.flow.detect(id_)
        reached = 0

        def reach(name: str, time: int = time) -> None:
            nonlocal reached
            reached += name == point
            if name == point and reached == time:
                raise Died

        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "reach", reach)
            with contextlib.suppress(Died):
                world.flow.convert(id_)
        assert reached or time > 1
        world.go(id_)
        assert world.texts(id_) == whole
        assert world.message(id_).left_out == 1
        assert world.events(id_) == [2]


def test_a_large_document(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is converted in a process of its own leaves the same events out."""
    data = xml(event(1), event(2, ACTION, "urn:uuid:two"), b"<FooEvent/>", event(3), event(4, NO_TIME))
    here = world.texts(world.take(data))
    monkeypatch.setattr(apart, "LARGE", 1)
    id_ = world.take(data + b" ")
    assert world.texts(id_) == here
    assert world.message(id_).left_out == 3
    (named, _) = trace(world.workspace, [asked("urn:epc:id:sgtin:0614141.107346.2")])
    assert named.mentions[0].left_out


@pytest.mark.parametrize("large", [apart.LARGE, 1])
def test_what_contradicts_earlier_messages_is_left_out(
    world: World, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the hierarchy store is asked and filled in a process of its own."""
    monkeypatch.setattr(apart, "LARGE", large)
    agreement = f"{AGREEMENT}serials: {{client: maker, contradictions: refuse}}\n"
    other = World(world.site.root.parent / "other", agreement)
    assert other.message(other.take(xml(event(1), event(2)))).state == "delivering"
    id_ = other.take(xml(event(9, ACTION), event(1), event(3)))  # 1 was commissioned before
    assert other.serials(id_) == ["3"]
    assert other.events(id_) == [1, 2]
    assert other.message(id_).left_out == 2
    whole = other.take(xml(event(1), event(4)), "")
    assert other.message(whole).state == "refused"
    assert other.is_whole()
    other.workspace.close()


XML_FAULTS = (None, ACTION, DIGIT, NO_TIME, ("<epc>", "<epc/><epc>"), ("2026-01-02T09", "2026-13-02T09"))
JSON_FAULTS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"eventTime": None},
    {"type": "FooEvent"},
    {"bizStep": "shiping"},
    {"epcList": ["https://id.gs1.org/01/10614141073465/21/8"]},
    {"epcList": "urn:epc:id:sgtin:0614141.107346.1"},
    {"eventID": 5},
    {"odd": 1},
    {"own:x": {"": 1}},
)


def sifted(data: bytes, to: str, folder: Path) -> tuple[bytes, list[int]]:
    """What goes on of a document, and which of its events do not."""
    left = LeftOut(1000)
    while True:
        request = Request(Source.memory(data, "a"), to, now="2026-01-03T00:00:00Z", leaving=left.leaving())
        with tempfile.TemporaryDirectory(dir=folder) as out:
            report = convert(request, Path(out))
            if left.take("x", report):
                continue
            assert not report.failed, list(report.findings)
            return Path(report.outputs[0].path).read_bytes(), sorted(left.entries)


@given(st.lists(st.sampled_from(XML_FAULTS), min_size=1, max_size=10))
@settings(max_examples=25, deadline=None)
def test_what_goes_on_is_as_if_the_others_were_not_there(tmp_path_factory: Any, faults: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("sifted")
    events = [event(number, fault or ("", "")) for number, fault in enumerate(faults, 1)]
    right = [each for each, fault in zip(events, faults, strict=True) if fault is None]
    for to in ("epcis-2.0-json", "epcis-1.2-xml", "epcis-2.0-xml"):
        got, gone = sifted(xml(*events), to, folder)
        assert gone == [number for number, fault in enumerate(faults, 1) if fault is not None]
        assert got == sifted(xml(*right), to, folder)[0]


@given(st.lists(st.sampled_from(JSON_FAULTS), min_size=1, max_size=10))
@settings(max_examples=25, deadline=None)
def test_the_same_of_linked_data(tmp_path_factory: Any, faults: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("sifted")
    events = [item(number, **(fault or {})) for number, fault in enumerate(faults, 1)]
    right = [each for each, fault in zip(events, faults, strict=True) if fault is None]
    for to in ("epcis-2.0-json", "epcis-1.2-xml"):
        got, gone = sifted(linked(*events), to, folder)
        assert gone == [number for number, fault in enumerate(faults, 1) if fault is not None]
        assert got == sifted(linked(*right), to, folder)[0]


def test_a_row_that_was_changed_is_found(world: World) -> None:
    world.take(xml(event(1), event(2, ACTION)))
    assert world.is_whole()
    with sqlite3.connect(world.site.root / "data" / "ledger.sqlite") as connection:
        connection.execute("UPDATE messages SET left_out = 0")
    assert not world.is_whole()
    with sqlite3.connect(world.site.root / "data" / "ledger.sqlite") as connection:
        connection.execute("UPDATE messages SET left_out = 1")


def test_the_stage_has_the_name_of_the_list() -> None:
    assert show.LEFT_OUT == LIST


def test_an_alert_tells_of_it_and_finds_it_quickly(world: World) -> None:
    id_ = world.take(xml(event(1), event(2, ACTION), event(3, DIGIT)))
    for delivery in world.workspace.queries.lineage(id_).deliveries:
        world.workspace.ledger.delivered(delivery.id, "x")
    world.workspace.ledger.close(id_)
    with world.workspace.database.read() as session:
        now, wanted = world.workspace.clock(), world.workspace.settings.alerts
        (found,) = [each for each in troubles(session, now, wanted) if each.kind == "left-out"]
        assert found.key == "left-out:acme"
        assert found.text == (
            "2 wrong events were left out of 1 message of acme, the last is 1: gateway show 1 --open left-out"
        )
        plan = session.execute(
            sa.text("EXPLAIN QUERY PLAN SELECT sum(left_out) FROM messages WHERE left_out > 0 AND closed_at >= '2026'")
        ).all()
        assert "ix_messages_left_out" in str(plan)
