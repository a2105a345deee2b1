"""What a PTS transfer says and EPCIS has no field for: vendor elements on the events that a transfer becomes.

ILMD is legal on commissioning only and a transfer tells no commissioning, so lot and expiry of its packs stand as
``productList`` on the aggregation event of their carrier, with serial numbers; the other values stand on the
shipping event. Plain receivers ignore them, and composing a transfer reads them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.epcis.element import Element, element
from gateway.markets.tr.model import ProductList, Transfer

NAMESPACE: Final = "urn:epcis-gateway:market:tr:pts:"
PREFIX: Final = "pts"

CONTAINER_TYPE: Final = "containerType"
ACTION_TYPE: Final = "actionType"
DOCUMENT_DATE: Final = "documentDate"
NOTE: Final = "note"


def product_element(products: ProductList) -> Element:
    """A product list as a vendor element."""
    out = _element("productList")
    pairs = (
        ("GTIN", products.gtin),
        ("lotNumber", products.lot),
        ("productionDate", products.production),
        ("expirationDate", products.expiry),
        ("PONumber", products.order),
    )
    out.attributes = [(name, value) for name, value in pairs if value]
    out.children = [_element("serialNumber", serial) for serial in products.serials]
    return out


def product_lists(extensions: Iterable[Element]) -> Iterator[ProductList]:
    """The product lists among the vendor elements of an aggregation event."""
    for found in extensions:
        if found.name == f"{{{NAMESPACE}}}productList":
            values = dict(found.attributes)
            yield ProductList(
                gtin=values.get("GTIN", ""),
                lot=values.get("lotNumber", ""),
                expiry=values.get("expirationDate", ""),
                production=values.get("productionDate", ""),
                order=values.get("PONumber", ""),
                serials=[child.text for child in found.children],
            )


def container_elements(container: str) -> list[Element]:
    """The containerType of a carrier as vendor elements: one or none."""
    return [_element(CONTAINER_TYPE, container)] if container else []


def transfer_elements(transfer: Transfer) -> list[Element]:
    """The values of a transfer that the shipping event has no field for."""
    pairs = ((ACTION_TYPE, transfer.action), (DOCUMENT_DATE, transfer.date), (NOTE, transfer.note))
    return [_element(name, value) for name, value in pairs if value]


def text_of(extensions: Iterable[Element], local: str) -> str:
    """The text of our vendor element of this name, empty when there is none."""
    name = f"{{{NAMESPACE}}}{local}"
    return next((found.text for found in extensions if found.name == name), "")


def is_ours(found: Element) -> bool:
    """Whether a vendor element was written by this module."""
    return found.namespace == NAMESPACE


def _element(local: str, text: str = "") -> Element:
    return element(NAMESPACE, local, text, prefix=PREFIX)
