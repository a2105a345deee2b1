"""A workspace of an older version: its ledger, with rows in every table, is brought up to date and goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from gateway.exchange.ledger import audit, tables_work
from gateway.exchange.ledger.database import MIGRATIONS, Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.tables import Base
from gateway.exchange.serials import tables as serials_tables
from tests.exchange.site import AGREEMENT, Site, document
from tests.exchange.test_commands import gateway

__all__ = ["serials_tables", "tables_work"]

VERSIONS = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
AT = "2024-05-06T07:08:09.000010Z"
ROWS = 3
#: A ledger of its time has a chain of hashes here; rows that are made up would only break it.
CHAINED = ("audit",)


def upgrade(engine: sa.Engine, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, version)


def value(column: sa.Column[Any], number: int, rows: dict[str, list[dict[str, Any]]]) -> Any:
    """Something that fits a column; other rows that it refers to are there already."""
    for key in column.foreign_keys:
        table, _, name = key.target_fullname.partition(".")
        if table == column.table.name:
            return None
        return rows[table][number][name]
    for kind, made in MADE.items():
        if isinstance(column.type, kind):
            return made(number)
    if column.name in ("at", "seen_at", "received_at", "due_at", "first_at"):
        return AT
    return f"{column.name[:6]}{number}"[: getattr(column.type, "length", None) or 32]


#: Values for columns that are no texts, by the number of their row.
MADE: dict[type[sa.types.TypeEngine[Any]], Callable[[int], Any]] = {
    sa.JSON: lambda number: {"n": number},
    sa.Boolean: bool,
    sa.Float: lambda number: number + 0.5,
    sa.Integer: lambda number: number + 1,
    sa.LargeBinary: lambda number: bytes([number]),
}


def fill(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Rows in every table that there is; returns them."""
    there = sa.MetaData()
    there.reflect(engine)
    rows: dict[str, list[dict[str, Any]]] = {}
    with engine.execution_options(gateway_write=True).begin() as connection:
        for table in there.sorted_tables:
            if table.name in (*CHAINED, "alembic_version"):
                continue
            rows[table.name] = [
                {column.name: value(column, number, rows) for column in table.columns} for number in range(ROWS)
            ]
            connection.execute(sa.insert(table), rows[table.name])
    return rows


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """URL of an empty database of the store, and its password."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}", ""
    server = request.getfixturevalue("postgres")
    return server.url(server.create()), server.password


@pytest.mark.parametrize("address", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_rows_of_every_older_version_survive(address: tuple[str, str], version: str) -> None:
    database = Database(address[0], password=address[1])
    try:
        upgrade(database.engine, version)
        rows = fill(database.engine)
        database.migrate()
        with database.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
            for name, before in rows.items():
                now = Base.metadata.tables[name]
                columns = [now.c[column] for column in before[0]]
                found = [row._asdict() for row in connection.execute(sa.select(*columns).order_by(*now.primary_key))]
                # Which messages are in the index of identifiers is found out anew.
                assert [one | {"indexed": ""} for one in found] == [one | {"indexed": ""} for one in before], name
        queries = Queries(database)
        assert queries.message("1").state == "state0"
        assert queries.lineage("1").history[0].at == AT
        with database.write() as session:  # new rows get numbers of their own
            audit.note(session, audit.Entry(AT, "upgraded", "", {}))
    finally:
        database.close()


def old_row(table: str, **values: object) -> sa.TextClause:
    names = ", ".join(f'"{name}"' for name in values)
    return sa.text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})")


MESSAGE = {
    "partner": "acme",
    "channel": "acme-in",
    "size": 1,
    "closed_at": "",
    "reason": "",
    "format": "",
    "mapping": "",
    "events": 0,
    "epcs": 0,
    "start": "detect",
    "configuration": "c" * 64,
}


def test_a_workspace_of_the_first_version_goes_on(tmp_path: Path) -> None:
    """What was at work is finished, what came before is known again, and the audit trail begins behind it."""
    site = Site(tmp_path / "ws").build(AGREEMENT)
    workspace = site.workspace()
    data = document()
    file = tmp_path / "original"
    file.write_bytes(data)
    stored = workspace.archive.put(file)
    database = Database(workspace.settings.database)
    upgrade(database.engine, "0001")
    done = MESSAGE | {"number": 1, "id": "20240506070809000-00000001", "name": "old.xml", "sha256": "0" * 64}
    done |= {"state": "done", "received_at": AT, "closed_at": AT, "format": "epcis-1.2-xml"}
    open_ = MESSAGE | {"number": 2, "id": "20240506070809001-00000002", "name": "open.xml", "sha256": stored.sha256}
    open_ |= {"state": "received", "received_at": AT}
    delivery = {
        "id": f"{done['id']}.001",
        "message": done["id"],
        "target": "one",
        "position": 1,
        "partner": "one",
        "name": "old.jsonld",
        "address": "folder",
        "size": 1,
        "sha256": "1" * 64,
        "state": "delivered",
        "attempts": 1,
        "error": "",
        "next_try_at": "",
        "delivered_at": AT,
    }
    old = {"agreements/acme.yaml": AGREEMENT}
    with database.engine.execution_options(gateway_write=True).begin() as connection:
        files = {"sha256": "c" * 64, "seen_at": AT, "files": json.dumps(old)}
        connection.execute(old_row("configurations", **files), files)
        for row in (done, open_):
            connection.execute(old_row("messages", **row), row)
            entry = {"message": row["id"], "at": AT, "state": row["state"], "detail": ""}
            connection.execute(old_row("history", **entry), entry)
        connection.execute(old_row("deliveries", **delivery), delivery)
        output = {name: delivery[name] for name in ("message", "target", "position", "name", "size", "sha256")}
        output |= {"format": "epcis-2.0-json"}
        connection.execute(old_row("outputs", **output), output)
    database.close()
    workspace.close()

    site.drop("new.xml", document(2))
    assert not site.once()
    assert [(message.name, message.state) for message in site.messages()] == [
        ("old.xml", "done"),
        ("open.xml", "done"),
        ("new.xml", "done"),
    ]
    assert site.delivered() == {"one": ["new.jsonld", "open.jsonld"], "two": ["new.xml", "open.xml"]}
    root = str(site.root)
    assert "whole" in gateway("audit", "verify", "-C", root)
    assert "old.jsonld" in gateway("show", "1", "-C", root)
    assert hashlib.sha256(gateway("show", "2", "--open", "raw", "-C", root).encode()).hexdigest() == stored.sha256
    assert "gateway archive index" in gateway("trace", "urn:epc:id:sgtin:0614141.107346.1", "-C", root)
    assert "nothing is wrong" in gateway("status", "-C", root)
