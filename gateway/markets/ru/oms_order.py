"""Composes orders of codes: of packs whose serial numbers we made, and of amounts whose numbers the station makes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import filterfalse
from typing import Any, Final

from gateway.epcis.document import Document
from gateway.epcis.events import ObjectEvent, QuantityElement
from gateway.epcis.vocabulary import Field, word
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Submission
from gateway.markets.kit.events import read_all
from gateway.markets.kit.keys import parts_of
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.kit.split import by_count
from gateway.markets.ru import oms_rules as rules
from gateway.markets.ru import oms_settings as settings
from gateway.markets.ru import rules as mdlp_rules
from gateway.markets.ru.keys import GTIN_DIGITS, SGTIN, items
from gateway.markets.ru.oms_compose import PRODUCT_GROUP, is_commissioning, submission_of

#: Most codes of an order of one GTIN, most of each of several, most GTINs.
ALONE, EACH, GTINS = 2_000_000, 150_000, 10
_SELF_MADE: Final = "SELF_MADE"


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """Orders within the limits; none when something is wrong."""
    serials: dict[str, dict[str, None]] = {}
    amounts: dict[str, int] = {}
    hierarchy, events = read_all(document, context.findings, mdlp_rules.WITHDRAWAL)
    for event in filterfalse(hierarchy.withdrawn, events):
        if not is_commissioning(event) or not isinstance(event, ObjectEvent):
            step = word(Field.BIZ_STEP, event.biz_step or "") or event.type
            context.findings.report(NOT_WANTED, f"no codes are ordered for {step}", where=event.where, value=step)
            continue
        for item in items(event.epc_list or (), context.findings, event.where):
            if item.tag != SGTIN:
                continue
            of_gtin = serials.setdefault(item.text[:GTIN_DIGITS], {})
            if item.text[GTIN_DIGITS:] in of_gtin:
                message = f"pack {item.text} is ordered twice"
                context.findings.report(rules.TWICE, message, where=event.where, value=item.text)
            of_gtin[item.text[GTIN_DIGITS:]] = None
        for quantity in event.quantity_list or ():
            gtin, amount = _amount(quantity, event, context)
            amounts[gtin] = amounts.get(gtin, 0) + amount
    products = [*_self_made(serials), *_by_station(amounts, context)]
    if not products and not context.findings.errors:
        context.findings.report(rules.NOTHING, "the document names no packs and no amounts")
    if context.findings.errors:
        return
    template = int(context.options.get(settings.TEMPLATE)) if _is_number(context.options.get(settings.TEMPLATE)) else 0
    for position, part in enumerate(_orders(products), 1):
        order: dict[str, Any] = {"productGroup": PRODUCT_GROUP}
        order["products"] = [{**product, "templateId": template, "cisType": "UNIT"} for product in part]
        order |= _rest(context)
        yield submission_of("order", order, sum(product["quantity"] for product in part), position)


def _orders(products: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Large ones alone, the others by ten; a GTIN stands in an order once."""
    small = []
    for product in products:
        if product["quantity"] > EACH:
            yield [product]
        else:
            small.append(product)
    pending = small
    while pending:
        part: dict[str, dict[str, Any]] = {}
        later = []
        for product in pending:
            if product["gtin"] in part or len(part) == GTINS:
                later.append(product)
            else:
                part[product["gtin"]] = product
        yield list(part.values())
        pending = later


def _self_made(serials: dict[str, dict[str, None]]) -> Iterator[dict[str, Any]]:
    for gtin, of_gtin in serials.items():
        for part in by_count(of_gtin, ALONE):
            yield {"gtin": gtin, "quantity": len(part), "serialNumberType": _SELF_MADE, "serialNumbers": part}


def _by_station(amounts: dict[str, int], context: Context) -> Iterator[dict[str, Any]]:
    kind = context.options.get(settings.NUMBERS)
    for gtin, amount in amounts.items():
        left = amount
        while left > 0:
            yield {"gtin": gtin, "quantity": min(left, ALONE), "serialNumberType": kind}
            left -= ALONE


def _amount(quantity: QuantityElement, event: ObjectEvent, context: Context) -> tuple[str, int]:
    try:
        parts = parts_of(quantity.epc_class)
        gtin = parts.number
    except Gs1Error as error:
        context.findings.add(error.finding(event.where))
        return "", 0
    text = (quantity.quantity or "").removesuffix(".0")
    if len(gtin) != GTIN_DIGITS or quantity.uom or not _is_number(text) or not int(text):
        message = f"{quantity.quantity} {quantity.uom or ''} of {quantity.epc_class} is no amount of packs of a GTIN"
        context.findings.report(rules.AMOUNT, message, where=event.where, value=quantity.quantity or "")
        return "", 0
    return gtin, int(text)


def _rest(context: Context) -> dict[str, Any]:
    options = context.options
    attributes: dict[str, Any] = {}
    if options.get(settings.FREE):
        attributes["freeCode"] = options.get(settings.FREE) == "true"
    if options.get(settings.PAYMENT):
        attributes["paymentType"] = int(options.get(settings.PAYMENT))
    out: dict[str, Any] = {"attributes": attributes} if attributes else {}
    if options.get(settings.PROVIDER):
        out["serviceProviderId"] = options.get(settings.PROVIDER)
    return out


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004 - more is no amount
