"""The places of AS2 where a test may kill the process; `gateway.failpoints` says how."""

from __future__ import annotations

from gateway.failpoints import asked, halves, reach

__all__ = ["RECEIVING", "SENDING", "TAKING", "asked", "halves", "reach"]

#: `gateway as2 serve`, for a message that came in, in the order in which it passes them.
RECEIVING = (
    "as2.quarantined",  # its bytes are in quarantine, nothing is opened
    "as2.later-kept",  # it wants its receipt later and is durable; it is not answered
    "as2.later-begun",  # it is answered, and not opened
    "as2.opened",  # it is opened and its receipt made; nothing is stored
    "as2.stored",  # it is durable with its receipt; its sender has no receipt
    "as2.receipt-half",  # half of the receipt is on its way, in the answer
    "as2.receipt-posted",  # the sender has its receipt, which it wanted later; this end does not know that
)

#: `gateway run`, for a file that goes out.
SENDING = (
    "as2.prepared",  # the message is durable, nothing of it was sent
    "as2.sent-half",  # half of it is on its way
    "as2.answered",  # the partner has answered; the answer is not looked at
    "as2.proven",  # the receipt is durable; the exchange does not know it
)

#: `gateway as2 serve`, for a receipt that came in later.
TAKING = (
    "as2.receipt-came",  # its bytes are in quarantine
    "as2.receipt-kept",  # it is durable; the partner has no answer
)
