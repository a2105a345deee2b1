"""The meter itself must be able to fail: each kind of loss that peers make is found in a small document."""

from __future__ import annotations

import pytest

from tests.acceptance.meter import json_pairs, missing, xml_pairs
from tests.acceptance.shape import difference, json_tree, xml_tree

HEAD = '<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:{n}" xmlns:v="https://v.example/" schemaVersion="{n}.0">'
BODY = "<EPCISBody><EventList>{}</EventList></EPCISBody></e:EPCISDocument>"
EVENT = (
    "<ObjectEvent><eventTimeZoneOffset>Z</eventTimeZoneOffset><epcList><epc>urn:a</epc><epc>urn:b</epc></epcList>"
    "<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep><quantity>1.50</quantity>"
    '<v:x code="1">text</v:x><v:empty/></ObjectEvent>'
)
JSON = (
    '{"@context": [{"w": "https://v.example/"}], "type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody":'
    '{"eventList": [{"type": "ObjectEvent", "eventTimeZoneOffset": "+00:00", "epcList": ["urn:a", "urn:b"],'
    '"bizStep": "shipping", "quantity": 1.50, "w:x": {"@code": "1", "value": "text"}, "w:empty": ""}]}}'
)


def document(event: str = EVENT, n: int = 2) -> bytes:
    return (HEAD.format(n=n) + BODY.format(event)).encode()


def test_one_document_in_three_spellings_has_the_same_values():
    assert xml_pairs(document(n=1)) == xml_pairs(document()) == json_pairs(JSON)


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("<epc>urn:b</epc>", "", ("epcList", "urn:b")),
        ("1.50", "1.5", ("quantity", "1.50")),
        ("bizstep:shipping", "bizstep:shiping", ("bizStep", "shipping")),
        ("<v:empty/>", "", ("{https://v.example/}empty", "")),
        (' code="1"', "", ("code", "1")),
        ("v:x", "v:y", ("{https://v.example/}x", "text")),
        ("https://v.example/", "https://v.example", ("{https://v.example/}x", "text")),
        ("ObjectEvent", "AggregationEvent", ("type", "ObjectEvent")),
        (">text<", "> text<", ("{https://v.example/}x", "text")),
        ("<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>", "", ("bizStep", "shipping")),
        ("bizStep", "disposition", ("bizStep", "shipping")),
        (">Z<", ">+01:00<", ("eventTimeZoneOffset", "+00:00")),
    ],
)
def test_a_value_that_is_gone_or_changed_is_missed(old: str, new: str, lost: tuple[str, str]):
    changed = document().replace(old.encode(), new.encode())
    assert changed != document()
    assert lost in missing(document(), changed)
    assert lost in missing(JSON.encode(), changed)


def test_a_repeated_value_is_counted():
    twice = document(EVENT.replace("<epc>urn:b</epc>", "<epc>urn:a</epc>"))
    assert missing(twice, document()) == [("epcList", "urn:a")]


def test_a_listed_loss_is_accounted_for_once():
    without = document(EVENT.replace('<v:x code="1">text</v:x>', ""))
    whole = '<v:x xmlns:v="https://v.example/" code="1">text</v:x>'
    assert missing(document(), without, [("elements", whole)]) == []
    assert missing(document(EVENT + EVENT), document(), [("elements", whole)]) != []
    cut = '<v:x xmlns:v="https://v.example/">text</v:x>'
    assert missing(document(), without, [("elements", cut)]) == [("code", "1")]
    undeclared = '<v:x code="1">text</v:x>'
    assert missing(document(), without, [("elements", undeclared)]) != [], "it cannot be read alone"


def test_numbers_keep_their_digits_and_their_exponent_becomes_digits():
    assert json_pairs('{"quantity": 1E3}') == xml_pairs("<quantity>1000</quantity>")
    assert json_pairs('{"quantity": 1.0}') != xml_pairs("<quantity>1</quantity>")
    assert json_pairs('{"quantity": 16777217}') != xml_pairs("<quantity>16777216</quantity>")


def test_trees_differ_by_order_value_and_number_kind():
    assert difference(xml_tree(document()), xml_tree(document())) == ""
    swapped = EVENT.replace("<epc>urn:a</epc><epc>urn:b</epc>", "<epc>urn:b</epc><epc>urn:a</epc>")
    assert "epc" in difference(xml_tree(document()), xml_tree(document(swapped)))
    other_prefix = JSON.replace("w:", "q:").replace('"w"', '"q"')
    assert difference(json_tree(JSON.encode()), json_tree(other_prefix.encode())) == ""
    assert "quantity" in difference(json_tree(JSON.encode()), json_tree(JSON.replace("1.50", '"1.50"').encode()))
    assert "empty" in difference(json_tree(JSON.encode()), json_tree(JSON.replace(', "w:empty": ""', "").encode()))
