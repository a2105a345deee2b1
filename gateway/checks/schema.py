"""XML documents against an XML schema: streaming, in memory that does not grow with the document.

A first pass validates while it parses, without building a tree; it is all that a valid document costs. libxml2 does
not know lines while it streams, so for an invalid document a second pass feeds the suspicious blocks tag by tag:
the line of an error is the line of the tag that brought it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from lxml import etree

from gateway.checks import schema_rules as rules
from gateway.epcis.events import EVENT_TYPES
from gateway.errors import ConfigurationError
from gateway.findings import Finding, Findings, Rule, Where, clip
from gateway.sources import Source

BLOCK: Final = 1 << 16
MOST_ERRORS: Final = 1000
LONGEST_PATH: Final = 30  # names; hostile documents nest much deeper

_EVENTS: Final = frozenset(cls.type for cls in EVENT_TYPES)
_TAGWISE: Final = re.compile(rb"[^>]*>|[^>]+\Z")
_SCHEMA_DOMAIN: Final = "SCHEMASV"

# libxml2's names of errors, by their beginnings, and the rule that each of them breaks.
_RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("SCHEMAV_CVC_ELT_1", rules.ROOT),
    ("SCHEMAV_ELEMENT_CONTENT", rules.STRUCTURE),
    ("SCHEMAV_CVC_COMPLEX_TYPE_3", rules.ATTRIBUTE),
    ("SCHEMAV_CVC_COMPLEX_TYPE_4", rules.ATTRIBUTE),
    ("SCHEMAV_CVC_COMPLEX_TYPE", rules.STRUCTURE),
    ("SCHEMAV_CVC_IDC", rules.IDENTITY),
    ("SCHEMAV_CVC", rules.VALUE),
)
_NAMESPACE: Final = re.compile(r"\{[^{}]*\}(?=[\w*])")
_OTHER: Final = re.compile(r"##other(\{[^{}]*\})?\*?")
_LOCAL: Final = re.compile(r"##local(\{[^{}]*\})?\*?")
_SUBJECT: Final = re.compile(r"^Element '([^']*)'(?:, attribute '([^']*)')?: ")
_EXPECTED: Final = re.compile(r" Expected is (?:one of )?\( (.*) \)\.?$")
_VALUE: Final = re.compile(r"(?:The value|^) ?'([^']*)' is not ")


def check_xml(document: Source | bytes, schema: Path | etree.XMLSchema, findings: Findings) -> None:
    """Check a document against a schema; what is wrong becomes findings with line, event number and path.

    Args:
        document: the document.
        schema: the schema's file (entry file of a set), or a schema that is loaded.
        findings: where errors go.

    Raises:
        ConfigurationError: the schema itself cannot be loaded.
    """
    source = document if isinstance(document, Source) else Source.memory(document)
    compiled = _compiled(schema) if isinstance(schema, Path) else schema
    suspicious = _suspicious_blocks(source, compiled)
    if suspicious:
        _explain(source, compiled, suspicious, findings)


@lru_cache(maxsize=32)
def _compiled(schema: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.XMLSchema(etree.parse(str(schema), parser))
    except (OSError, etree.LxmlError) as error:
        message = f"the schema {schema.name} cannot be loaded: {error}"
        raise ConfigurationError(message) from error


class _DoctypeError(Exception):
    """A document type declaration came up."""


class _Nothing:
    """A parser target that keeps nothing, so that no tree is built."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse a document type declaration before any of it has an effect."""
        raise _DoctypeError

    def close(self) -> None:
        """End of the document."""


class _Place(_Nothing):
    """Follows the names of open elements and counts events."""

    def __init__(self) -> None:
        self.stack: list[str] = []
        self.event = 0
        self.in_event = 0

    def start(self, tag: str, _attributes: Any) -> None:
        """An element opens."""
        name = tag.rpartition("}")[2]
        self.stack.append(name)
        if name in _EVENTS and not self.in_event:
            self.event += 1
            self.in_event = len(self.stack)

    def end(self, _tag: str) -> None:
        """An element closes."""
        if self.in_event == len(self.stack):
            self.in_event = 0
        self.stack.pop()

    @property
    def path(self) -> str:
        """Names from the event, or from the root, down to the open element."""
        start = self.in_event - 1 if self.in_event else 0
        return "/".join(self.stack[start : start + LONGEST_PATH])


def _parser(target: _Nothing, schema: etree.XMLSchema) -> Any:
    # huge_tree stays off: without it libxml2 bounds depth, text and the growth of entities by itself.
    kept: Any = target
    options: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    return etree.XMLParser(target=kept, schema=schema, **options)


def _blocks(source: Source) -> Iterator[bytes]:
    with source.open() as stream:
        while block := stream.read(BLOCK):
            yield block


def _suspicious_blocks(source: Source, schema: etree.XMLSchema) -> set[int]:
    """Numbers of the blocks that brought up errors; none when the document is valid."""
    found: set[int] = set()
    parser = _parser(_Nothing(), schema)
    number = known = 0
    try:
        for number, block in enumerate(_blocks(source)):
            parser.feed(block)
            errors = len(parser.feed_error_log)
            if errors != known:
                known = errors
                found.add(number)
                if errors >= MOST_ERRORS:
                    return found
        parser.close()
    except (etree.XMLSyntaxError, _DoctypeError):
        found.add(number)
    if len(parser.feed_error_log) != known:  # short documents are parsed only when the parser is closed
        found.add(number)
    return found


class _Explainer:
    """The second pass over an invalid document."""

    def __init__(self, schema: etree.XMLSchema, findings: Findings) -> None:
        self._place = _Place()
        self._parser = _parser(self._place, schema)
        self._findings = findings
        self._known = 0
        self._path = ""
        self.line = 1

    def feed(self, piece: bytes, *, watch: bool) -> bool:
        """Feed a piece; report what it brought up. False when checking must stop."""
        self._path = self._place.path
        try:
            self._parser.feed(piece)
        except (etree.XMLSyntaxError, _DoctypeError) as error:
            self._report_new()
            self._report_fatal(error)
            return False
        if watch:
            # An error belongs to the tag at the end of the piece, so its line is the one where the piece ends.
            self.line += piece.count(b"\n")
            return self._report_new()
        self.line += piece.count(b"\n")
        return True

    def close(self) -> None:
        """The end: whatever comes up only now."""
        try:
            self._parser.close()
            self._report_new()
        except etree.XMLSyntaxError as error:
            self._report_new()
            if self._place.stack or not self._known:
                self._report_fatal(error)

    def _report_new(self) -> bool:
        log = list(self._parser.feed_error_log)
        new, self._known = log[self._known :], len(log)
        previous = None
        for entry in new:
            if entry.domain_name == _SCHEMA_DOMAIN and not _repeats(previous, entry):
                self._findings.add(_finding(entry, self.line, self._place, self._path))
            previous = entry
        if self._known < MOST_ERRORS:
            return True
        message = f"the document has {MOST_ERRORS} errors or more; checking stopped at line {self.line}"
        self._findings.report(rules.TOO_MANY, message, where=Where(line=self.line))
        return False

    def _report_fatal(self, error: Exception) -> None:
        if isinstance(error, _DoctypeError):
            self._findings.report(rules.DOCTYPE, "the document has a document type declaration")
            return
        reason = str(getattr(error, "msg", "") or error).partition(", line ")[0]
        if self._known:  # lxml raises the first schema error when a document with several is cut
            others = [e.message for e in self._parser.feed_error_log if e.domain_name != _SCHEMA_DOMAIN]
            reason = others[-1] if others else "it ends before its elements are closed"
        line = getattr(error, "lineno", 0) or self.line
        where = Where(line=line, event=self._place.event, path=self._place.path)
        self._findings.report(rules.NOT_WELL_FORMED, f"the document is not well-formed: {reason}", where=where)


def _explain(source: Source, schema: etree.XMLSchema, suspicious: set[int], findings: Findings) -> None:
    explainer = _Explainer(schema, findings)
    # A parser may look ahead over the end of a block, so the block before is watched too.
    watched = suspicious | {number - 1 for number in suspicious}
    for number, block in enumerate(_blocks(source)):
        pieces = _TAGWISE.findall(block) if number in watched else [block]
        for piece in pieces:
            if not explainer.feed(piece, watch=number in watched):
                return
    explainer.close()


def _repeats(previous: Any, entry: Any) -> bool:
    """Whether libxml2 only says again, in general terms, what it has just said of the same value."""
    return (
        previous is not None
        and entry.type_name.startswith("SCHEMAV_CVC_DATATYPE_VALID")
        and "[facet " in previous.message
        and entry.message.partition(":")[0] == previous.message.partition(":")[0]
    )


def _finding(entry: Any, line: int, place: _Place, path: str) -> Finding:
    rule = next((rule for name, rule in _RULES if entry.type_name.startswith(name)), rules.STRUCTURE)
    message = _LOCAL.sub("elements without namespace", _OTHER.sub("elements of other namespaces", entry.message))
    message = _NAMESPACE.sub("", message)
    subject = _SUBJECT.match(message)
    expected = _EXPECTED.search(message)
    value = _VALUE.search(message)
    name = subject[1] if subject else ""
    if name and path.rpartition("/")[2] != name:
        path = f"{path}/{name}" if path else name
    if subject and subject[2]:
        path = f"{path}/@{subject[2]}"
    return Finding.of(
        rule,
        clip(message, 500),
        where=Where(line=line, event=place.event if place.in_event or place.event else 0, path=path),
        value=value[1] if value else name,
        expected=expected[1] if expected else "",
    )
