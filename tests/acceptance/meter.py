"""The value-multiset meter: which values of a document are in another one.

A document is a multiset of pairs (label, value). The label is the name that EPCIS gives the value (``bizStep``,
``epcList``), or the expanded name of vendor content (``{namespace}local``), so that a value that moved into another
field is missed too.
XML is read with lxml and JSON with json, never with the gateway's model.

Everything that may differ between two spellings of one document is written down here, each with its reason:
nothing is compared loosely by accident.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from lxml import etree

Pair = tuple[str, str]

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
SBDH: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
#: Where the gateway puts what a target has no place for. Its names stand for the EPCIS names of the same spelling.
CARRY: Final = "https://epcis-gateway.org/ns/carry#"
GS1_CONTEXTS: Final = re.compile(r"https://(ref\.gs1\.org|gs1\.github\.io)/.*epcis-context\.jsonld")
EVENTS: Final = frozenset(
    {
        "ObjectEvent",
        "AggregationEvent",
        "QuantityEvent",
        "TransactionEvent",
        "TransformationEvent",
        "AssociationEvent",
    }
)
_ROOTS: Final = frozenset({"EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument"})

#: XML wraps each item of a list in an element that JSON does not have.
_ITEMS: Final = {"epc", "correctiveEventID"}
#: Prefixes that every JSON-LD document of EPCIS has without declaring them.
WELL_KNOWN: Final = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda",
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
    "xsi": XSI,
    "xml": "http://www.w3.org/XML/1998/namespace",
}
#: One field, two names. JSON has three values of the SBDH at its top (section 9).
_SAME_FIELD: Final = {
    "sender": f"{{{SBDH}}}Identifier",
    "receiver": f"{{{SBDH}}}Identifier",
    "instanceIdentifier": f"{{{SBDH}}}InstanceIdentifier",
    f"{{{CARRY}}}schemaLocation": f"{{{XSI}}}schemaLocation",
    f"{{{CARRY}}}eventType": "type",
    f"{{{CARRY}}}type": f"{{{XSI}}}type",
}

# --- what may differ in a value ---

#: C13: the spellings of a CBV word, by field: bare word, URN, web URI, CURIE. Custom URIs are compared as they are.
_CBV: Final = {
    "bizStep": ("bizstep", "BizStep"),
    "disposition": ("disp", "Disp"),
    "set": ("disp", "Disp"),
    "unset": ("disp", "Disp"),
    "reason": ("er", "ER"),
    "component": ("comp", "Comp"),
    "type": ("(?:btt|sdt)", "(?:BTT|SDT)"),
}
_CBV_SPELLINGS: Final = {
    label: re.compile(rf"(?:urn:epcglobal:cbv:{urn}:|(?:https://ref\.gs1\.org/cbv/|cbv:){uri}-)([A-Za-z_]+)")
    for label, (urn, uri) in _CBV.items()
}
#: C13: measurement types and alert types of sensor reports.
_GS1_VOCABULARY: Final = re.compile(r"(?:https://gs1\.org/voc/|gs1:)([A-Za-z_]+)")
_GS1_FIELDS: Final = frozenset({"type", "exception"})
#: C25, C26: fields that JSON writes as numbers. JSON forbids "+5", "007", ".5" and "5.", xsd:decimal forbids "1E3".
_NUMBERS: Final = frozenset({"quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"})
_NUMBER: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?")
#: Section 4.2: JSON does not allow Z here. xsd:boolean has two spellings, JSON one.
_SAME_VALUE: Final = {
    ("eventTimeZoneOffset", "Z"): "+00:00",
    ("booleanValue", "1"): "true",
    ("booleanValue", "0"): "false",
}
_EXPONENT: Final = re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+")


_TIMES: Final = ("eventTime", "recordTime", "declarationTime")


class Number(str):
    """The text of a JSON number."""

    __slots__ = ()


def normal(label: str, value: str) -> str:
    """A value without what may differ between spellings of it."""
    if label.startswith("{"):
        return value  # vendor content is compared to the last space
    value = value.strip()  # xsd:anyURI, xsd:dateTime and xsd:decimal all collapse white space
    if label in _NUMBERS:
        return _normal_number(label, value)
    for spelling in (_CBV_SPELLINGS.get(label), _GS1_VOCABULARY if label in _GS1_FIELDS else None):
        if spelling is not None and (match := spelling.fullmatch(value)):
            return match[1]
    return _SAME_VALUE.get((label, value), value)


def _normal_number(label: str, value: str) -> str:
    if label == "quantity" and _EXPONENT.fullmatch(value):
        return format(Decimal(value), "f")
    match = _NUMBER.fullmatch(value)
    if match is None or not (match[2] or match[3]):
        return value
    sign, whole, fraction = match.groups()
    return f"{sign.replace('+', '')}{whole.lstrip('0') or '0'}{f'.{fraction}' if fraction else ''}"


# --- XML ---


def xml_pairs(data: bytes | str) -> Counter[Pair]:
    """The values of an XML document. Comments, processing instructions and declarations of prefixes are no values."""
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(data.encode() if isinstance(data, str) else data, parser)
    return Counter(_element(root, ""))


def _element(node: etree._Element, parent: str) -> Iterator[Pair]:
    name = etree.QName(node)
    vendor = bool(name.namespace) and name.localname not in _ROOTS and not _is_ours(name.namespace)
    label = _label(str(node.tag), parent)
    if name.localname in EVENTS and not vendor:
        yield "type", name.localname  # JSON says the type of an event as a value
    elif vendor and node.find("eventTime") is not None:
        yield "type", str(node.tag)  # an event of a vendor's own type
    yield from _attributes(node, label)
    if label == f"{{{CARRY}}}jsonContext":
        for item in json.loads(node.text or "[]"):
            yield from context_values(item)
        return
    if label == f"{{{CARRY}}}quantityEvent":
        yield "type", "QuantityEvent"
    text = node.text or ""
    if text.strip() or (vendor and len(node) == 0):  # an empty vendor element says something, too
        yield from _leaf(label, text, node.nsmap)
    for child in node:
        yield from _element(child, label)
        if (child.tail or "").strip():
            yield from _leaf(label, child.tail, node.nsmap)


def _attributes(node: etree._Element, label: str) -> Iterator[Pair]:
    for name, value in node.attrib.items():
        if name == "schemaVersion" and etree.QName(node).localname in _ROOTS:
            continue  # it names the spelling, not the content
        if name == f"{{{XSI}}}nil" and label == "quantity":
            continue  # C25: a quantity that is nil is a quantity that is not there
        kind = "xsd:" if name == f"{{{CARRY}}}type" else ""
        yield from _leaf(_label(str(name), label), f"{kind}{value}", node.nsmap)


def _is_ours(namespace: str) -> bool:
    return namespace == CARRY or namespace.startswith(("urn:epcglobal:epcis:", "urn:epcglobal:epcis-query:"))


_ESCAPE: Final = re.compile(r"_x([0-9A-F]{4,6})_")


def _label(name: str, parent: str) -> str:
    # A JSON key that XML forbids as a name is spelt as SQL/XML (ISO/IEC 9075-14) spells it.
    name = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), name)
    if name in _ITEMS or name == f"{{{CARRY}}}item":
        return parent if name != "correctiveEventID" else "correctiveEventIDs"
    if name == "id" and parent == "children":
        return parent
    if name in _SAME_FIELD:
        return _SAME_FIELD[name]
    if name.startswith(f"{{{CARRY}}}"):
        local = name.rpartition("}")[2]
        return _SAME_FIELD.get(local, local) if local in _CARRIED_FIELDS else name
    return name


#: Fields that the gateway carries under their own name in its namespace.
_CARRIED_FIELDS: Final = frozenset({"id", "sender", "receiver", "instanceIdentifier", "certificationInfo", "epcList"})


def _leaf(label: str, value: str, prefixes: Mapping[str | None, str]) -> Iterator[Pair]:
    if value.startswith("gwc:json:"):  # a JSON structure that stands in an XML attribute
        known = {prefix: uri for prefix, uri in prefixes.items() if prefix}
        yield from _json(decode(value[len("gwc:json:") :]), label, {**known, **WELL_KNOWN})
    else:
        yield label, normal(label, value)


# --- JSON ---


def decode(data: bytes | str) -> Any:
    """JSON with numbers as their text."""
    return json.loads(data, parse_int=Number, parse_float=Number)


def json_pairs(data: bytes | str) -> Counter[Pair]:
    """The values of a JSON document. Keys that only JSON needs (@context, type of the document) are no values."""
    root = decode(data)
    if isinstance(root, dict) and root.get("type") in _ROOTS:
        root = {key: value for key, value in root.items() if key not in ("type", "schemaVersion")}
    return Counter(_json(root, "", WELL_KNOWN))


def _json(value: Any, label: str, prefixes: Mapping[str, str]) -> Iterator[Pair]:
    if isinstance(value, dict):
        yield from _object(value, label, prefixes)
    elif isinstance(value, list):
        if not value and label.startswith("{"):
            yield label, ""
        for item in value:
            yield from _json(item, label, prefixes)
    elif value is None:
        yield f"{{{XSI}}}nil", "true"
        yield label, ""
    elif isinstance(value, bool):
        if label.startswith("{"):
            yield f"{{{XSI}}}type", "xsd:boolean"  # what JSON says by its syntax, XML says by xsi:type
        yield label, normal(label, "true" if value else "false")
    else:
        if isinstance(value, Number) and label.startswith("{"):
            yield f"{{{XSI}}}type", f"xsd:{number_type(value)}"
        yield label, normal(label, str(value))


def number_type(text: str) -> str:
    """The type that a JSON number has by its spelling."""
    return "double" if "e" in text.lower() else "decimal" if "." in text else "integer"


def _object(value: dict[str, Any], label: str, prefixes: Mapping[str, str]) -> Iterator[Pair]:
    if "@context" in value:
        prefixes = declared(value["@context"], prefixes)
        yield from context_values(value["@context"])
    members = [(key, item) for key, item in value.items() if key != "@context"]
    attributed = any(key.startswith("@") for key, _ in members)
    if label.startswith("{") and all(key.startswith("@") for key, _ in members):
        yield label, ""
    for key, item in members:
        name = expanded(key.removeprefix("@"), prefixes)
        if key == "type" and "eventTime" in value and (own := expanded(item, prefixes)).startswith("{"):
            yield "type", own
            continue
        if name == f"{{{CARRY}}}xml":
            yield from xml_pairs(item).elements()
        elif name == f"{{{CARRY}}}types":
            yield from ((f"{{{XSI}}}type", kind) for kind in item.values())
        elif attributed and key == "value":
            yield from _json(item, label, prefixes)
        else:
            yield from _json(item, _label(name, label), prefixes)


def declared(context: Any, outer: Mapping[str, str]) -> dict[str, str]:
    """Prefixes that are valid where a @context stands."""
    prefixes = dict(outer)
    for entry in context if isinstance(context, list) else [context]:
        if isinstance(entry, dict):
            for prefix, uri in entry.items():
                # C11: a prefix that GS1's context protects keeps its meaning, whatever a document says.
                if isinstance(uri, str) and prefix not in WELL_KNOWN:
                    # The JSON-LD context ends this namespace with a colon, the XML one does not (section 2.2).
                    prefixes[prefix] = "urn:epcglobal:cbv:mda" if uri == "urn:epcglobal:cbv:mda:" else uri
    return prefixes


def context_values(context: Any) -> Iterator[Pair]:
    """What a @context holds beside prefixes: addresses of other contexts, definitions of terms."""
    for entry in context if isinstance(context, list) else [context]:
        if isinstance(entry, str):
            if not GS1_CONTEXTS.fullmatch(entry):
                yield "@context", entry
        else:
            for term, meaning in entry.items():
                if not isinstance(meaning, str) or term.startswith("@"):
                    yield "@context", json.dumps({term: meaning}, sort_keys=True)


def expanded(key: str, prefixes: Mapping[str, str]) -> str:
    """A JSON key as ``{namespace}local``; a full URI is cut behind its last delimiter."""
    prefix, colon, local = key.partition(":")
    if not colon:
        return key
    if prefix in prefixes and not local.startswith("//"):
        return f"{{{prefixes[prefix]}}}{local}"
    if "/" in local or ":" in local or "#" in local:
        cut = max(key.rfind(delimiter) for delimiter in "/#:") + 1
        namespace = key[:cut]
        return f"{{{namespace.removesuffix(':') if namespace == 'urn:epcglobal:cbv:mda:' else namespace}}}{key[cut:]}"
    return f"{{{prefix}:}}{local}"  # an undeclared prefix


# --- the meter ---


def pairs(data: bytes) -> Counter[Pair]:
    """The values of a document, XML or JSON."""
    return json_pairs(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else xml_pairs(data)


def missing(
    source: bytes, output: bytes, losses: Iterable[tuple[str, str]] = (), times: Iterable[str] = ()
) -> list[Pair]:
    """The values of `source` that are neither in `output` nor in the loss list.

    Args:
        source: the document read.
        output: the document written.
        losses: field and full value of each loss.
        times: times of 1.2 that 2.0 does not allow (section 8) and that a finding names: written with the event's
            own offset, and 24:00:00 as the next day.
    """
    rest = pairs(source) - pairs(output)
    rest -= Counter((label, time) for time in times for label in _TIMES)
    if not rest:
        return []
    for field, value in losses:
        labelled, plain = _loss(field, value)
        rest -= labelled
        for text in plain:
            label = next((label for label, found in rest if found == normal(label, text)), None)
            if label is not None:
                rest -= Counter([(label, normal(label, text))])
    return sorted(rest.elements())


def _loss(field: str, value: str) -> tuple[Counter[Pair], list[str]]:
    """Labelled values of a loss, and values whose label only its field tells."""
    labelled: Counter[Pair] = Counter()
    plain: list[str] = []
    try:
        # Elements stand in a loss one after the other, each with the declarations that it needs.
        labelled = json_pairs(value) if value[:1] in ("{", "[") else xml_pairs(f"<loss>{value}</loss>")
    except (ValueError, etree.XMLSyntaxError):
        plain = [value]
    if not value.startswith("<"):
        # Foreign attributes are listed as they stand in a start tag.
        plain = [value, *re.findall(r'="([^"]*)"', value)]
    if field.endswith("/@xsi:type"):
        labelled, plain = Counter([(f"{{{XSI}}}type", value)]), []
    if field in EVENTS:
        labelled["type", field] += 1  # the type is what changes
    return labelled, plain
