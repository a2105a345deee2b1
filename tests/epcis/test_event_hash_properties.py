"""What must not change a hash id, and what must."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.epcis.element import XSI, Element
from gateway.epcis.event_hash import event_hash
from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    BizTransaction,
    ErrorDeclaration,
    Location,
    ObjectEvent,
    Party,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.vocabulary import Field, Style, spell, words
from gateway.gs1 import CompanyPrefixes, Sgtin

PREFIXES = CompanyPrefixes(["9521321"])
STYLES = st.sampled_from([Style.BARE, Style.URN, Style.URI, "curie"])
SERIALS = st.text(alphabet=[chr(c) for c in range(33, 123) if chr(c) not in "#$@[\\]^`"], min_size=1, max_size=20)


def spelt(field, word, style):
    if style == "curie":
        return spell(field, word, Style.URI).replace("https://ref.gs1.org/cbv/", "cbv:")
    return spell(field, word, style)


def full():
    """An event with everything that counts, every list with two items."""
    return ObjectEvent(
        event_time="2026-03-01T10:00:00.5+01:00",
        event_time_zone_offset="+01:00",
        certification_info=["https://c.example/1", "https://c.example/2"],
        action="ADD",
        epc_list=["urn:epc:id:sgtin:9521321.012345.A1", "urn:epc:id:sgtin:9521321.012345.A2"],
        quantity_list=[
            QuantityElement("urn:epc:class:lgtin:9521321.012345.L1", "1.5", "KGM"),
            QuantityElement("urn:epc:class:lgtin:9521321.012345.L2", "2"),
        ],
        biz_step="urn:epcglobal:cbv:bizstep:commissioning",
        disposition="urn:epcglobal:cbv:disp:active",
        persistent_disposition=PersistentDisposition(["completeness_verified", "damaged"], ["expired", "recalled"]),
        read_point=Location("urn:epc:id:sgln:9521321.00001.0", [Element("{urn:v}a", "1"), Element("{urn:v}b", "2")]),
        biz_location=Location("urn:epc:id:sgln:9521321.00001.7"),
        biz_transaction_list=[BizTransaction("urn:x:1", "po"), BizTransaction("urn:x:2", "inv")],
        source_list=[Party("location", "urn:x:3"), Party("owning_party", "urn:x:4")],
        destination_list=[Party("location", "urn:x:5"), Party("owning_party", "urn:x:6")],
        sensor_element_list=[
            SensorElement(
                [("time", "2026-03-01T10:00:00Z"), ("deviceID", "urn:x:7"), ("{urn:v}m", "8")],
                [[("type", "Speed"), ("value", "1")], [("type", "Speed"), ("value", "2"), ("odd", "9")]],
                [Element("{urn:v}c", "3"), Element("{urn:v}d", "4")],
            ),
            SensorElement([("time", "2026-03-01T11:00:00Z")], []),
        ],
        sensor_list_extensions=[Element("{urn:v}s", "1"), Element("{urn:v}t", "2")],
        ilmd=[Element("{urn:epcglobal:cbv:mda}lotNumber", "L1"), Element("{urn:v}e", "5")],
        extensions=[
            Element("{urn:v}f", "6", attributes=[("g", "7"), ("h", "8")]),
            Element("{urn:v}i", children=[Element("{urn:v}j", "9"), Element("{urn:v}j", "10")]),
        ],
        inner_extensions=[Element("{urn:v}k", "11"), Element("{urn:v}l", "12")],
        base_extensions=[Element("{urn:v}n", "13"), Element("{urn:v}o", "14")],
        attributes=[("{urn:v}p", "15"), ("{urn:v}q", "16")],
    )


HASH = event_hash(full())


def parts(value, path=()):
    """Every text inside an event, as path and value."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from parts(item, (*path, at))
    elif hasattr(value, "__struct_fields__"):
        for name in value.__struct_fields__:
            if name not in {"where", "kin", "prefix", "namespaces", "tail"}:
                yield from parts(getattr(value, name), (*path, name))


def replaced(value, path, new):
    """A copy of a value with the text at a path replaced."""
    if not path:
        return new
    step, *rest = path
    if isinstance(value, tuple):
        return tuple(replaced(item, rest, new) if at == step else item for at, item in enumerate(value))
    if isinstance(value, list):
        return [replaced(item, rest, new) if at == step else item for at, item in enumerate(value)]
    out = copy.copy(value)
    setattr(out, step, replaced(getattr(value, step), rest, new))
    return out


PATHS = [path for path, _ in parts(full())]


def test_there_is_much_that_counts():
    assert len(PATHS) >= 90


@pytest.mark.parametrize("path", PATHS, ids=["/".join(map(str, path)) for path in PATHS])
def test_every_value_counts(path):
    changed = replaced(full(), path, "urn:other:1")
    assert event_hash(changed) != HASH


@pytest.mark.parametrize(
    "name", sorted({path[0] for path in PATHS} - {"event_time", "event_time_zone_offset", "action"})
)
def test_every_field_counts(name):
    changed = full()
    empty = [] if name in {"extensions", "inner_extensions", "base_extensions", "attributes"} else None
    setattr(changed, name, [] if name == "sensor_list_extensions" else empty)
    assert event_hash(changed) != HASH


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": "urn:uuid:1"},
        {"record_time": "2026-03-02T00:00:00Z"},
        {"error_declaration": ErrorDeclaration("2026-03-02T00:00:00Z", "did_not_occur", ["urn:x"], [Element("a")])},
    ],
)
def test_what_does_not_count(changes):
    changed = full()
    for name, value in changes.items():
        setattr(changed, name, value)
    assert event_hash(changed) == HASH


def test_syntax_does_not_count():
    changed = full()
    comment = Element("{http://www.w3.org/2000/01/rdf-schema#}comment", "no")
    changed.extensions[0].attributes.append((f"{{{XSI}}}type", "xsd:int"))
    changed.extensions[1].children.append(comment)
    changed.extensions.append(comment)
    changed.attributes.append((f"{{{XSI}}}schemaLocation", "x"))
    changed.extensions[0].prefix = "other"
    changed.read_point.extensions[0].text = "  1.00\n"
    assert event_hash(changed) == HASH


def _shuffled(value, random):
    if isinstance(value, list):
        items = [_shuffled(item, random) for item in value]
        random.shuffle(items)
        return items
    if hasattr(value, "__struct_fields__"):
        out = copy.copy(value)
        for name in set(value.__struct_fields__) - {"where", "kin"}:
            setattr(out, name, _shuffled(getattr(value, name), random))
        return out
    return value


@given(st.randoms(use_true_random=False))
def test_no_order_counts(random):
    assert event_hash(_shuffled(full(), random)) == HASH


@given(
    st.lists(SERIALS, min_size=1, max_size=5, unique=True),
    st.randoms(use_true_random=False),
    st.sampled_from(["https://id.gs1.org", "https://a.example/p", "http://id.gs1.org"]),
)
def test_urn_and_digital_link_are_one(serials, random, stem):
    keys = [Sgtin("09521321123458", serial) for serial in serials]
    urns = [key.as_urn(PREFIXES) for key in keys]
    links = [key.as_digital_link().replace("https://id.gs1.org", stem) for key in keys]
    random.shuffle(links)
    mixed = [random.choice(pair) for pair in zip(urns, [key.as_digital_link() for key in keys], strict=True)]
    one, other, third = full(), full(), full()
    one.epc_list, other.epc_list, third.epc_list = urns, links, mixed
    assert event_hash(one) == event_hash(other) == event_hash(third)


@given(SERIALS, SERIALS)
def test_serial_numbers_count(one, other):
    first, second = full(), full()
    first.epc_list = [Sgtin("09521321123458", one).as_urn(PREFIXES)]
    second.epc_list = [Sgtin("09521321123458", other).as_digital_link()]
    assert (event_hash(first) == event_hash(second)) == (one == other)


@given(st.data())
def test_spellings_of_standard_values_are_one(data):
    def any_spelling(field, word):
        return spelt(field, word, data.draw(STYLES))

    step = data.draw(st.sampled_from(words(Field.BIZ_STEP)))
    disposition = data.draw(st.sampled_from(words(Field.DISPOSITION)))
    kind = data.draw(st.sampled_from(words(Field.BIZ_TRANSACTION_TYPE)))
    role = data.draw(st.sampled_from(words(Field.SOURCE_DESTINATION_TYPE)))
    hashes = set()
    for _ in range(2):
        event = full()
        event.biz_step = any_spelling(Field.BIZ_STEP, step)
        event.disposition = any_spelling(Field.DISPOSITION, disposition)
        event.persistent_disposition = PersistentDisposition([any_spelling(Field.DISPOSITION, disposition)])
        event.biz_transaction_list = [BizTransaction("urn:x:1", any_spelling(Field.BIZ_TRANSACTION_TYPE, kind))]
        event.source_list = [Party(any_spelling(Field.SOURCE_DESTINATION_TYPE, role), "urn:x:2")]
        hashes.add(event_hash(event))
    assert len(hashes) == 1


TIME = {"event_time": "2026-03-01T10:00:00Z", "event_time_zone_offset": "+00:00"}
LISTS = [
    (AggregationEvent(**TIME, action="ADD", parent_id="urn:p", child_epcs=["urn:c"]), "parent_id"),
    (AggregationEvent(**TIME, action="ADD", parent_id="urn:p", child_epcs=["urn:c"]), "child_epcs"),
    (AggregationEvent(**TIME, action="ADD", child_quantity_list=[QuantityElement("urn:q")]), "child_quantity_list"),
    (AssociationEvent(**TIME, action="ADD", parent_id="urn:p", child_epcs=["urn:c"]), "parent_id"),
    (AssociationEvent(**TIME, action="ADD", child_quantity_list=[QuantityElement("urn:q")]), "child_quantity_list"),
    (TransactionEvent(**TIME, action="ADD", parent_id="urn:p", epc_list=["urn:c"]), "parent_id"),
    (TransactionEvent(**TIME, action="ADD", quantity_list=[QuantityElement("urn:q")]), "quantity_list"),
    (TransformationEvent(**TIME, input_epc_list=["urn:c"], transformation_id="urn:t"), "transformation_id"),
    (TransformationEvent(**TIME, input_epc_list=["urn:c"]), "input_epc_list"),
    (TransformationEvent(**TIME, output_epc_list=["urn:c"]), "output_epc_list"),
    (TransformationEvent(**TIME, input_quantity_list=[QuantityElement("urn:q")]), "input_quantity_list"),
    (TransformationEvent(**TIME, output_quantity_list=[QuantityElement("urn:q")]), "output_quantity_list"),
    (TransformationEvent(**TIME, ilmd=[Element("{urn:v}a", "1")]), "ilmd"),
]


@pytest.mark.parametrize(("event", "name"), LISTS, ids=[f"{event.type}-{name}" for event, name in LISTS])
def test_fields_of_other_events_count(event, name):
    without = copy.copy(event)
    setattr(without, name, None)
    assert event_hash(without) != event_hash(event)
    if isinstance(getattr(event, name), list):
        setattr(without, name, [])
        empty = event_hash(without)
        setattr(without, name, None)
        assert empty == event_hash(without)


def test_the_type_of_an_event_counts():
    aggregation = AggregationEvent(**TIME, action="ADD", parent_id="urn:p", child_epcs=["urn:c"])
    association = AssociationEvent(**TIME, action="ADD", parent_id="urn:p", child_epcs=["urn:c"])
    assert event_hash(aggregation) != event_hash(association)


def test_what_was_input_is_no_output():
    one = TransformationEvent(**TIME, input_epc_list=["urn:a"], output_epc_list=["urn:b"])
    other = TransformationEvent(**TIME, input_epc_list=["urn:b"], output_epc_list=["urn:a"])
    assert event_hash(one) != event_hash(other)


def test_hashing_changes_nothing():
    event = full()
    event_hash(event)
    assert event == full()
