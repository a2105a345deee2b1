"""Reads the ticket of MDLP (document 200) into the normal form of answers.

The list of error codes is not public; the ticket itself says in words what each one means.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, unreadable
from gateway.findings import Findings
from gateway.markets.ru.check import check_schema, parse

_VERDICTS: Final = {"Accepted": Verdict.ACCEPTED, "Rejected": Verdict.REJECTED, "Partial": Verdict.PARTIAL}


def read_ticket(data: bytes) -> Answer:
    """What a ticket says. `gateway.answers.settled` adds the objects that it does not name."""
    findings = Findings()
    root = parse(data, findings)
    if root is None or not check_schema(root, findings):
        return unreadable(f"no ticket of MDLP: {next(iter(findings)).message}")
    result = root.find("result")
    if result is None:
        return unreadable(f"a document {root[0].tag}, not a ticket")
    verdict = _VERDICTS[result.findtext("operation_result") or ""]
    reasons = [
        Reason("warning", each.text or "", Verdict.WARNING)
        for each in result.iterfind("operation_warnings/operation_warning")
    ]
    by_object: dict[str, list[Reason]] = {}
    for error in result.iterfind("errors"):
        reason = Reason(error.findtext("error_code") or "", error.findtext("error_desc") or "")
        named = error.findtext("object_id")
        if named:
            by_object.setdefault(named, []).append(reason)
        else:
            reasons.append(reason)
    serials = tuple(SerialAnswer(named, Verdict.REJECTED, tuple(why)) for named, why in by_object.items())
    return Answer(_whole(verdict, reasons), tuple(reasons), serials, _reference(result), _doubt(verdict, result))


def _whole(verdict: Verdict, reasons: list[Reason]) -> Verdict:
    warned = any(reason.verdict is Verdict.WARNING for reason in reasons)
    return Verdict.WARNING if verdict is Verdict.ACCEPTED and warned else verdict


def _reference(result: etree._Element) -> str:
    return result.findtext("operation_id") or ""


def _doubt(verdict: Verdict, result: etree._Element) -> str:
    if verdict is Verdict.ACCEPTED and result.find("errors") is not None:
        return "the ticket says Accepted and lists errors"
    return ""
