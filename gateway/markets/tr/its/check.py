"""Checks a notification: its form against the schema of its protocol, then its values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import orjson
from lxml import etree

from gateway.checks.json_schema import JsonSchema
from gateway.findings import Findings, Rule, Where, clip
from gateway.markets.kit.checks import is_gln, is_gtin
from gateway.markets.kit.dates import is_date
from gateway.markets.tr.its import rules, wire
from gateway.markets.tr.its.codes import DEACTIVATION_REASONS
from gateway.markets.tr.its.operations import Operation
from gateway.markets.tr.its.wire import Notification
from gateway.markets.tr.keys import NUMBER
from gateway.resources import shipped

REST_SCHEMA: Final = ("tr", "its", "rest", "notifications.json")
MOST: Final = 100
_GLNS: Final = ("mi", "fr", "frGln", "togln")


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one notification."""
    notification = check_form(data, findings)
    if notification is not None:
        check_values(notification, findings)


def check_form(data: bytes, findings: Findings) -> Notification | None:
    """Check the form; the notification when it is right."""
    try:
        if wire.is_soap(data):
            root, operation = wire.read_soap(data)
            name = operation.soap.schema if operation is not None and operation.soap is not None else "verification"
            return _soap(root, name, operation, findings)
        body = orjson.loads(data)
        shape = wire.shape_of(body) if isinstance(body, dict) else "packs"
        return wire.read_rest(data) if check_rest(body, shape, findings) else None
    except ValueError as error:
        findings.report(rules.SCHEMA, f"the message cannot be read: {clip(str(error))}")
        return None


def check_rest(body: Any, shape: str, findings: Findings) -> bool:
    """Check a JSON value against the form of a notification; whether it is right."""
    schema = _rest(shape)
    if schema.is_valid(body):
        return True
    for number, error in enumerate(schema.errors(body)):
        if number == MOST:
            break
        path = "/".join(str(step) for step in error.instance_path)
        rule, message = _told(error, path)
        findings.report(rule, message, where=Where(path=path))
    return False


def _told(error: Any, path: str) -> tuple[Rule, str]:
    last = next((step for step in reversed(path.split("/")) if not step.isdigit()), "")
    if "pattern" in [str(step) for step in error.schema_path]:
        by_name = {"sn": rules.CHARACTERS, "bn": rules.CHARACTERS, "dn": rules.CHARACTERS, "snlist": rules.CHARACTERS}
        by_name |= {"gtin": rules.GTIN, "xd": rules.DATE, "md": rules.DATE, "dd": rules.DATE, "ds": rules.REASON}
        by_name |= dict.fromkeys(_GLNS, rules.GLN)
        return by_name.get(last, rules.SCHEMA), f"{last}: {clip(error.message)}"
    rule = rules.RECEIVER_TEXT if last == "rt" else rules.SCHEMA
    return rule, f"{last + ': ' if last else ''}{clip(error.message)}"


@cache
def _rest(shape: str) -> JsonSchema:
    schema = orjson.loads(shipped("xsd", *REST_SCHEMA).read_bytes())
    return JsonSchema({"$schema": schema["$schema"], "$ref": f"#/$defs/{shape}", "$defs": schema["$defs"]})


def _soap(root: etree._Element, name: str, operation: Operation | None, findings: Findings) -> Notification | None:
    if not check_soap(root, name, findings):
        return None
    return wire.soap_notification(root, operation.shape if operation is not None else "")


def check_soap(root: etree._Element, schema: str, findings: Findings) -> bool:
    """Check the root of a request or an answer against our schema; whether it is right."""
    validator = soap_schema(schema)
    if validator.validate(root):
        return True
    errors: Iterable[Any] = validator.error_log  # type: ignore[assignment]  # the stubs lack its __iter__
    for number, entry in enumerate(errors):
        if number == MOST:
            break
        findings.report(rules.SCHEMA, clip(entry.message), where=Where(line=entry.line, path=entry.path or ""))
    return False


@cache
def soap_schema(name: str) -> etree.XMLSchema:
    """One of our schemas of the SOAP services."""
    return etree.XMLSchema(etree.parse(shipped("xsd", "tr", "its", "soap", f"{name}.xsd")))


def check_values(notification: Notification, findings: Findings) -> None:
    """Check the values of a notification whose form is right."""
    fields = notification.fields
    for name in _GLNS:
        value = fields.get(name, "")
        if name in fields and not is_gln(value):
            message = f"{name} {value!r} is not 13 digits with a right check digit"
            findings.report(rules.GLN, message, value=value, expected="13 digits")
    reason = fields.get("ds")
    if reason is not None and reason not in DEACTIVATION_REASONS:
        message = f"ds {reason!r} is no reason of deactivation"
        findings.report(rules.REASON, message, value=reason, expected=", ".join(DEACTIVATION_REASONS))
    number = notification.document.get("dn", "")
    if number and not NUMBER.fullmatch(number):
        findings.report(rules.CHARACTERS, f"dn {number!r} is not 1 to 20 of A-Z and 0-9", value=number)
    _check_dates({"md": fields.get("md", ""), "dd": notification.document.get("dd", "")}, findings)
    _check_items(notification, fields.get("md", ""), findings)


def _check_items(notification: Notification, made: str, findings: Findings) -> None:
    described: set[tuple[str, str, str]] = set()
    seen: set[tuple[str, str]] = set()
    for number, item in enumerate(notification.items):
        batch = (item.gtin, item.bn, item.xd)
        if batch not in described:
            described.add(batch)
            _check_batch(item, made, findings)
        if NUMBER.fullmatch(item.sn) is None:
            message = f"serial number {item.sn!r} is not 1 to 20 of A-Z and 0-9"
            findings.report(rules.CHARACTERS, message, where=Where(path=f"pack {number + 1}"), value=item.sn)
        pack = (item.gtin, item.sn)
        if pack in seen:
            findings.report(rules.TWICE, f"the pack {item.gtin} {item.sn} stands here twice", value=item.sn)
        seen.add(pack)


def _check_batch(item: wire.Item, made: str, findings: Findings) -> None:
    """Once for all packs of the same GTIN, lot and expiry."""
    if not is_gtin(item.gtin):
        message = f"GTIN {item.gtin!r} is not 14 digits with a right check digit"
        findings.report(rules.GTIN, message, value=item.gtin, expected="14 digits")
    if NUMBER.fullmatch(item.bn) is None:
        findings.report(rules.CHARACTERS, f"lot {item.bn!r} is not 1 to 20 of A-Z and 0-9", value=item.bn)
    if _check_dates({"xd": item.xd}, findings) and made and is_date(made) and made > item.xd:
        findings.report(rules.DATE, f"the production date {made} is after the expiry {item.xd}", value=made)


def _check_dates(dates: dict[str, str], findings: Findings) -> bool:
    right = True
    for name, value in dates.items():
        if value and not is_date(value):
            findings.report(rules.DATE, f"{name} {value!r} is not YYYY-MM-DD", value=value, expected="YYYY-MM-DD")
            right = False
    return right
