"""What is known of alike events changes nothing: events, findings and bytes are those of events looked at alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.checks.run import ALL_LAYERS, LAYERS, check_batches
from gateway.epcis.alike import Alike
from gateway.epcis.batches import Batches
from gateway.epcis.document import Document, Header
from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, BizTransaction, Kin, Location, ObjectEvent, Party
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.formats.epcis_json import read_fast
from gateway.formats.frames import Frames
from gateway.sources import Source

GTIN = "urn:epc:id:sgtin:9521321.012345."
SSCC = "urn:epc:id:sscc:9521321.1000000001"
TIME = "2026-03-01T10:00:01+01:00"
FAULTS = {
    "event_time": (
        *("2026-03-01T09:00:00Z", "2026-03-01T24:00:00+01:00", "2026-13-01T10:00:00+01:00", "2026-03-01T10:00:00"),
        *("2036-03-01T10:00:00+01:00", "2026-03-01T10:00:01.5+01:00", "", f"{TIME}\n{TIME}"),
    ),
    "record_time": ("2026-03-01T10:00:00+01:00", "2026-03-01T09:59:01Z", "2026-03-01T10:00", "", f"{TIME}\n{TIME}"),
    "event_id": (f"ni:///sha-256;{'0' * 64}?ver=CBV2.0", "x y", "", "urn:x:a&b"),
    "parent_id": (GTIN + "1", "", "no uri", "urn:epc:id:sscc:9521321.1"),
    "objects": (
        *(
            [GTIN + "1", GTIN + "1"],
            [GTIN + "1", "urn:epc:id:sscc:9521321.1"],
            [],
            [""],
            [SSCC],
            ["no uri", GTIN + "2"],
        ),
        *([GTIN + "B%2F1"], [GTIN + "a&b"], [GTIN + "\u00e9"], [GTIN + "x" * 21], [f"{GTIN}1\n{GTIN}2"]),
        *(["urn:epc:id:sgtin:9521321.054321.1"], [GTIN + "7", GTIN + "3"]),
    ),
}
SHAPES = [
    {"action": "ADD", "biz_step": "commissioning", "read_point": Location("urn:epc:id:sgln:9521321.00001.0")},
    {"action": "ADD", "biz_step": "commissioning", "ilmd": [Element("{urn:epcglobal:cbv:mda}lotNumber", "L<1>")]},
    {"action": "ADD", "biz_step": "packing", "parent_id": SSCC},
    {"action": "OBSERVE", "biz_step": "no such step"},
    {
        "action": "OBSERVE", "biz_step": "shipping", "biz_transaction_list": [BizTransaction("urn:x:1", "po")],
        "source_list": [Party("owning_party", "urn:epc:id:sgln:9521321.00001.0"), Party("location", "no uri")],
        "extensions": [Element("{urn:v}truck", "a & b", prefix="v")],
    },
]  # fmt: skip
WRITERS = ("epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json")
KINS = [[Kin() for _ in SHAPES], [None] * len(SHAPES)]


def event(shape: int, own: dict[str, object], objects: list[str], kin: Kin | None) -> ObjectEvent | AggregationEvent:
    parts = {"event_time": TIME, "event_time_zone_offset": "+01:00", **SHAPES[shape], **own}
    packs = parts["biz_step"] == "packing"
    parts["child_epcs" if packs else "epc_list"] = parts.pop("objects", objects)
    return (AggregationEvent if packs else ObjectEvent)(**parts, kin=kin)


def one_fault() -> Iterator[list[ObjectEvent | AggregationEvent]]:
    """Good events of one shape, and one among them that has one fault."""
    for shape in (0, 2):
        kin = Kin()
        for name, values in FAULTS.items():
            for value in values if name != "parent_id" or shape == 2 else ():
                own = {} if name == "event_time" else {"record_time": TIME, "event_id": "urn:uuid:1"}
                good = [event(shape, own, [f"{GTIN}{2 * n + 10}", f"{GTIN}{2 * n + 11}"], kin) for n in range(6)]
                yield [*good[:4], event(shape, {**own, name: value}, [GTIN + "1", GTIN + "2"], kin), *good[4:]]


@st.composite
def events(draw):
    """Events of a few shapes. Those of one shape have the same parts, and one mark, as readers give them."""
    kins = KINS[draw(st.integers(0, 1))]
    own = {"record_time": TIME} if draw(st.booleans()) else {}
    own |= {"event_id": "urn:uuid:1"} if draw(st.booleans()) else {}
    found = []
    for shape in draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 2, 3, 4]), min_size=1, max_size=14)):
        serials = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True))
        parts = dict(own)
        if draw(st.integers(0, 3)) == 0:
            name = draw(st.sampled_from([name for name in FAULTS if name in {**own, **SHAPES[shape], "objects": 1}]))
            parts[name] = draw(st.sampled_from(FAULTS[name]))
        found.append(event(shape, parts, [f"{GTIN}{serial}" for serial in serials], kins[shape]))
    return found


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Alike, "groups", lambda _self, batch: ({}, list(range(len(batch)))))


def checked(given_events, layers, size) -> list[str]:
    context = Context()
    context.now = "2027-01-01T00:00:00Z"
    lists = [given_events[at : at + size] for at in range(0, len(given_events), size)]
    for _ in check_batches(Batches(lists), context, layers):
        pass
    return [f"{f.code} {f.where} {f.message} {f.value} {f.severity}" for f in context.findings]


def findings_differ(found, size, *, story: bool) -> bool:
    layers = ALL_LAYERS if story else LAYERS
    together = checked(copy.deepcopy(found), layers, size)
    with pytest.MonkeyPatch.context() as monkeypatch:
        alone(monkeypatch)
        return together != checked(copy.deepcopy(found), layers, size)


def written(key: str, found, size: int) -> tuple[bytes, list[str], int]:
    context = Context()
    copied = copy.deepcopy(found)
    lists = [copied[at : at + size] for at in range(0, len(copied), size)]
    document = Document(Header(creation_date="2026-01-01T00:00:00Z", namespaces=[("v", "urn:v")]), Batches(lists))
    data = b"".join(FORMATS.get(key).write(document, context))
    return data, [f"{f.code} {f.where} {f.message}" for f in context.findings], context.losses.count


def outputs_differ(key: str, found, size: int) -> bool:
    together = written(key, found, size)
    with pytest.MonkeyPatch.context() as monkeypatch:
        alone(monkeypatch)
        return together != written(key, found, size)


@pytest.mark.parametrize("size", [3, 5])
def test_every_fault_is_found_among_good_ones(size: int) -> None:
    cases = list(one_fault())
    assert len(cases) > 50
    for found in cases:
        assert not findings_differ(found, size, story=False), found[4]
        for key in WRITERS:
            assert not outputs_differ(key, found, size), found[4]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events(), st.integers(1, 5), st.booleans())
def test_findings_are_the_same(found, size, story):
    assert not findings_differ(found, size, story=story)


@pytest.mark.parametrize("key", WRITERS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=events(), size=st.integers(1, 5))
def test_outputs_are_the_same(key, found, size):
    assert not outputs_differ(key, found, size)


VALUES = st.sampled_from(["urn:x:1", "urn:x:2", "a\\u0022b", "]", '"],"action":"ADD"', "é", "", "a,b"])


@st.composite
def json_events(draw):
    found = []
    for _ in range(draw(st.integers(1, 10))):
        event: dict[str, object] = {"type": draw(st.sampled_from(["ObjectEvent", "ObjectEvent", "AggregationEvent"]))}
        event["eventTime"] = draw(st.sampled_from(["2026-03-01T10:00:00+01:00", "2026-03-01T10:00:01+01:00"]))
        event["eventTimeZoneOffset"] = "+01:00"
        if draw(st.booleans()):
            event["eventID"] = draw(VALUES)
        child = event["type"] == "AggregationEvent"
        if child:
            event["parentID"] = draw(VALUES)
        event["childEPCs" if child else "epcList"] = draw(st.lists(VALUES, max_size=3))
        event["action"] = "ADD"
        if draw(st.integers(0, 3)) == 0:
            event["v:lot"] = draw(VALUES)
        if draw(st.integers(0, 9)) == 0:
            event["epcList"] = ["urn:x:1", 5]
        found.append(event)
    return found


@settings(max_examples=150, deadline=None)
@given(json_events(), st.sampled_from([None, 2]), st.sampled_from([(",", ":"), (", ", ": ")]), st.integers(0, 3))
def test_json_is_read_the_same(found, indent, separators, odd):
    document = {"@context": {"v": "urn:v"}, "type": "EPCISDocument", "schemaVersion": "2.0"}
    document |= {"creationDate": "2026-01-01T00:00:00Z", "epcisBody": {"eventList": found * 3}}
    data = json.dumps(document, indent=indent, separators=separators, ensure_ascii=odd == 0).encode()
    if odd == 1:
        data = data.replace(b'"action"', b'"action": "OBSERVE", "action"', 1)  # a key twice

    def read() -> tuple[list[object], list[str]]:
        context = Context()
        try:
            events = list(FORMATS.get("epcis-2.0-json").read(Source.memory(data), context).events)
        except Exception as error:  # noqa: BLE001 - the same one is expected both times
            return [repr(error)], [f"{f.code} {f.where} {f.message}" for f in context.findings]
        return events, [f"{f.code} {f.where} {f.message}" for f in context.findings]

    together = read()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Frames, "run", lambda *_: [])
        monkeypatch.setattr(read_fast.FastReader, "_decoded", lambda *_: None)
        assert together == read()
