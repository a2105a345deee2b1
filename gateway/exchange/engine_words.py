"""Words and numbers of the durable engine: queues, states of its work, and how long it waits."""

from __future__ import annotations

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

#: More work at once than there ever is. With a limit on the whole queue DBOS claims partition by partition; without one
#: all at once, and a worker that loses that race looks half as often, down to two minutes (3.4.0, `_queue.py`).
NO_LIMIT = 1_000_000

#: Connections that the engine keeps to a database server; the ledger has its own.
POOL, CLIENT_POOL = 8, 2
