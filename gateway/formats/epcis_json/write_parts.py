"""Parts of events as JSON: quantities, business transactions, parties, locations, error declaration, sensor data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Raw

from gateway.epcis.events import (
    BizTransaction,
    ErrorDeclaration,
    Location,
    Party,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
)
from gateway.epcis.vocabulary import Field
from gateway.findings import Outcome
from gateway.formats.epcis_json import losses, names, rules
from gateway.formats.epcis_json.number import written
from gateway.formats.epcis_json.say import Say
from gateway.formats.epcis_json.tree_to_json import Tree, attribute_value

_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}")


def quantities(items: Iterable[QuantityElement], say: Say) -> list[dict[str, Any]]:
    """A quantityList. Quantities are written with the digits they were read with."""
    out = []
    for item in items:
        element: dict[str, Any] = {"epcClass": item.epc_class}
        if item.quantity is not None:
            number = _number(item.quantity, "quantity", say)
            if number is not None:
                element["quantity"] = number
        if item.uom is not None:
            element["uom"] = _unit(item.uom, say)
        out.append(element)
    return out


def transactions(items: Iterable[BizTransaction], say: Say) -> list[dict[str, str]]:
    """A bizTransactionList."""
    out = []
    for item in items:
        element = {} if item.type is None else {"type": say.word(Field.BIZ_TRANSACTION_TYPE, item.type)}
        element["bizTransaction"] = say.uri(item.id, "bizTransaction")
        out.append(element)
    return out


def parties(items: Iterable[Party], key: str, say: Say) -> list[dict[str, str]]:
    """A sourceList or a destinationList; `key` is ``source`` or ``destination``."""
    return [{"type": say.word(Field.SOURCE_DESTINATION_TYPE, item.type), key: item.id} for item in items]


def location(item: Location, tree: Tree | None) -> dict[str, Any]:
    """A readPoint or bizLocation."""
    out: dict[str, Any] = {"id": item.id}
    if item.extensions and tree is not None:
        tree.place(out, item.extensions)
    return out


def error_declaration(item: ErrorDeclaration, zone: str, say: Say, tree: Tree) -> dict[str, Any]:
    """An errorDeclaration. JSON requires its time; none is invented."""
    out: dict[str, Any] = {}
    if item.declaration_time is None:
        say.finding(rules.UNSAYABLE, "an errorDeclaration needs its declarationTime")
    else:
        out["declarationTime"] = say.time(item.declaration_time, "declarationTime", zone)
    if item.reason is not None:
        out["reason"] = say.word(Field.ERROR_REASON, item.reason)
    if item.corrective_event_ids is not None:
        out["correctiveEventIDs"] = [say.uri(value, "correctiveEventID") for value in item.corrective_event_ids]
    tree.place(out, item.extensions)
    return out


def persistent_disposition(item: PersistentDisposition, say: Say) -> dict[str, Any] | None:
    """A persistentDisposition; None when it is empty, for JSON has no empty one."""
    out: dict[str, Any] = {}
    for key, values in (("set", item.set), ("unset", item.unset)):
        if values:
            out[key] = [say.word(Field.DISPOSITION, value) for value in values]
            if len(set(out[key])) < len(values):
                say.finding(rules.REPEATED_EPC, f"persistentDisposition {key} holds a value twice")
    return out or None


def sensors(items: Iterable[SensorElement], zone: str, say: Say, tree: Tree) -> list[dict[str, Any]]:
    """A sensorElementList; `sayable` tells which of its elements the JSON Schema lets stand there."""
    out = []
    for item in items:
        element: dict[str, Any] = {}
        if item.metadata is not None:
            element["sensorMetadata"] = _pairs(item.metadata, zone, say, tree, names.SENSOR_METADATA_KEYS)
        element["sensorReport"] = [_pairs(report, zone, say, tree, names.SENSOR_REPORT_KEYS) for report in item.reports]
        tree.place(element, item.extensions)
        out.append(element)
    return out


def sayable(element: dict[str, Any]) -> bool:
    """Whether a sensorElement has what the JSON Schema requires: reports, each with a type."""
    reports = element["sensorReport"]
    return bool(reports) and all("type" in report for report in reports)


def _pairs(pairs: Iterable[tuple[str, str]], zone: str, say: Say, tree: Tree, known: frozenset[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, text in pairs:
        if name not in known:
            if not name.startswith("{"):
                say.finding(rules.UNSAYABLE, f"sensor data cannot have the key {name!r}", value=text)
            out[tree.prefixes.key(name)] = attribute_value(text)
        elif known is names.SENSOR_METADATA_KEYS:
            out[name] = say.time(text, name, zone) if name in {"time", "startTime", "endTime"} else say.uri(text, name)
        else:
            value = _reported(name, text, zone, say)
            if value is not None:
                out[name] = value
    return out


def _reported(name: str, text: str, zone: str, say: Say) -> Any:
    if name in names.SENSOR_NUMBERS:
        return _number(text, name, say)
    if name == names.SENSOR_BOOLEAN:
        value = {"true": True, "1": True, "false": False, "0": False}.get(text.strip())
        if value is None:
            say.finding(rules.NUMBER, "booleanValue must be true or false", value=text)
            say.loss(losses.NOT_A_NUMBER, Outcome.LOST, name, text)
        return value
    if name in {"type", "exception"}:
        return say.measurement(text)
    if name == "component":
        return say.word(Field.SENSOR_COMPONENT, text)
    if name in names.SENSOR_URIS:
        return say.uri(text, name)
    return say.time(text, name, zone) if name == "time" else text


def _number(text: str, field: str, say: Say) -> Raw | None:
    number = written(text)
    if number is None:
        say.finding(rules.NUMBER, f"{field} is no number", value=text, expected="a decimal number")
        say.loss(losses.NOT_A_NUMBER, Outcome.LOST, field, text)
    return number


def _unit(text: str, say: Say) -> str:
    if _UNIT.fullmatch(text):
        return text
    capitals = text.upper()
    if _UNIT.fullmatch(capitals):
        say.finding(rules.UNIT_CASE, f"the unit {text!r} is written as {capitals!r}", value=text, expected=capitals)
        return capitals
    say.finding(rules.UNIT, f"{text!r} is no code of UN/ECE Recommendation 20", value=text)
    return text
