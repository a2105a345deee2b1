"""The code lists of MDLP, read from ``codes.toml``, and what must hold of the fields of a document."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from gateway.findings import Rule
from gateway.markets.kit.checks import Check, Test, matches, one_of
from gateway.markets.kit.dates import DateForm, is_written
from gateway.markets.ru import rules
from gateway.markets.ru.documents import DocumentType, Kind

LISTS: Final[dict[str, dict[str, str]]] = tomllib.loads(Path(__file__).with_name("codes.toml").read_text("utf-8"))

_GUID: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def _text(most: int) -> tuple[Rule, Test, str]:
    return rules.TEXT, lambda value: value == value.strip() and 0 < len(value) <= most, f"1 to {most} characters"


def _codes(name: str, most: int = 99) -> tuple[Rule, Test, str]:
    allowed = [code for code in LISTS[name] if int(code) <= most]
    return rules.CODE, one_of(frozenset(allowed)), f"one of {', '.join(allowed)}"


_TESTS: Final[dict[Kind, tuple[Rule, Test, str]]] = {
    Kind.PLACE: (rules.SUBJECT, matches("[0-9]{14}"), "14 digits"),
    Kind.PARTY: (rules.SUBJECT, matches(_GUID), "a GUID of 36 characters"),
    Kind.ANYBODY: (rules.SUBJECT, matches(f"[0-9]{{14}}|{_GUID}"), "14 digits or a GUID"),
    Kind.DATE: (rules.DATE, lambda value: is_written(value, DateForm.DOTS), "DD.MM.YYYY"),
    Kind.NUMBER: _text(200),
    Kind.TEXT_1000: _text(1000),
    Kind.CONTRACT: _codes("contract_type"),
    Kind.CONTRACT_OF_FOUR: _codes("contract_type", 4),
    Kind.TURNOVER: _codes("turnover_type"),
    Kind.FINANCE: _codes("source"),
    Kind.RECEIPT_OF_TWO: _codes("receive_type", 2),
    Kind.WITHDRAWAL: _codes("withdrawal_type"),
    Kind.DESTRUCTION_METHOD: _codes("destruction_method"),
    Kind.DESTRUCTION_REASON: _codes("reason_for_destruction"),
    Kind.DESTRUCTION_TYPE: _codes("destruction_type"),
    Kind.RECALLED: _codes("recall_action_id", 999),
    Kind.TEXT_200: _text(200),
    Kind.TEXT_500: _text(500),
    Kind.GTIN: (rules.IDENTIFIER, matches("[0-9]{14}"), "14 digits"),
    Kind.COUNTRY: (rules.CODE, matches("[A-Z]{2}"), "two letters of ISO 3166"),
    Kind.FLAG: (rules.CODE, matches("true|false|1|0"), "true or false"),
    Kind.INN: (rules.SUBJECT, matches("(?!00)([0-9]{10}|[0-9]{12})"), "an INN of 10 or 12 digits"),
    Kind.KPP: (rules.SUBJECT, matches("(?!00)[0-9]{9}"), "a KPP of 9 digits"),
}


def table_of(document: DocumentType) -> tuple[Check, ...]:
    """The checks of the fields of a document. What is missing is told elsewhere, with the place where to put it."""
    return tuple(Check(field.name, *_TESTS[field.kind]) for field in document.fields if field.kind in _TESTS)


is_price: Final[Test] = matches(r"[0-9]{1,14}(\.[0-9]{1,2})?")
