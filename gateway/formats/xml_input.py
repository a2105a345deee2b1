"""XML from outside on its way to a parser: counted and bounded, without DTD, entities and network.

Each format brings its own rules, so that a finding's code says which kind of document was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, cast

from lxml import etree

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Rule, Where
from gateway.formats.base import Context
from gateway.sources import Source

Node = etree._Element  # noqa: SLF001 - lxml gives its element type no public name

#: Arguments of every parser of ours.
SAFE: Final[dict[str, Any]] = {"resolve_entities": False, "no_network": True, "load_dtd": False}

#: An element takes some thirty times its four bytes in memory; an identifier is one, with a start and an end.
_TAGS_OF_EPC: Final = 2
_OTHER_TAGS: Final = 1_000_000


class XmlRules(NamedTuple):
    """The rules of a format that any XML document can break.

    Attributes:
        not_well_formed: it is not well-formed, or empty.
        doctype: it has a document type declaration.
        limit: it is over a limit.
    """

    not_well_formed: Rule
    doctype: Rule
    limit: Rule


class Input:
    """A stream for `lxml.etree.iterparse` that refuses to hand out more than the limits allow.

    Args:
        source: the input.
        context: limits and progress.
        rules: what to report under.
    """

    def __init__(self, source: Source, context: Context, rules: XmlRules) -> None:
        self._rules = rules
        self._limits = context.limits
        self._progress = context.progress
        self._file = source.open()
        self._read = 0
        self._marked = 0
        self._tags = 0
        self._most_tags = _TAGS_OF_EPC * context.limits.epcs_per_event + _OTHER_TAGS

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            LimitExceeded: the input or one event is over its limit.
        """
        data = self._file.read(size)
        self._read += len(data)
        limits = self._limits
        if self._read > limits.input_bytes:
            self._refuse("the document", limits.input_bytes)
        if self._read - self._marked > limits.event_bytes:
            self._refuse("one event or header", limits.event_bytes)
        self._tags += data.count(b"<")
        if self._tags > self._most_tags:
            message = f"one event or header has more than {self._most_tags:,} tags"
            raise LimitExceeded(Finding.of(self._rules.limit, message, expected=f"at most {self._most_tags} tags"))
        if self._progress is not None:
            self._progress(self._file.tell())
        return data

    def mark(self) -> None:
        """An event is complete: its size no longer counts."""
        self._marked = self._read
        self._tags = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refuse(self, what: str, limit: int) -> None:
        raise LimitExceeded(
            Finding.of(self._rules.limit, f"{what} has more than {limit:,} bytes", expected=f"at most {limit} bytes")
        )


def first_element(source: Source, context: Context, rules: XmlRules) -> Node:
    """The root element's start tag, with the parser's own limits in force; nothing behind it is read.

    Raises:
        InputError: the document is not well-formed so far, or has a DOCTYPE.
        LimitExceeded: it is over a limit so far.
    """
    stream = Input(source, context, rules)
    parser = etree.iterparse(stream, events=("start",), **SAFE)
    try:
        for _, root in parser:
            if root.getroottree().docinfo.internalDTD is not None:
                raise InputError(_doctype(rules))
            return cast("Node", root)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in source.head():
            raise InputError(_doctype(rules)) from error
        raise InputError(not_well_formed(rules, error, parser.error_log)) from error
    finally:
        stream.close()
    raise InputError(Finding.of(rules.not_well_formed, "the document is empty"))


def not_well_formed(rules: XmlRules, error: etree.XMLSyntaxError, log: Iterable[Any], event: int = 0) -> Finding:
    """What a parser says is wrong, with its line.

    Args:
        rules: what to report under.
        error: what the parser raised.
        log: the parser's error log.
        event: number of the event in which it stopped, 0 when it is not known.
    """
    line, reason = error.lineno or 0, error.msg or "syntax error"
    first = next((entry for entry in log if entry.line), None)
    if not line and first is not None:  # lxml says "no element found" at the end; the log knows what came first
        line, reason = first.line, first.message
    reason = reason.partition(", line ")[0]
    where = Where(line=line, event=event)
    return Finding.of(rules.not_well_formed, f"the document is not well-formed: {reason}", where=where)


def _doctype(rules: XmlRules) -> Finding:
    return Finding.of(
        rules.doctype, "the document has a document type declaration", value="<!DOCTYPE", expected="no DOCTYPE"
    )


def small_tree(data: bytes, context: Context, rules: XmlRules) -> Node:
    """A whole document as a tree, for messages of a few megabytes at most.

    Raises:
        InputError: it is not well-formed, or has a DOCTYPE.
        LimitExceeded: it is over a limit; one message counts as one event.
    """
    source = Source.memory(data)
    first_element(source, context, rules)
    stream = Input(source, context, rules)
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, **SAFE)
    try:
        root: Any = etree.fromstring(stream.read(context.limits.event_bytes + 1), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(not_well_formed(rules, error, parser.error_log)) from error
    finally:
        stream.close()
    return cast("Node", root)
