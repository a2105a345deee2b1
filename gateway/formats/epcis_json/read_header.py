"""The JSON around the events: header fields, master data, query envelope, foreign content."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.epcis.carry import NAMESPACE as CARRY_NAMESPACE
from gateway.epcis.document import Attribute, Header, QueryResults, Vocabulary, VocabularyElement
from gateway.epcis.element import Element
from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.epcis_json import names, rules
from gateway.formats.epcis_json.context import Scope
from gateway.formats.epcis_json.json_to_tree import TreeReader, restore_types, to_text
from gateway.formats.epcis_json.number import Number
from gateway.formats.epcis_json.read_parts import (
    WrongValue,
    foreign,
    mapping,
    objects,
    optional,
    required,
    texts,
)

_ROOT: Final = frozenset(
    {
        "@context",
        "id",
        "type",
        "schemaVersion",
        "creationDate",
        "instanceIdentifier",
        "sender",
        "receiver",
        "epcisHeader",
        "epcisBody",
    }
)
_PARTIES: Final = {"sender": "sender", "receiver": "receiver", "instanceIdentifier": "instance_identifier"}
_CARRIED_BEHIND: Final = frozenset(
    {names.CARRIED_DOCUMENT, names.CARRIED_BODY, names.CARRIED_EVENT_LIST, names.CARRIED_RESULTS}
)
_SBDH: Final = f"{{{names.SBDH}}}StandardBusinessDocumentHeader"


@dataclass(slots=True)
class Frame:
    """What stands around the events."""

    header: Header
    scope: Scope
    body_extensions: list[Element] = field(default_factory=list)
    event_list_extensions: list[Element] = field(default_factory=list)
    extensions: list[Element] = field(default_factory=list)


def document_scope(context_value: Any, context: Context) -> Scope:
    """The scope that a document's @context makes."""
    scope = Scope({}, context.findings)
    return scope if context_value is None else scope.inner(context_value, Where(path="$.@context"))


def read_frame(root: dict[str, Any], context: Context) -> Frame:
    """The document without its events.

    Raises:
        WrongValue: a value of the frame has the wrong type.
    """
    scope = document_scope(root.get("@context"), context)
    if "@context" not in root:
        context.findings.report(
            rules.CONTEXT, "the document has no @context", where=Where(path="$.@context"), expected=names.GS1_CONTEXT
        )
    if names.CARRIED_TYPES in root and scope.carries():
        restore_types(root, root.pop(names.CARRIED_TYPES))
    header = Header(
        schema_version=_version(root, context),
        creation_date=optional(root, "creationDate", "$"),
        document_id=optional(root, "id", "$"),
        namespaces=namespaces(scope),
    )
    frame = Frame(header, scope)
    tree = TreeReader(scope, context.findings, Where(path="$"), context.limits.depth)
    _head(root, frame, tree)
    _body(mapping(root.get("epcisBody", {}), "$.epcisBody"), frame, tree)
    for key, value in root.items():
        if key in _ROOT:
            continue
        if key == names.CARRIED_HEADER and scope.carries():
            _head(mapping(value, key), frame, tree)
        elif key in _CARRIED_BEHIND:
            _behind(key, mapping(value, key), frame, context)
        elif ":" not in key:
            raise WrongValue(value, f"$.{key}", "a key of EPCISDocument", rules.UNKNOWN_KEY)
        else:
            frame.extensions.extend(foreign({key: value}, frozenset(), tree, "$"))
    if scope.unread:
        header.extensions.append(Element(names.CARRIED_CONTEXT, to_text(scope.unread), prefix="gwc"))
    return frame


def namespaces(scope: Scope) -> list[tuple[str, str]]:
    """The user's prefixes, without the gateway's own."""
    return [
        (prefix, uri) for prefix, uri in scope.prefixes.items() if uri not in names.XML_ONLY and uri != CARRY_NAMESPACE
    ]


def _version(root: dict[str, Any], context: Context) -> str:
    version = root.get("schemaVersion")
    if version != names.SCHEMA_VERSION or isinstance(version, Number):
        # A query document need not have one.
        if version is not None or root.get("type") == "EPCISDocument":
            context.findings.report(
                rules.SCHEMA_VERSION,
                "schemaVersion is missing" if version is None else "schemaVersion is not the string 2.0",
                where=Where(path="$.schemaVersion"),
                value="" if version is None else to_text(version),
                expected='"2.0"',
            )
        return names.SCHEMA_VERSION
    return names.SCHEMA_VERSION


def _head(source: dict[str, Any], frame: Frame, tree: TreeReader) -> None:
    """Parties and epcisHeader, from the root or from where a query document carries them."""
    header = frame.header
    foreign_content: dict[str, Any] = {}
    for key, value in mapping(source.get("epcisHeader", {}), "$.epcisHeader").items():
        if key == "epcisMasterData":
            _master_data(mapping(value, "$.epcisHeader.epcisMasterData"), header, tree)
        elif key == names.CARRIED_ATTRIBUTES and tree.scope.carries():
            header.attributes = tree.elements(key, value)[0].attributes
        elif key == names.CARRIED_MASTER_DATA and tree.scope.carries():
            header.master_data_document = value is True
        else:
            foreign_content[key] = value
    for element in foreign(foreign_content, frozenset(), tree, "$.epcisHeader"):
        if element.name == _SBDH:
            header.sbdh = element
        else:
            header.extensions.append(element)
    if header.sbdh is not None:
        # The parties stand in the tree; repeating them beside it would be a second truth.
        return
    for key, name in _PARTIES.items():
        if key in source:
            setattr(header, name, required(source, key, "$"))


def _behind(key: str, value: dict[str, Any], frame: Frame, context: Context) -> None:
    """Foreign content that a writer of ours learnt of only behind the events."""
    where = Where(path=f"$.{key}")
    scope = frame.scope.inner(value.pop("@context", {}), where)
    if names.CARRIED_TYPES in value and scope.carries():
        restore_types(value, value.pop(names.CARRIED_TYPES))
    tree = TreeReader(scope, context.findings, where, context.limits.depth)
    target = {
        names.CARRIED_DOCUMENT: frame.extensions,
        names.CARRIED_BODY: frame.body_extensions,
        names.CARRIED_EVENT_LIST: frame.event_list_extensions,
        names.CARRIED_RESULTS: frame.header.query.extensions if frame.header.query is not None else frame.extensions,
    }[key]
    target.extend(foreign(value, frozenset(), tree, key))


def _body(body: dict[str, Any], frame: Frame, tree: TreeReader) -> None:
    results = body.get("queryResults")
    known = frozenset({"eventList", "queryResults"})
    frame.body_extensions.extend(foreign(body, known, tree, "$.epcisBody", strict=False))
    if results is None:
        return
    path = "$.epcisBody.queryResults"
    results = mapping(results, path)
    query = QueryResults(required(results, "queryName", path), optional(results, "subscriptionID", path))
    query.extensions = foreign(results, frozenset({"queryName", "subscriptionID", "resultsBody"}), tree, path)
    frame.header.query = query
    inner = mapping(results.get("resultsBody", {}), f"{path}.resultsBody")
    if "vocabularyList" in inner:
        _master_data(inner, frame.header, tree, known=frozenset({"vocabularyList", "eventList"}))
    else:
        frame.body_extensions.extend(foreign(inner, frozenset({"eventList"}), tree, f"{path}.resultsBody"))


def _master_data(
    data: dict[str, Any], header: Header, tree: TreeReader, known: frozenset[str] = frozenset({"vocabularyList"})
) -> None:
    path = "vocabularyList"
    for index, item in enumerate(objects(data.get("vocabularyList", []), path)):
        header.vocabularies.append(_vocabulary(item, f"{path}[{index}]", tree))
    header.master_data_extensions.extend(foreign(data, known, tree, "epcisMasterData", strict=False))


def _vocabulary(item: dict[str, Any], path: str, tree: TreeReader) -> Vocabulary:
    records = objects(item.get("vocabularyElementList", []), f"{path}.vocabularyElementList")
    return Vocabulary(
        required(item, "type", path),
        [_record(record, f"{path}.vocabularyElementList[{i}]", tree) for i, record in enumerate(records)],
        foreign(item, frozenset({"type", "vocabularyElementList"}), tree, path, strict=False),
    )


def _record(item: dict[str, Any], path: str, tree: TreeReader) -> VocabularyElement:
    attributes = objects(item.get("attributes", []), f"{path}.attributes")
    return VocabularyElement(
        required(item, "id", path),
        [_attribute(attribute, f"{path}.attributes[{i}]", tree) for i, attribute in enumerate(attributes)],
        texts(item.get("children", []), f"{path}.children"),
        foreign(item, frozenset({"id", "attributes", "children"}), tree, path, strict=False),
    )


def _attribute(item: dict[str, Any], path: str, tree: TreeReader) -> Attribute:
    element = tree.elements("attribute", item.get("attribute", ""))
    if len(element) != 1:
        raise WrongValue(item.get("attribute"), f"{path}.attribute", "a text, a number or an object")
    name = required(item, "id", path)
    if ":" not in name:
        tree.findings.report(
            rules.ATTRIBUTE_ID, f"the attribute id {name!r} is no URI", where=Where(path=f"{path}.id"), value=name
        )
    return Attribute(name, element[0].text, element[0].children)
