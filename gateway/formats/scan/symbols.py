"""What a reader of barcodes saw on a page, brought together: one symbol a place, disagreements told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.formats.scan.page import Box

#: A damaged symbol is believed in from this width and height on, in millimetres; specks look like smaller ones.
_LEAST, _MOST = 3.0, 80.0
_LONGEST_SIDE = 5.0


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


@dataclass(slots=True)
class Seen:
    """All that was seen on one page.

    Attributes:
        symbols: decoded, each once.
        disagreeing: places where different contents were read, with these.
        unread: places of symbols that could not be decoded, and their symbology.
    """

    symbols: list[Symbol] = field(default_factory=list)
    disagreeing: list[tuple[Box, list[str]]] = field(default_factory=list)
    unread: list[tuple[Box, str]] = field(default_factory=list)

    def add(self, symbol: Symbol) -> None:
        """Take a symbol; the same content at the same place is the same symbol."""
        for box, contents in self.disagreeing:
            if box.same(symbol.box):
                if symbol.content not in contents:
                    contents.append(symbol.content)
                return
        for known in self.symbols:
            if known.box.same(symbol.box):
                if known.content != symbol.content:
                    self.symbols.remove(known)
                    self.disagreeing.append((known.box, [known.content, symbol.content]))
                return
        self.symbols.append(symbol)

    def add_unread(self, box: Box, symbology: str) -> None:
        """Take a place where a symbol was found and not decoded, if it can be one."""
        short, long = sorted((box.width, box.height))
        plausible = _LEAST <= short and long <= _MOST and long <= _LONGEST_SIDE * short
        if plausible and not any(known.same(box) for known, _ in self.unread):
            self.unread.append((box, symbology))

    def settle(self) -> None:
        """Leave out the unread places where another look could read the symbol."""
        known = [symbol.box for symbol in self.symbols] + [box for box, _ in self.disagreeing]
        self.unread = [entry for entry in self.unread if not _covered(entry[0], known)]


def _covered(box: Box, known: Iterable[Box]) -> bool:
    return any(other.same(box) for other in known)
