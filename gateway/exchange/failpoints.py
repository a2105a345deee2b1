"""Places where a test may kill the process, to prove that a crash there loses and doubles nothing.

Off unless the environment variable ``GATEWAY_FAILPOINT`` names one of `POINTS`; then the process kills itself with
SIGKILL at that point, as a power cut would. ``NAME:3`` does so when the point is reached for the third time, and
``NAME:3:stop`` stops it there (SIGSTOP) until somebody lets it go on, as a machine that sleeps would.
"""

from __future__ import annotations

import os
import signal
import time

VARIABLE = "GATEWAY_FAILPOINT"

#: In the order in which a file passes them; each stands directly before or after something durable.
POINTS = (
    "collect.offered",  # the peer offers a file, nothing is done yet
    "collect.fetched",  # its bytes are in quarantine
    "archive.renamed",  # its bytes have their final name, the folder is not synced
    "collect.archived",  # its bytes are durable, the ledger does not know it
    "collect.recorded",  # the ledger knows it, the peer is not told
    "collect.acknowledged",  # the peer is told, the ledger does not know that
    "collect.marked",  # the ledger knows that too, the engine has no work yet
    "collect.enqueued",  # the engine has the work
    "detect.started",
    "detect.recorded",
    "convert.started",
    "convert.written",  # outputs lie in a private folder
    "convert.archived",  # outputs are durable, the ledger does not know them
    "convert.recorded",
    "check.recorded",
    "deliver.planned",  # deliveries stand in the ledger, the engine has no work for them
    "deliver.enqueued",
    "deliver.started",
    "deliver.sent",  # the receiver has the file, the ledger does not know it
    "deliver.recorded",
    "close.recorded",
)

#: The same for files that are pushed into `gateway serve`.
SERVE_POINTS = (
    "serve.archived",  # the bytes are durable, the ledger does not know them
    "serve.recorded",  # the ledger knows the file, the client has no answer
    "serve.answered",  # the client has the answer, the ledger does not know that
)

_reached: dict[str, int] = {}


def reach(point: str) -> None:
    """Kill the process if the environment asks for it at this point."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    name, count, what = (*wanted.split(":"), "", "")[:3]
    if name == point:
        _reached[point] = _reached.get(point, 0) + 1
        if _reached[point] == int(count or 1):
            os.kill(os.getpid(), signal.SIGSTOP if what == "stop" else signal.SIGKILL)
            time.sleep(0.2)  # this thread may run on for a moment
