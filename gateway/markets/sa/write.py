"""Writes requests, byte for byte as zeep builds them from our service descriptions, and much quicker for long lists.

Tests hold the two side by side for every operation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.formats.epcis_xml.escape import text
from gateway.markets.base import Submission
from gateway.markets.kit.soap import ENVELOPE
from gateway.markets.sa.operations import Operation

_HASH: Final = 12
_OPENING: Final = (
    f"<?xml version='1.0' encoding='utf-8'?>\n<soap-env:Envelope xmlns:soap-env=\"{ENVELOPE}\"><soap-env:Body>"
)
_CLOSING: Final = "</soap-env:Body></soap-env:Envelope>"


class Product(NamedTuple):
    """A pack in a request; lot and expiry are empty where they are not known."""

    gtin: str
    serial: str
    lot: str = ""
    expiry: str = ""
    production: str = ""


class Batch(NamedTuple):
    """An amount of a lot in a request."""

    gtin: str
    quantity: str
    lot: str
    expiry: str


def escaped(value: str) -> str:
    """Text of an element, as lxml spells it."""
    return text(value).replace(">", "&gt;")


def field_xml(name: str, value: str) -> str:
    """One element; an empty value gives none."""
    return f"<{name}>{escaped(value)}</{name}>" if value else ""


def fields_xml(operation: Operation, values: Mapping[str, str], order: Sequence[str] = ()) -> str:
    """The fields of a request, in the order of the table, or in another one."""
    return "".join([field_xml(name, values.get(name, "")) for name in order or operation.fields])


def products_xml(products: Iterable[Product]) -> str:
    """PRODUCTLIST of packs."""
    rows = []
    told = ("", "", "")
    head = tail = ""
    for gtin, serial, lot, expiry, _ in products:
        if (gtin, lot, expiry) != told:
            told = (gtin, lot, expiry)
            head = f"<PRODUCT><GTIN>{gtin}</GTIN><SN>"
            tail = f"</SN>{field_xml('BN', lot)}{field_xml('XD', expiry)}</PRODUCT>"
        rows.append(f"{head}{escaped(serial)}{tail}")
    return f"<PRODUCTLIST>{''.join(rows)}</PRODUCTLIST>"


def batches_xml(batches: Iterable[Batch], order: Sequence[str]) -> str:
    """PRODUCTLIST of amounts."""
    rows = []
    for gtin, quantity, lot, expiry in batches:
        values = {"GTIN": gtin, "QUANTITY": quantity, "BN": lot, "XD": expiry}
        rows.append(f"<PRODUCT>{''.join([field_xml(name, values[name]) for name in order])}</PRODUCT>")
    return f"<PRODUCTLIST>{''.join(rows)}</PRODUCTLIST>"


def serials_xml(serials: Iterable[str]) -> str:
    """SNREQUESTLIST."""
    return f"<SNREQUESTLIST>{''.join([f'<SN>{escaped(serial)}</SN>' for serial in serials])}</SNREQUESTLIST>"


def request_bytes(operation: Operation, body: str) -> bytes:
    """A whole request."""
    root = f"ns0:{operation.full}Request"
    # Like lxml, an element that holds nothing closes itself.
    inside = f">{body}</{root}>" if body else "/>"
    return f'{_OPENING}<{root} xmlns:ns0="{operation.namespace}"{inside}{_CLOSING}'.encode()


def submission(operation: Operation, body: str, position: int, epcs: int) -> Submission:
    """A file whose name keeps the order in which the requests have to be sent."""
    data = request_bytes(operation, body)
    digest = hashlib.sha256(data).hexdigest()[:_HASH]
    return Submission(f"rsd-{position:05}-{operation.kind}-{digest}.xml", data, epcs, operation.kind)
