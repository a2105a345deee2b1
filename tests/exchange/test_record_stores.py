"""The record on both stores: audit trail, index of identifiers, answers, retention, numbers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.epcis.events import ObjectEvent
from gateway.exchange.clock import system
from gateway.exchange.ledger.answers import ANSWERED, AnswerBook
from gateway.exchange.ledger.database import locking
from gateway.exchange.ledger.epc_index import Indexer, candidates
from gateway.exchange.ledger.epc_keys import ROWS
from gateway.exchange.ledger.epcs import canonical
from gateway.exchange.ledger.queries_answers import AnswerQueries
from gateway.exchange.ledger.tables_answers import Expected
from gateway.exchange.operations import retention
from gateway.exchange.operations.metrics import metrics
from tests.exchange.site import AGREEMENT, Site, document
from tests.exchange.test_commands import gateway

OWED = AGREEMENT.replace("{id: acme}", "{id: acme}\nretention: {days: 1}").replace(
    "settings: {path: data/one}", "settings: {path: data/one}, answer: {kind: csv, within: 1}"
)


def test_the_record_is_the_same_on_both_stores(tmp_path: Path, store: dict) -> None:
    site = Site(tmp_path / "ws", **store).build(OWED)
    root = str(site.root)
    site.drop("1.xml", document(1))
    site.once()
    assert [m.state for m in site.messages()] == ["awaiting"]
    assert "1.xml from acme" in gateway("trace", "(01)10614141073464(21)1", "-C", root)
    assert len(gateway("messages", "--gtin", "10614141073464", "--json", "-C", root).splitlines()) == 1
    workspace = site.workspace()
    book_of = AnswerQueries(workspace.database)
    assert len(book_of.owed()) == 1
    names = {
        sample.name for sample in metrics(workspace.queries, system() + timedelta(seconds=5), workspace.agreements)
    }
    assert {"gateway_messages", "gateway_backlog", "gateway_answers", "gateway_deliveries"} <= names
    assert workspace.queries.answer_counts("2099") == {"overdue": 1}
    epcs = [f"urn:epc:id:sgtin:0614141.107346.x{n}" for n in range(ROWS + 500)]
    for _ in range(2):
        indexer = Indexer(workspace.database, 1)
        indexer([ObjectEvent(event_time="", event_time_zone_offset="", action="ADD", epc_list=epcs)])
        indexer.finish()
    with workspace.database.read() as session:
        assert candidates(session, canonical(epcs[-1:])) == [1]
        assert candidates(session, canonical(["urn:epc:id:sgtin:0614141.107346.y"])) == []
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(sa.exc.DBAPIError, match="never changed"), workspace.database.write() as session:
            session.execute(sa.text(statement))
    with workspace.database.write() as session:
        session.execute(sa.text("UPDATE messages SET state = 'done', closed_at = received_at"))
    assert "stands as done, but its history ends with awaiting" in gateway("audit", "verify", "-C", root, expect=4)
    for path in (site.root / "data" / "archive").rglob("*"):
        os.utime(path, (0, 0))
    number = retention.hold(workspace.database, "partner", "acme", workspace.ledger.now())
    later = system() + timedelta(days=2)
    arguments = (workspace.database, workspace.archive, workspace.agreements, later)
    assert retention.prune(*arguments).held == 1
    retention.release(workspace.database, number, workspace.ledger.now())
    assert retention.prune(*arguments).contents == 3
    workspace.close()


def test_an_answer_that_comes_while_the_time_is_found_to_be_over_counts(shared_site: Site) -> None:
    shared_site.agree(OWED.replace("within: 1}", "within: 3600, then: fail}"))
    shared_site.drop("1.xml", document(1))
    shared_site.once()
    workspace = shared_site.workspace()
    book = AnswerBook(workspace.database, lambda: system() + timedelta(hours=2))
    with ThreadPoolExecutor(1) as pool:
        with workspace.database.write() as session:
            session.scalars(locking(sa.select(Expected))).one().state = ANSWERED
            session.flush()
            missed = pool.submit(book.overdue)
            with pytest.raises(FutureTimeout):
                missed.result(0.5)
        assert missed.result(10) == []
    assert shared_site.rows("select state from expected") == [(ANSWERED,)]
    workspace.close()
