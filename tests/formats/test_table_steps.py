"""Steps before a transform, the transforms of whole identifiers and amounts, and complaints about all of them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from gateway import gs1
from gateway.errors import ConfigurationError
from gateway.formats.table import all_mappings, json_schema, load
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms import TRANSFORMS, Refused, Repaired, Tools
from gateway.formats.table.transforms.steps import prepared
from gateway.resources import shipped

TOOLS = Tools(gs1.CompanyPrefixes(["9521321"]), ",")
GTIN = "09521321110014"
SGTIN = "urn:epc:id:sgtin:9521321.011001.A1"


def apply(cell, transform: str = "text", **options):
    field = FieldSpec.model_validate({"column": "x", "transform": transform, **options})
    return prepared(field, TRANSFORMS.get(transform)(field, TOOLS))(cell)


@pytest.mark.parametrize(
    ("step", "text", "result"),
    [
        ({"strip": "*"}, "**A*1* ", "A*1"),
        ({"remove": "-/ "}, "1-2/3 4", "1234"),
        ({"replace": {"old": "/", "new": "-"}}, "1/2/3", "1-2-3"),
        ({"prefix": "0"}, "12", "012"),
        ({"suffix": "Z"}, "12", "12Z"),
        ({"pad": {"length": 5}}, "12", "00012"),
        ({"pad": {"length": 3, "with": "x"}}, "1234", "1234"),
        ({"case": "upper"}, "aé", "AÉ"),
        ({"case": "lower"}, "AB", "ab"),
        ({"split": {"by": "/", "part": 2}}, "a / b / c", "b"),
        ({"split": {"by": "/", "part": -1, "of": 3}}, "a/b/c", "c"),
        ({"regex": {"pattern": "LOT:? *(.*)"}}, "LOT: 77", "77"),
        ({"element": "10"}, f"(01){GTIN}(21)A1(10)L7", "L7"),
        ({"element": "10"}, f"]d201{GTIN}21A1\x1d10L7", "L7"),
        ({"element": "17"}, f"(01){GTIN}(21)A1", ""),
        ({"split": {"by": "/", "part": 2}}, "a/", ""),
    ],
)
def test_a_step(step: dict, text: str, result: str) -> None:
    assert apply(text, steps=[step]) == result


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"split": {"by": "/", "part": 2, "of": 2}}, "a/b/c"),
        ({"split": {"by": "/", "part": 3}}, "a/b"),
        ({"regex": {"pattern": "LOT(.*)"}}, "L 7"),
        ({"element": "10"}, f"(01){GTIN[:-1]}5(10)L"),
    ],
)
def test_a_step_refuses(step: dict, text: str) -> None:
    with pytest.raises(Refused):
        apply(text, steps=[step])


def test_steps_are_done_in_their_order_and_then_checked() -> None:
    steps = [{"split": {"by": ":", "part": 2}}, {"pad": {"length": 14}}]
    assert apply("GTIN:9521321110014", "gtin", steps=steps) == GTIN
    with pytest.raises(Refused, match="check digit"):
        apply("GTIN:9521321110015", "gtin", steps=steps)


def test_number_cells_are_texts_for_steps_only_where_nothing_is_lost() -> None:
    found = apply(77.0, steps=[{"prefix": "L"}])
    assert isinstance(found, Repaired)
    assert found.value == "L77"
    with pytest.raises(Refused):
        apply(77.0, "serial", steps=[{"prefix": "L"}])


@pytest.mark.parametrize(
    ("transform", "cell", "result"),
    [
        ("sgtin", f"(01){GTIN}(21)A1(17)290331", SGTIN),
        ("sgtin", f"\x1d01{GTIN}21A1\x1d17290331", SGTIN),
        ("sgtin", f"https://id.gs1.org/01/{GTIN}/21/A1", SGTIN),
        ("sgtin", f" {SGTIN} ", SGTIN),
        ("lgtin", f"(01){GTIN}(10)L7(21)A1", "urn:epc:class:lgtin:9521321.011001.L7"),
        ("lgtin", f"https://id.gs1.org/01/{GTIN}/10/L7", "urn:epc:class:lgtin:9521321.011001.L7"),
        ("epc", "(00)195213210000000015", "urn:epc:id:sscc:9521321.1000000001"),
        ("digits", "007", "007"),
        ("integer", "1.200,00", "1200"),
        ("quantity", "0,50", "0.50"),
        ("uom", "KGM", "KGM"),
        ("flag", True, "true"),
        ("flag", "False", "false"),
    ],
)
def test_a_transform(transform: str, cell, result: str) -> None:
    assert apply(cell, transform) == result


@pytest.mark.parametrize(
    ("transform", "cell", "code"),
    [
        ("sgtin", f"(01){GTIN}", "TABLE-VALUE-02"),
        ("sgtin", "(00)195213210000000015", "TABLE-VALUE-02"),
        ("sgtin", f"(01){GTIN[:-1]}5(21)A1", "GS1-GTIN-02"),
        ("sgtin", 12.0, "TABLE-NUM-04"),
        ("epc", "x", "GS1-ES-01"),
        ("epc", "(8003)09521321110014", "TABLE-VALUE-02"),
        ("lgtin", f"(01){GTIN}(21)A1", "TABLE-VALUE-02"),
        ("digits", "7a", "TABLE-VALUE-02"),
        ("integer", "1,5", "TABLE-VALUE-02"),
        ("integer", "-1", "TABLE-VALUE-02"),
        ("quantity", "0,00", "TABLE-VALUE-02"),
        ("uom", "kilos", "TABLE-VALUE-03"),
        ("flag", "perhaps", "TABLE-VALUE-03"),
    ],
)
def test_a_transform_refuses(transform: str, cell, code: str) -> None:
    with pytest.raises(Refused) as caught:
        apply(cell, transform)
    assert caught.value.rule.code == code


REWORK = shipped("mappings") / "styles" / "rework.yaml"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("where: {action: out}", "where: {acton: out}", "there is no field 'acton'; did you mean 'action'?"),
        ("where: {action: out}", "where: {plant: out}", "there is no field 'plant'"),
        ("column: Serial,", "preamble: Serial,", "it tells one unit from the next, so it needs a column"),
        ("column: Serial,", "", "needs column, join, first_of or preamble"),
        ("column: Serial,", "column: S, join: [A, B],", "more than one of column, join and first_of"),
        ("column: Serial,", "column: S, steps: [{strip: x, case: upper}],", "a step has one key"),
        ("column: Serial,", 'column: S, steps: [{regex: {pattern: "a("}}],', "is no regular expression"),
        ("column: Serial,", "column: S, steps: [{regex: {pattern: ab}}],", "needs one group"),
        ("column: Serial,", "column: S, steps: [{split: {by: x, part: 0}}],", "the first part is 1"),
        ("column: Serial,", "column: S, steps: [{spilt: {by: x, part: 1}}],", "did you mean 'split'?"),
        ("action: DELETE\n    parent: box\n    where", "action: ADD\n    parent: box\n    where", "DELETE may leave"),
        ("{sgtin: [gtin, serial]", "{epc: serial, sgtin: [gtin, serial]", "needs one of sgtin"),
        ("  ignore: [Operator]", "  fill_down: [bx]", "there is no field 'bx'; did you mean 'box'?"),
        ("  ignore: [Operator]", "  levels: {column: L, objects: {a: bx}}", "there is no object 'bx'"),
        ('  csv: {delimiter: ";", encoding: utf-8}\n', "", "needs one of xlsx"),
        ("    time: at\n", "    time: serial\n", "'serial' is different for each unit"),
    ],
)
def test_complaints(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = REWORK.read_text("utf-8")
    assert old in text
    path = tmp_path / "x.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(str(path))
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_the_schema_takes_all_shipped_mappings_and_refuses_wrong_ones(golden) -> None:
    golden(shipped("mappings") / "mapping.schema.json", json_schema.text().encode())
    check = jsonschema_rs.validator_for(json.loads(json_schema.text()))
    mappings = all_mappings()
    assert len(mappings) >= 8
    for mapping in mappings:
        value = yaml.safe_load(mapping.origin.read_text("utf-8"))
        assert [error.message for error in check.iter_errors(value)] == []
        value["fields"]["x"] = {"colum": "X"}
        assert not check.is_valid(value)
