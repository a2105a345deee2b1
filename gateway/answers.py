"""The normal form of what regulators answer: per message and per serial number.

Whatever a reply looks like, it becomes an `Answer`. Nothing counts as accepted that the regulator has not accepted: a
reply of another shape, and a serial number that a reply is silent about, are `Verdict.UNREADABLE`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace


class Verdict(enum.StrEnum):
    """What a regulator says about a message or a serial number."""

    ACCEPTED = "accepted"
    WARNING = "warning"  # accepted, and somebody should look
    PARTIAL = "partial"  # of messages only: some serial numbers are accepted, some are not
    REJECTED = "rejected"
    PENDING = "pending"  # the answer is not there yet
    UNREADABLE = "unreadable"  # the reply does not say; a person has to look


_GOOD = frozenset({Verdict.ACCEPTED, Verdict.WARNING})


@dataclass(frozen=True, slots=True)
class Reason:
    """A regulator's code with its meaning.

    Attributes:
        code: as the regulator writes it.
        meaning: in words; empty when the code is in no table that we have.
        verdict: what the code says.
        retryable: whether sending the same again can help.
    """

    code: str
    meaning: str = ""
    verdict: Verdict = Verdict.REJECTED
    retryable: bool = False

    def __str__(self) -> str:
        return f"{self.code}: {self.meaning or 'the meaning of this code is not known'}"


@dataclass(frozen=True, slots=True)
class SerialAnswer:
    """What is said about one serial number or container.

    Attributes:
        identifier: what was sent, in the regulator's spelling.
        verdict: accepted, rejected, warning or unreadable.
        reasons: with codes, in the order of the reply.
    """

    identifier: str
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a regulator says about a message.

    Attributes:
        verdict: of the message as a whole.
        reasons: about the message as a whole.
        serials: about single serial numbers, those that the reply names.
        reference: id that the regulator gave, e.g. the notification's or the ticket's; partners need it later.
        unexpected: what was not understood of the reply, in words; empty when all was.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    serials: tuple[SerialAnswer, ...] = ()
    reference: str = ""
    unexpected: str = ""

    @property
    def good(self) -> bool:
        """Whether all of it is accepted."""
        return self.verdict in _GOOD and not self.unexpected and all(s.verdict in _GOOD for s in self.serials)

    @property
    def retryable(self) -> bool:
        """Whether sending the same again can help: something is wrong, and nothing that only a person can mend."""
        wrong = [reason for reason in self.reasons if reason.verdict not in _GOOD]
        wrong += [reason for serial in self.serials for reason in serial.reasons if reason.verdict not in _GOOD]
        return bool(wrong) and all(reason.retryable for reason in wrong)

    def rejected(self) -> list[SerialAnswer]:
        """The serial numbers that are not accepted."""
        return [serial for serial in self.serials if serial.verdict not in _GOOD]


def unreadable(why: str) -> Answer:
    """The answer for a reply that is not of the expected shape."""
    return Answer(Verdict.UNREADABLE, unexpected=why)


def of_serials(serials: Iterable[SerialAnswer], reference: str = "", reasons: Iterable[Reason] = ()) -> Answer:
    """The answer of a regulator that speaks of serial numbers only: the message's verdict follows from theirs."""
    found = tuple(serials)
    verdicts = {serial.verdict for serial in found}
    if not verdicts:
        return Answer(Verdict.UNREADABLE, tuple(reasons), reference=reference, unexpected="it names no serial number")
    if len(verdicts) == 1:
        (verdict,) = verdicts
    elif verdicts <= _GOOD:
        verdict = Verdict.WARNING
    elif verdicts & _GOOD:
        verdict = Verdict.PARTIAL
    else:
        verdict = Verdict.REJECTED
    return Answer(verdict, tuple(reasons), found, reference)


def settled(answer: Answer, sent: Iterable[str]) -> Answer:
    """The answer with a word about every serial number that was sent.

    Those that the reply does not name follow the message when it was accepted or rejected as a whole. In a partly
    accepted one silence is acceptance only if something else was refused by name. Whatever the reply names and was
    never sent is said in `Answer.unexpected`.
    """
    named = {serial.identifier for serial in answer.serials}
    expected = dict.fromkeys(sent)
    silent = [identifier for identifier in expected if identifier not in named]
    strange = [identifier for identifier in named if identifier not in expected]
    if answer.verdict is Verdict.PARTIAL:
        verdict = Verdict.ACCEPTED if any(s.identifier in expected for s in answer.rejected()) else Verdict.UNREADABLE
    else:
        verdict = answer.verdict
    told = {serial.identifier: serial for serial in answer.serials}
    told.update({identifier: SerialAnswer(identifier, verdict, answer.reasons) for identifier in silent})
    unexpected = answer.unexpected
    if strange:
        more = f"it names {len(strange)} identifiers that were not sent"
        unexpected = f"{unexpected}; {more}" if unexpected else more
    return replace(answer, serials=tuple(told[identifier] for identifier in expected), unexpected=unexpected)
