"""Runs the migrations on the engine that `gateway.exchange.ledger.database.Database.migrate` hands over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from gateway.exchange.ledger import tables_work
from gateway.exchange.ledger.tables import Base
from gateway.exchange.serials import tables as serials_tables

__all__ = ["serials_tables", "tables_work"]

# Workers that start at the same time change the tables one after the other.
ALONE = 0x67617465776179

engine = context.config.attributes["engine"].execution_options(gateway_write=True)

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ALONE})"))
        context.run_migrations()
