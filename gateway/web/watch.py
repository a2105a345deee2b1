"""For those who look after the gateway: is it alive, is it ready, what does it do?"""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gateway.exchange.archive.store import Archive, StorageError
from gateway.exchange.operations import metrics as ledger_metrics
from gateway.exchange.operations.alerts import certificates_in_use
from gateway.exchange.workspace import Workspace

MEDIA = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus's text format


class Traffic:
    """Counts requests and files."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.bytes = 0
        self.began = time.time()

    def lines(self, under_way: int) -> Iterator[str]:
        """As Prometheus reads them."""
        yield "# HELP gateway_http_start_time_seconds When the server started, in seconds since 1970."
        yield "# TYPE gateway_http_start_time_seconds gauge"
        yield f"gateway_http_start_time_seconds {self.began:.3f}"
        yield "# HELP gateway_http_requests_total Requests by method, route and status."
        yield "# TYPE gateway_http_requests_total counter"
        for (method, route, status), count in sorted(self.requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            yield f"gateway_http_requests_total{{{labels}}} {count}"
        yield "# HELP gateway_http_received_bytes_total Bytes of pushed files that were taken."
        yield "# TYPE gateway_http_received_bytes_total counter"
        yield f"gateway_http_received_bytes_total {self.bytes}"
        yield "# HELP gateway_http_uploads Files that are being pushed now."
        yield "# TYPE gateway_http_uploads gauge"
        yield f"gateway_http_uploads {under_way}"


def ready(workspace: Workspace, archive: Archive) -> list[str]:
    """What keeps the gateway from taking files; empty when nothing does. Short words, nothing of the inside."""
    troubles = []
    try:
        with workspace.database.read() as session:
            session.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        troubles.append("the ledger's database does not answer")
    try:
        archive.require_space(0)
    except (StorageError, OSError):
        troubles.append("the disk of the archive is full or gone")
    return troubles


def metrics(workspace: Workspace) -> str:
    """What the ledger counts, as Prometheus reads it."""
    found = ledger_metrics.metrics(
        workspace.queries, workspace.clock(), workspace.agreements, certificates_in_use(workspace)
    )
    return ledger_metrics.prometheus(found)


def allowed(shown: str, key: str) -> bool:
    """Whether the key for metrics was shown, in constant time; without a key everybody may look."""
    return not key or hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), f"Bearer {key}".encode())
