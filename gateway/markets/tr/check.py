"""Checks PTS packages: the file, the schema, then what the schema cannot say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from lxml import etree

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings, Where
from gateway.formats.base import Limits
from gateway.gs1 import check_digit
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit.dates import is_date
from gateway.markets.tr import rules
from gateway.markets.tr.keys import GTIN_DIGITS, check_gln, check_number, checked_label
from gateway.markets.tr.model import VERSION, Carrier, ProductList, Transfer
from gateway.markets.tr.read import parse_xml, read_transfer, unzip
from gateway.resources import shipped


def check_limited(data: bytes, findings: Findings, limit: int) -> None:
    """Check the bytes of one package, which must be a zip file of at most `limit` bytes."""
    if len(data) > limit:
        message = f"the package is {len(data)} bytes, allowed are {limit}"
        findings.report(rules.SIZE, message, value=len(data), expected=f"at most {limit} bytes")
    if not data.startswith(b"PK"):
        findings.report(rules.FILE, "the package is not a zip file", expected="one XML file in a zip file")
    try:
        root = parse_xml(unzip(data, Limits()))
    except (InputError, LimitExceeded) as error:
        findings.add(error.finding)
        return
    if check_schema(root, findings):
        check_transfer(read_transfer(root, findings), findings)


def check_schema(root: etree._Element, findings: Findings) -> bool:
    """Check a transfer against our schema; whether it is valid."""
    schema = _schema()
    if schema.validate(root):
        return True
    errors: Iterable[Any] = schema.error_log  # type: ignore[assignment]  # the stubs lack its __iter__
    for entry in errors:
        findings.report(rules.SCHEMA, entry.message, where=Where(line=entry.line, path=entry.path or ""))
    return False


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shipped("xsd", "tr", "pts", "1.3", "transfer.xsd")))


def check_transfer(transfer: Transfer, findings: Findings) -> None:
    """Check the values of a transfer."""
    check_gln(transfer.source, "sourceGLN", findings, Where(path="sourceGLN"))
    check_gln(transfer.destination, "destinationGLN", findings, Where(path="destinationGLN"))
    if transfer.ship_to:
        check_gln(transfer.ship_to, "shipTo", findings, Where(path="shipTo"))
    if transfer.version != VERSION:
        message = f"version is {transfer.version!r}"
        findings.report(rules.FORMAT_VERSION, message, value=transfer.version, expected=VERSION)
    if transfer.date and not is_date(transfer.date):
        _report_date(transfer.date, "documentDate", findings, Where(path="documentDate"))
    labels: set[str] = set()
    packs: set[tuple[str, str]] = set()
    for outermost in transfer.carriers:
        for carrier in outermost.walk():
            _check_carrier(carrier, labels, packs, findings)


def _check_carrier(carrier: Carrier, labels: set[str], packs: set[tuple[str, str]], findings: Findings) -> None:
    where = Where(path=f"carrier {carrier.label}")
    try:
        checked_label(carrier.label)
    except Gs1Error as error:
        findings.add(error.finding(where))
    if carrier.label in labels:
        findings.report(rules.TWICE, f"the carrier {carrier.label} stands here twice", where=where)
    labels.add(carrier.label)
    for products in carrier.entries:
        if isinstance(products, ProductList):
            _check_products(products, packs, findings, where)


def _check_products(products: ProductList, packs: set[tuple[str, str]], findings: Findings, where: Where) -> None:
    if len(products.gtin) != GTIN_DIGITS or not check_digit.verify(products.gtin):
        message = f"GTIN {products.gtin!r} is not 14 digits with a right check digit"
        findings.report(rules.GTIN, message, where=where, value=products.gtin, expected="14 digits")
    check_number(products.lot, "lot number", findings, where)
    dates = {"expirationDate": products.expiry, "productionDate": products.production}
    wrong = {name: value for name, value in dates.items() if value and not is_date(value)}
    for name, value in wrong.items():
        _report_date(value, name, findings, where)  # xs:date allows a zone, YYYY-MM-DD does not
    if not wrong and products.production > products.expiry:
        message = f"productionDate {products.production} is after expirationDate {products.expiry}"
        findings.report(rules.DATES, message, where=where, value=products.production)
    for serial in products.serials:
        check_number(serial, "serial number", findings, where)
        pack = (products.gtin, serial)
        if pack in packs:
            message = f"the pack {products.gtin} {serial} stands here twice"
            findings.report(rules.TWICE, message, where=where, value=serial)
        packs.add(pack)


def _report_date(value: str, name: str, findings: Findings, where: Where) -> None:
    message = f"{name} {value!r} is not YYYY-MM-DD"
    findings.report(rules.DATE, message, where=where, value=value, expected="YYYY-MM-DD")
