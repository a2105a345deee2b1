"""Which answer is expected to a delivery, until when, and what happens when none comes; and where answers come in."""

from __future__ import annotations

from pydantic import Field, model_validator

from gateway.agreements.answer_kinds import FILED, AnswerKind, Then
from gateway.agreements.part import Part

__all__ = ["AnswerKind", "AnswerTable", "Answers", "Expectation", "Then"]

DAY = 86400


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

    @property
    def columns(self) -> list[str]:
        """The columns that its first line must name."""
        return [name for name in (self.reference, self.status, self.epc, self.code, self.text) if name]


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
