"""Documents as plain trees, to compare a document with what came back from a round trip.

Every value counts, and every order that matters.

What may differ is little and stands here: spelling of prefixes, white space between elements, and what both standards
say is the same (`meter.normal` for values; below for structure).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from tests.acceptance.meter import EVENTS, WELL_KNOWN, XSI, context_values, declared, decode, expanded, normal

#: C07: 1.2 demands these even when they are empty, 2.0 does not; empty and absent mean the same.
_EMPTY_IS_ABSENT: Final = frozenset({"epcList", "childEPCs"})
_ROOT_TYPES: Final = frozenset({"EPCISDocument", "EPCISQueryDocument"})

Tree = tuple[str, tuple[tuple[str, str], ...], tuple[Any, ...]]


def xml_tree(data: bytes, *, by_name: bool = False) -> Tree:
    """An XML document: names expanded, attributes sorted (XML gives them no order), children in order.

    Args:
        data: the document.
        by_name: whether vendor elements of *different* names may change places: JSON keeps the order of those of one
            name only, in an array (C10).
    """
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False, no_network=True)
    tree = _node(etree.fromstring(data, parser))
    return _by_name(tree) if by_name else tree


def _by_name(node: Any) -> Any:
    if not _is_node(node):
        return node
    content = [_by_name(child) for child in node[2]]
    if not any(isinstance(child, str) for child in content):  # mixed content keeps its order everywhere
        vendor = node[0].startswith("{") and not node[0].endswith("Document")
        content.sort(key=lambda child: child[0] if vendor or child[0].startswith("{") else "")
    return node[0], node[1], tuple(content)


def _node(node: etree._Element) -> Tree:
    tag = str(node.tag)
    # schemaVersion says how a document is spelt: 1.0 and 1.1 come back as 1.2, which holds all that they hold.
    kept = [(str(name), str(value)) for name, value in node.attrib.items() if name != "schemaVersion"]
    attributes = tuple(sorted((name, _value(name, value)) for name, value in kept))
    content: list[Any] = []
    text = node.text or ""
    if len(node) == 0 and text and tag != "EventList":  # white space in an empty list is layout
        content.append(_value("" if tag.startswith("{") else tag, text, verbatim=tag.startswith("{")))
    elif text.strip():
        content.append(text)
    for child in node:
        if not _is_absent(child):
            content.append(_node(child))
        if (child.tail or "").strip():
            content.append(child.tail)
    if tag == "errorDeclaration":
        content.sort(key=str)  # section 3.2: 2.0 allows its parts in any order, we write the one of 1.2
    elif tag == "AssociationEvent":
        content.sort(key=_place)  # in 1.2 it is foreign content whose order no schema fixes
    if tag in EVENTS:
        content = [part for child in content for part in _unwrapped(child)]
        content.sort(key=lambda child: child[0].startswith("{"))
    return tag, attributes, tuple(content)


def _place(child: Any) -> str:
    """Standard fields by name, vendor content behind them in its own order."""
    return "~" if child[0].startswith("{") or child[0] == "extension" else child[0]


def _unwrapped(child: Any) -> list[Any]:
    """2.0 XML has three places for vendor content: baseExtension, extension, the event's end. JSON has one."""
    is_wrapper = child[0] in ("baseExtension", "extension")
    if is_wrapper and all(_is_node(part) and part[0].startswith("{") for part in child[2]):
        return list(child[2])
    return [child]


def _value(label: str, text: str, *, verbatim: bool = False) -> str:
    return text if verbatim else normal(label, text)


def _is_absent(node: etree._Element) -> bool:
    if len(node):
        return False
    if node.tag == "quantity":
        return node.get(f"{{{XSI}}}nil") == "true"  # C25: a nil quantity is no quantity
    return node.tag in _EMPTY_IS_ABSENT


def json_tree(data: bytes) -> Any:
    """A JSON document: keys expanded by @context, objects without order, arrays in order."""
    root = decode(data)
    if root.get("type") not in _ROOT_TYPES:
        # C29: the gateway gives a single event back as a document of one event.
        return [_json(root, WELL_KNOWN)]
    return _json(root, WELL_KNOWN)


def events_only(tree: Any) -> Any:
    """The events of a tree that `json_tree` made."""
    if isinstance(tree, list):
        return tree
    body = tree["epcisBody"]
    return (body["queryResults"]["resultsBody"] if "queryResults" in body else body)["eventList"]


def _json(value: Any, prefixes: Mapping[str, str], label: str = "") -> Any:
    if isinstance(value, dict):
        return _object(value, prefixes)
    if isinstance(value, list):
        return [_json(item, prefixes, label) for item in value]
    if isinstance(value, str):
        # A number keeps its kind: "5" and 5 are not the same. Only a master data attribute has text alone in XML.
        kind = "str" if label == "attribute" else type(value).__name__
        return kind, normal(label, value)
    return value


def _object(value: dict[str, Any], prefixes: Mapping[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if "@context" in value:
        prefixes = declared(value["@context"], prefixes)
        # Prefixes are spelling; what else a @context holds must come back.
        if values := sorted(context_values(value["@context"])):
            out["@context"] = values
    for key, item in value.items():
        if key == "@context":
            continue
        mark = "@" if key.startswith("@") else ""
        name = mark + expanded(key.removeprefix("@"), prefixes)
        found = _json(item, prefixes, name)
        if found == {} and name.startswith("{"):
            found = ("str", "")  # C10: an empty element is all that XML has for both
        if name in _EMPTY_IS_ABSENT and found == []:
            continue
        if isinstance(found, list) and len(found) == 1 and (name.startswith("{") or name == "certificationInfo"):
            found = found[0]  # JSON-LD: a set of one and its member are the same
        out[name] = found
    return out


def difference(left: Any, right: Any, path: str = "") -> str:
    """The first place where two trees differ, empty when they do not."""
    if left == right:
        return ""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            if left.get(key, _NONE) != right.get(key, _NONE):
                return difference(left.get(key, _NONE), right.get(key, _NONE), f"{path}/{key}")
    if _is_node(left) and _is_node(right) and left[:2] == right[:2]:
        return difference(list(left[2]), list(right[2]), f"{path}/{left[0]}")
    if isinstance(left, list) and isinstance(right, list):
        for index, (one, two) in enumerate(zip(left, right, strict=False)):
            if one != two:
                return difference(one, two, f"{path}[{index}]")
        more = (left if len(left) > len(right) else right)[min(len(left), len(right)) :]
        return f"{path}: {len(left)} items, then {len(right)}: {str(more)[:300]}"
    return f"{path}: {str(left)[:300]} became {str(right)[:300]}"


def _is_node(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 3


_NONE: Final = "nothing"
