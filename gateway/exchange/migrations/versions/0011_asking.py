"""Of which kind a regulator's submission is, and when which regulator is asked for an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the change."""
    op.add_column("outputs", sa.Column("kind", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "asking",
        sa.Column("delivery", sa.String(length=48), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("ask_at", sa.String(length=27), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_asking_delivery_deliveries")),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_asking")),
    )
    op.create_index(op.f("ix_asking_ask_at"), "asking", ["ask_at"])
