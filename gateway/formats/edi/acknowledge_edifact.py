"""The EDIFACT syntax and service report CONTRL: bytes in, answers out, and back (ISO 9735-4, syntax version 3)."""

from __future__ import annotations

import io
from dataclasses import dataclass

from gateway.errors import InputError
from gateway.findings import Finding, Findings
from gateway.formats.edi import edifact_syntax, rules
from gateway.formats.edi.acknowledge import Answer, ElementError, MessageAnswer, SegmentError, Status
from gateway.formats.edi.edifact_syntax import ENCODINGS, Separators
from gateway.formats.edi.envelope import EDIFACT, Envelopes
from gateway.formats.edi.segments import Segment, segment_place, whole

#: Action codes (data element 0083): this level and all lower rejected; this level acknowledged; interchange received.
_STATUS = {"4": Status.REJECTED, "7": Status.ACCEPTED, "8": Status.RECEIVED}
_CODES = {Status.REJECTED: "4", Status.ACCEPTED: "7", Status.ACCEPTED_WITH_ERRORS: "7", Status.RECEIVED: "8"}
_VERSION = ("D", "3", "UN")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What UNB and UNH of an answer say; nothing of it is invented here.

    Attributes:
        sender: components of S002.
        receiver: components of S003.
        day: YYMMDD.
        minute: HHMM.
        control: interchange control reference (0020).
        message: message reference number (0062) of the first message; the next have the next number.
        charset: syntax identifier (0001).
    """

    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    day: str
    minute: str
    control: str
    message: int = 1
    charset: str = "UNOC"


def read(data: bytes, findings: Findings, name: str = "") -> list[Answer]:
    """The answers in CONTRL messages; other messages are reported.

    Args:
        data: an EDIFACT file.
        findings: takes what is wrong with its envelopes.
        name: name of the file.

    Raises:
        InputError: it is no EDIFACT, or an answer has no action code that is known.
        LimitExceeded: a segment is longer than any real one.
    """
    out: list[Answer] = []
    reported: set[int] = set()
    segments = edifact_syntax.segments(io.BytesIO(data), name)
    for inside, segment in Envelopes(EDIFACT, name, findings).messages(segments):
        kind = inside.message.kind
        if kind == "CONTRL":
            _take(out, segment, name)
        elif inside.message.head.number not in reported:
            reported.add(inside.message.head.number)
            where = segment_place(name, inside.message.head.number)
            message = f"the message {inside.message.control} is of type {kind}, no answer"
            findings.report(rules.NOT_READ, message, where=where, value=kind, expected="CONTRL")
    for answer in out:
        for one in answer.messages:
            if one.status is Status.ACCEPTED and one.segments:
                one.status = Status.ACCEPTED_WITH_ERRORS
        if answer.status is Status.ACCEPTED and any(one.status is not Status.ACCEPTED for one in answer.messages):
            answer.status = Status.ACCEPTED_WITH_ERRORS
    return out


def _take(out: list[Answer], segment: Segment, name: str) -> None:
    if segment.tag == "UCI":
        status = _status(segment, 4, name)
        answer = Answer("", segment.value(1), status, sender=segment.parts(2), receiver=segment.parts(3))
        answer.codes = [code for code in (segment.value(5),) if code]
        out.append(answer)
        return
    if segment.tag not in ("UCM", "UCS", "UCD"):
        return
    messages = out[-1].messages if out else []
    if not out or (segment.tag != "UCM" and not messages) or (segment.tag == "UCD" and not messages[-1].segments):
        raise InputError(_wrong(segment, name, segment.value(1), "UCI, UCM and UCS before it"))
    if segment.tag == "UCM":
        version = segment.value(2, 2) + segment.value(2, 3)
        message = MessageAnswer(segment.value(2, 1), segment.value(1), _status(segment, 3, name), version)
        message.codes = [code for code in (segment.value(4),) if code]
        messages.append(message)
    elif segment.tag == "UCS":
        messages[-1].segments.append(SegmentError(whole(segment.value(1)), code=segment.value(2)))
    else:
        place = (whole(segment.value(2, 1)), max(whole(segment.value(2, 2)), 0))
        messages[-1].segments[-1].elements.append(ElementError(*place, segment.value(1)))


def _status(segment: Segment, element: int, name: str) -> Status:
    found = _STATUS.get(segment.value(element))
    if found is None:
        raise InputError(_wrong(segment, name, segment.value(element), ", ".join(_STATUS)))
    return found


def _wrong(segment: Segment, name: str, value: str, expected: str) -> Finding:
    message = f"{segment.tag} of the answer cannot be understood: {value!r}"
    return Finding.of(rules.ANSWER, message, where=segment_place(name, segment.number), value=value, expected=expected)


def written(answers: list[Answer], about: Envelope) -> bytes:
    """Answers as one interchange, one CONTRL for each.

    Raises:
        UnicodeEncodeError: a value is not in the character set.
    """
    marks = Separators()
    put = edifact_syntax.written
    head = [(about.charset, "3"), about.sender, about.receiver, (about.day, about.minute), about.control]
    out = ["UNA:+.? '", put("UNB", head, marks)]
    for number, answer in enumerate(answers, about.message):
        segments = [put("UNH", [str(number), ("CONTRL", *_VERSION)], marks), *_segments(answer, marks)]
        out += [*segments, put("UNT", [str(len(segments) + 1), str(number)], marks)]
    out.append(put("UNZ", [str(len(answers)), about.control], marks))
    return "".join(out).encode(ENCODINGS[about.charset])


def _segments(answer: Answer, marks: Separators) -> list[str]:
    put = edifact_syntax.written
    code = answer.codes[0] if answer.codes else ""
    out = [put("UCI", [answer.control, answer.sender, answer.receiver, _CODES[answer.status], code], marks)]
    for message in answer.messages:
        if message.status is Status.ACCEPTED:
            continue  # action code 7 of the interchange says so
        # A message with errors in its segments is described by them alone.
        code = "" if message.segments or not message.codes else message.codes[0]
        identifier = (message.kind, message.version[:1], message.version[1:], "UN")
        out.append(put("UCM", [message.control, identifier, _CODES[message.status], code], marks))
        for segment in message.segments:
            own = "" if segment.elements else segment.code
            out.append(put("UCS", [str(segment.position), own], marks))
            for error in segment.elements:
                place = (str(error.element), str(error.component) if error.component else "")
                out.append(put("UCD", [error.code, place], marks))
    return out
