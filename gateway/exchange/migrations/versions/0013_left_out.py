"""What a sender wants done about wrong events, and how many of them were left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the change."""
    op.add_column("messages", sa.Column("error_behaviour", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("messages", sa.Column("left_out", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("findings", sa.Column("event_id", sa.Text(), nullable=False, server_default=""))
