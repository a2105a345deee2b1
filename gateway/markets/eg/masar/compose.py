"""Composes EPCIS 1.2 for Masar: commissioning, packing and shipping, in the envelope that is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event, epcs
from gateway.findings import Loss, Losses, LossMode
from gateway.formats.base import Context
from gateway.formats.epcis_xml.names import V1
from gateway.formats.epcis_xml.write import write
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Need, Submission
from gateway.markets.eg.masar import rules, settings
from gateway.markets.eg.masar.envelope import wrap
from gateway.markets.eg.masar.events import EventRules, step_of
from gateway.markets.kit.events import counting, read_all
from gateway.markets.kit.group import grouped
from gateway.markets.kit.ids import IdPool
from gateway.markets.kit.keys import gln_of
from gateway.markets.kit.needs import report_missing
from gateway.markets.kit.rules import NOT_WANTED
from gateway.options import COMPACT, CREATION_DATE, INSTANCE_IDENTIFIER

_HASH: Final = 12
#: Stands for the InstanceIdentifier until the content is known that it is made of; no identifier has such characters.
_TOKEN: Final = "{instance identifier}"  # noqa: S105 - no secret


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """The files of a document; none when something is wrong."""
    hierarchy, events = read_all(document, context.findings, rules.WITHDRAWAL)
    hierarchy.changes()  # conflicts of packing are told now
    wanted = _wanted(list(counting(events, hierarchy)), context)
    parties = _parties(document.header, context)
    if not wanted and not context.findings.errors:
        context.findings.report(rules.NOTHING, "no event of the document is reported to Masar")
    if context.findings.errors or parties is None:
        return
    created = context.options.get(CREATION_DATE) or document.header.creation_date or context.now
    whole = context.options.get(settings.FILES) == "one"
    parts = {"events": [event for _, event in wanted]} if whole else _by_step(wanted)
    for number, (kind, part) in enumerate(parts.items(), 1):
        identifier = context.options.get(INSTANCE_IDENTIFIER)
        if identifier and len(parts) > 1:
            identifier = f"{identifier}-{number}"
        data = _file(part, document.header, (*parties, identifier, created), context)
        digest = hashlib.sha256(data).hexdigest()[:_HASH]
        yield Submission(f"masar-{number:03}-{kind}-{digest}.xml", data, sum(map(epcs, part)), kind)


def _wanted(events: Sequence[Event], context: Context) -> list[tuple[str, Event]]:
    """The events that are reported, in the order of the steps: what is packed was commissioned before."""
    steps = [step.strip() for step in context.options.get(settings.STEPS).split(",") if step.strip()]
    checked = EventRules(context.findings)
    unwanted: set[str] = set()
    wanted = []
    for event in events:
        step = step_of(event)
        if step in steps:
            wanted.append((step, event))
        elif step not in unwanted:
            unwanted.add(step)
            message = f"{step} is not reported to Masar"
            context.findings.report(NOT_WANTED, message, where=event.where, value=step)
    wanted.sort(key=lambda pair: steps.index(pair[0]))
    for step, event in wanted:
        checked.take(event, step)
    return wanted


def _by_step(wanted: Sequence[tuple[str, Event]]) -> dict[str, list[Event]]:
    return {step: [event for _, event in pairs] for step, pairs in grouped(wanted, lambda pair: pair[0]).items()}


def _parties(header: Header, context: Context) -> tuple[str, str] | None:
    """GLNs of sender and receiver: of the settings, else of the document's own header."""
    tree = header.sbdh
    found = []
    for need, given in (
        (settings.SENDER_NEED, [each.identifier for each in sbdh.senders(tree)] if tree is not None else []),
        (settings.RECEIVER_NEED, [each.identifier for each in sbdh.receivers(tree)] if tree is not None else []),
    ):
        found.append(_gln(need, given, context))
    return (found[0], found[1]) if all(found) else None


def _gln(need: Need, given: Sequence[str], context: Context) -> str:
    text = (context.options.get(need.setting) if need.setting is not None else "") or next(iter(given), "")
    if not text:
        report_missing(need, context.findings)
        return ""
    try:
        return gln_of(text, rules.HEADER)
    except Gs1Error as error:
        message = f"{need.name} {text!r} has no GLN: {error.message}"
        context.findings.report(rules.HEADER, message, value=text, expected="13 digits")
        return ""


def _file(events: Sequence[Event], source: Header, about: tuple[str, str, str, str], context: Context) -> bytes:
    sender, receiver, identifier, created = about
    envelope = context.options.get(settings.ENVELOPE)
    tree = sbdh.build(sender, receiver, identifier or _TOKEN, created)
    inside = envelope in (settings.BARE, settings.SOAP)
    header = Header(
        schema_version=V1.number,
        creation_date=created,
        sbdh=tree if inside else None,
        vocabularies=source.vocabularies,
        namespaces=source.namespaces,
    )
    # The writer would build a header of its own of these settings.
    values = {key: value for key, value in context.options.values.items() if key in (COMPACT.key, "cbv")}
    quiet = replace(context, options=replace(context.options, values=values), losses=_dropping(context.losses))
    data = wrap(b"".join(write(Document(header, iter(events)), quiet, V1)), tree, envelope)
    if identifier:
        return data
    return data.replace(_TOKEN.encode(), IdPool(data).uuid().encode(), 1)


def _dropping(losses: Losses) -> Losses:
    """What EPCIS 1.2 has no place for is left out and listed, never carried in extensions that nobody knows."""
    mode = LossMode.DROP if losses.mode is LossMode.CARRY else losses.mode

    def take(loss: Loss) -> None:
        losses.take(loss)

    return Losses(mode, take)
