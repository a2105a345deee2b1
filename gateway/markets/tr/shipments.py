"""Which transfers a document asks for: one for each dispatch note, with the parties and outermost containers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.epcis.events import ObjectEvent, Party
from gateway.epcis.time import has_zone
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Outcome, Rule, Where
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit.dates import is_date, local_date
from gateway.markets.kit.expand import outermost
from gateway.markets.kit.needs import places
from gateway.markets.tr import extension, rules, settings
from gateway.markets.tr.codes import ACTION_TYPES
from gateway.markets.tr.keys import gln_of, note_number
from gateway.markets.tr.model import Transfer
from gateway.markets.tr.story import Story, time_of
from gateway.options import Setting

OWNER: Final = "owning_party"
HOLDER: Final = "possessing_party"
PLACE: Final = "location"


@dataclass(frozen=True, slots=True)
class Load:
    """One outermost container of a transfer.

    Attributes:
        epc: its EPC.
        event: the shipping event that names it, None when the document has none.
        as_of: as of when its content counts, empty for the end of the document.
    """

    epc: str
    event: ObjectEvent | None = None
    as_of: str = ""

    @property
    def where(self) -> Where:
        """The place of the shipping event."""
        return self.event.where if self.event is not None else NOWHERE


@dataclass(slots=True)
class Shipment:
    """A transfer without its carriers yet, and what goes into it."""

    transfer: Transfer
    loads: list[Load] = field(default_factory=list)


def find_shipments(story: Story, context: Context) -> list[Shipment]:
    """The transfers of a document.

    Shipping events with the same parties, place and dispatch note are one transfer. Without any shipping event
    everything that is packed is one transfer, whose parties come from the settings.
    """
    if not story.shippings:
        loads = [Load(epc) for epc in story.hierarchy.roots()]
        return [Shipment(_transfer(None, context), loads)] if loads else []
    shipments: dict[tuple[object, ...], Shipment] = {}
    for number, event in enumerate(story.shippings):
        transfer = _transfer(event, context)
        note = transfer.number or number
        key = (transfer.source, transfer.destination, transfer.ship_to, note, transfer.date, transfer.action)
        shipment = shipments.setdefault(key, Shipment(transfer))
        shipment.loads.extend(_loads(event, story))
        _lose(event, transfer, context)
    return list(shipments.values())


def _loads(event: ObjectEvent, story: Story) -> Iterable[Load]:
    """The outermost of the listed EPCs: a list often names pallets, cases and packs alike."""
    as_of = event.event_time
    if not has_zone(as_of) and time_of(event) is not None:
        as_of += event.event_time_zone_offset
    for epc in outermost(story.packing, event.epc_list or (), as_of):
        yield Load(epc, event, as_of)


def _transfer(event: ObjectEvent | None, context: Context) -> Transfer:
    where = event.where if event is not None else NOWHERE
    sources = event.source_list if event is not None else None
    destinations = event.destination_list if event is not None else None
    source = _party(sources, (OWNER, HOLDER), settings.SOURCE_GLN, "sourceList", context, where)
    destination = _party(destinations, (OWNER, HOLDER), settings.DESTINATION_GLN, "destinationList", context, where)
    ship_to = _party(destinations, (PLACE,), settings.SHIP_TO, "destinationList", context, where)
    for value, setting, path in (
        (source, settings.SOURCE_GLN, "sourceList"),
        (destination, settings.DESTINATION_GLN, "destinationList"),
    ):
        if value is None:
            hint = places(setting, f"an entry of type {OWNER} in {path} of the shipping event")
            message = f"the document names no party for {setting.key}"
            context.findings.report(rules.PARTY_MISSING, message, where=where, hint=hint)
    return Transfer(
        source=source or "",
        destination=destination or "",
        action=_action(event, context),
        ship_to=ship_to or "",
        number=_number(event, context),
        date=_date(event, context),
        note=_text(event, extension.NOTE, settings.NOTE, context),
    )


def _party(
    parties: list[Party] | None,
    roles: tuple[str, ...],
    setting: Setting,
    path: str,
    context: Context,
    where: Where,
) -> str | None:
    """The GLN of the first role that is there, else of the setting; None when there is neither.

    The owner comes before the holder: a transfer accompanies a sale, and only the owner may sell.
    A GLN that cannot be read is reported and counts as empty text.
    """
    given = context.options.get(setting)
    try:
        configured = gln_of(given) if given else None
    except Gs1Error as error:
        _report(rules.GLN, f"the setting {setting.key} is no GLN: {error.message}", error, context, where)
        configured = ""
    for role in roles:
        found = [party.id for party in parties or () if word(Field.SOURCE_DESTINATION_TYPE, party.type) == role]
        if not found:
            continue
        if len(set(found)) > 1:
            message = f"{path} has {len(found)} entries of type {role}"
            hint = "write one shipping event for each sender and receiver"
            context.findings.report(rules.PARTY_UNCLEAR, message, where=where, value=found, hint=hint)
            return ""
        try:
            gln = gln_of(found[0])
        except Gs1Error as error:
            _report(rules.GLN, f"{path}, {role}: {error.message}", error, context, where)
            return ""
        _compare(setting, configured, gln, context, where)
        return gln
    return configured


def _report(rule: Rule, message: str, error: Gs1Error, context: Context, where: Where) -> None:
    context.findings.report(rule, message, where=where, value=error.value, expected=error.expected)


def _compare(setting: Setting, configured: str | None, found: str, context: Context, where: Where) -> None:
    if configured and configured != found:
        message = f"the setting {setting.key} is {configured!r}, but the shipping event says {found!r}, which is used"
        context.findings.report(rules.PARTIES, message, where=where, value=configured, expected=found)


def _number(event: ObjectEvent | None, context: Context) -> str:
    where = event.where if event is not None else NOWHERE
    given = context.options.get(settings.DOCUMENT_NUMBER)
    transactions = event.biz_transaction_list or () if event is not None else ()
    ids = {
        transaction.id: None
        for transaction in transactions
        if word(Field.BIZ_TRANSACTION_TYPE, transaction.type or "") == "desadv"
    }
    if len(ids) > 1:
        message = f"the shipping event names {len(ids)} dispatch notes"
        context.findings.report(rules.NOTES, message, where=where, value=", ".join(ids), expected="one")
        return ""
    if not ids:
        if not given:
            message = "the document names no dispatch note; documentNumber is left out"
            hint = places(settings.DOCUMENT_NUMBER, "a business transaction of type desadv in the shipping event")
            context.findings.report(rules.NOTE_NUMBER, message, where=where, hint=hint)
        return given
    (note,) = ids
    number = note_number(note)
    if number is None:
        message = f"the number of the dispatch note cannot be told from {note!r}"
        context.findings.report(rules.NOTES, message, where=where, value=note)
        return ""
    _compare(settings.DOCUMENT_NUMBER, given, number, context, where)
    return number


def _date(event: ObjectEvent | None, context: Context) -> str:
    where = event.where if event is not None else NOWHERE
    date = _text(event, extension.DOCUMENT_DATE, settings.DOCUMENT_DATE, context)
    if date == settings.EVENT_DATE:
        date = local_date(event.event_time, event.event_time_zone_offset) if event is not None else ""
        if not date:
            message = f"document-date is {settings.EVENT_DATE}, but there is no shipping event with a time"
            context.findings.report(rules.DATE, message, where=where, hint=_date_hint())
        return date
    if not date:
        message = "the date of the dispatch note is not known; documentDate is left out"
        context.findings.report(rules.NOTE_DATE, message, where=where, hint=_date_hint())
    elif not is_date(date):
        message = f"the date of the dispatch note {date!r} is not YYYY-MM-DD"
        context.findings.report(rules.DATE, message, where=where, value=date, expected="YYYY-MM-DD")
    return date


def _date_hint() -> str:
    key = settings.DOCUMENT_DATE.key
    return f"give it with --set {key}=YYYY-MM-DD or {key}={settings.EVENT_DATE}, or under set: in the agreement"


def _action(event: ObjectEvent | None, context: Context) -> str:
    action = _text(event, extension.ACTION_TYPE, settings.ACTION_TYPE, context) or next(iter(ACTION_TYPES))
    if action not in ACTION_TYPES:
        where = event.where if event is not None else NOWHERE
        message = f"actionType {action!r} is not publicly known"
        context.findings.report(rules.ACTION, message, where=where, value=action, expected=", ".join(ACTION_TYPES))
    return action


def _text(event: ObjectEvent | None, local: str, setting: Setting, context: Context) -> str:
    """A value that an earlier PTS transfer left on the event, else the setting."""
    found = extension.text_of(event.extensions, local) if event is not None else ""
    return found or context.options.get(setting)


def _lose(event: ObjectEvent, transfer: Transfer, context: Context) -> None:
    """List what the shipping event says beyond the transfer: other parties, other documents, vendor elements."""
    number, losses = event.where.event, context.losses
    used = {transfer.source, transfer.destination, transfer.ship_to}
    for path, parties in (("sourceList", event.source_list), ("destinationList", event.destination_list)):
        for party in parties or ():
            try:
                known = gln_of(party.id) in used
            except Gs1Error:
                known = False
            if not known:
                losses.add(rules.PARTNER_LOST, Outcome.LOST, path, f"{party.type} {party.id}", event=number)
    for transaction in event.biz_transaction_list or ():
        if word(Field.BIZ_TRANSACTION_TYPE, transaction.type or "") != "desadv":
            value = f"{transaction.type or ''} {transaction.id}".strip()
            losses.add(rules.PARTNER_LOST, Outcome.LOST, "bizTransactionList", value, event=number)
    for found in (*event.extensions, *event.inner_extensions, *event.base_extensions):
        if not extension.is_ours(found):
            losses.add(rules.PARTNER_LOST, Outcome.LOST, found.local, found.text, event=number)
