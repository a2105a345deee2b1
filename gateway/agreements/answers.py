"""Which answer is expected to a delivery, until when, and what happens when none comes; and where answers come in."""

from __future__ import annotations

import enum

from pydantic import Field, model_validator

from gateway.agreements.part import Part

DAY = 86400


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


class Expectation(Part):
    """The answer that a target's receiver owes us.

    Attributes:
        kind: which answer.
        within: seconds from the delivery until it is due.
        then: what happens when it does not come.
        resends: how often it is sent again with ``then: resend``; then the message fails.
    """

    kind: AnswerKind
    within: int = Field(ge=1, le=90 * DAY)
    then: Then = Then.ALERT
    resends: int = Field(default=1, ge=1, le=10)


class AnswerTable(Part):
    """How a partner's CSV answers are read. The first line names the columns.

    Attributes:
        reference: column with the file's name, or the message's or delivery's id, as it was delivered.
        status: column that says what became of it.
        epc: column with the identifier that a line is about; empty when lines are about whole files.
        code: column with a code, if there is one.
        text: column with words, if there is one.
        accepted: values of `status` that accept.
        warning: values that accept with a warning.
        rejected: values that reject. A value in none of the three makes an answer that a person must look at.
        retryable: values of `code` where sending the same again may help.
    """

    reference: str
    status: str
    epc: str = ""
    code: str = ""
    text: str = ""
    accepted: tuple[str, ...]
    warning: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    retryable: tuple[str, ...] = ()


class Answers(Part):
    """What kind of answers a channel brings.

    Attributes:
        kind: which; files of another kind are processed like all others.
        table: how CSV answers are read.
    """

    kind: AnswerKind
    table: AnswerTable | None = None

    @model_validator(mode="after")
    def _fits(self) -> Answers:
        if self.kind not in FILED:
            message = f"{self.kind.value!r} does not come as a file; known: {', '.join(FILED)}"
            raise ValueError(message)
        if (self.kind is AnswerKind.CSV) != (self.table is not None):
            message = "give `table` for csv, and for nothing else"
            raise ValueError(message)
        return self
