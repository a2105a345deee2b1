"""The normal form of answers: what is accepted, what is not, what nobody said."""

from __future__ import annotations

import pytest

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, settled, unreadable
from gateway.markets.kit.codes import CodeTable

OK = Reason("00000", "done", Verdict.ACCEPTED)
BAD = Reason("10306", "unknown serial number")
BUSY = Reason("80508", "an operation is in progress", retryable=True)


def said(identifier, verdict, *reasons):
    return SerialAnswer(identifier, verdict, reasons)


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (["accepted", "accepted"], "accepted"),
        (["rejected", "rejected"], "rejected"),
        (["accepted", "rejected"], "partial"),
        (["accepted", "warning"], "warning"),
        (["rejected", "unreadable"], "rejected"),
        (["warning", "unreadable"], "partial"),
    ],
)
def test_the_verdict_on_a_message_follows_from_its_serial_numbers(verdicts, whole):
    answer = of_serials(said(str(n), Verdict(v)) for n, v in enumerate(verdicts))
    assert answer.verdict is Verdict(whole)
    assert answer.good == (whole in ("accepted", "warning"))


def test_a_reply_that_says_nothing_is_no_success():
    assert of_serials([]).verdict is Verdict.UNREADABLE
    assert not of_serials([]).good
    assert not unreadable("an HTML page").good
    assert settled(unreadable("an HTML page"), ["a"]).serials[0].verdict is Verdict.UNREADABLE


def test_one_bad_serial_in_two_hundred_is_the_one_that_is_shown():
    sent = [str(n) for n in range(200)]
    whole = settled(Answer(Verdict.PARTIAL, serials=(said("77", Verdict.REJECTED, BAD),)), sent)
    assert [serial.identifier for serial in whole.rejected()] == ["77"]
    assert len(whole.serials) == 200
    assert [serial.identifier for serial in whole.serials] == sent
    assert not whole.good


def test_partial_without_a_name_says_nothing_about_anybody():
    whole = settled(Answer(Verdict.PARTIAL, serials=(said("stranger", Verdict.REJECTED, BAD),)), ["a", "b"])
    assert {serial.verdict for serial in whole.serials} == {Verdict.UNREADABLE}
    assert "1 identifiers that were not sent" in whole.unexpected
    assert not whole.good


def test_an_accepted_message_with_a_stranger_in_its_reply_is_not_good():
    whole = settled(Answer(Verdict.ACCEPTED, serials=(said("stranger", Verdict.ACCEPTED),)), ["a"])
    assert whole.serials[0].verdict is Verdict.ACCEPTED
    assert not whole.good


def test_only_what_nobody_has_to_mend_is_retryable():
    assert Answer(Verdict.REJECTED, (BUSY,)).retryable
    assert not Answer(Verdict.REJECTED, (BUSY, BAD)).retryable
    assert not Answer(Verdict.REJECTED).retryable
    assert not of_serials([said("a", Verdict.REJECTED, BAD)], reasons=[BUSY]).retryable
    assert Answer(Verdict.PARTIAL, (OK,), (said("a", Verdict.REJECTED, BUSY),)).retryable


def test_a_code_table_has_source_and_date_and_an_unknown_code_is_a_refusal(tmp_path):
    path = tmp_path / "codes.toml"
    path.write_text(
        'source = "the list"\nread = 2026-11-22\n[codes.00000]\nmeaning = "done"\nverdict = "accepted"\n'
        '[codes.80508]\nmeaning = "busy"\nretryable = true\n'
    )
    table = CodeTable.load(path)
    assert table("00000").verdict is Verdict.ACCEPTED
    assert table("80508").retryable
    unknown = table("99999")
    assert (unknown.verdict, unknown.retryable, unknown.meaning) == (Verdict.REJECTED, False, "")
    assert "not known" in str(unknown)
    assert table.read.isoformat() == "2026-11-22"
