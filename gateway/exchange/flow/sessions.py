"""Sessions with peers: opened by their transports, on connections that are kept where a transport can keep them."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Any

from gateway.transports.base import Keeper, Secrets, Session, Transport


class Sessions:
    """Opens sessions for one exchange.

    Args:
        secrets: resolves references in transport settings.
        keep: keep connections for the next session; then `close` must be called.
    """

    def __init__(self, secrets: Secrets, *, keep: bool = False) -> None:
        self._secrets = secrets
        self._keep = keep
        self._lock = threading.Lock()
        self._keepers: dict[str, Keeper] = {}

    def connect(self, transport: Transport, settings: Any) -> AbstractContextManager[Session]:
        """Open a session; the context manager ends it.

        Raises:
            GatewayError: as the transport's `connect`.
        """
        keeper = self._keeper(transport)
        return (transport if keeper is None else keeper).connect(settings, self._secrets)

    def drop(self) -> None:
        """Close connections that wait: settings or secrets have changed."""
        for keeper in list(self._keepers.values()):
            keeper.drop()

    def close(self) -> None:
        """Close connections that wait, and keep none from here on."""
        for keeper in list(self._keepers.values()):
            keeper.close()

    def _keeper(self, transport: Transport) -> Keeper | None:
        if not self._keep or transport.keeper is None:
            return None
        with self._lock:
            if transport.key not in self._keepers:
                self._keepers[transport.key] = transport.keeper()
            return self._keepers[transport.key]
