"""Answers: which are expected, which came, and what they say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "known",
        sa.Column("delivery", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_known_delivery_deliveries")),
        sa.PrimaryKeyConstraint("delivery", "kind", "value", name=op.f("pk_known")),
    )
    op.create_index("ix_known_value", "known", ["kind", "value"])
    op.create_table(
        "expected",
        sa.Column("delivery", sa.String(length=48), nullable=False),
        sa.Column("message", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.String(length=27), nullable=False),
        sa.Column("within", sa.Integer(), nullable=False),
        sa.Column("then", sa.String(length=8), nullable=False),
        sa.Column("resends", sa.Integer(), nullable=False),
        sa.Column("resent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_expected_delivery_deliveries")),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_expected_message_messages")),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_expected")),
    )
    for column in ("message", "state", "due_at"):
        op.create_index(op.f(f"ix_expected_{column}"), "expected", [column])
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("carrier", sa.String(length=32), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("delivery", sa.String(length=48), nullable=True),
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["carrier"], ["messages.id"], name=op.f("fk_answers_carrier_messages")),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_answers_delivery_deliveries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("key", name=op.f("uq_answers_key")),
    )
    for column in ("at", "carrier", "delivery", "standing"):
        op.create_index(op.f(f"ix_answers_{column}"), "answers", [column])
    op.create_table(
        "results",
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["answer"], ["answers.id"], name=op.f("fk_results_answer_answers")),
        sa.PrimaryKeyConstraint("answer", "position", name=op.f("pk_results")),
    )
    op.create_index(op.f("ix_results_key"), "results", ["key"])
