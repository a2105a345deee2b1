"""Composes MDLP documents of EPCIS events, in the order in which they have to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, TransactionEvent
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.markets.base import Submission
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.kit.events import counts, read_all
from gateway.markets.kit.joined import Joined
from gateway.markets.kit.needs import table_of
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.ru import rules, settings
from gateway.markets.ru.aggregation import Aggregations
from gateway.markets.ru.documents import DOCUMENTS, DocumentType
from gateway.markets.ru.extension import is_told_by_mdlp
from gateway.markets.ru.fields import Values
from gateway.markets.ru.movement import Movements
from gateway.markets.ru.write import Frame, submission

#: What a movement may become.
MOVEMENTS: Final = (
    *("210", "220", "250", "251", "252", "300", "313", "314", "331", "336", "342", "381", "415", "416", "431"),
    *("541", "542", "552", "701"),
)
_ELEMENT: Final = "mdlpDocument"
_WORDS: Final = frozenset({"shipping", "receiving", "void_shipping", "decommissioning", "destroying", "accepting"})


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """The documents of a document, none when something is wrong: half a report is a wrong report."""
    hierarchy, events = read_all(document, context.findings, rules.WITHDRAWAL)
    if context.findings.errors:
        return
    composer = _Composer(context, hierarchy)
    for number, event in enumerate(events, 1):
        if is_told_by_mdlp(event.extensions):
            message = f"MDLP told of the {event.type} of {event.event_time} itself"
            context.findings.report(NOT_WANTED, message, where=event.where, value=event.type)
        elif counts(event, hierarchy):
            composer.take(event, number)
    made = composer.finish()
    if not context.findings.errors:
        yield from made


class _Composer:
    """Takes the events one by one and keeps the documents in order."""

    def __init__(self, context: Context, hierarchy: DocumentHierarchy) -> None:
        self._context = context
        self._findings = context.findings
        declared = context.options.get(settings.DECLARATION) == "yes"
        self._frame = Frame(declared, context.options.get(settings.SESSION))
        self._made: list[Submission] = []
        values = Values(context)
        packing = Joined(hierarchy, context.hierarchy)
        self._aggregations = Aggregations(context, values, context.hierarchy, self._emit)
        self._movements = Movements(context, values, packing, self._emit)
        given = table_of(settings.DOCUMENTS, context.options, context.findings)
        self._documents = settings.DEFAULT_DOCUMENTS | given
        self._unwanted: set[str] = set()

    def take(self, event: Event, number: int) -> None:
        """Take one event."""
        self._lose(event, number)
        if isinstance(event, AggregationEvent) and event.action in ("ADD", "DELETE"):
            self._aggregations.add(event)
            return
        step = word(Field.BIZ_STEP, event.biz_step or "") or ""
        wanted = self._document_of(event, step)
        if wanted is None:
            return
        epcs = event.epc_list if isinstance(event, (ObjectEvent, TransactionEvent)) else None
        if epcs:
            self._aggregations.flush()
            self._movements.compose(wanted, event, epcs)

    def finish(self) -> list[Submission]:
        """All documents."""
        self._aggregations.flush()
        if not self._made and not self._findings.errors:
            self._findings.report(rules.NOTHING, "no event of the document is reported to MDLP")
        return self._made

    def _document_of(self, event: Event, step: str) -> DocumentType | None:
        """The document that reports a movement; None for what is not reported."""
        number = next((each.text for each in event.extensions if each.local == _ELEMENT), "")
        number = number or self._documents.get(step, "")
        if number in MOVEMENTS:
            return DOCUMENTS[number]
        if number:
            message = f"document {number} is not composed of {step or event.type}"
            self._findings.report(rules.NUMBER_UNKNOWN, message, where=event.where, value=number)
        elif step in _WORDS:
            self._findings.report(rules.DOCUMENT, f"no document is set for {step}", where=event.where, value=step)
        elif (step or event.type) not in self._unwanted:
            self._unwanted.add(step or event.type)
            what = step or event.type
            hint = "commissioning is reported to the order management station" if step == "commissioning" else ""
            message = f"MDLP documents do not report {what}"
            self._findings.report(NOT_WANTED, message, where=event.where, value=what, hint=hint)
        return None

    def _emit(self, document: DocumentType, body: str, epcs: int) -> None:
        self._made.append(submission(document, body, self._frame, len(self._made) + 1, epcs))

    def _lose(self, event: Event, number: int) -> None:
        found = event.child_quantity_list if isinstance(event, AggregationEvent) else None
        found = event.quantity_list if isinstance(event, (ObjectEvent, TransactionEvent)) else found
        for quantity in found or ():
            value = " ".join(part for part in (quantity.epc_class, quantity.quantity, quantity.uom) if part)
            self._context.losses.add(
                rules.QUANTITY_LOST, Outcome.LOST, "quantityElement", value, event=number, event_id=event.event_id or ""
            )
