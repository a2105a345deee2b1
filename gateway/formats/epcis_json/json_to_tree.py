"""JSON values of extensions as element trees; the way back of `tree_to_json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from gateway.epcis.element import Element
from gateway.errors import LimitExceeded
from gateway.findings import Finding, Findings, Where
from gateway.formats.epcis_json import rules
from gateway.formats.epcis_json.context import Scope
from gateway.formats.epcis_json.element_xml import from_xml
from gateway.formats.epcis_json.names import CARRIED_ITEM, CARRIED_JSON_MARK, CARRIED_KIND, CARRIED_XML, XSD
from gateway.formats.epcis_json.number import Number
from gateway.formats.epcis_json.tree_to_json import XSI_NIL, XSI_TYPE, number_type

_XSD_PREFIX: Final = "xsd"


class TreeReader:
    """Turns extension values into elements.

    Args:
        scope: prefixes of the object that holds them.
        findings: where unusable keys are reported.
        where: the event or document they stand in.
        depth: how deep they may be nested.
    """

    def __init__(self, scope: Scope, findings: Findings, where: Where, depth: int) -> None:
        self.scope = scope
        self.findings = findings
        self.where = where
        self.depth = depth

    def all(self, items: Iterable[tuple[str, Any]]) -> list[Element]:
        """Elements of several members of an object, in order."""
        out: list[Element] = []
        for key, value in items:
            out.extend(self.elements(key, value))
        return out

    def elements(self, key: str, value: Any, scope: Scope | None = None, level: int = 1) -> list[Element]:
        """Elements of one member: one for each item when it is an array."""
        scope = scope or self.scope
        name = scope.name(key)
        if name is None:
            self.findings.report(rules.UNKNOWN_KEY, f"{key!r} cannot be a name", where=self.where, value=key)
            return []
        if type(value) is str:
            return [Element(name[0], value, prefix=name[1])]
        if isinstance(value, list):
            return [self._one(name, item, scope, level) for item in value]
        return [self._one(name, value, scope, level)]

    def _one(self, name: tuple[str, str], value: Any, scope: Scope, level: int) -> Element:
        if level > self.depth:
            message = f"extensions are nested deeper than {self.depth}"
            raise LimitExceeded(Finding.of(rules.LIMIT, message))
        element = Element(name[0], prefix=name[1])
        if isinstance(value, list):
            element.children = [self._one((CARRIED_ITEM, "gwc"), item, scope, level + 1) for item in value]
        elif isinstance(value, dict):
            xml = value.get(CARRIED_XML)
            if len(value) == 1 and isinstance(xml, str):
                return self._from_xml(xml, element)
            self._object(element, value, scope, level)
        else:
            _set_text(element, value)
        return element

    def _object(self, element: Element, value: dict[str, Any], scope: Scope, level: int) -> None:
        if "@context" in value:
            scope = scope.inner(value["@context"], self.where)
        attributed = False
        for key, item in value.items():
            if key.startswith("@") and key != "@context":
                name = scope.name(key[1:])
                if name is None:
                    self.findings.report(rules.UNKNOWN_KEY, f"{key!r} cannot be a name", where=self.where, value=key)
                    continue
                element.attributes.append((name[0], attribute_text(item)))
                attributed = True
                if name[0] == XSI_TYPE:
                    _declare_type(element, str(item), scope)
        for key, item in value.items():
            if key.startswith("@"):
                continue
            if attributed and key == "value" and not isinstance(item, (dict, list)):
                _set_text(element, item)
            else:
                element.children.extend(self.elements(key, item, scope, level + 1))

    def _from_xml(self, text: str, element: Element) -> Element:
        try:
            return from_xml(text)
        except ValueError as error:
            self.findings.report(rules.VALUE_TYPE, f"a carried element is not XML: {error}", where=self.where)
            return element


def attribute_text(value: Any) -> str:
    """The text of an attribute. Structures, which XML attributes cannot hold, stay JSON behind a mark of ours."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return CARRIED_JSON_MARK + to_text(value)


def to_text(value: Any) -> str:
    """A decoded JSON value as JSON text, numbers as they were read."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{to_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def restore_types(value: dict[str, Any], types: Any) -> None:
    """Put the xsi:types that the writer moved aside back to their values, as attributes."""
    if not isinstance(types, dict):
        return
    for pointer, kind in types.items():
        target: Any = value
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]] or [""]
        for part in path:
            target = _step(target, part)
        found = _step(target, last)
        if found is None:
            continue
        if last == "value" and isinstance(target, dict) and any(key.startswith("@") for key in target):
            target["@xsi:type"] = kind
            continue
        changed = {"@xsi:type": kind, **(found if isinstance(found, dict) else {"value": found})}
        if isinstance(target, list):
            target[int(last)] = changed
        else:
            target[last] = changed


def _step(target: Any, part: str) -> Any:
    if isinstance(target, dict):
        return target.get(part)
    if isinstance(target, list) and part.isdecimal() and int(part) < len(target):
        return target[int(part)]
    return None


def _set_text(element: Element, value: Any) -> None:
    if value is None:
        element.attributes.append((XSI_NIL, "true"))
        return
    if isinstance(value, bool):
        element.text = "true" if value else "false"
        kind = "boolean"
    else:
        element.text = str(value)
        if not isinstance(value, Number):
            return
        kind = number_type(value)
    if any(name == XSI_TYPE for name, _ in element.attributes):
        return
    if element.attributes:
        element.attributes.append((CARRIED_KIND, kind))
    else:
        element.attributes.append((XSI_TYPE, f"{_XSD_PREFIX}:{kind}"))
        element.namespaces.append((_XSD_PREFIX, XSD))


def _declare_type(element: Element, kind: str, scope: Scope) -> None:
    prefix, colon, _ = kind.partition(":")
    if colon:
        uri = scope.prefixes.get(prefix) or (XSD if prefix == _XSD_PREFIX else None)
        if uri is not None:
            element.namespaces.append((prefix, uri))
