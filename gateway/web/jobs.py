"""Capture jobs: what became of a document, as GS1 EPCIS 2.0 says it (OpenAPI ``CaptureJob``, XSD ``EPCISCaptureJob``).

The gateway captures a document when it has read it and found it valid for all of its receivers. Delivering it
afterwards is the gateway's own matter and no part of the job. All events are taken or none (``rollback``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from gateway.exchange.received import Received
from gateway.exchange.tables import FindingRow, Message, State
from gateway.web.problems import EPCIS

#: Errors that a job names; more are counted.
MOST_ERRORS = 100
BEHAVIOUR = "rollback"
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
        errors: problems as RFC 7807 defines them.
    """

    id: str
    running: bool
    success: bool
    created: str
    finished: str
    errors: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with the names of the OpenAPI description."""
        return {
            "captureID": self.id,
            "createdAt": self.created,
            **({"finishedAt": self.finished} if self.finished else {}),
            "running": self.running,
            "success": self.success,
            "captureErrorBehaviour": BEHAVIOUR,
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
        parts = [("captureErrorBehaviour", BEHAVIOUR), ("createdAt", self.created)]
        parts += [("finishedAt", self.finished)] if self.finished else []
        body = "".join(_element(name, text) for name, text in parts)
        problems = "".join(f"<error>{_problem(problem)}</error>" for problem in self.errors)
        errors = f"<errors>{problems}</errors>" if problems else ""
        element = f"<epcis:EPCISCaptureJob {head}>{body}{errors}</epcis:EPCISCaptureJob>"
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{element}\n'


def job(message: Message, received: Received) -> Job:
    """The capture job of a message."""
    state = State(message.state)
    if state in _AT_WORK:
        return Job(message.id, True, True, message.received_at, "")
    if state in (State.DELIVERING, State.DONE, State.DUPLICATE):
        return Job(message.id, False, True, message.received_at, message.closed_at)
    if state is State.FAILED and received.passed(message.id):
        # It was captured. That a receiver does not take it is between him and us.
        return Job(message.id, False, True, message.received_at, message.closed_at)
    errors = tuple(_error(finding) for finding in received.errors(message.id, MOST_ERRORS + 1))
    if len(errors) > MOST_ERRORS:
        errors = (*errors[:MOST_ERRORS], _words(_BAD, f"There are more errors than these {MOST_ERRORS}."))
    if not errors and state is State.REFUSED:
        errors = (_words(_BAD, "The document cannot be passed on to its receivers without losing something of it."),)
    elif not errors:
        errors = (_words(_OURS, "The gateway could not process the document; its operator sees why."),)
    return Job(message.id, False, False, message.received_at, message.closed_at, errors)


def _error(finding: FindingRow) -> dict[str, Any]:
    place = ", ".join(f"{name} {value}" for name, value in finding.where.items() if name != "file")
    text = f"{finding.code}: {finding.text}" + (f" ({place})" if place else "")
    return _words(_BAD, f"{text}. {finding.hint}" if finding.hint else text)


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
