"""The values of a document's fields: of the event, of its elements, of the settings; what is missing is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.epcis.events import BizTransaction, Event, Party
from gateway.epcis.time import has_zone, order_key
from gateway.epcis.vocabulary import Field as Vocabulary
from gateway.epcis.vocabulary import word
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit import checks
from gateway.markets.kit.dates import DateForm, is_date, local_date, written
from gateway.markets.kit.keys import gln_of, transaction_number
from gateway.markets.kit.needs import report_missing, table_of, value_of
from gateway.markets.ru import codes, rules, settings
from gateway.markets.ru.documents import DocumentType, Field, Kind

EVENT_DATE: Final = "event-date"
#: Business transactions that number the goods' document, the first that is there.
_NUMBERED: Final = ("desadv", "inv", "po")
_SENDERS: Final = frozenset({"shipper_id", "counterparty_id"})
_RECEIVERS: Final = frozenset({"receiver_id", "owner_id"})
#: Fields of 552 that only an element of the event gives: the settings of the same name are about destruction.
_ELEMENT_ONLY: Final = frozenset({("552", "destruction_method"), ("552", "reason_for_destruction")})
_COMPANY, _KPP, _PERSON = "destruction_org/ul/inn", "destruction_org/ul/kpp", "destruction_org/fl/inn"
_INN_OF_PERSON: Final = 12


class Values:
    """Gives the values of fields.

    Args:
        context: the conversion's.
    """

    def __init__(self, context: Context) -> None:
        self.options = context.options
        self.findings: Findings = context.findings
        self._ids = table_of(settings.SUBJECT_IDS, self.options, self.findings)
        self._withdrawals = table_of(settings.WITHDRAWAL_TYPES, self.options, self.findings)
        self._told: set[tuple[str, str]] = set()

    def of(self, document: DocumentType, event: Event, *given: tuple[str, str]) -> dict[str, str] | None:
        """The values of all fields but the given ones; None when one is missing or wrong, which is reported."""
        values = dict(given)
        right = True
        for field in document.fields:
            if field.name in values:
                continue
            value = self._value(field, event, document)
            if value:
                values[field.name] = value
            elif field.required:
                right = False
                self._missing(field, document, event)
        if any(field.name == _COMPANY for field in document.fields):
            right = self._destroyer(values, document, event) and right
        return values if checks.run(codes.table_of(document), values, self.findings, event.where) and right else None

    def subject(self, event: Event) -> str:
        """Who reports an event: the id of its place, else of the setting; empty when neither is known."""
        places = [place.id for place in (event.read_point, event.biz_location) if place is not None]
        return self._id_of([*places, *_parties(event.source_list)]) or self.options.get(settings.SUBJECT_ID)

    def time(self, event: Event) -> str:
        """operation_date: the event's time in its own digits, with its zone."""
        time = event.event_time
        if order_key(time) is None:
            return ""
        return time if has_zone(time) else time + event.event_time_zone_offset

    def _destroyer(self, values: dict[str, str], document: DocumentType, event: Event) -> bool:
        """Tell a person from a company by the length of the INN; whether all that it takes is there."""
        inn, kpp = values.pop(_PERSON, "") or values.get(_COMPANY, ""), values.get(_KPP, "")
        if len(inn) == _INN_OF_PERSON:
            values[_PERSON] = inn
            values.pop(_COMPANY, None)
            values.pop(_KPP, None)
            return True
        for name, value in ((_COMPANY, inn), (_KPP, kpp)):
            if not value:
                self._missing(Field(name, Kind.INN), document, event)
        return bool(inn and kpp)

    def _value(self, field: Field, event: Event, document: DocumentType) -> str:
        name = field.name
        if field.kind is Kind.TIME:
            return self.time(event)
        element = next((each.text for each in event.extensions if each.local == name.rpartition("/")[2]), "")
        if field.kind is Kind.DATE:
            return self._date(name, element, event)
        if (document.number, name) in _ELEMENT_ONLY:
            return element
        return element or self._derived(name, event) or self._set(name)

    def _derived(self, name: str, event: Event) -> str:
        """What the standard fields of the event say."""
        if name == "subject_id":
            return self.subject(event)
        if name == "doc_num":
            return _number(event.biz_transaction_list or ())
        if name == "withdrawal_type":
            return self._withdrawal(event)
        parties = {**dict.fromkeys(_RECEIVERS, event.destination_list), **dict.fromkeys(_SENDERS, event.source_list)}
        return self._id_of(_parties(parties.get(name)))

    def _set(self, name: str) -> str:
        need = settings.NEED_OF.get(name)
        return value_of(need, self.options) if need is not None and name != "withdrawal_type" else ""

    def _date(self, name: str, element: str, event: Event) -> str:
        found = element or self._set(name)
        if found == EVENT_DATE:
            found = local_date(event.event_time, event.event_time_zone_offset)
        # A value of another form stays as it is: the check of the field says what is wrong with it.
        return written(found, DateForm.DOTS) if is_date(found) else found

    def _withdrawal(self, event: Event) -> str:
        disposition = word(Vocabulary.DISPOSITION, event.disposition or "") or event.disposition or ""
        step = word(Vocabulary.BIZ_STEP, event.biz_step or "") or ""
        return self._withdrawals.get(disposition) or self._withdrawals.get(step, "")

    def _id_of(self, identifiers: Iterable[str]) -> str:
        for identifier in identifiers:
            try:
                found = self._ids.get(gln_of(identifier, rules.SUBJECT))
            except Gs1Error:
                continue  # a place without GLN has no id in the table
            if found:
                return found
        return ""

    def _missing(self, field: Field, document: DocumentType, event: Event) -> None:
        if field.kind is Kind.TIME:
            self.findings.report(rules.TIME, f"{event.event_time!r} is no time", where=event.where)
        elif (document.number, field.name) not in self._told:
            self._told.add((document.number, field.name))
            report_missing(settings.NEED_OF[field.name], self.findings, event.where, f"document {document.number}")


def _parties(parties: Iterable[Party] | None) -> list[str]:
    """Ids of parties: the place first, then who holds the goods, then who owns them."""
    order = {"location": 0, "possessing_party": 1, "owning_party": 2}
    kinds = [
        (order.get(word(Vocabulary.SOURCE_DESTINATION_TYPE, each.type) or "", 3), each.id) for each in parties or ()
    ]
    return [id_ for _, id_ in sorted(kinds, key=lambda pair: pair[0])]


def _number(transactions: Iterable[BizTransaction]) -> str:
    numbers: dict[str, str] = {}
    for transaction in transactions:
        kind = word(Vocabulary.BIZ_TRANSACTION_TYPE, transaction.type or "")
        if kind is not None:
            numbers.setdefault(kind, transaction_number(transaction.id) or "")
    return next((numbers[kind] for kind in _NUMBERED if numbers.get(kind)), "")
