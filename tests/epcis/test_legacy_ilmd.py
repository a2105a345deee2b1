"""Lot and expiry at event level become ILMD."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.epcis.element import Element, element
from gateway.epcis.events import AggregationEvent, ObjectEvent
from gateway.epcis.legacy_ilmd import BOTH, ILMD, KEEP, LEGACY_ILMD, RULES, default_mode, to_ilmd
from gateway.findings import Finding, Findings, Severity, Where
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.sources import Source

HC = "http://epcis.gs1us.org/hc/ns"
MDA = "urn:epcglobal:cbv:mda"


def hc(local, text):
    return element(HC, local, text, prefix="gs1ushc")


def mda(local, text):
    return element(MDA, local, text, prefix="cbvmda")


NDC = Element(f"{{{HC}}}additionalTradeItemIdentification", "12345", [("type", "FDA_NDC_11")])


def event(*extensions, ilmd=None, **changes):
    return ObjectEvent(
        **{
            "event_time": "2026-03-01T10:00:00Z",
            "event_time_zone_offset": "+00:00",
            "action": "ADD",
            "biz_step": "urn:epcglobal:cbv:bizstep:commissioning",
            "extensions": list(extensions),
            "ilmd": ilmd,
            "where": Where(line=7, event=3),
            **changes,
        }
    )


def run(mode, *events):
    findings = Findings()
    return list(to_ilmd(map(copy.deepcopy, events), mode, findings)), list(findings)


LOT, EXPIRY = hc("lotNumber", "L1"), hc("itemExpirationDate", "2028-03-31")
IN_ILMD = [mda("lotNumber", "L1"), mda("itemExpirationDate", "2028-03-31")]


def moved(verb, values, events):
    message = f"{values} lot numbers and expiry dates that stood elsewhere were {verb} to ILMD in {events} events"
    return [Finding("EPCIS-ILMD-01", Severity.INFO, message, Where(line=7, event=3), str(values), "", RULES[0].hint)]


def test_lot_and_expiry_are_moved_and_the_rest_stays():
    assert run(ILMD, event(LOT, NDC, EXPIRY)) == ([event(NDC, ilmd=IN_ILMD)], moved("moved", 2, 1))


def test_both_places():
    assert run(BOTH, event(LOT, NDC, EXPIRY)) == ([event(LOT, NDC, EXPIRY, ilmd=IN_ILMD)], moved("copied", 2, 1))


def test_keep_changes_nothing_and_says_nothing():
    events = [event(LOT, EXPIRY), event(LOT, ilmd=[mda("lotNumber", "L2")])]
    assert run(KEEP, *events) == (events, [])


def test_one_finding_counts_all_events_of_a_document():
    events, findings = run(ILMD, *[event(LOT, EXPIRY)] * 5, event(), event(LOT))
    assert events == [*[event(ilmd=IN_ILMD)] * 5, event(), event(ilmd=IN_ILMD[:1])]
    assert findings == moved("moved", 11, 6)


def test_what_the_ilmd_has_already_is_not_touched():
    vendor = element("urn:v", "grade", "A")
    assert run(ILMD, event(LOT, EXPIRY, ilmd=[vendor, mda("lotNumber", " L1 ")])) == (
        [event(LOT, ilmd=[vendor, mda("lotNumber", " L1 "), IN_ILMD[1]])],
        moved("moved", 1, 1),
    )


@pytest.mark.parametrize("mode", [ILMD, BOTH])
def test_a_contradiction_is_an_error_and_changes_nothing(mode):
    wrong = event(hc("lotNumber", "L1"), ilmd=[mda("lotNumber", "L2")])
    assert run(mode, wrong) == (
        [wrong],
        [
            Finding(
                "EPCIS-ILMD-02",
                Severity.ERROR,
                "lotNumber is 'L1' in one place and 'L2' in ILMD",
                Where(line=7, event=3, path="lotNumber"),
                "L1",
                "L2",
                RULES[1].hint,
            )
        ],
    )


def test_two_lots_at_event_level_are_a_contradiction():
    wrong = event(hc("lotNumber", "L1"), mda("lotNumber", "L2"), EXPIRY)
    events, findings = run(ILMD, wrong)
    assert events == [event(hc("lotNumber", "L1"), mda("lotNumber", "L2"), ilmd=IN_ILMD[1:])]
    assert [finding.code for finding in findings] == ["EPCIS-ILMD-02", "EPCIS-ILMD-01"]


def test_elements_of_cbv_at_event_level_are_moved_too():
    assert run(ILMD, event(*IN_ILMD)) == ([event(ilmd=IN_ILMD)], moved("moved", 2, 1))


@pytest.mark.parametrize("step", ["commissioning", "https://ref.gs1.org/cbv/BizStep-commissioning"])
def test_every_spelling_of_commissioning(step):
    assert run(ILMD, event(LOT, biz_step=step))[0] == [event(biz_step=step, ilmd=IN_ILMD[:1])]


@pytest.mark.parametrize(
    "changes",
    [{"action": "OBSERVE"}, {"biz_step": None}, {"biz_step": "urn:epcglobal:cbv:bizstep:shipping"}],
)
def test_other_events_stay(changes):
    assert run(ILMD, event(LOT, **changes)) == ([event(LOT, **changes)], [])


def test_aggregations_stay():
    packing = AggregationEvent(
        event_time="2026-03-01T10:00:00Z", event_time_zone_offset="+00:00", action="ADD", extensions=[LOT]
    )
    assert run(ILMD, packing) == ([packing], [])


def test_unknown_mode():
    with pytest.raises(ValueError, match="'away'"):
        to_ilmd([], "away", Findings())


@pytest.mark.parametrize(
    ("from_xml", "to_xml", "mode"),
    [(True, True, KEEP), (True, False, ILMD), (False, True, ILMD), (False, False, ILMD)],
)
def test_default(from_xml, to_xml, mode):
    assert default_mode(from_xml=from_xml, to_xml=to_xml) == mode
    assert LEGACY_ILMD.choices == (KEEP, ILMD, BOTH)
    assert LEGACY_ILMD.default == ""


TEXTS = st.sampled_from(["L1", "L2", "2028-03-31"])
ELEMENTS = st.lists(
    st.builds(
        element,
        st.sampled_from([HC, MDA, "urn:v"]),
        st.sampled_from(["lotNumber", "itemExpirationDate", "grade"]),
        TEXTS,
    ),
    max_size=5,
)


@given(ELEMENTS, ELEMENTS, st.sampled_from([ILMD, BOTH]))
def test_nothing_is_lost(extensions, ilmd, mode):
    before = event(*extensions, ilmd=ilmd)
    [after], _ = run(mode, before)
    values = sorted((item.local, item.text) for item in (*after.extensions, *(after.ilmd or ())))
    given_ = sorted((item.local, item.text) for item in (*extensions, *ilmd))
    if mode == ILMD:
        assert values == given_
    else:
        assert after.extensions == extensions
        assert set(values) == set(given_)
    ours = [item for item in ilmd if item.namespace != HC]
    assert [item for item in after.ilmd or () if item.namespace != HC][: len(ours)] == ours


def test_attributes_and_inner_prefixes_go_along():
    lot = Element(f"{{{HC}}}lotNumber", "L1", [("scheme", "x:y")], [], "", "gs1ushc", [("x", "urn:x")])
    [after], _ = run(ILMD, event(lot))
    assert after.ilmd == [Element(f"{{{MDA}}}lotNumber", "L1", [("scheme", "x:y")], [], "", "cbvmda", [("x", "urn:x")])]


def test_a_document_of_the_first_generation():
    data = f"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" xmlns:gs1ushc="{HC}" schemaVersion="1.0"
      creationDate="2026-03-02T08:00:00Z"><EPCISBody><EventList><ObjectEvent>
      <eventTime>2026-03-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <epcList><epc>urn:epc:id:sgtin:9521321.012345.A1</epc></epcList><action>ADD</action>
      <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
      <gs1ushc:lotNumber>L1</gs1ushc:lotNumber>
      <gs1ushc:itemExpirationDate>2028-03-31</gs1ushc:itemExpirationDate>
      <gs1ushc:additionalTradeItemIdentification type="FDA_NDC_11">12345</gs1ushc:additionalTradeItemIdentification>
      </ObjectEvent></EventList></EPCISBody></e:EPCISDocument>""".encode()
    context = Context()
    document = FORMATS.get("epcis-1.2-xml").read(Source.memory(data), context)
    [after] = to_ilmd(document.events, ILMD, context.findings)
    assert [(item.name, item.text) for item in after.ilmd] == [(item.name, item.text) for item in IN_ILMD]
    assert [item.local for item in after.extensions] == ["additionalTradeItemIdentification"]
    assert after.extensions[0].attributes == [("type", "FDA_NDC_11")]


TK = "urn:tracekey:extension:xsd"


def tk(local, text="", *children):
    return element(TK, local, text, prefix="tk", children=list(children))


def test_the_namespace_of_gs1_us_in_ilmd_becomes_that_of_cbv():
    """rfXcel writes it so."""
    vendor = element("urn:v", "grade", "A")
    assert run(ILMD, event(ilmd=[LOT, vendor, EXPIRY])) == ([event(ilmd=[vendor, *IN_ILMD])], moved("moved", 2, 1))
    assert run(BOTH, event(ilmd=[LOT]))[0] == [event(ilmd=[LOT, IN_ILMD[0]])]
    assert run(ILMD, event(ilmd=[LOT, mda("lotNumber", "L2")]))[1][0].code == "EPCIS-ILMD-02"


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_ilmd_of_tracekey(wrapped):
    order, lot = tk("productionOrder", "P1"), tk("lotNumber", "L1")
    made = tk("productionDate", "2026-02-01")
    own = tk("ilmd", "", lot, order, made)
    top = tk("extension", "", own) if wrapped else own
    (after,), findings = run(ILMD, event(top))
    assert after.ilmd == [IN_ILMD[0], mda("productionDate", "2026-02-01")]
    left = tk("ilmd", "", order)
    assert after.extensions == [tk("extension", "", left) if wrapped else left]
    assert findings == moved("moved", 2, 1)
    assert top.walk()
    assert [item.local for item in own.children] == ["lotNumber", "productionOrder", "productionDate"]


def test_an_empty_container_goes_and_with_action_observe_nothing_is_moved():
    own = tk("extension", "", tk("ilmd", "", tk("lotNumber", "L1")))
    assert run(ILMD, event(own))[0] == [event(ilmd=IN_ILMD[:1])]
    assert run(ILMD, event(own, action="OBSERVE")) == ([event(own, action="OBSERVE")], [])
