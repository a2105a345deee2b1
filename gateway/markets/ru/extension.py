"""What MDLP says and EPCIS has no field for: vendor elements on the events that a notification becomes.

All fields of a notification stand verbatim in one element ``notification``; what is known of packs in a hierarchy
stands in elements ``packs``, one for each batch and status. Plain receivers ignore them. An event with a
``notification`` was told by MDLP and is not reported to MDLP again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree

from gateway.epcis.element import Element, element

NAMESPACE: Final = "urn:epcis-gateway:market:ru:mdlp:"
PREFIX: Final = "mdlp"
NOTIFICATION: Final = "notification"
_PACK: Final = "sgtin"


def notification(document: etree._Element, goods: str, *, with_goods: bool) -> Element:
    """The fields of a document as a vendor element.

    Args:
        document: the document's element.
        goods: name of the element around its goods.
        with_goods: whether the goods say more than their names, e.g. prices.
    """
    out = _element(NOTIFICATION)
    root = document.getparent()
    around = [] if root is None else [(str(name), str(value)) for name, value in root.attrib.items()]
    out.attributes = [("action_id", document.get("action_id", "")), *around]
    out.children = [_copied(child) for child in document if with_goods or child.tag != goods]
    return out


def is_told_by_mdlp(extensions: Iterable[Element]) -> bool:
    """Whether an event was a notification of MDLP."""
    return any(each.name == f"{{{NAMESPACE}}}{NOTIFICATION}" for each in extensions)


def packs(known: Iterable[etree._Element]) -> list[Element]:
    """What is said of packs, those of which the same is said together."""
    groups: dict[tuple[tuple[str, str], ...], Element] = {}
    for info in known:
        said = tuple(
            (str(each.tag), each.text or "")
            for each in info.iter()
            if each is not info and each.tag != _PACK and not len(each)
        )
        group = groups.get(said)
        if group is None:
            group = groups[said] = _element("packs")
            group.children = [_element(name, text) for name, text in said]
        group.children.append(_element(_PACK, info.findtext(_PACK) or ""))
    return list(groups.values())


def _copied(node: etree._Element) -> Element:
    out = _element(str(node.tag), node.text or "" if not len(node) else "")
    out.children = [_copied(child) for child in node]
    return out


def _element(local: str, text: str = "") -> Element:
    return element(NAMESPACE, local, text, prefix=PREFIX)
