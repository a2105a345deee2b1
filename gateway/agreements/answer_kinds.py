"""The words of answers in agreements. Apart from their models, because the ledger needs them and no pydantic."""

from __future__ import annotations

import enum


class AnswerKind(enum.StrEnum):
    """Kinds of answers.

    Those of the first group come as files through a channel whose `answers` names them. The others come with the
    connection itself, and are handed over by the transport or the market.
    """

    X12 = "x12-997"  # 997 and 999
    EDIFACT = "edifact-contrl"
    CSV = "csv"
    EPCIS = "epcis"  # events with which a partner tells that things have arrived
    MDN = "mdn"  # receipt of AS2
    TICKET = "ticket"  # a regulator's answer


#: Kinds that come as files.
FILED = (AnswerKind.X12, AnswerKind.EDIFACT, AnswerKind.CSV, AnswerKind.EPCIS)


class Then(enum.StrEnum):
    """What happens when no answer came in time."""

    ALERT = "alert"  # the message goes on waiting, and somebody is told
    RESEND = "resend"  # the same bytes are delivered again under the same name, and somebody is told
    FAIL = "fail"  # the message fails
