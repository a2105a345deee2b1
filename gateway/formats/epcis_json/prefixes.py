"""Prefixes of a JSON document that is being written: which name gets which key, and what @context must declare."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from gateway.epcis.carry import NAMESPACE as CARRY_NAMESPACE
from gateway.epcis.carry import PREFIX as CARRY_PREFIX
from gateway.epcis.element import Element
from gateway.formats.epcis_json.names import CBVMDA_JSON, WELL_KNOWN, XML_ONLY

_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_RESERVED = {*WELL_KNOWN, CARRY_PREFIX, "http", "https", "urn"}
_WELL_KNOWN_URIS = {uri: prefix for prefix, uri in WELL_KNOWN.items()} | {CBVMDA_JSON: "cbvmda"}

Renamed = Callable[[str, str, str], None]


class Prefixes:
    """The prefixes of one @context.

    Args:
        parent: the prefixes of the object around, which stay valid inside.
        renamed: told when a preferred prefix could not be used: preferred, chosen, URI.

    Attributes:
        declared: what the @context must declare: prefix to namespace.
        by_uri: the first prefix of each namespace declared here.
    """

    def __init__(self, parent: Prefixes | None = None, renamed: Renamed | None = None) -> None:
        self.parent = parent
        self.renamed: Renamed | None = renamed
        if renamed is None and parent is not None:
            self.renamed = parent.renamed
        self.declared: dict[str, str] = {}
        self.by_uri: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._settled: dict[tuple[str, str], str] = {}  # keys inside that need no declaration of their own

    def declare(self, prefix: str, uri: str) -> str:
        """Make a prefix for a namespace, the given one if it is free; return the prefix."""
        known = self._find(uri)
        if known is not None:
            return known
        if uri == CARRY_NAMESPACE:
            chosen = CARRY_PREFIX
        elif prefix and self._free(prefix):
            chosen = prefix
        else:
            number = 1
            while not self._free(f"ext{number}"):
                number += 1
            chosen = f"ext{number}"
            if prefix and self.renamed is not None:
                self.renamed(prefix, chosen, uri)
        self.declared[chosen] = uri
        self.by_uri[uri] = chosen
        return chosen

    def alias(self, prefix: str, uri: str) -> None:
        """Make a second prefix for a namespace that has one, if it is free."""
        if self._free(prefix) and uri not in _WELL_KNOWN_URIS:
            self.declared[prefix] = uri

    def means(self, prefix: str) -> str | None:
        """What a prefix means here, None when nothing."""
        scope: Prefixes | None = self
        while scope is not None:
            if prefix in scope.declared:
                return scope.declared[prefix]
            scope = scope.parent
        return WELL_KNOWN.get(prefix)

    def key(self, name: str, preferred: str = "") -> str:
        """The JSON key of a name of the model; its namespace is declared when it is not yet."""
        key = self._keys.get((name, preferred))
        if key is None and self.parent is not None:
            key = self.parent._settled.get((name, preferred))  # noqa: SLF001 - another object of this class
        if key is None:
            key = self._keys[name, preferred] = self._make(name, preferred)
            if not self.declared and self.parent is not None:
                # Only prefixes of the parent were used, and what they mean does not change.
                self.parent._settled[name, preferred] = key  # noqa: SLF001
        return key

    def _make(self, name: str, preferred: str) -> str:
        if not name.startswith("{"):
            return name
        uri, _, local = name[1:].partition("}")
        if uri == f"{preferred}:" and preferred not in _RESERVED:
            # An undeclared prefix of a JSON source: the name as it stood there.
            return uri + local
        prefix = preferred if preferred and self.means(preferred) == uri else self.declare(preferred, uri)
        return f"{prefix}:{local}"

    def _find(self, uri: str) -> str | None:
        if uri in _WELL_KNOWN_URIS:
            return _WELL_KNOWN_URIS[uri]
        scope: Prefixes | None = self
        while scope is not None:
            if uri in scope.by_uri:
                return scope.by_uri[uri]
            scope = scope.parent
        return None

    def _free(self, prefix: str) -> bool:
        return _PREFIX.fullmatch(prefix) is not None and prefix not in _RESERVED and self.means(prefix) is None


def declare_all(prefixes: Prefixes, pairs: Iterable[tuple[str, str]]) -> None:
    """Declare the user's prefixes of a document: all but those that only XML needs."""
    for prefix, uri in pairs:
        if uri and uri not in XML_ONLY and prefixes.declare(prefix, uri) != prefix:
            prefixes.alias(prefix, uri)


def declare_used(prefixes: Prefixes, elements: Iterable[Element]) -> None:
    """Declare what element and attribute names below `elements` need."""
    for top in elements:
        for element in top.walk():
            prefixes.key(element.name, element.prefix)
            for name, _ in element.attributes:
                prefixes.key(name)
