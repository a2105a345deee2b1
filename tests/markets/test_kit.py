"""The market kit: grouping, expanding, splitting, dates, needs, ids, checks."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, ObjectEvent
from gateway.findings import Findings, Rule, Severity
from gateway.gs1.bulk import canonical, urns_to_digital_links
from gateway.gs1.check_digit import append
from gateway.gs1.errors import Gs1Error
from gateway.gs1.rules import GLN_FORM
from gateway.markets.base import Need
from gateway.markets.hierarchy import CBV_MDA, DocumentHierarchy
from gateway.markets.kit import checks, keys, needs, split
from gateway.markets.kit.dates import DateForm, is_written, local_time, of_bar_code, written
from gateway.markets.kit.expand import TooDeep, bottom_up, leaves, outermost
from gateway.markets.kit.fields import Empty, present
from gateway.markets.kit.group import Pack, grouped
from gateway.markets.kit.ids import IdPool
from gateway.markets.kit.joined import Joined
from gateway.options import Options, Setting

RULE = Rule("X-01", Severity.ERROR, "x")
GTIN = append("0869999900001")


def hierarchy(*packings, attributes=None):
    made = DocumentHierarchy()
    for parent, children in packings:
        made.add(
            AggregationEvent(
                event_time="2026-11-20T10:00:00Z",
                event_time_zone_offset="+00:00",
                action="ADD",
                parent_id=parent,
                child_epcs=children,
            )
        )
    for epc, lot in (attributes or {}).items():
        made.add(
            ObjectEvent(
                event_time="2026-11-20T09:00:00Z",
                event_time_zone_offset="+00:00",
                action="ADD",
                epc_list=[epc],
                ilmd=[element(CBV_MDA, "lotNumber", lot)],
            )
        )
    return made


def test_packs_are_grouped_in_the_order_they_were_met():
    packs = [Pack("a", "1", "a", "L2"), Pack("b", "1", "b", "L1"), Pack("c", "1", "c", "L2")]
    groups = grouped(packs, Pack.batch)
    assert [key[1] for key in groups] == ["L2", "L1"]
    assert [pack.serial for pack in groups["1", "L2", ""]] == ["a", "c"]


def test_a_document_that_names_only_pallets_is_expanded_from_the_store():
    document = hierarchy(("pallet", ["case1"]))
    store = hierarchy(("case1", ["a", "b"]), ("pallet", ["old"]), ("case2", ["c"]), attributes={"a": "L1"})
    joined = Joined(document, store)
    assert joined.contents("pallet") == ["old", "a", "b"]  # what was there stays there
    assert joined.parent("b") == "case1"
    assert joined.children("case2") == ["c"]
    assert joined.attributes("a") == {"lotNumber": "L1"}
    assert Joined(document).contents("pallet") == ["case1"]
    assert joined.children("nobody") == []
    assert joined.parent("nobody") is None


def change(parent, children, time, action="ADD"):
    return AggregationEvent(
        event_time=f"2026-11-20T{time}:00Z",
        event_time_zone_offset="+00:00",
        action=action,
        parent_id=parent,
        child_epcs=children,
    )


NAMES = st.lists(st.integers(4, 9).map(str), max_size=4, unique=True)
CHANGES = st.builds(
    lambda parent, children, action: (parent, children, action),
    st.integers(0, 3).map(str),
    NAMES,
    st.sampled_from(["ADD", "ADD", "OBSERVE", "DELETE"]),
)


@given(st.lists(CHANGES, max_size=6), st.lists(CHANGES, max_size=6))
def test_a_document_on_top_of_earlier_messages_is_as_one_document_of_all(before, after):
    earlier, document, whole = DocumentHierarchy(), DocumentHierarchy(), DocumentHierarchy()
    for number, (parent, children, action) in enumerate([*before, *after]):
        event = change(parent, children, f"10:{number:02}", action)
        (earlier if number < len(before) else document).add(event)
        whole.add(event)
    joined = Joined(document, earlier)
    for number in range(4):
        assert sorted(joined.children(str(number))) == sorted(whole.children(str(number)))
        assert sorted(joined.contents(str(number))) == sorted(whole.contents(str(number)))
    for number in range(4, 10):
        assert joined.parent(str(number)) == whole.parent(str(number))


def test_spelling_does_not_matter_between_document_and_earlier_messages():
    pack, case = "urn:epc:id:sgtin:8699999.011101.S1", "urn:epc:id:sscc:8699999.1000000001"
    links = urns_to_digital_links([pack, case])
    earlier, document = hierarchy((case, [pack])), DocumentHierarchy()
    assert Joined(document, earlier).children(links[1]) == []  # this one knows its own spelling only
    document.add(change(links[1], [links[0]], "11:00", "DELETE"))
    assert Joined(document, earlier).children(case) == []


def test_the_outermost_of_a_list_count_once_and_containers_come_bottom_up():
    tree = hierarchy(("case1", ["a"]), ("case2", ["b"]), ("pallet", ["case2", "case1", "c"]))
    assert list(outermost(tree, ["a", "pallet", "case1", "x", "x"])) == ["pallet", "x"]
    assert bottom_up(tree, ["pallet"]) == [(1, "case2"), (1, "case1"), (2, "pallet")]
    assert list(leaves(tree, "pallet")) == ["b", "a", "c"]
    assert list(leaves(tree, "a")) == ["a"]


class Circle(DocumentHierarchy):
    """a is in b, and b is in a."""

    def parent(self, epc, as_of=""):
        return {"a": "b", "b": "a"}[epc] + as_of

    def children(self, epc, as_of=""):
        return [self.parent(epc, as_of)]


@pytest.mark.parametrize("ask", [leaves, lambda *a: outermost(a[0], [a[1]]), lambda *a: bottom_up(a[0], [a[1]])])
def test_a_circle_is_refused(ask):
    with pytest.raises(TooDeep):
        list(ask(Circle(), "a"))


@given(st.lists(st.integers(1, 9)), st.integers(1, 20), st.integers(1, 3))
def test_splitting_loses_nothing_and_keeps_order_and_limits(items, limit, kinds):
    for parts in (
        list(split.by_count(items, limit)),
        list(split.by_weight(items, limit, lambda item: item)),
        list(split.by_kinds(items, limit, kinds, lambda item: item)),
    ):
        assert [item for part in parts for item in part] == items
        assert all(parts)
    assert all(len(part) <= limit for part in split.by_count(items, limit))
    assert all(sum(part) <= limit or len(part) == 1 for part in split.by_weight(items, limit, lambda item: item))
    for part in split.by_kinds(items, limit, kinds, lambda item: item):
        assert len(part) <= limit
        assert len(set(part)) <= kinds


@pytest.mark.parametrize(("count", "parts"), [(24, [24]), (25, [25]), (26, [25, 1]), (0, [])])
def test_a_part_is_full_before_the_next_begins(count, parts):
    assert [len(part) for part in split.by_count(range(count), 25)] == parts


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=30), st.integers(10, 100))
def test_messages_stay_under_their_bytes_unless_one_item_is_too_large(items, limit):
    parts = list(split.by_size(items, limit, lambda some: b"<>" + b"".join(some), len))
    assert [item for _, some in parts for item in some] == items
    assert all(data == b"<>" + b"".join(some) for data, some in parts)
    assert all(len(data) <= limit or len(some) == 1 for data, some in parts)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (DateForm.ISO, "2028-09-05"),
        (DateForm.ISO_T, "2028-09-05T"),
        (DateForm.DOTS, "05.09.2028"),
        (DateForm.SLASHES, "05/09/2028"),
        (DateForm.MONTH, "2028-09"),
        (DateForm.SHORT, "280905"),
    ],
)
def test_each_regulator_has_its_form_of_a_day(form, text):
    assert written("2028-09-05", form) == text
    assert is_written(text, form)
    assert not is_written(text + "0", form)
    assert not is_written(text.replace("09", "9"), form)


@pytest.mark.parametrize("wrong", ["2028-02-30", "280905", "2028-9-5", "", "2028-09-05T00:00:00Z"])
def test_a_day_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        written(wrong, DateForm.DOTS)


def test_day_00_of_the_bar_code_is_the_last_of_the_month():
    assert of_bar_code("280200") == "2028-02-29"
    assert of_bar_code("271231") == "2027-12-31"
    for wrong in ("271301", "27123", "2712３1", "270230"):
        with pytest.raises(ValueError, match=r"\d|day"):
            of_bar_code(wrong)


def test_a_time_is_told_where_it_happened():
    assert local_time("2026-11-20T22:30:00Z", "+03:00").isoformat() == "2026-11-21T01:30:00+03:00"
    assert local_time("nonsense", "+03:00") is None


SETTING = Setting("contract-type", "kind of contract")
NEED = Need("contract_type", "kind of contract", SETTING, "contractType")


def test_a_need_is_looked_for_in_pack_event_and_setting_and_asked_for_by_name():
    options = Options.check({"contract-type": "3"}, [SETTING])
    assert needs.value_of(NEED, options, {"contractType": "1"}, [element("urn:x", "contractType", "2")]) == "1"
    assert needs.value_of(NEED, options, {}, [element("urn:x", "contractType", "2")]) == "2"
    assert needs.value_of(NEED, options) == "3"
    assert needs.value_of(NEED, Options.check({}, [SETTING])) == ""
    findings = Findings()
    needs.report_missing(NEED, findings, subject="the shipping event")
    (found,) = findings
    assert found.code == "MARKET-02"
    for word in ("--set contract-type=", "set: in the agreement", "contractType", "column"):
        assert word in found.hint
    only_setting, only_column = Need("a", "a", SETTING), Need("b", "b", None, "cost")
    assert "column" not in needs.hint_of(only_setting)
    assert "--set" not in needs.hint_of(only_column)
    assert "cost" in needs.hint_of(only_column)


def test_a_code_table_is_pairs_and_a_wrong_one_is_a_finding():
    findings = Findings()
    options = Options.check({"contract-type": "a=1, b=2,,a=1"}, [SETTING])
    assert needs.table_of(SETTING, options, findings) == {"a": "1", "b": "2"}
    assert not findings.errors
    needs.table_of(SETTING, Options.check({"contract-type": "a=1,a=2,b"}, [SETTING]), findings)
    assert [found.code for found in findings] == ["MARKET-04", "MARKET-04"]


def test_absent_and_empty_are_two_things():
    pairs = [("a", "1"), ("b", "")]
    assert list(present(pairs)) == [("a", "1")]
    assert list(present(pairs, Empty.KEEP)) == pairs


def test_ids_are_the_same_for_the_same_content_and_never_twice():
    def given_by(seed):
        pool = IdPool(seed)
        return [pool.uuid(), pool.uuid(), pool.text(20), pool.text(20)]

    assert given_by(b"x") == given_by(b"x")
    assert len({*given_by(b"x"), *given_by(b"y")}) == 8
    assert uuid.UUID(given_by(b"x")[0]).version == 5
    assert len(given_by(b"x")[2]) == 20


TABLE = (
    checks.Check("gtin", RULE, checks.is_gtin, "14 digits with a right check digit", required=True),
    checks.Check("code", RULE, checks.one_of({"1", "2"}), "1 or 2"),
    checks.Check("lot", RULE, checks.matches("[A-Z0-9]{1,3}"), "1 to 3 of A-Z and 0-9"),
)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"gtin": GTIN, "code": "1", "lot": "A1", "more": "?"}, 0),
        ({"gtin": GTIN[:-1] + "x"}, 1),
        ({"gtin": GTIN[1:]}, 1),
        ({"code": "3", "lot": "A1٣"}, 3),
    ],
)
def test_a_table_of_checks_names_field_and_expectation(values, wrong):
    findings = Findings()
    assert checks.run(TABLE, values, findings) == (not wrong)
    assert findings.errors == wrong
    assert all(found.expected for found in findings)


def test_keys_are_plain_digits():
    sscc = keys.parts_of("urn:epc:id:sscc:8699999.3000000001")
    assert keys.is_container(sscc)
    assert checks.is_sscc(sscc.number)
    assert keys.gln_of("8699999000010", RULE) == keys.gln_of("urn:epc:id:sgln:8699999.00001.0", RULE)
    assert checks.is_gln("8699999000010")
    with pytest.raises(Gs1Error) as caught:
        keys.gln_of("urn:epc:id:sscc:8699999.3000000001", RULE)
    assert caught.value.rule is RULE
    with pytest.raises(Gs1Error) as caught:
        keys.gln_of("86999990000", RULE)
    assert caught.value.rule is GLN_FORM


def test_days_are_days():
    assert date.fromisoformat(of_bar_code("280229")) == date(2028, 2, 29)


def test_an_object_has_one_canonical_text():
    urns = [
        "urn:epc:id:sgtin:8699999.011101.A%2FB",
        "urn:epc:id:sgtin:8699999.011101.A!B",
        "urn:epc:id:sgtin:8699999.011101.S1",
        "urn:epc:id:sgtin:8699999.011101.S2",
        "urn:epc:id:sscc:8699999.1000000001",
        "urn:epc:id:sgln:8699999.00001.0",
    ]
    links = urns_to_digital_links(urns)
    assert canonical(urns) == canonical(links) == links
    others = [links[1].replace("%21", "!"), links[2].replace("id.gs1.org", "example.com")]
    assert canonical(others) == [links[1], links[2]]
    wrong = ["urn:epc:id:sgtin:8699999.0111.S1", links[2].replace("/01/0", "/01/1"), "urn:x:y", ""]
    assert canonical(wrong) == wrong
