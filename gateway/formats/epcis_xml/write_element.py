"""Vendor content back to XML: names, prefixes, attributes, order, nesting and mixed text as they were."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.epcis.element import Element
from gateway.epcis.name_escape import spelt
from gateway.formats.epcis_xml import escape
from gateway.formats.epcis_xml.scope import XML, Scope


def write_elements(elements: Iterable[Element], scope: Scope) -> str:
    """Write elements one after the other."""
    return "".join([write_element(element, scope) for element in elements])


def write_element(element: Element, scope: Scope) -> str:
    """Write one element with everything below it, and the text behind it."""
    name, inner, declarations = element.name, scope, ""
    if element.namespaces:
        inner, declarations = inner.declare(element.namespaces)
    if name.startswith("{"):
        uri, _, local = name[1:].rpartition("}")
        inner, prefix, declared = inner.need(uri, element.prefix)
        name = f"{prefix}:{spelt(local)}"
        declarations += declared
    else:
        name = spelt(name)
    attributes = ""
    if element.attributes:
        inner, attributes = write_attributes(element.attributes, inner)
    content = escape.text(element.text) if element.text else ""
    for child in element.children:
        content += write_element(child, inner)
    tail = escape.text(element.tail) if element.tail else ""
    if content:
        return f"<{name}{declarations}{attributes}>{content}</{name}>{tail}"
    return f"<{name}{declarations}{attributes}/>{tail}"


def write_attributes(attributes: Iterable[tuple[str, str]], scope: Scope) -> tuple[Scope, str]:
    """Write foreign attributes, with the declarations that they need.

    Returns:
        The scope inside the element, and the text with a leading space for each attribute.
    """
    parts = []
    for name, value in attributes:
        if name.startswith("{"):
            uri, _, local = name[1:].rpartition("}")
            if uri == XML:
                written = f"xml:{local}"
            else:
                scope, prefix, declared = scope.need(uri)
                parts.append(declared)
                written = f"{prefix}:{spelt(local)}"
        else:
            written = spelt(name)
        parts.append(f' {written}="{escape.attribute(value)}"')
    return scope, "".join(parts)
