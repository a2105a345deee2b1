"""Workers, the leader's lease, holds, wakes, interruptions, rates and control numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NAME = sa.String(length=64)
TIME = sa.String(length=27)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "workers",
        sa.Column("name", NAME, nullable=False),
        sa.Column("instance", sa.String(length=32), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("started", sa.Float(), nullable=False),
        sa.Column("beat", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "leases",
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("instance", sa.String(length=32), nullable=False),
        sa.Column("worker", NAME, nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_leases")),
    )
    op.create_table(
        "interruptions",
        sa.Column("work", sa.String(length=96), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("work", name=op.f("pk_interruptions")),
    )
    op.create_table(
        "holds",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_holds")),
    )
    op.create_table(
        "wakes",
        sa.Column("work", sa.String(length=96), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("work", name=op.f("pk_wakes")),
    )
    op.create_table(
        "passages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target", NAME, nullable=False),
        sa.Column("delivery", sa.String(length=48), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passages")),
    )
    with op.batch_alter_table("passages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passages_target"), ["target"], unique=False)
    op.create_table(
        "control_numbers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("message", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_numbers")),
        sa.UniqueConstraint("channel", "number", name=op.f("uq_control_numbers_channel_number")),
    )
    with op.batch_alter_table("control_numbers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_control_numbers_message"), ["message"], unique=False)
