"""Foreign element trees through JSON and back, and foreign JSON through trees and back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.epcis.document import Document, Header
from gateway.epcis.element import XSI, Element
from gateway.epcis.events import ObjectEvent
from gateway.findings import NOWHERE
from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.formats.epcis_json.element_xml import from_xml, to_xml
from gateway.formats.epcis_json.number import LEGAL, written
from gateway.sources import Source

XSD = "http://www.w3.org/2001/XMLSchema"
# Prefix and namespace belong together; a prefix of its own for each keeps the preference through the round trip.
SPACES = [
    ("a", "https://a.example/"),
    ("b", "urn:example:b:"),
    ("nodelim", "http://ns.example.com/epcis"),
    ("cbvmda", "urn:epcglobal:cbv:mda"),
    ("", ""),
]
LOCALS = st.sampled_from(["value", "x", "y", "type", "id", "eventTime", "a-b.c_1", "é"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="￾￿"), max_size=6)
TYPES = ["xsd:integer", "xsd:decimal", "xsd:double", "xsd:boolean", "xsd:int", "xsd:string", "xsd:dateTime", "none"]


def named(space: tuple[str, str], local: str) -> tuple[str, str]:
    return (f"{{{space[1]}}}{local}" if space[1] else local), space[0]


NAMES = st.builds(named, st.sampled_from(SPACES), LOCALS)


@st.composite
def leaves(draw) -> Element:
    name, prefix = draw(NAMES)
    text = draw(TEXTS | st.sampled_from(["1", "-0.50", "1e5", "true", "007", "2026-01-01", " "]))
    attributes = [(n, t) for n, t in draw(st.dictionaries(NAMES.map(lambda n: n[0]), TEXTS, max_size=2)).items()]
    kind = draw(st.none() | st.sampled_from(TYPES))
    namespaces = []
    if kind is not None:
        attributes.insert(0, (f"{{{XSI}}}type", kind))
        namespaces = [("xsd", XSD)] if kind.startswith("xsd:") else []
    return Element(name, text, attributes, prefix=prefix, namespaces=namespaces)


@st.composite
def branches(draw, inner) -> Element:
    name, prefix = draw(NAMES)
    children = draw(st.lists(inner, min_size=1, max_size=4))
    attributes = list(draw(st.dictionaries(NAMES.map(lambda n: n[0]), TEXTS, max_size=2)).items())
    text = draw(st.just("") | TEXTS)
    for child in children:
        child.tail = draw(st.just("") | TEXTS)
    return Element(name, text, attributes, children, prefix=prefix)


TREES = st.recursive(leaves(), branches, max_leaves=8)


def event(extensions: list[Element]) -> ObjectEvent:
    return ObjectEvent(
        event_time="2026-01-01T00:00:00Z",
        event_time_zone_offset="+00:00",
        action="OBSERVE",
        epc_list=[],
        extensions=extensions,
    )


def through(sample: ObjectEvent) -> ObjectEvent:
    data = b"".join(EPCIS_2_0_JSON.write(Document(Header(creation_date="2026-01-01T00:00:00Z"), [sample]), Context()))
    json.loads(data)
    context = Context()
    (back,) = EPCIS_2_0_JSON.read(Source.memory(data), context).events
    assert context.findings.errors == 0
    back.where = NOWHERE
    return back


def normal(element: Element) -> object:
    """What must survive: names, texts, attributes, and the order of children of one name.

    JSON cannot keep the order of unlike siblings (conversion rule C10), nor white space between elements.
    """
    mixed = element.text.strip() or any(child.tail.strip() for child in element.children)
    children = [(child.name, normal(child), child.tail if mixed else "") for child in element.children]
    if not mixed:
        order = list(dict.fromkeys(child.name for child in element.children))
        children.sort(key=lambda child: order.index(child[0]))
    text = element.text if mixed or not element.children else ""
    return element.name, text, sorted(element.attributes), children


@settings(max_examples=60, deadline=None)
@given(st.lists(TREES, max_size=3))
def test_trees_survive(trees):
    # A tail behind an element of the event itself is layout of the event, which has no text.
    for tree in trees:
        tree.tail = ""
    sample = event(trees)
    named = [tree for tree in trees if tree.name.startswith("{")]
    local = [tree for tree in trees if not tree.name.startswith("{")]
    back = through(sample)
    root = Element("root", children=back.extensions)
    assert normal(root) == normal(Element("root", children=named))
    assert normal(Element("root", children=back.inner_extensions)) == normal(Element("root", children=local))


KEYS = st.sampled_from(["v:a", "v:b", "https://w.example/ns#c", "bare", "undeclared:d", "@attr", "value"])
JSON = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none() | st.decimals(allow_nan=False, allow_infinity=False).map(float),
    lambda inner: st.lists(inner, min_size=2, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["v:a", "v:b", "https://w.example/ns#c", "u:d"]), JSON, max_size=3))
def test_foreign_json_survives(content):
    source = {
        "@context": {"v": "https://v.example/"},
        "type": "ObjectEvent",
        "eventTime": "2026-01-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [],
        "action": "OBSERVE",
        **content,
    }
    context = Context()
    document = EPCIS_2_0_JSON.read(Source.memory(json.dumps(source).encode()), context)
    first = list(document.events)
    assert context.findings.errors == 0
    document.events = first
    data = b"".join(EPCIS_2_0_JSON.write(document, Context(now="2026-01-01T00:00:00Z")))
    second = list(EPCIS_2_0_JSON.read(Source.memory(data), Context()).events)
    for item in (*first, *second):
        item.where = NOWHERE
        # Invented prefixes are stable once they are invented.
        for extension in item.extensions:
            for element in extension.walk():
                element.prefix = ""
    assert [normal(Element("root", children=e.extensions)) for e in first] == [
        normal(Element("root", children=e.extensions)) for e in second
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"v:a": [[1, 2], [3]]},
        {"v:a": [[["x", "y"], "z"], "w"]},
        {"v:a": {"@unit": "KGM", "value": 5.5}},
        {"v:a": {"@unit": {"deep": [1]}, "value": "x"}},
        {"v:a": {"value": "a child called value"}},
        {"v:a": None, "v:b": [True, None, "true", 1, "1", 1.0, 1e22]},
        {"v:a": {"v:b": {"bare": [1, {"x": "y"}]}}},
        {"undeclared:a": {"undeclared:b": "x"}},
    ],
)
def test_foreign_json_is_written_as_it_was_read(content):
    source = {
        "type": "ObjectEvent",
        "eventTime": "2026-01-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [],
        "action": "OBSERVE",
        **content,
    }
    text = json.dumps({"@context": {"v": "https://v.example/"}, **source})
    document = EPCIS_2_0_JSON.read(Source.memory(text.encode()), Context())
    data = b"".join(EPCIS_2_0_JSON.write(document, Context(now="2026-01-01T00:00:00Z")))
    (event,) = json.loads(data, parse_float=Decimal)["epcisBody"]["eventList"]
    assert event == json.loads(json.dumps(source), parse_float=Decimal)


def test_elements_as_xml_and_back():
    tree = Element(
        "{urn:a}x", "t", [("k", "v")], [Element("y", "u", tail="w")], prefix="a", namespaces=[("q", "urn:q")]
    )
    assert from_xml(to_xml(tree)) == tree
    with pytest.raises(ValueError, match="DOCTYPE"):
        from_xml('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(ValueError):
        from_xml("<x>")
    assert from_xml(to_xml(Element("{urn:a}x/y", "a", prefix="n"))).name == "{urn:a}x/y"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.50", b"1.50"),
        ("-0", b"-0"),
        ("1E+3", b"1E+3"),
        ("12345678901234567890.1234567890", b"12345678901234567890.1234567890"),
        ("+5", b"5"),
        (".5", b"0.5"),
        ("5.", b"5"),
        ("007", b"7"),
        ("00", b"0"),
        (" 5 ", b"5"),
        ("", None),
        (".", None),
        ("-", None),
        ("INF", None),
        ("1,5", None),
        ("0x1", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", None),
    ],
)
def test_numbers_keep_their_digits(text, expected):
    number = written(text)
    assert (None if number is None else bytes(number)) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_is_written_as_a_legal_number_of_the_same_value(value):
    number = bytes(written(str(value))).decode()
    assert LEGAL.fullmatch(number)
    assert Decimal(number) == value
