"""A page's codes as records: proved, in reading order, each with the container whose label is on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway import gs1
from gateway.errors import LimitExceeded
from gateway.findings import Finding
from gateway.formats.scan import codes, proof, rules
from gateway.formats.scan.page import Page, in_reading_order, middle
from gateway.formats.scan.pictures import Pictures, blank
from gateway.formats.scan.symbols import Seen, Symbol
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.spec_scan import Scan
from gateway.gs1.element_string import FNC1, SYMBOLOGIES, with_fnc1

_SSCC, _CONTENT, _COUNT, _LOT, _GTIN = "00", "02", "37", "10", "01"
_RAW = "raw"
_KEYS = {_SSCC, _GTIN, "21"}
#: What a label says of its contents, and the application identifier of a content that says the same.
_SAME = {_CONTENT: _GTIN, _LOT: _LOT}
_COLUMN = re.compile(r"AI\(([0-9]{2,4})\)")


@dataclass(frozen=True, slots=True)
class Record:
    """A code that has been proved.

    Attributes:
        page: number of its page.
        symbol: the code.
        own: its application identifiers and their values.
        container: SSCC of the container whose label is on the page, with `inside`.
    """

    page: int
    symbol: Symbol
    own: Mapping[str, str]
    container: str = ""

    @property
    def values(self) -> Mapping[str, str]:
        """Its values, and that of its container."""
        return {_SSCC: self.container, **self.own} if self.container else self.own

    def cell(self, column: str) -> str | int:
        """What stands in a column."""
        found = _COLUMN.fullmatch(column)
        if found is not None:
            return self.values.get(found[1], "")
        x, y = self.symbol.box.centre
        own = self.symbol
        # A Digital Link is given as element string, too, so that a mapping reads both alike.
        raw = (
            own.content if own.identifier in SYMBOLOGIES else with_fnc1(map(gs1.Element._make, self.own.items()), FNC1)
        )
        fixed: dict[str, str | int] = {"page": self.page, "x": round(x), "y": round(y), "symbology": own.symbology}
        return fixed.get(column, raw)


def columns(spec: MappingSpec) -> list[str]:
    """The columns that a mapping names, of those that a scan can have."""
    named = [*spec.identify.columns]
    for field in spec.fields.values():
        named += field.headers
    fixed = ("page", "x", "y", "symbology", _RAW)
    return [name for name in dict.fromkeys(named) if name in fixed or _COLUMN.fullmatch(name)]


class Records:
    """Reads pages.

    Args:
        spec: the mapping.
        pictures: takes what is wrong.
    """

    def __init__(self, spec: MappingSpec, pictures: Pictures) -> None:
        self._scan = spec.table.scan or Scan()
        self._pictures = pictures
        self._item = _item(spec)
        self._known = {_ai(name) for name in (*columns(spec), *spec.table.ignore)}
        if self._scan.inside:
            self._known |= {_SSCC}
        for field in spec.fields.values():
            if _RAW in field.headers:
                # Its transform takes the key, its steps may take a single value.
                self._known |= {step.element for step in field.steps if step.element} or _KEYS

    def of(self, page: Page) -> list[Record]:
        """The records of a page; what cannot be one is reported.

        Raises:
            LimitExceeded: the page has too many codes.
        """
        before = self._pictures.errors
        seen = self._look(page)
        for box, contents in seen.disagreeing:
            message = f"a code was read as {' and as '.join(map(repr, contents))}"
            self._pictures.report(rules.DISAGREE, message, page, box, value=contents[0])
        for box, name in seen.unread:
            self._pictures.report(rules.UNREAD, f"there is a {name} code that cannot be read", page, box)
        found = [record for symbol in ordered(seen) if (record := self._proved(page, symbol)) is not None]
        self._report_unused(page, found)
        records = self._in_container(page, found) if self._scan.inside else found
        if not records and self._pictures.errors == before and blank(page):
            self._pictures.report(rules.BLANK, "the page is blank", page)
        elif self._scan.expect and len(records) != self._scan.expect:
            message = f"{len(records)} of {self._scan.expect} expected codes were read and proved"
            expected = str(self._scan.expect)
            self._pictures.report(rules.COUNT, message, page, value=len(records), expected=expected)
        elif not records and self._pictures.errors == before:
            self._pictures.report(rules.NO_CODES, "the page has no code of the mapping that could be read", page)
        return records

    def fits(self, page: Page) -> bool:
        """Whether a page has a code that the mapping is about. Reports nothing."""
        for symbol in self._look(page).symbols:
            try:
                values = dict(proof.elements(symbol) or ())
            except gs1.Gs1Error:
                continue
            if values and self._item <= values.keys():
                return True
        return False

    def _look(self, page: Page) -> Seen:
        try:
            return codes.look(page, self._scan.symbologies)
        except codes.TooMany as error:
            message = f"the page has more than {codes.MOST_CODES:,} codes, or more than can be told apart in one place"
            where = self._pictures.where(page)
            raise LimitExceeded(Finding.of(rules.TOO_MANY_CODES, message, where=where)) from error

    def _is_item(self, record: Record) -> bool:
        """Whether a code is about the smallest thing; a mapping that names it by `raw` takes all but labels."""
        return self._item <= record.values.keys() if self._item else _SSCC not in record.values

    def _proved(self, page: Page, symbol: Symbol) -> Record | None:
        try:
            found = proof.elements(symbol)
        except gs1.Gs1Error as error:
            self._pictures.add(error.finding(), page, symbol.box)
            return None
        if found is not None:
            return Record(page.number, symbol, dict(found))
        if proof.looks_like_gs1(symbol):
            message = f"{symbol.text!r} is not marked as a GS1 code (symbology identifier {symbol.identifier})"
            expected = "a symbol that begins with FNC1"
            self._pictures.report(rules.NO_FNC1, message, page, symbol.box, value=symbol.text, expected=expected)
        else:
            message = f"the {symbol.symbology} code {symbol.text!r} is no GS1 code"
            self._pictures.report(rules.NOT_GS1, message, page, symbol.box, value=symbol.text)
        return None

    def _report_unused(self, page: Page, found: Iterable[Record]) -> None:
        """Say once a file which application identifiers are not converted."""
        for record in found:
            is_label = self._scan.inside and not self._is_item(record)
            for ai, value in record.values.items():
                if ai in self._known or (is_label and ai in {_CONTENT, _COUNT, _LOT}):
                    continue
                self._known.add(ai)
                message = f"AI({ai}) is not in the mapping; its values are not converted"
                self._pictures.report(rules.VALUE_UNUSED, message, page, record.symbol.box, value=value)

    def _in_container(self, page: Page, found: Sequence[Record]) -> list[Record]:
        """The items of a page, each with the SSCC of the page's label."""
        items = [record for record in found if self._is_item(record)]
        labels = [record for record in found if not self._is_item(record)]
        numbers = dict.fromkeys(record.values[_SSCC] for record in labels if _SSCC in record.values)
        if len(numbers) > 1:
            message = f"the page has labels of {len(numbers)} containers: {', '.join(numbers)}"
            self._pictures.report(rules.LABEL, message, page, value=", ".join(numbers), expected="one SSCC")
            return []
        if items and not numbers:
            message = "the page has no label with (00) that could be read"
            self._pictures.report(rules.LABEL, message, page, expected="one SSCC")
            return []
        for record in labels:
            if record.values.keys() & {_SSCC, _CONTENT, _COUNT}:
                self._compare(page, record, items)
            else:
                message = f"{record.symbol.text!r} is neither a content of the page nor its label"
                self._pictures.report(rules.NOT_USED, message, page, record.symbol.box, value=record.symbol.text)
        if numbers and not items and not self._scan.expect:
            message = f"the page has the label of {next(iter(numbers))} and no codes of its contents"
            self._pictures.report(rules.NO_CODES, message, page)
        return [replace(record, container=next(iter(numbers), "")) for record in items]

    def _compare(self, page: Page, label: Record, items: Sequence[Record]) -> None:
        """Hold what a label says of its contents against them."""
        box = label.symbol.box
        for ai, own in _SAME.items():
            said = label.values.get(ai)
            others = sorted({item.values[own] for item in items if own in item.values} - {said})
            if said is not None and others:
                message = f"the label says ({ai}) {said}, codes on its page have ({own}) {', '.join(others)}"
                self._pictures.report(rules.LABEL_DIFFERS, message, page, box, value=said, expected=", ".join(others))
        count = label.values.get(_COUNT)
        if count is not None and int(count) != len(items):
            message = f"the label says (37) {count}, {len(items)} codes of its contents were read on its page"
            self._pictures.report(rules.LABEL_DIFFERS, message, page, box, value=count, expected=str(len(items)))


def ordered(seen: Seen) -> Iterator[Symbol]:
    """The symbols of a page as one reads it, however the page was turned a little."""
    # Bars do not tell their angle well.
    angles = [(symbol.angle + 45) % 90 - 45 for symbol in seen.symbols if symbol.symbology != "gs1-128"]
    for row in in_reading_order(seen.symbols, lambda symbol: symbol.box, middle(angles)):
        yield from row


def _item(spec: MappingSpec) -> frozenset[str]:
    """Application identifiers that a code of the smallest thing has."""
    smallest = next(iter(spec.objects.values()))
    found = set()
    for name in smallest.identity:
        field = spec.fields.get(name)
        own = [_ai(header) for header in field.column if _COLUMN.fullmatch(header)] if field is not None else []
        found.update(own[:1])
    return frozenset(found)


def _ai(column: str) -> str:
    found = _COLUMN.fullmatch(column)
    return found[1] if found is not None else column
