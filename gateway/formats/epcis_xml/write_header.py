"""What stands around the events: root attributes, header with SBDH and master data, body and document extensions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.epcis import sbdh
from gateway.epcis.document import Attribute, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import XSI, Element
from gateway.formats.base import Context
from gateway.formats.epcis_xml import homeless, losses, rules
from gateway.formats.epcis_xml.escape import attribute, repeated, text
from gateway.formats.epcis_xml.homeless import Homeless
from gateway.formats.epcis_xml.names import CARRIED, CARRY, V1, V2, Version
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write_element import write_element, write_elements
from gateway.formats.epcis_xml.write_parts import Parts
from gateway.options import INSTANCE_IDENTIFIER, RECEIVER, SENDER

_SCHEMA_LOCATION: Final = f"{{{XSI}}}schemaLocation"
_CARRIED_SCHEMA_LOCATION: Final = f"{{{CARRY}}}{homeless.SCHEMA_LOCATION}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The written parts.

    Attributes:
        attributes: foreign attributes of the root element.
        header: EPCISHeader or nothing.
        before_events: what stands in EventList before the first event, because it belongs to the header.
    """

    attributes: list[tuple[str, str]]
    header: str
    before_events: str


class HeaderWriter:
    """Writes the header of one output."""

    def __init__(self, version: Version, scope: Scope, parts: Parts, homeless_: Homeless, context: Context) -> None:
        self._version = version
        self._scope = scope
        self._parts = parts
        self._homeless = homeless_
        self._context = context
        self._attributes: list[tuple[str, str]] = []

    def write(self, header: Header, creation_date: str, *, results: bool) -> Surroundings:
        """Write what belongs to the header.

        Args:
            header: the model's header.
            creation_date: creationDate of the output.
            results: the vocabularies are written elsewhere, as the results of a query or a master data document.
        """
        self._attributes = list(self._root_attributes(header))
        tree = header.sbdh or self._build(header, creation_date)
        master_data = "" if results else self._master_data(header)
        local = write_elements([e for e in header.extensions if not e.namespace], self._scope)
        foreign = [e for e in header.extensions if e.namespace]
        if tree is None and self._version.wraps:
            return Surroundings(self._attributes, "", self._homeless_header(master_data, header.extensions))
        other = write_elements(foreign, self._scope)
        if foreign and self._version is V2:
            carrier = f"<{CARRIED}>{homeless.wrapped(homeless.HEADER_ELEMENTS, other)}</{CARRIED}>"
            local += self._homeless.place(losses.HEADER, "EPCISHeader", other, carrier)
            other = ""
        inner = master_data + (f"<extension>{local}</extension>" if local else "")
        content = write_element(tree, self._scope) if tree is not None else ""
        content += (f"<extension>{inner}</extension>" if inner else "") + other
        xml = f"<EPCISHeader>{content}</EPCISHeader>" if content else ""
        return Surroundings(self._attributes, xml, "")

    def _homeless_header(self, master_data: str, extensions: list[Element]) -> str:
        """A 1.2 header needs an SBDH. What else it would hold is carried in front of the events."""
        content = ""
        if master_data:
            carrier = homeless.wrapped(homeless.MASTER_DATA, master_data)
            content += self._homeless.place(losses.HEADER, "EPCISMasterData", master_data, carrier)
        if extensions:
            xml = write_elements(extensions, self._scope)
            carrier = homeless.wrapped(homeless.HEADER_ELEMENTS, xml)
            content += self._homeless.place(losses.HEADER, "EPCISHeader", xml, carrier)
        if not content:
            return ""
        return f"<extension><extension><{CARRIED}>{content}</{CARRIED}></extension></extension>"

    def _root_attributes(self, header: Header) -> Iterable[tuple[str, str]]:
        for name, value in header.attributes:
            if name == _SCHEMA_LOCATION and self._is_of_another_version(value):
                yield from self._carried_attribute(homeless.SCHEMA_LOCATION, value)
            elif name == _CARRIED_SCHEMA_LOCATION and not self._is_of_another_version(value):
                yield _SCHEMA_LOCATION, value
            else:
                yield name, value
        if header.document_id is not None:
            yield from self._carried_attribute(homeless.DOCUMENT_ID, header.document_id)

    def _carried_attribute(self, name: str, value: str) -> Iterable[tuple[str, str]]:
        if self._homeless.place(losses.ROOT_ATTRIBUTE, name, value):
            yield f"{{{CARRY}}}{name}", value

    def _is_of_another_version(self, schema_location: str) -> bool:
        other = V2 if self._version is V1 else V1
        return bool({other.document, other.query, other.master_data} & set(schema_location.split()))

    def _build(self, header: Header, creation_date: str) -> Element | None:
        """An SBDH from the four values of a JSON header or of the settings, None when they are not all there."""
        options = self._context.options
        sender = header.sender or options.get(SENDER)
        receiver = header.receiver or options.get(RECEIVER)
        instance = header.instance_identifier or options.get(INSTANCE_IDENTIFIER)
        read = (
            (homeless.SENDER, header.sender),
            (homeless.RECEIVER, header.receiver),
            (homeless.INSTANCE, header.instance_identifier),
        )
        if sender and receiver and instance:
            if any(value for _, value in read) and self._homeless.carries:
                self._attributes.append((f"{{{CARRY}}}{homeless.BUILT_HEADER}", "true"))
            return sbdh.build(sender, receiver, instance, creation_date)
        if options.get(SENDER) or options.get(RECEIVER):
            wanted = {"sender": sender, "receiver": receiver, "instance identifier": instance}
            missing = " and ".join(name for name, value in wanted.items() if not value)
            self._context.findings.report(
                rules.NO_HEADER, f"the StandardBusinessDocumentHeader was not written: {missing} is not known"
            )
        for name, value in read:
            if value and self._homeless.place(losses.HEADER, name, value):
                self._attributes.append((f"{{{CARRY}}}{name}", value))
        return None

    def _master_data(self, header: Header) -> str:
        if not header.vocabularies and not header.master_data_extensions:
            return ""
        extensions = header.master_data_extensions
        local = write_elements([e for e in extensions if not e.namespace], self._scope)
        foreign = write_elements([e for e in extensions if e.namespace], self._scope)
        if foreign:
            carrier = f"<{CARRIED}>{homeless.wrapped(homeless.MASTER_DATA_ELEMENTS, foreign)}</{CARRIED}>"
            local += self._homeless.place(losses.HEADER, "EPCISMasterData/extension", foreign, carrier)
        content = self.vocabulary_list(header.vocabularies) + (f"<extension>{local}</extension>" if local else "")
        return f"<EPCISMasterData>{content}</EPCISMasterData>"

    def vocabulary_list(self, vocabularies: list[Vocabulary]) -> str:
        """``VocabularyList`` with everything in it."""
        content = "".join([self._vocabulary(vocabulary) for vocabulary in vocabularies])
        return f"<VocabularyList>{content}</VocabularyList>" if content else "<VocabularyList/>"

    def _vocabulary(self, vocabulary: Vocabulary) -> str:
        content = "".join([self._record(record) for record in vocabulary.elements])
        content = f"<VocabularyElementList>{content}</VocabularyElementList>" if content else ""
        content += self._parts.both(vocabulary.extensions)
        return f'<Vocabulary type="{attribute(vocabulary.type)}">{content}</Vocabulary>'

    def _record(self, record: VocabularyElement) -> str:
        content = "".join([self._attribute(item) for item in record.attributes])
        if record.children:
            content += f"<children>{repeated('id', record.children)}</children>"
        content += self._parts.both(record.extensions)
        return f'<VocabularyElement id="{attribute(record.id)}">{content}</VocabularyElement>'

    def _attribute(self, item: Attribute) -> str:
        content = text(item.value) + write_elements(item.children, self._scope)
        return f'<attribute id="{attribute(item.id)}">{content}</attribute>'
