"""Alembic migrations of the ledger; they ship with the package and run when the exchange starts."""
