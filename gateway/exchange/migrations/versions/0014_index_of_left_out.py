"""An index of the few messages of which events were left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the change."""
    some = sa.text("left_out > 0")
    op.create_index("ix_messages_left_out", "messages", ["closed_at"], sqlite_where=some, postgresql_where=some)
