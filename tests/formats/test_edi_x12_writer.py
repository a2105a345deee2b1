"""The 856 that is written: read back by our mapping and by another parser; what it cannot hold is listed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from pyx12.x12file import X12Reader

from gateway.convert import Request, convert
from gateway.epcis.document import Attribute, Document, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
)
from gateway.errors import UsageError
from gateway.findings import LossMode
from gateway.formats.base import Context
from gateway.formats.edi import X12_856
from gateway.formats.edi.x12_write import write
from gateway.formats.table import load
from gateway.options import Options
from gateway.sources import Source

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings" / "edi"
SETTINGS = {
    "x12-sender": "ZZ:ACMECMO",
    "x12-receiver": "ZZ:BRANDOWNER",
    "x12-control-number": "42",
    "x12-usage": "T",
    "creation-date": "2026-10-05T12:00:00Z",
}
TIME = {"event_time": "2026-10-05T09:30:00+02:00", "event_time_zone_offset": "+02:00"}
PACK = "urn:epc:id:sgtin:9521321.000017.{}"
CASE = "urn:epc:id:sgtin:9521321.100017.{}"
SSCC = "urn:epc:id:sscc:9521321.30000000{:02}"
LGTIN = "urn:epc:class:lgtin:9521321.000017.LX2601"
SGLN = "urn:epc:id:sgln:9521321.0000{}.0"
MDA = "urn:epcglobal:cbv:mda"


def bt(kind: str, number: str, issuer: str = "9521321000018") -> BizTransaction:
    return BizTransaction(f"urn:epcglobal:cbv:bt:{issuer}:{number}", kind)


def shipping(epcs: list[str] | None = None, **more) -> ObjectEvent:
    values = {
        "biz_transaction_list": [bt("desadv", "ASN-1")],
        "source_list": [Party("owning_party", SGLN.format(1)), Party("location", SGLN.format(2))],
        "destination_list": [Party("owning_party", "urn:epc:id:sgln:9521141.00001.0")],
        **TIME,
        **more,
    }
    return ObjectEvent(action="OBSERVE", biz_step="shipping", disposition="in_transit", epc_list=epcs, **values)


def packing(parent: str, children: list[str] | None = None, quantities=None) -> AggregationEvent:
    return AggregationEvent(
        action="ADD", parent_id=parent, child_epcs=children, child_quantity_list=quantities, biz_step="packing", **TIME
    )


def commissioning(epcs: list[str], lot: str = "LX2601", *more) -> ObjectEvent:
    ilmd = [element(MDA, "lotNumber", lot), element(MDA, "itemExpirationDate", "2028-10-31"), *more]
    return ObjectEvent(action="ADD", biz_step="commissioning", epc_list=epcs, ilmd=ilmd, **TIME)


def made(events: list[Event], header: Header | None = None, **settings: str) -> tuple[list[str], Context]:
    """The segments of the message, checked by another parser; nothing when there are errors."""
    values = {**SETTINGS, **{key.replace("_", "-"): value for key, value in settings.items()}}
    context = Context(options=Options.check(values, X12_856.settings))
    text = b"".join(write(Document(header or Header(), iter(events)), context)).decode("ascii")
    if not text:
        assert context.findings.errors
        return [], context
    reader = X12Reader(io.StringIO(text))
    segments = list(reader)
    reader.cleanup()
    assert not reader.err_list
    assert [one.get_seg_id() for one in segments[:3]] == ["ISA", "GS", "ST"]
    terminator = text[105]
    return text.split(terminator)[2:-3], context


def losses(context: Context) -> dict[tuple[str, str], int]:
    return {(one.code, one.field): one.count for one in context.losses.summaries.values()}


PALLET = [
    commissioning([PACK.format(f"A{n}") for n in range(3)]),
    commissioning([PACK.format("B0")], lot="LX2602"),
    packing(SSCC.format(2), [PACK.format(f"A{n}") for n in range(3)]),
    packing(SSCC.format(3), [PACK.format("B0")]),
    packing(SSCC.format(1), [SSCC.format(2), SSCC.format(3)]),
    shipping([SSCC.format(1)]),
]


def test_a_pallet_becomes_levels() -> None:
    segments, context = made(PALLET)
    assert segments == [
        "ST*856*0001",
        "BSN*00*ASN-1*20261005*1200",
        "DTM*011*20261005*0730*UT",
        "HL*1**S*1",
        "N1*SE**UL*9521321000018",
        "N1*SF**UL*9521321000025",
        "N1*BY**UL*9521141000014",
        "HL*2*1*T*1",
        "MAN*GM*00395213210000000019",
        "HL*3*2*P*1",
        "MAN*GM*00395213210000000026",
        "HL*4*3*I*0",
        "LIN*1*UK*09521321000179",
        "SN1*1*3*EA",
        "REF*LT*LX2601",
        "DTM*036*20281031",
        "HL*5*2*P*1",
        "MAN*GM*00395213210000000033",
        "HL*6*5*I*0",
        "LIN*2*UK*09521321000179",
        "SN1*2*1*EA",
        "REF*LT*LX2602",
        "DTM*036*20281031",
        "CTT*6*4",
        "SE*25*0001",
    ]
    assert losses(context) == {
        ("LOSS-X12-01", "ObjectEvent/commissioning"): 2,
        ("LOSS-X12-01", "AggregationEvent/packing"): 3,
        ("LOSS-X12-02", "epcList"): 4,
    }


@pytest.mark.parametrize("version", ["005010", "004010"])
@pytest.mark.parametrize("name", ["x12-856/shipment-4711", "x12-856-serials/shipment-4720"])
def test_what_was_read_is_written_and_read_again(name: str, version: str, tmp_path: Path) -> None:
    sample = MAPPINGS / f"{name}.x12"
    mapping = load(f"edi/{name.split('/', maxsplit=1)[0]}")
    known = {"time-zone": "UTC", "creation-date": "2026-01-01T00:00:00Z"}
    if name.startswith("x12-856-serials"):
        known["commissioning-time"] = "2026-09-30T06:00:00+02:00"

    def read(source: Source, folder: str) -> Path:
        (tmp_path / folder).mkdir()
        report = convert(Request(source, to="epcis-2.0-json", mapping=mapping, values=known), tmp_path / folder)
        assert not report.failed
        return Path(report.outputs[0].path)

    first = read(Source.file(sample), "first")
    more = {"x12-serials": "ref", "x12-version": version, "company-prefix": "9521321,9521141"}
    written = convert(Request(Source.file(first), to="x12-856", values=SETTINGS | more), tmp_path)
    assert not written.failed
    second = read(Source.file(Path(written.outputs[0].path)), "second")
    # Only what is not in the containers first may stand at another place of the list.
    order = lambda event: json.dumps(event, sort_keys=True)  # noqa: E731
    one, other = (sorted(json.loads(p.read_text())["epcisBody"]["eventList"], key=order) for p in (first, second))
    assert one == other
    assert len(one) == 5


def test_serial_numbers_are_written_where_they_are_asked_for() -> None:
    segments, context = made(PALLET, x12_serials="ref")
    assert [one for one in segments if one.startswith("REF*SE")] == [f"REF*SE*{n}" for n in ("A0", "A1", "A2", "B0")]
    assert ("LOSS-X12-02", "epcList") not in losses(context)


def test_amounts_of_lots_are_written() -> None:
    events = [
        ObjectEvent(
            action="ADD",
            biz_step="commissioning",
            quantity_list=[QuantityElement(LGTIN, "48")],
            ilmd=[element(MDA, "itemExpirationDate", "2028-10-31"), element(MDA, "potency", "high")],
            **TIME,
        ),
        packing(SSCC.format(1), quantities=[QuantityElement(LGTIN, "48"), QuantityElement(LGTIN, "6.5", "KGM")]),
        AggregationEvent(
            action="OBSERVE", parent_id=SSCC.format(1), child_quantity_list=[QuantityElement(LGTIN, "48")], **TIME
        ),
        shipping([SSCC.format(1)], quantity_list=[QuantityElement("urn:epc:idpat:sgtin:9521321.000017.*", "2")]),
    ]
    segments, context = made(events)
    assert [one for one in segments if one.startswith(("SN1", "REF", "DTM*036", "CTT"))] == [
        "SN1*1*2*EA",
        "SN1*2*48*EA",
        "REF*LT*LX2601",
        "DTM*036*20281031",
        "SN1*3*6.5*KG",
        "REF*LT*LX2601",
        "DTM*036*20281031",
        "CTT*5*56.5",
    ]
    assert losses(context)["LOSS-X12-09", "ilmd/potency"] == 1


def test_purchase_orders_make_a_level_or_references() -> None:
    one = shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "1"), bt("po", "PO-1", "9521141000014")])
    segments, context = made([one])
    assert segments[-5:-2] == ["PRF*PO-1", "HL*3*2*P*0", "MAN*GM*00395213210000000019"]
    assert not losses(context)
    two = shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "1"), bt("po", "A", "95"), bt("po", "B")])
    segments, context = made([two])
    assert [one for one in segments if one.startswith("REF")] == ["REF*PO*A", "REF*PO*B"]
    assert losses(context) == {("LOSS-X12-05", "bizTransactionList/po/issuer"): 1}


def test_numbers_of_documents_are_written_without_the_escapes_of_their_urns() -> None:
    segments, _ = made([shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "A%2F1%23")])])
    assert segments[1] == "BSN*00*A/1#*20261005*1200"


def test_events_of_one_shipment_are_one_message_and_others_are_not() -> None:
    other = shipping([SSCC.format(3)], biz_transaction_list=[bt("desadv", "ASN-2")])
    segments, _ = made([shipping([SSCC.format(1)]), other, shipping([SSCC.format(2)])])
    assert [one for one in segments if one[:3] in {"ST*", "BSN", "MAN"}] == [
        "ST*856*0001",
        "BSN*00*ASN-1*20261005*1200",
        "MAN*GM*00395213210000000019",
        "MAN*GM*00395213210000000026",
        "ST*856*0002",
        "BSN*00*ASN-2*20261005*1200",
        "MAN*GM*00395213210000000033",
    ]


def test_a_case_without_sscc_is_opened_and_lost() -> None:
    events = [packing(SSCC.format(1), [CASE.format("C1")]), packing(CASE.format("C1"), [PACK.format("A1")])]
    segments, context = made([*events, shipping([SSCC.format(1), PACK.format("A1")])])
    assert [one for one in segments if one.startswith(("HL", "SN1"))] == [
        "HL*1**S*1",
        "HL*2*1*P*1",
        "HL*3*2*I*0",
        "SN1*1*1*EA",
    ]
    assert losses(context)["LOSS-X12-03", "parentID"] == 1


def test_master_data_gives_names_and_ndc_and_the_rest_is_lost() -> None:
    def attributes(**values: str) -> list[Attribute]:
        return [Attribute(f"{MDA}#{name}", value) for name, value in values.items()]

    places = [
        VocabularyElement(
            SGLN.format(1), attributes(name="Acme", streetAddressOne="1 Road", city="Basel", latitude="1")
        ),
        VocabularyElement(SGLN.format(2), attributes(name="M\u00fcller", city="B" * 31)),
    ]
    ndc = attributes(
        additionalTradeItemIdentification="99521-0321-17",
        additionalTradeItemIdentificationTypeCode="FDA_NDC_11",
        regulatedProductName="Exampril",
    )
    items = [VocabularyElement("urn:epc:idpat:sgtin:9521321.000017.*", ndc)]
    header = Header(
        vocabularies=[
            Vocabulary("urn:epcglobal:epcis:vtype:Location", places),
            Vocabulary("urn:epcglobal:epcis:vtype:EPCClass", items),
        ],
        sender="urn:x",
    )
    segments, context = made([shipping([PACK.format("A1")])], header)
    assert segments[4:8] == ["N1*SE*Acme*UL*9521321000018", "N3*1 Road", "N4*Basel", "N1*SF**UL*9521321000025"]
    assert "LIN*1*UK*09521321000179*N4*99521032117" in segments
    assert "PID*F****Exampril" in segments
    assert losses(context) == {
        ("LOSS-X12-02", "epcList"): 1,
        ("LOSS-X12-07", "vocabulary/latitude"): 1,
        ("LOSS-X12-08", "sender"): 1,
        ("LOSS-X12-10", "vocabulary/name"): 1,
        ("LOSS-X12-10", "vocabulary/city"): 1,
    }


def test_what_the_856_has_no_place_for_is_lost_and_listed() -> None:
    event = shipping(
        [SSCC.format(1), "urn:epc:id:giai:9521321.1"],
        event_id="urn:uuid:1",
        read_point=Location(SGLN.format(9)),
        destination_list=[
            Party("owning_party", "https://example.com/party"),
            Party("possessing_party", SGLN.format(1)),
            Party("location", "urn:epc:id:sgln:9521141.00001.7"),
        ],
        biz_transaction_list=[bt("desadv", "1"), bt("inv", "9"), BizTransaction("https://example.com/po", "po")],
        event_time="2026-10-05T09:30:07.250+02:00",
        extensions=[element("urn:x", "note", "fragile")],
    )
    more = [
        packing(SSCC.format(7), [PACK.format("X")]),
        AggregationEvent(action="OBSERVE", parent_id=SSCC.format(7), child_epcs=[], **TIME),
    ]
    segments, context = made([event, *more])
    assert "DTM*011*20261005*073007*UT" in segments
    assert losses(context) == {
        ("LOSS-X12-01", "AggregationEvent/packing"): 1,
        ("LOSS-X12-01", "AggregationEvent"): 1,
        ("LOSS-X12-01", "epcs"): 2,
        ("LOSS-X12-04", "event_id"): 1,
        ("LOSS-X12-04", "read_point"): 1,
        ("LOSS-X12-04", "extensions"): 1,
        ("LOSS-X12-05", "bizTransactionList/inv"): 1,
        ("LOSS-X12-05", "bizTransactionList/po"): 1,
        ("LOSS-X12-06", "destinationList/owning_party"): 1,
        ("LOSS-X12-06", "destinationList/possessing_party"): 1,
        ("LOSS-X12-06", "destinationList/location"): 1,
        ("LOSS-X12-11", "eventTime"): 1,
        ("LOSS-X12-12", "epcList"): 1,
    }


def test_separators_stand_in_no_value() -> None:
    notice = shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "A*:~^1")])
    segments, _ = made([notice])
    assert segments[1] == "BSN|00|A*:~^1|20261005|1200"
    everything = shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "*|!%")])
    assert [one.code for one in made([everything])[1].findings] == ["EDI-OUT-04"]
    assert [one.code for one in made([notice], x12_separators="*:~^")[1].findings] == ["EDI-OUT-04"]
    assert made([shipping([SSCC.format(1)])], x12_separators="|>\n^")[0][0] == "ST|856|0001"


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([packing(SSCC.format(1), [PACK.format("A")])], "EDI-OUT-01"),
        ([shipping([SSCC.format(1)], biz_transaction_list=None)], "EDI-OUT-02"),
        ([shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "\u00e4")])], "EDI-OUT-03"),
        ([shipping([SSCC.format(1)], biz_transaction_list=[bt("desadv", "1" * 31)])], "EDI-OUT-03"),
        ([shipping([SSCC.format(1)], event_time="yesterday")], "EDI-OUT-03"),
        ([commissioning([PACK.format("A")], "L\u00e4"), shipping([PACK.format("A")])], "EDI-OUT-03"),
        ([shipping(None, quantity_list=[QuantityElement(LGTIN, "12345678901")])], "EDI-OUT-03"),
        ([shipping(None, quantity_list=[QuantityElement(LGTIN)])], "EDI-OUT-03"),
        ([shipping(None, quantity_list=[QuantityElement(LGTIN, "1", "MTR")])], "EDI-OUT-06"),
        (
            [
                ObjectEvent(action="OBSERVE", biz_step="void_shipping", epc_list=[SSCC.format(1)], **TIME),
                shipping([SSCC.format(1)]),
            ],
            "EDI-OUT-05",
        ),
    ],
)
def test_what_cannot_be_written_is_a_finding(events: list[Event], code: str) -> None:
    segments, context = made(events)
    assert not segments
    assert [one.code for one in context.findings] == [code]


def test_a_withdrawn_shipping_is_not_written() -> None:
    withdrawn = shipping([SSCC.format(1)], event_id="urn:uuid:1")
    said = shipping([SSCC.format(1)], event_id="urn:uuid:1", error_declaration=ErrorDeclaration("2026-10-06T00:00:00Z"))
    segments, context = made([withdrawn, said, shipping([SSCC.format(2)])])
    assert [one for one in segments if one.startswith("MAN")] == ["MAN*GM*00395213210000000026"]
    assert losses(context)["LOSS-X12-01", "ObjectEvent/shipping"] == 2


def test_what_was_shipped_again_after_its_voiding_is_written() -> None:
    early = {"event_time": "2026-10-05T08:00:00+02:00", "event_time_zone_offset": "+02:00"}
    void = ObjectEvent(action="OBSERVE", biz_step="void_shipping", epc_list=[SSCC.format(1)], **early)
    segments, _ = made([void, shipping([SSCC.format(1)])])
    assert "MAN*GM*00395213210000000019" in segments


def test_the_number_of_the_notice_may_be_given() -> None:
    segments, _ = made([shipping([SSCC.format(1)], biz_transaction_list=None)], x12_shipment_id="N-9")
    assert segments[1].startswith("BSN*00*N-9*")


@pytest.mark.parametrize("key", ["x12-sender", "x12-receiver", "x12-control-number", "x12-usage"])
def test_a_missing_setting_is_named(key: str) -> None:
    with pytest.raises(UsageError, match=key):
        made([shipping([SSCC.format(1)])], **{key: ""})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("x12-sender", "ACME"),
        ("x12-receiver", "ZZ:" + "A" * 16),
        ("x12-control-number", "12345678901"),
        ("x12-group-control-number", "A"),
        ("x12-separators", "**~^"),
        ("x12-usage", "X"),
        ("creation-date", "now"),
    ],
)
def test_a_setting_of_a_wrong_form_is_named(key: str, value: str) -> None:
    with pytest.raises(UsageError, match=key):
        made([shipping([SSCC.format(1)])], **{key: value})


def test_losses_can_be_refused(tmp_path: Path) -> None:
    source = Source.file(MAPPINGS / "x12-856" / "shipment-4711.x12.expected.jsonld")
    report = convert(Request(source, to="x12-856", values=SETTINGS, loss=LossMode.FAIL), tmp_path)
    assert report.failed
    assert not list(tmp_path.iterdir())
