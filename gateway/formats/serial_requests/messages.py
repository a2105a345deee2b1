"""What the messages of all systems share: finding the message in its envelope, and its values."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from gateway.errors import InputError
from gateway.findings import Finding
from gateway.formats.base import Context, Limits
from gateway.formats.epcis_xml.escape import attribute, text
from gateway.formats.serial_requests import rules
from gateway.formats.xml_input import Node, XmlRules, small_tree

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_XML_RULES: Final = XmlRules(rules.NOT_WELL_FORMED, rules.DOCTYPE, rules.LIMIT)
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def open_message(data: bytes, local: str, namespace: str | None, limits: Limits) -> Node:
    """The element of a message, alone or in the body of a SOAP 1.1 envelope.

    Args:
        data: the bytes.
        local: local name of the element.
        namespace: its namespace, None when it is not known and any will do.
        limits: bounds on the input.

    Raises:
        InputError: it is not well-formed, has a DOCTYPE, is a SOAP fault, or another message.
        LimitExceeded: it is too large.
    """
    root = small_tree(data, Context(limits=limits), _XML_RULES)
    node = root
    if str(root.tag) == f"{{{SOAP}}}Envelope":
        body = root.find(f"{{{SOAP}}}Body")
        node = next(iter(body), root) if body is not None else root
    if str(node.tag) == f"{{{SOAP}}}Fault":
        words = ": ".join(part.strip() for part in map(str, node.itertext()) if part.strip())
        raise InputError(Finding.of(rules.FAULT, f"the answer is a SOAP fault: {words}", value=words))
    uri, _, name = str(node.tag).rpartition("}")
    if name != local or (namespace is not None and uri[1:] != namespace):
        message = f"the message is {node.tag}"
        raise InputError(Finding.of(rules.ROOT, message, value=node.tag, expected=local))
    return node


def child(node: Node | None, local: str) -> Node | None:
    """The first child of a local name."""
    return next(children(node, local), None)


def children(node: Node | None, local: str) -> Iterator[Node]:
    """Children of a local name, in any namespace or none."""
    if node is not None:
        yield from (found for found in node if str(found.tag).rpartition("}")[2] == local)


def value(node: Node | None, local: str) -> str:
    """Text of a child; empty when there is none."""
    found = child(node, local)
    return (found.text or "").strip() if found is not None else ""


def whole_number(written: str, name: str) -> int:
    """An amount.

    Raises:
        InputError: it is no whole number.
    """
    if not (written.isascii() and written.isdigit() and len(written) <= 10):  # noqa: PLR2004 - xs:int
        message = f"{name} is {written!r}"
        raise InputError(Finding.of(rules.VALUE, message, value=written, expected="a whole number"))
    return int(written)


def one(local: str, content: str, *, empty: bool = False) -> str:
    """An element with text; nothing when the text is empty, unless it must be there."""
    return f"<{local}>{text(content)}</{local}>" if content or empty else ""


def attributes(*pairs: tuple[str, str]) -> str:
    """Attributes that have a value, with a leading space each."""
    return "".join(f' {name}="{attribute(content)}"' for name, content in pairs if content)


def in_soap(body: str) -> bytes:
    """A message in a SOAP 1.1 envelope without header."""
    return f'{DECLARATION}<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{body}</soap:Body></soap:Envelope>\n'.encode()


def unknown(node: Node | None, known: Collection[str], path: str = "") -> dict[str, str]:
    """Texts of elements that are not known, by their path.

    Args:
        node: a message or a part of one.
        known: paths of all elements that are known, e.g. ``ObjectKey/Name``.
        path: the node's own path.
    """
    found: dict[str, str] = {}
    for part in node if node is not None else ():
        inner = f"{path}{str(part.tag).rpartition('}')[2]}"
        if len(part):
            found |= unknown(part, known, f"{inner}/")
        elif inner not in known and part.text and part.text.strip():
            found[inner] = part.text.strip()
    return found


def refuse_unknown(node: Node, known: Collection[str]) -> None:
    """A request that asks for more than is known must not be answered as if it did not.

    Raises:
        InputError: there is an element with text that is not known.
    """
    for path, text_ in unknown(node, known).items():
        message = f"the request has {path}, which is not known"
        raise InputError(Finding.of(rules.VALUE, message, value=text_, expected=", ".join(known)))
