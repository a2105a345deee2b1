"""Russia's order management station: orders and reports, to the simulator and back; codes stay secret."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest

from gateway.answers import Verdict, settled
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import ErrorDeclaration, QuantityElement
from gateway.errors import TransportError
from gateway.findings import Findings, Losses
from gateway.formats.base import Context
from gateway.markets.client import Account, Call, Keep, Known, Reply, UncertainError, play
from gateway.markets.ru import MARKET
from gateway.markets.ru.mdlp import MDLP
from gateway.markets.ru.oms import OMS_ORDER, OMS_UTILISATION
from gateway.markets.ru.oms_codes import full_code, sgtin_of
from gateway.markets.ru.oms_rules import RULES
from gateway.markets.ru.simulator_oms import made_up_code
from gateway.markets.simulation import Rehearsal
from gateway.options import Options
from gateway.sealing import VaultError, opened_block, sealed_block
from gateway.secret import CRYPTO_CODE, CRYPTO_KEY, FULL_CODE
from gateway.vault import Vault
from tests.markets.ru_story import FIXTURES, GTIN, GUID, PLANT_ID, commission, move, pack_epc, serial, story

RUSSIA = {"subject-ids": f"4699999000014={PLANT_ID}", "order-type": "1"}
ABROAD = {"made": "abroad", "subject-id": GUID, "packing-id": GUID}
KEY = "11" * 32
ACCOUNT = Account("oms", "geheim", {"pace": "0", "code-key": KEY})
ID = str(uuid.UUID(int=7))


class AllCodes:
    """Codes of all packs, as a vault has them."""

    def __init__(self, **other):
        self.other = other

    def codes(self, names):
        return {name: self.other.get(name) or made_up_code(name[:14], name[14:]) for name in names}


def composed(events, settings=None, codes=None, message=OMS_UTILISATION):
    options = Options.check(RUSSIA if settings is None else settings, message.settings)
    context = Context(options=options, losses=Losses(), codes=codes)
    return list(message.compose(Document(Header(), iter(events)), context)), context


def checked(data, message=OMS_UTILISATION):
    findings = Findings()
    message.check(data, findings)
    return [finding.code for finding in findings]


def code(number):
    return made_up_code(GTIN, serial(number))


def told(*numbers, lot="L1", **more):
    event = commission([pack_epc(n) for n in numbers], lot)
    event.ilmd += [element("urn:x", name, text) for name, text in more.items()]
    return event


def test_a_report_has_codes_lot_expiry_and_who_reports():
    made, context = composed([told(1, 2)], codes=AllCodes())
    assert not context.findings.errors
    report = json.loads(made[0].data)
    assert report["sntins"] == [code(1), code(2)]
    assert "\\u001d91" in made[0].data.decode()
    assert report["attributes"] == {
        "expirationDate": "2028-09-30", "seriesNumber": "L1", "subjectId": PLANT_ID, "orderType": 1
    }  # fmt: skip
    assert checked(made[0].data) == []
    assert (made[0].kind, made[0].epcs) == ("utilisation", 2)


def test_what_is_marked_abroad_has_other_ids():
    made, context = composed([told(1)], ABROAD, AllCodes())
    assert not context.findings.errors
    assert json.loads(made[0].data)["attributes"] == {
        "expirationDate": "2028-09-30", "seriesNumber": "L1", "subjectId": GUID, "packingId": GUID
    }  # fmt: skip
    _, context = composed([told(1)], {**ABROAD, "customs-receiver-id": GUID}, AllCodes())
    assert [f.expected for f in context.findings] == ["controlId"]
    _, context = composed([told(1)], {**RUSSIA, "order-type": "2"}, AllCodes())
    assert [f.expected for f in context.findings] == ["ownerId"]
    made, _ = composed([told(1)], {**RUSSIA, "order-type-form": "text"}, AllCodes())
    assert json.loads(made[0].data)["attributes"]["orderType"] == "1"
    assert checked(made[0].data) == []


def test_a_report_for_each_product_lot_and_expiry():
    other = commission([pack_epc(1, "022222")], "L1")
    made, _ = composed([told(1), told(2, lot="L2"), told(3), other], codes=AllCodes())
    assert [submission.epcs for submission in made] == [2, 1, 1]


def test_a_production_time_is_told_and_a_day_is_a_loss():
    made, _ = composed([told(1, productionDate="2026-11-01T10:00:00.5+03:00")], codes=AllCodes())
    assert json.loads(made[0].data)["attributes"]["productionDate"] == "2026-11-01T10:00:00+0300"
    made, context = composed([told(1, productionDate="2026-11-01")], codes=AllCodes())
    assert "productionDate" not in json.loads(made[0].data)["attributes"]
    assert context.losses.count == 1


@pytest.mark.parametrize(
    "spelt",
    [
        code(1),
        code(1).replace("\x1d", "<GS>"),
        code(1).replace("\x1d", "{GS}"),
        code(1).replace("\x1d", "\\u001d"),
        "]d2" + code(1),
        f"(01){GTIN}(21){serial(1)}(91){code(1)[34:38]}(92){code(1)[-44:]}",
    ],
)
def test_codes_come_from_the_event_in_any_spelling(spelt):
    assert full_code(spelt) == code(1)
    assert sgtin_of(code(1)) == f"{GTIN}{serial(1)}"
    made, context = composed([told(1, **{FULL_CODE: spelt})])
    assert not context.findings.errors
    assert json.loads(made[0].data)["sntins"] == [code(1)]


def test_the_tail_may_stand_in_two_columns():
    tail = {CRYPTO_KEY: code(1)[34:38], CRYPTO_CODE: code(1)[-44:]}
    assert json.loads(composed([told(1, **tail)])[0][0].data)["sntins"] == [code(1)]
    assert [f.code for f in composed([told(1, 2, **tail)])[1].findings] == ["RU-OMS-02"]
    assert [f.code for f in composed([told(1, **{**tail, CRYPTO_KEY: "x"})])[1].findings] == ["RU-OMS-02"]


BAD = {
    "RU-OMS-02": ([told(1, **{FULL_CODE: code(2)})], RUSSIA, AllCodes()),
    "RU-OMS-03": ([told(1)], RUSSIA, None),
    "RU-OMS-04": ([told(1), told(1)], RUSSIA, AllCodes()),
    "RU-OMS-05": ([told(1, **{FULL_CODE: code(1)[:-1] + "!"})], RUSSIA, AllCodes()),
    "RU-OMS-06": ([told(1)], {**RUSSIA, "subject-ids": "", "subject-id": GUID}, AllCodes()),
    "RU-OMS-07": ([told(1, lot="x" * 21)], RUSSIA, AllCodes()),
    "RU-OMS-08": ([move("shipping", [pack_epc(1)])], RUSSIA, AllCodes()),
    "RU-MDLP-02": ([commission(["urn:epc:id:sgtin:4699999.011111.SHORT"])], RUSSIA, AllCodes()),
    "MARKET-02": ([told(1)], {}, AllCodes()),
}


@pytest.mark.parametrize("rule", BAD)
def test_a_bad_commissioning_gives_its_finding_no_report_and_no_code(rule):
    made, context = composed(*BAD[rule])
    assert made == []
    assert rule in [finding.code for finding in context.findings]
    everything = "".join(str(finding.as_dict()) for finding in context.findings)
    assert code(1)[-40:-1] not in everything
    assert code(2)[-40:-1] not in everything


def test_two_codes_of_a_pack_in_an_event_are_refused():
    event = told(1, **{FULL_CODE: code(1)})
    event.ilmd.append(element("urn:x", FULL_CODE, code(1)[:-1] + "!"))
    assert [finding.code for finding in composed([event])[1].findings] == ["RU-OMS-05"]


def test_a_step_of_a_vendor_is_no_commissioning():
    event = replace_event(told(1), biz_step="urn:vendor:inspected")
    made, context = composed([event], codes=AllCodes())
    assert made == []
    assert [finding.code for finding in context.findings] == ["MARKET-03", "RU-OMS-08"]
    assert len(composed([replace_event(told(1), biz_step=None)], codes=AllCodes())[0]) == 1


def test_a_withdrawn_commissioning_is_not_reported():
    wrong = replace_event(told(1), event_id="e1")
    declared = replace_event(told(1), event_id="e1", error_declaration=ErrorDeclaration())
    made, context = composed([wrong, told(2), declared], codes=AllCodes())
    assert not context.findings.errors
    assert [submission.epcs for submission in made] == [1]


def replace_event(event, **values):
    for name, value in values.items():
        setattr(event, name, value)
    return event


def test_every_rule_has_a_bad_case():
    fixtures = {
        p.name.partition("--")[0]
        for each in ("utilisation", "order")
        for p in (FIXTURES / f"oms-{each}" / "bad").iterdir()
    }
    assert {rule.code for rule in RULES} - fixtures - set(BAD) == set()


def test_what_the_schema_refuses_is_told_by_place_and_not_by_value():
    made, _ = composed([told(1)], codes=AllCodes())
    spoilt = made[0].data.replace(b'"sntins":[', b'"sntins":[7,').replace(b'"pharma"', b'"geheim"')
    findings = Findings()
    OMS_UTILISATION.check(spoilt, findings)
    text = "".join(str(finding.as_dict()) for finding in findings)
    assert "$.sntins[0]" in text
    assert "geheim" not in text
    assert code(1)[-40:] not in text


# ---- orders ----


def amount(gtin, count):
    event = commission(None)
    event.quantity_list = [QuantityElement(f"urn:epc:idpat:sgtin:{gtin}.*", count)]
    return event


def test_an_order_of_our_numbers_and_of_the_stations():
    made, context = composed(
        [commission([pack_epc(1), pack_epc(2)]), amount("4699999.022222", "500")],
        {"free-code": "false", "payment-type": "2"},
        message=OMS_ORDER,
    )
    assert not context.findings.errors, [str(f) for f in context.findings]
    order = json.loads(made[0].data)
    assert checked(made[0].data, OMS_ORDER) == []
    assert order["products"][0] == {
        "gtin": GTIN, "quantity": 2, "serialNumberType": "SELF_MADE", "serialNumbers": [serial(1), serial(2)],
        "templateId": 5, "cisType": "UNIT",
    }  # fmt: skip
    assert (order["products"][1]["quantity"], order["products"][1]["serialNumberType"]) == (500, "OPERATOR")
    assert order["attributes"] == {"freeCode": False, "paymentType": 2}


@pytest.mark.parametrize("count", ["0", "1.5", "many", None, "99999999999"])
def test_an_amount_that_is_none_is_refused(count):
    made, context = composed([amount("4699999.022222", count)], {}, message=OMS_ORDER)
    assert made == []
    assert [finding.code for finding in context.findings] == ["RU-OMS-09"]


# ---- the station ----


def simulator(*faults, refuse=(), **more):
    return MARKET.simulation.start(Rehearsal(faults=frozenset(faults), refuse=frozenset(refuse), **more))


def bring(simulated, submission, message=OMS_UTILISATION, who=ACCOUNT):
    client = message.client
    answer = play(client.submit(submission, who, Known(ID)), simulated.reply)
    for _ in range(6):
        if answer.verdict is Verdict.PENDING:
            answer = play(client.ask(submission, who, Known(ID, answer.reference)), simulated.reply)
    return answer


def test_codes_are_ordered_fetched_encrypted_kept_and_reported(tmp_path):
    """The way of a batch: order, codes, utilisation, and only then MDLP knows the packs."""
    simulated = simulator("strict", user="oms", password="geheim")
    packs = commission([pack_epc(n) for n in range(200)])
    (order,), _ = composed([packs], {}, message=OMS_ORDER)
    assert bring(simulated, order, OMS_ORDER).verdict is Verdict.ACCEPTED
    (held,) = play(OMS_ORDER.client.waiting(ACCOUNT), simulated.reply)
    block = play(OMS_ORDER.client.fetch(held, ACCOUNT), simulated.reply)
    assert serial(7).encode() not in block
    codes = opened_block(block, KEY)
    assert play(OMS_ORDER.client.waiting(ACCOUNT), simulated.reply) == []
    with Vault(tmp_path / "codes.sqlite", KEY) as vault:
        assert vault.put({sgtin_of(each): each for each in codes}) == 200
        (report,), context = composed([packs], codes=vault)
    assert not context.findings.errors
    answer = settled(bring(simulated, report), OMS_UTILISATION.client.identifiers(report))
    assert answer.good
    assert len(answer.serials) == 200
    assert {each["owner"] for each in simulated.state()["objects"].values()} == {PLANT_ID}
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        assert codes[0].encode() not in data
        assert serial(7).encode() not in data


def test_a_partly_taken_report_names_no_codes_so_nobody_counts_as_accepted():
    simulated = simulator(refuse=[f"{GTIN}{serial(1)}"])
    (report,), _ = composed([told(1, 2)], codes=AllCodes())
    answer = settled(bring(simulated, report), OMS_UTILISATION.client.identifiers(report))
    assert answer.verdict is Verdict.PARTIAL
    assert {each.verdict for each in answer.serials} == {Verdict.UNREADABLE}
    assert answer.reasons[0].meaning == "1 codes were not taken"
    assert code(1)[-40:] not in repr(answer)
    (report,), _ = composed([told(1)], codes=AllCodes())
    assert bring(simulated, report).verdict is Verdict.REJECTED
    assert bring(simulator("never-ready"), report).verdict is Verdict.PENDING


def test_a_lost_report_needs_a_person():
    (report,), _ = composed([told(1)], codes=AllCodes())
    client = OMS_UTILISATION.client
    with pytest.raises(UncertainError):
        play(client.submit(report, ACCOUNT, Known(ID, uncertain=True)), simulator().reply)
    with pytest.raises(UncertainError):
        play(client.submit(report, ACCOUNT, Known(ID)), lambda _: Reply(500))
    again = play(client.submit(report, ACCOUNT, Known(ID, "r-1", uncertain=True)), simulator().reply)
    assert (again.verdict, again.reference) == (Verdict.PENDING, "r-1")


@pytest.mark.parametrize("header", ["clientToken", "Authorization"])
def test_the_token_is_shown_and_bodies_with_codes_are_not_kept(header):
    calls = []
    simulated = simulator(password="geheim")

    def reply(call):
        calls.append(call)
        return simulated.reply(call)

    (report,), _ = composed([told(1)], codes=AllCodes())
    who = replace(ACCOUNT, options={**ACCOUNT.options, "token-header": header})
    assert play(OMS_UTILISATION.client.submit(report, who, Known(ID)), reply).verdict is Verdict.PENDING
    assert [(call.once, call.secret) for call in calls] == [(True, True)]
    wrong = replace(ACCOUNT, password="falsch")
    with pytest.raises(TransportError, match="let us in"):
        play(OMS_UTILISATION.client.submit(report, wrong, Known(ID)), reply)


def test_without_a_key_codes_are_not_fetched():
    simulated = simulator()
    (order,), _ = composed([commission([pack_epc(1)])], {}, message=OMS_ORDER)
    bring(simulated, order, OMS_ORDER)
    (held,) = play(OMS_ORDER.client.waiting(ACCOUNT), simulated.reply)
    calls = []
    for key in ("", "geheim", "11" * 31):
        who = replace(ACCOUNT, options={"pace": "0", "code-key": key})
        with pytest.raises(TransportError, match="32 bytes") as caught:
            play(OMS_ORDER.client.fetch(held, who), calls.append)
        assert "geheim" not in str(caught.value)
    assert calls == []
    with pytest.raises(TransportError, match="gave no codes"):
        play(OMS_ORDER.client.fetch(held, ACCOUNT), lambda _: Reply(200, body=b'{"codes": []}'))


ODD = [
    *(Reply(200, body=body) for body in (b"", b"<html>", b"[1]", b"{}", b'[{"bufferStatus": "ODD"}]')),
    *(Reply(status, body=b"x") for status in (302, 403, 404, 500)),
    Reply(200, body=b'{"reportId": 1, "reportStatus": "LOST", "orderInfos": [1, {"buffers": 3}]}'),
    Reply(400, body=b'{"globalErrors": [{"error": "no", "errorCode": 7}], "success": false}'),
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("message", [OMS_UTILISATION, OMS_ORDER])
def test_a_strange_reply_is_no_success_and_no_crash(odd, message):
    (order,), _ = composed([commission([pack_epc(1)])], {}, message=OMS_ORDER)
    for conversation in (
        message.client.submit(order, ACCOUNT, Known(ID)),
        message.client.ask(order, ACCOUNT, Known(ID, "x")),
        OMS_ORDER.client.waiting(ACCOUNT),
    ):
        try:
            found = play(conversation, lambda _: odd)
        except TransportError:
            continue
        assert found == [] or found.verdict in (Verdict.REJECTED, Verdict.UNREADABLE)


def test_a_simulator_never_raises():
    simulated = simulator()
    for name in ("order", "utilisation", "order/status", "order/list", "codes", "report/info", "x", ""):
        for method in ("GET", "POST"):
            for body in (b"", b"{}", b"\xff"):
                for query in ("", "?omsId=1&orderId=x&gtin=1&quantity=-1", "?omsId=1&quantity=99999999999"):
                    call = Call(method, f"/api/v3/{name}{query}", {"clienttoken": "t"}, body)
                    reply = simulated.reply(call)
                    assert reply.status >= 400 or name == "order/list"


def test_the_whole_way_of_a_batch_is_known_to_mdlp_after_its_report():
    simulated = simulator()
    packs = next(iter(story()))
    (report,), _ = composed([packs], codes=AllCodes())
    assert bring(simulated, report).good
    objects = simulated.state()["objects"]
    assert len(objects) == 200
    assert MDLP.client is not None
    kept = [step for step in conversation_of(report, simulated) if isinstance(step, Keep)]
    assert len(kept) == 1


def conversation_of(report, simulated):
    steps = []
    conversation = OMS_UTILISATION.client.submit(report, ACCOUNT, Known(str(uuid.UUID(int=9))))
    sent = None
    try:
        while True:
            step = conversation.send(sent)
            steps.append(step)
            sent = None
            if hasattr(step, "path"):
                sent = simulated.reply(replace(step, headers={name.lower(): v for name, v in step.headers.items()}))
    except StopIteration:
        return steps


# ---- the vault ----


def test_a_vault_keeps_codes_under_one_key(tmp_path):
    path = tmp_path / "codes"
    with Vault(path, KEY) as vault:
        assert vault.put({"a": "1", "b": "2"}) == 2
        assert vault.put({"b": "2", "c": "3"}) == 1
        assert vault.codes(["a", "c", "none"]) == {"a": "1", "c": "3"}
        with pytest.raises(VaultError, match="two different codes") as caught:
            vault.put({"d": "4", "a": "other"})
        assert "other" not in str(caught.value)
        assert len(vault) == 3
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(VaultError, match="another key"):
        Vault(path, "22" * 32)
    with Vault(path, KEY) as vault:
        rows = vault._file.execute("select name, sealed from code").fetchall()
        vault._file.execute("update code set sealed = ? where name = ?", (rows[1][1], rows[0][0]))
        with pytest.raises(VaultError, match="changed"):
            vault.codes(["a", "b", "c"])
    (tmp_path / "odd").write_bytes(b"no database at all" * 100)
    with pytest.raises(VaultError, match="no vault"):
        Vault(tmp_path / "odd", KEY)


def test_a_block_opens_with_its_key_only():
    block = sealed_block([code(1)], KEY)
    assert opened_block(block, KEY) == [code(1)]
    for data, key in ((block, "22" * 32), (block[:-1], KEY), (block[:30] + b"x" + block[31:], KEY), (b"", KEY)):
        with pytest.raises(VaultError):
            opened_block(data, key)
