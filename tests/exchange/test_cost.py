"""What a message costs the ledger, in transactions and statements: both take most of the time of a small message."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.exchange.flow.collect import Collector
from gateway.exchange.flow.steps import Flow
from gateway.exchange.ledger import database
from gateway.exchange.ledger.database import StoreError
from gateway.exchange.ledger.tables import Message
from gateway.transports.secrets import secrets
from tests.exchange.site import Site, document

#: One channel and one target: the way that most messages go.
AGREEMENT = """
partner: {id: acme}
channels:
- {id: in, transport: folder, settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}}
targets:
- {id: out, transport: folder, to: epcis-2.0-json, settings: {path: data/one}}
"""


def test_a_small_message_takes_few_transactions_and_statements(tmp_path: Path) -> None:
    """Whoever needs more of them raises these numbers knowingly; `make load` says what that costs."""
    site = Site(tmp_path / "ws").build(AGREEMENT)
    workspace = site.workspace()
    agreements, ledger, resolve = workspace.agreements, workspace.ledger, secrets(site.root)
    flow = Flow(agreements, ledger, workspace.archive, resolve)
    flow.configuration = ledger.configuration(agreements.files)
    collector = Collector(agreements, flow.configuration, ledger, workspace.archive, resolve)
    count: Counter[str] = Counter()
    engine = workspace.database.engine
    sa.event.listen(engine, "commit", lambda _: count.update(["commits"]))
    sa.event.listen(engine, "before_cursor_execute", lambda *_: count.update(["statements"]))

    def submit(message: Message) -> None:
        assert flow.read(message.id) == "on"
        for delivery, _ in flow.release(message.id):
            assert flow.attempt(delivery) is None

    for serial in range(2):
        site.drop(f"{serial}.xml", document(serial))
        count.clear()
        assert not collector.collect("in", submit).error
    assert [message.state for message in site.messages()] == ["done", "done"]
    assert count["commits"] <= 10  # one of them is of the collection
    assert count["statements"] <= 110
    workspace.close()


def test_a_connection_that_rested_is_asked_whether_its_server_is_there(
    shared_site: Site, postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = shared_site.workspace()
    cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() "
    cut += "and pid <> pg_backend_pid()"

    def read() -> int:
        with workspace.database.read() as session:
            return session.execute(sa.text("select 1")).scalar_one()

    monkeypatch.setattr(database, "RESTED", 0.0)
    assert read() == 1
    postgres.execute(shared_site.database, cut)
    assert read() == 1
    monkeypatch.setattr(database, "RESTED", 60.0)
    assert read() == 1
    postgres.execute(shared_site.database, cut)
    with pytest.raises(StoreError):
        read()
    assert read() == 1  # all that were cut are replaced
    workspace.close()
