"""Root attributes, header with SBDH and master data, and foreign content around the events."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.epcis import sbdh
from gateway.epcis.document import Attribute, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import Element
from gateway.findings import Findings, Where
from gateway.formats.epcis_xml import homeless, rules
from gateway.formats.epcis_xml.names import CARRIED, CARRY, EPCIS_NAMESPACES, SBDH, V2, Version
from gateway.formats.epcis_xml.read_element import Elements, line_of
from gateway.formats.epcis_xml.read_parts import content, local_name
from gateway.formats.xml_input import Node

_ROOT_ATTRIBUTES = frozenset(("schemaVersion", "creationDate"))
_1_VERSIONS = {"1": "1.0", "1.0": "1.0", "1.1": "1.1", "1.2": "1.2"}


def read_root(root: Node, version: Version, header: Header, findings: Findings) -> None:
    """Take version, creationDate, prefixes and foreign attributes from the start tag."""
    number = (root.get("schemaVersion") or "").strip()
    header.schema_version = _schema_version(number, version, findings, line_of(root))
    header.creation_date = (root.get("creationDate") or "").strip() or None
    if header.creation_date is None:
        findings.report(
            rules.MISSING,
            "the document has no creationDate",
            where=Where(line=line_of(root)),
            expected="creationDate on the root element",
            hint="write creationDate on the root element",
        )
    header.namespaces = [
        (prefix, uri) for prefix, uri in root.nsmap.items() if prefix and uri not in EPCIS_NAMESPACES and uri != CARRY
    ]
    for name, value in root.attrib.items():
        if str(name) not in _ROOT_ATTRIBUTES:
            header.attributes.append((str(name), str(value)))


def _schema_version(number: str, version: Version, findings: Findings, line: int) -> str:
    if version is V2:
        if number.partition(".")[0] != "2":
            message = f"schemaVersion {number!r} contradicts the namespace of EPCIS 2.0, which decides"
            findings.report(rules.VERSION, message, where=Where(line=line), value=number, expected="2.0")
        return V2.number
    known = _1_VERSIONS.get(number)
    if known is None:
        message = f"schemaVersion {number!r} contradicts the namespace of EPCIS 1.x, which decides"
        findings.report(rules.VERSION, message, where=Where(line=line), value=number, expected="1.0, 1.1 or 1.2")
    return known or version.number


def restore_attributes(header: Header) -> None:
    """Put carried attributes of the root element back where they came from."""
    kept = []
    for name, value in header.attributes:
        carried = name.removeprefix(f"{{{CARRY}}}")
        if carried == homeless.DOCUMENT_ID:
            header.document_id = value
        elif carried == homeless.SENDER and carried != name:
            header.sender = value
        elif carried == homeless.RECEIVER and carried != name:
            header.receiver = value
        elif carried == homeless.INSTANCE and carried != name:
            header.instance_identifier = value
        elif carried == homeless.BUILT_HEADER and header.sbdh is not None:
            _restore_values(header, header.sbdh)
        else:
            kept.append((name, value))
    header.attributes = kept


def _restore_values(header: Header, tree: Element) -> None:
    """The SBDH was built from the values of a JSON header; they are what the document said."""
    if not sbdh.is_minimal(tree):
        return  # somebody has added to it since
    header.sender = sbdh.senders(tree)[0].identifier
    header.receiver = sbdh.receivers(tree)[0].identifier
    header.instance_identifier = sbdh.identification(tree).instance_identifier
    header.sbdh = None


class HeaderReader:
    """Reads header parts into a `Header`."""

    def __init__(self, header: Header, elements: Elements) -> None:
        self._header = header
        self._elements = elements

    def header(self, node: Node) -> None:
        """EPCISHeader."""
        self._elements.unkept(node)
        header = self._header
        for child in node:
            name = local_name(child)
            if name == f"{{{SBDH}}}StandardBusinessDocumentHeader":
                header.sbdh = self._elements.read(child)
            elif name == "extension":
                self._extension(child)
            elif name == "EPCISMasterData":
                self.master_data(child)
            else:
                header.extensions.append(self._elements.read(child))

    def _extension(self, node: Node) -> None:
        self._elements.unkept(node)
        for child in node:
            name = local_name(child)
            if name == "EPCISMasterData":
                self.master_data(child)
            elif name == "extension":
                self._elements.unkept(child)
                for inner in child:
                    self._header_element(inner)
            else:
                self._header_element(child)

    def _header_element(self, node: Node) -> None:
        if node.tag == CARRIED:
            self.carried(node)
        else:
            self._header.extensions.append(self._elements.read(node))

    def carried(self, node: Node) -> list[Element]:
        """Restore carried content of a header; what it does not know comes back."""
        rest = []
        for child in node:
            name = str(child.tag).removeprefix(f"{{{CARRY}}}")
            if name == homeless.HEADER_ELEMENTS:
                self._header.extensions += self._elements.read_all(child)
            elif name == homeless.MASTER_DATA_ELEMENTS:
                self._header.master_data_extensions += self._elements.read_all(child)
            elif name == homeless.MASTER_DATA:
                for inner in child:
                    self.master_data(inner)
            else:
                rest.append(self._elements.read(child))
        return rest

    def master_data(self, node: Node) -> None:
        """EPCISMasterData."""
        for child in node:
            name = local_name(child)
            if name == "VocabularyList":
                self.vocabulary_list(child)
            elif name == "extension":
                for inner in child:
                    if inner.tag == CARRIED:
                        self._header.master_data_extensions += self.carried(inner)
                    else:
                        self._header.master_data_extensions.append(self._elements.read(inner))
            else:
                self._header.master_data_extensions.append(self._elements.read(child))

    def vocabulary_list(self, node: Node) -> None:
        """VocabularyList."""
        self._header.vocabularies += [self._vocabulary(child) for child in node]

    def _vocabulary(self, node: Node) -> Vocabulary:
        self._elements.unkept(node, "type")
        value = Vocabulary(node.get("type", ""), [])
        foreign = []
        for child in node:
            if local_name(child) == "VocabularyElementList":
                value.elements += [self._record(item) for item in child]
            else:
                foreign.append(child)
        value.extensions = self._elements.unwrapped(foreign)
        return value

    def _record(self, node: Node) -> VocabularyElement:
        self._elements.unkept(node, "id")
        value = VocabularyElement(node.get("id", ""), [])
        foreign = []
        for child in node:
            name = local_name(child)
            if name == "attribute":
                value.attributes.append(self._attribute(child))
            elif name == "children":
                self._elements.unkept(child)
                value.children = [content(item) for item in child]
            else:
                foreign.append(child)
        value.extensions = self._elements.unwrapped(foreign)
        return value

    def _attribute(self, node: Node) -> Attribute:
        self._elements.unkept(node, "id")
        read = self._elements.read(node)
        text = read.text if read.children else read.text.strip()
        return Attribute(node.get("id", ""), text, read.children)


def foreign(nodes: Iterable[Node], elements: Elements) -> list[Element]:
    """Vendor content of body or document."""
    return elements.unwrapped(nodes)
