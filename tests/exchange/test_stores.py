"""The exchange on both stores: SQLite, and PostgreSQL by one setting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.errors import ConfigurationError
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger.intake import Arrival
from gateway.exchange.ledger.tables import Base
from gateway.settings import load
from tests.exchange.site import AGREEMENT, Site, document, until
from tests.exchange.test_commands import gateway


@pytest.fixture
def stored(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build()


def test_files_go_the_whole_way(stored: Site) -> None:
    for serial, name in enumerate(("a.xml", "b.xml"), 1):
        stored.drop(name, document(serial))
    stored.drop("same.xml", document(2))
    stored.drop("bad.xml", b"<nonsense")
    assert not stored.once()
    assert stored.delivered() == {"one": ["a.jsonld", "b.jsonld"], "two": ["a.xml", "b.xml"]}
    states = {message.name: message.state for message in stored.messages()}
    assert states == {"a.xml": "done", "b.xml": "done", "bad.xml": "refused", "same.xml": "duplicate"}
    assert "a.xml" in gateway("messages", "-C", str(stored.root))
    assert "done" in gateway("show", "1", "-C", str(stored.root))
    assert "2 done" in gateway("status", "-C", str(stored.root))
    gateway("replay", "1", "--again", "-C", str(stored.root))
    assert not stored.once()
    assert [m.state for m in stored.messages()][-1] == "done"


def test_migrations_make_the_tables_of_the_model(stored: Site) -> None:
    workspace = stored.workspace()
    with workspace.database.engine.connect() as connection:
        made = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert connection.scalar(sa.text("select count(*) from alembic_version")) == 1
    assert made == []
    workspace.close()


def test_the_engine_shares_the_ledgers_server(shared_site: Site) -> None:
    shared_site.once()
    tables = "select count(*) from information_schema.tables where table_schema = 'dbos'"
    assert shared_site.rows(tables)[0][0] > 0
    assert not list((shared_site.root / "data").glob("*.sqlite"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[database]\nurl = "postgresql://u:secret@h/d"', "database.url: must hold no password"),
        ('[database]\nurl = "postgresql://u@h/d"\npassword = "secret"', "database.password: must be a reference"),
        ('[database]\nurl = "postgresql://u@h/d"\n[engine]\nurl = "sqlite:///x"', "must both be on"),
        ('[engine]\nworker = "A B"', "engine.worker: must be of small letters"),
        ("[engine]\nsilence = 1", "engine.silence: must be at least 2"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "gateway.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=words) as error:
        load(tmp_path)
    assert "secret" not in str(error.value)


def test_a_wrong_password_is_explained_and_not_told(shared_site: Site) -> None:
    (shared_site.root / "keys" / "database").write_text("another secret")
    text = gateway("status", "-C", str(shared_site.root), expect=4)
    assert "password authentication failed" in text
    assert "another secret" not in text


def test_ids_rise_in_the_order_of_the_commits_of_many_writers(shared_site: Site) -> None:
    def receive(writer: int) -> None:
        workspace = shared_site.workspace()
        configuration = workspace.ledger.configuration({"x": "y"})
        for number in range(10):
            stored = Stored(f"{writer:032}{number:032}", 1)
            workspace.ledger.receive(Arrival("acme", f"in-{writer}", "a", f"{number}", stored, configuration))
        workspace.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(receive, range(4)))
    rows = shared_site.rows("select number, id, received_at from messages order by number")
    assert len(rows) == 40
    assert [id_ for _, id_, _ in rows] == sorted(id_ for _, id_, _ in rows)
    assert [at for _, _, at in rows] == sorted(at for _, _, at in rows)
    own = [
        [row[0] for row in shared_site.rows(f"select identity from offers where channel = 'in-{w}' order by id")]
        for w in range(4)
    ]
    assert own == [[str(number) for number in range(10)]] * 4


def test_a_server_that_is_restarted_is_waited_for(shared_site: Site, postgres) -> None:
    shared_site.agree(
        AGREEMENT.replace(
            "transport: folder\n    settings", "schedule: {interval: 1}\n    transport: folder\n    settings"
        )
    )
    for serial in range(6):
        shared_site.drop(f"{serial}.xml", document(serial))
    with shared_site.running():
        until(lambda: len(shared_site.messages()) > 2)
        postgres.restart()
        until(lambda: [m.state for m in shared_site.messages()] == ["done"] * 6, 90)
    assert shared_site.rows("select distinct attempts from deliveries") == [(1,)]
