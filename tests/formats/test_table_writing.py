"""Writing tables: what is told when a row cannot hold it, which mappings cannot be written with, and what rows mean."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from msgspec import structs

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    ErrorDeclaration,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
    TransformationEvent,
)
from gateway.errors import ConfigurationError, UsageError
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.table import TABLE, Mapping, load
from gateway.options import Options
from tests.formats.table_writing import EVENTS, FIELDS, PLANT, UNITS, Written, events_of, mapping
from tests.formats.table_writing import PLACE as PLACE_FIELDS

UNIT = "urn:epc:id:sgtin:9521321.011001."
BOXES = [f"urn:epc:id:sscc:9521321.000000000{number}" for number in range(1, 4)]
PALLET = "urn:epc:id:sscc:9521321.1000000001"
PLACE = Location(PLANT)
LOT = element("urn:epcglobal:cbv:mda", "lotNumber", "L1")


def made(*serials: str, time: str = "2026-10-05T09:00:00+02:00", **changes) -> ObjectEvent:
    event = ObjectEvent(
        event_time=time,
        event_time_zone_offset=time[-6:] if not time.endswith("Z") else "+00:00",
        action="ADD",
        biz_step="commissioning",
        read_point=PLACE,
        biz_location=PLACE,
        epc_list=[serial if ":" in serial else UNIT + serial for serial in serials],
        ilmd=[LOT],
    )
    return structs.replace(event, **changes)


def packed(parent: str, *children: str, time: str = "2026-10-05T10:00:00+02:00", **changes) -> AggregationEvent:
    event = AggregationEvent(
        event_time=time,
        event_time_zone_offset=time[-6:],
        action="ADD",
        biz_step="urn:epcglobal:cbv:bizstep:packing",
        disposition="https://ref.gs1.org/cbv/Disp-in_progress",
        parent_id=parent,
        child_epcs=[child if ":" in child else UNIT + child for child in children],
    )
    return structs.replace(event, **changes)


def rows(written: Written) -> list[list[str]]:
    return [line.split(",") for line in written.text.splitlines()]


def test_a_row_holds_all_that_is_told_of_a_unit_and_its_containers() -> None:
    written = Written([made("A"), packed(BOXES[0], "A"), packed(PALLET, BOXES[0])], mapping())
    assert not written.codes
    assert not written.losses
    assert rows(written) == [
        ["GTIN", "Serial", "Lot", "Box", "Pallet", "Made", "Packed"],
        [
            "09521321110014",
            "A",
            "L1",
            "095213210000000018",
            "195213210000000015",
            "05.10.2026 09:00:00",
            "05.10.2026 10:00",
        ],
    ]


def test_the_order_of_the_events_does_not_matter() -> None:
    events = [made("A"), packed(BOXES[0], "A"), packed(PALLET, BOXES[0])]
    assert Written(reversed(events), mapping()).data == Written(events, mapping()).data


def test_digital_links_and_urns_of_the_vocabulary_are_the_same_things() -> None:
    link = "https://id.gs1.org/01/09521321110014/21/A"
    box = "https://id.gs1.org/00/095213210000000018"
    place = Location("https://id.gs1.org/414/9521321000018")
    events = [made(link, read_point=place, biz_location=place), packed(box, link)]
    assert Written(events, mapping()).data == Written([made("A"), packed(BOXES[0], "A")], mapping()).data


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (made("A", biz_step="shipping"), "its bizStep is shipping"),
        (made("A", action="OBSERVE"), "its action is OBSERVE"),
        (made("A", read_point=None), "readPoint is not given, the mapping says 9521321000018"),
        (made("A", error_declaration=ErrorDeclaration("2026-10-06T00:00:00Z")), "it is declared to be in error"),
        (packed(BOXES[0], "A", disposition=None), "its disposition is not given"),
        (packed(BOXES[0]), "it names no contents"),
        (structs.replace(made(), epc_list=[]), "it names no object"),
        (
            TransformationEvent(event_time="2026-10-05T09:00:00Z", event_time_zone_offset="+00:00", event_id="x:1"),
            "it names no object",
        ),
    ],
)
def test_an_event_of_no_kind_is_lost_whole(event, reason: str) -> None:
    written = Written([made("K"), event], mapping())
    (loss,) = written.lost
    assert (loss.code, loss.outcome, loss.field, loss.event) == ("LOSS-TABLE-01", Outcome.LOST, type(event).__name__, 2)
    assert reason in loss.reason
    assert json.loads(loss.value)["event_time"] == event.event_time
    assert loss.event_id == (event.event_id or "")


def test_every_value_without_a_column_is_named() -> None:
    more = made(
        "A",
        event_id="urn:uuid:1",
        record_time="2026-10-05T11:00:00Z",
        event_time_zone_offset="+01:00",
        disposition="active",
        ilmd=[LOT, element("urn:epcglobal:cbv:mda", "itemExpirationDate", "2029-01-01"), element("urn:v", "x", "1")],
        biz_transaction_list=[BizTransaction("urn:epcglobal:cbv:bt:9521321000018:7", "po")],
        source_list=[Party("owning_party", PLANT)],
        destination_list=[Party("location", PLANT)],
        extensions=[element("urn:v", "y", "2")],
        quantity_list=[QuantityElement("urn:epc:class:lgtin:9521321.011001.L", "1")],
    )
    losses = Written([more], mapping()).losses
    assert {(code, field) for code, field, _ in losses} == {
        ("LOSS-TABLE-02", "eventID"),
        ("LOSS-TABLE-02", "recordTime"),
        ("LOSS-TABLE-02", "eventTimeZoneOffset"),
        ("LOSS-TABLE-02", "disposition"),
        ("LOSS-TABLE-02", "ilmd/itemExpirationDate"),
        ("LOSS-TABLE-02", "ilmd/x"),
        ("LOSS-TABLE-02", "bizTransactionList/bizTransaction"),
        ("LOSS-TABLE-02", "sourceList/source"),
        ("LOSS-TABLE-02", "destinationList/destination"),
        ("LOSS-TABLE-02", "extension"),
        ("LOSS-TABLE-03", "quantityList/quantityElement"),
    }
    assert ("LOSS-TABLE-02", "ilmd/itemExpirationDate", "2029-01-01") in losses


def test_what_stands_around_the_events_is_named() -> None:
    header = Header(sender="urn:epc:id:sgln:9521321.00001.0", creation_date="2026-01-01T00:00:00Z", document_id="urn:d")
    losses = Written([made("A")], mapping(), header).losses
    assert losses == [("LOSS-TABLE-07", "documentID", "urn:d"), ("LOSS-TABLE-07", "sender", header.sender)]


@pytest.mark.parametrize(
    ("events", "lost"),
    [
        ([made("A"), made("A")], "no other event of this kind"),
        ([made("A"), packed(BOXES[0], "A"), packed(BOXES[1], "A")], "the mapping has no place for a unit"),
        (
            [made("A"), packed(BOXES[0], "A"), packed(PALLET, BOXES[0], time="2026-10-05T12:00:00+02:00")],
            "the row of its container has another value for 'packed'",
        ),
        ([made("A"), packed(BOXES[0], BOXES[1]), packed(BOXES[1], BOXES[0], "A")], "it would hold itself"),
        ([made("A"), packed(PALLET, BOXES[0]), packed(BOXES[0], BOXES[1]), packed(BOXES[1], "A")], "no place for a"),
        ([made("A", "urn:epc:id:grai:9521321.12345.1")], "it is of no kind that the mapping knows"),
        ([made("A", "urn:other:1")], "it is of no kind that the mapping knows"),
    ],
)
def test_what_contradicts_the_row_is_lost_and_named(events, lost: str) -> None:
    written = Written(events, mapping())
    assert {one.code for one in written.lost} == {"LOSS-TABLE-03"}
    assert any(lost in one.reason for one in written.lost), [one.reason for one in written.lost]
    assert len(rows(written)) == 2


def test_a_container_without_contents_has_no_row_where_rows_are_of_units() -> None:
    written = Written([made("A"), packed(PALLET, BOXES[0])], mapping())
    assert [(one.code, one.value) for one in written.lost] == [("LOSS-TABLE-03", "095213210000000018")]
    optional = FIELDS | {name: FIELDS[name] | {"required": False} for name in ("gtin", "serial", "lot", "made")}
    written = Written([made("A"), packed(PALLET, BOXES[0])], mapping(fields=optional))
    assert not written.lost
    assert rows(written)[2] == ["", "", "", "095213210000000018", "195213210000000015", "", "05.10.2026 10:00"]


TIMES = [
    ("2026-10-05T09:00:00+02:00", "05.10.2026 09:00:00", ""),
    ("2026-10-05T07:00:00Z", "05.10.2026 09:00:00", "LOSS-TABLE-04"),
    ("2026-10-05T07:00:00.000Z", "05.10.2026 09:00:00", "LOSS-TABLE-04"),
    ("2026-10-05T09:00:00.25+02:00", "2026-10-05T09:00:00.25+02:00", "LOSS-TABLE-05"),
    ("2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00", "LOSS-TABLE-05"),
]


@pytest.mark.parametrize(("time", "cell", "code"), TIMES)
def test_a_time_is_written_in_the_columns_zone_or_as_it_stands(time: str, cell: str, code: str) -> None:
    written = Written([made("A", time=time)], mapping())
    assert rows(written)[1][5] == cell
    assert [one.code for one in written.lost] == ([code] if code else [])
    if code != "LOSS-TABLE-04":
        assert events_of(written.data, mapping())[0].event_time == time


def test_the_spelling_of_a_time_is_a_loss_of_each_event() -> None:
    written = Written([made("A", time="2026-10-05T07:00:00Z"), made("B", time="2026-10-05T07:00:00Z")], mapping())
    assert [(one.code, one.event) for one in written.lost] == [("LOSS-TABLE-04", 1), ("LOSS-TABLE-04", 2)]


def test_what_an_identifier_says_beside_its_key_is_lost_and_named() -> None:
    link = "https://example.com/01/09521321110014/21/A?17=290331"
    other = "urn:epc:id:sgtin:95213211.01001.B"
    box = "urn:epc:id:sscc:95213210.000000001"
    written = Written([made(link, other), packed(box, "B")], mapping())
    assert [(one.code, one.field, one.value) for one in written.lost] == [
        ("LOSS-C15", "epcList/epc", link),
        ("LOSS-TABLE-08", "epcList/epc", other),
        ("LOSS-TABLE-08", "parentID", box),
    ]
    place = Location("urn:epc:id:sgln:95213210.0001.0")
    written = Written([made("A", read_point=place)], mapping())
    assert written.losses == [("LOSS-TABLE-08", "readPoint", place.id)]


def test_a_day_that_two_forms_would_read_differently_is_written_so_that_it_has_one_reading() -> None:
    forms = ["DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY"]
    expiry = {"column": "Expiry", "transform": "date", "formats": forms}
    event = EVENTS[0] | {"ilmd": {"lotNumber": "lot", "itemExpirationDate": "expiry"}}
    by = mapping(fields=FIELDS | {"expiry": expiry}, events=[event])
    for day, cell in (("2029-12-31", "31/12/2029"), ("2029-05-06", "06.05.2029"), ("2029-05-05", "05/05/2029")):
        until = element("urn:epcglobal:cbv:mda", "itemExpirationDate", day)
        written = Written([made("A", ilmd=[LOT, until])], by)
        assert rows(written)[1][-1] == cell
        assert not written.losses


def test_a_missing_value_of_a_required_column_is_an_error() -> None:
    written = Written([made("A", ilmd=None), packed(BOXES[0], "A", "B")], mapping())
    assert written.codes.count("TABLE-OUT-01") == 4
    messages = [one.message for one in written.context.findings if one.code == "TABLE-OUT-01"]
    assert "the column 'Lot' must be filled, and the document does not say it of (01)09521321110014(21)A" in messages
    assert any("'Made'" in message and "(21)B" in message for message in messages)
    assert any("(21)B also tells of commissioning of unit" in message for message in messages)


def test_rows_that_mean_more_than_the_document_are_named() -> None:
    supplied = {"required": False, "otherwise": "event-time"}
    optional = FIELDS | {"made": FIELDS["made"] | supplied, "lot": FIELDS["lot"] | {"required": False}}
    written = Written([packed(BOXES[0], "A")], mapping(fields=optional))
    (finding,) = written.context.findings
    assert finding.code == "TABLE-OUT-04"
    assert "also tells of commissioning of unit" in finding.message


def test_a_column_that_would_tell_of_two_events_what_is_true_of_one_is_an_error() -> None:
    boxes = UNITS | PLACE_FIELDS | {"epcs": "box"}
    by = mapping(events=[*EVENTS, boxes])
    box = made(BOXES[0], time="2026-10-05T09:30:00+02:00", ilmd=None)
    written = Written([made("A"), box, packed(BOXES[0], "A")], by)
    assert written.codes == ["TABLE-OUT-08", "TABLE-OUT-01"]  # the lot is that of the other event, too
    two = [made("A"), made("B", time="2026-10-05T09:00:01+02:00"), packed(BOXES[0], "A", "B")]
    assert "TABLE-OUT-08" in Written(two, by).codes
    assert Written(two, mapping()).codes == []


def test_nothing_that_fits_is_an_error() -> None:
    written = Written([made("A", biz_step="inspecting")], mapping())
    assert written.codes == ["TABLE-OUT-05"]


def test_a_value_that_no_cell_gives_is_an_error() -> None:
    fields = FIELDS | {"lot": {"column": "Lot", "transform": "lookup", "table": {"one": "L1"}}}
    assert rows(Written([made("A")], mapping(fields=fields)))[1][2] == "one"
    other = made("A", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "L2")])
    written = Written([other], mapping(fields=fields))
    assert written.codes == ["TABLE-OUT-02"]
    assert "'L2'" in next(iter(written.context.findings)).message


def test_letters_that_the_encoding_lacks_are_an_error() -> None:
    fields = FIELDS | {"lot": {"column": "Lot"}}
    by = mapping(fields=fields, table={"csv": {"encoding": "cp1252"}})
    written = Written([made("A", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "Ω")])], by)
    assert written.codes == ["TABLE-OUT-02"]


def test_a_row_that_would_be_read_as_a_total_is_an_error() -> None:
    by = mapping(table={"csv": {}, "footers": [{"words": ["0952"], "counts": "unit"}]})
    assert Written([made("A")], by).codes == ["TABLE-OUT-06"]


def test_two_values_above_one_table_are_an_error_in_csv_and_two_sheets_in_a_workbook() -> None:
    fields = FIELDS | {"lot": {"preamble": "Batch", "transform": "lot"}}
    events = [
        made("A"),
        made("B", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "L2")]),
        made("C", time="2026-10-05T09:00:01+02:00"),
    ]
    assert Written(events, mapping(fields=fields)).codes == ["TABLE-OUT-03"]
    for sheet, codes in (("Batch", ["TABLE-OUT-03"]), ("*", [])):
        by = mapping(fields=fields, table={"xlsx": {"sheet": sheet}})
        written = Written(events, by)
        assert written.codes == codes
    back = events_of(written.data, by, "t.xlsx")
    assert [(event.ilmd[0].text, event.epc_list) for event in back] == [
        ("L1", [UNIT + "A"]),
        ("L1", [UNIT + "C"]),
        ("L2", [UNIT + "B"]),
    ]


def field(**changes):
    return {"fields": FIELDS | {"lot": {"column": "Lot"} | changes}}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (field(steps=[{"regex": {"pattern": "LOT (.*)"}}]), "fields.lot: the step `regex` takes a part of the cell"),
        (field(steps=[{"split": {"by": "/", "part": 2}}]), "fields.lot: the step `split` takes a part of the cell"),
        (field(steps=[{"case": "upper"}, {"element": "10"}]), "fields.lot: the step `element` takes a part"),
        (field(column=[], first_of=["Lot", "Batch"]), "fields.lot: `first_of`: which of the columns"),
        (field(column=[], join=["Lot", "Part"]), "fields.lot: `join` without a separator"),
        (field(column=[], join=["Lot", "Part"], separator="-", steps=[{"regex": {"pattern": "(.*)"}}]), "step `regex`"),
        (field(column=[], preamble="Lot", steps=[{"split": {"by": "/", "part": 2}}]), "fields.lot: the step `split`"),
        (field(column=["Charge", "Made"]), "fields.lot: the columns 'Charge' and 'Made' would both stand for it"),
    ],
)
def test_mappings_that_lose_something_are_refused_with_the_reason(changes, why: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Written([made("A")], mapping(**changes))
    assert error.value.message.startswith("the mapping x/y can be read with, not written with: ")
    assert why in error.value.message


def test_all_reasons_are_given_at_once() -> None:
    lot, more = ({"column": name, "steps": [{"regex": {"pattern": "(.*)"}}]} for name in "XY")
    with pytest.raises(ConfigurationError, match=r"fields\.lot: .*; fields\.more: "):
        Written([made("A")], mapping(fields=FIELDS | {"lot": lot, "more": more}))


def test_texts_are_put_into_the_columns_that_they_are_joined_from() -> None:
    by = mapping(**field(column=[], join=["Lot", "Part"], separator="-"))
    lot = made("A", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "L1-7")])
    written = Written([lot], by)
    assert rows(written)[0][2:4] == ["Lot", "Part"]
    assert rows(written)[1][2:4] == ["L1", "7"]
    assert Written([made("A")], by).codes == ["TABLE-OUT-02"]


def test_the_table_is_what_the_mapping_claims() -> None:
    by = mapping(identify={"contains": ["Packing list"], "columns": ["Remarks"]})
    written = Written([made("A")], by)
    assert written.text.splitlines()[:3] == [
        "Packing list,,,,,,,",
        ",,,,,,,",
        "GTIN,Serial,Lot,Box,Pallet,Made,Packed,Remarks",
    ]
    assert by.claims(written.data, "t.csv") is not None


def test_kinds_of_rows_come_back() -> None:
    fields = FIELDS | {"what": {"column": "What", "transform": "lookup", "table": {"NEW": "new", "GONE": "gone"}}}
    gone = UNITS | {"action": "DELETE", "biz_step": "destroying", "where": {"what": "gone"}, "read_point": "plant"}
    by = mapping(
        fields=fields,
        events=[EVENTS[0] | {"where": {"what": "new"}}, gone],
        objects={"unit": {"sgtin": ["gtin", "serial"]}},
    )
    end = made("A", action="DELETE", biz_step="destroying", ilmd=None, biz_location=None)
    written = Written([made("A", "B"), end], by)
    assert [row[-1] for row in rows(written)] == ["What", "NEW", "NEW", "GONE"]
    assert [one.message for one in written.context.findings if one.code != "TABLE-OUT-01"] == []


def test_more_things_than_memory_holds_come_in_their_order() -> None:
    serials = [f"K{number:07}" for number in range(60_000)]
    events = [made(*serials[start : start + 1000]) for start in range(0, 60_000, 1000)]
    events += [packed(BOXES[number % 3], *serials[number::3]) for number in range(3)]
    written = Written(events, mapping())
    lines = written.text.splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == serials
    assert {line.split(",")[3] for line in lines[1:]} == {f"0952132100000000{last}" for last in ("18", "25", "32")}


def fixed(**changes) -> Mapping:
    """A mapping of lines with fixed places."""
    columns = {"GTIN": 14, "Serial": 20, "Lot": 8, "Box": 18, "Pallet": 18, "Made": 19, "Packed": 16}
    places, start = {}, 1
    for name, width in columns.items():
        places[name] = SimpleNamespace(start=start, width=width)
        start += width
    by = mapping(identify={"columns": []})
    layout = {"columns": places, "encoding": "auto", "kind": None, "lines": {}} | changes
    by.spec.table.__dict__["fixed"] = SimpleNamespace(**layout)
    return by


def test_lines_with_fixed_places() -> None:
    written = Written([made("A"), packed(BOXES[0], "A"), made("B")], fixed(), carrier="fixed")
    assert not written.codes
    assert written.text.splitlines() == [
        f"09521321110014{'A':20}{'L1':8}095213210000000018{'':18}05.10.2026 09:00:0005.10.2026 10:00",
        f"09521321110014{'B':20}{'L1':8}{'':18}{'':18}05.10.2026 09:00:00{'':16}",
    ]
    long = made("A", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "L12345678")])
    assert Written([long], fixed(), carrier="fixed").codes == ["TABLE-OUT-02"]
    with pytest.raises(ConfigurationError, match="several kinds"):
        Written([made("A")], fixed(lines={"H": {}}), carrier="fixed")
    with pytest.raises(ConfigurationError, match="no place for the column 'GTIN'"):
        Written([made("A")], fixed(columns={"Lot": SimpleNamespace(start=1, width=8)}), carrier="fixed")


def test_half_a_character_and_a_text_that_is_too_long_for_a_workbook_are_errors() -> None:
    fields = FIELDS | {"lot": {"column": "Lot"}}
    for carrier in ({"csv": {}}, {"xlsx": {}}):
        half = made("A", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "\ud800")])
        assert Written([half], mapping(fields=fields, table=carrier)).codes == ["TABLE-OUT-02"]
    long = made("A", ilmd=[element("urn:epcglobal:cbv:mda", "lotNumber", "L" * 40_000)])
    assert Written([long], mapping(fields=fields, table={"xlsx": {}})).codes == ["TABLE-OUT-07"]


def test_there_must_be_a_mapping_and_a_kind_of_file_that_it_knows() -> None:
    with pytest.raises(UsageError, match="written through a mapping"):
        list(TABLE.write(Document(Header(), []), Context()))
    with pytest.raises(UsageError, match="knows csv"):
        list(
            TABLE.write(Document(Header(), []), Context(target_mapping=mapping(), options=Options({"carrier": "xlsx"})))
        )
    both = Context(target_mapping=load("acme-cmo/batch"))
    assert TABLE.suffix_of is not None
    assert TABLE.suffix_of(both) == ".xlsx"
    both.target_mapping = load("acme-cmo/batch-us")
    assert TABLE.suffix_of(both) == ".csv"


def test_the_same_document_gives_the_same_workbook() -> None:
    by = mapping(table={"xlsx": {}})
    assert Written([made("A")], by).data == Written([made("A")], by).data
