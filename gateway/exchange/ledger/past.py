"""The configuration as it was: a replay may go by the mappings that were in force when its message came."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from gateway.agreements.load import Agreements, load
from gateway.errors import ConfigurationError
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import Configuration
from gateway.settings import Settings

#: Versions that are kept at hand.
KEPT = 8


class Past:
    """Old versions of the configuration, read from the ledger.

    Args:
        settings: the workspace's settings.
        database: the ledger's database.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self.agreements = lru_cache(KEPT)(self._agreements)

    def _agreements(self, sha256: str) -> Agreements:
        """The agreements of a version. Only what stands in them counts: files that they name may be gone.

        Raises:
            ConfigurationError: this version of the gateway cannot read them any more, or nobody kept them.
        """
        with self._database.read() as session:
            version = session.get(Configuration, sha256)
        if version is None:
            message = f"the ledger does not have the configuration {sha256}"
            raise ConfigurationError(message, hint="replay the message with --mappings now")
        with tempfile.TemporaryDirectory() as name:
            root = Path(name).resolve()
            for path, text in version.files.items():
                file = root / path
                if root not in file.resolve().parents:
                    continue
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return load(replace(self._settings, root=root))
