"""The block reader finds exactly the events, however the text is laid out and wherever blocks end."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context, Limits
from gateway.formats.epcis_json.blocks import open_events
from gateway.formats.epcis_json.read import read
from gateway.sources import Source

PIECES = [*'}{][,":\\ \n\té\U0001f600a', "},{", '},{"type":"ObjectEvent"', '"eventID":']
NASTY = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
VALUES = st.recursive(
    NASTY | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.lists(
    st.builds(
        lambda first, rest: {**first, **rest},
        st.sampled_from([{"type": "ObjectEvent"}, {"type": "AggregationEvent"}, {"eventID": "urn:x:1"}, {}]),
        st.dictionaries(NASTY, VALUES, max_size=4),
    ),
    max_size=12,
)
LAYOUTS = [
    {"separators": (",", ":")},
    {"separators": (", ", ": ")},
    {"indent": 2},
    {"indent": "\t", "separators": (" ,", " : ")},
]


def cut(data: bytes, block: int) -> tuple[bytes, list[object], bytes]:
    found = open_events(io.BytesIO(data), Limits(), block)
    assert not isinstance(found, bytes)
    events = [json.loads(bytes(piece)) for pieces in found.blocks() for piece in pieces]
    assert not found.truncated
    return found.head, events, found.tail


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sampled_from(LAYOUTS), st.integers(1, 200), st.booleans(), st.booleans(), VALUES)
def test_every_event_is_found_once_and_in_order(events, layout, block, query, late, extra):
    body = {"eventList": events}
    if query:
        body = {"x:before": {"eventList": [1]}, "queryResults": {"queryName": "q", "resultsBody": body}}
    document = {"epcisBody": body}
    document = {**document, "x:extra": extra} if late else {"x:extra": extra, **document}
    data = json.dumps(document, ensure_ascii=False, **layout).encode("utf-8", "surrogatepass")
    head, found, tail = cut(data, block)
    assert found == events
    frame = json.loads(head + b"]" + tail)
    assert frame["x:extra"] == extra


@pytest.mark.parametrize("size", [1, 7, 64, 4096, 1 << 20])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_long_list_in_small_blocks(size, layout):
    events = [
        {
            "type": "ObjectEvent",
            "eventTime": "2026-01-01T00:00:00Z",
            "bizTransactionList": [{"type": "po", "bizTransaction": 'urn:x:"},{"'}] * (number % 4),
            "epcList": [f"urn:x:{number}"] * (number % 7),
        }
        for number in range(60)
    ]
    data = json.dumps({"epcisBody": {"eventList": events}}, **layout).encode()
    assert cut(data, size)[1] == events


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (b'{"epcisBody":{"eventList":[{}{}]}}', 1),
        (b'{"epcisBody":{"eventList":[{},]}}', 1),
        (b'{"epcisBody":{"eventList":[,{}]}}', 1),
        (b'{"epcisBody":{"eventList":[{},,{}]}}', 1),
        (b'{"epcisBody":{"eventList":[{},x,{}]}}', 1),
        (b'{"epcisBody":{"eventList":[{} , "text", 1, null]}}', 1),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 5, 1000])
def test_what_is_wrong_between_events_is_reported(text, count, block):
    full = (
        b'{"@context":[],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-01-01T00:00:00Z",' + text[1:]
    )
    context = Context()
    document = read(Source.memory(full), context, block)
    assert list(document.events) == []
    events = text.count(b"{}")
    assert context.findings.errors >= events + count


def test_the_document_may_be_cut_short():
    context = Context()
    text = b'{"@context":[],"type":"EPCISDocument","schemaVersion":"2.0","epcisBody":{"eventList":[{"type":"Obj'
    document = read(Source.memory(text), context)
    assert list(document.events) == []
    assert [f.code for f in context.findings] == ["EPCIS-JSON-14"]


@pytest.mark.parametrize("text", [b'{"epcisBody":{"eventList":[{"a":}}]}}', b'{"epcisBody":{"eventList":[{]]}}'])
def test_brackets_that_do_not_match_end_reading(text):
    with pytest.raises(InputError):
        read(Source.memory(text), Context())


def test_a_huge_event_is_refused_not_held():
    text = b'{"type":"EPCISDocument","epcisBody":{"eventList":[{"a":"' + b"x" * 100_000
    with pytest.raises(LimitExceeded):
        read(Source.memory(text), Context(limits=Limits(event_bytes=10_000)), 1000)


@pytest.mark.parametrize("text", [b'{"a":' * 200, b'{"epcisBody":{"eventList":[{"a":' + b"[" * 5000, b"[" * 100_000])
def test_nesting_is_bounded(text):
    with pytest.raises(LimitExceeded):
        list(read(Source.memory(text), Context()).events)
