"""Russia's MDLP: what every market proves, limits, tickets, and a bad case for every rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gateway.markets.ru
from gateway.answers import Verdict, settled
from gateway.epcis.events import ErrorDeclaration
from gateway.findings import Findings
from gateway.markets.ru import MARKET
from gateway.markets.ru.documents import CUSTOMS_CODES, DEVICE_CODES, ITEMS, UNPACKED
from gateway.markets.ru.mdlp import MDLP, sniff
from gateway.markets.ru.oms import OMS_ORDER, OMS_UTILISATION
from gateway.markets.ru.oms_compose import CODES
from gateway.markets.ru.oms_order import ALONE, EACH, GTINS
from gateway.markets.ru.rules import RULES
from gateway.markets.ru.ticket import read_ticket
from gateway.testing import MarketTests
from tests.markets.ru_story import (
    FIXTURES,
    GTIN,
    GUID,
    IDS,
    SCHEMAS,
    SHIPPED,
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
    tree,
)
from tests.markets.test_ru_oms import AllCodes, amount
from tests.markets.test_ru_oms import composed as reports


def sgtins(count):
    return "".join(f"<sgtin>{GTIN}{serial(n)}</sgtin>" for n in range(count))


def checked(body):
    findings = Findings()
    MDLP.check(f'<documents version="1.38">{body}</documents>'.encode(), findings)
    return {finding.code for finding in findings}


class TestRu(MarketTests):
    market = MARKET
    package = Path(gateway.markets.ru.__file__).parent
    schemas = SCHEMAS
    fixtures = FIXTURES
    least_good = 2
    least_bad = 7

    def test_mdlp_has_many_fixtures(self):
        assert len(list((FIXTURES / "mdlp" / "good").iterdir())) >= 39
        assert len(list((FIXTURES / "mdlp" / "bad").iterdir())) >= 21

    def test_limit_codes(self):
        """30,000 codes in a report, composed and checked; and 60,000."""
        vault = AllCodes()
        for count, sizes in (
            (CODES - 1, [CODES - 1]),
            (CODES, [CODES]),
            (CODES + 1, [CODES, 1]),
            (60_000, [CODES] * 2),
        ):
            made, context = reports([commission([pack_epc(n) for n in range(count)])], codes=vault)
            assert not context.findings.errors
            assert [submission.epcs for submission in made] == sizes
            findings = Findings()
            OMS_UTILISATION.check(made[0].data, findings)
            assert list(findings) == []
        first, second = (json.loads(submission.data)["sntins"] for submission in made)
        assert len({*first, *second}) == 60_000
        report = json.loads(made[0].data)
        report["sntins"].append(second[0])
        findings = Findings()
        OMS_UTILISATION.check(json.dumps(report).encode(), findings)
        assert [finding.code for finding in findings] == ["RU-OMS-01"]

    def test_limit_order_gtins(self):
        for count, sizes in ((GTINS - 1, [9]), (GTINS, [10]), (GTINS + 1, [10, 1])):
            events = [amount(f"4699999.0{10_000 + n}", "5") for n in range(count)]
            made, context = reports(events, {}, message=OMS_ORDER)
            assert not context.findings.errors
            assert [len(json.loads(each.data)["products"]) for each in made] == sizes

    def test_limit_order_alone(self):
        for count, sizes in ((ALONE - 1, [ALONE - 1]), (ALONE, [ALONE]), (ALONE + 1, [ALONE, 1])):
            made, _ = reports([amount("4699999.022222", str(count))], {}, message=OMS_ORDER)
            assert [submission.epcs for submission in made] == sizes

    def test_limit_order_each(self):
        for count, orders in ((EACH - 1, 1), (EACH, 1), (EACH + 1, 2)):
            events = [amount("4699999.022222", str(count)), amount("4699999.033333", "1")]
            made, context = reports(events, {}, message=OMS_ORDER)
            assert not context.findings.errors
            assert len(made) == orders
            for submission in made:
                findings = Findings()
                OMS_ORDER.check(submission.data, findings)
                assert list(findings) == []

    def test_limit_items(self):
        """Composed and checked at limit - 1, limit and limit + 1; and 60,000."""
        assert ITEMS == 25_000
        epcs = [pack_epc(n) for n in range(60_000)]
        for count, sizes in (
            (ITEMS - 1, [ITEMS - 1]),
            (ITEMS, [ITEMS]),
            (ITEMS + 1, [ITEMS, 1]),
            (60_000, [ITEMS, ITEMS, 10_000]),
        ):
            made, context = composed([move("shipping", epcs[:count])], SHIPPED)
            assert not context.findings.errors
            assert [submission.epcs for submission in made] == sizes
            for submission, size in zip(made, sizes, strict=True):
                assert submission.data.count(b"<sgtin>") == size
            findings = Findings()
            MDLP.check(made[0].data, findings)
            assert list(findings) == []
        for count, code in ((ITEMS, set()), (ITEMS + 1, {"RU-MDLP-01"})):
            body = f"<content>{sgtins(count)}</content>"
            head = "<subject_id>00000000000101</subject_id><operation_date>2026-11-20T10:00:00Z</operation_date>"
            assert checked(f'<unit_extract action_id="913">{head}{body}</unit_extract>') == code

    def test_limit_unpacked(self):
        for count, sizes in ((UNPACKED - 1, [1499]), (UNPACKED, [1500]), (UNPACKED + 1, [1500, 1])):
            made, context = composed([pack(sscc(n), None, "12:00", "DELETE") for n in range(count)])
            assert not context.findings.errors
            assert numbers(made) == ["912"] * len(sizes)
            assert [submission.epcs for submission in made] == sizes
            for submission in made:
                findings = Findings()
                MDLP.check(submission.data, findings)
                assert list(findings) == []

    def test_limit_customs_codes(self):
        head = (
            f"<subject_id>{GUID}</subject_id><operation_date>2026-11-20T10:00:00Z</operation_date>"
            f"<custom_receiver_id>{GUID}</custom_receiver_id><gtin>{GTIN}</gtin>"
        )
        for count, code in ((CUSTOMS_CODES - 1, set()), (CUSTOMS_CODES, set()), (CUSTOMS_CODES + 1, {"RU-MDLP-01"})):
            epcs = [pack_epc(n) for n in range(count)]
            values = {"documents": "shipping=300", "subject-id": GUID, "custom-receiver-id": GUID}
            made, _ = composed([move("shipping", epcs)], values)
            sizes = [count] if count <= CUSTOMS_CODES else [CUSTOMS_CODES, count - CUSTOMS_CODES]
            assert [submission.epcs for submission in made] == sizes
            body = f"{head}<signs>{sgtins(count)}</signs>"
            assert checked(f'<transfer_code_to_custom action_id="300">{body}</transfer_code_to_custom>') == code

    def test_limit_device_codes(self):
        head = (
            "<subject_id>00000000000101</subject_id><operation_date>2026-11-20T10:00:00Z</operation_date>"
            "<order_type>1</order_type><series_number>L1</series_number><expiration_date>30.09.2028</expiration_date>"
            f"<gtin>{GTIN}</gtin>"
        )
        device = "<device_id>0123456789ABCDEF</device_id><skzkm_origin_msg_id>1</skzkm_origin_msg_id>"
        tail = f"<device_info>{device}</device_info>"
        for count, code in ((DEVICE_CODES - 1, set()), (DEVICE_CODES, set()), (DEVICE_CODES + 1, {"RU-MDLP-01"})):
            body = f"{head}<signs>{sgtins(count)}</signs>{tail}"
            assert checked(f'<skzkm_register_end_packing action_id="10311">{body}</skzkm_register_end_packing>') == code


SALE = {"turnover-type": "1", "finance-source": "1", "contract-type": "1"}
ONE = [commission([pack_epc(1)])]
BAD = {
    "RU-MDLP-02": ([move("shipping", ["urn:epc:id:sgtin:4699999.011111.SHORT"])], SHIPPED),
    "RU-MDLP-03": ([move("shipping", ["urn:epc:id:grai:4699999.00001.1"])], SHIPPED),
    "RU-MDLP-04": ([move("shipping", [sscc(1)])], {**SHIPPED, "documents": "shipping=331"}),
    "RU-MDLP-05": ([move("shipping", [sscc(1)])], {**SHIPPED, "documents": "shipping=415", "turnover-type": "9"}),
    "RU-MDLP-06": ([move("shipping", [sscc(1)])], {**SHIPPED, "document-date": "20/11/2026"}),
    "RU-MDLP-07": ([move("shipping", [sscc(1)], biz_transaction_list=None)], {**SHIPPED, "document-number": " 1"}),
    "RU-MDLP-08": ([move("shipping", [sscc(1)], event_time="yesterday")], SHIPPED),
    "RU-MDLP-09": ([move("shipping", [sscc(1)])], IDS),
    "RU-MDLP-10": ([move("shipping", [sscc(1)])], {**SHIPPED, "documents": "shipping=911"}),
    "RU-MDLP-11": (ONE, IDS),
    "RU-MDLP-12": (
        [*packing(), move("shipping", [sscc(1)])],
        {**SHIPPED, **SALE, "documents": "shipping=415", "costs": f"{GTIN}=much", "vat-values": f"{GTIN}=10"},
    ),
    "RU-MDLP-13": ([move("shipping", [sscc(1), sscc(1)])], SHIPPED),
    "RU-MDLP-15": ([pack(sscc(1), [sscc(1)])], IDS),
    "RU-MDLP-18": ([pack(pack_epc(1), [pack_epc(2)])], IDS),
    "RU-MDLP-19": ([move("shipping", [sscc(1)], error_declaration=ErrorDeclaration())], SHIPPED),
    "RU-MDLP-20": ([move("inspecting", [pack_epc(1)])], {**IDS, "documents": "inspecting=220"}),
    "MARKET-02": ([move("shipping", [sscc(1)])], {**SHIPPED, "documents": "shipping=415"}),
    "MARKET-03": ([*ONE, move("shipping", [pack_epc(1)])], SHIPPED),
    "MARKET-04": ([move("shipping", [sscc(1)])], {**SHIPPED, "subject-ids": "4699999000014"}),
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_story_gives_its_finding_and_no_document_when_it_is_an_error(code):
    made, context = composed(*BAD[code])
    assert code in codes(context)
    assert (made == []) == bool(context.findings.errors)
    found = next(finding for finding in context.findings if finding.code == code)
    assert found.hint or code == "MARKET-03"


def test_every_rule_has_a_bad_case():
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "mdlp" / "bad").iterdir()}
    in_parsing = {"RU-MDLP-21", "RU-MDLP-22", "RU-MDLP-23"}
    assert {rule.code for rule in RULES} - fixtures - set(BAD) == in_parsing


def test_what_is_missing_is_asked_for_by_name():
    _, context = composed([move("shipping", [sscc(1)])], {**SHIPPED, "documents": "shipping=415"})
    found = {finding.expected: finding for finding in context.findings if finding.code == "MARKET-02"}
    assert set(found) == {"turnover_type", "source", "contract_type"}
    for word in ("--set contract-type=", "agreement", "column"):
        assert word in found["contract_type"].hint


def test_an_unreported_step_is_said_and_no_error():
    made, context = composed([*packing(), move("inspecting", [sscc(1)])])
    assert not context.findings.errors
    assert [f.value for f in context.findings if f.code == "MARKET-03"] == ["commissioning", "inspecting"]
    assert numbers(made) == ["915", "915"]


def ticket(result, *inside):
    head = f"<operation>381</operation><operation_id>op-1</operation_id><operation_result>{result}</operation_result>"
    body = f'<result action_id="200" accept_time="2026-11-20T10:16:00Z">{head}{"".join(inside)}</result>'
    return f'<documents version="1.38">{body}</documents>'.encode()


def error(code, text, named=""):
    named = f"<object_id>{named}</object_id>" if named else ""
    return f"<errors><error_code>{code}</error_code><error_desc>{text}</error_desc>{named}</errors>"


def test_one_bad_serial_in_200_is_the_one_that_a_ticket_refuses():
    made, _ = composed([move("shipping", [pack_epc(n) for n in range(200)])], SHIPPED)
    sent = [node.text for node in tree(made[0]).iter("sgtin")]
    answer = settled(read_ticket(ticket("Partial", error("11", "no such pack", sent[77]))), sent)
    assert (answer.verdict, answer.reference) == (Verdict.PARTIAL, "op-1")
    (refused,) = answer.rejected()
    assert refused.identifier == sent[77]
    assert str(refused.reasons[0]) == "11: no such pack"
    assert sum(serial.verdict is Verdict.ACCEPTED for serial in answer.serials) == 199


@pytest.mark.parametrize(
    ("data", "verdict", "good"),
    [
        (ticket("Accepted"), Verdict.ACCEPTED, True),
        (
            ticket("Accepted", "<operation_warnings><operation_warning>late</operation_warning></operation_warnings>"),
            Verdict.WARNING,
            True,
        ),
        (ticket("Rejected", error("5", "not yours")), Verdict.REJECTED, False),
        (ticket("Accepted", error("5", "odd")), Verdict.ACCEPTED, False),
        (ticket("Perhaps"), Verdict.UNREADABLE, False),
        (b"<html><body>401</body></html>", Verdict.UNREADABLE, False),
        (b"", Verdict.UNREADABLE, False),
        (b"\x00\xff", Verdict.UNREADABLE, False),
    ],
)
def test_a_ticket_that_is_none_is_no_success(data, verdict, good):
    answer = read_ticket(data)
    assert (answer.verdict, answer.good) == (verdict, good)
    assert bool(answer.unexpected) == (verdict is Verdict.UNREADABLE or (verdict is Verdict.ACCEPTED and not good))


def test_a_document_that_is_no_ticket_is_unreadable():
    made, _ = composed([move("shipping", [sscc(1)])], SHIPPED)
    assert "move_owner" in read_ticket(made[0].data).unexpected


def test_documents_are_recognised():
    made, _ = composed([move("shipping", [sscc(1)])], SHIPPED)
    assert sniff(made[0].data[:200], "x.xml").score == 90
    assert sniff(b"<documents/>", "x.xml") is None
