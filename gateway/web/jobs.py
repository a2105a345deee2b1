"""Capture jobs: what became of a document, as GS1 EPCIS 2.0 says it (OpenAPI ``CaptureJob``, XSD ``EPCISCaptureJob``).

The gateway captures an event when it has read it and found it valid for all of its receivers. Delivering it afterwards
is the gateway's own matter and no part of the job. All events of a document are taken or none (``rollback``), or those
that are valid (``proceed``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from gateway.exchange.archive.store import Archive
from gateway.exchange.ledger.left_out import PROCEED, lines
from gateway.exchange.ledger.received import Received
from gateway.exchange.ledger.tables import FindingRow, Message, State
from gateway.web.problems import EPCIS

#: Errors that a job names; more are counted.
MOST_ERRORS = 100
#: Errors of a refused document that are given where all are asked for; the ledger keeps 1,000 for each receiver.
MOST_IN_FILE = 10_000
ERRORS = "errors"
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
        more: whether there are more errors than these; `errors_of` gives them all.
    """

    id: str
    running: bool
    success: bool
    created: str
    finished: str
    behaviour: str
    errors: tuple[dict[str, Any], ...] = ()
    more: bool = False

    def as_dict(self, url: str = "") -> dict[str, Any]:
        """For JSON, with the names of the OpenAPI description.

        Args:
            url: where the job is, for the address of its ``errorFile`` where it needs one.
        """
        return {
            "captureID": self.id,
            "createdAt": self.created,
            **({"finishedAt": self.finished} if self.finished else {}),
            "running": self.running,
            "success": self.success,
            "captureErrorBehaviour": self.behaviour,
            "errors": list(self.errors),
            **({"errorFile": f"{url}/{ERRORS}"} if self.more and url else {}),
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
    errors: list[dict[str, Any]] = []
    if first.left_out or not (at_work or captured):
        errors = _errors(first, received, whole=not captured)
    more = len(errors) > MOST_ERRORS
    if more:
        errors[MOST_ERRORS:] = [
            _words(_BAD, f"There are more errors than these {MOST_ERRORS}: see /capture/{message.id}/{ERRORS}.")
        ]
    finished = "" if at_work else max(message.received_at, received.captured_at(first.id) or first.closed_at)
    behaviour = message.error_behaviour or ROLLBACK
    return Job(message.id, at_work, not errors, message.received_at, finished, behaviour, tuple(errors), more)


def errors_of(message: Message, received: Received, archive: Archive) -> Iterator[dict[str, Any]]:
    """All errors of a job: of wrong events that were left out as many as were kept, of others as the ledger has."""
    first = received.first(message)
    if not first.left_out:
        yield from (_of_row(row) for row in received.errors(first.id, MOST_IN_FILE))
        return
    for line in lines(archive, received.lists(first.id)):
        for found in line["findings"]:
            yield _error(found["code"], found["message"], found["where"], found["hint"], line["eventID"])
        if line["errors"] > len(line["findings"]):
            yield _words(_BAD, f"Event {line['event']} has {line['errors'] - len(line['findings'])} errors more.")


def _errors(message: Message, received: Received, *, whole: bool) -> list[dict[str, Any]]:
    """What is wrong, one error more than a job may name; `whole`: so that nothing of the document was captured."""
    found = [_of_row(finding) for finding in received.errors(message.id, MOST_ERRORS + 1)]
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
    return found


def _of_row(row: FindingRow) -> dict[str, Any]:
    return _error(row.code, row.text, row.where, row.hint, row.event_id)


def _error(code: str, text: str, where: Mapping[str, Any], hint: str, event_id: str) -> dict[str, Any]:
    places = [f"{name} {value}" for name, value in where.items() if name != "file"]
    place = ", ".join([*places, *([f"eventID {event_id}"] if event_id else [])])
    text = f"{code}: {text}" + (f" ({place})" if place else "")
    problem = _words(_BAD, f"{text}. {hint}" if hint else text)
    # Members of our own, as RFC 7807, 3.2, allows them.
    more = {"code": code, "event": where.get("event"), "eventID": event_id}
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
