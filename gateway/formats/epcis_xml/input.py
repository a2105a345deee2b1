"""The bytes of an input on their way to the parser: counted, and bounded."""

from __future__ import annotations

from typing import Final

from gateway.errors import LimitExceeded
from gateway.findings import Finding
from gateway.formats.base import Context
from gateway.formats.epcis_xml import rules
from gateway.sources import Source

#: An element takes some thirty times its four bytes in memory; an identifier is one, with a start and an end.
_TAGS_OF_EPC: Final = 2
_OTHER_TAGS: Final = 1_000_000


class Input:
    """A stream for `lxml.etree.iterparse` that refuses to hand out more than the limits allow.

    Args:
        source: the input.
        context: limits and progress.
    """

    def __init__(self, source: Source, context: Context) -> None:
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
            raise LimitExceeded(Finding.of(rules.LIMIT, message, expected=f"at most {self._most_tags} tags"))
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
            Finding.of(rules.LIMIT, f"{what} has more than {limit:,} bytes", expected=f"at most {limit} bytes")
        )
