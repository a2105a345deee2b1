"""The audit trail: whole until somebody changes a row."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.audit_facts import digest
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables import State
from tests.exchange.site import Site, document
from tests.exchange.test_commands import gateway

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}", audit.Actor("gateway w1"))
    database.migrate()
    yield Ledger(database, lambda: NOON)
    database.close()


def go(ledger: Ledger, number: int = 1) -> str:
    """A message from its arrival to its end."""
    configuration = ledger.configuration({"gateway.toml": "x"})
    stored = Stored(f"{number:064}", 1)
    message, _ = ledger.receive(Arrival("acme", "in", f"{number}.xml", f"{number}", stored, configuration))
    ledger.move(message.id, State.CONVERTING)
    for delivery in ledger.plan(message.id, [Plan("t", 1, "p", "n", "folder x", 1, "a" * 64)]):
        ledger.delivered(delivery.id, "n")
    ledger.close(message.id)
    return message.id


def faults(ledger: Ledger, expected: audit.Head | None = None) -> list[tuple[int, str]]:
    with ledger.database.read() as session:
        return [(fault.number, fault.text) for fault in audit.verify(session, expected)]


def tamper(ledger: Ledger, *statements: str) -> None:
    """Somebody with the file in hand takes the triggers away and changes rows."""
    with sqlite3.connect(str(ledger.database.engine.url.database)) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    connection.close()


def test_every_change_of_a_message_is_told_with_who_and_when(ledger: Ledger) -> None:
    id_ = go(ledger)
    with ledger.database.read() as session:
        rows = session.execute(
            sa.text("SELECT number, at, who, action, subject, what FROM audit ORDER BY number")
        ).all()
    assert [(row.action, row.subject) for row in rows[1:]] == [
        ("message received", id_),
        ("message converting", id_),
        ("message delivering", id_),
        ("delivered", f"{id_}.001"),
        ("message done", id_),
    ]
    assert {(row.who, row.at) for row in rows} == {("gateway w1", "2026-03-01T12:00:00.000000Z")}
    assert json.loads(rows[1].what)["sha256"] == f"{1:064}"
    assert json.loads(rows[4].what)["address"] == "folder x"
    assert faults(ledger) == []


def test_the_database_refuses_to_change_the_trail(ledger: Ledger) -> None:
    go(ledger)
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(sa.exc.IntegrityError, match="never changed"), ledger.database.write() as session:
            session.execute(sa.text(statement))


def test_what_is_rolled_back_is_not_told(ledger: Ledger) -> None:
    id_ = go(ledger)
    entry = audit.Entry(ledger.now(), "x", id_, {"not": {"json"}})
    with pytest.raises(TypeError), ledger.database.write() as session:
        audit.note(session, entry)
    with ledger.database.read() as session:
        assert audit.head(session).number == 6


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "'2027'"), ("who", "'me'"), ("action", "'message failed'"), ("why", "'x'"), ("what", "'{}'")],
)
def test_a_changed_row_is_named(ledger: Ledger, column: str, value: str) -> None:
    go(ledger)
    tamper(ledger, f"UPDATE audit SET {column} = {value} WHERE number = 3")
    found = faults(ledger)
    assert found[0] == (
        3,
        f"was changed: {'message failed' if column == 'action' else 'message converting'} of "
        + found[0][1].split()[-1],
    )
    assert all(number in (0, 3) for number, _ in found)


def test_a_changed_row_with_a_new_hash_is_found_at_the_row_behind(ledger: Ledger) -> None:
    go(ledger)
    with ledger.database.read() as session:
        row = dict(session.execute(sa.text("SELECT * FROM audit WHERE number = 3")).mappings().one())
    row["who"] = "somebody"
    tamper(ledger, f"UPDATE audit SET who = 'somebody', sha256 = '{audit._digest(row)}' WHERE number = 3")
    assert [number for number, _ in faults(ledger)] == [4]


@pytest.mark.parametrize("closed_up", [False, True])
def test_a_removed_row_is_found(ledger: Ledger, *, closed_up: bool) -> None:
    id_ = go(ledger)
    statements = ["DELETE FROM audit WHERE number = 3"]
    if closed_up:
        statements += [f"UPDATE audit SET number = {n - 1} WHERE number = {n}" for n in (4, 5, 6)]
    tamper(ledger, *statements)
    found = faults(ledger)
    assert found[0][0] == (3 if closed_up else 4)
    assert ("replaced" if closed_up else "row 3 is missing") in found[0][1]
    assert found[-1][1].startswith(f"message {id_} became converting")


def test_an_inserted_row_is_found(ledger: Ledger) -> None:
    go(ledger)
    with ledger.database.read() as session:
        rows = [dict(row) for row in session.execute(sa.text("SELECT * FROM audit ORDER BY number")).mappings()]
    forged = rows[2] | {"action": "release", "previous": rows[2]["sha256"]}
    forged["sha256"] = audit._digest(forged)
    values = ", ".join(f"'{forged[name]}'" for name in list(forged)[1:])
    up = [f"UPDATE audit SET number = {n + 1} WHERE number = {n}" for n in (6, 5, 4)]
    tamper(ledger, *up, f"INSERT INTO audit ({', '.join(forged)}) VALUES (4, {values})")
    assert faults(ledger) == [(4, "was put in: the rows before and behind it belong together")]


def test_a_trail_that_was_cut_off_contradicts_the_messages(ledger: Ledger) -> None:
    id_ = go(ledger)
    with ledger.database.read() as session:
        head = audit.head(session)
    tamper(ledger, "DELETE FROM audit WHERE number = 6")
    assert faults(ledger) == [
        (0, f"message {id_} became done at 2026-03-01T12:00:00.000000Z, of which the trail knows nothing")
    ]
    assert (6, "is not the row that was noted as the head: the trail was written anew") in faults(ledger, head)


def test_a_changed_state_and_a_changed_history_contradict_the_trail(ledger: Ledger) -> None:
    id_ = go(ledger)
    tamper(ledger, f"UPDATE messages SET state = 'failed' WHERE id = '{id_}'")
    assert faults(ledger) == [(0, f"message {id_} stands as failed, but its history ends with done")]
    with ledger.database.write() as session:
        session.execute(sa.text("UPDATE history SET state = 'failed' WHERE state = 'done'"))
    assert [number for number, _ in faults(ledger)] == [0, 6]


def test_writers_at_the_same_time_make_one_chain(ledger: Ledger) -> None:
    threads = [threading.Thread(target=lambda n=n: [go(ledger, n * 10 + i) for i in range(3)]) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults(ledger) == []
    with ledger.database.read() as session:
        assert audit.head(session).number == 1 + 12 * 5


def test_a_ledger_older_than_its_trail_begins_it_behind_what_it_has(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from gateway.exchange.ledger.database import MIGRATIONS

    database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine
    command.upgrade(config, "0001")
    with database.write() as session:
        session.execute(sa.text("INSERT INTO configurations VALUES ('c', '2026', '{}')"))
        session.execute(
            sa.text(
                "INSERT INTO messages (id, partner, channel, name, size, sha256, received_at, closed_at, state, reason,"
                " format, mapping, events, epcs, start, configuration) VALUES ('m', 'p', 'c', 'n', 1, 'a', '2026', '',"
                " 'received', '', '', '', 0, 0, 'detect', 'c')"
            )
        )
        session.execute(
            sa.text("INSERT INTO history (message, at, state, detail) VALUES ('m', '2026', 'received', '')")
        )
    database.migrate()
    ledger = Ledger(database, lambda: NOON)
    assert faults(ledger) == []
    go(ledger)
    assert faults(ledger) == []
    database.close()


def test_commands(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    root = str(site.root)
    assert gateway("audit", "verify", "-C", root).endswith("whole\n")
    head = json.loads(gateway("audit", "verify", "-C", root, "--json"))["head"]
    assert "whole" in gateway("audit", "verify", "-C", root, "--expect", head)
    assert "is no head" in gateway("audit", "verify", "-C", root, "--expect", "7", expect=2)
    rows = [json.loads(line) for line in gateway("audit", "list", "-C", root, "--subject", "1", "--json").splitlines()]
    assert [row["action"] for row in rows][-1] == "message received"
    assert {row["who"] for row in rows} == {"gateway gateway-1"}
    gateway("replay", "1", "-C", root, "--again")
    replayed = json.loads(gateway("audit", "list", "-C", root, "--limit", "1", "--json"))
    assert replayed["who"].startswith("operator ")
    assert replayed["what"]["replay_of"]
    with sqlite3.connect(site.root / "data" / "ledger.sqlite") as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET who = 'x' WHERE number = 2")
    connection.close()
    assert "row 2: was changed: message received of" in gateway("audit", "verify", "-C", root, expect=4)


def test_a_column_of_a_later_version_changes_no_digest() -> None:
    row = SimpleNamespace(code="X-1", text="it is odd", later="")
    told = digest([row], ("code", "text"))
    assert digest([row], ("later", "text", "code")) == told
    row.later = "x"
    assert digest([row], ("later", "text", "code")) != told
