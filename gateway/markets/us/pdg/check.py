"""Checks reports of exceptions and responses, and reads responses into the normal form of answers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from typing import Any, Final

import orjson

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, unreadable
from gateway.checks import json_schema_rules
from gateway.checks.json_schema import JsonSchema, check_json
from gateway.findings import Findings
from gateway.markets.us.pdg import rules
from gateway.resources import shipped

REPORT: Final = ("us", "pdg", "1", "report.json")
RESPONSE: Final = ("us", "pdg", "1", "response.json")
_VERDICTS: Final = {"Accept": Verdict.ACCEPTED, "Reject": Verdict.REJECTED}


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one message."""
    message = _parsed(data, findings)
    if message is None:
        return
    errors = findings.errors
    report = "case_resolved" in message
    check_json(lambda: nullcontext((io.BytesIO(data), data)), _schema(REPORT if report else RESPONSE), findings)
    if findings.errors > errors:
        return
    if report:
        _check_report(message, findings)
    seen: set[str] = set()
    for item in _items(message):
        id_ = item["exception_item_uuid"]
        if id_ in seen:
            findings.report(rules.TWICE, f"{id_} stands twice", value=id_)
        seen.add(id_)


def read_response(data: bytes) -> Answer:
    """What a response says of each item of a report, named by its exception_item_uuid."""
    findings = Findings()
    message = _parsed(data, findings)
    if message is not None:
        check(data, findings)
    if message is None or findings.errors:
        return unreadable(f"no response to exceptions: {next(iter(findings)).message}")
    if "case_resolved" in message:
        return unreadable("a report of exceptions, not a response")
    notes = message.get("additional_notes")
    said = [_said(item) for item in message.get("response_items") or ()]
    reasons = [Reason("additional_notes", notes, Verdict.WARNING)] if notes else []
    return of_serials(said, message["message_uuid"], reasons)


def _said(item: dict[str, Any]) -> SerialAnswer:
    verdict = _VERDICTS[item["resolution_response"]]
    other = item.get("alternative_resolution") or {}
    words = [
        item.get("comments"),
        other.get("alternative_resolution"),
        other.get("follow_up"),
        other.get("follow_up_details"),
    ]
    text = "; ".join(word for word in words if word)
    reasons = (Reason(item["resolution_response"], text, verdict),)
    return SerialAnswer(item["exception_item_uuid"], verdict, reasons)


def _check_report(report: dict[str, Any], findings: Findings) -> None:
    listed = next(_items(report), None) is not None or bool(report.get("other_errors"))
    if report["case_resolved"] and listed:
        findings.report(rules.CLOSED, "case_resolved is true, and exceptions are listed")
    elif not report["case_resolved"] and not listed:
        findings.report(rules.CLOSED, "case_resolved is false, and no exception is listed")


def _items(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All that has an exception_item_uuid."""
    exceptions = message.get("exceptions") or {}
    for name, items in exceptions.items():
        if name == "master_data_errors":
            for group in (items or {}).values():
                yield from group or ()
        elif isinstance(items, list):
            yield from items
    yield from message.get("response_items") or ()


def _parsed(data: bytes, findings: Findings) -> dict[str, Any] | None:
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        findings.report(json_schema_rules.NOT_JSON, f"the message is no JSON: {error}")
        return None
    if not isinstance(message, dict) or not ({"case_resolved", "response_items", "message_uuid"} & message.keys()):
        findings.report(rules.KIND, "the message is neither a report nor a response")
        return None
    return message


@cache
def _schema(path: tuple[str, ...]) -> JsonSchema:
    return JsonSchema(orjson.loads(shipped("xsd", *path).read_bytes()))
