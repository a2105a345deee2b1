"""The audit trail, and which configuration is in force."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

REFUSE = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit trail is never changed'; END $$""",
        """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    ],
}


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"])
    op.create_table(
        "in_force",
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("error_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_in_force")),
    )
    for statement in REFUSE.get(op.get_bind().dialect.name, []):
        op.execute(statement)
    _begin()


def _begin() -> None:
    """A ledger that has messages already begins its trail behind them."""
    connection = op.get_bind()
    at = connection.scalar(sa.text("SELECT max(at) FROM history"))
    if not at:
        return
    row = {
        "at": at,
        "who": "migration",
        "action": "begin",
        "subject": "",
        "why": "",
        "what": "{}",
        "previous": "0" * 64,
    }
    digest = hashlib.sha256(json.dumps(list(row.values())).encode()).hexdigest()
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    statement = f"INSERT INTO audit (number, {names}, sha256) VALUES (1, {values}, :sha256)"  # noqa: S608 - our own names
    connection.execute(sa.text(statement), {**row, "sha256": digest})
