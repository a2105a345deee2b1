"""Reads files for Masar into a document, and checks them as far as Masar's rules are public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from lxml import etree

from gateway.checks.schema import check_xml
from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings
from gateway.formats.base import Claim, Context
from gateway.formats.epcis_xml.read import read as read_epcis
from gateway.markets.eg.masar import rules, settings
from gateway.markets.eg.masar.envelope import Unwrapped, unwrap
from gateway.markets.eg.masar.events import EventRules, step_of
from gateway.markets.kit.checks import is_gln
from gateway.resources import shipped
from gateway.sources import Source

SCHEMA: Final = ("eg", "masar", "1", "document.xsd")
_SBD: Final = b"StandardBusinessDocument>"


def sniff(head: bytes, _name: str) -> Claim | None:
    """Recognise EPCIS 1.2 in an envelope. A bare document is EPCIS, whoever it is for."""
    wrapped = b"StandardBusinessDocument " in head or _SBD in head or b"Envelope" in head
    if wrapped and b"urn:epcglobal:epcis:xsd:1" in head and b"EPCISDocument" in head:
        return Claim(60, "an EPCIS 1.2 document in an envelope")
    return None


def parse(source: Source, context: Context) -> Document:
    """Read a file: events of the document, header of the envelope.

    Raises:
        InputError: it is no such file.
        LimitExceeded: it is over a limit.
    """
    found = unwrap(source, context)
    try:
        inner = _read(found, source.name, context)
    except BaseException:
        found.close()
        raise
    if found.header is not None and inner.header.sbdh is None:
        inner.header.sbdh = found.header
    inner.events = _until_closed(inner.events, found)
    return inner


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one file."""
    of_schema = Findings()
    check_xml(data, _schema(), of_schema)
    source = Source.memory(data)
    if of_schema.errors:
        _say(of_schema, source, findings)
        return
    try:
        document = parse(source, Context(findings=findings))
        check_header(document.header, findings)
        checked = EventRules(findings)
        others: set[str] = set()
        count = 0
        for count, event in enumerate(document.events, 1):  # noqa: B007 - counted
            step = step_of(event)
            if step in settings.DEFAULT_STEPS:
                if event.error_declaration is None:
                    checked.take(event, step)
            elif step not in others:
                others.add(step)
                message = f"the file has {step}; whether Masar takes it is not public"
                findings.report(rules.STEP, message, where=event.where, value=step)
        if not count:
            findings.report(rules.NOTHING, "the file has no events")
    except (InputError, LimitExceeded) as error:
        findings.add(error.finding)


def check_header(header: Header, findings: Findings) -> None:
    """Check who sends what to whom."""
    tree = header.sbdh
    if tree is None:
        findings.report(rules.HEADER, "the file has no StandardBusinessDocumentHeader")
        return
    for name, parties in (("Sender", sbdh.senders(tree)), ("Receiver", sbdh.receivers(tree))):
        for party in parties:
            if not is_gln(party.identifier):
                message = f"{name} {party.identifier!r} is no GLN of 13 digits"
                findings.report(rules.HEADER, message, value=party.identifier, expected="13 digits")
    if not sbdh.identification(tree).instance_identifier.strip():
        findings.report(rules.HEADER, "InstanceIdentifier is empty")


def _say(of_schema: Findings, source: Source, findings: Findings) -> None:
    """What the schema found wrong; a DOCTYPE and another kind of file in Masar's own words."""
    try:
        unwrap(source, Context()).close()
    except (InputError, LimitExceeded) as error:
        findings.add(error.finding)
        return
    for finding in of_schema:
        findings.add(finding)


def _read(found: Unwrapped, name: str, context: Context) -> Document:
    if found.part is None:  # `unwrap` has refused it already; this tells the type checker
        raise AssertionError
    return read_epcis(found.part.source(name), context)


def _until_closed(events: Iterable[Event], found: Unwrapped) -> Iterator[Event]:
    try:
        yield from events
    finally:
        found.close()


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shipped("xsd", *SCHEMA)))
