"""The index of identifiers, and one of the ends of messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "epc_rows",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.number"], name=op.f("fk_epc_rows_message_messages")),
        sa.PrimaryKeyConstraint("key", "message", name=op.f("pk_epc_rows")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "epc_blocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.number"], name=op.f("fk_epc_blocks_message_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epc_blocks")),
    )
    op.create_index("ix_epc_blocks_bucket", "epc_blocks", ["bucket"])
    op.create_index("ix_epc_blocks_message", "epc_blocks", ["message"])
    op.create_table(
        "traded",
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=False),
        sa.Column("lot", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.number"], name=op.f("fk_traded_message_messages")),
        sa.PrimaryKeyConstraint("message", "gtin", "lot", name=op.f("pk_traded")),
    )
    op.create_index(op.f("ix_traded_gtin"), "traded", ["gtin"])
    op.create_index(op.f("ix_traded_lot"), "traded", ["lot"])
    op.create_index(op.f("ix_messages_closed_at"), "messages", ["closed_at"])
