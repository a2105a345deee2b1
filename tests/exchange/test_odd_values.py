"""What partners send and one of the stores cannot hold as it is; and questions that must stay quick."""

from __future__ import annotations

import json
import random
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config

from gateway.answers import Answer, Verdict
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger.answers import NAME, AnswerBook, Incoming
from gateway.exchange.ledger.database import MIGRATIONS, Database
from gateway.exchange.ledger.intake import Arrival
from gateway.exchange.ledger.tables import Message
from gateway.findings import Finding, Severity
from gateway.transports.base import Offer
from tests.exchange.site import AGREEMENT, Site
from tests.exchange.site import document as small
from tests.exchange.test_commands import gateway

OLD = """
INSERT INTO configurations (sha256, seen_at, files) VALUES ('c', 't', '{}');
INSERT INTO messages (number, id, partner, channel, name, size, sha256, received_at, closed_at, state, reason, format,
 mapping, events, epcs, start, configuration) VALUES (1, 'm', 'acme', 'in', 'a', 7, 's', '2026', '2026', 'done', '', '',
 '', 0, 0, 'detect', 'c');
INSERT INTO history (id, message, at, state, detail) VALUES (1, 'm', '2026', 'done', '')
"""


@pytest.fixture
def stored(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build()


def document(lot: str) -> bytes:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-01-02T09:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": ["urn:epc:id:sgtin:0614141.107346.1"],
        "action": "ADD",
        "bizStep": "commissioning",
        "ilmd": {"cbvmda:lotNumber": lot},
    }
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-01-02T10:00:00Z",
            "epcisBody": {"eventList": [event]},
        }
    ).encode()


def test_long_lots_and_nul_stop_no_message(stored: Site) -> None:
    long = "L" * 70
    stored.drop("long.json", document(long))
    stored.drop("nul.json", document("L\0"))
    stored.once()
    assert not [m.reason for m in stored.messages() if "a bug" in m.reason]
    assert "long.json" in gateway("messages", "--lot", long, "-C", str(stored.root))
    assert "legal hold 1" in gateway("archive", "hold", "--lot", long, "--why", "x", "-C", str(stored.root))


def test_a_huge_file_and_a_finding_with_nul_are_recorded(stored: Site) -> None:
    workspace = stored.workspace()
    configuration = workspace.ledger.configuration({})
    huge = Stored("a" * 64, 3 << 30)
    message, _ = workspace.ledger.receive(Arrival("acme", "in", "a", "a", huge, configuration))
    workspace.ledger.findings(message.id, "", [Finding("X-1", Severity.ERROR, "it says a\0b", value="a\0b")])
    lineage = workspace.queries.lineage(message.id)
    assert lineage.message.size == 3 << 30
    assert lineage.findings[0].text in ("it says a\0b", "it says a␀b")
    workspace.close()


def envelope(number: str) -> bytes:
    head = (
        '<EPCISHeader><sbdh:StandardBusinessDocumentHeader xmlns:sbdh="http://www.unece.org/cefact/namespaces/'
        'StandardBusinessDocumentHeader"><sbdh:HeaderVersion>1.0</sbdh:HeaderVersion><sbdh:Sender><sbdh:Identifier'
        ' Authority="GS1">urn:epc:id:sgln:0614141.07346.0</sbdh:Identifier></sbdh:Sender><sbdh:Receiver>'
        '<sbdh:Identifier Authority="GS1">urn:epc:id:sgln:0614141.07347.0</sbdh:Identifier></sbdh:Receiver>'
        "<sbdh:DocumentIdentification><sbdh:Standard>EPCglobal</sbdh:Standard><sbdh:TypeVersion>1.0"
        f"</sbdh:TypeVersion><sbdh:InstanceIdentifier>{number}</sbdh:InstanceIdentifier><sbdh:Type>Events</sbdh:Type>"
        "<sbdh:CreationDateAndTime>2026-01-02T10:00:00Z</sbdh:CreationDateAndTime></sbdh:DocumentIdentification>"
        "</sbdh:StandardBusinessDocumentHeader></EPCISHeader><EPCISBody>"
    )
    return small().replace(b"<EPCISBody>", head.encode())


def test_long_identities_numbers_keys_and_targets_are_kept_apart(stored: Site) -> None:
    """PostgreSQL refuses to index more than about 2,700 bytes, unless they can be compressed."""
    rng = random.Random(7)
    long = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6000))
    workspace = stored.workspace()
    configuration = workspace.ledger.configuration({})
    offers = [Offer("a", long + end, 1) for end in "xyx"]
    told = [
        workspace.ledger.receive(Arrival("acme", "in", "a", offer.identity, Stored(end * 64, 1), configuration))
        for offer, end in zip(offers, "aba", strict=True)
    ]
    assert [new for _, new in told] == [True, True, False]
    assert workspace.ledger.taken("in") == frozenset()
    workspace.ledger.acknowledged("in", offers[0].identity)
    assert workspace.ledger.taken("in") == {offers[0].identity}
    message = told[0][0]
    workspace.ledger.findings(message.id, "t" * 63 + "/1", [Finding("X-1", Severity.ERROR, "wrong")])
    assert len(workspace.queries.lineage(message.id).findings) == 1
    book = AnswerBook(workspace.database)
    rows = [book.take(Incoming(long + end, "csv", [(NAME, long)], Answer(Verdict.ACCEPTED))) for end in ("1", "2", "1")]
    assert [rows[0].id == row.id for row in rows] == [True, False, True]
    workspace.close()


def test_a_second_interchange_with_one_long_number_is_a_duplicate(stored: Site) -> None:
    rng = random.Random(8)
    long = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6000))
    settings = "duplicates: {control-number: skip}\n    settings: {path: data/in,"
    stored.agree(AGREEMENT.replace("settings: {path: data/in,", settings))
    for name, data in (("a", envelope(long)), ("b", envelope(long) + b"\n"), ("c", envelope(long + "9"))):
        stored.drop(f"{name}.xml", data)
        stored.once()
    assert [m.state for m in stored.messages()] == ["done", "duplicate", "done"], [m.reason for m in stored.messages()]


def test_a_ledger_of_the_first_version_with_data_is_brought_up_to_date(tmp_path: Path, store: dict) -> None:
    if store:
        server = store["postgres"]
        database = Database(server.url(server.create("template1")), password=server.password)
    else:
        database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine
    alembic.command.upgrade(config, "0001")
    with database.engine.execution_options(gateway_write=True).begin() as connection:
        for statement in OLD.split(";"):
            connection.exec_driver_sql(statement)
    database.migrate()
    with database.read() as session:
        assert [(m.size, m.pruned_at) for m in session.scalars(sa.select(Message))] == [(7, "")]
    database.close()


def test_replays_and_duplicates_are_found_by_an_index(site: Site) -> None:
    workspace = site.workspace()
    with workspace.database.read() as session:
        for column in ("replay_of", "duplicate_of"):
            text = f"EXPLAIN QUERY PLAN SELECT number FROM messages WHERE {column} = 'x'"
            assert f"ix_messages_{column}" in str(session.execute(sa.text(text)).all())
    workspace.close()
