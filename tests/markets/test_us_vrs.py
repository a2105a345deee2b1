"""Verification of saleable returns: requests, the client against the simulator, and the responder's judgement."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.answers import Verdict
from gateway.epcis.document import Document, Header
from gateway.epcis.events import ErrorDeclaration
from gateway.errors import TransportError
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Known, Reply, play
from gateway.markets.simulation import Rehearsal
from gateway.markets.us.vrs import VRS
from gateway.markets.us.vrs.client import CLIENT, read_reply, submit
from gateway.markets.us.vrs.model import CORRELATION, Verification, address_of, asked_by, correlation
from gateway.markets.us.vrs.responder import KnownPack, Policy, respond
from gateway.markets.us.vrs.simulator import SIMULATION
from gateway.options import Options
from tests.markets.us_story import case, codes, commission, pack, packing, ship, sscc, unit

GLN, STRANGER, RESPONDER = "0388888000016", "0377777000015", "0399999000017"
ACCOUNT = Account(options={"requestor-gln": GLN})
KNOWN = Known("5c1c7a4e-0000-5000-8000-000000000000")
PACK = Verification("00399999011112", "U1", "LOT001", "280930")
GOOD = KnownPack("LOT001", "2028-09-30")
NOW = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
CORRELATED = "0c1b5c1e-3d3b-4c8c-9f0a-1e2f3a4b5c6d"
QUERY = {
    "linkType": "verificationService",
    "context": "dscsaSaleableReturn",
    "reqGLN": GLN,
    "corrUUID": CORRELATED,
}


def returned(epcs, **more):
    return ship(epcs, "15:00", **{"biz_step": "receiving", "disposition": "returned", **more})


def composed(events, settings=None, hierarchy=None):
    context = Context(options=Options.check(settings or {}, VRS.settings), hierarchy=hierarchy)
    return list(VRS.compose(Document(Header(), iter(events)), context)), context


def packs_of(made):
    (submission,) = made
    return [entry["ser"] for entry in json.loads(submission.data)]


def asked(simulator, submission, account=ACCOUNT):
    return play(submit(submission, account, KNOWN), simulator.reply)


class Earlier:
    """Earlier messages: nothing is packed, everything is of one lot."""

    def parent(self, _epc, _as_of=""):
        return None

    def children(self, _epc, _as_of=""):
        return []

    contents = children

    def attributes(self, _epc, _as_of=""):
        return {"lotNumber": "EARLY", "itemExpirationDate": "2027-01-31"}


# ---- requests -------------------------------------------------------------------------------------------------------


def test_the_packs_of_a_returned_case_are_asked_about_with_lot_and_expiry():
    made, context = composed([*packing(6, 2), ship([sscc(1), sscc(2)]), returned([case(1), unit(0)])])
    assert not context.findings.errors
    assert packs_of(made) == ["U2", "U3", "U0"]
    assert json.loads(made[0].data)[0] == {"gtin": "00399999011112", "ser": "U2", "lot": "LOT001", "exp": "280930"}
    findings = Findings()
    VRS.check(made[0].data, findings)
    assert not list(findings)


def test_receiving_that_is_no_return_is_not_asked_about():
    made, context = composed([*packing(4, 2), ship([unit(0)], biz_step="receiving", disposition="in_progress")])
    assert not made
    assert codes(context) == ["US-VRS-06"]


def test_all_packs_where_that_is_wanted_each_once():
    made, _ = composed([*packing(4, 2), ship([sscc(1)])], {"verify": "all"})
    assert packs_of(made) == ["U0", "U1", "U2", "U3"]


def test_a_withdrawn_return_is_not_asked_about():
    event = returned([unit(0)], event_id="urn:uuid:1")
    taken_back = returned([unit(0)], event_id="urn:uuid:1", error_declaration=ErrorDeclaration("2026-11-20T16:00:00Z"))
    made, context = composed([*packing(4, 2), event, returned([unit(1)]), taken_back])
    assert not context.findings.errors
    assert packs_of(made) == ["U1"]


def test_lot_and_expiry_come_from_earlier_messages_too():
    made, _ = composed([returned([unit(9)])], hierarchy=Earlier())
    assert json.loads(made[0].data) == [{"gtin": "00399999011112", "ser": "U9", "lot": "EARLY", "exp": "270131"}]


def test_without_lot_or_expiry_a_pack_cannot_be_asked_about():
    made, context = composed([returned([unit(9)])])
    assert not made
    assert codes(context) == ["MARKET-02"]
    assert "lotNumber" in next(iter(context.findings)).hint


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([returned([sscc(7)])], "US-VRS-01"),
        ([commission([unit(1)], expiry="30.09.2028"), returned([unit(1)])], "US-VRS-04"),
        ([returned(["urn:epc:id:sgtin:0399999.001111"])], "EPC-URN-01"),
    ],
)
def test_what_is_no_pack_is_named(events, code):
    made, context = composed(events)
    assert not made
    assert code in codes(context) or code == "EPC-URN-01"
    assert context.findings.errors


# ---- addresses ------------------------------------------------------------------------------------------------------

SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


@given(st.text(SET_82, min_size=1, max_size=20), st.text(SET_82, min_size=1, max_size=20))
def test_an_address_says_the_pack_whatever_its_characters(lot, ser):
    pack_ = Verification("00399999011112", ser, lot, "280930")
    found = asked_by("/some/base" + address_of(pack_, QUERY))
    assert found is not None
    assert found.pack == pack_
    assert {**found.query, "exp": ""} == {**QUERY, "exp": ""}


def test_a_correlation_id_is_a_version_4_and_the_same_for_the_same_question():
    assert correlation("a", 1) == correlation("a", 1)
    assert len({correlation("a", 1), correlation("a", 2), correlation("b", 1)}) == 3
    assert CORRELATION.fullmatch(correlation("a", 1))


# ---- the client, against the simulator ------------------------------------------------------------------------------


def batch(count=200):
    packs = [unit(number) for number in range(count)]
    return composed([commission(packs), returned(packs)])[0][0]


def test_one_bad_pack_among_200_is_refused_and_named():
    simulator = SIMULATION.start(Rehearsal(refuse=frozenset({"U77"})))
    answer = asked(simulator, batch())
    assert answer.verdict is Verdict.PARTIAL
    (bad,) = answer.rejected()
    assert bad.identifier == "(01)00399999011112(21)U77"
    assert [reason.code for reason in bad.reasons] == ["No_match_GTIN_Serial"]
    assert len(answer.serials) == 200
    assert list(CLIENT.identifiers(batch())) == [serial.identifier for serial in answer.serials]
    assert simulator.state()["(01)00399999011112(21)U77"] == "refused"
    assert list(simulator.state().values()).count("verified") == 199


@pytest.mark.parametrize(
    ("fault", "verdict", "code"),
    [
        ("other-lot", "rejected", "No_match_GTIN_Serial_Lot"),
        ("recalled", "rejected", "Manufacturer_policy"),
        ("other-question", "unreadable", ""),
    ],
)
def test_faults_of_the_service_verify_nothing(fault, verdict, code):
    answer = asked(SIMULATION.start(Rehearsal(faults=frozenset({fault}))), batch(2))
    assert answer.verdict == verdict
    assert {serial.reasons[0].code for serial in answer.serials} == {code}
    assert not answer.good


def test_a_simulator_shows_no_serial_number_of_those_it_is_asked_about():
    assert SIMULATION.shown(address_of(PACK, QUERY)) == "/verify"
    assert SIMULATION.shown(f"/checkConnectivity?gtin=1&reqGLN={GLN}") == "/checkConnectivity"


@pytest.mark.parametrize(("how", "verdict"), [("none", "unreadable"), ("basic", "accepted"), ("bearer", "accepted")])
def test_the_service_may_want_to_know_who_asks(how, verdict):
    simulator = SIMULATION.start(Rehearsal(user="us", password="geheim"))
    account = Account("us", "geheim", {"requestor-gln": GLN, "log-in": how})
    assert asked(simulator, batch(2), account).verdict == verdict


def test_without_the_requestors_gln_nothing_is_asked():
    with pytest.raises(TransportError, match="requestor-gln"):
        asked(SIMULATION.start(Rehearsal()), batch(2), Account(options={"requestor-gln": "0388888000010"}))


def test_one_pack_can_be_asked_about_and_whether_the_service_answers():
    simulator = SIMULATION.start(Rehearsal())
    verify, connectivity = CLIENT.questions
    values = {"gtin": "399999011112", "lot": "A/1", "serial": "S%2F1", "expiry": "280900"}
    assert play(verify.ask(values, ACCOUNT), simulator.reply) == [
        {"pack": "(01)00399999011112(21)S%2F1", "verdict": "accepted", "reason": ""}
    ]
    (said,) = play(connectivity.ask({"gtin": "00399999011112"}, ACCOUNT), simulator.reply)
    assert said["responderGLN"] == RESPONDER
    (said,) = play(connectivity.ask({"gtin": "00399999011112"}, ACCOUNT), lambda _: Reply(404))
    assert said["meaning"] == "the product is in no lookup directory"
    (said,) = play(connectivity.ask({"gtin": "00399999011112"}, ACCOUNT), lambda _: Reply(200, body=b"<html>"))
    assert said["meaning"] == "no responderGLN"


def body(**changes):
    said = {
        "verificationTimestamp": "2026-11-26T12:00:00.000Z",
        "responderGLN": RESPONDER,
        "corrUUID": CORRELATED,
        "data": {"verified": True},
    }
    return json.dumps({**said, **changes}).encode()


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (body(), "accepted"),
        (body(corrUUID=CORRELATED.upper()), "accepted"),
        (body(data={"verified": True, "additionalInfo": "Recalled"}), "warning"),
        (body(data={"verified": True, "additionalInfo": "recalled"}), "warning"),
        (body(data={"verified": False, "verificationFailureReason": "No_reason_provided"}), "rejected"),
        (body(data={"verified": False}), "unreadable"),
        (body(data={"verified": False, "verificationFailureReason": "because"}), "unreadable"),
        (body(data={"verified": True, "verificationFailureReason": "No_reason_provided"}), "unreadable"),
        (body(data={"verified": "true"}), "unreadable"),
        (body(data={}), "unreadable"),
        (body(corrUUID="0c1b5c1e-3d3b-4c8c-9f0a-1e2f3a4b5c6e"), "unreadable"),
        (body(responderGLN="0399999000010"), "unreadable"),
        (body(verificationTimestamp="2026-11-26"), "unreadable"),
        (b"<html>Sign in</html>", "unreadable"),
        (b"\xff", "unreadable"),
        (b"", "unreadable"),
        (b"[]", "unreadable"),
    ],
)
def test_only_an_exact_answer_verifies(data, verdict):
    assert read_reply(Reply(200, body=data), PACK, CORRELATED).verdict == verdict


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 500])
def test_a_refusal_of_the_request_verifies_nothing(status):
    said = read_reply(Reply(status), PACK, CORRELATED)
    assert said.verdict is Verdict.UNREADABLE
    assert said.reasons[0].code == f"HTTP {status}"


@pytest.mark.parametrize("status", [408, 502, 503, 504])
def test_a_service_that_cannot_answer_now_is_asked_again(status):
    with pytest.raises(TransportError) as caught:
        read_reply(Reply(status), PACK, CORRELATED)
    assert caught.value.retryable


def test_a_submission_that_cannot_be_read_asks_nothing():
    answer = asked(SIMULATION.start(Rehearsal()), Submission("x.json", b"{"))
    assert answer.verdict is Verdict.UNREADABLE


# ---- the responder --------------------------------------------------------------------------------------------------


class Register(dict):
    def find(self, gtin, serial):
        return self.get((gtin, serial))


def told(known=GOOD, pack_=PACK, policy=None, query=None, method="GET", now=NOW, path=None):
    register = Register({("00399999011112", "U1"): known} if known else {})
    call = Call(method, path or address_of(pack_, {**QUERY, **(query or {})}))
    return respond(call, register, policy or Policy(RESPONDER), now)


def data_of(reply):
    assert reply.status == 200
    return json.loads(reply.body)["data"]


@pytest.mark.parametrize(
    ("known", "data"),
    [
        (GOOD, {"verified": True}),
        (None, "No_match_GTIN_Serial"),
        (KnownPack("LOT002", "2028-09-30"), "No_match_GTIN_Serial_Lot"),
        (KnownPack("LOT001", "2028-10-31"), "No_match_GTIN_Serial_Expiry"),
        (KnownPack("LOT001", ""), "No_match_GTIN_Serial_Expiry"),
        (KnownPack("lot001", "2028-10-31"), "No_match_GTIN_Serial_Lot_Expiry"),
        (KnownPack("LOT001", "2028-09-30", "recalled"), ("Manufacturer_policy", "Recalled")),
        (KnownPack("LOT001", "2028-09-30", "stolen"), ("Not_for_re-distribution", "Suspect")),
        (KnownPack("LOT001", "2028-09-30", "expired"), ("Manufacturer_policy", "Expired")),
        (KnownPack("LOT001", "2028-09-30", "inactive"), "Manufacturer_policy"),
        (KnownPack("LOT001", "2028-09-30", "in_transit", ended=True), "Manufacturer_policy"),
        (KnownPack("LOT001", "2028-09-30", "in_transit"), {"verified": True}),
    ],
)
def test_what_speaks_against_a_pack_is_said(known, data):
    if isinstance(data, str):
        data = {"verified": False, "verificationFailureReason": data}
    elif isinstance(data, tuple):
        data = {"verified": False, "verificationFailureReason": data[0], "additionalInfo": data[1]}
    assert data_of(told(known)) == data


def test_day_00_of_the_bar_code_is_the_last_one_of_the_month():
    assert data_of(told(pack_=Verification("00399999011112", "U1", "LOT001", "280900"))) == {"verified": True}


def test_a_pack_expires_at_the_end_of_its_day():
    pack_ = Verification("00399999011112", "U1", "LOT001", "261126")
    assert data_of(told(KnownPack("LOT001", "2026-11-26"), pack_))["verified"]
    pack_ = Verification("00399999011112", "U1", "LOT001", "261125")
    assert data_of(told(KnownPack("LOT001", "2026-11-25"), pack_)) == {
        "verified": False,
        "verificationFailureReason": "Manufacturer_policy",
        "additionalInfo": "Expired",
    }


def test_a_manufacturers_policy_and_the_standard_without_the_guideline():
    recalled = KnownPack("LOT001", "2028-09-30", "recalled")
    policy = Policy(RESPONDER, verify_recalled=True)
    assert data_of(told(recalled, policy=policy)) == {"verified": True, "additionalInfo": "Recalled"}
    plain = Policy(RESPONDER, guideline=False)
    assert data_of(told(recalled, policy=plain))["verificationFailureReason"] == "No_reason_provided"
    expired = data_of(told(KnownPack("LOT001", "2028-09-30", "expired"), policy=plain))
    assert expired == {"verified": False, "verificationFailureReason": "No_reason_provided"}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"query": {"reqGLN": "1"}}, 400),
        ({"query": {"reqGLN": STRANGER}, "policy": Policy(RESPONDER, (GLN,))}, 401),
        ({"query": {"corrUUID": "0c1b5c1e-3d3b-1c8c-9f0a-1e2f3a4b5c6d"}}, 400),
        ({"query": {"linkType": "other"}}, 400),
        ({"query": {"context": "other"}}, 400),
        ({"method": "POST"}, 405),
        ({"path": "/"}, 404),
        ({"path": "/verify/gtin/1/lot/2"}, 404),
        ({"pack_": Verification("399999011112", "U1", "LOT001", "280930")}, 400),
        ({"pack_": Verification("00399999011112", "U 1", "LOT001", "280930")}, 400),
        ({"pack_": Verification("00399999011112", "U1", "LOT001", "281332")}, 400),
        ({"path": f"/checkConnectivity?gtin=x&reqGLN={GLN}"}, 400),
        ({"path": "/checkConnectivity?gtin=00399999011112"}, 400),
        ({"path": f"/checkConnectivity?gtin=00399999011112&reqGLN={GLN}&reqGLN={GLN}"}, 400),
        ({"path": f"/checkConnectivity?gtin=00399999011112&reqGLN={GLN}"}, 200),
        (
            {"path": f"/checkConnectivity?gtin=00399999011112&reqGLN={STRANGER}", "policy": Policy(RESPONDER, (GLN,))},
            401,
        ),
    ],
)
def test_requests_that_are_not_answered(more, status):
    assert told(**more).status == status


@given(st.text(max_size=80), st.sampled_from(["GET", "POST", "verify"]))
def test_no_address_is_a_bug(text, method):
    for path in (text, f"/verify/gtin/{text}", f"/verify/gtin/1/lot/2/ser/3?{text}", f"/checkConnectivity?{text}"):
        assert told(path=path, method=method).status in (200, 400, 401, 404, 405)


def test_an_answer_is_not_to_be_cached_and_tells_milliseconds_and_zone():
    reply = told()
    assert reply.headers["cache-control"] == "private, no-cache"
    assert json.loads(reply.body)["verificationTimestamp"] == "2026-11-26T12:00:00.123-05:00"
    utc = told(now=datetime(2026, 11, 26, 17, tzinfo=UTC))
    assert json.loads(utc.body)["verificationTimestamp"] == "2026-11-26T17:00:00.000+00:00"


# ---- the official interface descriptions ----------------------------------------------------------------------------


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["gs1_lwm_v1.1_openapi.json", "gs1us_dscsa_vrs_ig_r1.1_openapi.json"])
def test_answers_are_valid_by_the_official_description(corpora, name):
    text = json.dumps(json.loads((corpora / "regulators" / "us-dscsa" / "vrs" / name).read_text("utf-8")))
    # The US description has typographic hyphens and stray blanks inside its patterns: as they are they match nothing.
    text = text.replace("\\u2010", "-").replace("0- 9", "0-9").replace("{ 12}", "{12}").replace("9] :", "9]:")
    description = json.loads(text)
    guideline = name.startswith("gs1us")
    both = {
        "components": description["components"],
        "oneOf": [
            {"$ref": "#/components/schemas/PositiveVerificationResponse"},
            {"$ref": "#/components/schemas/NegativeVerificationResponse"},
        ],
    }
    validator = jsonschema_rs.validator_for(both)
    states = ["", "recalled", "stolen", "expired", "inactive"]
    packs = [None, KnownPack("X", "2028-09-30"), KnownPack("X", "2027-01-31")]
    packs += [KnownPack("LOT001", "2028-09-30", state) for state in states]
    for known in packs:
        answer = json.loads(told(known, policy=Policy(RESPONDER, guideline=guideline)).body)
        validator.validate(answer)
        said = read_reply(Reply(200, body=json.dumps(answer).encode()), PACK, CORRELATED)
        assert said.verdict is not Verdict.UNREADABLE
        # What the official description refuses, the client takes for nothing.
        for damaged in damages(answer):
            if not validator.is_valid(damaged):
                reply = Reply(200, body=json.dumps(damaged).encode())
                assert read_reply(reply, PACK, CORRELATED).verdict is not Verdict.ACCEPTED


def damages(answer):
    """The answer with each member missing, of another type, or overlong."""
    for key in answer:
        yield {name: value for name, value in answer.items() if name != key}
        yield {**answer, key: 1}
        yield {**answer, key: f"{answer[key]}0"}
    for key in answer["data"]:
        yield {**answer, "data": {name: value for name, value in answer["data"].items() if name != key}}
        yield {**answer, "data": {**answer["data"], key: "x"}}


def test_requests_are_read_as_they_are_written():
    data = batch(3).data
    assert [msgspec.structs.asdict(each) for each in msgspec.json.decode(data, type=list[Verification])] == json.loads(
        data
    )


def test_a_pack_in_a_returned_container_of_the_document_is_found():
    made, _ = composed([commission([unit(1)]), pack(sscc(5), [unit(1)]), returned([sscc(5)])])
    assert packs_of(made) == ["U1"]
