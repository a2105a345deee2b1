"""Standard values: a bare word must be one of CBV, and nobody but GS1 defines values under GS1's prefixes.

URIs of one's own are allowed everywhere; CBV calls them user vocabulary elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.checks import rules
from gateway.checks.scope import Checker, Scope
from gateway.epcis.events import BizTransaction, ErrorDeclaration, Event, Party, SensorElement
from gateway.epcis.vocabulary import Field, Style, is_bare, is_gs1_spelling, nearest, spell, spellings

# So many different own URIs are remembered as good; a document with more is only checked more slowly.
_REMEMBERED: Final = 10_000


class _Known:
    """Values of one field that were found good: all standard spellings, and own URIs as they come."""

    def __init__(self, field: Field, scope: Scope) -> None:
        self.good = set(spellings(field, Style.BARE))
        self._field = field
        self._scope = scope

    def check(self, value: str, path: str) -> None:
        """Report a value that is not in `good` and has no right to its spelling."""
        field = self._field
        if is_gs1_spelling(field, value):
            rule, text = rules.NOT_STANDARD, f"{value!r} is no standard {field}, though it stands under a prefix of GS1"
        elif is_bare(value):
            rule, text = rules.BARE_WORD, f"{value!r} is no standard {field}" if value else f"the {field} is empty"
        else:
            if len(self.good) < _REMEMBERED:
                self.good.add(value)
            return
        near = nearest(field, value)
        hint = f"did you mean {_like(field, value, near)!r}? {rule.hint}" if near else ""
        expected = _like(field, value, near) if near else "a standard value or a URI under an own domain"
        self._scope.report(rule, text, path=path, value=value, expected=expected, hint=hint)


def _like(field: Field, value: str, word: str) -> str:
    """A standard word in the spelling that a wrong value was meant to have."""
    style = Style.BARE if is_bare(value) else Style.URN if value.lower().startswith("urn:") else Style.URI
    return spell(field, word, style)


def checker(scope: Scope) -> Checker:
    """The check of one event, for `gateway.checks.run`."""
    return Checker(_Vocabulary(scope).check)


class _Vocabulary:
    """The vocabulary fields of events, each with its list."""

    def __init__(self, scope: Scope) -> None:
        self._steps = _Known(Field.BIZ_STEP, scope)
        self._dispositions = _Known(Field.DISPOSITION, scope)
        self._transactions = _Known(Field.BIZ_TRANSACTION_TYPE, scope)
        self._parties = _Known(Field.SOURCE_DESTINATION_TYPE, scope)
        self._reasons = _Known(Field.ERROR_REASON, scope)
        self._components = _Known(Field.SENSOR_COMPONENT, scope)

    def check(self, event: Event) -> None:
        """Check all vocabulary values of an event."""
        value = event.biz_step
        if value is not None and value not in self._steps.good:
            self._steps.check(value, "bizStep")
        value = event.disposition
        if value is not None and value not in self._dispositions.good:
            self._dispositions.check(value, "disposition")
        if event.biz_transaction_list:
            self._transaction_types(event.biz_transaction_list)
        if event.source_list:
            self._party_types(event.source_list, "source")
        if event.destination_list:
            self._party_types(event.destination_list, "destination")
        if event.error_declaration is not None:
            self._reason(event.error_declaration)
        if event.persistent_disposition is not None:
            self._persistent("set", event.persistent_disposition.set)
            self._persistent("unset", event.persistent_disposition.unset)
        if event.sensor_element_list:
            self._sensors(event.sensor_element_list)

    def _transaction_types(self, transactions: Sequence[BizTransaction]) -> None:
        for at, transaction in enumerate(transactions, 1):
            if transaction.type is not None and transaction.type not in self._transactions.good:
                self._transactions.check(transaction.type, f"bizTransactionList/bizTransaction[{at}]/@type")

    def _party_types(self, parties: Sequence[Party], name: str) -> None:
        for at, party in enumerate(parties, 1):
            if party.type and party.type not in self._parties.good:
                self._parties.check(party.type, f"{name}List/{name}[{at}]/@type")

    def _reason(self, declaration: ErrorDeclaration) -> None:
        reason = declaration.reason
        if reason is not None and reason not in self._reasons.good:
            self._reasons.check(reason, "errorDeclaration/reason")

    def _persistent(self, name: str, values: Sequence[str]) -> None:
        for at, disposition in enumerate(values, 1):
            if disposition not in self._dispositions.good:
                self._dispositions.check(disposition, f"persistentDisposition/{name}[{at}]")

    def _sensors(self, sensors: Sequence[SensorElement]) -> None:
        for at, sensor in enumerate(sensors, 1):
            for number, report in enumerate(sensor.reports, 1):
                for name, value in report:
                    if name == "component" and value not in self._components.good:
                        path = f"sensorElementList/sensorElement[{at}]/sensorReport[{number}]/@component"
                        self._components.check(value, path)
