"""Tables that are not one row a pack: levels, blocks, merged cells, kinds of rows, amounts, several sheets."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import xlsxwriter
import yaml

from gateway.epcis.events import AggregationEvent, ObjectEvent, QuantityElement
from gateway.errors import InputError
from gateway.formats.base import Context
from gateway.formats.table import load, read
from gateway.resources import shipped
from gateway.sources import Source

GTIN = "09521321110014"
UNIT = "urn:epc:id:sgtin:9521321.011001."
BOXES = ["095213210000000018", "095213210000000025", "095213210000000032"]
PALLET = "195213210000000015"
BOX = "urn:epc:id:sscc:9521321.000000000"
PALLET_URN = "urn:epc:id:sscc:9521321.1000000001"

FIELDS = {
    "gtin": {"column": "GTIN", "transform": "gtin"},
    "serial": {"column": "Serial", "transform": "serial"},
    "box": {"column": "Box", "transform": "sscc", "required": False},
    "pallet": {"column": "Pallet", "transform": "sscc", "required": False},
    "at": {"column": "Time", "otherwise": "event-time", "transform": "datetime"},
}
OBJECTS = {"unit": {"sgtin": ["gtin", "serial"], "inside": "box"}, "box": {"sscc": "box", "inside": "pallet"}}
OBJECTS["pallet"] = {"sscc": "pallet"}
EVENTS = [
    {"event": "ObjectEvent", "action": "ADD", "epcs": "unit", "time": "at", "biz_step": "commissioning"},
    {"event": "AggregationEvent", "action": "ADD", "parent": "box", "children": "unit", "time": "at"},
    {"event": "AggregationEvent", "action": "ADD", "parent": "pallet", "children": "box", "time": "at"},
]


def convert(tmp_path: Path, data: bytes | str, name: str = "s.csv", **changes):
    spec = {
        "mapping": "x/y",
        "version": 1,
        "title": "t",
        "table": {"csv": {}, "xlsx": {"sheet": "*"}},
        "company_prefixes": ["9521321"],
        "fields": FIELDS,
        "objects": OBJECTS,
        "events": EVENTS,
    } | changes
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    context = Context(mapping=load(str(path)))
    context.options.values["event-time"] = "2026-10-05T09:00:00Z"
    source = Source.memory(data.encode() if isinstance(data, str) else data, name)
    return list(read(source, context).events), list(context.findings)


def packed(events) -> dict[str, list[str]]:
    return {e.parent_id: e.child_epcs for e in events if isinstance(e, AggregationEvent)}


def told(findings) -> list[tuple[str, int, str]]:
    return [(f.code, f.where.row, f.where.column) for f in findings]


def table(**parts) -> dict:
    return {"csv": {}, **parts}


LEVELS = {"column": "Level", "objects": {"1": "pallet", "2": "box", "3": "unit"}}
BY_ID = FIELDS | {
    "serial": {"column": "Id", "transform": "serial"},
    "box": {"column": "Id", "transform": "sscc"},
    "pallet": {"column": "Id", "transform": "sscc"},
}


def test_levels_follow_their_container(tmp_path: Path) -> None:
    rows = f"Level,Id,GTIN\n1,{PALLET},\n2,{BOXES[0]},\n3,A1,{GTIN}\n3,A2,{GTIN}\n2,{BOXES[1]},\n3,A3,{GTIN}\n"
    events, findings = convert(tmp_path, rows, table=table(levels=LEVELS), fields=BY_ID)
    assert not findings
    assert events[0].epc_list == [UNIT + "A1", UNIT + "A2", UNIT + "A3"]
    assert packed(events) == {
        BOX + "1": [UNIT + "A1", UNIT + "A2"],
        BOX + "2": [UNIT + "A3"],
        PALLET_URN: [BOX + "1", BOX + "2"],
    }


def test_levels_that_name_their_container_stand_in_any_order(tmp_path: Path) -> None:
    levels = LEVELS | {"parent": "In"}
    rows = (
        f"Level,Id,In,GTIN\n3,A1,{BOXES[0]},{GTIN}\n2,{BOXES[0]},{PALLET},\n"
        f"3,A2,{BOXES[2]},{GTIN}\n1,{PALLET},,\n3,A3,,{GTIN}\n"
    )
    events, findings = convert(tmp_path, rows, table=table(levels=levels), fields=BY_ID)
    assert not findings
    assert packed(events) == {BOX + "1": [UNIT + "A1"], BOX + "3": [UNIT + "A2"], PALLET_URN: [BOX + "1"]}


def test_a_level_that_is_skipped_and_one_that_is_unknown(tmp_path: Path) -> None:
    rows = f"Level,Id,GTIN\n1,{PALLET},\n3,A1,{GTIN}\n4,A2,{GTIN}\n3,,{GTIN}\n"
    events, findings = convert(tmp_path, rows, table=table(levels=LEVELS), fields=BY_ID)
    assert not events
    assert told(findings) == [
        ("TABLE-VALUE-03", 4, "Level"),
        ("TABLE-VALUE-01", 5, "Id"),
        ("TABLE-VALUE-01", 3, ""),
    ]


def test_blocks_reset_what_is_inside(tmp_path: Path) -> None:
    rows = (
        f"Pallet,Box,GTIN,Serial\n{PALLET},,,\n,{BOXES[0]},,\n,,{GTIN},A1\n,,{GTIN},A2\n"
        f",{BOXES[1]},,\n,{BOXES[2]},{GTIN},A3\n"
    )
    filled = table(fill_down=["pallet", "box"])
    events, findings = convert(tmp_path, rows, table=filled)
    assert not findings
    assert packed(events) == {
        BOX + "1": [UNIT + "A1", UNIT + "A2"],
        BOX + "3": [UNIT + "A3"],
        PALLET_URN: [BOX + "1", BOX + "2", BOX + "3"],  # an empty box is on the pallet, too
    }
    other = f"{rows}295213210000000012,,,\n,,{GTIN},A4\n"
    _, findings = convert(tmp_path, other, table=filled)
    assert told(findings) == [("TABLE-VALUE-01", 9, "")]  # the box belongs to the pallet before


def test_several_columns_make_one_value(tmp_path: Path) -> None:
    fields = FIELDS | {
        "serial": {"join": ["Prefix", "Number"], "separator": "-", "transform": "serial"},
        "gtin": {"first_of": ["Own GTIN", "GTIN"], "transform": "gtin"},
    }
    events, findings = convert(tmp_path, f"Prefix,Number,Own GTIN,GTIN\nP,7,,{GTIN}\nP,8,{GTIN},x\n", fields=fields)
    assert events[0].epc_list == [UNIT + "P-7", UNIT + "P-8"]
    assert not findings
    _, findings = convert(tmp_path, f"Prefix,Number,GTIN\nP,,{GTIN}\nP,2,{GTIN}\n", fields=fields)
    assert told(findings) == [("TABLE-VALUE-01", 2, "Prefix + Number")]


KINDS = [
    {"event": "AggregationEvent", "action": "DELETE", "parent": "box", "children": "unit", "time": "at"},
    {"event": "ObjectEvent", "action": "DELETE", "epcs": "unit", "time": "at", "biz_step": "destroying"},
    {"event": "AggregationEvent", "action": "DELETE", "parent": "box", "time": "at"},
]
for _event, _kind in zip(KINDS, ("out", ["destroy", "burn"], "empty"), strict=True):
    _event["where"] = {"kind": _kind}
WITH_KIND = FIELDS | {"kind": {"column": "Kind"}, "serial": {"column": "Serial", "required": False}}


def test_kinds_of_rows_make_their_events(tmp_path: Path) -> None:
    rows = f"Kind,GTIN,Serial,Box\nout,{GTIN},A1,{BOXES[0]}\ndestroy,{GTIN},A1,\nburn,{GTIN},A2,\n"
    rows += f"empty,{GTIN},,{BOXES[1]}\n"
    events, findings = convert(tmp_path, rows, fields=WITH_KIND | {"pallet": FIELDS["pallet"]}, events=KINDS)
    assert not findings
    assert [(type(e), e.action, getattr(e, "epc_list", None) or (e.parent_id, e.child_epcs)) for e in events] == [
        (AggregationEvent, "DELETE", (BOX + "1", [UNIT + "A1"])),
        (ObjectEvent, "DELETE", [UNIT + "A1"]),
        (ObjectEvent, "DELETE", [UNIT + "A2"]),
        (AggregationEvent, "DELETE", (BOX + "2", [])),
    ]


def test_a_row_that_no_event_takes_is_an_error(tmp_path: Path) -> None:
    rows = f"Kind,GTIN,Serial,Box\nlend,{GTIN},A1,\nout,{GTIN},A2,\n"
    rows += f"destroy,{GTIN},,\ndestroy,{GTIN},A3,\ndestroy,{GTIN},A3,\n"
    _, findings = convert(tmp_path, rows, fields=WITH_KIND, events=KINDS)
    assert told(findings) == [
        ("TABLE-EVENT-02", 2, "Kind"),
        ("TABLE-VALUE-01", 3, "Box"),
        ("TABLE-VALUE-01", 4, "Serial"),
        ("TABLE-DUP-01", 6, "Serial"),
    ]


def test_amounts_are_added_up_against_the_total(tmp_path: Path) -> None:
    fields = FIELDS | {
        "lot": {"column": "Lot", "transform": "lot", "required": False},
        "amount": {"column": "Amount", "transform": "quantity"},
        "unit": {"column": "Unit", "transform": "uom", "table": {"kg": "KGM"}, "default": ""},
    }
    fields["unit"]["required"] = False
    del fields["serial"]
    objects = {
        "goods": {"quantity": {"gtin": "gtin", "lot": "lot", "amount": "amount", "uom": "unit"}, "inside": "pallet"},
        "pallet": {"sscc": "pallet"},
    }
    events = [
        {"event": "ObjectEvent", "action": "OBSERVE", "epcs": "goods", "time": "at"},
        {"event": "AggregationEvent", "action": "ADD", "parent": "pallet", "children": "goods", "time": "at"},
    ]
    del fields["box"]
    rows = (
        f"GTIN,Lot,Amount,Unit,Pallet\n{GTIN},L1,10,,{PALLET}\n{GTIN},L1,10,,{PALLET}\n{GTIN},,0.5,kg,\nTotal,,20.5,,\n"
    )
    parts = {"fields": fields, "objects": objects, "events": events}
    footers = [{"words": ["Total"], "counts": "goods"}]
    made, findings = convert(tmp_path, rows, table=table(footers=footers), **parts)
    assert not findings
    lot = QuantityElement("urn:epc:class:lgtin:9521321.011001.L1", "10")
    assert made[0].quantity_list == [lot, lot, QuantityElement("urn:epc:idpat:sgtin:9521321.011001.*", "0.5", "KGM")]
    assert made[0].epc_list is None
    assert made[1].child_quantity_list == [lot, lot]
    _, findings = convert(tmp_path, rows.replace("20.5", "21"), table=table(footers=footers), **parts)
    assert told(findings) == [("TABLE-COUNT-01", 5, "")]


def book(**sheets: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return out.getvalue()


HEAD = ["GTIN", "Serial", "Box"]


def test_sheets_are_read_one_after_the_other(tmp_path: Path) -> None:
    data = book(
        First=[HEAD, [GTIN, "A1", BOXES[0]], [GTIN, "A2", BOXES[0]]],
        Notes=[["nothing"]],
        Second=[
            ["a title"],
            ["Box", "Serial", "GTIN"],
            [BOXES[1], "A3", GTIN],
            [BOXES[1], "A1", GTIN],
            ["", "B 1", GTIN],
        ],
    )
    events, findings = convert(tmp_path, data, "s.xlsx")
    assert packed(events) == {BOX + "1": [UNIT + "A1", UNIT + "A2"], BOX + "2": [UNIT + "A3", UNIT + "A1"]}
    assert [(f.code, f.where.sheet, f.where.row) for f in findings] == [
        ("TABLE-HEAD-04", "Second", 1),
        ("GS1-SERIAL-01", "Second", 5),
        ("TABLE-SHEET-02", "Notes", 0),
        ("TABLE-DUP-01", "Second", 4),
    ]
    assert "row 2 of sheet 'First'" in findings[-1].message


def test_no_sheet_with_the_header(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        convert(tmp_path, book(First=[["Serial", "Bx"], ["1", "2"]], Second=[["x"]]), "s.xlsx")
    assert (caught.value.finding.code, caught.value.finding.where.sheet) == ("TABLE-HEAD-01", "First")


PREAMBLE = FIELDS | {"gtin": {"preamble": ["Article", "Product"], "transform": "gtin"}}


@pytest.mark.parametrize("above", [f"Article,{GTIN}", f"Product : {GTIN},", f"x,,\n,product:,,{GTIN}"])
def test_values_above_the_header(tmp_path: Path, above: str) -> None:
    events, findings = convert(tmp_path, f"{above}\nSerial,Box\nA1,\n", fields=PREAMBLE)
    assert events[0].epc_list == [UNIT + "A1"]
    assert [f.code for f in findings] == (["TABLE-HEAD-04"] if above.startswith("x") else [])


def test_values_above_the_header_that_are_wrong_or_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        convert(tmp_path, f"Article,{GTIN[:-1]}5\nSerial,Box\nA1,\n", fields=PREAMBLE)
    where = caught.value.finding.where
    assert (caught.value.finding.code, where.row, where.column) == ("GS1-GTIN-02", 1, "Article")
    with pytest.raises(InputError) as caught:
        convert(tmp_path, "Serial,Box\nA1,\n", fields=PREAMBLE)
    assert (caught.value.finding.code, caught.value.finding.expected) == ("TABLE-HEAD-01", "Article")


def test_things_named_by_one_column(tmp_path: Path) -> None:
    fields = {"code": {"column": "Code", "transform": "epc"}, "at": FIELDS["at"]}
    events = [{"event": "ObjectEvent", "action": "OBSERVE", "epcs": "thing", "time": "at"}]
    rows = f"Code\n(01){GTIN}(21)A1\n(00){PALLET}\nhttps://id.gs1.org/01/{GTIN}/21/A2\n(01){GTIN}\n"
    made, findings = convert(tmp_path, rows, fields=fields, objects={"thing": {"epc": "code"}}, events=events)
    assert [e.epc_list for e in made] == [[UNIT + "A1", PALLET_URN, UNIT + "A2"]]
    assert told(findings) == [("TABLE-VALUE-02", 5, "Code")]


def test_a_row_about_a_container_that_names_none_is_an_error() -> None:
    sample = shipped("mappings") / "styles" / "levels" / "report-vx2601.csv"
    text = sample.read_text("utf-8").replace("PAL;195213210000000022;", "PAL;;")
    context = Context(mapping=load("styles/levels"))
    list(read(Source.memory(text.encode(), sample.name), context).events)
    found = [
        (f.code, f.where.row, f.where.column) for f in context.findings if f.message.startswith("the row is about")
    ]
    assert found == [("TABLE-VALUE-01", 17, "Identifier")]
