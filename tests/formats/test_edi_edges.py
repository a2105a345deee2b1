"""EDI at its edges: answers cut short, numbers without end, separators that are none, content beside the events."""

from __future__ import annotations

import pytest

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import ObjectEvent
from gateway.errors import InputError, UsageError
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.formats.edi import X12_856, acknowledge_edifact
from gateway.formats.edi.segments import amount, whole
from gateway.formats.edi.x12_write import write
from gateway.options import Options

SETTINGS = {
    "x12-sender": "ZZ:ACMECMO",
    "x12-receiver": "ZZ:BRANDOWNER",
    "x12-control-number": "42",
    "x12-usage": "T",
    "creation-date": "2026-10-05T12:00:00Z",
}
SHIPPING = ObjectEvent(
    event_time="2026-10-05T09:30:00+02:00",
    event_time_zone_offset="+02:00",
    action="OBSERVE",
    biz_step="shipping",
    epc_list=["urn:epc:id:sscc:9521321.3000000001"],
)


def written(document: Document, **settings: str) -> tuple[bytes, Context]:
    values = {**SETTINGS, **{key.replace("_", "-"): value for key, value in settings.items()}}
    context = Context(options=Options.check(values, X12_856.settings))
    return b"".join(write(document, context)), context


@pytest.mark.parametrize("answer", ["UCI+1'", "UCI'", "UCI+1+A+B'"])
def test_an_answer_cut_short_is_named(answer: str) -> None:
    data = f"UNB+UNOA:3+A+B+261126:1200+1'UNH+1+CONTRL:4:1:UN'{answer}UNT+3+1'UNZ+1+1'".encode()
    with pytest.raises(InputError, match="UCI"):
        acknowledge_edifact.read(data, Findings())


def test_numbers_without_end_are_wrong_and_not_worked_on() -> None:
    assert whole("9" * 5000) == 10**18 - 1
    assert (whole("12"), whole(""), whole("1x"), whole("-1", 7)) == (12, -1, -1, 7)
    assert amount("1" * 5000, ".", ".") is None
    assert amount("12,50", ".", ",.") == "12.50"


@pytest.mark.parametrize("separators", ["*:~^^", "*:~", "*:~*", "*é~^", "*A~^", "* ~^"])
def test_separators_are_four_that_differ(separators: str) -> None:
    with pytest.raises(UsageError, match="separators"):
        written(Document(Header(), iter([SHIPPING])), x12_separators=separators)


def test_what_stands_beside_the_events_is_listed_as_lost() -> None:
    foreign = [element("http://ns.vendor.example/", "note", "1")]
    _, bare = written(Document(Header(), iter([SHIPPING])))
    _, rich = written(Document(Header(), iter([SHIPPING]), body_extensions=foreign))
    assert rich.losses.count == bare.losses.count + 1
