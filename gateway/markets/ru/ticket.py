"""Reads the ticket of MDLP (document 200) into the normal form of answers.

The list of error codes is not public; the ticket itself says in words what each one means.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, unreadable
from gateway.findings import Findings
from gateway.markets.ru.check import check_schema, parse

#: Documents that say what became of another one.
ANSWERS: Final = ("200", "617")
_RECEIPT_ERRORS: Final = "617"
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
    return answer_of(result)


def answer_of(result: etree._Element) -> Answer:
    """What the element of a ticket or of the errors of a receipt says; it is valid by the schema."""
    if result.get("action_id") == _RECEIPT_ERRORS:
        reasons, serials = _errors(result, "order_details/errors")
        return Answer(Verdict.REJECTED, tuple(reasons), serials)
    verdict = _VERDICTS[result.findtext("operation_result") or ""]
    warnings = [
        Reason("warning", each.text or "", Verdict.WARNING)
        for each in result.iterfind("operation_warnings/operation_warning")
    ]
    more, serials = _errors(result, "errors")
    reasons = [*warnings, *more]
    return Answer(_whole(verdict, reasons), tuple(reasons), serials, _reference(result), _doubt(verdict, result))


def _errors(result: etree._Element, path: str) -> tuple[list[Reason], tuple[SerialAnswer, ...]]:
    """Errors about the whole, and by object."""
    reasons: list[Reason] = []
    by_object: dict[str, list[Reason]] = {}
    for error in result.iterfind(path):
        reason = Reason(error.findtext("error_code") or "", error.findtext("error_desc") or "")
        named = error.findtext("object_id")
        if named:
            by_object.setdefault(named, []).append(reason)
        else:
            reasons.append(reason)
    return reasons, tuple(SerialAnswer(named, Verdict.REJECTED, tuple(why)) for named, why in by_object.items())


def _whole(verdict: Verdict, reasons: list[Reason]) -> Verdict:
    warned = any(reason.verdict is Verdict.WARNING for reason in reasons)
    return Verdict.WARNING if verdict is Verdict.ACCEPTED and warned else verdict


def _reference(result: etree._Element) -> str:
    return result.findtext("operation_id") or ""


def _doubt(verdict: Verdict, result: etree._Element) -> str:
    if verdict is Verdict.ACCEPTED and result.find("errors") is not None:
        return "the ticket says Accepted and lists errors"
    return ""
