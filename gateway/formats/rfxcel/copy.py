"""Writes a part of a parsed document again, as a document of its own, while it streams by.

Names, text and attributes are the same; each namespace has a prefix, so that elements without namespace stay without
one wherever the part stood.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.formats.epcis_xml.escape import attribute, text
from gateway.formats.epcis_xml.scope import XML, declaration
from gateway.formats.rfxcel.spool import Part

_EXTRA: Final = "ns"


class Copier:
    """Copies one element with all that is in it.

    Args:
        part: where it goes.
        scopes: the declarations around it, outermost first: prefix (None for the default) and namespace.
    """

    def __init__(self, part: Part, scopes: Iterable[Mapping[str | None, str]]) -> None:
        self._part = part
        outer: dict[str, str] = {}
        for declared in scopes:
            outer.update({prefix: uri for prefix, uri in declared.items() if prefix})
        self._around = outer
        self._scopes: list[dict[str, str]] = []
        self._names: list[str] = []

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._names)

    def start(self, tag: str, attributes: Mapping[str, str], declared: Mapping[str | None, str]) -> None:
        """An element opens."""
        before = self._scopes[-1] if self._scopes else {}
        scope = dict(before if self._scopes else self._around)
        scope.update({prefix: uri for prefix, uri in declared.items() if prefix})
        name = self._name(tag, scope)
        written = [f' {self._name(key, scope)}="{attribute(value)}"' for key, value in attributes.items()]
        new = "".join(declaration(prefix, uri) for prefix, uri in scope.items() if before.get(prefix) != uri)
        self._part.write(f"<{name}{new}{''.join(written)}>")
        self._scopes.append(scope)
        self._names.append(name)

    def end(self) -> None:
        """The innermost element closes."""
        self._scopes.pop()
        self._part.write(f"</{self._names.pop()}>")

    def data(self, characters: str) -> None:
        """Text."""
        self._part.write(text(characters))

    @staticmethod
    def _name(tag: str, scope: dict[str, str]) -> str:
        if not tag.startswith("{"):
            return tag
        uri, _, local = tag[1:].rpartition("}")
        if uri == XML:
            return f"xml:{local}"
        prefix = next((prefix for prefix, known in scope.items() if known == uri), None)
        if prefix is None:
            prefix = next(p for number in itertools.count(1) if (p := f"{_EXTRA}{number}") not in scope)
            scope[prefix] = uri
        return f"{prefix}:{local}"
