"""What the values of a column are, by check digits, patterns, number of different ones, and forms of dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway import gs1
from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.infer import forms, words
from gateway.formats.table.infer.forms import Forms
from gateway.gs1.check_digit import verify

_NUMBER = re.compile(r"(?:[0-9]{1,9}|[0-9]{1,3}(?:[.,][0-9]{3})+)(?:[.,][0-9]{1,6})?")
_URIS = ("urn:epc:", "http://", "https://")
_CLOCK = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?(?: ?[AaPp][Mm])?")
#: GS1 set 82 without what only a broken column would have.
_CODE = re.compile(r"[-!\"%&'()*+,./0-9:;<=>?A-Z_a-z]{1,20}")
_NDC = re.compile(r"[0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2}")
_GTINS = (8, 12, 13, 14)
#: A GTIN and a serial number as they stand in a DataMatrix, the serial up to a separator or the end.
BARE_CODE = re.compile(r"01([0-9]{14})21([^\x1d]{1,20})(?:\x1d.*)?$")
_LENGTH_SSCC, _LENGTH_GLN = 18, 13


@dataclass(slots=True)
class Look:
    """A column, or a cell above the table, as its values show it.

    Attributes:
        index: index of the column.
        header: its header.
        texts: all cells as text, row by row; empty where nothing stands.
        filled: the cells that hold something.
        distinct: the different ones.
        shares: for each nature of values how much of the filled cells has it, 0 to 1.
        natures: for each different value all that it may be.
        dates: how its dates are written, None when it holds none.
        numbers: whether numbers, not texts, stand in the sheet.
    """

    index: int
    header: str
    texts: list[str]
    filled: list[str] = field(default_factory=list)
    distinct: list[str] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    natures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Forms | None = None
    numbers: bool = False

    def share(self, nature: str) -> float:
        """How much of the filled cells has this nature."""
        return self.shares.get(nature, 0.0)

    def all(self, nature: str) -> bool:
        """Whether the column has this nature: nearly all cells, as some may be wrong."""
        return bool(self.filled) and self.share(nature) >= _NEARLY_ALL

    @property
    def unique(self) -> bool:
        """Whether hardly a value stands twice."""
        return len(self.filled) > 1 and len(self.distinct) >= _NEARLY_ALL * len(self.filled)

    @property
    def uris(self) -> bool:
        """Whether the identifiers are URIs: EPC URNs or Digital Links."""
        return any(text.startswith(_URIS) for text in self.distinct)

    @property
    def gaps(self) -> bool:
        """Whether some rows have nothing here."""
        return len(self.filled) < len(self.texts)

    @property
    def example(self) -> str:
        """A value, for reasons."""
        return self.filled[0] if self.filled else ""


_NEARLY_ALL = 0.95


def look(index: int, header: str, cells: Sequence[Cell], prefer: str = "") -> Look:
    """Look at a column.

    Args:
        index: its index.
        header: its header.
        cells: its cells below the header, without totals.
        prefer: order of day and month that other columns prove.
    """
    texts = [shown(cell) for cell in cells]
    filled = [text for text in texts if text]
    one = Look(index, header, texts, filled, list(dict.fromkeys(filled)))
    if not filled:
        return one
    one.natures = {text: tuple(_natures(text)) for text in one.distinct}
    counts: dict[str, int] = {}
    for text in filled:
        for nature in one.natures[text]:
            counts[nature] = counts.get(nature, 0) + 1
    one.shares = {nature: count / len(filled) for nature, count in counts.items()}
    numbers = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    one.numbers = len(numbers) >= _NEARLY_ALL * len(filled)
    one.dates = _dates([cell for cell in cells if shown(cell)], one.distinct, prefer)
    if _counts_up(filled):
        one.shares["counter"] = 1.0
    return one


def _natures(text: str) -> list[str]:
    """All that a value may be."""
    found = []
    if text.isascii() and text.isdigit():
        found.append("digits")
    if len(text) in _GTINS and verify(text):
        found += ["gtin", "gln"] if len(text) == _LENGTH_GLN else ["gtin"]
    if is_sscc(text):
        found.append("sscc")
    if _CLOCK.fullmatch(text):
        found.append("clock")
    if _NUMBER.fullmatch(text):
        found.append("number")
    if _CODE.fullmatch(text):
        found.append("code")
    if _NDC.fullmatch(text):
        found.append("ndc")
    if words.unit(text) is not None:
        found.append("unit")
    return found + (_codes(text) if len(text) > _LENGTH_SSCC else [])


def _codes(text: str) -> list[str]:
    """What a text that is longer than a number may be: the content of a barcode."""
    found = ["sgtin"] if _sgtin(text) else []
    bare = BARE_CODE.match(text)
    return [*found, "bare code"] if bare is not None and verify(bare[1]) else found


def is_sscc(text: str) -> bool:
    """Whether a text is an SSCC with a right check digit; ``(00)`` or 00 may stand before it."""
    if text.startswith(_URIS):
        return _is_sscc_uri(text)
    bare = text.removeprefix("(00)")
    if len(bare) == _LENGTH_SSCC + 2:
        bare = bare.removeprefix("00")
    return len(bare) == _LENGTH_SSCC and verify(bare)


def _is_sscc_uri(text: str) -> bool:
    try:
        gs1.Sscc.parse(text)
    except gs1.Gs1Error:
        return False
    return True


def _sgtin(text: str) -> bool:
    """Whether a text holds a GTIN with a serial number, in any spelling that the transform `sgtin` reads."""
    try:
        gs1.Sgtin.parse(text)
    except gs1.Gs1Error:
        return False
    return True


def _dates(cells: Sequence[Cell], distinct: Sequence[str], prefer: str) -> Forms | None:
    """The dates of a column: date cells of a sheet, or texts in a form."""
    moments = [cell for cell in cells if isinstance(cell, dt.datetime)]
    days = [cell for cell in cells if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime)]
    if moments and len(moments) + len(days) == len(cells):
        kind = "datetime" if any(moment.time() != dt.time() for moment in moments) else "date"
        times = sorted(cell.isoformat() for cell in (*moments, *days))
        return Forms((), kind, forms.YMD, "date cells", (), times[0], times[-1])
    if days and len(days) == len(cells):
        times = sorted(day.isoformat() for day in days)
        return Forms((), "date", forms.YMD, "date cells", (), times[0], times[-1])
    if len(distinct[0]) < _SHORTEST_DATE:
        return None
    return forms.find(distinct, prefer)


_SHORTEST_DATE = 4
_LONGEST_COUNTER = 9


def _counts_up(filled: Sequence[str]) -> bool:
    """Whether the values are 1, 2, 3 and so on, as row numbers are."""
    return len(filled) > 1 and all(text == str(number) for number, text in enumerate(filled, _int_or(filled[0])))


def _int_or(text: str) -> int:
    """The text as a whole number, -1 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_COUNTER else -1
