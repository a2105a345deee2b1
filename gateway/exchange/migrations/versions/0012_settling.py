"""How often an operator had a delivery made again whose fate was not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the change."""
    op.add_column("deliveries", sa.Column("again", sa.Integer(), nullable=False, server_default="0"))
