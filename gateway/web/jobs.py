"""Capture jobs: what became of a document, as GS1 EPCIS 2.0 says it (OpenAPI ``CaptureJob``, XSD ``EPCISCaptureJob``).

The gateway captures an event when it has read it and found it valid for all of its receivers. Delivering it afterwards
is the gateway's own matter and no part of the job. All events of a document are taken or none (``rollback``), or those
that are valid (``proceed``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from gateway.exchange.left_out import PROCEED
from gateway.exchange.received import Received
from gateway.exchange.tables import FindingRow, Message, State
from gateway.web.problems import EPCIS

#: Errors that a job names; more are counted.
MOST_ERRORS = 100
ROLLBACK = "rollback"
NAMESPACE = "urn:epcglobal:epcis:xsd:2"

_AT_WORK = frozenset({State.RECEIVED, State.CONVERTING})
_BAD = 400
_OURS = 500


@dataclass(frozen=True, slots=True)
class Job:
    """A capture job.

    Attributes:
        id: its ``captureID``: the message's id.
        running: whether the document is still being read and checked.
        success: whether no error was found so far.
        created: when the document came in.
        finished: when reading and checking ended, empty while it goes on or where that is not known.
        behaviour: ``rollback`` or ``proceed``.
        errors: problems as RFC 7807 defines them.
    """

    id: str
    running: bool
    success: bool
    created: str
    finished: str
    behaviour: str
    errors: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with the names of the OpenAPI description."""
        return {
            "captureID": self.id,
            "createdAt": self.created,
            **({"finishedAt": self.finished} if self.finished else {}),
            "running": self.running,
            "success": self.success,
            "captureErrorBehaviour": self.behaviour,
            "errors": list(self.errors),
        }

    def as_xml(self) -> str:
        """For XML, in the order of the XSD."""
        head = " ".join(
            (
                f'xmlns:epcis="{NAMESPACE}"',
                f'running="{str(self.running).lower()}"',
                f'success="{str(self.success).lower()}"',
                f"captureID={quoteattr(self.id)}",
            )
        )
        parts = [("captureErrorBehaviour", self.behaviour), ("createdAt", self.created)]
        parts += [("finishedAt", self.finished)] if self.finished else []
        body = "".join(_element(name, text) for name, text in parts)
        problems = "".join(f"<error>{_problem(problem)}</error>" for problem in self.errors)
        errors = f"<errors>{problems}</errors>" if problems else ""
        element = f"<epcis:EPCISCaptureJob {head}>{body}{errors}</epcis:EPCISCaptureJob>"
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{element}\n'


def job(message: Message, received: Received) -> Job:
    """The capture job of a message; a duplicate's goes as that of the message which brought its bytes first."""
    first = received.first(message)
    state = State(first.state)
    at_work = state in _AT_WORK
    # That a receiver does not take what was captured is between him and us.
    captured = state in (State.DELIVERING, State.AWAITING, State.DONE) or (
        state in (State.FAILED, State.CANCELLED) and received.passed(first.id)
    )
    errors: tuple[dict[str, Any], ...] = ()
    if first.left_out or not (at_work or captured):
        errors = _errors(first, received, whole=not captured)
    finished = "" if at_work else max(message.received_at, received.captured_at(first.id) or first.closed_at)
    behaviour = message.error_behaviour or ROLLBACK
    return Job(message.id, at_work, not errors, message.received_at, finished, behaviour, errors)


def _errors(message: Message, received: Received, *, whole: bool) -> tuple[dict[str, Any], ...]:
    """What is wrong; `whole`: so that nothing of the document was captured."""
    found = [_error(finding) for finding in received.errors(message.id, MOST_ERRORS + 1)]
    if len(found) > MOST_ERRORS:
        found[MOST_ERRORS:] = [_words(_BAD, f"There are more errors than these {MOST_ERRORS}.")]
    state = State(message.state)
    if not found and state is State.REFUSED:
        text = "The document cannot be passed on to its receivers without losing something of it."
        found = [_words(_BAD, message.reason if message.duplicate_of else text)]
    elif not found and state is State.CANCELLED:
        found = [_words(_OURS, "The operator of the gateway has ended the job.")]
    elif not found:
        found = [_words(_OURS, "The gateway could not process the document; its operator sees why.")]
    elif whole and message.error_behaviour == PROCEED:
        found.insert(0, _words(_BAD, "Nothing of the document was captured."))
    return tuple(found)


def _error(finding: FindingRow) -> dict[str, Any]:
    place = ", ".join(f"{name} {value}" for name, value in finding.where.items() if name != "file")
    if finding.event_id:
        place += f", eventID {finding.event_id}"
    text = f"{finding.code}: {finding.text}" + (f" ({place})" if place else "")
    problem = _words(_BAD, f"{text}. {finding.hint}" if finding.hint else text)
    # Members of our own, as RFC 7807, 3.2, allows them.
    more = {"code": finding.code, "event": finding.where.get("event"), "eventID": finding.event_id}
    return problem | {name: value for name, value in more.items() if value}


def _words(status: int, detail: str) -> dict[str, Any]:
    kind, title = EPCIS[status]
    if status == _BAD:
        title = "EPCIS Event Validation Failure"
    return {"type": kind, "title": title, "status": status, "detail": detail}


def _problem(problem: dict[str, Any]) -> str:
    return "".join(_element(name, str(problem[name])) for name in ("type", "title", "status", "detail"))


def _element(name: str, text: str) -> str:
    clean = "".join(character if character.isprintable() else " " for character in text)
    return f"<{name}>{escape(clean)}</{name}>"
