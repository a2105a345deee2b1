"""The bytes of an input on their way to the parser: unpacked, counted, and bounded."""

from __future__ import annotations

import gzip
import zlib
from typing import BinaryIO, Final, cast

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml import rules
from gateway.sources import Source

_GZIP: Final = b"\x1f\x8b"
_RATIO_FROM: Final = 10_000_000  # small inputs may well compress better than the limit


class Input:
    """A stream for `lxml.etree.iterparse` that refuses to hand out more than the limits allow.

    Args:
        source: the input; gzip is unpacked.
        context: limits and progress.
    """

    def __init__(self, source: Source, context: Context) -> None:
        self._limits = context.limits
        self._progress = context.progress
        self._name = source.name
        self._file = source.open()
        packed = self._file.read(len(_GZIP)) == _GZIP
        self._file.seek(0)
        self._stream: BinaryIO = cast("BinaryIO", gzip.GzipFile(fileobj=self._file)) if packed else self._file
        self._packed_size = source.size if packed else 0
        self._read = 0
        self._marked = 0

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            InputError: the gzip stream is damaged.
            LimitExceeded: the input, what it unpacks to, or one event is over its limit.
        """
        try:
            data = self._stream.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            where = Where(file=self._name)
            message = f"the gzip stream is damaged after {self._read:,} unpacked bytes"
            raise InputError(Finding.of(rules.COMPRESSED, message, where=where, value=error)) from error
        self._read += len(data)
        limits = self._limits
        if self._read > (limits.unpacked_bytes if self._packed_size else limits.input_bytes):
            self._refuse("the document", limits.unpacked_bytes if self._packed_size else limits.input_bytes)
        if self._packed_size and self._read > max(_RATIO_FROM, self._packed_size * limits.ratio):
            self._refuse("the document", self._packed_size * limits.ratio)
        if self._read - self._marked > limits.event_bytes:
            self._refuse("one event or header", limits.event_bytes)
        if self._progress is not None:
            self._progress(self._file.tell())
        return data

    def mark(self) -> None:
        """An event is complete: its size no longer counts."""
        self._marked = self._read

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refuse(self, what: str, limit: int) -> None:
        raise LimitExceeded(
            Finding.of(rules.LIMIT, f"{what} has more than {limit:,} bytes", expected=f"at most {limit} bytes")
        )
