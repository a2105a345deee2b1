"""CBV values that a JSON document spells as URNs: they are understood, but the JSON Schema refuses them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.epcis.alike import remember
from gateway.epcis.events import Event, Kin
from gateway.epcis.place import inside
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Findings, Where
from gateway.formats.epcis_json import rules

_URN: Final = "urn:epcglobal:cbv:"


class CbvUrns:
    """Reports each such value once a document."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._reported: set[str] = set()
        self._seen: set[Kin] = set()

    def look(self, events: Iterable[Event]) -> None:
        """Report the values of events that were not reported yet."""
        kin: Kin | None = None
        for event in events:
            if event.kin is not None:
                if event.kin is kin or event.kin in self._seen:
                    continue
                kin = event.kin
                remember(self._seen, kin)
            self._look(event)

    def _look(self, event: Event) -> None:
        step, disposition = event.biz_step, event.disposition
        if step is not None and step.startswith(_URN):
            self._report(Field.BIZ_STEP, step, event.where, "bizStep")
        if disposition is not None and disposition.startswith(_URN):
            self._report(Field.DISPOSITION, disposition, event.where, "disposition")
        for at, item in enumerate(event.biz_transaction_list or (), 1):
            if item.type is not None and item.type.startswith(_URN):
                path = f"bizTransactionList/bizTransaction[{at}]/@type"
                self._report(Field.BIZ_TRANSACTION_TYPE, item.type, event.where, path)
        for name, parties in (("source", event.source_list), ("destination", event.destination_list)):
            for at, party in enumerate(parties or (), 1):
                if party.type.startswith(_URN):
                    path = f"{name}List/{name}[{at}]/@type"
                    self._report(Field.SOURCE_DESTINATION_TYPE, party.type, event.where, path)

    def _report(self, field: Field, value: str, where: Where, path: str) -> None:
        if value in self._reported:
            return
        self._reported.add(value)
        standard = word(field, value)
        if standard is not None:  # one that is not standard is the vocabulary check's business
            message = f"the {field.value} {value!r} is a URN; JSON writes it as {standard!r}"
            place = inside(where, where.event, path)
            self._findings.report(rules.CBV_URN, message, where=place, value=value, expected=standard)
