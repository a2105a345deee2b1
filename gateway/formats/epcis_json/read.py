"""Reads EPCIS 2.0 JSON-LD: documents, query documents, single events, lists of events.

A large file is passed over twice: once to find what stands around the events, which may stand behind them, and once
for the events; where its end looks plain, the first pass is spared (`gateway.formats.epcis_json.ending`). Memory
stays flat: a block of the file and its events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.epcis.batches import Batches
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.errors import GatewayError, InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.epcis_json import names, rules
from gateway.formats.epcis_json.blocks import BLOCK, Block, Events, open_events
from gateway.formats.epcis_json.cbv_urns import CbvUrns
from gateway.formats.epcis_json.ending import plain_ending
from gateway.formats.epcis_json.json_text import BadJson, fatal, load
from gateway.formats.epcis_json.json_to_tree import to_text
from gateway.formats.epcis_json.read_event import EventReader
from gateway.formats.epcis_json.read_fast import FastReader
from gateway.formats.epcis_json.read_header import document_scope, namespaces, read_frame
from gateway.formats.epcis_json.read_parts import WrongValue
from gateway.formats.epcis_json.unicode import open_utf8
from gateway.sources import Source

DOCUMENT: Final = "EPCISDocument"
QUERY_DOCUMENT: Final = "EPCISQueryDocument"
_KEPT: Final = 8 << 20
"""Inputs up to this size are cut once and kept."""


def read(source: Source, context: Context, block: int = BLOCK) -> Document:
    """Read a document; its events are read when they are asked for.

    Raises:
        InputError: the input is no EPCIS 2.0 JSON, or its frame is broken.
        LimitExceeded: it is larger, or nested deeper, than the limits allow.
    """
    if source.size > context.limits.input_bytes:
        message = f"the input is larger than {context.limits.input_bytes} bytes"
        raise LimitExceeded(Finding.of(rules.LIMIT, message))
    kept: list[Block] | None = [] if source.size <= _KEPT else None
    with open_utf8(source, context) as stream:
        found = open_events(stream, context.limits, block)
        if isinstance(found, bytes):
            return _without_list(found, context)
        # What is packed, or recoded on the way, can only be read from the front.
        seekable = source.path is not None and stream.seekable()
        tail = plain_ending(stream, source.size, found) if kept is None and seekable else None
        if tail is not None:
            found.tail = tail
        else:
            found.skip = kept is None
            for found_block in found.blocks():
                if kept is not None:
                    kept.append(found_block)
    if found.head.strip() == b"[":
        return _bare_list(found, source, context, kept, block)
    root = _frame(found)
    _check_type(root)
    try:
        frame = read_frame(root, context)
    except WrongValue as error:
        raise _fatal(error) from error
    document = Document(frame.header, (), frame.body_extensions, frame.event_list_extensions, frame.extensions)
    reader = EventReader(frame.scope, context, document.event_list_extensions.append)
    query = frame.header.query is not None
    path = "$.epcisBody.queryResults.resultsBody.eventList" if query else "$.epcisBody.eventList"
    document.events = Batches(_events(found, source, reader, path, kept, block))
    return document


def _events(
    found: Events, source: Source, reader: EventReader, path: str, kept: list[Block] | None, size: int
) -> Iterator[list[Event]]:
    """The events, block by block; an error of the document is raised behind the events that came before it."""
    context = reader.context
    fast = FastReader(reader.scope, context.limits.epcs_per_event, reader.read, path)
    urns = CbvUrns(context.findings)
    for block in kept if kept is not None else _again(found, source, context, size):
        events: list[Event] = []
        try:
            fast.read(block, events)
        except GatewayError:
            urns.look(events)
            if events:
                yield events
            raise
        urns.look(events)
        if events:
            yield events
    if found.truncated:
        place = f"behind event {fast.number}" if fast.number else "in its first event"
        message = f"the file ends inside the event list, {place}"
        context.findings.report(rules.LATE_HEADER, message, where=Where(event=fast.number))


def _again(before: Events, source: Source, context: Context, block: int) -> Iterator[Block]:
    """The blocks of a large input, in a second pass; what was found out about its end `before` must come true."""
    with open_utf8(source, context, report=False) as stream:
        found = open_events(stream, context.limits, block)
        if isinstance(found, bytes):  # pragma: no cover - the first pass found a list
            return
        for pieces in found.blocks():
            if context.progress is not None:
                context.progress(found.consumed)
            yield pieces
    if found.truncated:
        before.truncated = True
    elif found.tail.strip() != before.tail.strip():
        message = "behind the event list stands more than the end of the file shows"
        raise InputError(Finding.of(rules.BEHIND, message, value=found.tail.strip().decode("utf-8", "replace")))


def _frame(found: Events) -> dict[str, Any]:
    """The document with an empty event list."""
    try:
        root = load(found.head + b"]" + (found.tail if not found.truncated else found.closing[1:]))
    except BadJson as error:
        raise fatal(error, Where(path="$")) from error
    if not isinstance(root, dict):  # pragma: no cover - a list was told apart before
        raise InputError(Finding.of(rules.NOT_EPCIS, "the JSON is no object"))
    return root


def _check_type(root: dict[str, Any]) -> None:
    kind = root.get("type")
    body = root.get("epcisBody")
    wanted = QUERY_DOCUMENT if isinstance(body, dict) and "queryResults" in body else DOCUMENT
    if kind != wanted:
        raise InputError(
            Finding.of(
                rules.NOT_EPCIS,
                f"the document's type is {to_text(kind)}, not {wanted}",
                where=Where(path="$.type"),
                value=to_text(kind),
                expected=wanted,
            )
        )


def _without_list(data: bytes, context: Context) -> Document:
    """Input without an event list: a single event, a document that lacks its list, or no EPCIS at all."""
    try:
        value = load(data)
    except BadJson as error:
        raise fatal(error) from error
    kind = value.get("type") if isinstance(value, dict) else None
    if type(kind) is not str:
        raise InputError(Finding.of(rules.NOT_EPCIS, "the JSON is neither an EPCIS document nor an event"))
    if kind in {DOCUMENT, QUERY_DOCUMENT}:
        try:
            frame = read_frame(value, context)
        except WrongValue as error:
            raise _fatal(error) from error
        context.findings.report(
            rules.MISSING, "the document has no eventList", where=Where(path="$.epcisBody"), expected="eventList"
        )
        return Document(frame.header, (), frame.body_extensions, frame.event_list_extensions, frame.extensions)
    scope = document_scope(None, context)
    document = Document(Header(schema_version=names.SCHEMA_VERSION), ())
    reader = EventReader(scope, context, document.event_list_extensions.append)
    where = Where(event=1, path="$")
    if "@context" in value:
        document.header.namespaces = namespaces(scope.inner(value["@context"], where))
    event = reader.read(data, where)
    if event is not None:
        CbvUrns(context.findings).look([event])
        document.events = [event]
    return document


def _bare_list(found: Events, source: Source, context: Context, kept: list[Block] | None, block: int) -> Document:
    """A list of events, each with its own @context."""
    if found.tail.strip() and not found.truncated:
        raise InputError(
            Finding.of(
                rules.MALFORMED, "something stands behind the list", value=found.tail.decode("utf-8", "replace").strip()
            )
        )
    document = Document(Header(schema_version=names.SCHEMA_VERSION), ())
    reader = EventReader(document_scope(None, context), context, document.event_list_extensions.append)
    document.events = Batches(_events(found, source, reader, "$", kept, block))
    return document


def _fatal(error: WrongValue) -> InputError:
    shown = error.value if isinstance(error.value, str) else to_text(error.value)
    return InputError(
        Finding.of(
            error.rule,
            f"{error.path} should be {error.expected}",
            where=Where(path=error.path),
            value=shown,
            expected=error.expected,
        )
    )
