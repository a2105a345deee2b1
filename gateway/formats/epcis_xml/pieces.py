"""Cuts a document at the ends of its events: plain ones go the fast way, everything else goes to the parser.

The parser sees the document without its plain events, with as many line ends in their place, so that it still knows
lines. Whether characters are an event, and not part of a comment or of vendor content, is known only where the parser
has just ended an event and nothing has been fed to it since; so the fast way begins there, and goes on only from one
plain event to the next. Where this cannot be told for sure, the parser reads the whole rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import Final

from gateway.epcis.events import Event
from gateway.formats.epcis_xml.read_plain import PlainReader
from gateway.formats.xml_input import Input

BLOCK: Final = 1 << 16
_LONGEST: Final = 1 << 20  # a longer event goes to the parser as it comes
_LONGEST_TAG: Final = 1000

_END_TAG: Final = re.compile(r"</[^<>]*Event[ \t\r\n]*>")
_MOST_SKIPPED: Final = 20_000  # line ends that wait for the parser
_CHARACTERS: Final = "latin-1"  # one character a byte, so that nothing is lost and ASCII is ASCII
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_TRIED: Final = 200  # after so many events it is clear whether plain ones are frequent enough
_FREQUENT: Final = 0.1

Feed = Callable[[bytes], Iterator[Event]]


class Pieces:
    """Events of one document, in order.

    Args:
        source: the document.
        feed: gives bytes to the parser and hands out the events that end in them.

    Attributes:
        number: how many events there were so far; `feed` counts those that it reads.
        event_line: line where the piece begins that is fed, when that is an event; else 0.
        settled: set by `feed` when the parser has ended an event by its end tag, in the list of events.
        plain: reads plain events; set by `feed` once it is known that this is right for the document.
    """

    def __init__(self, source: Input, feed: Feed, block: int = BLOCK) -> None:
        self._source = source
        self._feed = feed
        self._block = block
        self.number = 0
        self.event_line = 0
        self.settled = False
        self.plain: PlainReader | None = None
        self._possible = True
        self._line = 1
        self._skipped = 0  # line ends that the parser has not seen yet
        self._plain_events = 0

    def events(self) -> Iterator[Event]:
        """All events; behind the last one everything has been fed."""
        text = ""
        while data := self._source.read(self._block):
            if not self._possible and not text and not self._skipped:
                yield from self._feed(data)
                continue
            text += data.decode(_CHARACTERS)
            position = yield from self._cut(text)
            keep = self._keep(text, position)
            yield from self._parse(text[position:keep])
            text = text[keep:]
            if self.number > _TRIED and self._plain_events < self.number * _FREQUENT:
                self._possible = False
        yield from self._parse(text)

    def _cut(self, text: str) -> Generator[Event, None, int]:
        """Hand out the events that end in a text; gives the position behind the last one."""
        position = 0
        # Now and then an event goes to the parser, so that line ends do not pile up.
        plain = self.plain if self.settled and self._skipped < _MOST_SKIPPED else None
        while self._possible:
            found = plain.read(text, position, self.number + 1, self._line) if plain is not None else None
            if found is not None:
                event, end, lines = found
                self._line += lines
                self._skipped += lines
                self._plain_events += 1
                self.number += 1
                position = end
                yield event
                continue
            tag = _END_TAG.search(text, position)
            if tag is None:
                break
            self.event_line = self._line + _blank_lines(text, position) if plain is not None else 0
            yield from self._parse(text[position : tag.end()])
            position = tag.end()
            plain = self.plain if self.settled else None
            # An end tag that ended no event stood in a comment, or in vendor content: too strange for the fast way.
            self._possible = self.settled and plain is not None
        if position:
            self._source.mark()
        return position

    def _parse(self, piece: str) -> Iterator[Event]:
        """Give a piece to the parser, with the line ends of the plain events before it."""
        if not piece:
            return
        self.settled = False
        self._line += piece.count("\n")
        data = b"\n" * self._skipped + piece.encode(_CHARACTERS)
        self._skipped = 0
        yield from self._feed(data)

    def _keep(self, text: str, position: int) -> int:
        """Where the part begins that waits for the next block: a started event, or at least no half of a tag."""
        if not self._possible:
            return len(text)
        if self.settled and len(text) - position < _LONGEST:
            return position
        tag = text.rfind("<", position)
        if tag < 0 or text.find(">", tag) >= 0:
            return len(text)
        if len(text) - tag > _LONGEST_TAG:
            self._possible = False
            return len(text)
        return tag


def _blank_lines(text: str, position: int) -> int:
    """How many line ends there are from a position to the first character that is no white space."""
    blank = _BLANK.match(text, position)
    return text.count("\n", position, blank.end()) if blank is not None else 0
