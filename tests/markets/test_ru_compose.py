"""Russia's MDLP: documents composed of events, against golden files, in the order they have to be sent."""

from __future__ import annotations

import pytest

from gateway.epcis.element import element
from gateway.epcis.events import ErrorDeclaration, QuantityElement
from gateway.findings import Findings
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.ru.documents import DOCUMENTS
from gateway.markets.ru.mdlp import MDLP
from tests.markets.ru_story import (
    FIXTURES,
    GTIN,
    GUID,
    IDS,
    OWNER_ID,
    PLANT_ID,
    SHIPPED,
    STORY,
    codes,
    commission,
    composed,
    move,
    numbers,
    pack,
    pack_epc,
    packing,
    serial,
    sscc,
    story,
    tree,
)


def valid(made):
    for submission in made:
        findings = Findings()
        MDLP.check(submission.data, findings)
        assert [str(found) for found in findings] == [], submission.name
    return made


def test_the_story_of_a_batch_is_golden(golden):
    made, context = composed(story(), STORY)
    assert codes(context) == ["MARKET-03"]  # commissioning is reported elsewhere
    assert numbers(valid(made)) == ["915", "915", "381", "913", "701", "552"]
    assert [submission.epcs for submission in made] == [200, 10, 2, 2, 2, 1]
    assert [submission.name[:14] for submission in made] == [
        "mdlp-00001-915", "mdlp-00002-915", "mdlp-00003-381", "mdlp-00004-913", "mdlp-00005-701", "mdlp-00006-552"
    ]  # fmt: skip
    for position, submission in enumerate(made, 1):
        number = tree(submission).get("action_id")
        golden(FIXTURES / "mdlp" / "composed" / f"{position}-{number}.xml", submission.data)


def test_the_same_events_give_the_same_bytes():
    assert composed(story(), STORY)[0] == composed(story(), STORY)[0]


def test_one_915_for_each_level_from_the_bottom_up_at_the_time_of_its_last_packing():
    events = packing()
    made, _ = composed([*events[::-1], pack(sscc(9), [sscc(1), sscc(2)], "09:50")])
    first, second, third = map(tree, valid(made))
    assert len(first.findall("by_sgtin/detail")) == 10
    assert first.findtext("operation_date") == "2026-11-20T09:09:00+03:00"
    assert len(second.findall("by_sscc/detail")) == 2
    assert second.findtext("operation_date") == "2026-11-20T09:40:00+03:00"
    assert len(third.findall("by_sscc/detail")) == 1


def test_packings_one_by_one_when_asked():
    made, _ = composed(packing(), {**IDS, "aggregation": "event"})
    assert numbers(valid(made)) == ["911"] * 12
    assert tree(made[3]).findtext("operation_date") == "2026-11-20T09:03:00+03:00"
    assert [node.tag for node in tree(made[0])] == ["subject_id", "sscc", "operation_date", "content"]


def test_what_is_added_to_a_packed_container_is_916_or_914():
    events = [
        pack(sscc(1), [pack_epc(1)]),
        pack(sscc(2), None, "09:10", "DELETE"),
        pack(sscc(1), [pack_epc(2)], "09:20"),
    ]
    made, _ = composed(events)
    assert numbers(valid(made)) == ["915", "912", "916"]
    made, _ = composed(events, {**IDS, "aggregation": "event"})
    assert numbers(valid(made)) == ["911", "912", "914"]
    earlier = DocumentHierarchy()
    earlier.add(pack(sscc(1), [pack_epc(7)], "07:00"))
    made, _ = composed(events[:1], hierarchy=earlier)
    assert numbers(valid(made)) == ["916"]
    made, _ = composed([pack(sscc(1), None, "08:00", "DELETE"), *events[:1]])
    assert numbers(valid(made)) == ["912", "915"]


def test_a_container_of_packs_and_cases_is_911():
    made, _ = composed([pack(sscc(1), [pack_epc(1)]), pack(sscc(2), [sscc(1), pack_epc(2)], "09:10")])
    assert numbers(valid(made)) == ["915", "911"]


def test_a_container_that_is_too_large_for_one_document_is_packed_and_added_to():
    made, context = composed([pack(sscc(1), [pack_epc(n) for n in range(25_001)])])
    assert not context.findings.errors
    assert numbers(valid(made)) == ["911", "914"]
    assert [submission.epcs for submission in made] == [25_000, 1]


DESTROYED = {"destruction-inn": "7701234567", "destruction-kpp": "770101001"}
MOVEMENTS = {
    "210": ("inspecting", {"documents": "inspecting=210"}),
    "250": (
        "void_shipping",
        {"documents": "void_shipping=250", "recall-operation-id": "doc-1", "recall-document": "431"},
    ),
    "300": ("shipping", {"documents": "shipping=300", "custom-receiver-id": GUID}),
    "541": (
        "shipping",
        {
            **DESTROYED,
            "documents": "shipping=541",
            "destruction-address": GUID,
            "destruction-type": "1",
            "destruction-reason": "5",
            "act-number": "A-1",
            "act-date": "event-date",
        },
    ),
    "542": (
        "destroying",
        {"documents": "destroying=542", "destruction-inn": "770123456789", "destruction-method": "3"},
    ),
    "251": ("void_shipping", {"reason": "wrong pallet"}),
    "252": ("receiving", {"reason": "damaged", "documents": "receiving=252"}),
    "313": (
        "accepting",
        {"documents": "accepting=313", "confirmation-number": "RZN-1", "release-date": "2026-11-19"},
    ),
    "314": ("shipping", {"documents": "shipping=314"}),
    "342": (
        "accepting",
        {
            "documents": "accepting=342",
            "confirmation-number": "RZN-1",
            "release-date": "2026-11-19",
            "release-number": "R1",
        },
    ),
    "331": (
        "shipping",
        {"documents": "shipping=331", "custom-receiver-id": GUID, "contract-type": "1", "seller-id": GUID},
    ),
    "336": ("shipping", {"documents": "shipping=336", "contract-type": "1"}),
    "381": ("shipping", {"documents": "shipping=381"}),
    "415": (
        "shipping",
        {"documents": "shipping=415", "turnover-type": "1", "finance-source": "1", "contract-type": "1"},
    ),
    "416": (
        "receiving",
        {"documents": "receiving=416", "receive-type": "1", "finance-source": "1", "contract-type": "1"},
    ),
    "431": ("shipping", {"documents": "shipping=431"}),
    "552": ("decommissioning", {"withdrawal-types": "decommissioning=13"}),
    "701": ("receiving", {}),
}
PRICES = {"costs": f"{GTIN}=110.00", "vat-values": f"{GTIN}=10.00"}


@pytest.mark.parametrize("number", MOVEMENTS)
def test_every_movement_is_valid_and_has_the_fields_of_its_table_in_their_order(number):
    step, more = MOVEMENTS[number]
    ids = dict(pair.split("=") for pair in IDS["subject-ids"].split(","))
    if number in ("300", "331", "336"):
        ids = dict.fromkeys(ids, GUID)
    settings = {
        "subject-ids": ",".join(f"{k}={v}" for k, v in ids.items()),
        "document-date": "2026-11-21",
        **PRICES,
        **more,
    }
    made, context = composed([commission([pack_epc(1)]), move(step, [pack_epc(1)])], settings)
    assert not context.findings.errors, [str(found) for found in context.findings]
    assert numbers(valid(made)) == [number]
    written = [node.tag for node in tree(made[0])]
    known = list(dict.fromkeys(field.name.partition("/")[0] for field in DOCUMENTS[number].fields))
    assert written[: -1 if number != "250" else None] == [name for name in known if name in written]
    assert {f.name.partition("/")[0] for f in DOCUMENTS[number].fields if f.required} <= set(written)
    assert (f"{GTIN}{serial(1)}" in made[0].data.decode()) == (number != "250")


def test_a_company_and_a_person_destroy():
    values = {**SHIPPED, **MOVEMENTS["541"][1]}
    (document,) = map(tree, composed([move("shipping", [sscc(1), pack_epc(9)])], values)[0])
    assert document.findtext("destruction_org/ul/kpp") == "770101001"
    assert [node.findtext("reason_for_destruction") for node in document.iter("detail")] == ["5", "5"]
    _, context = composed([move("shipping", [sscc(1)])], {**values, "destruction-kpp": ""})
    assert [f.expected for f in context.findings if f.code == "MARKET-02"] == ["destruction_org/ul/kpp"]
    _, context = composed([move("shipping", [sscc(1)])], {**values, "destruction-inn": "0012345678"})
    assert codes(context) == ["RU-MDLP-04"]
    person = {**SHIPPED, **MOVEMENTS["542"][1]}
    (document,) = map(tree, valid(composed([move("destroying", [sscc(1)])], person)[0]))
    assert document.findtext("destruction_org/fl/inn") == "770123456789"


def test_one_question_for_each_object():
    events = [*packing(), move("inspecting", [sscc(1), pack_epc(190)])]
    made, _ = composed(events, {**IDS, "documents": "inspecting=210", "look": "up"})
    asked = [tree(each) for each in valid(made) if each.kind == "210"]
    assert [node[-1].tag for node in asked] == ["sscc_up", "sgtin"]
    made, _ = composed([move("inspecting", [sscc(1), sscc(2)])], {**IDS, "documents": "inspecting=220"})
    assert numbers(valid(made)) == ["220", "220"]
    made, context = composed([move("inspecting", [pack_epc(1)])], {**IDS, "documents": "inspecting=220"})
    assert (made, codes(context)) == ([], ["RU-MDLP-20"])


def test_codes_for_customs_are_packs_by_gtin():
    other = pack_epc(1, "022222")
    events = [pack(sscc(1), [pack_epc(1), other]), move("shipping", [sscc(1)])]
    values = {**SHIPPED, **MOVEMENTS["300"][1], "subject-ids": "", "subject-id": GUID}
    made, _ = composed(events, values)
    assert [tree(each).findtext("gtin") for each in valid(made)[1:]] == [GTIN, "04699999222225"]
    made, context = composed([move("shipping", [sscc(1)])], values)
    assert (made, codes(context)) == ([], ["RU-MDLP-20"])


def test_ids_come_from_the_table_by_gln_and_the_setting_completes_it():
    (document,) = map(tree, composed([move("shipping", [sscc(1)])], SHIPPED)[0])
    assert (document.findtext("subject_id"), document.findtext("owner_id")) == (PLANT_ID, OWNER_ID)
    assert (document.findtext("doc_num"), document.findtext("doc_date")) == ("DN-1", "20.11.2026")
    (document,) = map(
        tree,
        composed(
            [move("shipping", [sscc(1)])],
            {**SHIPPED, "subject-ids": f"4699999000014={PLANT_ID}", "counterparty-id": "00000000000909"},
        )[0],
    )
    assert document.findtext("owner_id") == "00000000000909"


def test_an_element_of_the_event_comes_before_the_setting():
    event = move("shipping", [sscc(1)], elements=[("mdlpDocument", "431"), ("doc_date", "2026-11-19")])
    made, _ = composed([event], SHIPPED)
    assert numbers(valid(made)) == ["431"]
    assert tree(made[0]).findtext("doc_date") == "19.11.2026"


def test_prices_come_from_packs_or_tables_and_a_container_tells_its_batches():
    settings = {**SHIPPED, **PRICES, **MOVEMENTS["415"][1]}
    events = [
        commission([pack_epc(1), pack_epc(2)], "L<1", cost="110.00"),
        commission([pack_epc(3)], "L2"),
        pack(sscc(1), [pack_epc(n) for n in (1, 2, 3)]),
        move("shipping", [sscc(1)]),
    ]
    (packed, order) = valid(composed(events, settings)[0])
    assert tree(packed).get("action_id") == "915"
    details = tree(order).findall("order_details/union/sscc_detail/detail")
    assert [detail.findtext("series_number") for detail in details] == ["L<1", "L2"]
    assert {detail.findtext("cost") for detail in details} == {"110.00"}
    events[0] = commission([pack_epc(1), pack_epc(2)], "L1", cost="99.00")
    made, context = composed(events, settings)
    assert made == []
    assert codes(context) == ["MARKET-03", "RU-MDLP-12"]
    made, context = composed([move("shipping", [sscc(1)])], settings)
    assert codes(context) == ["RU-MDLP-12"]


def test_a_shipment_of_pallets_is_priced_from_earlier_messages():
    earlier = DocumentHierarchy()
    for event in packing():
        earlier.add(event)
    made, context = composed(
        [move("shipping", [sscc(1)])], {**SHIPPED, **PRICES, **MOVEMENTS["415"][1]}, hierarchy=earlier
    )
    assert not context.findings.errors
    assert tree(valid(made)[0]).findtext("order_details/union/sscc_detail/detail/series_number") == "LOT001"


def test_a_list_of_all_levels_names_the_outermost():
    made, _ = composed([*packing(), move("shipping", [sscc(100), pack_epc(1), sscc(1), sscc(2)])], SHIPPED)
    assert [node.text for node in tree(made[-1]).iter("sscc")] == [
        node.text for node in tree(composed([move("shipping", [sscc(1), sscc(2)])], SHIPPED)[0][0]).iter("sscc")
    ]


def test_a_withdrawn_event_is_not_reported():
    wrong = move("shipping", [sscc(2)], event_id="e1")
    declared = move("shipping", [sscc(2)], event_id="e1", error_declaration=ErrorDeclaration())
    made, _ = composed([wrong, move("shipping", [sscc(1)]), declared], SHIPPED)
    assert numbers(made) == ["381"]


def test_frame_settings():
    made, _ = composed([move("shipping", [sscc(1)])], {**SHIPPED, "xml-declaration": "yes", "session-ui": 'a"b'})
    assert made[0].data.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<documents version="1.38" session_ui="a&quot;b">'
    )
    valid(made)


def test_amounts_are_a_loss():
    event = move("shipping", [sscc(1)], quantity_list=[QuantityElement("urn:epc:class:lgtin:4699999.011111.L1", "5")])
    _, context = composed([event], SHIPPED)
    assert context.losses.count == 1


def test_a_value_of_a_vendor_that_no_field_has_changes_nothing():
    plain, _ = composed([move("shipping", [sscc(1)])], SHIPPED)
    more, _ = composed([move("shipping", [sscc(1)], extensions=[element("urn:x", "other", "1")])], SHIPPED)
    assert plain == more
