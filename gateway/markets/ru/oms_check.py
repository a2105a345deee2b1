"""Checks finished messages to the order management station: the schema, then what it cannot say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import orjson

from gateway.findings import Findings, Where
from gateway.markets.kit.dates import is_date
from gateway.markets.ru import oms_rules as rules
from gateway.markets.ru.oms_codes import is_full, sgtin_of
from gateway.markets.ru.oms_order import EACH
from gateway.resources import shipped

UTILISATION: Final = ("ru", "oms", "3.0", "utilisation.json")
ORDER: Final = ("ru", "oms", "3.0", "order.json")


def check_utilisation(data: bytes, findings: Findings) -> None:
    """Check the bytes of a utilisation report."""
    report = _valid(data, UTILISATION, findings)
    if report is None:
        return
    seen: set[str] = set()
    gtins: set[str] = set()
    for at, code in enumerate(report["sntins"]):
        if not is_full(code):
            findings.report(rules.FORM, f"sntins[{at}] is no full code", where=Where(path=f"$.sntins[{at}]"))
            continue
        pack = sgtin_of(code)
        if pack in seen:
            message = f"pack {pack} stands in the report twice"
            findings.report(rules.TWICE, message, where=Where(path=f"$.sntins[{at}]"), value=pack)
        seen.add(pack)
        gtins.add(pack[:14])
    if len(gtins) > 1:
        findings.report(rules.BATCH, f"the report has codes of {len(gtins)} GTINs", expected="one")
    expiry, lot = report["attributes"]["expirationDate"], report["attributes"]["seriesNumber"]
    if not is_date(expiry) or lot != lot.strip():
        message = f"expirationDate {expiry!r} is no day, or the lot {lot!r} begins or ends with a blank"
        findings.report(rules.BATCH, message, where=Where(path="$.attributes"))


def check_order(data: bytes, findings: Findings) -> None:
    """Check the bytes of an order."""
    order = _valid(data, ORDER, findings)
    if order is None:
        return
    products = order["products"]
    gtins = [product["gtin"] for product in products]
    for at, product in enumerate(products):
        where = Where(path=f"$.products[{at}]")
        serials = product.get("serialNumbers")
        if serials is not None and (len(serials) != product["quantity"] or len(set(serials)) != len(serials)):
            message = f"{product['quantity']} codes are ordered for {len(set(serials))} serial numbers"
            findings.report(rules.AMOUNT, message, where=where)
        if len(products) > 1 and product["quantity"] > EACH:
            findings.report(rules.AMOUNT, f"{product['quantity']} codes of one of several GTINs", where=where)
    if len(set(gtins)) != len(gtins):
        findings.report(rules.TWICE, "a GTIN is ordered twice in one order")


def _valid(data: bytes, schema: tuple[str, ...], findings: Findings) -> dict[str, Any] | None:
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError:
        findings.report(rules.SCHEMA, "the bytes are no JSON")
        return None
    right = True
    for error in _validator(schema).iter_errors(message):
        right = False
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        broken = next((str(step) for step in reversed(error.schema_path) if not isinstance(step, int)), "")
        findings.report(rules.SCHEMA, f"${path} breaks {broken!r} of the schema", where=Where(path=f"${path}"))
    return message if right else None


@cache
def _validator(schema: tuple[str, ...]) -> Any:
    import jsonschema_rs  # noqa: PLC0415 - see `gateway.checks.json_schema`

    build: Callable[[Any], Any] = jsonschema_rs.validator_for
    return build(orjson.loads(shipped("xsd", *schema).read_bytes()))
