"""@context of a JSON document that is being read: what its prefixes mean. No context is ever loaded from a network."""

from __future__ import annotations

from typing import Any, Final

from gateway.epcis.carry import NAMESPACE as CARRY_NAMESPACE
from gateway.findings import Findings, Where
from gateway.formats.epcis_json import rules
from gateway.formats.epcis_json.names import CBVMDA, CBVMDA_JSON, GS1_CONTEXTS, PROTECTED, WELL_KNOWN

_DELIMITERS: Final = "/#:"


class Scope:
    """The prefixes that are valid in one object.

    Args:
        prefixes: prefix to namespace, protected ones left out.
        findings: where undeclared prefixes are reported, once each.

    Attributes:
        unread: entries of the @context that declare no prefix: addresses of other contexts, term definitions.
    """

    def __init__(self, prefixes: dict[str, str], findings: Findings, unread: list[Any] | None = None) -> None:
        self.prefixes = prefixes
        self.unread = unread if unread is not None else []
        self._findings = findings
        self._names: dict[str, tuple[str, str] | None] = {}

    def inner(self, context: Any, where: Where) -> Scope:
        """The scope of an object with a @context of its own."""
        prefixes = dict(self.prefixes)
        unread: list[Any] = []
        for entry in context if isinstance(context, list) else [context]:
            if isinstance(entry, str):
                if entry not in GS1_CONTEXTS:
                    unread.append(entry)
            elif isinstance(entry, dict):
                for term, meaning in entry.items():
                    self._define(term, meaning, prefixes, unread, where)
            else:
                self._findings.report(
                    rules.CONTEXT, "@context holds something that is neither an address nor an object", where=where
                )
        return Scope(prefixes, self._findings, unread)

    def name(self, key: str) -> tuple[str, str] | None:
        """Name of the model and preferred prefix of a key; None for a key that can be no name."""
        try:
            return self._names[key]
        except KeyError:
            found = self._names[key] = self._find(key)
            return found

    def carries(self) -> bool:
        """Whether keys with the gateway's own prefix are the gateway's."""
        return self.prefixes.get("gwc") == CARRY_NAMESPACE

    def _find(self, key: str) -> tuple[str, str] | None:
        prefix, colon, local = key.partition(":")
        if not key or "{" in key or "}" in key or (colon and not local):
            return None
        if not colon:
            return key, ""
        uri = self.prefixes.get(prefix) or WELL_KNOWN.get(prefix)
        if uri is not None and not local.startswith("//"):
            return f"{{{uri}}}{local}", prefix
        if any(delimiter in local for delimiter in _DELIMITERS):
            return _split(key)
        self._findings.report(rules.UNDECLARED_PREFIX, f"the prefix {prefix!r} is not declared", value=key)
        return f"{{{prefix}:}}{local}", prefix

    def _define(self, term: str, meaning: Any, prefixes: dict[str, str], unread: list[Any], where: Where) -> None:
        uri = meaning
        if isinstance(meaning, dict) and meaning.keys() <= {"@id", "@prefix"}:
            uri = meaning.get("@id")
        if not isinstance(uri, str) or term.startswith("@") or ":" in term or not uri:
            unread.append({term: meaning})
            return
        start, colon, rest = uri.partition(":")
        if colon and start in prefixes and not rest.startswith("//"):
            uri = prefixes[start] + rest
        if uri == CBVMDA_JSON:
            uri = CBVMDA
        if term in PROTECTED or term in WELL_KNOWN:
            if uri != WELL_KNOWN[term]:
                self._findings.report(
                    rules.PROTECTED_PREFIX,
                    f"the prefix {term!r} cannot be given another meaning",
                    where=where,
                    value=uri,
                    expected=WELL_KNOWN[term],
                )
            return
        prefixes[term] = uri


def _split(uri: str) -> tuple[str, str]:
    """Name and prefix of a key that is a full URI: the name is what stands behind the last delimiter."""
    if uri.startswith(CBVMDA_JSON):
        return f"{{{CBVMDA}}}{uri[len(CBVMDA_JSON) :]}", "cbvmda"
    cut = max(uri.rfind(delimiter, 0, -1) for delimiter in _DELIMITERS) + 1
    return f"{{{uri[:cut]}}}{uri[cut:]}", ""
