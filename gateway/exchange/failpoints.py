"""The places of the exchange where a test may kill the process; `gateway.failpoints` says how."""

from __future__ import annotations

from gateway.failpoints import VARIABLE, halfway, reach

__all__ = ["POINTS", "SERVE_POINTS", "VARIABLE", "halfway", "reach"]

#: In the order in which a file passes them; each stands directly before or after something durable.
POINTS = (
    "collect.offered",  # the peer offers a file, nothing is done yet
    "collect.half",  # half of its bytes are in quarantine
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
    "check.passed",  # the ledger knows nothing of it
    "deliver.planned",  # deliveries stand in the ledger, the engine has no work for them
    "deliver.enqueued",
    "deliver.started",
    "deliver.half",  # half of the bytes are on their way
    "deliver.sent",  # the receiver has the file, the ledger does not know it
    "deliver.recorded",
    "close.recorded",
)

#: The same for regulators' answers.
ANSWER_POINTS = (
    "answer.unheard",  # the ledger knows the delivery, and not its answer
    "answer.asked",  # a later answer has come, the ledger does not know it
)

#: The same for the hierarchy store.
SERIAL_POINTS = (
    "serials.told",  # all events are in the store, the message does not count yet
    "serials.recorded",  # the message counts, the ledger does not know what it was converted to
)

#: The same for files that are pushed into `gateway serve`.
SERVE_POINTS = (
    "serve.archived",  # the bytes are durable, the ledger does not know them
    "serve.recorded",  # the ledger knows the file, the client has no answer
    "serve.answered",  # the client has the answer, the ledger does not know that
)

#: The same for events that are left out.
LEFT_OUT_POINTS = ("left-out.archived",)  # the list is durable, the ledger does not know it
