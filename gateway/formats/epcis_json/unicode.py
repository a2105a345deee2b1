"""Opens JSON as UTF-8, whatever Unicode encoding it has (RFC 8259, section 8.1)."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, Final

from gateway.errors import InputError
from gateway.findings import Finding
from gateway.formats.base import Context
from gateway.formats.epcis_json import rules
from gateway.sources import Source

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# JSON begins with an ASCII character, so the zero bytes of the first four tell the encoding.
_ZEROS: Final = (("0001", "utf-32-be"), ("1000", "utf-32-le"), ("01", "utf-16-be"), ("10", "utf-16-le"))


def encoding_of(head: bytes) -> tuple[str, int]:
    """Encoding of a JSON text and the length of its byte order mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    pattern = "".join("1" if byte else "0" for byte in head[:4])
    for zeros, encoding in _ZEROS:
        if pattern.startswith(zeros):
            return encoding, 0
    return "utf-8", 0


def open_utf8(source: Source, context: Context, *, report: bool = True) -> BinaryIO:
    """A stream of UTF-8 without byte order mark.

    Raises:
        InputError: while reading, when a UTF-16 or UTF-32 text is broken.
    """
    encoding, mark = encoding_of(source.head(4))
    if report and (mark or encoding != "utf-8"):
        context.findings.report(
            rules.OTHER_UNICODE, f"the file is {encoding}{' with a byte order mark' if mark else ''}"
        )
    stream = source.open()
    stream.seek(mark)
    if encoding == "utf-8":
        return stream
    return io.BufferedReader(_Recoded(stream, encoding), 1 << 16)


class _Recoded(io.RawIOBase):
    """A byte stream in another Unicode encoding, as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._encoding = encoding

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            piece = self._stream.read(1 << 16)
            try:
                self._ready = self._decoder.decode(piece, final=not piece).encode("utf-8")
            except UnicodeError as error:
                message = f"the text is not {self._encoding}"
                raise InputError(Finding.of(rules.ENCODING, message)) from error
            if not piece:
                break
        count = min(len(target), len(self._ready))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
