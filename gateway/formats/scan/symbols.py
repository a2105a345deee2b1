"""What a reader of barcodes saw on a page, brought together: one symbol a place, disagreements told apart.

The two-dimensional symbologies correct errors, and know when they cannot. Bars have one check character: in a poor
picture they are now and then read wrong, even with a right check digit inside, and two looks that prepare the picture
alike may make the same mistake. So bars count only when three looks read the same and none reads something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.formats.scan.page import Box

BARS = "gs1-128"
#: A damaged symbol is believed in from this width and height on, in millimetres; specks look like smaller ones.
_LEAST, _MOST = 3.0, 80.0
_LONGEST_SIDE = 5.0
#: Of bars only those lines are told that were read; each look reads others of the same symbol. The height within which
#: other contents contradict it, and within which the same content is the same symbol, in millimetres.
_LINES, _HEIGHT = 10.0, 40.0
_NEEDED_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Symbol:
    """A barcode that was decoded.

    Attributes:
        symbology: ``datamatrix``, ``gs1-128`` or ``qr``.
        identifier: symbology identifier, e.g. ``]d2`` (ISO/IEC 15424).
        text: content without it; FNC1 as separator is ASCII 29.
        box: its place.
        angle: by how many degrees it is turned clockwise.
    """

    symbology: str
    identifier: str
    text: str
    box: Box
    angle: float = 0.0

    @property
    def content(self) -> str:
        """What a scanner would send."""
        return self.identifier + self.text

    def at_place_of(self, other: Symbol) -> bool:
        """Whether both are at the same place; then they are one symbol, or one of them was read wrong."""
        return _near(self, other, _LINES)

    def same(self, other: Symbol) -> bool:
        """Whether both are the same symbol."""
        return self.content == other.content and _near(self, other, _HEIGHT)


def _near(one: Symbol, other: Symbol, height: float) -> bool:
    if BARS not in {one.symbology, other.symbology}:
        return one.box.same(other.box)
    return one.box.at_least(height).same(other.box.at_least(height))


@dataclass(slots=True)
class _Entry:
    symbol: Symbol
    looks: set[int]


@dataclass(slots=True)
class Seen:
    """All that was seen on one page.

    Attributes:
        disagreeing: places where different contents were read, with these.
        unread: places of symbols that could not be decoded, or not surely, and their symbology.
    """

    disagreeing: list[tuple[Box, list[str]]] = field(default_factory=list)
    unread: list[tuple[Box, str]] = field(default_factory=list)
    _entries: list[_Entry] = field(default_factory=list)

    @property
    def symbols(self) -> list[Symbol]:
        """The symbols that were decoded, each once."""
        return [entry.symbol for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries) + len(self.unread)

    def add(self, symbol: Symbol, look: int) -> None:
        """Take a symbol that one look has found."""
        for entry in self._entries:
            if entry.symbol.same(symbol):
                entry.looks.add(look)
                return
        self._entries.append(_Entry(symbol, {look}))

    def add_unread(self, box: Box, symbology: str) -> None:
        """Take a place where a symbol was found and not decoded, if it can be one."""
        short, long = sorted((box.width, box.height))
        if short >= _LEAST and long <= _MOST and long <= _LONGEST_SIDE * short:
            self._unread(box, symbology)

    def _unread(self, box: Box, symbology: str) -> None:
        if not any(known.same(box) for known, _ in self.unread):
            self.unread.append((box, symbology))

    def settle(self) -> None:
        """Decide when all looks are through: what is sure, what contradicts itself, what could not be read."""
        sure: list[_Entry] = []
        unsure: list[_Entry] = []
        for entry in self._entries:
            if self._contradicted(entry):
                self._disagree(entry.symbol)
                continue
            enough = entry.symbol.symbology != BARS or len(entry.looks) >= _NEEDED_LOOKS
            (sure if enough else unsure).append(entry)
        self._entries = sure
        for entry in unsure:
            self._unread(entry.symbol.box.at_least(_LINES), entry.symbol.symbology)
        known = [entry.symbol.box for entry in sure] + [box for box, _ in self.disagreeing]
        self.unread = [found for found in self.unread if not _covered(found[0], known)]

    def _contradicted(self, entry: _Entry) -> bool:
        return any(other is not entry and other.symbol.at_place_of(entry.symbol) for other in self._entries)

    def _disagree(self, symbol: Symbol) -> None:
        for box, contents in self.disagreeing:
            if box.same(symbol.box.at_least(_LINES)):
                if symbol.content not in contents:
                    contents.append(symbol.content)
                return
        self.disagreeing.append((symbol.box.at_least(_LINES), [symbol.content]))


def _covered(box: Box, known: Iterable[Box]) -> bool:
    return any(other.same(box) for other in known)
