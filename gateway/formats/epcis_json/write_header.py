"""The JSON around the events: @context, header fields, master data, query envelope."""

from __future__ import annotations

import json
from typing import Any, Final

from gateway.epcis.document import Attribute, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import Element
from gateway.findings import LossRule, Outcome, Where
from gateway.formats.base import Context
from gateway.formats.epcis_json import losses, names, rules
from gateway.formats.epcis_json.element_xml import to_xml
from gateway.formats.epcis_json.prefixes import Prefixes, declare_all, declare_used
from gateway.formats.epcis_json.say import URI
from gateway.formats.epcis_json.tree_to_json import Tree, take_types
from gateway.formats.epcis_json.write_times import ZONED, in_zone, is_naive, without_hour_24
from gateway.options import CREATION_DATE, TIME_ZONE

Json = dict[str, Any]
DOCUMENT: Final = "EPCISDocument"
QUERY_DOCUMENT: Final = "EPCISQueryDocument"
_HOLE: Final = "\x00events\x00"


class HeaderWriter:
    """Builds the JSON around the event list.

    Args:
        header: of the document.
        context: of the conversion.
    """

    def __init__(self, header: Header, context: Context) -> None:
        self.header = header
        self.context = context
        self.prefixes = Prefixes(renamed=self._renamed)
        self.tree = Tree(self.prefixes, self.lose)
        # What a query's results hold behind the events is not known yet; `write` adds it.
        self.results_extensions = len(header.query.extensions) if header.query is not None else 0
        self._declare()

    def _declare(self) -> None:
        header = self.header
        foreign = [e for e in header.extensions if e.name != names.CARRIED_CONTEXT]
        declare_all(self.prefixes, header.namespaces)
        declare_used(self.prefixes, [*foreign, *header.master_data_extensions])
        if header.query is not None:
            declare_used(self.prefixes, header.query.extensions)
        for vocabulary in header.vocabularies:
            declare_used(self.prefixes, vocabulary.extensions)
            for record in vocabulary.elements:
                declare_used(self.prefixes, record.extensions)
                for attribute in record.attributes:
                    declare_used(self.prefixes, attribute.children)
        if header.sbdh is not None and self.context.losses.carries():
            declare_used(self.prefixes, [header.sbdh])

    def build(self) -> Json:
        """The document with an empty event list. Its keys are in reading order; the event list is the last value."""
        header = self.header
        query = header.query
        out: Json = {"@context": None}
        if header.document_id is not None:
            out["id"] = header.document_id
        out["type"] = DOCUMENT if query is None else QUERY_DOCUMENT
        out["schemaVersion"] = names.SCHEMA_VERSION
        out["creationDate"] = self._creation_date()
        target = out if query is None else {}
        self._parties(target)
        content: Json = {}
        if query is None:
            self._master_data(content)
        self.tree.place(content, [e for e in header.extensions if e.name != names.CARRIED_CONTEXT])
        self._sbdh(content)
        self._attributes(content)
        if header.master_data_document and self.lose(losses.MASTER_DATA, "document type", "EPCISMasterDataDocument"):
            content[self.tree.carrying(names.CARRIED_MASTER_DATA)] = True
        if content:
            target["epcisHeader"] = content
        if query is not None and target:
            # A query document has no header; EPCIS data stays readable below a key of ours.
            out[self.tree.carrying(names.CARRIED_HEADER)] = target
        if self.tree.typed:
            types: dict[str, str] = {}
            take_types(out, "", types)
            out[self.tree.carrying(names.CARRIED_TYPES)] = types
        out["epcisBody"] = self._body()
        out["@context"] = self._context()
        return out

    def lose(self, rule: LossRule, field: str, value: str) -> bool:
        """Report a value of the header without a place. True when it is to be carried."""
        carry = self.context.losses.carries()
        self.context.losses.add(rule, Outcome.CARRIED if carry else Outcome.LOST, field, value)
        return carry

    def _uri(self, value: str, path: str) -> str:
        if not URI.fullmatch(value):
            text = f"{path} is {value!r}, which is no URI"
            self.context.findings.report(rules.NOT_A_URI, text, where=Where(path=path), value=value, expected="a URI")
        return value

    def _renamed(self, preferred: str, chosen: str, uri: str) -> None:
        self.context.findings.report(
            rules.PREFIX_RENAMED, f"the prefix {preferred!r} is written as {chosen!r}", value=uri
        )

    def _creation_date(self) -> str:
        given = self.context.options.get(CREATION_DATE)
        value = self.header.creation_date or given or self.context.now
        value = without_hour_24(value)
        if is_naive(value):
            value = in_zone(value, self.context.options.get(TIME_ZONE)) or value
        if not ZONED.fullmatch(value):
            self.context.findings.report(
                rules.CREATION_DATE, "creationDate is no time with a zone", value=value, expected="2026-01-31T12:00:00Z"
            )
        return value

    def _context(self) -> list[Any]:
        context: list[Any] = []
        for element in self.header.extensions:
            if element.name == names.CARRIED_CONTEXT:
                context.extend(item for item in json.loads(element.text) if item not in context)
        if self.prefixes.declared:
            context.append(self.prefixes.declared)
        for uri in self.prefixes.declared.values():
            if not uri.endswith(("/", "#", ":", "?", "[", "]", "@")):
                self.context.findings.report(
                    rules.NO_DELIMITER, f"the namespace {uri!r} ends without / or # or :", value=uri
                )
        context.append(names.GS1_CONTEXT)
        return context

    def _parties(self, target: Json) -> None:
        header = self.header
        sender, receiver, identifier = header.sender, header.receiver, header.instance_identifier
        if header.sbdh is not None:
            sender = sender or _identifier(header.sbdh, "Sender")
            receiver = receiver or _identifier(header.sbdh, "Receiver")
            identification = header.sbdh.child("DocumentIdentification")
            instance = identification.child("InstanceIdentifier") if identification is not None else None
            identifier = identifier or (instance.text.strip() if instance is not None else None)
        for key, value in (("sender", sender), ("receiver", receiver), ("instanceIdentifier", identifier)):
            if value:
                target[key] = value

    def _sbdh(self, content: Json) -> None:
        sbdh = self.header.sbdh
        if sbdh is not None and self.lose(losses.SBDH_REMAINDER, "StandardBusinessDocumentHeader", to_xml(sbdh)):
            self.tree.fill(content, [sbdh])

    def _attributes(self, content: Json) -> None:
        attributes = self.header.attributes
        if attributes:
            value = " ".join(f'{name}="{text}"' for name, text in attributes)
            if self.lose(losses.ATTRIBUTES, "document attributes", value):
                content[self.tree.carrying(names.CARRIED_ATTRIBUTES)] = {
                    f"@{self.prefixes.key(name)}": text for name, text in attributes
                }

    def _master_data(self, content: Json) -> None:
        header = self.header
        if not header.vocabularies and not header.master_data_extensions:
            return
        content["epcisMasterData"] = data = dict[str, Any]()
        self._vocabularies(data)

    def _vocabularies(self, data: Json) -> None:
        """Master data: in a header, or as the results of a query."""
        header = self.header
        if header.vocabularies or header.master_data_extensions:
            data["vocabularyList"] = [self._vocabulary(item) for item in header.vocabularies]
            self.tree.place(data, header.master_data_extensions)

    def _vocabulary(self, item: Vocabulary) -> Json:
        out: Json = {"type": self._uri(item.type, "Vocabulary/@type")}
        if item.elements:
            out["vocabularyElementList"] = [self._record(record) for record in item.elements]
        self.tree.place(out, item.extensions)
        return out

    def _record(self, item: VocabularyElement) -> Json:
        out: Json = {"id": self._uri(item.id, "VocabularyElement/@id")}
        if item.attributes:
            out["attributes"] = [self._attribute(attribute) for attribute in item.attributes]
        if item.children:
            out["children"] = item.children
        self.tree.place(out, item.extensions)
        return out

    def _attribute(self, item: Attribute) -> Json:
        name = self._uri(item.id, "attribute/@id")
        if not item.children:
            return {"id": name, "attribute": item.value}
        value = self.tree.value(Element("attribute", item.value, children=item.children))
        return {"id": name, "attribute": value}

    def _body(self) -> Json:
        query = self.header.query
        if query is None:
            return {"eventList": _HOLE}
        results: Json = {"queryName": query.query_name}
        if query.subscription_id is not None:
            results["subscriptionID"] = query.subscription_id
        self.tree.place(results, query.extensions)
        results["resultsBody"] = body = dict[str, Any]()
        self._vocabularies(body)
        body["eventList"] = _HOLE
        return {"queryResults": results}


def _identifier(sbdh: Element, party: str) -> str | None:
    found = sbdh.child(party)
    identifier = found.child("Identifier") if found is not None else None
    return (identifier.text.strip() or None) if identifier is not None else None
