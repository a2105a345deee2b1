"""CBV values that a JSON document spells as URNs: they are understood, but the JSON Schema refuses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.epcis.events import Event, Kin
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

    def look(self, event: Event) -> None:
        """Report the values of an event that were not reported yet."""
        if event.kin is not None:
            if event.kin in self._seen:
                return
            self._seen.add(event.kin)
        step, disposition = event.biz_step, event.disposition
        if step is not None and step.startswith(_URN):
            self._report(Field.BIZ_STEP, step, event.where)
        if disposition is not None and disposition.startswith(_URN):
            self._report(Field.DISPOSITION, disposition, event.where)
        if event.biz_transaction_list or event.source_list or event.destination_list:
            for field, value in _types(event):
                if value.startswith(_URN):
                    self._report(field, value, event.where)

    def _report(self, field: Field, value: str, where: Where) -> None:
        if value in self._reported:
            return
        self._reported.add(value)
        standard = word(field, value)
        if standard is not None:  # one that is not standard is the vocabulary check's business
            message = f"the {field.value} {value!r} is a URN; JSON writes it as {standard!r}"
            self._findings.report(rules.CBV_URN, message, where=where, value=value, expected=standard)


def _types(event: Event) -> Iterator[tuple[Field, str]]:
    for item in event.biz_transaction_list or ():
        if item.type is not None:
            yield Field.BIZ_TRANSACTION_TYPE, item.type
    for party in [*(event.source_list or ()), *(event.destination_list or ())]:
        yield Field.SOURCE_DESTINATION_TYPE, party.type
