"""Words and numbers of the durable engine: queues, states of its work, and how long it waits."""

from __future__ import annotations

from typing import Any

from gateway.settings import is_server

#: The steps as they are; it changes together with them (see `gateway.exchange.engine`).
VERSION = "pipeline-3"

#: Versions before this one, whose work is begun again from the ledger.
OLDER = ["pipeline-1", "pipeline-2"]

COLLECT, PROCESS, DELIVER, ASK = "collect", "process", "deliver", "ask"
WORKING = ["ENQUEUED", "PENDING", "DELAYED"]
GIVEN_UP = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"]
#: Pieces of work that the engine is asked about, or forgets, at a time.
AT_A_TIME = 1000

#: Seconds, at least, between two looks for questions to regulators: each look takes processor time, and answers that
#: come later take minutes.
ASK_LOOK = 1.0

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


def queue_options(poll: float) -> dict[str, Any]:
    """What is said of every queue.

    Nothing but one piece of work at a time in each lane: then DBOS claims the work of all lanes with three statements.
    With any other limit it claims lane by lane, in a serializable transaction each, also where no work waits; workers
    beside each other then take more processor time for their claims than for the work (3.4.0, `_queue.py`).

    Args:
        poll: seconds between two looks.
    """
    return {"polling_interval_sec": poll, "partition_concurrency": 1, "on_conflict": "always_update"}
