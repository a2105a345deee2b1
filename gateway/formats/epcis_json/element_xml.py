"""Foreign elements as XML text: for loss lists, and for the few that have no JSON form (mixed content)."""

from __future__ import annotations

from lxml import etree

from gateway.epcis.element import Element

# An XML name must not begin with a digit or hold most punctuation; a JSON key may. Loss lists show such names escaped.
_BAD = "_"


def to_xml(element: Element) -> str:
    """The element as XML text with all declarations it needs. Names that XML forbids are shown with underscores."""
    return etree.tostring(_build(element), encoding="unicode", with_tail=False)


def from_xml(text: str) -> Element:
    """The element that `to_xml` wrote.

    Raises:
        ValueError: the text is not well-formed XML, or has a DOCTYPE.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    if root.getroottree().docinfo.doctype:
        message = "a DOCTYPE is not allowed"
        raise ValueError(message)
    return _read(root, {})


def _build(element: Element) -> etree._Element:
    nsmap: dict[str | None, str] = {prefix or None: uri for prefix, uri in element.namespaces if uri}
    if element.prefix and element.namespace:
        nsmap[element.prefix] = element.namespace
    try:
        node = etree.Element(element.name, nsmap=nsmap)
    except ValueError:
        node = etree.Element(_legal(element.local))
    for name, value in element.attributes:
        try:
            node.set(name, _text(value))
        except ValueError:
            node.set(_legal(name), _text(value))
    node.text = _text(element.text) or None
    for child in element.children:
        built = _build(child)
        built.tail = _text(child.tail) or None
        node.append(built)
    return node


def _read(node: etree._Element, outer: dict[str | None, str]) -> Element:
    prefixes = {p: u for p, u in node.nsmap.items() if outer.get(p) != u}
    used = {node.prefix}
    return Element(
        str(node.tag),
        node.text or "",
        [(str(name), str(value)) for name, value in node.attrib.items()],
        [_read(child, dict(node.nsmap)) for child in node],
        node.tail or "",
        node.prefix or "",
        [(prefix or "", uri) for prefix, uri in prefixes.items() if prefix not in used],
    )


def _legal(name: str) -> str:
    local = name.rpartition("}")[2]
    out = "".join(c if c.isalnum() or c in "-_." else _BAD for c in local)
    return out if out and (out[0].isalpha() or out[0] == _BAD) else _BAD + out


def _text(value: str) -> str:
    return "".join(c if c >= " " or c in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for c in value)
