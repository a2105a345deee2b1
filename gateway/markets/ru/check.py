"""Checks a finished MDLP document: the schema, then what the schema cannot say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from lxml import etree

from gateway.findings import Findings, Where
from gateway.gs1 import check_digit
from gateway.markets.ru import rules
from gateway.markets.ru.documents import VERSION
from gateway.resources import shipped

SCHEMA: Final = ("ru", "mdlp", VERSION, "documents.xsd")
_GTIN: Final = 14


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one document."""
    root = parse(data, findings)
    if root is not None and check_schema(root, findings):
        check_values(root, findings)


def check_values(root: etree._Element, findings: Findings) -> None:
    """Check what the schema cannot say of a document that is valid by it."""
    if root.get("version") != VERSION:
        message = f"version is {root.get('version')!r}"
        findings.report(rules.VERSION, message, value=root.get("version"), expected=VERSION)
    for node in root.iter("sgtin", "sscc", "gtin", "sscc_up", "sscc_down"):
        text = node.text or ""
        key = text[:_GTIN] if node.tag == "sgtin" else text
        if key and not check_digit.verify(key):
            where = _line(node)
            findings.report(rules.CHECK_DIGIT, f"the check digit of {key} is wrong", where=where, value=key)
    for parent in root.iter("unit_pack", "unit_append", "detail"):
        label = parent.findtext("sscc")
        if label and any(child.text == label for child in parent.iterfind("content/sscc")):
            message = f"{label} is packed into itself"
            findings.report(rules.ITSELF, message, where=_line(parent), value=label)


def parse(data: bytes, findings: Findings) -> etree._Element | None:
    """The root of a document; None, and a finding, for what is no XML or has a DOCTYPE."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        findings.report(rules.SCHEMA, f"not well-formed: {error.msg}", where=Where(line=error.position[0]))
        return None
    document: Any = root.getroottree()
    if document.docinfo.doctype:
        findings.report(rules.DOCTYPE, "the document has a DOCTYPE")
        return None
    return root


def check_schema(root: etree._Element, findings: Findings) -> bool:
    """Check a document against our schema; whether it is valid."""
    schema = _schema()
    if schema.validate(root):
        return True
    errors: Iterable[Any] = schema.error_log  # type: ignore[assignment]  # the stubs lack its __iter__
    for entry in errors:
        findings.report(rules.SCHEMA, entry.message, where=Where(line=entry.line, path=entry.path or ""))
    return False


def _line(node: Any) -> Where:
    return Where(line=node.sourceline or 0)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shipped("xsd", *SCHEMA)))
