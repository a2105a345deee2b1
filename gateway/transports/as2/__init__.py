"""AS2 (RFC 4130) without sockets: files in, files out.

Sending: `build` makes a message of files, by an agreement's `Signing` and `Encryption`; the receipt that comes back is
read by `read_receipt` and judged by `prove`. Receiving: `open_message` gives the files and the MIC, or raises an
`As2Error`; `build_receipt` answers in both cases. Nothing here knows a network, a database or a clock: ids, dates and
times are arguments.
"""

from __future__ import annotations

from gateway.transports.as2.build import Built, File, Outgoing, build
from gateway.transports.as2.compress import Limits
from gateway.transports.as2.content import Content, Region, Scratch
from gateway.transports.as2.encrypt import Encryption
from gateway.transports.as2.errors import As2Error
from gateway.transports.as2.keys import Identity, Pin
from gateway.transports.as2.message import ReceiptRequest
from gateway.transports.as2.mime import Headers
from gateway.transports.as2.open import Received, Terms, open_message
from gateway.transports.as2.receipt_read import Receipt, ReceiptTerms, is_receipt, prove, read_receipt
from gateway.transports.as2.receipt_write import Answer, build_receipt
from gateway.transports.as2.sign import Signing

__all__ = [
    "Answer",
    "As2Error",
    "Built",
    "Content",
    "Encryption",
    "File",
    "Headers",
    "Identity",
    "Limits",
    "Outgoing",
    "Pin",
    "Receipt",
    "ReceiptRequest",
    "ReceiptTerms",
    "Received",
    "Region",
    "Scratch",
    "Signing",
    "Terms",
    "build",
    "build_receipt",
    "is_receipt",
    "open_message",
    "prove",
    "read_receipt",
]
