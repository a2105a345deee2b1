"""Requests are brought to a simulated RSD: answers for each pack, lost replies, faults, packages, questions."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.answers import Verdict
from gateway.errors import ConfigurationError, TransportError, UsageError
from gateway.findings import Findings
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Keep, Known, Reply, UncertainError, play
from gateway.markets.kit.soap import write_envelope
from gateway.markets.sa import MARKET
from gateway.markets.sa.calls import MEDIA, SECURITY
from gateway.markets.sa.client import CLIENT, identifiers
from gateway.markets.sa.operations import OPERATIONS
from gateway.markets.sa.reply import answer_of
from gateway.markets.sa.sent import read_sent
from gateway.markets.sa.simulator.faults import FAULTS
from gateway.markets.simulation import Rehearsal
from tests.markets.sa_story import (
    FIXTURES,
    GLNS,
    GTIN,
    STORY,
    commission,
    composed,
    move,
    pack_epc,
    serial,
    story,
)
from tests.markets.test_sa import AMOUNTS, EXPIRY, LGTIN, MOVES

KNOWN = Known("11111111-2222-3333-4444-555555555555")


def account(who="plant", **options):
    return Account(f"{GLNS[who]}0001", "secret", options)


def simulator(**how):
    return MARKET.simulation.start(Rehearsal(**how))


def submit(submission, server, who="plant", known=KNOWN, **options):
    return play(CLIENT.submit(submission, account(who, **options), known), server.reply)


def ask(key, server, who="plant", **arguments):
    question = next(each for each in CLIENT.questions if each.key == key)
    return play(question.ask(arguments, account(who)), server.reply)


def name(number):
    return f"(01){GTIN}(21){serial(number)}"


def made_of(events, settings=None):
    return composed(events, STORY if settings is None else settings)[0]


def supplied(server, count=3):
    (supply,) = made_of([commission([pack_epc(number) for number in range(count)])])
    assert submit(supply, server).good
    return server


WHO = {"supply": "plant", "dispatch": "plant", "accept": "depot", "return": "depot", "deactivation": "plant"}


def test_the_story_of_a_batch_is_accepted_pack_by_pack():
    server = simulator()
    made = made_of(story())
    who = ["plant", "plant", "depot", "depot", "plant", "plant"]
    answers = [submit(each, server, by) for each, by in zip(made, who, strict=True)]
    assert [answer.verdict for answer in answers] == [Verdict.ACCEPTED] * 6
    assert [len(answer.serials) for answer in answers] == [200, 200, 200, 2, 2, 1]
    assert [answer.reference for answer in answers] == ["1", "2", "3", "4", "5", "6"]
    assert all(answer.good for answer in answers)
    packs = server.state()["packs"]
    assert packs[name(0)] == {"owner": GLNS["plant"], "state": "deactivated"}
    assert packs[name(1)] == {"owner": GLNS["plant"], "state": "active"}
    assert packs[name(2)] == {"owner": GLNS["depot"], "state": "active"}


def test_of_200_packs_with_a_bad_one_exactly_that_one_is_refused():
    server = simulator(refuse=frozenset({serial(77)}))
    made = made_of(story())
    answer = submit(made[0], server)
    assert answer.verdict is Verdict.PARTIAL
    (refused,) = answer.rejected()
    assert refused.identifier == name(77)
    assert [str(reason) for reason in refused.reasons] == ["11035: the product is not registered in RSD"]
    assert len(answer.serials) == 200
    answer = submit(made[1], server)
    assert [serial_.identifier for serial_ in answer.rejected()] == [name(77)]
    assert answer.rejected()[0].reasons[0].code == "80506"


def test_a_name_of_a_pack_is_refused_too():
    answer = submit(made_of(story())[0], simulator(refuse=frozenset({name(5)})))
    assert [each.identifier for each in answer.rejected()] == [name(5)]


@pytest.mark.parametrize("index", range(len(MOVES)))
def test_every_operation_is_answered(index):
    event, settings, kind = MOVES[index]
    server = supplied(simulator())
    (submission,) = made_of([event], settings)
    if kind in ("accept", "accept-dispatch"):
        (dispatch,) = made_of([move("shipping", [pack_epc(1)])])
        key = submit(dispatch, server).reference
        submission = Submission(submission.name, submission.data.replace(b">7<", f">{key}<".encode()), 1, kind)
        answer = submit(submission, server, "depot")
    elif kind == "import-cancel":
        answer = submit(submission, server)
        assert [each.reasons[0].code for each in answer.serials] == ["11809"]
        return
    else:
        first = {"dispatch-cancel": "dispatch", "export-cancel": "export", "deactivation-cancel": "deactivation"}.get(
            kind
        )
        if first:
            text = (FIXTURES / "rsd" / "good" / f"{first}.xml").read_text("utf-8")
            text = text.partition("<PRODUCT><GTIN>" + GTIN + "</GTIN><SN>A")[0] + "</PRODUCTLIST></ns0:"
            root = f"{OPERATIONS[first].full}Request"
            text += f"{root}></soap-env:Body></soap-env:Envelope>"
            assert submit(Submission("x.xml", text.encode(), 1, first), server).good
        answer = submit(submission, server)
    assert answer.verdict is Verdict.ACCEPTED, answer
    assert answer.good
    assert answer.reference


@pytest.mark.parametrize("index", range(len(AMOUNTS)))
def test_amounts_are_answered_by_lot(index):
    from gateway.epcis.events import QuantityElement

    event, settings, kind = AMOUNTS[index]
    server = supplied(simulator(), 50)
    first = {"accept-batch": "shipping", "dispatch-batch-cancel": "shipping"}.get(kind)
    if first:
        (dispatch,) = made_of([move(first, None, quantity_list=[QuantityElement(LGTIN, "40")])], EXPIRY)
        assert submit(dispatch, server).good
    event.quantity_list = [QuantityElement(LGTIN, "40")]
    (submission,) = made_of([event], {**settings, **EXPIRY})
    answer = submit(submission, server, "depot" if kind == "accept-batch" else "plant")
    assert answer.good
    assert [each.identifier for each in answer.serials] == [f"(01){GTIN}(10)LOT001"]
    event.quantity_list = [QuantityElement(LGTIN, "41")]
    (more,) = made_of([event], {**settings, **EXPIRY})
    answer = submit(more, server, "depot" if kind == "accept-batch" else "plant")
    assert answer.verdict is Verdict.REJECTED
    assert answer.serials[0].reasons[0].code == ("11043" if kind == "accept-batch" else "11042")


def test_who_does_not_own_a_pack_is_refused():
    server = supplied(simulator())
    (dispatch,) = made_of([move("shipping", [pack_epc(1)])])
    elsewhere = Submission("x.xml", dispatch.data.replace(GLNS["depot"].encode(), GLNS["abroad"].encode()), 1)
    assert [each.reasons[0].code for each in submit(elsewhere, server, "depot").serials] == ["40002"]
    assert submit(dispatch, server, "depot").reasons[0].code == "11815"


def test_a_wrong_user_is_refused_as_html_and_is_no_answer():
    server = simulator(user=f"{GLNS['plant']}0001", password="other")
    (supply,) = made_of([commission([pack_epc(1)])])
    with pytest.raises(TransportError, match="refuses the user name") as error:
        submit(supply, server)
    assert not error.value.retryable
    assert "secret" not in str(error.value)
    with pytest.raises(ConfigurationError, match="GLN of 13 digits"):
        play(CLIENT.submit(supply, Account("brand", "x"), KNOWN), server.reply)


@pytest.mark.parametrize(("status", "words"), [(404, "no such service"), (403, "refuses"), (400, "of this form")])
def test_replies_that_say_nothing_of_the_request_stop(status, words):
    (supply,) = made_of([commission([pack_epc(1)])])
    with pytest.raises(TransportError, match=words):
        play(CLIENT.submit(supply, account(), KNOWN), lambda _: Reply(status, {}, b"<html></html>"))


def test_a_call_is_that_of_the_reference_and_has_an_effect():
    (supply,) = made_of([commission([pack_epc(1)])])
    conversation = CLIENT.submit(supply, account(), KNOWN)
    call = next(conversation)
    assert call == Call(
        "POST",
        "/ws/SupplyService/SupplyService",
        {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": '""',
            "Authorization": "Basic " + base64.b64encode(f"{GLNS['plant']}0001:secret".encode()).decode(),
        },
        supply.data,
        once=True,
    )


def test_ws_security_is_a_setting_and_as_zeep_writes_it():
    from zeep.wsse.username import UsernameToken

    (supply,) = made_of([commission([pack_epc(1)])])
    options = {SECURITY.key: "yes", MEDIA.key: "application/soap+xml"}
    call = next(CLIENT.submit(supply, account(**options), KNOWN))
    assert call.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    from lxml import etree

    envelope = etree.fromstring(call.body)
    theirs, _ = UsernameToken(f"{GLNS['plant']}0001", "secret").apply(etree.fromstring(supply.data), {})
    assert etree.tostring(envelope, method="c14n") == etree.tostring(theirs, method="c14n")
    assert submit(supply, simulator(), **options).good


@pytest.mark.parametrize(("fault", "pause"), [("busy", 60.0), ("too-early", 300.0)])
def test_rsd_is_given_the_time_that_it_asks_for(fault, pause):
    (supply,) = made_of([commission([pack_epc(1)])])
    server = simulator(faults=frozenset({fault}))
    with pytest.raises(TransportError, match="wants to be left alone") as busy:
        submit(supply, server)
    assert (busy.value.retryable, busy.value.wait) == (True, pause)
    assert server.state()["packs"] == {}
    assert submit(supply, server).good


def test_a_request_that_is_repeated_at_once_waits_and_is_then_answered_by_its_packs():
    server = supplied(simulator(), 1)
    (supply,) = made_of([commission([pack_epc(0)])])
    with pytest.raises(TransportError, match="for 5 minutes: 80509") as busy:
        submit(supply, server)
    assert busy.value.wait == 300.0
    answer = submit(supply, server)
    assert answer.verdict is Verdict.REJECTED
    assert answer.serials[0].reasons[0].code == "10306"


def test_the_notification_is_kept_before_the_answer_is_told():
    (supply,) = made_of([commission([pack_epc(0)])])
    conversation, server = CLIENT.submit(supply, account(), KNOWN), simulator()
    assert conversation.send(server.reply(next(conversation))) == Keep("1")


def test_an_error_of_rsd_can_be_tried_again_and_refuses_every_pack():
    answer = submit(made_of(story())[0], simulator(faults=frozenset({"database"})))
    assert (answer.verdict, answer.retryable, len(answer.serials)) == (Verdict.REJECTED, True, 200)


def test_silence_about_a_pack_is_no_acceptance():
    answer = submit(made_of(story())[0], simulator(faults=frozenset({"silent-pack"})))
    assert not answer.good
    assert [each.identifier for each in answer.rejected()] == [name(199)]
    assert answer.rejected()[0].verdict is Verdict.UNREADABLE
    answer = submit(made_of(story())[0], simulator(faults=frozenset({"no-codes"})))
    assert answer.verdict is Verdict.UNREADABLE
    assert {each.verdict for each in answer.serials} == {Verdict.UNREADABLE}


def test_both_spellings_of_the_notification_are_read():
    assert submit(made_of(story())[0], simulator(faults=frozenset({"other-id"}))).reference == "1"


def test_every_fault_of_the_simulator_is_tried():
    tried = {"unauthorised", "busy", "too-early", "database", "silent-pack", "no-codes", "other-id"}
    assert {fault.name for fault in FAULTS} == tried
    with pytest.raises(TransportError, match="refuses the user name"):
        submit(made_of(story())[0], simulator(faults=frozenset({"unauthorised"})))


# Replies in other shapes.

NS = "http://dtts.sfda.gov.sa/SupplyService"
SHAPES = {
    "<SNRESPONSELIST><SN>S1</SN><RC>00000</RC><SN>S2</SN><RC>10602</RC></SNRESPONSELIST>": True,
    "<SNRESPONSELIST><P><SN>S1</SN><RC>00000</RC></P><P><RC>10602</RC><SN>S2</SN></P></SNRESPONSELIST>": True,
    "<SNRESPONSELIST><SN>S1</SN><SN>S2</SN></SNRESPONSELIST>": False,
    "<SNRESPONSELIST/>": False,
    "": False,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_answer_to_a_supply_is_read_whether_its_pairs_are_wrapped_or_not(shape):
    body = (
        f'<n:SupplyServiceResponse xmlns:n="{NS}"><NOTIFICATIONID>5</NOTIFICATIONID>{shape}</n:SupplyServiceResponse>'
    )
    names = [f"(01){GTIN}(21)S1", f"(01){GTIN}(21)S2"]
    answer = answer_of(Reply(200, {}, write_envelope(body)), OPERATIONS["supply"], names, GTIN)
    assert answer.reference == "5"
    if SHAPES[shape]:
        assert [each.verdict for each in answer.serials] == [Verdict.ACCEPTED, Verdict.REJECTED]
    else:
        assert {each.verdict for each in answer.serials} == {Verdict.UNREADABLE}


def replied(body, status=200):
    return answer_of(Reply(status, {}, body), OPERATIONS["dispatch"], [name(1)])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"<html><body>OK</body></html>", 200),
        (b'{"RC": "00000"}', 200),
        (write_envelope(""), 200),
        (write_envelope(f'<n:SupplyServiceResponse xmlns:n="{NS}"/>'), 200),
        (write_envelope('<n:DispatchServiceResponse xmlns:n="http://dtts.sfda.gov.sa/DispatchService"/>'), 500),
        (write_envelope("", "something broke"), 500),
        (b"<!DOCTYPE x>" + write_envelope("<a/>").partition(b"\n")[2], 200),
        (write_envelope("<a/>")[:-4], 200),
    ],
)
def test_a_reply_of_another_shape_is_no_success(body, status):
    answer = replied(body, status)
    assert answer.verdict is Verdict.UNREADABLE
    assert answer.unexpected
    assert not answer.retryable


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reading_of_replies(body):
    assert replied(body).verdict is Verdict.UNREADABLE
    assert replied(write_envelope("<a>") + body).verdict is Verdict.UNREADABLE


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_call_breaks_the_simulator(path, body):
    server = simulator()
    for where in (path, "/ws/DispatchService/DispatchService"):
        for user in ("", "Basic " + base64.b64encode(f"{GLNS['plant']}:x".encode()).decode(), f"Basic {body}"):
            assert server.reply(Call("POST", where, {"authorization": user}, body.encode())).status in (401, 404, 500)


def test_the_fault_of_the_reference_is_read():
    fault = '<n:ServiceError xmlns:n="http://dtts.sfda.gov.sa/DispatchService"><FC>80202</FC></n:ServiceError>'
    for body in (write_envelope(fault, "80202"), write_envelope("", "80202")):
        answer = replied(body, 500)
        assert [str(reason) for reason in answer.reasons] == ["80202: the GLN has a wrong form"]
        assert [each.verdict for each in answer.serials] == [Verdict.REJECTED]


def test_packs_that_were_never_sent_are_said():
    product = f"<PRODUCT><GTIN>{GTIN}</GTIN><SN>{{}}</SN><RC>00000</RC></PRODUCT>"
    rows = "".join(product.format(each) for each in (serial(1), "strange"))
    root = '<n:DispatchServiceResponse xmlns:n="http://dtts.sfda.gov.sa/DispatchService">'
    answer = replied(write_envelope(f"{root}<PRODUCTLIST>{rows}</PRODUCTLIST></n:DispatchServiceResponse>"))
    assert answer.unexpected == "it names 1 identifiers that were not sent"
    assert not answer.good


# Lost replies.

LOST = Known(KNOWN.id, uncertain=True)


def test_a_supply_whose_reply_was_lost_is_sent_again_only_if_its_packs_are_unknown():
    (supply,) = made_of([commission([pack_epc(0), pack_epc(1)])])
    assert submit(supply, simulator(), known=LOST).good
    with pytest.raises(UncertainError, match="it is not known what RSD did with a request for supply"):
        submit(supply, supplied(simulator()), known=LOST)
    with pytest.raises(UncertainError, match="its notification is 7"):  # RSD took it: never sent again
        submit(supply, simulator(), known=Known(KNOWN.id, "7", uncertain=True))


def test_a_deactivation_whose_reply_was_lost_is_known_by_the_state_of_its_packs():
    server = supplied(simulator())
    event = move("decommissioning", [pack_epc(0), pack_epc(1)], disposition="damaged")
    (deactivation,) = made_of([event])
    with pytest.raises(UncertainError):
        submit(deactivation, server, known=LOST)
    assert submit(deactivation, server).good
    answer = submit(deactivation, server, known=LOST)
    assert (answer.verdict, answer.good, len(answer.serials)) == (Verdict.WARNING, True, 2)
    assert "the reply was lost" in answer.serials[0].reasons[0].meaning
    answer = submit(deactivation, server, known=Known(KNOWN.id, "7"))
    assert (answer.good, answer.reference) == (True, "7")


def test_a_dispatch_that_has_its_notification_is_looked_up():
    server = supplied(simulator())
    (dispatch,) = made_of([move("shipping", [pack_epc(0), pack_epc(1)])])
    reference = submit(dispatch, server).reference
    answer = submit(dispatch, server, known=Known(KNOWN.id, reference))
    assert (answer.good, answer.reference, len(answer.serials)) == (True, reference, 2)
    with pytest.raises(UncertainError):
        submit(dispatch, server, known=LOST)
    with pytest.raises(UncertainError):
        submit(dispatch, server, known=Known(KNOWN.id, "999"))


def test_questions_are_no_submissions():
    data = (FIXTURES / "rsd" / "good" / "check-status.xml").read_bytes()
    assert submit(Submission("x.xml", data), supplied(simulator())).reference == ""
    for kind in ("error-code-list", "package-query"):
        data = (FIXTURES / "rsd" / "good" / f"{kind}.xml").read_bytes()
        with pytest.raises(TransportError, match="is a question"):
            submit(Submission("x.xml", data), simulator())
    with pytest.raises(TransportError, match="no request that can be sent"):
        submit(Submission("x.xml", b"nonsense"), simulator())


def test_the_packs_of_a_request_are_known():
    assert list(identifiers(made_of(story())[5])) == [name(0)]
    sent = read_sent(made_of(story())[0].data)
    assert sent.products()[0] == (GTIN, serial(0), "", "", "")


# Packages and questions.


def upload():
    data = (FIXTURES / "rsd" / "good" / "package-upload.xml").read_bytes()
    return Submission("package.xml", data, 0, "package-upload")


def test_a_package_goes_from_one_to_the_other():
    server = simulator()
    answer = submit(upload(), server)
    assert answer.good
    assert answer.reference == "1"
    (item,) = play(CLIENT.waiting(account("depot")), server.reply)
    assert (item.key, item.name) == ("1", "rsd-1.zip")
    data = play(CLIENT.fetch(item, account("depot")), server.reply)
    assert data.startswith(b"PK")
    assert play(CLIENT.waiting(account("depot")), server.reply) == []
    (row,) = ask("packages", server, "depot", all="yes")
    assert row["SENDER"] == GLNS["plant"]
    assert row["MD5CHECKSUM"] == hashlib.md5(data).hexdigest()
    with pytest.raises(TransportError, match="20008"):
        play(CLIENT.fetch(type(item)("2", "x.zip"), account("depot")), server.reply)
    with pytest.raises(TransportError, match="21014"):
        play(CLIENT.fetch(item, account("abroad")), server.reply)


@pytest.mark.parametrize(("spoil", "words"), [(b"MD5CHECKSUM>0", "another checksum"), (b"FILE>*", "no zip file")])
def test_a_spoilt_package_is_not_taken(spoil, words):
    server = simulator()
    submit(upload(), server)
    (item,) = play(CLIENT.waiting(account("depot")), server.reply)

    def reply(call):
        found = server.reply(call)
        tag, _, begin = spoil.partition(b">")
        start = found.body.index(tag + b">") + len(tag) + 1
        return Reply(found.status, found.headers, found.body[:start] + begin + found.body[start + len(begin) :])

    with pytest.raises(TransportError, match=words) as error:
        play(CLIENT.fetch(item, account("depot")), reply)
    assert error.value.retryable


def test_questions_are_answered_in_rows():
    server = supplied(simulator())
    (dispatch,) = made_of([move("shipping", [pack_epc(0)])])
    key = submit(dispatch, server).reference
    rows = ask("status", server, packs=f"{GTIN}:{serial(1)}, {GTIN}:other")
    assert [(row["SN"], row["RC"]) for row in rows] == [(serial(1), "00000"), ("other", "80506")]
    assert rows[1]["meaning"] == "the product is not known"
    (row,) = ask("dispatch", server, "depot", notification=key)
    assert (row["FROMGLN"], row["SN"], row["BN"]) == (GLNS["plant"], serial(0), "LOT001")
    assert len(ask("error-codes", server)) == 138
    assert ask("error-codes", server, code="80509")[0]["CODE"] == "80509"
    assert {"COUNTRYCODE": "SA"} in ask("countries", server)
    with pytest.raises(TransportError, match="11819"):
        ask("dispatch", server, notification="999")
    for wrong in ("", "no pack"):
        with pytest.raises(UsageError):
            ask("status", server, packs=wrong)


GOOD = {kind: (FIXTURES / "rsd" / "good" / f"{kind}.xml").read_bytes() for kind in OPERATIONS}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.integers(100, 900), st.integers(0, 40), st.binary(max_size=12))
def test_a_request_that_is_spoilt_anywhere_breaks_neither_check_nor_simulator(kind, at, cut, junk):
    data = GOOD[kind][:at] + junk + GOOD[kind][at + cut :]
    findings = Findings()
    MARKET.messages[0].check(data, findings)
    server = simulator()
    user = {"authorization": "Basic " + base64.b64encode(f"{GLNS['plant']}:x".encode()).decode()}
    reply = server.reply(Call("POST", OPERATIONS[kind].path, user, data))
    assert reply.status in (200, 500)
    answer = answer_of(reply, OPERATIONS[kind], [name(1)])
    assert answer.verdict in Verdict
    if findings.errors:
        assert reply.status == 500
        assert answer.verdict is Verdict.REJECTED


@settings(max_examples=100, deadline=None)
@given(st.integers(60, 700), st.integers(0, 40), st.binary(max_size=12))
def test_a_reply_that_is_spoilt_anywhere_never_accepts_what_it_does_not_name(at, cut, junk):
    server = supplied(simulator())
    call = next(CLIENT.submit(made_of([move("shipping", [pack_epc(0), pack_epc(1)])])[0], account(), KNOWN))
    reply = server.reply(call)
    whole = answer_of(reply, OPERATIONS["dispatch"], [name(0), name(1)])
    assert whole.good
    body = reply.body[:at] + junk + reply.body[at + cut :]
    answer = answer_of(Reply(200, {}, body), OPERATIONS["dispatch"], [name(0), name(1)])
    for serial_ in answer.serials:
        if serial_.verdict is Verdict.ACCEPTED:
            assert serial(0).encode() in body if serial_.identifier == name(0) else serial(1).encode() in body
