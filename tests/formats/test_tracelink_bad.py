"""Broken and hostile messages: findings with a place, the right error class, never a traceback or half a message."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.convert import Request, convert
from gateway.errors import InputError, LimitExceeded, UsageError
from gateway.findings import Severity
from gateway.formats.base import Limits
from gateway.formats.tracelink.rules import RULES
from gateway.sources import Source
from tests.formats.tracelink_help import SHIPMENT, codes, errors, lost, read

FOLDER = Path(__file__).parents[2] / "fixtures" / "formats" / "tracelink"
ASSIGNED = (FOLDER / "assigned.xml").read_bytes()
UPDATED = (FOLDER / "updated-encoded.xml").read_bytes()
SHIPPED = (FOLDER / "shipment.xml").read_bytes()
HEADER = ASSIGNED[ASSIGNED.index(b"  <snx:ControlFileHeader>") : ASSIGNED.index(b"  <snx:MessageBody>")]
LEVEL = b"<cmn:PackagingLevel>EA</cmn:PackagingLevel>"


def refused(data: bytes, values=None, limits: Limits | None = None):
    with pytest.raises((InputError, LimitExceeded)) as caught:
        read(data, values, limits=limits)
    assert caught.value.finding.message
    assert caught.value.finding.hint
    return caught.value.finding


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "TL-SNX-01"),
        (b"no xml at all", "TL-SNX-01"),
        (ASSIGNED[:1500], "TL-SNX-01"),
        (ASSIGNED[:-20], "TL-SNX-01"),
        (ASSIGNED.replace(b"<cmn:PackedStatus>", b"<cmn:PackedStatus>&nbsp;", 1), "TL-SNX-01"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + ASSIGNED.partition(b"?>")[2], "TL-SNX-02"),
        (b"<a/>", "TL-SNX-03"),
        (ASSIGNED.replace(b"urn:tracelink:mapper:sl:serial_number_exchange", b"urn:x"), "TL-SNX-03"),
        (
            SHIPPED.replace(
                b"urn:tracelink:mapper:sl:serialized_operations_manager",
                b"urn:tracelink:mapper:sl:serial_number_exchange",
            ),
            "TL-SNX-03",
        ),
        (ASSIGNED.replace(b"SNXDispositionAssignedMessage", b"SNXEndOfBatchMessage"), "TL-SNX-04"),
        (ASSIGNED.replace(b"SNXDispositionAssignedMessage", b"SNXProductionOrderMessage"), "TL-SNX-04"),
        (b"\xff\xfe" + ASSIGNED, "TL-SNX-01"),
        (ASSIGNED.replace(b'encoding="UTF-8"', b'encoding="UTF-16"'), "TL-SNX-01"),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str) -> None:
    assert refused(data).code == code


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (ASSIGNED, Limits(input_bytes=1000)),
        (ASSIGNED, Limits(event_bytes=1000)),
        (ASSIGNED, Limits(epcs_per_event=2)),
        (
            UPDATED.replace(b"</snx:SerialNumbers>", b"<cmn:Serial>1</cmn:Serial>" * 3 + b"</snx:SerialNumbers>"),
            Limits(epcs_per_event=2),
        ),
        (SHIPPED, Limits(epcs_per_event=1)),
        (UPDATED.replace(b"<cmn:PONumber>", b"<x>" * 50 + b"</x>" * 50 + b"<cmn:PONumber>"), Limits(depth=20)),
    ],
)
def test_limits(data: bytes, limits: Limits) -> None:
    with pytest.raises(LimitExceeded) as caught:
        read(data, SHIPMENT, limits=limits)
    assert caught.value.finding.code == "TL-SNX-06"


@pytest.mark.parametrize(
    ("data", "old", "new", "code", "events"),
    [
        (ASSIGNED, b"<cmn:EventDateTime>2026-03-02T08:10:00Z</cmn:EventDateTime>", b"", "TL-SNX-07", 5),
        (ASSIGNED, b"2026-03-02T08:10:00Z", b"02.03.2026", "TL-SNX-20", 5),
        (ASSIGNED, b"+01:00", b"CET", "TL-SNX-20", 0),
        (UPDATED, b">ENCODED<", b">SAMPLED<", "TL-SNX-13", 0),
        (UPDATED, b">ENCODED<", b"><", "TL-SNX-13", 0),
        (ASSIGNED, b">010952132100010021A1<", b">(01)09521321000100(21)A1<", "TL-SNX-08", 6),
        (ASSIGNED, b">010952132100010021A1<", b">010952132100010121A1<", "GS1-GTIN-02", 6),
        (ASSIGNED, b">00195213210000000206<", b">00195213210000000207<", "GS1-SSCC-02", 4),
        (ASSIGNED, b">010952132100010021A1<", b">0109521321000100211234567890123456789012<", "GS1-SERIAL-02", 6),
        (ASSIGNED, b">9521321.00001.0<", b">9521321.1.0<", "GS1-URN-02", 6),
        (ASSIGNED, LEVEL, b"<cmn:EventDateTime>2026-03-02T08:00:00Z</cmn:EventDateTime>", "TL-SNX-16", 6),
        (
            ASSIGNED,
            b"<cmn:LotNumber>LOT-A1</cmn:LotNumber>",
            b"<cmn:LotNumber>A</cmn:LotNumber><cmn:LotNumber>B</cmn:LotNumber>",
            "TL-SNX-16",
            6,
        ),
        (ASSIGNED, b">010952132100010021A1<", b">010952132100010021A1<cmn:Later/><", "TL-SNX-21", 6),
        (ASSIGNED, b"MessageBody>", b"Body>", "TL-SNX-07", 6),
        (ASSIGNED, b"ControlFileHeader>", b"Header>", "TL-SNX-07", 6),
        (UPDATED, b"<cmn:Serial ", b"<cmn:Number ", "TL-SNX-01", None),
        (SHIPPED, b"AddPickedItems>", b"AddPicked>", "TL-SNX-07", 0),
    ],
)
def test_errors_in_a_message(data: bytes, old: bytes, new: bytes, code: str, events: int | None) -> None:
    assert old in data
    changed = data.replace(old, new)
    if events is None:
        assert refused(changed).code == code
        return
    _, found, result = read(changed, {**SHIPMENT, "company-prefix": "9521321"})
    assert (set(errors(result)), len(found)) == ({code}, events)
    assert all(f.where.line or f.where.path for f in result.findings)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<cmn:Quantity>3<", b"<cmn:Quantity>4<", "TL-SNX-14"),
        (b'companyPrefix="9521321"', b'companyPrefix="0000001"', "TL-SNX-09"),
        (b'type="GTIN-14">09521321000100<', b'type="GTIN-14">09521321000117<', "TL-SNX-19"),
    ],
)
def test_warnings(old: bytes, new: bytes, code: str) -> None:
    _, events, found = read(ASSIGNED.replace(old, new), {"company-prefix": "9521321"})
    assert set(codes(found, Severity.WARNING)) == {code}
    assert len(events) == 6


def test_the_check_digit_is_no_extension() -> None:
    _, events, found = read(ASSIGNED.replace(b">9521321.00001.0<", b">9521321.00001.8<"))
    assert codes(found, Severity.INFO).count("TL-SNX-15") == 1
    assert events[0].read_point.id == "urn:epc:id:sgln:9521321.00001.8"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "TL-SNX-17"),
        ({"event-time": "tomorrow"}, "TL-SNX-17"),
        ({"event-time": "2026-03-05T09:45:00"}, "TL-SNX-17"),
        ({"event-time": "transaction"}, "TL-SNX-17"),
        ({"event-time": "transaction", "time-zone": "Europe/Nowhere"}, "TL-SNX-37"),
        ({"event-time": "99999-01-01T00:00:00Z"}, "TL-SNX-20"),
        ({"event-time": "2026-03-05T09:45:00Z", "transaction-issuer": "1"}, "GS1-GLN-01"),
    ],
)
def test_a_shipment_without_what_it_needs(values: dict[str, str], code: str) -> None:
    assert refused(SHIPPED, values).code == code


def test_a_wrong_company_prefix_setting() -> None:
    with pytest.raises(UsageError):
        read(ASSIGNED, {"company-prefix": "12"})


def test_what_nobody_knows_stays() -> None:
    """Elements of other namespaces, of later versions, behind the body, and between events."""
    data = ASSIGNED.replace(
        b"    <snx:AggregationEvent>", b'    <v:a xmlns:v="urn:v">1</v:a>\n    <snx:AggregationEvent>'
    )
    data = data.replace(b"    </snx:AggregationEvent>", b"      <cmn:Later>2</cmn:Later>\n    </snx:AggregationEvent>")
    data = data.replace(
        b"      <snx:CommissionCommonAttributes>",
        b"      <cmn:Later>3</cmn:Later>\n      <snx:CommissionCommonAttributes>",
        1,
    )
    data = data.replace(b"  </snx:MessageBody>\n", b"  </snx:MessageBody>\n<cmn:Later>4</cmn:Later>\n")
    document, events, found = read(data)
    assert errors(found) == []
    assert [part.text for part in document.body_extensions] == ["1"]
    assert [part.text for part in document.extensions] == ["4"]
    texts = [part.text for event in events for top in event.extensions for part in top.walk() if part.local == "Later"]
    assert sorted(texts) == ["2", "3", "3"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: data.replace(b"snx:AggregationEvent>", b"snx:Other>"), "TL-SNX-07"),
        (lambda data: data.replace(b"snx:CommissionEvent>", b"snx:Other>"), "TL-SNX-07"),
        (lambda data: data.replace(HEADER, HEADER * 2), "TL-SNX-16"),
        (lambda data: data.replace(b"</snx:MessageBody>", b"</snx:MessageBody><snx:MessageBody/>"), "TL-SNX-16"),
        (
            lambda data: data.replace(HEADER, b"").replace(b"</snx:MessageBody>", b"</snx:MessageBody>" + HEADER),
            "TL-SNX-07",
        ),
    ],
)
def test_parts_at_wrong_places_are_not_passed_over(change, code: str) -> None:
    changed = change(ASSIGNED)
    assert changed != ASSIGNED
    _, _, found = read(changed)
    assert set(errors(found)) == {code}


def test_attributes_without_place_are_listed() -> None:
    names = (
        "SNXDispositionAssignedMessage",
        "MessageBody",
        "CommissionEvent",
        "CommissionEventDetail",
        "AggregationEvent",
    )
    data = ASSIGNED.decode()
    for name in names:
        data = re.sub(rf"<snx:{name}\b", f'<snx:{name} v="1"', data, count=1)
    _, events, found = read(data.encode())
    assert len(events) == 6
    assert {(code, field.partition("/")[0]) for code, field in lost(found)} == {("LOSS-TL-06", name) for name in names}
    _, _, found = read(
        (FOLDER / "disaggregated.xml").read_bytes().replace(b"<snx:MessageBody>", b'<snx:MessageBody a="1">')
    )
    assert lost(found) == {("LOSS-TL-06", "MessageBody/@a"): 1}


def test_containers_in_each_other_do_not_hang() -> None:
    data = ASSIGNED.replace(b">010952132100010021a/3<", b">00195213210000000206<")
    _, events, _ = read(data)
    assert len(events) == 6


def test_a_deep_hierarchy_listed_from_the_top() -> None:
    """As deep as there are events: no recursion."""
    from gateway.gs1 import check_digit

    ssccs = [b"00" + check_digit.append(f"19521321{number:09}").encode() for number in range(1500)]
    detail = ASSIGNED[
        ASSIGNED.index(b"      <snx:AggregationEventDetail>") : ASSIGNED.index(
            b"      <snx:AggregationEventDetail>", ASSIGNED.index(b"      <snx:AggregationEventDetail>") + 5
        )
    ]
    start, end = ASSIGNED.index(b"    <snx:CommissionEvent>"), ASSIGNED.index(b"  </snx:MessageBody>")
    details = [
        detail.replace(b"00195213210000000206", upper).replace(b"015952132100010521C1", lower)
        for upper, lower in pairwise(ssccs)
    ]
    body = b"<snx:AggregationEvent>" + b"".join(details) + b"</snx:AggregationEvent>"
    _, events, found = read(ASSIGNED[:start] + body + ASSIGNED[end:])
    assert errors(found) == []
    assert len(events) == 1499
    assert all(one.parent_id in two.child_epcs for one, two in pairwise(events))


def test_memory_does_not_grow_with_the_number_of_commission_events(tmp_path: Path) -> None:
    start, end = ASSIGNED.index(b"    <snx:CommissionEvent>"), ASSIGNED.index(b"    <snx:AggregationEvent>")
    block = ASSIGNED[start:end]

    def peak(times: int) -> int:
        import tracemalloc

        path = tmp_path / f"{times}.xml"
        path.write_bytes(ASSIGNED[:start] + block * times + ASSIGNED[end:])
        from gateway.formats.tracelink.read import read as read_message
        from tests.formats.tracelink_help import context

        tracemalloc.start()
        count = sum(1 for _ in read_message(Source.file(path), context()).events)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 4 * times + 2
        return found

    assert peak(300) < peak(30) + 400_000


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    request = Request(Source.memory(ASSIGNED[:-20], "cut.xml"), to="epcis-1.2-xml", now="2026-01-01T00:00:00Z")
    report = convert(request, tmp_path)
    assert (report.exit_code, report.format_in, list(tmp_path.iterdir())) == (1, "tracelink-snx", [])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_mutilated_messages_never_crash(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from([ASSIGNED, UPDATED, SHIPPED]))
    at = data.draw(st.integers(0, len(message)))
    length = data.draw(st.integers(0, 60))
    new = data.draw(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"<", b">", b"</snx:MessageBody>", b"<cmn:Serial>", b"\x00", b"&#0;", b"]]>"]),
        )
    )
    changed = message[:at] + new + message[at + length :]
    code = "TL-SNX-"
    try:
        read(changed, SHIPMENT)
    except (InputError, LimitExceeded) as error:
        code = error.finding.code
    assert code.startswith(("TL-SNX-", "GS1-"))


def test_every_reading_rule_has_a_case() -> None:
    text = Path(__file__).read_text(encoding="utf-8") + (Path(__file__).parent / "test_tracelink_read.py").read_text(
        "utf-8"
    )
    text += (Path(__file__).parent / "test_tracelink_write.py").read_text("utf-8")
    assert [rule.code for rule in RULES if rule.code not in text] == []
