"""Which message names which identifier, in any spelling."""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, QuantityElement, TransformationEvent
from gateway.errors import UsageError
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger import epc_index, epc_keys
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.epc_index import Indexer, candidates
from gateway.exchange.ledger.epcs import asked, canonical
from gateway.exchange.ledger.record import Arrival, Ledger
from gateway.gs1 import CompanyPrefixes, Sgtin
from tests.exchange.site import AGREEMENT, Site, document
from tests.exchange.test_commands import gateway

TIME = {"event_time": "2026-01-01T00:00:00Z", "event_time_zone_offset": "+00:00"}
HEAD = "urn:epc:id:sgtin:0614141.107346."
LINK = "https://id.gs1.org/01/10614141073464/21/"


@pytest.fixture
def ledger(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    yield Ledger(database, lambda: datetime(2026, 3, 1, tzinfo=UTC))
    database.close()


def index(ledger: Ledger, *events: Event, name: str = "a") -> int:
    """Index a message of these events, each in a batch of its own; returns its number."""
    configuration = ledger.configuration({"x": "y"})
    message, _ = ledger.receive(Arrival("p", "c", name, name, Stored(f"{hash(name) % 10**60:064}", 1), configuration))
    for _ in range(2):  # a crash makes a step run twice
        indexer = Indexer(ledger.database, message.number)
        for event in events:
            indexer([event])
        indexer.finish()
    return message.number


def naming(ledger: Ledger, *texts: str) -> list[int]:
    with ledger.database.read() as session:
        return candidates(session, [asked(text) for text in texts])


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}A%2F7",
        f"{LINK}A%2F7",
        f"{LINK}A%2f7",
        "https://example.com/some/01/10614141073464/10/L1/21/A%2F7?17=261231",
        "(01)10614141073464(21)A/7",
        " (01)10614141073464(10)L1\x1d(21)A/7"[1:].replace("\x1d", ""),
    ],
)
def test_every_spelling_is_one_key(text: str) -> None:
    assert asked(text) == f"{LINK}A%2F7"


def test_other_keys_and_what_is_no_key() -> None:
    assert asked("106141412345678908") == asked("urn:epc:id:sscc:0614141.1234567890")
    assert asked("urn:epc:class:lgtin:0614141.107346.L1") == "https://id.gs1.org/01/10614141073464/10/L1"
    assert asked("http://acme.example/box/7") == "http://acme.example/box/7"
    assert canonical([f"{HEAD}1", "urn:epc:id:sgtin:wrong", f"{LINK}2"]) == [
        f"{LINK}1",
        "urn:epc:id:sgtin:wrong",
        f"{LINK}2",
    ]
    with pytest.raises(UsageError, match="'abc' is no identifier"):
        asked("abc")


@given(st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20))
def test_urn_and_link_of_any_serial_number_are_one_key(serial: str) -> None:
    key = Sgtin("10614141073464", serial)
    urn = key.as_urn(CompanyPrefixes(["0614141"]))
    assert canonical([urn, key.as_digital_link()]) == [key.as_digital_link()] * 2


def test_all_places_of_an_identifier_are_found(ledger: Ledger) -> None:
    number = index(
        ledger,
        ObjectEvent(**TIME, action="ADD", epc_list=[f"{HEAD}1"]),
        AggregationEvent(**TIME, action="ADD", parent_id="urn:epc:id:sscc:0614141.1234567890", child_epcs=[f"{LINK}2"]),
        TransformationEvent(**TIME, input_epc_list=[f"{HEAD}3"], output_epc_list=[f"{HEAD}4"]),
        ObjectEvent(**TIME, action="ADD", quantity_list=[QuantityElement("urn:epc:class:lgtin:0614141.107346.L1")]),
        ObjectEvent(**TIME, action="ADD", epc_list=["http://acme.example/box/7", "urn:epc:id:sgtin:wrong"]),
    )
    for text in ("106141412345678908", "http://acme.example/box/7", "urn:epc:class:lgtin:0614141.107346.L1"):
        assert naming(ledger, text) == [number], text
    for serial in "1234":
        assert naming(ledger, f"(01)10614141073464(21){serial}") == [number], serial
    assert naming(ledger, "urn:epc:id:sgtin:wrong") == [number]
    assert naming(ledger, f"{HEAD}5") == []


@pytest.mark.parametrize("count", [epc_keys.ROWS, epc_keys.ROWS + 1, 5000])
def test_small_and_large_messages_hold_all_of_theirs_and_nothing_else(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(epc_index, "CHUNK", 1500)
    serials = random.Random(7).sample(range(10**9), count + 2000)
    number = index(ledger, ObjectEvent(**TIME, action="ADD", epc_list=[f"{HEAD}{s}" for s in serials[:count]]))
    other = index(ledger, ObjectEvent(**TIME, action="ADD", epc_list=[f"{HEAD}{serials[0]}"]), name="b")
    assert naming(ledger, f"{HEAD}{serials[0]}") == [number, other]
    assert all(naming(ledger, f"{LINK}{s}") == [number] for s in serials[1:count:97])
    assert naming(ledger, *(f"{HEAD}{s}" for s in serials[count:])) == []
    with ledger.database.read() as session:
        rows, blocks = (session.scalar(sa.text(f"SELECT count(*) FROM {t}")) for t in ("epc_rows", "epc_blocks"))
    assert (rows > 1, blocks > 0) == (count <= epc_keys.ROWS, count > epc_keys.ROWS)


def test_gtins_and_lots_are_kept_in_words(ledger: Ledger) -> None:
    lot = [Element("{urn:epcglobal:cbv:mda}lotNumber", "L/1")]
    number = index(
        ledger,
        ObjectEvent(**TIME, action="ADD", epc_list=[f"{HEAD}1", f"{HEAD}2"], ilmd=lot),
        ObjectEvent(**TIME, action="OBSERVE", epc_list=["urn:epc:id:sgtin:0614141.207346.1"]),
        ObjectEvent(**TIME, action="ADD", quantity_list=[QuantityElement("urn:epc:class:lgtin:0614141.307346.M%2F1")]),
    )
    with ledger.database.read() as session:
        rows = session.execute(sa.text("SELECT message, gtin, lot FROM traded ORDER BY gtin")).all()
    assert [tuple(row) for row in rows] == [
        (number, "10614141073464", "L/1"),
        (number, "20614141073461", ""),
        (number, "30614141073468", "M/1"),
    ]


def test_trace_reads_what_the_index_names_and_drops_what_only_looks_like_it(site: Site) -> None:
    for number in (1, 2):
        site.drop(f"{number}.xml", document(number))
    site.once()
    with site.workspace().database.write() as session:  # as if two identifiers had one hash
        key = epc_keys.keys_of([f"{LINK}1"])[0] & (1 << 63) - 1
        session.execute(sa.text(f"INSERT INTO epc_rows (key, message) VALUES ({key}, 2)"))
    root = str(site.root)
    text = gateway("trace", f"{LINK}1", "-C", root)
    assert "1.xml from acme: done" in text
    assert f"event 1, 2026-01-02T09:00:00.000Z: ObjectEvent ADD commissioning active, as {HEAD}1" in text
    assert "delivered to one, two" in text
    assert "2.xml" not in text
    assert gateway("trace", f"{LINK}1", "-C", root, "--fast").count("from acme") == 2
    found = json.loads(gateway("trace", "(01)10614141073464(21)2", "-C", root, "--json"))
    assert [event["biz_step"] for event in found["events"]] == ["urn:epcglobal:cbv:bizstep:commissioning"]
    assert f"no message names {LINK}3" in gateway("trace", f"{HEAD}3", "-C", root)
    for arguments in (["--serial", "2"], ["--serial", f"{HEAD}2"], ["--serial", "2", "--gtin", "10614141073464"]):
        listed = gateway("messages", "-C", root, "--json", *arguments).splitlines()
        assert [json.loads(line)["name"] for line in listed] == ["2.xml"], arguments
    assert gateway("messages", "-C", root, "--json", "--gtin", "614141073467") == ""
    assert len(gateway("messages", "-C", root, "--json", "--gtin", "10614141073464").splitlines()) == 2
    assert "--serial" not in gateway("messages", "-C", root, "--gtin", "123", expect=2)
    assert json.loads(gateway("show", "1", "-C", root, "--open", "events"))["type"] == "EPCISDocument"


def test_a_message_is_read_as_it_was_and_told_when_it_cannot_be(site: Site) -> None:
    site.drop("1.xml", document(1))
    site.once()
    site.agree(AGREEMENT.replace("acme-in", "other-in"))
    assert "event 1, 2026-01-02" in gateway("trace", f"{LINK}1", "-C", str(site.root))
    for path in (site.root / "data" / "archive").glob("??/??/*"):
        path.unlink()
    text = gateway("trace", f"{LINK}1", "-C", str(site.root))
    assert "by the index alone, the message cannot be read again: the archive lacks" in text


def test_a_refused_message_is_found(site: Site) -> None:
    site.drop("1.xml", document(1).replace(b"2026-01-02T09:00:00.000Z", b"yesterday"))
    site.once()
    assert [m.state for m in site.messages()] == ["refused"]
    assert "1.xml from acme: refused" in gateway("trace", f"{LINK}1", "-C", str(site.root))


def test_messages_from_before_the_index_are_put_into_it(site: Site) -> None:
    for serial in (1, 2, 3):
        site.drop(f"{serial}.xml", document(serial))
        site.once()
    root = str(site.root)
    with sqlite3.connect(site.root / "data" / "ledger.sqlite") as connection:  # as 0.x left them
        for table in ("epc_rows", "epc_blocks", "traded"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE messages SET indexed = ''")
        connection.execute("UPDATE messages SET sha256 = 'gone' WHERE number = 3")
    connection.close()
    asked = ("trace", "urn:epc:id:sgtin:0614141.107346.2", "-C", root)
    assert "3 messages are not in the index of identifiers: gateway archive index" in gateway(*asked)
    assert "1 messages with 1 events put into the index, 2 left" in gateway(
        "archive", "index", "--limit", "1", "-C", root
    )
    text = gateway("archive", "index", "-C", root)
    assert "2 messages with 1 events put into the index, 0 left" in text
    assert "could not be read to its end: the archive lacks gone" in text
    assert "event 1" in gateway(*asked)
    assert "2.xml" in gateway("messages", "--serial", "2", "-C", root)
    assert "0 messages with 0 events" in gateway("archive", "index", "-C", root)
    assert "1 messages with 0 events" in gateway("archive", "index", "--again", "-C", root)
