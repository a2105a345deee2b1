"""Foreign elements as XML text: for loss lists, and for the few that have no JSON form (mixed content)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.epcis.element import Element
from gateway.epcis.name_escape import meant, spelt
from gateway.formats.epcis_json.names import XML_NAMESPACE

if TYPE_CHECKING:
    from lxml import etree

_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    | {chr(code): "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"}
)


def to_xml(element: Element) -> str:
    """The element as XML text with all declarations it needs. Names that XML forbids are escaped."""
    parts: list[str] = []
    _write(element, {"xml": XML_NAMESPACE}, parts)
    return "".join(parts)


def from_xml(text: str) -> Element:
    """The element that `to_xml` wrote.

    Raises:
        ValueError: the text is not well-formed XML, or has a DOCTYPE.
    """
    from lxml import etree  # noqa: PLC0415 - few documents have XML in JSON

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        message = "a DOCTYPE is not allowed"
        raise ValueError(message)
    return _read(root, {})


def _write(element: Element, outer: dict[str, str], parts: list[str]) -> None:
    declared = {prefix: uri for prefix, uri in element.namespaces if prefix and uri and outer.get(prefix) != uri}
    scope = {**outer, **declared}

    def qualified(name: str, preferred: str) -> str:
        uri, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
        local = spelt(local)
        if not uri:
            return local
        for prefix, meaning in scope.items():
            if meaning == uri:
                return f"{prefix}:{local}"
        prefix = preferred
        number = 0
        while not _NAME.fullmatch(prefix) or prefix in scope:
            number += 1
            prefix = f"n{number}"
        scope[prefix] = declared[prefix] = uri
        return f"{prefix}:{local}"

    tag = qualified(element.name, element.prefix)
    attributes = [f' {qualified(name, "")}="{_escaped(value)}"' for name, value in element.attributes]
    namespaces = [f' xmlns:{prefix}="{_escaped(uri)}"' for prefix, uri in declared.items()]
    parts.append(f"<{tag}{''.join(namespaces)}{''.join(attributes)}>{_escaped(element.text)}")
    for child in element.children:
        _write(child, scope, parts)
        parts.append(_escaped(child.tail))
    parts.append(f"</{tag}>")


def _read(node: etree._Element, outer: dict[str | None, str]) -> Element:
    prefixes = {p: u for p, u in node.nsmap.items() if outer.get(p) != u}
    used = {node.prefix}
    return Element(
        meant(str(node.tag)),
        node.text or "",
        [(meant(str(name)), str(value)) for name, value in node.attrib.items()],
        [_read(child, dict(node.nsmap)) for child in node],
        node.tail or "",
        node.prefix or "",
        [(prefix or "", uri) for prefix, uri in prefixes.items() if prefix not in used],
    )


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
