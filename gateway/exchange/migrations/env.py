"""Runs the migrations on the engine that `gateway.exchange.database.Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from gateway.exchange.tables import Base

engine = context.config.attributes["engine"].execution_options(gateway_write=True)

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
