"""Words and numbers of the durable engine: queues, states of its work, and how long it waits."""

from __future__ import annotations

from typing import Any

from gateway.settings import is_server

#: The steps as they are; it changes together with them (see `gateway.exchange.engine`).
VERSION = "pipeline-2"

#: Versions before this one, whose work is begun again from the ledger.
OLDER = ["pipeline-1"]

COLLECT, PROCESS, DELIVER, ASK = "collect", "process", "deliver", "ask"
WORKING = ["ENQUEUED", "PENDING", "DELAYED"]
GIVEN_UP = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"]
PRUNED = 1000

#: Stands between the id of a delivery and the number of the time that it is made again.
AGAIN = ".again"

#: What waiting work is woken with, and the longest time for which it waits for that, in seconds.
WAKE = "wake"
LONGEST = 86400.0

#: Seconds for which a stop waits for the steps at work.
PATIENCE = 10.0

#: Connections of the engine's client; `pool` says how many the engine itself keeps.
CLIENT_POOL = 2


def pool(url: str) -> int:
    """How many connections the engine keeps to its database; the ledger has its own.

    SQLite has one writer at a time, and each connection has caches of its own.
    """
    return 8 if is_server(url) else 4


def queue_options(url: str, poll: float) -> dict[str, Any]:
    """What is said of every queue.

    With a limit on the whole queue, here one that is never reached, DBOS claims partition by partition. Without one all
    at once, and a worker that loses that race looks half as often, down to two minutes (3.4.0, `_queue.py`).

    Args:
        url: of the engine's database.
        poll: seconds between two looks.
    """
    options: dict[str, Any] = {"polling_interval_sec": poll, "on_conflict": "always_update"}
    return options | ({"global_concurrency": 1_000_000} if is_server(url) else {})
