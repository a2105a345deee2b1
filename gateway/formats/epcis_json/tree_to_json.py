"""Foreign element trees as JSON (conversion rule C10).

An element becomes a key ``prefix:name``. Its value is its text; an object when it has children; an object of
``@name`` keys and ``value`` when it has attributes. Elements of one name become an array. ``xsi:type`` decides
between string, number and boolean; a type that JSON cannot tell stands in `Typed` until `take_types` moves it to the
side, so that plain receivers see a plain value. Text mixed with elements is carried as XML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from gateway.epcis.carry import NAMESPACE as CARRY_NAMESPACE
from gateway.epcis.carry import PREFIX as CARRY_PREFIX
from gateway.epcis.element import XSI, Element
from gateway.findings import LossRule
from gateway.formats.epcis_json import losses
from gateway.formats.epcis_json.element_xml import to_xml
from gateway.formats.epcis_json.names import (
    CARRIED_EXTENSION,
    CARRIED_ITEM,
    CARRIED_JSON_MARK,
    CARRIED_KIND,
    CARRIED_XML,
    XSD,
)
from gateway.formats.epcis_json.number import LEGAL
from gateway.formats.epcis_json.prefixes import Prefixes

XSI_TYPE: Final = f"{{{XSI}}}type"
XSI_NIL: Final = f"{{{XSI}}}nil"

INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMERIC: Final = frozenset(
    {
        "integer",
        "decimal",
        "double",
        "float",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "nonPositiveInteger",
        "negativeInteger",
        "unsignedInt",
        "unsignedLong",
        "unsignedShort",
        "unsignedByte",
    }
)

Lose = Callable[[LossRule, str, str], bool]
"""Reports a loss (rule, field, value); says whether the value is to be carried."""


class Typed(msgspec.Struct):
    """A JSON value whose xsi:type JSON cannot tell."""

    value: Any
    type: str


class Tree:
    """Turns foreign elements into JSON with the prefixes of one object.

    Args:
        prefixes: where names get their prefixes.
        lose: told about what has no JSON form.

    Attributes:
        typed: whether a `Typed` stands in something this made.
    """

    def __init__(self, prefixes: Prefixes, lose: Lose) -> None:
        self.prefixes = prefixes
        self.lose = lose
        self.typed = False

    def fill(self, target: dict[str, Any], elements: Iterable[Element]) -> None:
        """Put elements into an object; those of one name become one array."""
        arrays: set[str] = set()
        for element in elements:
            key = self.prefixes.key(element.name, element.prefix)
            value = self.value(element)
            if key not in target:
                if isinstance(value, list):
                    target[key] = [value]
                    arrays.add(key)
                else:
                    target[key] = value
            elif key in arrays:
                target[key].append(value)
            else:
                target[key] = [target[key], value]
                arrays.add(key)

    def place(self, target: dict[str, Any], elements: Iterable[Element], key: str = CARRIED_EXTENSION) -> None:
        """Put elements into an object of EPCIS, where names need a namespace; others go under a carrying key."""
        named: list[Element] = []
        local: list[Element] = []
        for element in elements:
            (named if element.name.startswith("{") else local).append(element)
        self.fill(target, named)
        self.carry(target, local, key, losses.LOCAL_EXTENSION)

    def carry(self, target: dict[str, Any], elements: Iterable[Element], key: str, rule: LossRule) -> None:
        """Put elements without a place under a carrying key, or lose them."""
        kept = [e for e in elements if self.lose(rule, f"{key}/{e.name}", to_xml(e))]
        if kept:
            content: dict[str, Any] = {}
            target[self.carrying(key)] = content
            self.fill(content, kept)

    def carrying(self, key: str) -> str:
        """A carrying key; declares its prefix."""
        self.prefixes.declare(CARRY_PREFIX, CARRY_NAMESPACE)
        return key

    def value(self, element: Element) -> Any:
        """The JSON value of one element."""
        if not element.children:
            return self._attributed(element) if element.attributes else element.text
        if _mixed(element) or _ambiguous(element):
            return self._as_xml(element)
        if element.children[0].name == CARRIED_ITEM and not element.attributes:
            return [self.value(child) for child in element.children]
        out: dict[str, Any] = {}
        self._set_attributes(out, element.attributes)
        self.fill(out, element.children)
        return out

    def _attributed(self, element: Element) -> Any:
        """A leaf with attributes: its plain value when the only attribute is an xsi:type or a true xsi:nil."""
        kind, carried = "", False
        rest = []
        for name, value in element.attributes:
            if name == XSI_TYPE:
                kind = value
            elif name == CARRIED_KIND:
                kind, carried = f"xsd:{value}", True
            else:
                rest.append((name, value))
        if rest == [(XSI_NIL, "true")] and not kind and not element.text:
            return None
        # Beside attributes the reader does not make an xsi:type of JSON's type (`CARRIED_KIND`).
        plain = self._typed(element, kind, implied=carried or not rest) if kind else element.text
        if not rest:
            return plain
        out: dict[str, Any] = {}
        self._set_attributes(out, rest)
        if element.text or kind:
            out["value"] = plain
        return out

    def _typed(self, element: Element, kind: str, *, implied: bool) -> Any:
        text = element.text
        prefix, _, local = kind.rpartition(":")
        uri = dict(element.namespaces).get(prefix, XSD if prefix == "xsd" else "")
        if uri != XSD:
            value: Any = text
        elif local in _NUMERIC and LEGAL.fullmatch(text):
            value = msgspec.Raw(text.encode("ascii"))
            if implied and prefix == "xsd" and local == number_type(text):
                return value
        elif local == "boolean" and text in {"true", "false"}:
            value = text == "true"
            if implied and prefix == "xsd":
                return value
        else:
            value = text
        if uri and (prefix, uri) != ("xsd", XSD) and self.prefixes.declare(prefix, uri) != prefix:
            return self._as_xml(element)
        if not self.lose(losses.XSI_TYPE, f"{element.name}/@xsi:type", kind):
            return value
        self.typed = True
        return Typed(value, kind)

    def _set_attributes(self, out: dict[str, Any], attributes: list[tuple[str, str]]) -> None:
        for name, value in attributes:
            out[f"@{self.prefixes.key(name)}"] = attribute_value(value)

    def _as_xml(self, element: Element) -> Any:
        text = to_xml(element)
        if self.lose(losses.MIXED_CONTENT, element.name, text):
            return {CARRIED_XML: text}
        return "".join(_texts(element))


def number_type(text: str) -> str:
    """The XML Schema type that a JSON number is read as: by its spelling, so that it is written the same way."""
    if INTEGER.fullmatch(text):
        return "integer"
    return "double" if "e" in text or "E" in text else "decimal"


def attribute_value(text: str) -> Any:
    """The JSON value of an attribute: text, or the structure that the JSON reader put into it."""
    if text.startswith(CARRIED_JSON_MARK):
        return msgspec.Raw(text[len(CARRIED_JSON_MARK) :].encode("utf-8"))
    return text


def take_types(value: Any, path: str, types: dict[str, str]) -> Any:
    """Replace each `Typed` below a value by its plain value and note its type under its JSON pointer."""
    if isinstance(value, Typed):
        types[path] = value.type
        return value.value
    if isinstance(value, dict):
        for key, item in value.items():
            value[key] = take_types(item, f"{path}/{pointer_part(key)}", types)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            value[index] = take_types(item, f"{path}/{index}", types)
    return value


def pointer_part(key: str) -> str:
    """A key as it stands in a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _mixed(element: Element) -> bool:
    """Whether text stands between the element's children. White space there is layout."""
    return bool(element.text.strip()) or any(child.tail.strip() for child in element.children)


def _ambiguous(element: Element) -> bool:
    """Whether a child would be taken for the element's own text."""
    return bool(element.attributes) and any(child.name == "value" for child in element.children)


def _texts(element: Element) -> Iterable[str]:
    yield element.text
    for child in element.children:
        yield from _texts(child)
        yield child.tail
