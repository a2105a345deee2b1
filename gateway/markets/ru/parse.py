"""Reads what MDLP sends into a document: notifications and answers become events, a ticket becomes findings."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from gateway.answers import Answer, Verdict
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.epcis.time import has_zone
from gateway.epcis.time import parse as parse_time
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Findings, Severity
from gateway.formats.base import Context
from gateway.markets.kit.needs import table_of
from gateway.markets.ru import extension, rules, settings
from gateway.markets.ru.check import check_schema, check_values, parse
from gateway.markets.ru.notifications import MEANINGS, event_of
from gateway.markets.ru.ticket import ANSWERS, answer_of
from gateway.markets.ru.told import hierarchy_events, info_events
from gateway.options import CREATION_DATE, EVENT_TIME
from gateway.sources import Source

_INFO, _HIERARCHY = "211", "221"


def parse_document(source: Source, context: Context) -> Document:
    """Read a document that MDLP sent.

    Raises:
        InputError: it is none, or the time that it lacks is not given.
        LimitExceeded: it is too large.
    """
    most = context.limits.event_bytes
    with source.open() as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        message = f"the document has more than {most} bytes"
        raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, expected=f"at most {most}"))
    found = Findings()
    root = parse(data, found)
    if root is None or not check_schema(root, found):
        first = next(each for each in found if each.severity is Severity.ERROR)
        raise InputError(first)
    check_values(root, context.findings)
    header = Header(creation_date=context.options.get(CREATION_DATE) or context.now or None)
    header.namespaces = [(extension.PREFIX, extension.NAMESPACE)]
    return Document(header, _events(root[0], context))


def _events(document: etree._Element, context: Context) -> Iterator[Event]:
    number = document.get("action_id", "")
    for node in document.iterfind("operation_warnings/operation_warning"):
        if number not in ANSWERS:
            context.findings.report(rules.TOLD, f"MDLP warns: {node.text}", severity=Severity.WARNING)
    if number in MEANINGS:
        ids = table_of(settings.SUBJECT_IDS, context.options, context.findings)
        yield event_of(document, {id_: gln for gln, id_ in ids.items()})
    elif number == _HIERARCHY:
        yield from hierarchy_events(document)
    elif number == _INFO:
        if document.findtext("result/found") in ("false", "0"):
            context.findings.report(rules.TOLD, "MDLP has not found what was asked for")
            return
        yield from info_events(document, _time(context), context.findings)
    elif number in ANSWERS:
        _tell(answer_of(document), context.findings)
    else:
        message = f"{number} is a document that is sent to MDLP, not one that MDLP sends"
        raise InputError(Finding.of(rules.SENT, message, value=number, expected=", ".join([*ANSWERS, *MEANINGS])))


def _tell(answer: Answer, findings: Findings) -> None:
    """A ticket as findings: there are no events in it."""
    refused = answer.verdict not in (Verdict.ACCEPTED, Verdict.WARNING)
    message = f"MDLP says {answer.verdict.value} to {answer.reference or 'a receipt'}"
    findings.report(rules.TOLD, message, value=answer.reference)
    for reason in answer.reasons:
        severity = Severity.WARNING if reason.verdict is Verdict.WARNING else Severity.ERROR
        findings.report(rules.TOLD, str(reason), value=reason.code, severity=severity)
    for serial in answer.serials:
        for reason in serial.reasons:
            findings.report(
                rules.TOLD,
                f"{serial.identifier} is refused: {reason}",
                value=serial.identifier,
                severity=Severity.ERROR if refused else Severity.WARNING,
            )


def _time(context: Context) -> str:
    time = context.options.get(EVENT_TIME)
    if parse_time(time) is None or not has_zone(time):
        message = f"the answer has no time, and the setting {EVENT_TIME.key} {time!r} is no time with zone"
        hint = f"say when it was asked with --set {EVENT_TIME.key}=2026-11-22T09:00:00+03:00"
        raise InputError(Finding.of(rules.TIME, message, value=time, expected="ISO 8601 with zone", hint=hint))
    return time
