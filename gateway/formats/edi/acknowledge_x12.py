"""The X12 functional acknowledgements 997 and 999: bytes in, answers out, and back (ASC X12 004010, 005010)."""

from __future__ import annotations

import io
from collections.abc import Sequence

from gateway.errors import InputError
from gateway.findings import Finding, Findings
from gateway.formats.edi import rules, x12_syntax
from gateway.formats.edi.acknowledge import Answer, ElementError, MessageAnswer, SegmentError, Status
from gateway.formats.edi.envelope import X12, Envelopes
from gateway.formats.edi.segments import Segment, segment_place, whole
from gateway.formats.edi.x12_interchange import Part, interchange, separators, texts
from gateway.formats.edi.x12_settings import Frame

#: AK501, IK501 (data element 717) and AK901 (715).
_STATUS = {
    "A": Status.ACCEPTED,
    "E": Status.ACCEPTED_WITH_ERRORS,
    "P": Status.ACCEPTED_WITH_ERRORS,
    "R": Status.REJECTED,
    "M": Status.REJECTED,
    "W": Status.REJECTED,
    "X": Status.REJECTED,
}
_CODES = {Status.ACCEPTED: "A", Status.ACCEPTED_WITH_ERRORS: "E", Status.REJECTED: "R"}
#: The 999 has other tags for the same segments.
_TAGS_999 = {"AK3": "IK3", "AK4": "IK4", "AK5": "IK5"}
_TAGS_997 = {new: old for old, new in _TAGS_999.items()}
_KINDS = ("997", "999")
_MOST = 5  # codes in AK5 and AK9


def read(data: bytes, findings: Findings, name: str = "") -> list[Answer]:
    """The answers in 997 and 999 messages; other messages are reported.

    Args:
        data: an X12 file.
        findings: takes what is wrong with its envelopes.
        name: name of the file.

    Raises:
        InputError: it is no X12, or an answer has no status that is known.
        LimitExceeded: a segment is longer than any real one.
    """
    out: list[Answer] = []
    reported: set[int] = set()
    segments = x12_syntax.segments(io.BytesIO(data), name)
    for inside, segment in Envelopes(X12, name, findings).messages(segments):
        kind = inside.message.kind
        if kind in _KINDS:
            _take(out, segment, name)
        elif inside.message.head.number not in reported:
            reported.add(inside.message.head.number)
            where = segment_place(name, inside.message.head.number)
            message = f"the message {inside.message.control} is of type {kind}, no answer"
            findings.report(rules.NOT_READ, message, where=where, value=kind, expected=" or ".join(_KINDS))
    return out


def _take(out: list[Answer], segment: Segment, name: str) -> None:
    tag = _TAGS_997.get(segment.tag, segment.tag)
    if tag == "AK1":
        out.append(Answer(segment.value(1), segment.value(2), Status.RECEIVED, segment.value(3)))
        return
    if not out:
        raise InputError(_wrong(segment, name, "AK1 before it"))
    answer = out[-1]
    if tag == "AK2":
        answer.messages.append(MessageAnswer(segment.value(1), segment.value(2), Status.RECEIVED, segment.value(3)))
    elif tag == "AK9":
        answer.status = _status(segment, name)
        answer.included, answer.received, answer.accepted = (whole(segment.value(n)) for n in (2, 3, 4))
        answer.codes = _codes(segment, 5)
    elif tag in ("AK3", "AK4", "AK5"):
        if not answer.messages or (tag == "AK4" and not answer.messages[-1].segments):
            raise InputError(_wrong(segment, name, "AK2 and AK3 before it"))
        _take_detail(answer.messages[-1], tag, segment, name)


def _take_detail(message: MessageAnswer, tag: str, segment: Segment, name: str) -> None:
    if tag == "AK3":
        position = whole(segment.value(2))
        message.segments.append(SegmentError(position, segment.value(1), segment.value(3), segment.value(4)))
    elif tag == "AK4":
        place = (whole(segment.value(1)), max(whole(segment.value(1, 2)), 0))
        error = ElementError(*place, segment.value(3), segment.value(2), segment.value(4))
        message.segments[-1].elements.append(error)
    else:
        message.status = _status(segment, name)
        message.codes = _codes(segment, 2)


def _status(segment: Segment, name: str) -> Status:
    found = _STATUS.get(segment.value(1))
    if found is None:
        raise InputError(_wrong(segment, name, ", ".join(_STATUS)))
    return found


def _codes(segment: Segment, first: int) -> list[str]:
    return [code for number in range(first, first + _MOST) if (code := segment.value(number))]


def _wrong(segment: Segment, name: str, expected: str) -> Finding:
    message = f"{segment.tag} of the answer cannot be understood: {segment.value(1)!r}"
    where = segment_place(name, segment.number)
    return Finding.of(rules.ANSWER, message, where=where, value=segment.value(1), expected=expected)


def written(answers: Sequence[Answer], about: Frame, kind: str = "997") -> bytes:
    """Answers as one interchange, one message for each.

    Args:
        answers: the answers.
        about: sender, receiver, control numbers, day and minute of the interchange; ``about.version`` is that of the
            answer, e.g. ``005010`` for a 997, ``005010X231A1`` for a 999.
        kind: 997 or 999.

    Raises:
        ValueError: a value holds a character that X12 does not have, no separators are left, or something is only
            received, for which X12 has no code.
    """
    messages = [list(_parts(answer)) for answer in answers]
    tags = _TAGS_999 if kind == "999" else {}
    sets: list[list[Part]] = [[(tags.get(tag, tag), values) for tag, values in parts] for parts in messages]
    marks = separators(
        [*texts(sets), *about.sender, *about.receiver, about.group_sender, about.group_receiver], about.separators
    )
    if isinstance(marks, str):
        message = f"separators stand in values: {marks!r}"
        raise ValueError(message)  # noqa: TRY004 - a str is what `separators` gives when there are none
    return "".join(interchange(about, "FA", kind, sets, marks)).encode("ascii")


def _parts(answer: Answer) -> list[Part]:
    if Status.RECEIVED in {answer.status, *(message.status for message in answer.messages)}:
        message = f"the answer to {answer.control} does not say what became of everything"
        raise ValueError(message)
    parts: list[Part] = [("AK1", (answer.kind, answer.control, answer.version))]
    for one in answer.messages:
        parts.append(("AK2", (one.kind, one.control)))
        for segment in one.segments:
            parts.append(("AK3", (segment.tag, str(segment.position), segment.loop, segment.code)))
            for error in segment.elements:
                place = (str(error.element), str(error.component) if error.component else "")
                parts.append(("AK4", (place, error.reference, error.code, error.value)))
        parts.append(("AK5", (_CODES[one.status], *one.codes[:_MOST])))
    counts = [str(max(number, 0)) for number in (answer.included, answer.received, answer.accepted)]
    partial = answer.status is Status.ACCEPTED_WITH_ERRORS and 0 <= answer.accepted < answer.received
    parts.append(("AK9", ("P" if partial else _CODES[answer.status], *counts, *answer.codes[:_MOST])))
    return parts
