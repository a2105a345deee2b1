"""What every process of these tests needs, loaded once in the server that they are forked from."""

from __future__ import annotations

import alembic.command
import psycopg
from sqlalchemy.orm import configure_mappers

import gateway.cli.main
import gateway.cli.run
import gateway.exchange.service
from gateway.convert import Request, convert  # noqa: F401 - loaded for what it loads
from gateway.formats import FORMATS
from gateway.markets import messages
from gateway.transports import TRANSPORTS

for registry in (FORMATS, TRANSPORTS):
    for key in registry.keys():  # noqa: SIM118 - no dict
        registry.get(key)
messages()
configure_mappers()

__all__ = ["alembic", "gateway", "psycopg"]
