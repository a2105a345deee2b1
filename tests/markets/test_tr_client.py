"""Turkey: notifications and packages brought to a simulator of ITS and PTS, and what its answers become."""

from __future__ import annotations

import base64
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.answers import Verdict
from gateway.errors import ConfigurationError, TransportError, UsageError
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Known, Reply, UncertainError, Waiting, play
from gateway.markets.tr import MARKET
from gateway.markets.tr.its.client import CLIENT
from gateway.markets.tr.its.message import ITS
from gateway.markets.tr.its.operations import ERROR_CODES, OPERATIONS, VERIFICATION
from gateway.markets.tr.its.reply import read_reply
from gateway.markets.tr.its.wire import Item
from gateway.markets.tr.pts import PTS
from gateway.markets.tr.session import TOKEN
from gateway.markets.tr.simulator.packages import MOST_BYTES, MOST_FETCHES
from tests.markets.tr_its_story import GTIN, PASSWORD, account, batch, composed, made, sent, simulator, step
from tests.markets.tr_story import DESTINATION, PLACE, SOURCE, pack_epc, ship
from tests.markets.tr_story import composed as transfers
from tests.markets.tr_story import story as transfer_story

BUYER = DESTINATION


def names(answer, verdict=Verdict.ACCEPTED):
    return [serial.identifier for serial in answer.serials if serial.verdict is verdict]


def name(serial, gtin=None):
    return f"(01){gtin or GTIN}(21){serial}"


def one_of_each(protocol="rest", *events):
    submissions, context = composed([made([pack_epc("SN1"), pack_epc("SN2")]), *events], protocol=protocol)
    assert not context.findings.errors
    return submissions


@pytest.mark.parametrize("protocol", ["rest", "soap"])
def test_the_story_of_a_batch_is_accepted_pack_by_pack(protocol):
    server = simulator(user=SOURCE, password=PASSWORD)
    submissions, _ = composed(batch(200), protocol=protocol)
    assert [each.kind for each in submissions] == ["supply", "dispatch", "dispatchcancel", "deactivation"]
    for submission in submissions:
        answer = sent(submission, server)
        assert answer.good
        assert answer.reference
        assert len(answer.serials) == submission.epcs
    states = [pack["state"] for pack in server.state()["packs"].values()]
    assert (states.count("60000"), states.count("60001")) == (5, 195)
    assert sum(pack["coming"] == BUYER for pack in server.state()["packs"].values()) == 190


@pytest.mark.parametrize("protocol", ["rest", "soap"])
@pytest.mark.parametrize("spelling", ["SN000150", name("SN000150")])
def test_of_200_packs_the_one_bad_is_refused_and_shown(protocol, spelling):
    server = simulator(refuse=frozenset({spelling}))
    submissions, _ = composed(batch(200), protocol=protocol)
    for submission in submissions[:2]:
        answer = sent(submission, server)
        assert answer.verdict is Verdict.PARTIAL
        assert [(bad.identifier, [reason.code for reason in bad.reasons]) for bad in answer.rejected()] == [
            (name("SN000150"), ["10306"])
        ]
        assert answer.rejected()[0].reasons[0].meaning
        assert len(names(answer)) == 199


@pytest.mark.parametrize("protocol", ["rest", "soap"])
def test_ownership_moves_and_only_owners_act(protocol):
    epc, server, buyer = pack_epc("SN1"), simulator(), account(BUYER)
    steps = [ship([epc]), step("receiving", [epc]), step("void_shipping", [epc])]
    supply, dispatch, accept, cancel = one_of_each(protocol, *steps)
    assert sent(supply, server).good
    assert [s.reasons[0].code for s in sent(accept, server, buyer).serials] == ["10306"]  # nobody sold it yet
    assert sent(dispatch, server).good
    assert [s.reasons[0].code for s in sent(dispatch, server).serials] == ["40004"]  # sold by you
    assert sent(accept, server, buyer).good
    assert [s.reasons[0].code for s in sent(cancel, server).serials] == ["10306"]  # too late
    assert [s.reasons[0].code for s in sent(dispatch, server).serials] == ["10306"]  # no longer the owner
    assert {s.reasons[0].code for s in sent(supply, server).serials} == {"60002", "60001"}  # duplicates tell the state
    (away,), _ = composed([made([epc]), step("decommissioning", [epc])], reporter_gln=BUYER)[0][1:], None
    again = replace(away, data=away.data)
    assert sent(again, server, buyer).good
    assert [s.reasons[0].code for s in sent(again, server, buyer).serials] == ["60000"]


def test_what_a_buyer_returns_comes_back():
    epc, server, buyer = pack_epc("SN1"), simulator(), account(BUYER)
    steps = [ship([epc]), step("receiving", [epc]), step("returning", [epc], to=SOURCE)]
    supply, dispatch, accept, back = one_of_each("rest", *steps)
    for submission, who in ((supply, None), (dispatch, None), (accept, buyer), (back, buyer), (accept, None)):
        assert sent(submission, server, who).good
    assert server.state()["packs"][name("SN1")] == {"owner": SOURCE, "state": "60001", "coming": ""}


def test_a_transfer_is_cancelled_by_its_own_cancellation_only():
    server, epc = simulator(), pack_epc("SN1")
    steps = [step("other", [epc], to=BUYER), step("void_shipping", [epc]), step("holding", [epc])]
    submissions, _ = composed([made([epc]), *steps], notifications="other=transfer,holding=transfercancel")
    supply, transfer, cancel, cancel_transfer = submissions
    assert [sent(each, server).good for each in (supply, transfer, cancel, cancel_transfer)] == [
        True,
        True,
        False,
        True,
    ]
    assert server.state()["packs"][name("SN1")]["coming"] == ""


def test_another_lot_or_expiry_is_another_pack():
    server = simulator()
    supply, dispatch = one_of_each("rest", ship([pack_epc("SN1")]))
    sent(supply, server)
    for old, new in ((b"LOT001", b"LOT002"), (b"2028-09-30", b"2028-09-29")):
        wrong = replace(dispatch, data=dispatch.data.replace(old, new))
        assert sent(wrong, server).verdict is Verdict.REJECTED


@pytest.mark.parametrize("protocol", ["rest", "soap"])
@pytest.mark.parametrize(
    ("fault", "verdict", "accepted"),
    [
        ("database-error", Verdict.REJECTED, 0),
        ("unknown-code", Verdict.PARTIAL, 1),
        ("silent-pack", Verdict.PARTIAL, 1),
    ],
)
def test_faults_are_told_and_never_taken_for_success(protocol, fault, verdict, accepted):
    (supply,) = one_of_each(protocol)
    answer = sent(supply, simulator(faults=frozenset({fault})))
    assert answer.verdict is verdict
    assert not answer.good
    assert len(names(answer)) == accepted
    assert len(answer.serials) == 2
    if fault == "database-error":
        assert answer.retryable
        assert answer.reasons[0].meaning == "database error"
    if fault == "unknown-code":
        assert str(answer.rejected()[0].reasons[0]) == "99999: the meaning of this code is not known"
    if fault == "silent-pack":
        assert names(answer, Verdict.UNREADABLE) == [name("SN2")]


def test_a_reply_of_another_shape_is_unreadable():
    (supply,) = one_of_each()
    answer = sent(supply, simulator(faults=frozenset({"other-shape"})))
    assert answer.verdict is Verdict.UNREADABLE
    assert {serial.verdict for serial in answer.serials} == {Verdict.UNREADABLE}


def calls_of(submission, server, who):
    calls = []

    def reply(call):
        calls.append(call)
        return server.reply(call)

    return play(CLIENT.submit(submission, who, Known("1")), reply), calls


def test_one_token_serves_many_calls_and_an_expired_one_is_renewed_once():
    server, who = simulator(), account()
    supply, dispatch = one_of_each("rest", ship([pack_epc("SN1")]))
    _, calls = calls_of(supply, server, who)
    assert [call.path for call in calls] == [TOKEN, "/product/app/supplynotification/"]
    assert calls[0].secret
    assert [call.once for call in calls] == [False, True]
    _, calls = calls_of(supply, server, who)
    assert [call.path for call in calls] == ["/product/app/supplynotification/"]
    who.memory["tr-token"] = "of-yesterday"
    answer, calls = calls_of(dispatch, server, who)
    assert answer.good
    paths = ["/wholesale/app/dispatch/", TOKEN, "/wholesale/app/dispatch/"]
    assert [call.path for call in calls] == paths
    assert PASSWORD not in repr(who)


def test_a_token_that_is_good_for_one_call_is_renewed_and_one_that_is_never_good_ends_it():
    who, server = account(), simulator(faults=frozenset({"token-expires"}))
    for submission in one_of_each("rest", ship([pack_epc("SN1")])):
        assert sent(submission, server, who).good
    with pytest.raises(TransportError, match="does not take the token") as raised:
        sent(one_of_each()[0], simulator(faults=frozenset({"token-refused"})))
    assert not raised.value.retryable


@pytest.mark.parametrize("protocol", ["rest", "soap"])
def test_a_wrong_password_is_said_and_not_tried_again(protocol):
    (supply,) = one_of_each(protocol)
    with pytest.raises((TransportError, ConfigurationError), match="refuses") as raised:
        sent(supply, simulator(user=SOURCE, password="another"))
    assert not raised.value.retryable
    assert PASSWORD not in str(raised.value)
    with pytest.raises(ConfigurationError, match="no user or password"):
        sent(supply, simulator(), Account())


def test_soap_says_action_and_type():
    (supply,) = one_of_each("soap")
    _, (call,) = calls_of(supply, simulator(), account())
    assert call.path == "/UretimBildirim/UretimBildirimReceiverService"
    assert call.headers["content-type"] == "text/xml; charset=utf-8"
    assert call.headers["soapaction"].startswith('"http://its.iegm.gov.tr/')
    assert base64.b64decode(call.headers["authorization"][6:]).decode() == f"{SOURCE}:{PASSWORD}"
    assert call.once


UNCERTAIN = Known("1", uncertain=True)


def test_after_a_lost_reply_production_deactivation_and_dispatch_are_told_by_the_state_of_the_packs():
    server = simulator(refuse=frozenset({"SN2"}))
    events = [ship([pack_epc("SN1")]), step("void_shipping", [pack_epc("SN1")]), step("sampling", [pack_epc("SN1")])]
    supply, dispatch, cancel, away = one_of_each("rest", *events)
    with pytest.raises(UncertainError):
        sent(supply, server, known=UNCERTAIN)  # nothing is known of the packs: their code is not public
    sent(supply, server)
    told = sent(supply, server, known=UNCERTAIN)
    assert names(told) == [name("SN1")]
    assert names(told, Verdict.UNREADABLE) == [name("SN2")]
    sent(dispatch, server)
    assert sent(dispatch, server, known=UNCERTAIN).good
    before = server.state()["packs"][name("SN1")]
    assert sent(cancel, server, known=UNCERTAIN).good  # still sold: it was not taken, so it is sent
    assert server.state()["packs"][name("SN1")] != before
    with pytest.raises(UncertainError):
        sent(dispatch, server, known=UNCERTAIN)  # at home: before the sale, or after its cancellation
    assert sent(away, server, known=UNCERTAIN).good  # not deactivated, so it is sent
    assert server.state()["packs"][name("SN1")]["state"] == "60000"
    notified = server.state()
    assert sent(away, server, known=UNCERTAIN).good  # deactivated: it is not sent again
    assert server.state() == notified


def test_a_lost_export_is_told_and_what_is_open_only_in_part_is_not_sent_again():
    epcs = [pack_epc("SN1"), pack_epc("SN2")]
    settings = {"export-glns": BUYER}
    (supply, export), _ = composed([made(epcs), ship(epcs)], settings)
    server = simulator()
    sent(supply, server)
    sent(export, server)
    exported = server.state()
    assert sent(export, server, known=UNCERTAIN).good
    assert server.state() == exported
    server = simulator(refuse=frozenset({"SN2"}))
    sent(supply, server)
    with pytest.raises(UncertainError):  # SN1 is at home, of SN2 nothing is known
        sent(export, server, known=UNCERTAIN)
    assert server.state()["packs"][name("SN1")]["state"] == "60001"


@pytest.mark.parametrize(("kind", "protocol"), [("accept", "rest"), ("return", "rest"), ("supply", "soap")])
def test_what_cannot_be_asked_stays_uncertain_and_is_not_sent(kind, protocol):
    events = [step("receiving", [pack_epc("SN1")]), step("returning", [pack_epc("SN1")], to=SOURCE)]
    submissions = one_of_each(protocol, *events[: 2 if protocol == "rest" else 0])
    (submission,) = [each for each in submissions if each.kind == kind]

    def reply(call: Call) -> Reply:
        pytest.fail(f"{call.path} was called")

    with pytest.raises(UncertainError) as raised:
        play(CLIENT.submit(submission, account(), UNCERTAIN), reply)
    assert raised.value.hint


def test_what_is_no_notification_is_not_sent():
    supply, dispatch = one_of_each("rest", ship([pack_epc("SN1")]))
    (soap,) = one_of_each("soap")
    wrongs = (
        replace(supply, kind="", name="x.json"),
        replace(supply, kind="praise"),
        replace(supply, kind="dispatch"),
        replace(dispatch, kind="accept"),
        replace(supply, data=b"{"),
        replace(supply, data=b"<a/>"),
        replace(supply, data=supply.data.replace(b'"SN1","SN2"', b"")),
        replace(soap, kind="return"),
    )
    for wrong in wrongs:
        with pytest.raises(ConfigurationError):
            sent(wrong, simulator())


@pytest.mark.parametrize("protocol", ["rest", "soap"])
def test_the_name_tells_the_notification_where_nothing_else_does(protocol):
    (supply,) = one_of_each(protocol)
    assert sent(replace(supply, kind=""), simulator()).good


ITEMS = [Item("1", "A"), Item("1", "B")]


@pytest.mark.parametrize(
    ("reply", "verdict", "word"),
    [
        (Reply(200, {}, b"<html/>"), Verdict.UNREADABLE, "HTTP 200"),
        (Reply(500, {}, b"{}"), Verdict.UNREADABLE, "neither codes nor a fault"),
        (Reply(200, {}, b"[]"), Verdict.UNREADABLE, "neither codes nor a fault"),
        (Reply(500, {}, b'{"snresponselist":[{"sn":"A","rc":"00000"}]}'), Verdict.UNREADABLE, "HTTP 500"),
        (Reply(200, {}, b'{"x":[{"sn":"A","uc":"00000"},{"sn":"B","uc":"00000"}]}'), Verdict.ACCEPTED, ""),
        (Reply(200, {}, b'{"x":[{"sn":"A","uc":"00000"}]}'), Verdict.PARTIAL, ""),
        (Reply(200, {}, b'{"x":[{"sn":"A","uc":"00000"},{"sn":"A","uc":"10306"}]}'), Verdict.UNREADABLE, ""),
        (Reply(200, {}, b'{"x":[{"sn":"C","uc":"00000"}]}'), Verdict.PARTIAL, "not sent"),
        (Reply(400, {}, b'{"fc":"20001","fm":"x"}'), Verdict.REJECTED, ""),
        (Reply(400, {}, b'{"fc":"77777","fm":"Turkish words"}'), Verdict.REJECTED, ""),
    ],
)
def test_replies_are_read(reply, verdict, word):
    answer = read_reply(reply, ITEMS)
    assert answer.verdict is verdict
    assert word in answer.unexpected
    assert [serial.identifier for serial in answer.serials] == (
        [] if not answer.serials else ["(01)1(21)A", "(01)1(21)B"]
    )
    assert answer.good == (reply.body == b'{"x":[{"sn":"A","uc":"00000"},{"sn":"B","uc":"00000"}]}')
    if b"77777" in reply.body:
        assert answer.reasons[0].meaning == "Turkish words"


@pytest.mark.parametrize("change", [
    (b"UretimResponse", b"Other"), (b"<UC>00000", b"<UC>0"), (b"<SN>SN1</SN>", b""), (b"Envelope", b"envelope"),
])  # fmt: skip
def test_soap_answers_of_another_shape_are_unreadable(change):
    (supply,) = one_of_each("soap")
    server = simulator()

    def reply(call):
        whole = server.reply(call)
        assert change[0] in whole.body
        return replace(whole, body=whole.body.replace(*change))

    answer = play(CLIENT.submit(supply, account(), Known("1")), reply)
    assert answer.verdict is Verdict.UNREADABLE
    assert not answer.good


@given(st.binary(max_size=300), st.sampled_from([200, 400, 500]))
def test_any_reply_gives_an_answer_and_nonsense_never_a_good_one(body, status):
    for soap in (None, OPERATIONS["supply"].soap):
        answer = read_reply(Reply(status, {}, body), ITEMS, soap)
        assert not answer.good


KEYS = st.sampled_from(["sn", "uc", "rc", "gtin", "fc", "fm", "x"])
ROWS = st.dictionaries(KEYS, st.none() | st.text(max_size=3) | st.integers(0, 9) | st.lists(st.none(), max_size=1))


@settings(max_examples=60)
@given(st.dictionaries(KEYS, st.lists(ROWS | st.none(), max_size=3) | ROWS | st.text(max_size=2)) | st.lists(ROWS))
def test_any_json_gives_an_answer(body):
    assert not read_reply(Reply(200, {}, orjson.dumps(body)), ITEMS).good


def ask(message, key, arguments, server, who=None):
    (question,) = [each for each in message.client.questions if each.key == key]
    return play(question.ask(arguments, who or account()), server.reply)


def test_questions_are_answered():
    server = simulator()
    supply, dispatch = one_of_each("rest", ship([pack_epc("SN1")]))
    sent(supply, server)
    sent(dispatch, server)
    arguments = {"gtin": GTIN, "serials": "SN1, SN2,SN1,NONE"}
    found = ask(ITS, "status", arguments, server)
    assert [(row["serial"], row["code"], row["meaning"], row["gln1"]) for row in found] == [
        ("SN1", "40004", "sold by you", SOURCE),
        ("SN2", "60001", "at the manufacturer", SOURCE),
        ("NONE", "10306", "registered to another manufacturer", ""),
    ]
    assert [row["code"] for row in ask(ITS, "verification", arguments, server)] == ["40004", "60001", "10306"]
    listed = ask(ITS, "error-codes", {}, server)
    assert {"code": "60005", "meaning": "exported"} in listed
    for wrong in ({}, {"gtin": GTIN}, {"gtin": "1", "serials": "A"}):
        with pytest.raises(UsageError):
            ask(ITS, "status", wrong, server)
    with pytest.raises(UsageError, match="GLN"):
        ask(ITS, "verification", arguments, server, account("a-name"))


def test_soap_verification_and_codes_are_simulated_too():
    server, who = simulator(), account()
    sent(one_of_each()[0], server)
    pack = {"GTIN": GTIN, "BN": "LOT001", "SN": "SN1", "XD": "2028-09-30"}
    request = VERIFICATION.service.request({"DT": "V", "FR": SOURCE, "URUNLER": {"URUN": [pack]}})
    headers = {"Authorization": "Basic " + base64.b64encode(f"{who.user}:{who.password}".encode()).decode()}
    body = server.reply(Call("POST", VERIFICATION.service.location, headers, request)).body
    answer = read_reply(Reply(200, {}, body), [Item(GTIN, "SN1")], VERIFICATION)
    assert [reason.code for reason in answer.serials[0].reasons] == ["60001"]
    codes = server.reply(Call("POST", ERROR_CODES.service.location, headers, ERROR_CODES.service.request({})))
    assert b"<code>60005</code>" in codes.body


@given(st.sampled_from([TOKEN, *(each.path for each in OPERATIONS.values()), "/pts/app/SendPackage", "/pts/app/search",
                        "/reference/app/check_status/", "/ITSServices/DispatchNotification", "/other", ""]),
       st.binary(max_size=60) | st.just(b'{"productList":[{"sn":1}]}') | st.just(b'{"file":"UEsDBA==","receiver":1}'),
       st.sampled_from(["", "Bearer simulated-1", "Basic QTpC", "Basic \xff"]))  # fmt: skip
def test_the_simulator_never_raises(path, body, authorization):
    server = simulator()
    server.reply(Call("POST", TOKEN, {}, b'{"username":"A","password":"B"}'))
    reply = server.reply(Call("POST", path, {"authorization": authorization}, body))
    assert reply.status in (200, 400, 401, 404, 500)
    assert server.reply(Call("GET", path)).status == 405
    assert server.state()["packs"] == {}


def test_the_market_says_how_its_simulator_differs():
    assert MARKET.simulation.unlike
    faults = [fault.name for fault in MARKET.simulation.faults]
    assert len(set(faults)) == len(faults)
    assert all(fault.title for fault in MARKET.simulation.faults)


def package():
    (whole,), _ = transfers(transfer_story())
    return whole


PERIOD = {"search-from": "2026-11-01", "search-to": "2026-11-30"}


def test_a_package_is_sent_listed_fetched_and_searched():
    server, whole = simulator(), package()
    answer = sent(whole, server, message=PTS)
    assert (answer.good, answer.reference) == (True, "2")
    buyer = account(BUYER, **PERIOD)
    (item,) = play(PTS.client.waiting(buyer), server.reply)
    assert item == Waiting("2", "pts-2.zip")
    assert play(PTS.client.fetch(item, buyer), server.reply) == whole.data
    assert play(PTS.client.waiting(buyer), server.reply) == [item]  # one that is lost on the way is still there
    fresh = account(BUYER, **PERIOD, list="not-received")
    assert play(PTS.client.waiting(fresh), server.reply) == []
    arguments = {"source-gln": SOURCE, **PERIOD}
    (row,) = ask(PTS, "search", arguments, server)
    assert (row["transferId"], row["destinationGln"]) == ("2", BUYER)
    with pytest.raises(UsageError):
        ask(PTS, "search", {}, server)


def test_a_package_may_be_fetched_ten_times():
    server, buyer = simulator(), account(BUYER, **PERIOD)
    sent(package(), server, message=PTS)
    for _ in range(MOST_FETCHES):
        play(PTS.client.fetch(Waiting("2", ""), buyer), server.reply)
    with pytest.raises(TransportError, match="21012"):
        play(PTS.client.fetch(Waiting("2", ""), buyer), server.reply)
    with pytest.raises(TransportError, match="21014"):
        play(PTS.client.fetch(Waiting("2", ""), account(PLACE)), server.reply)
    with pytest.raises(TransportError, match="20008"):
        play(PTS.client.fetch(Waiting("77", ""), buyer), server.reply)


def test_refusals_of_packages_are_told_with_their_code():
    server, whole = simulator(), package()
    assert [reason.code for reason in sent(whole, server, account(BUYER), message=PTS).reasons] == ["20001"]
    with pytest.raises(ConfigurationError):
        sent(Submission("x", b"PK\x03\x04nonsense"), server, message=PTS)
    with pytest.raises(UncertainError):
        sent(whole, server, known=UNCERTAIN, message=PTS)
    late = account(BUYER, **{"search-from": "2026-12-01", "search-to": "2026-11-30"})
    with pytest.raises(TransportError, match="21015"):
        play(PTS.client.waiting(late), server.reply)


def test_the_days_that_are_looked_through_come_from_settings_or_the_day():
    server = simulator()
    with pytest.raises(ConfigurationError, match="last day"):
        play(PTS.client.waiting(account(BUYER)), server.reply)
    bodies = []

    def reply(call):
        bodies.append(call.body)
        return server.reply(call)

    today = replace(account(BUYER, **{"search-days": "1"}), today="2026-03-01")
    assert play(PTS.client.waiting(today), reply) == []
    body = orjson.loads(bodies[-1])
    assert (body["startDate"], body["endDate"]) == ("2026-02-28", "2026-03-01")
    for wrong in ({"search-days": "x"}, {"search-from": "x"}):
        with pytest.raises(ConfigurationError):
            play(PTS.client.waiting(replace(account(BUYER, **wrong), today="2026-03-01")), reply)


@pytest.mark.parametrize("size", [MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1])
def test_the_simulator_takes_ten_megabytes_and_not_a_byte_more(size):
    """What follows is no zip file: it is the size that is looked at first."""
    server, who = simulator(), account()
    token = orjson.loads(server.reply(Call("POST", TOKEN, {}, b'{"username":"A","password":"B"}')).body)["token"]
    file = base64.b64encode(b"PK" + bytes(size - 2)).decode()
    body = orjson.dumps({"receiver": BUYER, "file": file})
    reply = server.reply(Call("POST", "/pts/app/SendPackage", {"authorization": f"Bearer {token}"}, body))
    assert orjson.loads(reply.body)["fc"] == ("20009" if size > MOST_BYTES else "20007")
    assert who.memory == {}


@pytest.mark.parametrize("body", [b"<html/>", b"{}", b'{"transferId":null}', b'{"transferId":""}', b"[]"])
def test_a_package_without_transfer_id_is_not_taken_for_sent(body):
    def reply(call):
        return Reply(200, {}, b'{"token":"t"}') if call.path == TOKEN else Reply(200, {}, body)

    assert play(PTS.client.submit(package(), account(), Known("1")), reply).verdict is Verdict.UNREADABLE
    with pytest.raises(TransportError):
        play(PTS.client.fetch(Waiting("1", ""), account()), reply)
    with pytest.raises(TransportError):
        play(PTS.client.waiting(account(**PERIOD)), reply)
