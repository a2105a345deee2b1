"""The hierarchy store: what happened to which serial number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "serial_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("voided_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serial_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_serial_messages_client_message", "serial_messages", ["client", "message"])
    op.create_table(
        "serial_events",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("fraction", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("parent_epc", sa.Text(), nullable=False),
        sa.Column("ilmd", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message"], ["serial_messages.id"], name=op.f("fk_serial_events_message_serial_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serial_events")),
    )
    op.create_index(op.f("ix_serial_events_message"), "serial_events", ["message"])
    op.create_index(op.f("ix_serial_events_parent"), "serial_events", ["parent"])
    op.create_table(
        "serial_lists",
        sa.Column("event", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epcs", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event", "part", name=op.f("pk_serial_lists")),
    )
    op.create_table(
        "serial_stems",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serial_stems")),
        sa.UniqueConstraint("stem", name=op.f("uq_serial_stems_stem")),
    )
    op.create_table(
        "serial_withdrawals",
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message"], ["serial_messages.id"], name=op.f("fk_serial_withdrawals_message_serial_messages")
        ),
        sa.PrimaryKeyConstraint("message", "event_id", name=op.f("pk_serial_withdrawals")),
    )
    op.create_index("ix_serial_withdrawals_event_id", "serial_withdrawals", ["event_id"])
    op.create_table(
        "serial_facts",
        sa.Column("epc", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("epc", "event", name=op.f("pk_serial_facts")),
        sqlite_with_rowid=False,
    )
