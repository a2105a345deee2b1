"""Asking for serial numbers, whatever the system that gives them out.

These messages hold no events: they are no formats of `gateway convert`. The functions of this package turn them into
this form and back; sending them is a matter of transports.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.findings import Findings
from gateway.formats.serial_requests import rules
from gateway.gs1 import Gs1Error, bad_serials, normalise_gtin


class Kind(enum.StrEnum):
    """What is to be numbered."""

    SGTIN = "SGTIN"
    SSCC = "SSCC"
    NTIN = "NTIN"


@dataclass(frozen=True, slots=True)
class NumberRequest:
    """A request for serial numbers.

    Attributes:
        kind: trade items by GTIN or NTIN, or logistic units.
        key: GTIN or NTIN of 14 digits, or the company prefix for SSCCs.
        quantity: how many numbers.
        transaction_id: the requester's own id of the request; empty when it has none.
        extension_digit: first digit of the SSCCs; empty elsewhere.
    """

    kind: Kind
    key: str
    quantity: int
    transaction_id: str = ""
    extension_digit: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was given out.

    Attributes:
        text: verbatim as the system gives it.
        crypto_key: id of the key of a cryptographic tail; empty when there is none.
        crypto_code: the tail.
    """

    text: str
    crypto_key: str = ""
    crypto_code: str = ""


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """An answer: numbers, the ends of an interval, or an error.

    Attributes:
        kind: as in the request; None when the answer does not say it.
        key: as in the request; empty when the answer does not say it.
        numbers: numbers one by one.
        interval: first and last number, where the system gives an interval.
        transaction_id: as in the request; empty when the answer does not say it.
        error_code: the system's own code; empty when there is no error.
        error_message: the system's own words.
        other: whatever else the answer says, by the system's names.
    """

    kind: Kind | None = None
    key: str = ""
    numbers: tuple[Number, ...] = ()
    interval: tuple[str, str] | None = None
    transaction_id: str = ""
    error_code: str = ""
    error_message: str = ""
    other: Mapping[str, str] = field(default_factory=dict)


def check_request(request: NumberRequest, findings: Findings) -> None:
    """Report what is wrong with a request: its key, its amount."""
    if request.quantity < 1:
        message = f"the request is for {request.quantity} numbers"
        findings.report(rules.QUANTITY, message, value=request.quantity, expected="1 or more")
    if request.kind is Kind.SGTIN:
        try:
            normalise_gtin(request.key)
        except Gs1Error as error:
            findings.add(error.finding())


def check_answer(request: NumberRequest, answer: NumberAnswer, findings: Findings) -> None:
    """Report where an answer is not what was asked for: error, other object, wrong amount, repeated or bad numbers."""
    if answer.error_code or answer.error_message:
        text = ": ".join(part for part in (answer.error_code, answer.error_message) if part)
        findings.report(rules.REFUSED, f"the system answers {text}", value=text)
        return
    for name, asked, got in (
        ("key", request.key, answer.key),
        ("transaction id", request.transaction_id, answer.transaction_id),
    ):
        if got and asked and got != asked:
            findings.report(rules.OTHER, f"the answer has the {name} {got!r}", value=got, expected=asked)
    texts = [number.text for number in answer.numbers]
    if answer.interval is None and len(texts) != request.quantity:
        message = f"{len(texts):,} numbers came, asked were {request.quantity:,}"
        findings.report(rules.AMOUNT, message, value=len(texts), expected=str(request.quantity))
    twice = [text for text, count in Counter(texts).items() if count > 1]
    if twice:
        message = f"{len(twice):,} numbers came more than once, such as {twice[0]!r}"
        findings.report(rules.TWICE, message, value=twice[0])
    if request.kind is Kind.SGTIN:
        for index in bad_serials(texts)[:1]:
            message = f"{texts[index]!r} cannot be a serial number"
            findings.report(rules.NUMBER, message, value=texts[index], expected="1 to 20 characters of AI (21)")
