"""Cuts a JSON document into its event list and what stands around it, without holding it in memory.

The event list is found by a tokenizer that follows the path of keys. Inside the list, whole events are cut off block
by block by a guess that is verified: a piece of the list that starts at an event and ends with ``}`` is a whole number
of events exactly when ``[`` piece ``]`` is valid JSON. Where the guess fails, the tokenizer finds the boundary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import msgspec

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding
from gateway.formats.base import Limits
from gateway.formats.epcis_json import rules

BLOCK: Final = 1 << 17
_GUESSES: Final = 3

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{}:,]', re.DOTALL)
_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{}]', re.DOTALL)
_OPENING: Final = re.compile(rb'\s*\{\s*"[^"\\]*"\s*:\s*"?')
_MISSING_COMMA: Final = b"} {"
_SPACE: Final = b" \t\r\n"
EVENT_TYPES: Final = (b"ObjectEvent", b"AggregationEvent", b"Trans", b"AssociationEvent")
_PATHS: Final = (
    (b'"epcisBody"', b'"eventList"'),
    (b'"epcisBody"', b'"queryResults"', b'"resultsBody"', b'"eventList"'),
)
_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder(msgspec.Raw).decode

Piece = msgspec.Raw | bytes


class Block(list[Piece]):
    """Whole events of a part of the list, as they stand in the file.

    Attributes:
        text: the JSON list of them that a decoder has read; empty where it was a tokenizer that cut them.
    """

    def __init__(self, pieces: Iterable[Piece], text: bytes = b"") -> None:
        super().__init__(pieces)
        self.text = text


@dataclass(slots=True)
class Events:
    """The event list of a document, block by block; what stands around it when the blocks are exhausted.

    Attributes:
        stream: the file, behind what was read of it to find the list.
        limits: bounds on one event.
        head: everything up to and including the ``[`` of the event list.
        closing: brackets that close what is open behind the event list, used when the file is cut short.
        tail: everything behind the ``]``; complete when `blocks` is exhausted.
        rest: what was read but not handed out yet.
        truncated: whether the file ended inside the list.
        consumed: how many bytes were read by `blocks`.
        block: how much to read at a time.
        skip: whether blocks are looked through only, to find what stands behind them; they come as one piece then.
    """

    stream: BinaryIO
    limits: Limits
    head: bytes
    closing: bytes
    rest: bytes
    tail: bytes = b""
    truncated: bool = False
    consumed: int = 0
    block: int = BLOCK
    skip: bool = False
    _opening: bytes = field(default=b"")
    _end: bool = False
    _before: bytes = b""  # what must come next: "," behind an event, "{" behind a comma

    def blocks(self) -> Iterator[Block]:
        """Whole events, as they stand in the file.

        Raises:
            InputError: brackets do not match.
            LimitExceeded: one event is larger than the limit, or nested too deeply.
        """
        want = self.block
        while True:
            self._fill(want)
            fault = self._separator()
            if fault:
                yield Block([fault])
            if self._before and not self.rest and not self._end:
                continue
            pieces, done = self._cut()
            if pieces:
                yield pieces
                self._before = b","
            if done:
                return
            want = self.block if pieces else min(max(self.block, 2 * len(self.rest)), self.limits.event_bytes + 1)
            if len(self.rest) > self.limits.event_bytes:
                message = f"an event is larger than {self.limits.event_bytes} bytes"
                raise LimitExceeded(Finding.of(rules.LIMIT, message))

    def _fill(self, want: int) -> None:
        while len(self.rest) < want and not self._end:
            piece = self.stream.read(want - len(self.rest))
            self._end = not piece
            self.rest += piece
            self.consumed += len(piece)

    def _separator(self) -> bytes:
        """Pass over the comma that must follow an event; returns what is wrong with it, if anything."""
        if not self._before:
            return b""
        self.rest = self.rest.lstrip(_SPACE)
        if self._before == b"," and self.rest:
            if self.rest.startswith(b","):
                self.rest = self.rest[1:].lstrip(_SPACE)
                self._before = b"{"
            else:
                self._before = b""
                return b"" if self.rest.startswith(b"]") else _MISSING_COMMA
        if self._before == b"{" and self.rest:
            self._before = b""
            return b"," if self.rest.startswith(b"]") else b""
        return b""

    def _cut(self) -> tuple[Block, bool]:
        """Take the whole events off the buffer; whether the list has ended."""
        cut, guessed = self._guess(self.rest, end=self._end)
        if guessed is not None:
            if self._end:
                self.tail = self.rest[cut + 1 :]
            self.rest = self.rest[cut:]
            return guessed, self._end
        scan = _Scan(self.rest, self.limits.depth)
        if scan.closed_at >= 0:
            self.tail = self.rest[scan.closed_at + 1 :] + self._read_tail()
        elif self._end:
            self.truncated = True
            self.tail = self.closing
        self.rest = self.rest[scan.cut :]
        return Block(scan.pieces()), self._end or scan.closed_at >= 0

    def _guess(self, buffer: bytes, *, end: bool) -> tuple[int, Block | None]:
        """Offset behind the last whole event in the buffer, and the events up to there, if guessing works."""
        if end:
            # At the end of the file the last ] is usually that of the event list.
            cut = buffer.rfind(b"]")
            return cut, (self._events(buffer, cut) if cut >= 0 else None)
        if not self._opening:
            match = _OPENING.match(buffer)
            if match is None:
                return 0, None
            # Where the first key is "type", its value tells events from the objects inside them.
            self._opening = match[0].lstrip(_SPACE)
        opening = self._opening
        typed = opening.startswith((b'{"type"', b'{ "type"')) or b'"type"' in opening
        position = len(buffer)
        guesses = 0
        while guesses < _GUESSES:
            position = buffer.rfind(opening, len(buffer) // 2, position)
            if position < 0:
                break
            if typed and not buffer.startswith(EVENT_TYPES, position + len(opening)):
                continue
            guesses += 1
            cut = buffer.rfind(b"}", 0, position) + 1
            if cut > 0 and buffer[cut:position].strip(_SPACE) == b",":
                pieces = self._events(buffer, cut)
                if pieces is not None:
                    return cut, pieces
        return 0, None

    def _events(self, buffer: bytes, cut: int) -> Block | None:
        """The items of the list up to `cut` when that is a whole number of them."""
        text = b"[" + buffer[:cut] + b"]"
        try:
            return Block([_decode_any(text)] if self.skip else _decode(text), text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _read_tail(self) -> bytes:
        tail = self.stream.read(self.limits.event_bytes + 1)
        if len(tail) > self.limits.event_bytes:
            message = f"what stands behind the events is larger than {self.limits.event_bytes} bytes"
            raise LimitExceeded(Finding.of(rules.LIMIT, message))
        self.consumed += len(tail)
        return tail


def open_events(stream: BinaryIO, limits: Limits, block: int = BLOCK) -> Events | bytes:
    """Find the event list of a document.

    Returns:
        The events, or the whole input when it holds no event list: a single event, or no EPCIS at all.

    Raises:
        LimitExceeded: the head is larger than an event may be, or nested too deeply.
    """
    buffer = b""
    want = block
    while True:
        piece = stream.read(want - len(buffer))
        buffer += piece
        found = _find_list(buffer, limits.depth)
        if found is not None and found[0] >= 0:
            position, closing = found
            return Events(stream, limits, buffer[:position], closing, buffer[position:], block=block)
        if not piece:
            return buffer
        if len(buffer) > limits.event_bytes:
            message = f"no event list in the first {limits.event_bytes} bytes"
            raise LimitExceeded(Finding.of(rules.LIMIT, message))
        if len(buffer) >= want:
            want *= 2


def _find_list(data: bytes, depth: int) -> tuple[int, bytes] | None:
    """Offset behind the ``[`` of the event list and the brackets to close; -1 when the input ends before one."""
    walk = _Walk(depth)
    for match in _TOKEN.finditer(data):
        token = match[0]
        if token == b'"':
            return None
        if token == b"[" and walk.at_list():
            return match.end(), b"".join([b"]", *reversed(walk.opened)])
        if not walk.step(token):
            return -1, b""
    return None


class _Walk:
    """Follows brackets and keys through the head of a document.

    Attributes:
        opened: the closing bracket of each container that is open.
    """

    def __init__(self, depth: int) -> None:
        self.opened: list[bytes] = []
        self._depth = depth
        self._keys: list[bytes] = []
        self._key = b""
        self._expects_key = False

    def at_list(self) -> bool:
        """Whether a ``[`` at this place opens the event list, or is the whole input."""
        if not self.opened:
            return True
        return self.opened[-1] == b"}" and (*self._keys[1:], self._key) in _PATHS

    def step(self, token: bytes) -> bool:
        """Take the next token; False when the outermost bracket closes or brackets do not match."""
        if token in (b"{", b"["):
            self.opened.append(b"}" if token == b"{" else b"]")
            self._keys.append(self._key)
            self._key = b""
            self._expects_key = token == b"{"
            _check_depth(len(self.opened), self._depth)
        elif token in (b"}", b"]"):
            if not self.opened or self.opened.pop() != token:
                return False
            self._keys.pop()
            self._expects_key = False
            return bool(self.opened)
        elif token == b",":
            self._expects_key = bool(self.opened) and self.opened[-1] == b"}"
        elif self._expects_key and token != b":":
            self._key = token
            self._expects_key = False
        return True


def _check_depth(found: int, depth: int) -> None:
    if found > depth:
        message = f"the JSON is nested deeper than {depth}"
        raise LimitExceeded(Finding.of(rules.LIMIT, message))


class _Scan:
    """Exact boundaries of the events in a buffer that starts at an event.

    Attributes:
        spans: start and end of each whole event.
        closed_at: offset of the ``]`` that ends the list, -1 when it is not in the buffer.
        cut: offset behind the last whole event.
    """

    def __init__(self, buffer: bytes, depth: int) -> None:
        self.buffer = buffer
        self.spans: list[tuple[int, int]] = []
        self.closed_at = -1
        self.cut = 0
        opened: list[bytes] = []
        start = 0
        for match in _BRACKET.finditer(buffer):
            token = match[0]
            if token in (b"{", b"["):
                if not opened:
                    start = match.start()
                opened.append(b"}" if token == b"{" else b"]")
                _check_depth(len(opened), depth)
            elif token in (b"}", b"]"):
                if not opened:
                    if token == b"]":
                        self.closed_at = match.start()
                        return
                    raise InputError(Finding.of(rules.MALFORMED, "a } too many in the event list", value="}"))
                if opened.pop() != token:
                    raise InputError(
                        Finding.of(rules.MALFORMED, "brackets do not match in the event list", value=token.decode())
                    )
                if not opened:
                    self.cut = match.end()
                    self.spans.append((start, self.cut))
            elif token == b'"':
                return

    def pieces(self) -> list[Piece]:
        """The events; what stands between them where only a comma may stand becomes a piece of its own."""
        out: list[Piece] = []
        last = 0
        for index, (start, end) in enumerate(self.spans):
            between = self.buffer[last:start].strip(_SPACE)
            if between != (b"," if index else b""):
                out.append(between or _MISSING_COMMA)
            out.append(self.buffer[start:end])
            last = end
        if self.closed_at >= 0 and self.buffer[last : self.closed_at].strip(_SPACE):
            out.append(self.buffer[last : self.closed_at].strip(_SPACE))
        return out
