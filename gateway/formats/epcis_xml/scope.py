"""Namespace prefixes that are declared at one place of an output document."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.epcis.element import XSI
from gateway.formats.epcis_xml import escape

XML: Final = "http://www.w3.org/XML/1998/namespace"
XSD: Final = "http://www.w3.org/2001/XMLSchema"

# Prefixes that people expect for these namespaces when a source gave none.
USUAL: Final[Mapping[str, str]] = {
    XSI: "xsi",
    XSD: "xsd",
    "urn:epcglobal:cbv:mda": "cbvmda",
    "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader": "sbdh",
}

_PREFIX: Final = re.compile(r"[A-Za-z_][\w.-]*\Z")


class Scope:
    """The prefixes in force inside an element. Never changed: `declare` gives a scope for the inside.

    Attributes:
        uris: URI of each prefix in force.
    """

    __slots__ = ("_prefixes", "uris")

    def __init__(self, uris: Mapping[str, str]) -> None:
        self.uris = dict(uris)
        self._prefixes = {uri: prefix for prefix, uri in reversed(self.uris.items())}

    def prefix(self, uri: str) -> str | None:
        """The prefix in force for a namespace, None when there is none."""
        return self._prefixes.get(uri)

    def declare(self, wanted: Iterable[tuple[str, str]]) -> tuple[Scope, str]:
        """Declare prefixes exactly as given, because values use them.

        Returns:
            The scope inside the element, and the declarations as attributes (with a leading space each).
        """
        new = {prefix: uri for prefix, uri in wanted if self.uris.get(prefix) != uri}
        if not new:
            return self, ""
        return Scope(self.uris | new), "".join(declaration(prefix, uri) for prefix, uri in new.items())

    def need(self, uri: str, preferred: str = "") -> tuple[Scope, str, str]:
        """Make sure that a namespace has a prefix.

        Returns:
            The scope inside the element, the prefix, and the declaration as an attribute ("" when there is one).
        """
        known = self._prefixes.get(uri)
        if known is not None:
            return self, known, ""
        prefix = free(preferred or USUAL.get(uri, ""), self.uris)
        return Scope(self.uris | {prefix: uri}), prefix, declaration(prefix, uri)


def declaration(prefix: str, uri: str) -> str:
    """``xmlns:prefix="uri"`` with a leading space."""
    return f' xmlns:{prefix}="{escape.attribute(uri)}"'


def free(preferred: str, taken: Iterable[str]) -> str:
    """The preferred prefix if it can be used, else ``ext1``, ``ext2`` ..."""
    names = set(taken)
    usable = _PREFIX.match(preferred) and not preferred.lower().startswith("xml")
    if usable and preferred not in names:
        return preferred
    return next(name for number in itertools.count(1) if (name := f"ext{number}") not in names)
