"""The simple request of some contract manufacturers: ``SerialNumberRequest`` and ``SerialNumberResponse`` (DAWA).

Source: a program that writes the messages. Their namespace is not known: any is read, none is written. Note that the
request has ``Gtin`` and the answer ``GTIN``.
"""

from __future__ import annotations

from gateway.formats.base import Limits
from gateway.formats.serial_requests.messages import (
    DECLARATION,
    children,
    one,
    open_message,
    refuse_unknown,
    unknown,
    value,
    whole_number,
)
from gateway.formats.serial_requests.model import Kind, Number, NumberAnswer, NumberRequest


def build_request(request: NumberRequest) -> bytes:
    """A request; its kind is always SGTIN."""
    values = (("TrxId", request.transaction_id), ("Gtin", request.key), ("Quantity", str(request.quantity)))
    body = "".join(one(name, text, empty=True) for name, text in values)
    return f"{DECLARATION}<SerialNumberRequest>{body}</SerialNumberRequest>\n".encode()


def parse_request(data: bytes, limits: Limits | None = None) -> NumberRequest:
    """A request.

    Raises:
        InputError: it is not such a request, Quantity is no number, or it asks for something that is not known.
        LimitExceeded: it is too large.
    """
    node = open_message(data, "SerialNumberRequest", None, limits or Limits())
    refuse_unknown(node, ("TrxId", "Gtin", "Quantity"))
    quantity = whole_number(value(node, "Quantity"), "Quantity")
    return NumberRequest(Kind.SGTIN, value(node, "Gtin"), quantity, value(node, "TrxId"))


def build_answer(answer: NumberAnswer) -> bytes:
    """An answer: the GTIN and its numbers."""
    body = one("GTIN", answer.key, empty=True) + "".join(
        one("SN", number.text, empty=True) for number in answer.numbers
    )
    return f"{DECLARATION}<SerialNumberResponse>{body}</SerialNumberResponse>\n".encode()


def parse_answer(data: bytes, limits: Limits | None = None) -> NumberAnswer:
    """An answer. It has no transaction id.

    Raises:
        InputError: it is not such an answer.
        LimitExceeded: it is too large.
    """
    node = open_message(data, "SerialNumberResponse", None, limits or Limits())
    numbers = tuple(Number((found.text or "").strip()) for found in children(node, "SN"))
    return NumberAnswer(Kind.SGTIN, value(node, "GTIN"), numbers, other=unknown(node, ("GTIN", "SN")))
