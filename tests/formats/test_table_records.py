"""Files that hold records instead of rows: fixed-width lines, JSON, XML."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigurationError, GatewayError
from gateway.formats.base import Context, Limits
from gateway.formats.table import RULES, xml_paths, xml_records
from gateway.formats.table import json_text as text_of_json
from gateway.formats.table.carriers.kinds import is_json, is_text, is_xml
from gateway.formats.table.mappings import load
from gateway.formats.table.reading import read
from gateway.resources import shipped
from gateway.sources import Source
from tests.formats.tables import CASES, GTIN, codes, convert, mapping, serials

JSON = {"json": {"records": "packs"}}
NESTED = {"json": {"records": "cases.units"}}
XML = {
    "xml": {
        "records": "//Unit",
        "columns": {
            "GTIN": "@gtin",
            "Serial": "SN",
            "Case": "../@sscc",
            "Lot": "../../Lot",
            "Expiry": "../../Lot/@expiry",
        },
    }
}
FIXED = {
    "fixed": {
        "columns": {
            "GTIN": {"start": 1, "width": 14},
            "Serial": {"start": 15, "width": 10},
            "Lot": {"start": 27, "width": 6},
        }
    }
}


def pack(serial: str, **more) -> dict:
    return {"GTIN": GTIN, "Serial": serial, **more}


def paths(findings) -> list[tuple[str, str]]:
    return [(one.code, one.where.path) for one in findings]


# JSON


def test_numbers_stay_as_they_are_written(tmp_path) -> None:
    data = '{"packs": [{"GTIN": 9521321110014, "Serial": 10000000000000000001, "Lot": 1.50}]}'
    events, findings = convert(mapping(tmp_path, JSON), data, "p.json")
    assert serials(events) == ["10000000000000000001"]
    assert events[0].ilmd[0].text == "1.50"
    assert paths(findings) == [("TABLE-RECORD-04", "$.packs[0]")] * 2  # zeros in front could be lost


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ('{"packs": [{"GTIN": 1, "GTIN": 2}]}', "'GTIN' stands twice"),
        ('{"packs": [], "a": 1, "a": 2}', "'a' stands twice"),
        ('{"packs": [{"Serial": NaN}]}', "NaN is no JSON"),
        ('{"packs": [{"Serial": -Infinity}]}', "-Infinity is no JSON"),
        ('{"packs": [{"Serial": "x"}', "expected ',' or ']', found the end of the file"),
        ('{"packs": [{"Serial": "x', "ends in the middle of a value"),
        ('{"packs": [{"Serial": "x"} {"Serial": "y"}]}', "expected ',' or ']', found '{'"),
        ('{"packs": [{"Serial": \'x\'}]}', "no JSON"),
        ('{"packs": [{"Serial": "\t"}]}', "no JSON"),
        ('{"packs": [1]}', "'1' is no object"),
        ('{"packs": {"a": [1]}', "found the end of the file"),
        ("[1, 2", "is no object"),
        ('{"packs"', "found the end of the file"),
        ("{", "found the end of the file"),
    ],
)
def test_json_that_cannot_be_read_without_doubt(tmp_path, data: str, says: str) -> None:
    _, findings = convert(mapping(tmp_path, JSON), data, "p.json")
    errors = [one for one in findings if one.severity == "error"]
    assert [one.code in {"TABLE-JSON-01", "TABLE-RECORD-01"} for one in errors[:1]] == [True]
    assert says in errors[0].message


def test_json_that_is_no_utf_8_or_nested_without_end(tmp_path) -> None:
    mapped = mapping(tmp_path, JSON)
    assert codes(convert(mapped, b'{"packs": [{"Serial": "\xe4"}]}', "p.json")[1]) == ["TABLE-ENC-01"]
    deep = '{"packs": [' + '{"a":' * 100_000
    assert codes(convert(mapped, deep, "p.json")[1]) in (["TABLE-LIMIT-01"], ["TABLE-JSON-01"])
    wide = '{"packs": [{"Serial": "' + "x" * 5_000_000
    assert codes(convert(mapped, wide, "p.json", Limits(event_bytes=1 << 20))[1]) == ["TABLE-LIMIT-01"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_mark_says_the_encoding_of_json(tmp_path, encoding: str) -> None:
    data = json.dumps({"packs": [pack("A1")]}).encode(encoding)
    events, findings = convert(mapping(tmp_path, JSON), data, "p.json")
    assert serials(events) == ["A1"]
    assert not findings


@pytest.mark.parametrize("piece", [1, 2, 3, 17, 1000])
def test_json_may_be_cut_anywhere_between_two_reads(tmp_path, monkeypatch, piece: int) -> None:
    monkeypatch.setattr(text_of_json, "PIECE", piece)
    packs = [pack(f"A{n}é\u2028"[:4] if n < 0 else f"A{n}", Lot='L\\"1'[:1], Weight=12.25, Ok=True) for n in range(40)]
    data = json.dumps({"x": [1, [2]], "packs": packs, "y": {"z": -0.5e3}}, indent=1)
    events, findings = convert(mapping(tmp_path, JSON | {"ignore": ["Weight", "Ok"]}), data, "p.json")
    assert serials(events) == [f"A{n}" for n in range(40)]
    assert {one.code for one in findings} == {"TABLE-HEAD-02"}


def test_values_above_the_records_may_stand_behind_them(tmp_path) -> None:
    above = {"lot": {"column": "../lot"}, "case": {"column": "../sscc"}}
    cases = [{"units": [pack("A1"), pack("A2")], "sscc": CASES[0], "lot": "L1"}, {"lot": "L2", "units": pack("B1")}]
    events, findings = convert(mapping(tmp_path, NESTED, **above), json.dumps({"cases": cases}), "p.json")
    assert not findings
    assert [(event.ilmd[0].text, len(event.epc_list)) for event in events[:2]] == [("L1", 2), ("L2", 1)]
    flat = {"lot": {"column": "../lot"}}
    data = json.dumps({"packs": [pack("A1")], "lot": "L9"})
    events, findings = convert(mapping(tmp_path, JSON, **flat), data, "p.json")
    assert (events[0].ilmd[0].text, findings) == ("L9", [])


def test_a_value_that_stands_behind_the_records_in_another_document_only(tmp_path) -> None:
    mapped = mapping(tmp_path, JSON, lot={"column": "../lot"})
    lines = [{"lot": "L1", "packs": [pack("A1")]}, {"packs": [pack("A2")], "lot": "L2"}]
    _, findings = convert(mapped, "\n".join(map(json.dumps, lines)), "p.jsonl")
    assert codes(findings) == ["TABLE-RECORD-02"]
    events, findings = convert(mapped, "\n".join(map(json.dumps, reversed(lines))), "p.jsonl")
    assert (serials(events), findings) == (["A2", "A1"], [])


def test_json_lines_without_a_path(tmp_path) -> None:
    lines = "\n".join(json.dumps(pack(f"A{n}", Lot="x y"[n:])) for n in range(3))
    _, findings = convert(mapping(tmp_path, {"json": {}}), lines + "\n", "p.jsonl")
    assert paths(findings) == [("GS1-LOT-01", "document 1: $")]


def test_what_no_column_takes_is_said_once_wherever_it_comes(tmp_path) -> None:
    packs = [pack(f"A{n}") for n in range(1200)]
    packs[700]["Colour"] = {"front": "red"}
    packs[900]["Colour"] = {"front": "red"}
    packs[0]["Tags"] = ["a", "b"]
    packs[1000]["serial "] = packs[1000].pop("Serial")
    events, findings = convert(mapping(tmp_path, JSON), json.dumps({"packs": packs, "end": [1]}), "p.json")
    assert len(serials(events)) == 1200
    assert [(one.where.column, one.where.path) for one in findings] == [
        ("Tags.1", "$.packs"),
        ("Tags.2", "$.packs"),
        ("Colour.front", "$.packs[700]"),
        ("../end.1", "$"),
    ]


def test_a_column_that_comes_late_is_read(tmp_path) -> None:
    packs = [pack(f"A{n}") for n in range(600)] + [pack("Z1", Lot="L7", Case=CASES[0])]
    events, findings = convert(mapping(tmp_path, JSON), json.dumps({"packs": packs}), "p.json")
    assert not findings
    assert [event.child_epcs[0][-2:] for event in events if hasattr(event, "child_epcs")] == ["Z1"]


def test_one_value_under_two_names(tmp_path) -> None:
    packs = [pack(f"A{n}") for n in range(600)] + [pack("B1", SERIAL="B2")]
    _, findings = convert(mapping(tmp_path, JSON), json.dumps({"packs": packs}), "p.json")
    assert [(one.code, one.where.path) for one in findings] == [("TABLE-HEAD-03", "$.packs[600]")]


def test_a_path_that_leads_nowhere_says_what_is_there(tmp_path) -> None:
    _, findings = convert(mapping(tmp_path, JSON), '{"items": [], "lot": 1}', "p.json")
    assert codes(findings) == ["TABLE-RECORD-01"]
    assert "has no 'packs'; it has items, lot" in findings[0].message
    assert findings[0].severity == "error"
    assert codes(convert(mapping(tmp_path, JSON), '{"packs": []}', "p.json")[1]) == ["TABLE-EMPTY-01"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["packs", "GTIN", "Serial", "x"]), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(JSON_VALUES, st.integers(0, 200))
def test_any_json_cut_anywhere_gives_findings_and_no_traceback(value, cut: int) -> None:
    mapped = load(str(shipped("mappings") / "styles" / "json-batch.yaml"))
    data = json.dumps({"batch": {"cases": value}})
    known = {rule.code for rule in RULES}
    for text in (data, data[: len(data) - cut]):
        context = Context(mapping=mapped)
        code = ""
        try:
            list(read(Source.memory(text.encode(), "x.json"), context).events)
        except GatewayError as error:
            code = error.finding.code
        assert not code or code in known


# XML


def xml(body: str, root: str = "<Batch>") -> str:
    return f"{root}{body}</Batch>"


UNITS = f'<Unit gtin="{GTIN}"><SN>A1</SN></Unit><Unit gtin="{GTIN}"><SN>A2</SN></Unit>'


@pytest.mark.parametrize("read", [1, 50, 1 << 15])
@pytest.mark.parametrize("where", ["before", "behind", "between"])
def test_values_above_the_records_count_wherever_they_stand(tmp_path, monkeypatch, where: str, read: int) -> None:
    monkeypatch.setattr(xml_paths, "READ", read)
    lot = '<Lot expiry="2029-10-31">L1</Lot>'
    first, second = f'<Case sscc="{CASES[0]}">{UNITS}</Case>', f"<Case>{UNITS.replace('A', 'B')}</Case>"
    body = {"before": lot + first + second, "behind": first + second + lot, "between": first + lot + second}[where]
    events, findings = convert(mapping(tmp_path, XML), xml(body), "b.xml")
    assert not findings
    assert serials(events) == ["A1", "A2", "B1", "B2"]
    assert [one.text for one in events[0].ilmd] == ["L1", "2029-10-31"]
    assert len(events) == 2


def test_a_value_far_behind_its_records_is_not_lost(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(xml_records, "WAITING", 3)
    monkeypatch.setattr(xml_paths, "READ", 40)
    units = "".join(f'<Unit gtin="{GTIN}"><SN>A{n}</SN></Unit>' for n in range(9))
    _, findings = convert(mapping(tmp_path, XML), xml(f"<Case>{units}</Case><Lot>L1</Lot>"), "b.xml")
    assert codes(findings) == ["TABLE-RECORD-02"]
    events, findings = convert(mapping(tmp_path, XML), xml(f"<Lot>L1</Lot><Case>{units}</Case>"), "b.xml")
    assert (len(serials(events)), findings) == (9, [])  # those that never come are waited for in vain


def test_leaves_that_no_column_takes_are_said_once(tmp_path) -> None:
    extra = UNITS.replace("</SN>", "</SN><Weight unit='g'>1</Weight>").replace("<Unit", '<Unit line="4"', 1)
    body = (
        f"<Head><Site>S1</Site></Head><Case sscc='{CASES[0]}' colour='red'>{extra}</Case>"
        f"<Case>{extra.replace('>A', '>B')}</Case>"
    )
    events, findings = convert(mapping(tmp_path, XML), xml(body, '<Batch id="7">'), "b.xml")
    assert len(serials(events)) == 4
    assert sorted(one.message.split()[2] for one in findings) == [
        "/Batch/@id",
        "/Batch/Case/@colour",
        "/Batch/Case/Unit/@line",
        "/Batch/Case/Unit/Weight",
        "/Batch/Case/Unit/Weight/@unit",
        "/Batch/Head/Site",
    ]
    ignore = ["Site", "@id", "Case/@colour", "/Batch/Case/Unit/@line", "Weight", "Weight/@unit"]
    assert not convert(mapping(tmp_path, XML | {"ignore": ignore}), xml(body, '<Batch id="7">'), "b.xml")[1]


def test_a_path_with_two_values_is_an_error(tmp_path) -> None:
    body = (
        f'<Case><Unit gtin="{GTIN}"><SN>A1</SN><SN>A2</SN></Unit><Unit gtin="{GTIN}"><SN>B</SN><SN>B</SN></Unit></Case>'
    )
    _, findings = convert(mapping(tmp_path, XML), xml(body), "b.xml")
    assert paths(findings) == [("TABLE-RECORD-03", "(//Unit)[1]")]
    _, findings = convert(mapping(tmp_path, XML), xml(f"<Lot>L1</Lot><Case>{UNITS}</Case><Lot>L2</Lot>"), "b.xml")
    assert "TABLE-RECORD-03" in codes(findings)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("<Batch><Case>", "TABLE-XML-01"),
        ("<Batch>&nbsp;</Batch>", "TABLE-XML-01"),
        ('<!DOCTYPE Batch [<!ENTITY x "y">]><Batch><Unit><SN>&x;</SN></Unit></Batch>', "TABLE-XML-02"),
        ('<!DOCTYPE Batch SYSTEM "file:///etc/hostname"><Batch/>', "TABLE-XML-02"),
        ("<Batch><Item/></Batch>", "TABLE-RECORD-01"),
        ("<a>" * 200 + "</a>" * 200, "TABLE-LIMIT-01"),
        ("<a>" * 300, "TABLE-LIMIT-01"),
        (b"<Batch>\xff</Batch>", "TABLE-XML-01"),
    ],
)
def test_xml_that_is_refused(tmp_path, data, code: str) -> None:
    _, findings = convert(mapping(tmp_path, XML), data, "b.xml")
    assert codes(findings) == [code]
    assert findings[0].severity == "error"


def test_entities_that_grow_are_refused_before_they_do(tmp_path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    data = f'<!DOCTYPE b [<!ENTITY e0 "x">{entities}]><Batch><Unit><SN>&e9;</SN></Unit></Batch>'
    assert codes(convert(mapping(tmp_path, XML), data, "b.xml")[1]) == ["TABLE-XML-02"]


def test_elements_beside_the_records_have_a_limit(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(xml_records, "BESIDE", 100)
    many = "".join(f"<Case>{UNITS.replace('A', f'A{n}x')}</Case>" for n in range(300))
    assert not convert(mapping(tmp_path, XML), xml("<Lot expiry='2029-10-31'>L1</Lot>" + many), "b.xml")[
        1
    ]  # cases go with their records
    assert codes(convert(mapping(tmp_path, XML), xml("<x/>" * 200), "b.xml")[1]) == ["TABLE-LIMIT-01"]


def test_a_document_with_another_root_is_not_read_on(tmp_path) -> None:
    table = {"xml": XML["xml"] | {"records": "/Batch/Unit"}}
    _, findings = convert(mapping(tmp_path, table), "<Invoice><Line/>" + "<broken" * 10, "b.xml")
    assert codes(findings) == ["TABLE-RECORD-01"]
    assert findings[0].value == "Invoice"


@pytest.mark.parametrize("kind", ["json", "xml", "fixed"])
def test_records_of_several_levels(tmp_path, kind: str) -> None:
    rows = [("C", CASES[0]), ("U", "A1"), ("U", "A2"), ("C", CASES[1]), ("U", "B1")]
    levels = {"levels": {"column": "Level", "objects": {"C": "case", "U": "unit"}}}
    by_id = {"serial": {"column": "Id"}, "case": {"column": "Id"}}
    if kind == "json":
        table = {"json": {}} | levels
        data = json.dumps(
            [{"Level": level, "Id": one} | ({"GTIN": GTIN} if level == "U" else {}) for level, one in rows]
        )
    elif kind == "xml":
        table = {"xml": {"records": "/b/r", "columns": {"Level": "@l", "Id": "@id", "GTIN": "g"}}} | levels
        data = "<b>" + "".join(f'<r l="{one[0]}" id="{one[1]}"><g>{GTIN}</g></r>' for one in rows) + "</b>"
    else:
        places = {
            "Level": {"start": 1, "width": 1},
            "Id": {"start": 2, "width": 18},
            "GTIN": {"start": 20, "width": 14},
        }
        table = {"fixed": {"columns": places}} | levels
        data = "".join(f"{level}{one:<18}{GTIN}\n" for level, one in rows)
    events, findings = convert(mapping(tmp_path, table, **by_id), data, f"b.{kind}")
    assert not findings
    packed = {
        event.parent_id[-1]: [epc[-2:] for epc in event.child_epcs] for event in events if hasattr(event, "child_epcs")
    }
    assert packed == {"1": ["A1", "A2"], "2": ["B1"]}


def test_the_record_that_is_not_there_and_what_looks_like_it(tmp_path) -> None:
    data = '<Batch xmlns="urn:x"><Lot/><Units/><Unit/></Batch>'
    _, findings = convert(mapping(tmp_path, XML), data, "b.xml")
    assert "it has Unit in namespace urn:x, Units in namespace urn:x" in findings[0].message


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"xml": XML["xml"] | {"records": "Unit[1]"}}, "is a path of element names"),
        ({"xml": XML["xml"] | {"records": "/a:Unit"}}, "the prefix 'a' is not under namespaces"),
        ({"xml": XML["xml"] | {"columns": {"GTIN": "/Batch/x"}}}, "from the record"),
        ({"xml": XML["xml"] | {"columns": {"GTIN": "count(x)"}}}, "has no functions"),
        ({"xml": XML["xml"] | {"columns": {"GTIN": "document('x')/y"}}}, "has no functions"),
        ({"xml": XML["xml"] | {"columns": {"GTIN": "x["}}}, "is no XPath"),
        ({"xml": XML["xml"] | {"columns": {"GTIN": "a:x"}}}, "the prefix 'a' is not under namespaces"),
        (FIXED | {"controls": [{"column": "Count", "counts": "unit"}]}, "there is no column 'Count'"),
        (JSON | {"controls": [{"column": "../n", "counts": "units"}]}, "did you mean 'unit'?"),
        ({"fixed": FIXED["fixed"] | {"kind": {"start": 1, "width": 1}}}, "`kind` and `data` go together"),
        ({"fixed": FIXED["fixed"] | {"lines": {"H": {}}}}, "without `kind` all lines are data"),
        ({"fixed": FIXED["fixed"] | {"encoding": "cp9999"}}, "there is no encoding"),
        ({"csv": {"delimiter": ";;"}}, "table.csv.delimiter"),
    ],
)
def test_mappings_of_records_are_checked_when_they_are_loaded(tmp_path, table: dict, says: str) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.yaml:") as caught:
        mapping(tmp_path, table)
    assert says in str(caught.value)


# fixed-width lines


def fixed(*rows: tuple[str, str, str]) -> str:
    return "".join(f"{gtin:<14}{serial:<10}  {lot:<6}".rstrip() + "\r\n" for gtin, serial, lot in rows)


def test_fixed_width_lines(tmp_path) -> None:
    data = fixed((GTIN, "A1", "L1"), (GTIN, "0002", "L1"), (GTIN, "A3", "")) + "\x1a"
    events, findings = convert(mapping(tmp_path, FIXED), data, "b.txt")
    assert (serials(events), findings) == (["A1", "0002", "A3"], [])


def test_places_in_fixed_width_lines_are_lines(tmp_path) -> None:
    data = "\n" + fixed((GTIN, "A1", "L1"), (GTIN, "A 2", "L1"), (GTIN, "A1", "L1")) + f"{GTIN}A4        xx\n\tx\n"
    _, findings = convert(mapping(tmp_path, FIXED), data, "b.txt")
    assert [(one.code, one.where.line, one.where.column) for one in findings] == [
        ("TABLE-FIXED-02", 5, ""),
        ("TABLE-FIXED-03", 6, ""),
    ]
    _, findings = convert(mapping(tmp_path, FIXED), data.partition("\t")[0], "b.txt")
    assert [(one.code, one.where.line, one.where.column) for one in findings] == [
        ("TABLE-FIXED-02", 5, ""),
        ("GS1-SERIAL-01", 3, "Serial"),
        ("TABLE-DUP-01", 4, "Serial"),
    ]
    assert "line 2" in findings[-1].message


def test_a_batch_line_below_its_packs(tmp_path) -> None:
    table = {
        "fixed": {
            "kind": {"start": 1, "width": 1},
            "data": "D",
            "columns": {"GTIN": {"start": 2, "width": 14}, "Serial": {"start": 16, "width": 10}},
            "lines": {"B": {"Lot": {"start": 2, "width": 10}}, "T": {"Count": {"start": 2, "width": 5}}},
        },
        "controls": [{"column": "Count", "counts": "unit"}],
    }
    mapped = mapping(tmp_path, table)
    row = f"D{GTIN}A"
    events, findings = convert(mapped, f"BL1\n{row}1\n{row}2\nBL2\n{row}3\nT00003\n", "b.txt")
    assert not findings
    assert [(event.ilmd[0].text, len(event.epc_list)) for event in events] == [("L1", 2), ("L2", 1)]
    assert codes(convert(mapped, f"{row}1\nBL1\nT1\n", "b.txt")[1]) == ["TABLE-RECORD-02"]
    assert codes(convert(mapped, f"BL1\n{row}1\nT2\n", "b.txt")[1]) == ["TABLE-COUNT-01"]
    assert codes(convert(mapped, f"BL1\n{row}1\n", "b.txt")[1]) == ["TABLE-COUNT-03"]
    assert codes(convert(mapped, f"BL1\n{row}1\nTx\n", "b.txt")[1]) == ["TABLE-COUNT-02"]
    assert not convert(mapped, f"BL1\n{row}1\nT1\nBL1\n{row}2\nT1\n", "b.txt")[1]  # joined files: totals add up
    assert codes(convert(mapped, f"BL1\n{row}1\nT1\nX\n", "b.txt")[1]) == ["TABLE-FIXED-01"]


def test_fixed_width_text_in_a_wrong_encoding_and_without_line_ends(tmp_path) -> None:
    table = {"fixed": FIXED["fixed"] | {"encoding": "utf-8"}}
    _, findings = convert(mapping(tmp_path, table), fixed((GTIN, "A1", "L1")).encode() + b"\xff\n", "b.txt")
    assert (codes(findings), findings[0].where.row) == (["TABLE-ENC-01"], 2)
    _, findings = convert(mapping(tmp_path, table), "x" * (5 << 20), "b.txt")
    assert codes(findings) == ["TABLE-LIMIT-01"]


# totals, and whose file it is


@pytest.mark.parametrize(
    ("said", "code"), [("2", []), ('"2"', []), ("3", ["TABLE-COUNT-01"]), ('"x"', ["TABLE-COUNT-02"])]
)
def test_totals_of_json_and_xml(tmp_path, said: str, code: list[str]) -> None:
    control = [{"column": "../count", "counts": "unit"}]
    packs = json.dumps([pack("A1"), pack("A2")])
    mapped = mapping(tmp_path, JSON | {"controls": control})
    for data in (f'{{"count": {said}, "packs": {packs}}}', f'{{"packs": {packs}, "count": {said}}}'):
        assert codes(convert(mapped, data, "p.json")[1]) == code
    columns = XML["xml"]["columns"] | {"../count": "../../@count"}
    table = {"xml": XML["xml"] | {"columns": columns}, "controls": control}
    count = said.strip('"')
    data = f'<Batch count="{count}"><Case>{UNITS}</Case></Batch>'
    assert codes(convert(mapping(tmp_path, table), data, "b.xml")[1]) == code


def test_a_total_in_each_case_is_added_up(tmp_path) -> None:
    cases = [{"n": 1, "units": [pack("A1")]}, {"n": 2, "units": [pack("A2"), pack("A3")]}]
    mapped = mapping(tmp_path, NESTED | {"controls": [{"column": "../n", "counts": "unit"}]})
    assert not convert(mapped, json.dumps({"cases": cases}), "p.json")[1]
    cases[0]["n"] = 2
    assert codes(convert(mapped, json.dumps({"cases": cases}), "p.json")[1]) == ["TABLE-COUNT-01"]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b'{"a": 1}', "x.txt", "json"),
        (b'\xef\xbb\xbf [ {"a"', "x.txt", "json"),
        ('[{"a"'.encode("utf-16"), "x", "json"),
        (b"a,b\n", "x.json", "json"),
        (b"<?xml?>", "x.txt", "xml"),
        ("<Batch/>".encode("utf-16"), "x", "xml"),
        (b"a,b\n", "x.csv", "text"),
        (b"<5,b\n", "x.csv", "text"),
        (b"{a},b\n", "x.csv", "text"),
        (b"[1],b\n", "x.csv", "text"),
        (b"PK\x03\x04", "x.json", ""),
    ],
)
def test_kinds_are_told_apart_by_content(data: bytes, name: str, kind: str) -> None:
    found = {"json": is_json(data, name), "xml": is_xml(data, name), "text": is_text(data, name)}
    assert [key for key, value in found.items() if value] == ([kind] if kind else [])


def test_the_wrong_kind_of_file_is_named(tmp_path) -> None:
    _, findings = convert(mapping(tmp_path), '{"packs": []}', "p.csv")
    assert codes(findings) == ["TABLE-KIND-01"]
    assert "the file is JSON, the mapping x/y reads XLSX or CSV" in findings[0].message


@pytest.mark.parametrize("name", ["fixed-lines", "json-batch", "xml-packing", "any-text", "workbooks"])
def test_foreign_files_are_not_claimed(name: str) -> None:
    mapped = load(str(shipped("mappings") / "styles" / f"{name}.yaml"))
    strangers = [
        b"", b"\0" * 100, b"{", b"<", b"<a/>", b'{"type": "EPCISDocument"}', b"02" + b"x" * 80, b"a;b\n1;2\n",
        "02ü".encode("utf-16"), b"PK\x05\x06" + bytes(18), b"01ISA*00*", b'{"batch": {"cases": []}}',
    ]  # fmt: skip
    for data in strangers:
        for suffix in (".txt", ".json", ".xml"):
            assert mapped.claims(data, "x" + suffix, Source.memory(data, "x" + suffix)) is None
