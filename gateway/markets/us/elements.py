"""Elements of the namespace of the GS1 US guideline."""

from __future__ import annotations

from typing import Final

from gateway.epcis.element import Element, element

NAMESPACE: Final = "http://epcis.gs1us.org/hc/ns"
PREFIX: Final = "gs1ushc"


def make(local: str, text: str = "", children: list[Element] | None = None, **attributes: str) -> Element:
    """An element of the guideline."""
    made = element(NAMESPACE, local, text, prefix=PREFIX, children=children)
    made.attributes = list(attributes.items())
    return made


def find(elements: list[Element], local: str) -> Element | None:
    """The first element of the guideline with a name."""
    name = f"{{{NAMESPACE}}}{local}"
    return next((each for each in elements if each.name == name), None)
