"""Sizes beyond 2 GiB on PostgreSQL, and indexes for the questions which message repeats which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the change. SQLite keeps any whole number in an INTEGER."""
    if op.get_bind().dialect.name == "postgresql":
        for table in ("messages", "outputs", "deliveries"):
            op.alter_column(table, "size", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
    for column in ("duplicate_of", "replay_of"):
        op.create_index(op.f(f"ix_messages_{column}"), "messages", [column])
