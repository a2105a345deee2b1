"""Verification requests for the packs that a document returns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from gateway.epcis.document import Document
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.epcis.vocabulary import Field, word
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Submission
from gateway.markets.kit.dates import DateForm, is_date, written
from gateway.markets.kit.events import counting, moment_of, read_all
from gateway.markets.kit.expand import TooDeep, leaves
from gateway.markets.kit.joined import Joined
from gateway.markets.kit.keys import is_container, is_pack, parts_of
from gateway.markets.kit.needs import report_missing
from gateway.markets.us import rules as dscsa_rules
from gateway.markets.us.vrs import rules, settings
from gateway.markets.us.vrs.model import Verification

_HASH: Final = 12


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """One submission with all packs of the document that are to be verified; none when something is wrong."""
    hierarchy, events = read_all(document, context.findings, dscsa_rules.WITHDRAWAL)
    everything = context.options.get(settings.VERIFY) == settings.ALL
    joined = Joined(hierarchy, context.hierarchy)
    packs: dict[Verification, None] = {}
    known: set[str] = set()
    for event in counting(events, hierarchy):
        if not everything and not _returns(event):
            continue
        try:
            for epc in _packs(event, joined, everything=everything):
                if epc not in known:
                    known.add(epc)
                    _take(epc, event, joined, packs, context)
        except TooDeep as error:
            context.findings.report(dscsa_rules.TOO_DEEP, str(error), where=event.where)
    if not packs and not context.findings.errors:
        context.findings.report(rules.NOTHING, "the document returns no packs")
        return
    if not context.findings.errors:
        data = written_down(packs)
        yield Submission(f"vrs-{hashlib.sha256(data).hexdigest()[:_HASH]}.json", data, len(packs), "verify")


def written_down(packs: Iterable[Verification]) -> bytes:
    """Requests as JSON, one to a line."""
    lines = [msgspec.json.encode(pack).decode() for pack in packs]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _returns(event: Event) -> bool:
    return word(Field.DISPOSITION, event.disposition or "") == "returned"


def _packs(event: Event, hierarchy: Joined, *, everything: bool) -> Iterator[str]:
    """The packs that an event names, itself or by their container; empty containers are none of everything."""
    listed: list[str] = []
    if isinstance(event, ObjectEvent):
        listed = event.epc_list or []
    elif isinstance(event, AggregationEvent):
        listed = event.child_epcs or []
    as_of = "" if everything else moment_of(event)
    for epc in listed:
        for leaf in leaves(hierarchy, epc, as_of):
            if not (everything and _is_container(leaf)):
                yield leaf


def _is_container(epc: str) -> bool:
    try:
        return is_container(parts_of(epc))
    except Gs1Error:
        return False  # what it is, whoever takes it apart says


def _take(epc: str, event: Event, hierarchy: Joined, packs: dict[Verification, None], context: Context) -> None:
    try:
        parts = parts_of(epc)
    except Gs1Error as error:
        context.findings.add(error.finding(event.where))
        return
    if not is_pack(parts):
        what = "nothing is known to be in it" if is_container(parts) else "it is no pack"
        message = f"{epc} cannot be verified: {what}"
        context.findings.report(rules.FORM, message, where=event.where, value=epc, expected="SGTIN")
        return
    ilmd = hierarchy.attributes(epc)
    lot, expiry = ilmd.get("lotNumber", ""), ilmd.get("itemExpirationDate", "")
    for need, value in ((settings.LOT_NEED, lot), (settings.EXPIRY_NEED, expiry)):
        if not value:
            report_missing(need, context.findings, event.where, epc)
    if expiry and not is_date(expiry):
        message = f"the expiry {expiry!r} of {epc} is not YYYY-MM-DD"
        context.findings.report(rules.EXPIRY, message, where=event.where, value=expiry, expected="YYYY-MM-DD")
    elif lot and expiry:
        packs[Verification(parts.number, parts.serial or "", lot, written(expiry, DateForm.SHORT))] = None
