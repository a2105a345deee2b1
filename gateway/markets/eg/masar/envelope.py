"""The envelopes around an EPCIS document: written, and taken off again while the document streams by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from gateway.epcis import sbdh
from gateway.epcis.element import Element
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding
from gateway.formats.base import Context
from gateway.formats.epcis_xml.names import V1
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write import DECLARATION
from gateway.formats.epcis_xml.write_element import write_element
from gateway.formats.rfxcel.copy import Copier
from gateway.formats.rfxcel.spool import Budget, Part
from gateway.formats.xml_input import SAFE, Input, XmlRules, not_well_formed
from gateway.markets.eg.masar import rules, settings
from gateway.markets.kit.soap import ENVELOPE as SOAP
from gateway.sources import Source

XML_RULES: Final = XmlRules(rules.FILE, rules.DOCTYPE, rules.FILE)
_BLOCK: Final = 1 << 16
# Without resolving, libxml2 hands ``&amp;`` in attributes to a target as ``&#38;``; a DOCTYPE is refused anyway.
_SAFE: Final = {**SAFE, "resolve_entities": "internal"}
_EPCIS: Final = f"{{{V1.document}}}EPCISDocument"
_SBD, _SBDH = (f"{{{sbdh.NAMESPACE}}}{name}" for name in ("StandardBusinessDocument", "StandardBusinessDocumentHeader"))
_AROUND: Final = (
    (),
    (_SBD,),
    (f"{{{SOAP}}}Envelope", f"{{{SOAP}}}Body"),
    (f"{{{SOAP}}}Envelope", f"{{{SOAP}}}Body", _SBD),
)
_DEEPEST: Final = 20


def wrap(document: bytes, header: Element, envelope: str) -> bytes:
    """Put a document into its envelope.

    Args:
        document: EPCIS XML with its declaration; in a StandardBusinessDocument without a header of its own.
        header: the StandardBusinessDocumentHeader.
        envelope: one of the choices of the setting.
    """
    if envelope == settings.BARE:
        return document
    inside = document.removeprefix(DECLARATION.encode())
    if envelope in (settings.SBD, settings.SOAP_SBD):
        head = write_element(header, Scope({sbdh.PREFIX: sbdh.NAMESPACE}))
        name = f"{sbdh.PREFIX}:StandardBusinessDocument"
        inside = b"".join(
            (f'<{name} xmlns:{sbdh.PREFIX}="{sbdh.NAMESPACE}">{head}\n'.encode(), inside, f"</{name}>\n".encode())
        )
    if envelope in (settings.SOAP, settings.SOAP_SBD):
        head = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>\n'
        inside = b"".join((head.encode(), inside, b"</soap:Body></soap:Envelope>\n"))
    return DECLARATION.encode() + inside


class Unwrapped:
    """What a file holds.

    Attributes:
        part: the EPCIS document.
        header: the StandardBusinessDocumentHeader around it, None where there is none.
    """

    def __init__(self) -> None:
        self.part: Part | None = None
        self.header: Element | None = None

    def close(self) -> None:
        """Give memory and disk space back."""
        if self.part is not None:
            self.part.close()


def unwrap(source: Source, context: Context) -> Unwrapped:
    """Take a file apart, in one pass.

    Raises:
        InputError: it is not well-formed, has a DOCTYPE, or is not one document in one of the envelopes.
        LimitExceeded: it is over a limit.
    """
    target = _Target()
    kept: Any = target
    parser = etree.XMLParser(target=kept, huge_tree=True, **_SAFE)
    stream = Input(source, context, XML_RULES)
    try:
        while data := stream.read(_BLOCK):
            parser.feed(data)
            stream.mark()
        parser.close()
    except etree.XMLSyntaxError as error:
        target.found.close()
        raise InputError(not_well_formed(XML_RULES, error, parser.feed_error_log)) from error
    except BaseException:  # whatever stops it: the files on disk must go
        target.found.close()
        raise
    finally:
        stream.close()
    if target.found.part is None:
        message = (
            f"the file holds no EPCIS 1.2 document in an envelope that Masar takes, but {target.root or 'nothing'}"
        )
        raise InputError(Finding.of(rules.FILE, message, value=target.root))
    return target.found


class _Target:
    """Gets the parser's events."""

    def __init__(self) -> None:
        self.found = Unwrapped()
        self.root = ""
        self._copier: Copier | None = None
        self._scopes: list[Mapping[str | None, str]] = []
        self._open: list[str] = []
        self._tree: list[Element] = []

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse a document type declaration before any of it has an effect."""
        raise InputError(Finding.of(rules.DOCTYPE, "the document has a document type declaration"))

    def start(self, tag: str, attributes: Mapping[str, str], declared: Mapping[str | None, str]) -> None:
        """An element opens."""
        self.root = self.root or tag
        if self._copier is None and tag == _EPCIS and tuple(self._open) in _AROUND:
            if self.found.part is not None:
                raise InputError(Finding.of(rules.FILE, "the file holds a second EPCIS document", value=tag))
            self.found.part = Part(Budget())
            self._copier = Copier(self.found.part, self._scopes)
        if self._copier is not None:
            self._copier.start(tag, attributes, declared)
            return
        if len(self._open) == _DEEPEST:
            raise LimitExceeded(Finding.of(rules.FILE, f"elements around the document are over {_DEEPEST} deep"))
        self._scopes.append(declared)
        self._open.append(tag)
        if self._tree or (tag == _SBDH and self.found.header is None):
            node = Element(tag, attributes=list(attributes.items()), prefix=sbdh.PREFIX)
            if self._tree:
                self._tree[-1].children.append(node)
            else:
                self.found.header = node
            self._tree.append(node)

    def data(self, characters: str) -> None:
        """Text."""
        if self._copier is not None:
            self._copier.data(characters)
        elif self._tree:
            self._tree[-1].text += characters

    def end(self, _tag: str) -> None:
        """An element closes."""
        if self._copier is not None:
            self._copier.end()
            if not self._copier.depth and self.found.part is not None:
                self.found.part.finish()
                self._copier = None
            return
        self._scopes.pop()
        self._open.pop()
        if self._tree:
            self._tree.pop()

    def close(self) -> None:
        """End of the file."""
