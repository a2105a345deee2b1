"""Russia's MDLP: conversations with the simulator, played without a network."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest

from gateway.answers import Verdict, settled
from gateway.errors import TransportError
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Keep, Known, Reply, Sign, UncertainError, Waiting, play
from gateway.markets.ru import MARKET
from gateway.markets.ru.mdlp import MDLP
from gateway.markets.simulation import Rehearsal
from tests.markets.ru_story import (
    GTIN,
    OWNER_ID,
    PLANT_ID,
    SHIPPED,
    STORY,
    composed,
    move,
    pack_epc,
    serial,
    story,
    tree,
)

CLIENT = MDLP.client
OPTIONS = {"client-id": "c", "client-secret": "geheim", "pace": "0", "list-pace": "0"}
ID = str(uuid.UUID(int=7))
CUT = "cut"


def signer(data):
    return b"CMS" + data[:4]


def account(**more):
    return Account("user", "pass", {**OPTIONS, **more})


def simulator(*faults, refuse=()):
    return MARKET.simulation.start(Rehearsal(faults=frozenset(faults), refuse=frozenset(refuse)))


def bring(simulated, submission, who=None, number=1):
    """Send and ask until there is an answer."""
    who = who or account()
    known = Known(str(uuid.UUID(int=number)))
    answer = play(CLIENT.submit(submission, who, known), simulated.reply, signer)
    asked = 0
    while answer.verdict is Verdict.PENDING and asked < 10:
        asked += 1
        known = replace(known, reference=answer.reference)
        answer = play(CLIENT.ask(submission, who, known), simulated.reply, signer)
    return settled(answer, CLIENT.identifiers(submission)), asked


def heard(simulated, call):
    return simulated.reply(replace(call, headers={name.lower(): value for name, value in call.headers.items()}))


def shipment(count=3):
    (made,), _ = composed([move("shipping", [pack_epc(n) for n in range(count)])], SHIPPED)
    return made


def test_the_story_of_a_batch_is_accepted_to_the_last_pack():
    made, _ = composed(story(), STORY)
    simulated, who = simulator(), account()
    answers = [bring(simulated, each, who, number)[0] for number, each in enumerate(made)]
    assert [answer.verdict for answer in answers] == [Verdict.ACCEPTED] * 6
    assert [len(answer.serials) for answer in answers] == [210, 12, 2, 2, 2, 1]
    objects = simulated.state()["objects"]
    assert objects[f"{GTIN}{serial(0)}"]["state"] == "out_of_circulation"
    assert objects[f"{GTIN}{serial(5)}"] == {
        "owner": PLANT_ID, "coming": OWNER_ID, "parent": objects[f"{GTIN}{serial(6)}"]["parent"], "state": "in_use"
    }  # fmt: skip
    held = play(CLIENT.waiting(who), simulated.reply)
    assert [each.name[:8] for each in held] == ["mdlp-603", "mdlp-607"]
    data = play(CLIENT.fetch(held[0], who), simulated.reply)
    assert b'action_id="603"' in data


def test_one_bad_pack_in_200_is_the_one_that_is_refused():
    bad = f"{GTIN}{serial(77)}"
    made, _ = composed(story(), STORY)
    answer, asked = bring(simulator(refuse=[bad]), made[0])
    assert (answer.verdict, asked) == (Verdict.PARTIAL, 2)
    (refused,) = answer.rejected()
    assert (refused.identifier, refused.reasons[0].code) == (bad, "SIM-UNKNOWN")
    assert sum(each.verdict is Verdict.ACCEPTED for each in answer.serials) == 209


def test_packs_of_others_and_packs_packed_twice_are_refused_one_by_one():
    made, _ = composed(story(), STORY)
    simulated = simulator()
    assert bring(simulated, made[0])[0].good
    again = replace(made[0], data=made[0].data.replace(b"09:09:00", b"09:10:00"))
    answer, _ = bring(simulated, again, number=2)
    assert answer.verdict is Verdict.REJECTED
    assert {reason.code for each in answer.serials for reason in each.reasons} >= {"SIM-DUPLICATE"}
    foreign = replace(shipment(), data=shipment().data.replace(PLANT_ID.encode(), b"00000000000909"))
    answer, _ = bring(simulated, foreign, number=3)
    assert {reason.code for each in answer.rejected() for reason in each.reasons} == {"SIM-OWNER"}
    answer, _ = bring(simulator("strict"), shipment(), number=4)
    assert {reason.code for each in answer.rejected() for reason in each.reasons} == {"SIM-UNKNOWN"}


def test_a_document_that_the_schema_refuses_is_rejected_as_a_whole():
    broken = Submission("x.xml", shipment().data.replace(b"doc_num>", b"doc_number>"))
    answer, _ = bring(simulator(), broken)
    assert answer.verdict is Verdict.REJECTED
    assert answer.reasons[0].code == "SIM-SCHEMA"


def test_a_large_document_is_put_to_a_link():
    calls = []
    simulated = simulator("small-documents")

    def reply(call):
        calls.append(call)
        return simulated.reply(call)

    answer = play(CLIENT.submit(shipment(), account(), Known(ID)), reply, signer)
    assert answer.verdict is Verdict.PENDING
    assert [call.path.split("/")[-1] for call in calls if call.method != "GET"][:3] == ["auth", "token", "send_large"]
    (put,) = [call for call in calls if call.method == "PUT"]
    assert put.body == shipment().data
    assert "content-type" not in {name.lower() for name in put.headers}
    answer, _ = bring(simulated, shipment(2), number=9)
    assert answer.good


@pytest.mark.parametrize("at", ["PUT", "send_finished"])
def test_a_large_document_goes_on_where_it_was_cut(at):
    """The link is remembered, so that a crash between the steps loses nothing and sends nothing twice."""
    simulated = simulator("small-documents")
    conversation, sent, kept = CLIENT.submit(shipment(), account(), Known(ID)), None, []
    while True:
        step = conversation.send(sent)
        if isinstance(step, Call) and (step.method == at or step.path.endswith(at)):
            heard(simulated, step)  # it is done, and nobody hears of it
            break
        if isinstance(step, Keep):
            kept.append(step.reference)
        sent = heard(simulated, step) if isinstance(step, Call) else signer(b"x") if isinstance(step, Sign) else None
    answer = play(CLIENT.submit(shipment(), account(), Known(ID, kept[-1])), simulated.reply, signer)
    assert (answer.verdict, " " in answer.reference) == (Verdict.PENDING, False)
    assert simulated.state()["documents"] == {"0 PROCESSING_DOCUMENT": 1}


def test_after_a_lost_reply_mdlp_is_asked_first():
    simulated = simulator()
    sends = []

    def reply(call):
        sends.append(call.path.endswith("/send"))
        return simulated.reply(call)

    first = play(CLIENT.submit(shipment(), account(), Known(ID)), reply, signer)
    again = play(CLIENT.submit(shipment(), account(), Known(ID, uncertain=True)), reply, signer)
    assert again == first
    assert sum(sends) == 1
    # Without knowing that it was sent: MDLP says that the request is used, and the document is found.
    assert play(CLIENT.submit(shipment(), account(), Known(ID)), reply, signer) == first
    never = play(CLIENT.submit(shipment(), account(), Known(str(uuid.UUID(int=8)), uncertain=True)), reply, signer)
    assert never.reference != first.reference


def test_a_large_document_of_which_only_the_beginning_is_known_needs_a_person():
    simulated = simulator("small-documents")

    def reply(call):
        if call.method == "PUT":
            raise TransportError(CUT)
        return simulated.reply(call)

    with pytest.raises(TransportError, match="cut"):
        play(CLIENT.submit(shipment(), account(), Known(ID)), reply, signer)
    with pytest.raises(UncertainError, match="waits for the rest"):
        play(CLIENT.submit(shipment(), account(), Known(ID, uncertain=True)), simulated.reply, signer)


def test_a_token_that_runs_out_is_replaced():
    answer, asked = bring(simulator("short-tokens"), shipment())
    assert (answer.verdict, asked) == (Verdict.ACCEPTED, 2)


def test_the_log_in_signs_the_code_and_secrets_are_marked():
    calls, signed = [], []

    def reply(call):
        calls.append(call)
        return simulated.reply(call)

    def sign(data):
        signed.append(data)
        return signer(data)

    simulated = simulator()
    play(CLIENT.submit(shipment(), account(), Known(ID)), reply, sign)
    assert [call.path for call in calls if call.secret] == ["/api/v1/auth", "/api/v1/token"]
    assert [call.path for call in calls if call.once] == ["/api/v1/documents/send"]
    assert signed[1] == shipment().data
    assert signed[0].decode() == json.loads(calls[1].body)["code"]
    plain = account(**{"auth-type": "PASSWORD"})
    calls.clear()
    assert play(CLIENT.submit(shipment(), plain, Known(ID)), simulator().reply).verdict is Verdict.PENDING


@pytest.mark.parametrize(
    ("rehearsal", "who", "words"),
    [
        (Rehearsal(user="somebody"), account(), "does not let us in"),
        (Rehearsal(password="other"), account(**{"auth-type": "PASSWORD"}), "does not let us in"),
        (Rehearsal(), account(**{"client-id": ""}), "client-id is missing"),
        (Rehearsal(), account(pace="soon"), "no number of seconds"),
        (Rehearsal(), account(pace="nan"), "no number of seconds"),
        (Rehearsal(), account(**{"small-bytes": "many"}), "how large"),
    ],
)
def test_who_is_not_let_in_is_told_so(rehearsal, who, words):
    simulated = MARKET.simulation.start(rehearsal)
    with pytest.raises(TransportError, match=words):
        play(CLIENT.submit(shipment(), who, Known(ID)), simulated.reply, signer)


def test_without_a_signature_nothing_is_taken():
    simulated = simulator()
    with pytest.raises(TransportError, match="signature is required"):
        play(CLIENT.submit(shipment(), account(), Known(ID)), simulated.reply, lambda _: b"")


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [("never-ready", Verdict.PENDING), ("failed", Verdict.REJECTED), ("bad-ticket", Verdict.UNREADABLE)],
)
def test_what_can_go_wrong_is_never_a_success(fault, verdict):
    answer, _ = bring(simulator(fault), shipment())
    assert (answer.verdict, answer.good) == (verdict, False)


ODD = [
    Reply(200, body=b"<html>"), Reply(200, body=b"[]"), Reply(200, body=b"{}"), Reply(200), Reply(404, body=b"x"),
    Reply(200, body=b'{"document_id": 7, "link": [], "doc_status": "LOST", "documents": [1]}'), Reply(500),
    Reply(403, body=b"<html>"), Reply(400, body=b'{"error_description": "no"}'), Reply(418), Reply(302),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("at", ["send", "doc_size", "auth", "token", "ticket", "link", "request", "income"])
def test_a_strange_reply_is_no_success_and_no_crash(odd, at):
    simulated, who = simulator(), account()

    def reply(call):
        return odd if at in call.path.split("/") else simulated.reply(call)

    try:
        answer = play(CLIENT.submit(shipment(), who, Known(ID, uncertain=at == "request")), reply, signer)
        for _ in range(3):
            if answer.verdict is Verdict.PENDING:
                answer = play(CLIENT.ask(shipment(), who, Known(ID, answer.reference)), reply, signer)
        if at == "income":
            assert play(CLIENT.waiting(who), reply, signer) == []
            return
    except TransportError:
        return
    assert at in ("send", "request") or not answer.good
    assert answer.verdict in (Verdict.REJECTED, Verdict.UNREADABLE, Verdict.ACCEPTED)
    assert at != "send" or not answer.good


def test_questions_and_lists():
    simulated, who = simulator(), account()
    answer, _ = bring(simulated, shipment())
    status, request = CLIENT.questions
    (row,) = play(status.ask({"document-id": answer.reference}, who), simulated.reply, signer)
    assert row["doc_status"] == "PROCESSED_DOCUMENT"
    (row,) = play(request.ask({"request-id": str(uuid.UUID(int=1))}, who), simulated.reply, signer)
    assert row["document_id"] == answer.reference
    with pytest.raises(TransportError):
        play(status.ask({"document-id": "../income"}, who), simulated.reply, signer)
    with pytest.raises(TransportError):
        play(CLIENT.fetch(Waiting("no", "x"), who), simulated.reply, signer)


def test_a_list_that_repeats_itself_ends():
    listed = Reply(200, body=b'{"documents": [{"document_id": "a/b"}], "total": 900}')
    simulated = simulator()

    def reply(call):
        return listed if call.path.endswith("income") else simulated.reply(call)

    assert play(CLIENT.waiting(account()), reply, signer) == [Waiting("a/b", "mdlp-0-a-b.xml")]


def test_a_simulator_never_raises():
    simulated = simulator()
    token = {"authorization": "token x"}
    below = ("", "documents/../x", "auth", "token", "documents/send", "documents/a/b/c")
    for path in ("/", "/link", "/link/", "/api/v3/x", *(f"/api/v1/{name}" for name in below)):
        for method in ("GET", "POST", "PUT", "DELETE"):
            for body in (b"", b"[]", b"{}", b'{"code": []}', b"\xff", b"[" * 100_000):
                assert simulated.reply(Call(method, path, token, body)).status >= 400


def test_a_ticket_in_a_conversation_has_the_id_of_the_document():
    answer, _ = bring(simulator(), shipment())
    assert uuid.UUID(answer.reference)
    assert tree(shipment()).get("action_id") == "381"
