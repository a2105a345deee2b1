"""Takes the EPCIS documents out of a message, in one pass and without a tree of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from gateway.epcis.element import Element
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Outcome, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml.names import VERSIONS
from gateway.formats.rfxcel import rules
from gateway.formats.rfxcel.copy import Copier
from gateway.formats.rfxcel.names import BODY, EVENTS_ENV, NAMESPACES, PREFIXES, SOAP
from gateway.formats.rfxcel.spool import Budget, Part
from gateway.formats.xml_input import SAFE, Input, XmlRules, not_well_formed
from gateway.sources import Source

XML_RULES: Final = XmlRules(rules.NOT_WELL_FORMED, rules.DOCTYPE, rules.LIMIT)
_BLOCK: Final = 1 << 16
#: Without resolving, libxml2 hands ``&amp;`` in attributes to a target as ``&#38;``. There are no other entities to
#: resolve: a DOCTYPE is refused before its content is read.
_SAFE_FOR_TARGETS: Final = {**SAFE, "resolve_entities": "internal"}
_EPCIS: Final = frozenset(
    f"{{{uri}}}{name}"
    for version in VERSIONS
    for uri, name in (
        (version.document, "EPCISDocument"),
        (version.query, "EPCISQueryDocument"),
        (version.master_data, "EPCISMasterDataDocument"),
    )
)


class Unwrapped:
    """What a message holds.

    Attributes:
        parts: its EPCIS documents in order.
        rest: everything of rfXcel's own around them, as trees with empty bodies.
    """

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.rest: list[Element] = []

    def close(self) -> None:
        """Give memory and disk space of all parts back."""
        for part in self.parts:
            part.close()


def unwrap(source: Source, context: Context) -> Unwrapped:
    """Take a message apart.

    Raises:
        InputError: it is not well-formed, or has a DOCTYPE.
        LimitExceeded: it is over a limit.
    """
    target = _Target(context)
    kept: Any = target
    parser = etree.XMLParser(target=kept, huge_tree=True, **_SAFE_FOR_TARGETS)
    stream = Input(source, context, XML_RULES)
    try:
        while data := stream.read(_BLOCK):
            parser.feed(data)
            stream.mark()  # nothing of it is held but by the target, which has limits of its own
        parser.close()
    except etree.XMLSyntaxError as error:
        target.found.close()
        raise InputError(not_well_formed(XML_RULES, error, parser.feed_error_log)) from error
    except BaseException:  # whatever stops it: the files on disk must go
        target.found.close()
        raise
    finally:
        stream.close()
    target.finish()
    return target.found


class _Target:
    """Gets the parser's events. Outside of EPCIS documents, trees are built of rfXcel's own elements."""

    def __init__(self, context: Context) -> None:
        self.found = Unwrapped()
        self._context = context
        self._budget = Budget()
        self._copier: Copier | None = None
        self._scopes: list[Mapping[str | None, str]] = []
        self._open: list[tuple[str, Element | None]] = []
        self._bodies: list[int] = []  # documents in each open body
        self._odd = ""
        self._fault: list[str] = []

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse a document type declaration before any of it has an effect."""
        message = "the document has a document type declaration"
        raise InputError(Finding.of(rules.DOCTYPE, message, value="<!DOCTYPE", expected="no DOCTYPE"))

    def start(self, tag: str, attributes: Mapping[str, str], declared: Mapping[str | None, str]) -> None:
        """An element opens."""
        if len(self._open) + (self._copier.depth if self._copier is not None else 0) >= self._context.limits.depth * 2:
            message = f"elements are nested more than {self._context.limits.depth * 2} deep"
            raise LimitExceeded(Finding.of(rules.LIMIT, message))
        if self._copier is None and tag in _EPCIS and self._bodies:
            part = Part(self._budget)
            self.found.parts.append(part)
            self._bodies[-1] += 1
            self._copier = Copier(part, self._scopes)
        if self._copier is not None:
            self._copier.start(tag, attributes, declared)
            return
        self._scopes.append(declared)
        self._outside(tag, attributes)

    def _outside(self, tag: str, attributes: Mapping[str, str]) -> None:
        uri, _, local = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
        above, parent = self._open[-1] if self._open else ("", None)
        tree: Element | None = None
        if self._bodies:
            if local != EVENTS_ENV and not self._odd:
                self._odd = tag
            elif attributes and parent is not None:
                parent.children.append(Element(tag, attributes=list(attributes.items())))
        elif uri in NAMESPACES or parent is not None:
            tree = Element(tag, prefix=PREFIXES.get(uri, ""), attributes=list(attributes.items()))
            if parent is not None:
                parent.children.append(tree)
            else:
                self.found.rest.append(tree)
            if local == BODY and uri in NAMESPACES:
                self._bodies.append(0)
        elif above == f"{{{SOAP}}}Header":
            self._context.losses.add(rules.SOAP_HEADER, Outcome.LOST, "soap:Header", tag)
        elif above == f"{{{SOAP}}}Body" and uri != SOAP:
            message = f"the SOAP body holds {tag}"
            self._context.findings.report(rules.BODY, message, value=tag, expected="processMessages")
        self._open.append((tag, tree))

    def data(self, characters: str) -> None:
        """Text."""
        if self._copier is not None:
            self._copier.data(characters)
            return
        if not characters.strip():
            return
        tree = self._open[-1][1] if self._open else None
        if self._bodies:
            self._odd = self._odd or "text"
        elif tree is not None:
            tree.text += characters
        elif any(tag == f"{{{SOAP}}}Fault" for tag, _ in self._open):
            self._fault.append(characters.strip())
        elif self._open and self._open[-1][0] in (f"{{{SOAP}}}Envelope", f"{{{SOAP}}}Body"):
            message = "text stands between the elements of the SOAP envelope"
            self._context.findings.report(rules.BODY, message, value=characters.strip(), expected="processMessages")

    def end(self, tag: str) -> None:
        """An element closes."""
        if self._copier is not None:
            self._copier.end()
            if not self._copier.depth:
                self.found.parts[-1].finish()
                self._copier = None
            return
        self._scopes.pop()
        _, tree = self._open.pop()
        if tree is not None and tree.local == BODY and tree.namespace in NAMESPACES and self._bodies:
            self._body_ended(self._bodies.pop())
        elif tag == f"{{{SOAP}}}Fault":
            text = ", ".join(self._fault)
            self._context.findings.report(rules.FAULT, f"the answer is a SOAP fault: {text}", value=text)

    def _body_ended(self, documents: int) -> None:
        number = len(self.found.parts) if documents else len(self.found.parts) + 1
        if self._odd or not documents:
            what = self._odd or "nothing"
            where = Where(path=f"envelope {number}")
            message = f"the body of an envelope holds {what}"
            self._context.findings.report(rules.BODY, message, where=where, value=what, expected="EPCISDocument")
        self._odd = ""

    def close(self) -> Any:
        """End of the message."""

    def finish(self) -> None:
        """Nothing is open any more."""
        self._scopes.clear()
