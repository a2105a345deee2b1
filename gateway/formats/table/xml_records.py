"""XML documents as records: one element each, with values from it, below it and above it.

The document is read element by element; a record is dropped once it has been handed over. DTDs, entities and the
network stay out. Values above a record may stand behind it: such records wait, but not without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Severity, Where
from gateway.formats.base import Context
from gateway.formats.table import rules, rules_records
from gateway.formats.table.carriers.base import Totals
from gateway.formats.table.cells import header_key
from gateway.formats.table.records import Record
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.spec_records import Xml
from gateway.formats.table.xml_leaves import Leaves, Used
from gateway.formats.table.xml_paths import Counted, Match, column_paths, text_of
from gateway.sources import Source

#: Records that wait for a value above them.
WAITING = 4096
#: Elements beside the records are kept, because paths may lead to them.
BESIDE = 200_000
_UPS = re.compile(r"\.\.(?=/|$)")
#: huge_tree stays off: without it libxml2 bounds depth and text by itself.
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_CLEAN: dict[str, Any] = {"remove_comments": True, "remove_pis": True}

Node = etree._Element  # noqa: SLF001 - lxml has no public name for it


@dataclass(slots=True)
class _Taken:
    """A record that was read: its element stays in the tree as long as values above it may come."""

    number: int
    depth: int
    node: Node
    values: dict[str, str]


class Records:
    """The records of one file.

    Args:
        spec: the mapping, with `table.xml`.
        source: the file.
        context: limits and findings.

    Attributes:
        totals: values of the columns of `table.controls`, complete when all records are read.
    """

    def __init__(self, spec: MappingSpec, source: Source, context: Context) -> None:
        self._xml = cast("Xml", spec.table.xml)
        self._source = source
        self._context = context
        self.totals: Totals = {}
        controls = {header_key(control.column) for control in spec.table.controls}
        self._paths = column_paths(self._xml)
        self._controls = [name for name in self._paths if header_key(name) in controls]
        columns = {name: path for name, path in self._xml.columns.items() if name not in self._controls}
        #: Columns above a record, and how many levels above it.
        self._above = {name: len(_UPS.findall(path)) for name, path in columns.items() if path.startswith("..")}
        self._inside = [name for name, path in columns.items() if not path.startswith("..")]
        self._match = Match(self._xml)
        self._leaves = Leaves(spec, source.name, context.findings)
        self._waiting: list[_Taken] = []
        self._last: _Taken | None = None
        self._not_waited: set[str] = set()
        self._known: dict[str, tuple[Node, str]] = {}
        self._used: Used = set()
        self._noted: Used = set()
        self._done: list[Node] = []
        self._beside = 0
        self._count = 0

    def path(self, number: int) -> str:
        """The XPath of a record."""
        return f"({self._xml.records})[{number}]"

    def all(self) -> Iterator[Record]:
        """The records in the order of the file.

        Raises:
            InputError: it is not well-formed, has a DOCTYPE, or has no record.
            LimitExceeded: it is over a limit.
        """
        with self._source.open() as stream:
            counted = Counted(stream, self._source, self._context)
            parser = etree.iterparse(counted, events=("start", "end"), **_SAFE, **_CLEAN)
            try:
                yield from self._walk(parser)
            except etree.XMLSyntaxError as error:
                raise InputError(self._not_well_formed(error)) from error
        if not self._count:
            message = f"the document has no element {self._xml.records}; it has {self._match.there}"
            raise InputError(
                self._finding(rules_records.RECORDS_MISSING, message, self._match.there, self._xml.records)
            )

    def _walk(self, parser: Any) -> Iterator[Record]:
        opened: list[Node] = []
        with_records: list[bool] = []
        record_at = 0
        for event, node in parser:
            if event == "start":
                if not opened and node.getroottree().docinfo.internalDTD is not None:
                    message = "the document has a document type declaration"
                    raise InputError(self._finding(rules_records.XML_DOCTYPE, message, "<!DOCTYPE", "no DOCTYPE"))
                if not opened and not self._match.may_be_below(node):
                    self._match.is_record([node])  # notes what is there
                    break
                opened.append(node)
                with_records.append(False)
                if len(opened) > self._context.limits.depth:
                    message = f"elements are nested more than {self._context.limits.depth} deep"
                    raise LimitExceeded(self._finding(rules.TOO_LARGE, message, "", ""))
                if not record_at and self._match.is_record(opened):
                    record_at = len(opened)
                    with_records[:-1] = [True] * (record_at - 1)
                continue
            depth = len(opened)
            opened.pop()
            holds = with_records.pop()
            if depth == record_at:
                record_at = 0
                yield from self._record(node, opened)
            elif not record_at:
                yield from self._beside_records(node, depth, holds=holds)

    def _record(self, node: Node, opened: list[Node]) -> Iterator[Record]:
        depth = len(opened) + 1
        self._drop()
        self._count += 1
        used: Used = set()
        values = {name: self._value(name, node, used) for name in self._inside}
        for name, ups in self._above.items():
            values[name] = self._value_above(name, node, opened[-ups] if ups <= len(opened) else None)
        for name in self._controls:
            self._total(name, node)
        self._leaves.look(node.iter(), used, self.path(self._count))
        self._waiting.append(_Taken(self._count, depth, node, values))
        yield from self._ready(depth)

    def _ready(self, ended: int) -> Iterator[Record]:
        """The records that wait for nothing any more, in their order, when an element of this depth has ended."""
        if len(self._waiting) > WAITING:
            self._not_waited |= {name for name in self._above if not self._waiting[0].values[name]}
        ready = 0
        for one in self._waiting:
            missing = [
                ups for name, ups in self._above.items() if not one.values[name] and name not in self._not_waited
            ]
            if any(one.depth - ups < ended for ups in missing):
                break  # an element that is still open may have the value
            ready += 1
            self._last = one
            self._done.append(one.node)
            yield one.number, {name: value for name, value in one.values.items() if value != ""}
        del self._waiting[:ready]

    def _beside_records(self, node: Node, depth: int, *, holds: bool) -> Iterator[Record]:
        """An element that is no record has ended; `holds` says whether there are records inside it."""
        self._beside += 1
        if self._beside > BESIDE:
            message = f"more than {BESIDE:,} elements stand beside the records {self._xml.records}"
            raise LimitExceeded(self._finding(rules.TOO_LARGE, message, "", ""))
        if not holds:
            return
        for one in self._waiting:
            one.values |= {
                name: self._value(name, one.node, self._used) for name in self._above if not one.values[name]
            }
        self._compare_last()
        for one in (*self._waiting, *([self._last] if self._last is not None else [])):
            for name in self._controls:
                self._total(name, one.node)
        yield from self._ready(depth)
        records = {one.node for one in self._waiting} | set(self._done)
        self._leaves.look(self._outside(node, records), self._used, "")
        if depth > 1:
            self._done.append(node)

    def _outside(self, node: Node, records: set[Node]) -> Iterator[Node]:
        """An element and what is inside it, without its records."""
        yield node
        for child in node:
            if child not in records:
                yield from self._outside(child, records)

    def _compare_last(self) -> None:
        """Whether a value above records that were handed over came behind them: that would be lost."""
        last = self._last
        if last is None or last.node.getparent() is None:
            return
        for name in self._above:
            now = self._value(name, last.node, self._used)
            if now != last.values[name]:
                message = f"the value of {name!r} stands behind more than {WAITING:,} records for which it holds"
                raise InputError(self._finding(rules_records.VALUE_LATE, message, now, "", column=name))

    def _drop(self) -> None:
        """Take elements that were handed over out of the tree; never the one that has just ended."""
        if self._waiting:
            return
        for node in self._done:
            parent = node.getparent()
            if parent is not None:
                if not self._match.is_tag(node):
                    self._beside -= sum(1 for one in node.iter() if not self._match.is_tag(one))
                parent.remove(node)
        self._done.clear()
        self._used = {
            pair for pair in self._used if pair[0].getparent() is not None or pair[0].getroottree().getroot() is pair[0]
        }

    def _value_above(self, name: str, node: Node, ancestor: Node | None) -> str:
        """A value above a record, looked for once for all records with the same ancestor."""
        known = self._known.get(name)
        if known is not None and known[0] is ancestor:
            return known[1]
        value = self._value(name, node, self._used)
        if value and ancestor is not None:
            self._known[name] = (ancestor, value)
        return value

    def _value(self, name: str, node: Node, used: Used) -> str:
        found = self._paths[name](node)
        if len(found) == 1:
            return text_of(found[0], used)
        texts = dict.fromkeys(text_of(one, used) for one in found)
        if len(texts) > 1:
            message = f"{name!r} ({self._xml.columns[name]}) has {len(texts)} different values"
            shown = ", ".join(texts)
            self._context.findings.add(
                self._finding(rules_records.VALUE_TWICE, message, shown, "one value", column=name)
            )
        return next(iter(texts), "")

    def _total(self, name: str, node: Node) -> None:
        """Note a total, once for each place where it stands."""
        for one in self._paths[name](node):
            places: Used = set()
            text = text_of(one, places)
            if not places <= self._noted:
                self._noted |= places
                where = Where(file=self._source.name, path=self._xml.columns[name], column=name)
                self.totals.setdefault(name, []).append((text, where))
            self._used |= places

    def _finding(self, rule: Any, message: str, value: str, expected: str, *, column: str = "") -> Finding:
        path = self.path(self._count) if self._count else ""
        where = Where(file=self._source.name, path=path, column=column)
        return Finding.of(rule, message, where=where, value=value, expected=expected, severity=Severity.ERROR)

    def _not_well_formed(self, error: etree.XMLSyntaxError) -> Finding:
        if b"<!DOCTYPE" in self._source.head():
            message = "the document has a document type declaration"
            return self._finding(rules_records.XML_DOCTYPE, message, "<!DOCTYPE", "no DOCTYPE")
        reason = (error.msg or "syntax error").partition(", line ")[0]
        where = Where(file=self._source.name, line=error.lineno or 0)
        return Finding.of(rules_records.XML_FORM, f"the document is not well-formed XML: {reason}", where=where)
