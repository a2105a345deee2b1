"""What answers spoke of, what receivers said, who has seen an alert, which messages are in the index of identifiers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the change. Messages that are in the index already are marked so."""
    op.create_table(
        "spoken",
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["answer"], ["answers.id"], name=op.f("fk_spoken_answer_answers")),
        sa.PrimaryKeyConstraint("answer", "kind", "value", name=op.f("pk_spoken")),
    )
    op.create_index("ix_spoken_value", "spoken", ["kind", "value"])
    op.add_column("deliveries", sa.Column("said", sa.Text(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("seen_at", sa.String(length=27), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("seen_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("seen_why", sa.Text(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("seen_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("messages", sa.Column("indexed", sa.String(length=8), nullable=False, server_default=""))
    for table in ("epc_rows", "epc_blocks", "traded"):
        op.execute(f"UPDATE messages SET indexed = 'yes' WHERE number IN (SELECT message FROM {table})")  # noqa: S608 - our own names
    op.create_index("ix_messages_indexed", "messages", ["indexed", "number"])
    op.create_index("ix_deliveries_partner_state", "deliveries", ["partner", "state"])
    op.create_index("ix_expected_state_due_at", "expected", ["state", "due_at"])
    op.drop_index("ix_deliveries_partner", "deliveries")
    op.drop_index("ix_expected_state", "expected")
