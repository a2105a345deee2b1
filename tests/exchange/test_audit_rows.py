"""Every column of the ledger that is evidence: a changed value is found, and a row that is new or gone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.agreements.answers import Expectation
from gateway.answers import Answer, Reason, SerialAnswer, Verdict
from gateway.cli import messages as _  # noqa: F401 - its tables are of the ledger too
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.answers import NAME, X12, AnswerBook, Incoming
from gateway.exchange.ledger.control_numbers import ControlNumbers
from gateway.exchange.ledger.record import Arrival, Plan
from gateway.exchange.ledger.tables import Base, State
from gateway.exchange.operations import actions as operations
from gateway.exchange.operations import retention
from gateway.exchange.operations.alerts import Alerting
from gateway.exchange.serials import tables as serials_tables  # noqa: F401
from gateway.exchange.workspace import Workspace
from gateway.findings import Finding, Loss, Outcome, Severity
from gateway.report import Report
from tests.exchange.site import Site

MEMORY = "what the work itself goes by, written anew as it goes on; it proves nothing"
INDEX = "finds messages that are read again from the archive; `gateway archive index --again` makes it anew"
STORE = "what archived messages say of serial numbers, taken together; they are the evidence"
SURROGATE = "a number that the database gives; only the order of the rows matters"

#: Tables and columns that are no evidence, and why.
NO_EVIDENCE = {
    "schedules": MEMORY,
    "collections": MEMORY,
    "in_force": MEMORY,
    "workers": MEMORY,
    "leases": MEMORY,
    "interruptions": MEMORY,
    "wakes": MEMORY,
    "passages": MEMORY,
    "asking": MEMORY,
    "spoken": "names of an answer that nobody knew; they stand in the answer's reference too",
    "epc_rows": INDEX,
    "epc_blocks": INDEX,
    "traded": INDEX,
    "serial_messages": STORE,
    "serial_events": STORE,
    "serial_lists": STORE,
    "serial_stems": STORE,
    "serial_withdrawals": STORE,
    "serial_facts": STORE,
    "history.id": SURROGATE,
    "stages.id": SURROGATE,
    "outputs.id": SURROGATE,
    "findings.id": SURROGATE,
    "losses.id": SURROGATE,
    "offers.id": SURROGATE,
    "control_numbers.id": SURROGATE,
    "messages.indexed": INDEX,
    "offers.acknowledged_at": "whether the peer was told; where not, the file is offered again and recognised",
    "deliveries.next_try_at": "when a try is due that has not been made; empty afterwards",
    "alerts.kind": "what is wrong is found anew at each look",
    "alerts.text": "as above",
    "alerts.count": "as above",
    "alerts.first_at": "as above",
    "alerts.ended_at": "as above",
    "alerts.told": "as above",
}

#: Columns that are evidence of some rows only: of which, and why.
SOME = {
    "messages.reason": (lambda row: row["closed_at"], "what a message waits for, until it is at an end"),
    "deliveries.error": (lambda row: row["state"] in ("delivered", "failed"), "what it waits for; tries are told"),
    "alerts.key": (lambda row: row["seen_at"], "what is wrong is found anew at each look"),
}

#: Tables to which a row may be added, or of which one may go, without notice, and why.
ROWS = {"alerts": "what is wrong is found anew at each look; only who sees to it is evidence"}

#: Columns of evidence there must at least be: a table that is forgotten here is not forgotten in silence.
LEAST = 125

COLUMNS = [
    (table.name, column.name)
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if table.name not in NO_EVIDENCE and f"{table.name}.{column.name}" not in NO_EVIDENCE
]


@pytest.fixture
def workspace(tmp_path: Path, store: dict) -> Iterator[Workspace]:
    """A workspace whose ledger has rows in every table that is evidence."""
    opened = Site(tmp_path / "ws", **store).build().workspace()
    opened.act_as(audit.Actor("operator ada", "because"))
    fill(opened)
    yield opened
    opened.close()


def arrive(workspace: Workspace, number: int, content: int = 0) -> Any:
    configuration = workspace.ledger.configuration(workspace.agreements.files)
    stored = Stored(f"{content or number:064}", 7)
    arrival = Arrival("acme", "acme-in", f"{number}.xml", f"{number}.xml|7|1", stored, configuration)
    return workspace.ledger.receive(arrival)[0]


def made() -> Report:
    report = Report("epcis-1.2-xml", "epcis-2.0-json", events=3, epcs=4)
    report.findings.add(Finding("X-1", Severity.WARNING, "it looks odd", value="v", expected="w", hint="h"))
    report.losses.take(Loss("LOSS-C04", Outcome.CARRIED, "ilmd", "value", "the target has no place"))
    return report


def convert(workspace: Workspace, message: Any) -> None:
    ledger = workspace.ledger
    ledger.move(message.id, State.CONVERTING)
    ledger.begin(message.id, "detect", input_sha256=message.sha256)
    ledger.detected(message.id, "epcis-1.2-xml", "acme/batch", "because")
    ControlNumbers(workspace.database, workspace.clock).first(message, f"N{message.number}")
    ledger.begin(message.id, "convert", target="one", input_sha256=message.sha256)
    ledger.converted(message.id, "one", made(), [("o.jsonld", "epcis-2.0-json", "supply", Stored("b" * 64, 9))])
    ledger.begin(message.id, "check")
    ledger.findings(message.id, "one/1", [Finding("X-2", Severity.INFO, "worth knowing")])
    ledger.finish(message.id, "check", detail="fine")


def plan(workspace: Workspace, message: Any) -> str:
    plans = [Plan("one", 1, "its", "o.jsonld", "folder out", 9, "b" * 64)]
    (delivery,) = workspace.ledger.plan(message.id, plans)
    return delivery.id


def fill(workspace: Workspace) -> None:
    """Messages on every way, with answers of every kind, and what operators do."""
    ledger, book = workspace.ledger, AnswerBook(workspace.database, workspace.clock)
    owed = Expectation.model_validate({"kind": "csv", "within": 60, "then": "resend"})
    done = arrive(workspace, 1)
    convert(workspace, done)
    delivery = plan(workspace, done)
    ledger.undelivered(delivery, "it is away", 5)
    ledger.delivered(delivery, "o-1.jsonld", owed, [(X12, "S/1")], "taken as 4711")
    ledger.close(done.id)
    packs = [SerialAnswer(f"urn:epc:id:sgtin:0614141.107346.{n}", Verdict.REJECTED, (Reason("7", "no"),)) for n in "12"]
    late = AnswerBook(workspace.database, lambda: workspace.clock() + timedelta(seconds=90))
    assert [one.resent for one in late.overdue()] == [1]
    ledger.delivered(delivery, "o-1.jsonld", owed, [], "taken again")
    ledger.close(done.id)
    for key, names in (("1", [(NAME, "o-1.jsonld")]), ("2", [(NAME, "o-1.jsonld")]), ("3", [(NAME, "nobody's")])):
        book.take(Incoming(key, "csv", names, Answer(Verdict.REJECTED, serials=packs), sha256="c" * 64, detail="x"))
    arrive(workspace, 2, content=3)
    doubled = arrive(workspace, 3)  # another content than that of the one before
    ledger.repeats(doubled.id, done.id)
    ledger.move(doubled.id, State.REFUSED, "the number came already")
    failed = arrive(workspace, 4)
    convert(workspace, failed)
    ledger.undelivered(plan(workspace, failed), "no such folder", None)
    ledger.close(failed.id)
    begun = arrive(workspace, 5)
    convert(workspace, begun)
    ledger.undelivered(plan(workspace, begun), "it is away", 5)
    left = arrive(workspace, 6)
    convert(workspace, left)
    plan(workspace, left)
    operations.cancel(workspace, left.id, "no more")
    refused = Arrival("acme", "acme-in", "big.xml", "big|9|9", Stored("", 9), begun.configuration)
    ledger.refuse_unseen(refused, Finding("X-3", Severity.ERROR, "too large"))
    ledger.replay(failed, failed.id, "deliver", ["one"], failed.configuration)
    operations.hold(workspace, "channel", "acme-in", "it moves")
    retention.hold(workspace.database, "partner", "acme", ledger.now())
    retention.release(workspace.database, retention.hold(workspace.database, "lot", "L1", ledger.now()), ledger.now())
    Alerting(workspace).seen("failed:acme")


def faults(session: Session) -> list[str]:
    return [fault.text for fault in audit.verify(session)]


def found(session: Session) -> bool:
    return next(audit.verify(session), None) is not None


@pytest.fixture
def tampering(workspace: Workspace) -> Iterator[Session]:
    """A session of somebody who has the database in hand: nothing is checked, nothing is refused."""
    with workspace.database.engine.connect() as connection:
        if workspace.database.server:
            connection.execute(sa.text("SET session_replication_role = replica"))
        else:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
            connection.rollback()
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
            for trigger in ("audit_no_update", "audit_no_delete"):
                connection.execute(sa.text(f"DROP TRIGGER {trigger}"))
        connection.commit()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            assert faults(session) == []
            yield session


def other(value: Any, column: sa.Column) -> Any:
    """Another value that the column can hold."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1000
    if isinstance(value, dict | list):
        return {"it": "was changed"} if isinstance(value, dict) else [*value, "changed"]
    if value is None:
        return ["changed"] if isinstance(column.type, sa.JSON) else "z"
    return ("y" if value[:1] == "z" else "z") + value[1:]


def rows_of(session: Session, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(sa.select(table).order_by(*table.primary_key)).mappings()]


def chosen(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some of the rows, so that it does not take minutes; on the server, which only reads otherwise, one."""
    some = (len(rows) - 1,) if session.get_bind().dialect.name == "postgresql" else (0, len(rows) // 2, len(rows) - 1)
    return [rows[number] for number in dict.fromkeys(some)]


def here(table: sa.Table, row: dict[str, Any]) -> Any:
    return sa.and_(*(column == row[column.name] for column in table.primary_key))


def test_a_value_that_was_changed_is_found_in_every_column(tampering: Session) -> None:
    assert len(COLUMNS) >= LEAST
    unnoticed = []
    server = tampering.get_bind().dialect.name == "postgresql"
    for name, column in COLUMNS[:: 4 if server else 1]:  # there every fourth, which takes as long
        table = Base.metadata.tables[name]
        rows = rows_of(tampering, table)
        assert rows, f"{name} has no row to change: fill it here"
        of_some, _why = SOME.get(f"{name}.{column}", (bool, ""))
        rows = [row for row in rows if of_some(row)]
        for row in chosen(tampering, rows):
            with tampering.begin_nested() as change:
                value = other(row[column], table.c[column])
                tampering.execute(sa.update(table).where(here(table, row)).values({column: value}))
                if not found(tampering):
                    unnoticed.append(f"{name}.{column} of {[row[key.name] for key in table.primary_key]}")
                change.rollback()
            tampering.expunge_all()
    assert not unnoticed, "\n".join(unnoticed)


def test_a_row_that_is_new_and_one_that_is_gone_are_found_in_every_table(tampering: Session) -> None:
    unnoticed = []
    for name in dict(COLUMNS):
        if name in ROWS:
            continue
        table = Base.metadata.tables[name]
        for row in chosen(tampering, rows_of(tampering, table)):
            for what in ("gone", "new"):
                with tampering.begin_nested() as change:
                    if what == "gone":
                        tampering.execute(sa.delete(table).where(here(table, row)))
                    else:
                        tampering.execute(sa.insert(table).values(copied(table, row)))
                    if not found(tampering):
                        unnoticed.append(f"{name} {what}: {[row[key.name] for key in table.primary_key]}")
                    change.rollback()
                tampering.expunge_all()
    assert not unnoticed, "\n".join(unnoticed)


NEXT = itertools.count(5000)


def copied(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row like this one, where keys let it be."""
    unique = {column.name for column in table.primary_key}
    for constraint in (*table.constraints, *table.indexes):
        if isinstance(constraint, sa.UniqueConstraint) or getattr(constraint, "unique", False):
            unique.add(next(iter(reversed(list(constraint.columns)))).name)
    changed = {}
    for name in unique:
        value = row[name]
        changed[name] = next(NEXT) if isinstance(value, int) else f"{value[:-6]}{next(NEXT):06}"
    return row | changed


def test_what_is_no_evidence_is_in_the_ledger() -> None:
    known = {table.name for table in Base.metadata.sorted_tables}
    known |= {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}
    assert set(NO_EVIDENCE) <= known
