"""Answers to interchanges in one form, for X12 (997, 999) and EDIFACT (CONTRL); and the answer to what was read.

Nothing here knows the clock or gives out numbers: who writes an answer brings control numbers, date and time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Findings, Severity
from gateway.formats.edi import edifact_syntax, rules, x12_syntax
from gateway.formats.edi.envelope import EDIFACT, X12, Envelope, Envelopes
from gateway.formats.edi.segments import segment_number, segment_tag, whole


class Status(enum.StrEnum):
    """What became of a message, a group or an interchange. `RECEIVED` says that it came, and no more."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted with errors"
    REJECTED = "rejected"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class ElementError:
    """An error in an element.

    Attributes:
        element: its place in the segment, from 1.
        component: the place in the element, 0 for the element as a whole.
        code: the standard's code: AK403 (data element 723), UCD (0085).
        reference: number of the data element in the standard, where it is told.
        value: what stood there, where it is told.
    """

    element: int
    component: int = 0
    code: str = ""
    reference: str = ""
    value: str = ""


@dataclass(slots=True)
class SegmentError:
    """An error in a segment.

    Attributes:
        position: its place in the message; ST or UNH is 1.
        tag: its tag; CONTRL does not tell it.
        loop: loop in which it stands (AK303), where it is told.
        code: the standard's code: AK304 (data element 720), UCS (0085).
        elements: errors in its elements.
    """

    position: int
    tag: str = ""
    loop: str = ""
    code: str = ""
    elements: list[ElementError] = field(default_factory=list)


@dataclass(slots=True)
class MessageAnswer:
    """The answer to one message.

    Attributes:
        kind: its type (AK201, or message type of UCM).
        control: its control number.
        status: what became of it.
        version: its version, where it is told.
        codes: the standard's codes: AK502 and on (data element 718), UCM (0085).
        segments: errors in its segments.
    """

    kind: str
    control: str
    status: Status
    version: str = ""
    codes: list[str] = field(default_factory=list)
    segments: list[SegmentError] = field(default_factory=list)


@dataclass(slots=True)
class Answer:
    """The answer to one group of X12, or to one interchange of EDIFACT.

    Attributes:
        kind: functional identifier of the group (AK101); empty for EDIFACT.
        control: control number of the group or interchange.
        status: what became of it.
        version: version of the group (AK103), where it is told.
        sender: who sent what is answered, as it stood there; EDIFACT only.
        receiver: to whom it was sent; EDIFACT only.
        codes: the standard's codes: AK905 and on (data element 716), UCI (0085).
        messages: answers to messages; CONTRL may leave out those that were accepted.
        included: messages that the group says to have (AK902); -1 where it is not told.
        received: messages that were received (AK903); -1 where it is not told.
        accepted: messages that were accepted (AK904); -1 where it is not told.
    """

    kind: str
    control: str
    status: Status
    version: str = ""
    sender: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    codes: list[str] = field(default_factory=list)
    messages: list[MessageAnswer] = field(default_factory=list)
    included: int = -1
    received: int = -1
    accepted: int = -1


@dataclass(frozen=True, slots=True)
class Codes:
    """The standard's code for each of our rules; `other` for all that are not listed.

    Attributes:
        message: of errors of a message.
        group: of errors of the group (X12) or interchange (EDIFACT).
        segment: of errors of a segment.
        other: of a message, group and segment with any other error.
    """

    message: dict[str, str]
    group: dict[str, str]
    segment: dict[str, str]
    other: tuple[str, str, str]


#: X12 data elements 718 (AK502), 716 (AK905), 720 (AK304).
X12_CODES = Codes(
    {rules.END.code: "2", rules.CONTROL.code: "3", rules.COUNT.code: "4"},
    {rules.END.code: "3", rules.CONTROL.code: "4", rules.COUNT.code: "5"},
    {rules.TAG.code: "1", rules.ORDER.code: "2"},
    ("5", "", "8"),
)
#: EDIFACT data element 0085: missing, references do not match, control count does not match, invalid characters,
#: invalid value.
_EDIFACT = {
    rules.END.code: "13",
    rules.CONTROL.code: "28",
    rules.COUNT.code: "29",
    rules.CHARACTERS.code: "21",
}
EDIFACT_CODES = Codes(_EDIFACT, _EDIFACT, _EDIFACT, ("12", "12", "12"))


def survey(stream: BinaryIO, name: str, findings: Findings, encoding: str = "") -> list[Envelope]:
    """The envelopes of an X12 or EDIFACT file, checked as far as it can be read; no mapping is needed.

    Args:
        stream: the file.
        name: its name.
        findings: takes what is wrong.
        encoding: encoding to read with; empty for UTF-8 (X12) or what UNB declares.
    """
    head = stream.read(16)
    stream.seek(0)
    if edifact_syntax.is_interchange(head):
        envelopes = Envelopes(EDIFACT, name, findings)
        segments = edifact_syntax.segments(stream, name, encoding)
    else:
        envelopes = Envelopes(X12, name, findings)
        segments = x12_syntax.segments(stream, name, encoding or "utf-8")
    try:
        for _ in envelopes.messages(segments):
            pass
    except (InputError, LimitExceeded) as error:
        findings.add(error.finding)
        envelopes.abandon(segment_number(error.finding.where))
    return envelopes.interchanges


def answers(
    interchanges: Iterable[Envelope],
    findings: Iterable[Finding] = (),
    wrong: Status = Status.REJECTED,
) -> Iterator[Answer]:
    """The answers to what was read: one for each X12 group, one for each EDIFACT interchange.

    Args:
        interchanges: what was read, from `survey`.
        findings: what a conversion found; those that name a segment count for its message.
        wrong: what becomes of a message with errors.
    """
    known = list(interchanges)
    # What is wrong with an interchange or group is not told of the message in which it was noticed.
    outer = [one for around in known for one in (around, *around.inside) if one.level.name != "message"]
    told = {(one.code, one.segment) for around in outer for one in around.problems}
    errors = [one for one in findings if one.severity is Severity.ERROR and segment_number(one.where)]
    errors = [one for one in errors if (one.code, segment_number(one.where)) not in told]
    for interchange in known:
        if interchange.head.tag == "ISA":
            for group in interchange.inside:
                yield _answer(group, list(group.inside), errors, wrong, X12_CODES)
        else:
            messages = [one for one in interchange.inside if one.level.name == "message"]
            messages += [two for one in interchange.inside if one.level.name == "group" for two in one.inside]
            yield _answer(interchange, messages, errors, wrong, EDIFACT_CODES)


def _answer(envelope: Envelope, messages: list[Envelope], errors: list[Finding], wrong: Status, codes: Codes) -> Answer:
    head = envelope.head
    x12 = head.tag == "GS"
    found = [_message(one, envelope if x12 else None, errors, wrong, codes) for one in messages]
    own = [codes.group.get(one.code, codes.other[1]) for one in envelope.problems]
    refused = [one for one in found if one.status is Status.REJECTED]
    status = Status.ACCEPTED
    if own or (refused and len(refused) == len(found)):
        status = wrong
    elif refused or any(one.status is Status.ACCEPTED_WITH_ERRORS for one in found):
        status = Status.ACCEPTED_WITH_ERRORS
    return Answer(
        kind=head.value(1) if x12 else "",
        control=envelope.control,
        status=status,
        version=head.value(8) if x12 else "",
        sender=() if x12 else head.parts(2),
        receiver=() if x12 else head.parts(3),
        codes=[code for code in dict.fromkeys(own) if code],
        messages=found,
        included=whole(envelope.declared, len(found)),
        received=len(found),
        accepted=0 if own and wrong is Status.REJECTED else len(found) - len(refused),
    )


def _message(
    message: Envelope, group: Envelope | None, errors: list[Finding], wrong: Status, codes: Codes
) -> MessageAnswer:
    start = message.head.number
    problems = {(one.code, one.segment): one.tag for one in message.problems}
    for error in errors:
        number = segment_number(error.where)
        # A message that was never closed has everything behind it.
        if number >= start and (number <= message.last or not message.declared):
            problems.setdefault((error.code, number), segment_tag(error.where))
    own: list[str] = []
    places: dict[tuple[int, str], str] = {}
    for (code, number), tag in problems.items():
        own.append(codes.message.get(code, codes.other[0]))
        if code not in codes.message:
            place = (number - start + 1, codes.segment.get(code, codes.other[2]))
            places[place] = places.get(place) or tag
    return MessageAnswer(
        kind=message.kind,
        control=message.control,
        status=wrong if problems else Status.ACCEPTED,
        version=message.version(group),
        codes=list(dict.fromkeys(own)),
        segments=[SegmentError(at, tag, code=code) for (at, code), tag in sorted(places.items())],
    )
