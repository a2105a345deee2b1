"""JSON documents as records: the elements of the lists that a path of keys leads to, with what stands around them.

The outermost list is read element by element; an element is held as a whole, with the lists inside it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Severity, Where, clip
from gateway.formats.base import Context
from gateway.formats.table import rules, rules_records
from gateway.formats.table.carriers.base import Totals
from gateway.formats.table.cells import Cell, header_key
from gateway.formats.table.ignored import Ignored
from gateway.formats.table.json_text import Text, scalars
from gateway.formats.table.records import Record
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.spec_records import Json
from gateway.sources import Source

UP = "../"
Values = dict[str, Cell]


class Paths:
    """The JSON path of each record, kept in a few bytes for each element of the outermost lists.

    Args:
        keys: keys that lead to the records.
    """

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        self._documents = array("Q")  # elements before each document
        self._elements = array("Q")  # records before each element
        self._lists = array("B")  # of each document: how many keys lead to its outermost list; 255 when there is none
        self.records = 0

    def document(self) -> None:
        """Another document begins."""
        self._documents.append(len(self._elements))
        self._lists.append(255)

    def element(self, keys_left: int, *, listed: bool) -> None:
        """Another element of the outermost list begins."""
        self._elements.append(self.records)
        if listed:
            self._lists[-1] = len(self._keys) - keys_left

    def here(self) -> str:
        """The path of the element that began last."""
        return self._path(self.records + 1, inside=False)

    def path(self, number: int) -> str:
        """The path of a record, e.g. ``$.batch.items[4]``."""
        return self._path(number, inside=True)

    def _path(self, number: int, *, inside: bool) -> str:
        element = bisect_right(self._elements, number - 1) - 1
        if element < 0:
            return "$"
        document = bisect_right(self._documents, element) - 1
        depth = self._lists[document]
        shown = "$" if len(self._documents) == 1 else f"document {document + 1}: $"
        keys = self._keys if depth > len(self._keys) else self._keys[:depth]
        shown += "".join(f".{key}" for key in keys)
        if depth <= len(self._keys):
            shown += f"[{element - self._documents[document]}]"
            place = number - 1 - self._elements[element]
            left = self._keys[depth:] if inside else []
            if len(left) == 1:
                shown += f".{left[0]}[{place}]"
            elif left:
                shown += f".{'.'.join(left)}, record {place + 1}"
        return shown


class _Walk:
    """One document: gives the elements of its outermost list, and keeps what stands around it."""

    def __init__(self, text: Text, keys: list[str]) -> None:
        self._text = text
        self._keys = keys
        #: Whether the path leads to something.
        self.found = False
        #: Values before and behind the list, by name as records see it.
        self.before: Values = {}
        self.behind: Values = {}
        #: The keys that are there beside the path.
        self.names: list[str] = []

    def elements(self, used: int = 0) -> Iterator[tuple[Any, int, bool]]:
        """Each element, how many keys of the path are left inside it, and whether it stands in a list."""
        text, left = self._text, len(self._keys) - used
        if text.peek() == "[":
            self.found = True
            text.expect("[")
            if text.peek() == "]":
                text.expect("]")
                return
            while True:
                yield text.value(), left, True
                if text.expect(",]") == "]":
                    return
        if not left:
            self.found = True
            yield text.value(), 0, False
            return
        for name in self._names():
            if name == self._keys[used]:
                yield from self.elements(used + 1)
            else:
                self.names.append(name)
                around = self.behind if self.found else self.before
                around |= {UP * left + inner: one for inner, one in scalars({name: text.value()})}

    def _names(self) -> Iterator[str]:
        """The names of an object; the value of each must be taken before the next is asked for."""
        text = self._text
        seen: set[str] = set()
        text.expect("{")
        if text.peek() == "}":
            text.expect("}")
            return
        while True:
            name = text.name()
            if name in seen:
                raise InputError(text.finding(rules_records.JSON_FORM, f"the name {name!r} stands twice in an object"))
            seen.add(name)
            text.expect(":")
            yield name
            if text.expect(",}") == "}":
                return


class Records:
    """The records of one file.

    Args:
        spec: the mapping, with `table.json`.
        source: the file.
        context: limits and findings.

    Attributes:
        totals: values of the columns of `table.controls`, filled while the records are read.
        paths: where each record is.
    """

    def __init__(self, spec: MappingSpec, source: Source, context: Context) -> None:
        declared = spec.table.json_ or Json()
        self._keys = [key for key in declared.records.split(".") if key]
        self._source = source
        self._context = context
        self.totals: Totals = {}
        self.paths = Paths(self._keys)
        self._controls = {header_key(control.column): control.column for control in spec.table.controls}
        headers = [text for field in spec.fields.values() for text in field.headers]
        self._outer = {header_key(text) for text in headers if text.startswith(UP)}
        self._known = self._outer | self._controls.keys()
        self._left_out = Ignored(spec.table.ignore)

    def all(self) -> Iterator[Record]:
        """The records in the order of the file.

        Raises:
            InputError: it is no JSON, or has no list where the path leads.
            LimitExceeded: one record is too large, or nested too deeply.
        """
        late = self._late() if self._outer else {}
        with self._source.open() as stream:
            text = Text(stream, self._source.name, self._context.limits)
            number = 0
            while text.peek() or not number:
                self.paths.document()
                walk = _Walk(text, self._keys)
                for element, left, listed in walk.elements():
                    self.paths.element(left, listed=listed)
                    yield from self._records(element, left, {**walk.before, **late.get(number, {})})
                    if self._context.progress is not None:
                        self._context.progress(stream.tell())
                self._around(walk, late.get(number, {}))
                number += 1

    def _late(self) -> dict[int, Values]:
        """What is wanted and stands behind the list of a document, by its number; read in a pass of its own."""
        late: dict[int, Values] = {}
        with self._source.open() as stream, suppress(InputError, LimitExceeded):
            # What is wrong is said when the records before it have been read.
            text = Text(stream, self._source.name, self._context.limits)
            number = 0
            while text.peek():
                walk = _Walk(text, self._keys)
                for _ in walk.elements():
                    if not number and self._outer <= set(map(header_key, walk.before)):
                        return {}  # all stands before the list; that of other documents will be looked at
                wanted = {name: one for name, one in walk.behind.items() if header_key(name) in self._outer}
                if wanted:
                    late[number] = wanted
                number += 1
        return late

    def _records(self, element: Any, left: int, outer: Values) -> Iterator[Record]:
        if not isinstance(element, dict):
            raise InputError(self._no_record(f"{clip(str(element), 40)!r} is no object", element))
        if not left:
            self.paths.records += 1
            number = self.paths.records
            record: Values = {**outer, **dict(scalars(element))}
            if self._controls:
                record = self._without_totals(record, ())
            yield number, record
            return
        key = self._keys[-left]
        around = {UP * left + name: one for name, one in scalars(element, skip=key)}
        mine = self._without_totals(around, around)
        inside = element.get(key)
        if inside is None or inside == []:
            message = f"an element has no {key!r}: nothing of it is converted"
            where = Where(file=self._source.name, path=self.paths.here())
            self._context.findings.report(rules_records.RECORDS_MISSING, message, where=where, value=element)
            return
        for one in inside if isinstance(inside, list) else [inside]:
            yield from self._records(one, left - 1, {**outer, **mine})

    def _without_totals(self, values: Mapping[str, Cell], noted: Mapping[str, Cell] | tuple[()]) -> Values:
        kept: Values = {}
        for name, one in values.items():
            column = self._controls.get(header_key(name))
            if column is None:
                kept[name] = one
            elif name in noted:
                self._total(column, name, one)
        return kept

    def _total(self, column: str, name: str, value: Cell) -> None:
        where = Where(file=self._source.name, path="$", column=name)
        self.totals.setdefault(column, []).append((str(value), where))

    def _around(self, walk: _Walk, late: Values) -> None:
        """Note the totals of a document, and say what of the rest is not converted."""
        if not walk.found:
            there = ", ".join(walk.names) or "nothing"
            message = f"the document has no {'.'.join(self._keys)!r}; it has {there}"
            raise InputError(self._no_record(message, there))
        self._without_totals({**walk.before, **walk.behind}, {**walk.before, **walk.behind})
        for name, one in walk.behind.items():
            where = Where(file=self._source.name, path="$", column=name)
            if header_key(name) in self._outer and name not in late:
                message = f"the value {name!r} stands behind the records, in other documents of the file before them"
                raise InputError(Finding.of(rules_records.VALUE_LATE, message, where=where, value=one))
            if header_key(name) not in self._known and name not in self._left_out:
                self._known.add(header_key(name))
                message = f"the value {name!r} is not in the mapping; it is not converted"
                self._context.findings.report(rules.HEADER_UNKNOWN, message, where=where, value=name)

    def _no_record(self, message: str, value: object) -> Finding:
        where = Where(file=self._source.name, path=self.paths.here())
        expected = ".".join(["$", *self._keys])
        return Finding.of(
            rules_records.RECORDS_MISSING, message, where=where, value=value, expected=expected, severity=Severity.ERROR
        )
