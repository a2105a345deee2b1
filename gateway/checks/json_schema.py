"""EPCIS JSON documents against a JSON Schema: block by block, in memory that does not grow with the document.

A schema describes whole documents, and a document may be larger than memory. So the frame is checked with an empty
event list, and the events block by block inside a small frame of our own that is known to be good. The first pass
only asks whether a block is valid; that is all that a valid document costs. If it is not, a second pass counts lines
and explains each error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, Protocol

import orjson

from gateway.checks import json_schema_rules as rules
from gateway.checks.json_schema_words import explain
from gateway.errors import ConfigurationError, InputError
from gateway.findings import Finding, Findings, Rule, Where, clip
from gateway.sources import Lines

if TYPE_CHECKING:
    import jsonschema_rs

MOST_ERRORS: Final = 1000

_EVENTS: Final = ["epcisBody", "eventList"]
_QUERY_EVENTS: Final = ["epcisBody", "queryResults", "resultsBody", "eventList"]
_FRAME: Final = {
    "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2000-01-01T00:00:00Z",
}


class Cut(Protocol):
    """A document cut into its event list and what stands around it.

    Attributes:
        head: everything up to and including the ``[`` of the event list; ``[`` alone for a bare list of events.
        tail: everything behind the ``]``; complete when the blocks are exhausted.
        closing: brackets that close what is open behind the event list, for a file that is cut short.
        truncated: whether the file ended inside the list.
    """

    head: bytes
    tail: bytes
    closing: bytes
    truncated: bool

    def blocks(self) -> Iterator[Sequence[Any]]:
        """The text of each event, many at a time, in order. What is no event is handed out as it stands."""


#: Opens a document twice: its UTF-8 text from the start, and the cut; bytes are a document without an event list.
Opener = Callable[[], AbstractContextManager[tuple[BinaryIO, Cut | bytes]]]


def check_json(open_document: Opener, schema: Path | JsonSchema, findings: Findings) -> None:
    """Check a document against a schema; what is wrong becomes findings with event number, line and path.

    Args:
        open_document: opens and cuts the document; called twice when something is wrong.
        schema: the schema's file, or a schema that is loaded.
        findings: where errors go.

    Raises:
        ConfigurationError: the schema itself cannot be loaded.
        LimitExceeded: an event is larger, or nested deeper, than the cutter allows.
    """
    loaded = schema if isinstance(schema, JsonSchema) else _loaded(schema)
    with open_document() as (_, cut):
        try:
            sound = _is_valid(cut, loaded)
        except InputError as error:
            findings.add(error.finding)
            return
    if not sound:
        with open_document() as (text, cut):
            _Explainer(loaded, findings, text).run(cut)


class JsonSchema:
    """A schema ready for use.

    Args:
        schema: the schema.
        others: schemas that it refers to, by their addresses.

    Raises:
        ConfigurationError: it is no JSON Schema, or refers to one that is not there.

    Attributes:
        text: the schema as it was read; its titles say in words what is expected.
    """

    def __init__(self, schema: dict[str, Any], others: Iterable[tuple[str, dict[str, Any]]] = ()) -> None:
        import jsonschema_rs  # noqa: PLC0415 - six MiB that only a process needs that checks JSON

        self.text = schema
        try:
            registry = jsonschema_rs.Registry(list(others))
            # Without formats a schema of EPCIS lets bare extension keys and misspelt words pass.
            self._validator = jsonschema_rs.validator_for(
                schema, validate_formats=True, registry=registry, offline=True
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            message = f"the JSON Schema {clip(str(schema.get('$id', '')))} cannot be used: {clip(str(error))}"
            raise ConfigurationError(message) from error

    def is_valid(self, document: Any) -> bool:
        """Whether a document is valid."""
        return self._validator.is_valid(document)

    def errors(self, document: Any) -> Iterator[jsonschema_rs.ValidationError]:
        """What is wrong with a document."""
        return self._validator.iter_errors(document)


@lru_cache(maxsize=8)
def _loaded(path: Path) -> JsonSchema:
    try:
        schema = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        message = f"the schema {path.name} cannot be loaded: {error}"
        raise ConfigurationError(message) from error
    return JsonSchema(schema)


class _NotJson(ValueError):
    """A part of the document is no JSON."""


def _decode(data: Any) -> Any:
    """A part of a document; numbers too large for a float are kept exactly."""
    try:
        return orjson.loads(memoryview(data))
    except ValueError:
        pass
    try:
        return json.loads(bytes(data), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _NotJson(str(error)) from error


def _refuse(text: str) -> NoReturn:
    message = f"{text} is no JSON"
    raise _NotJson(message)


def _frame(cut: Cut) -> Any:
    """The document with an empty event list."""
    return _decode(cut.head + (cut.closing if cut.truncated else b"]" + cut.tail))


def _framed(events: list[Any]) -> dict[str, Any]:
    return {**_FRAME, "epcisBody": {"eventList": events}}


def _is_bare_list(cut: Cut) -> bool:
    return cut.head.strip() == b"["


def _is_valid(cut: Cut | bytes, schema: JsonSchema) -> bool:
    try:
        if isinstance(cut, bytes):
            return schema.is_valid(_decode(cut))
        bare = _is_bare_list(cut)
        for pieces in cut.blocks():
            if not _are_valid(pieces, schema, bare=bare):
                return False
        return not cut.truncated and (not cut.tail.strip() if bare else schema.is_valid(_frame(cut)))
    except _NotJson:
        return False


def _are_valid(pieces: Sequence[Any], schema: JsonSchema, *, bare: bool) -> bool:
    """Whether the events of a block are all valid."""
    try:
        events = _decode(b"[" + b",".join(pieces) + b"]")
    except _NotJson:
        return False
    if len(events) != len(pieces):  # what stood between two events looks like an event
        return False
    # Each event of a bare list is a document of its own, with its own @context.
    return all(map(schema.is_valid, events)) if bare else schema.is_valid(_framed(events))


class _Explainer:
    """The second pass over an invalid document."""

    def __init__(self, schema: JsonSchema, findings: Findings, text: BinaryIO) -> None:
        self._schema = schema
        self._findings = findings
        self._lines = Lines(text)
        self._room = MOST_ERRORS

    def run(self, cut: Cut | bytes) -> None:
        """Find and report all errors."""
        if isinstance(cut, bytes):
            self._part(cut, (), Where(event=1 if b'"eventTime"' in cut else 0))
            return
        bare = _is_bare_list(cut)
        self._events(cut, bare=bare)
        if self._room <= 0:
            return
        if bare:
            if cut.tail.strip():
                self._not_json("something stands behind the list", Where(line=self._lines.number))
            return
        try:
            frame = _frame(cut)
        except _NotJson as error:
            self._not_json(str(error), Where())
        else:
            self._report(frame, (), Where())

    def _events(self, cut: Cut, *, bare: bool) -> None:
        around: Sequence[str] = () if bare else _QUERY_EVENTS if b'"queryResults"' in cut.head else _EVENTS
        self._lines.skip(len(cut.head))
        number = 0
        for pieces in cut.blocks():
            sound = _are_valid(pieces, self._schema, bare=bare)
            for piece in pieces:
                number += 1
                where = Where(line=self._lines.of(bytes(piece)), event=number)
                if not sound:
                    self._part(piece, (*around, number - 1), where, framed=not bare)
                if self._room <= 0:
                    self._add(Finding.of(rules.TOO_MANY, f"more than {MOST_ERRORS} errors", where=where))
                    return
        if cut.truncated:
            self._not_json("the file ends inside the event list", Where(line=self._lines.number, event=number))

    def _part(self, text: Any, at: Sequence[str | int], where: Where, *, framed: bool = False) -> None:
        try:
            value = _decode(text)
        except _NotJson as error:
            self._not_json(str(error), where, bytes(text))
            return
        self._report(_framed([value]) if framed else value, at, where, inside=len(_EVENTS) + 1 if framed else 0)

    def _report(self, value: Any, at: Sequence[str | int], where: Where, inside: int = 0) -> None:
        """Report what is wrong with a value; `at` is its place, which replaces the first `inside` steps of paths."""
        if self._schema.is_valid(value):
            return
        said: set[tuple[str, str, tuple[str | int, ...]]] = set()
        for error in self._schema.errors(value):
            for fault in explain(error, self._schema.text):
                # Schemas that say a thing in several places say so as often; once is enough.
                key = (fault.rule.code, fault.expected if fault.rule is rules.MISSING else "", fault.path)
                if key in said:
                    continue
                said.add(key)
                path = path_of((*at, *fault.path[inside:]))
                place = Where(line=where.line, event=where.event, path=path)
                self._add(
                    Finding.of(fault.rule, fault.message, where=place, value=fault.value, expected=fault.expected)
                )

    def _not_json(self, reason: str, where: Where, text: bytes = b"") -> None:
        value = text[:200].decode("utf-8", "replace")
        self._add(_finding(rules.NOT_JSON, f"this part is no JSON: {reason}", where, value))

    def _add(self, finding: Finding) -> None:
        self._room -= 1
        self._findings.add(finding)


def _finding(rule: Rule, message: str, where: Where, value: str) -> Finding:
    return Finding.of(rule, message, where=where, value=value)


def path_of(steps: Iterable[str | int]) -> str:
    """A path as readers write it: ``$.epcisBody.eventList[2].action``."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
