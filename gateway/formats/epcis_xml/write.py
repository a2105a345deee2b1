"""A document as blocks of EPCIS XML, as its events come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gateway.epcis.batches import batches, first_of
from gateway.epcis.document import Document, Header
from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.errors import InputError
from gateway.findings import Finding
from gateway.formats.base import Context, Edge, blocks
from gateway.formats.epcis_xml import homeless, losses, rules
from gateway.formats.epcis_xml.escape import attribute, text
from gateway.formats.epcis_xml.homeless import Homeless
from gateway.formats.epcis_xml.layout import indented
from gateway.formats.epcis_xml.names import CARRIED, CARRY, CARRY_PREFIX, EPCIS_NAMESPACES, Version
from gateway.formats.epcis_xml.scope import XML, Scope, declaration, free
from gateway.formats.epcis_xml.write_element import write_attributes, write_elements
from gateway.formats.epcis_xml.write_event import EventWriter
from gateway.formats.epcis_xml.write_header import HeaderWriter
from gateway.formats.epcis_xml.write_parts import Parts
from gateway.options import CBV, COMPACT, CREATION_DATE

Layout = Callable[[str, int], str]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write(document: Document, context: Context, version: Version) -> Iterator[bytes]:
    """Write a document in one version of EPCIS XML.

    Raises:
        InputError: there is no creationDate, and nobody gave one.
    """
    return blocks(_Writer(document, context, version).parts())


class _Writer:
    """One output. Parts come in document order; each is a run of whole tags."""

    def __init__(self, document: Document, context: Context, version: Version) -> None:
        self._document = document
        self._header = document.header
        self._version = version
        self._context = context
        self._first, self._lists = first_of(batches(document.events))
        query = self._header.query is not None
        self._prefix, self._namespace, name = (
            ("epcisq", version.query, "EPCISQueryDocument") if query else ("epcis", version.document, "EPCISDocument")
        )
        if self._header.master_data_document and not self._first:
            self._prefix, self._namespace, name = "epcismd", version.master_data, "EPCISMasterDataDocument"
        self._root = f"{self._prefix}:{name}"
        self._scope = self._root_scope()
        self._homeless = Homeless(context.losses, self._scope)
        cbv = context.options.get(CBV)
        self._cbv = version.cbv if cbv in ("", "native") else cbv
        self._parts = Parts(self._cbv, version.document, self._scope, self._homeless)
        self._layout: Layout = indented if context.options.get(COMPACT) == "pretty" else _compact

    def _root_scope(self) -> Scope:
        """The document's own prefix, those of the source, and those of the first event."""
        uris = {self._prefix: self._namespace}
        wanted = [*self._header.namespaces]
        for event in self._first:
            wanted += _namespaces(event)
        for prefix, uri in wanted:
            if uri and uri not in EPCIS_NAMESPACES and uri not in (CARRY, XML) and prefix != CARRY_PREFIX:
                if prefix and prefix not in uris and free(prefix, uris) == prefix:
                    uris[prefix] = uri
                elif uri not in uris.values():
                    uris[free("", uris)] = uri
        return Scope(uris)

    def parts(self) -> Iterator[str | Edge]:
        """The document piece by piece."""
        header, created = self._header, self._creation_date()
        is_results = header.query is not None and not self._first and bool(header.vocabularies)
        is_master_data = self._root.endswith("EPCISMasterDataDocument")
        writer = HeaderWriter(self._version, self._scope, self._parts, self._homeless, self._context)
        around = writer.write(header, created, results=is_results or is_master_data)
        yield DECLARATION
        yield self._start_tag(around.attributes, created)
        layout = self._layout
        if around.header:
            yield layout(around.header, 1)
        if is_master_data:
            yield from self._body(layout(writer.vocabulary_list(header.vocabularies), 2), 1)
            yield layout(self._after_body(), 1)
        elif header.query is not None:
            yield from self._query(header, writer, around.before_events, results=is_results)
        else:
            yield _indent(self._layout, 1) + "<EPCISBody>\n"
            yield from self._event_list(around.before_events, 2)
            yield layout(self._parts.both(self._document.body_extensions), 2)
            yield _indent(self._layout, 1) + "</EPCISBody>\n"
            yield layout(self._after_body(), 1)
        yield f"</{self._root}>\n"

    def _creation_date(self) -> str:
        created = self._header.creation_date or self._context.options.get(CREATION_DATE) or self._context.now
        if not created:
            raise InputError(Finding.of(rules.CREATION_DATE, "the document has no creationDate"))
        return created

    def _start_tag(self, foreign: list[tuple[str, str]], created: str) -> str:
        declarations = "".join(declaration(prefix, uri) for prefix, uri in self._scope.uris.items())
        scope = self._scope
        if any(name.startswith(f"{{{CARRY}}}") for name, _ in foreign):
            scope, _, declared = scope.need(CARRY, CARRY_PREFIX)
            declarations += declared
        _, attributes = write_attributes(foreign, scope)
        version = attribute(self._schema_version())
        return (
            f'<{self._root}{declarations} schemaVersion="{version}" creationDate="{attribute(created)}"{attributes}>\n'
        )

    def _schema_version(self) -> str:
        """1.0 and 1.1 sources come out as 1.2, which holds all that they hold."""
        return self._version.number

    def _body(self, content: str, depth: int) -> Iterator[str]:
        yield f"{_indent(self._layout, depth)}<EPCISBody>\n"
        yield content
        yield f"{_indent(self._layout, depth)}</EPCISBody>\n"

    def _event_list(self, before: str, depth: int) -> Iterator[str | Edge]:
        layout, indent = self._layout, _indent(self._layout, depth)
        yield f"{indent}<EventList>\n"
        if before:
            yield layout(before, depth + 1)
        yield Edge()
        write = EventWriter(self._version, self._cbv, self._scope, self._context).write
        for xml in write(self._first):
            yield layout(xml, depth + 1)
            yield Edge()
        for batch in self._lists:
            texts = write(batch)
            if layout is _compact:
                # An event that is lost whole leaves an empty line, as it does alone.
                yield "\n".join([*texts, ""])
            else:
                yield "".join([layout(xml, depth + 1) for xml in texts])
        yield Edge()
        self._homeless.event, self._homeless.event_id = 0, ""
        foreign = self._event_list_extensions(self._document.event_list_extensions)
        if foreign:
            yield layout(foreign, depth + 1)
        yield f"{indent}</EventList>\n"

    def _event_list_extensions(self, elements: list[Element]) -> str:
        """Foreign content of EventList: without namespace in 1.2, with one in 2.0; the rest is carried."""
        if not elements:
            return ""
        xml = write_elements(elements, self._scope)
        kind = bool(elements[0].namespace)
        legal = all(bool(e.namespace) is not self._version.wraps for e in elements)
        if not legal:
            carrier = (
                f"<{CARRIED}>{homeless.wrapped(homeless.EVENT_LIST_ELEMENTS, xml)}</{CARRIED}>"
                if self._version.wraps
                else homeless.wrapped(homeless.EVENT_LIST_ELEMENTS, xml)
            )
            field = "EventList/extension/extension" if not kind else "EventList/extension"
            xml = self._homeless.place(losses.DOCUMENT_PART, field, xml, carrier)
        if not xml:
            return ""
        return (
            f"<extension><extension>{xml}</extension></extension>"
            if self._version.wraps
            else f"<extension>{xml}</extension>"
        )

    def _query(self, header: Header, writer: HeaderWriter, before: str, *, results: bool) -> Iterator[str | Edge]:
        layout = self._layout
        one, two, three = (_indent(layout, depth) for depth in (1, 2, 3))
        query = header.query
        if query is None:  # the caller has looked; this tells the type checker
            return
        yield f"{one}<EPCISBody>\n{two}<epcisq:QueryResults>\n"
        yield layout(f"<queryName>{text(query.query_name)}</queryName>", 3)
        if query.subscription_id is not None:
            yield layout(f"<subscriptionID>{text(query.subscription_id)}</subscriptionID>", 3)
        yield f"{three}<resultsBody>\n"
        if results:
            yield layout(writer.vocabulary_list(header.vocabularies), 4)
        else:
            yield from self._event_list(before, 4)
        yield f"{three}</resultsBody>\n"
        yield layout(self._parts.both(query.extensions), 3)
        yield f"{two}</epcisq:QueryResults>\n{one}</EPCISBody>\n"
        after = self._after_body()
        if self._document.body_extensions:
            xml = write_elements(self._document.body_extensions, self._scope)
            carrier = homeless.wrapped(homeless.BODY_ELEMENTS, xml)
            after += self._homeless.place(losses.DOCUMENT_PART, "EPCISBody", xml, carrier)
        yield layout(after, 1)

    def _after_body(self) -> str:
        return self._parts.both(self._document.extensions)


def _compact(fragment: str, _depth: int) -> str:
    return f"{fragment}\n" if fragment else ""


def _indent(layout: Layout, depth: int) -> str:
    return "" if layout is _compact else "  " * depth


def _namespaces(event: Event) -> Iterator[tuple[str, str]]:
    """Prefixes and namespaces of an event's vendor content, in document order."""
    lists: Iterable[list[Element] | None] = (
        event.extensions,
        event.inner_extensions,
        event.base_extensions,
        getattr(event, "ilmd", None),
        event.read_point.extensions if event.read_point is not None else None,
        event.biz_location.extensions if event.biz_location is not None else None,
    )
    for elements in lists:
        for top in elements or ():
            for node in top.walk():
                if node.namespace:
                    yield node.prefix, node.namespace
