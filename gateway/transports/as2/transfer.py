"""Transfer encodings of parts: none, base64, quoted-printable (RFC 2045, 6)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from gateway.transports.as2.content import Region, Scratch
from gateway.transports.as2.errors import ProcessingFailed, UnsupportedFormat
from gateway.transports.as2.mime import Headers

AS_IT_IS = frozenset({"binary", "8bit", "7bit"})

_WHITE = b"\r\n\t "
_LINE = 64 * 1024


def decoded(headers: Headers, body: Region, scratch: Scratch) -> Region:
    """The bytes that a part stands for; the same region if it is not encoded.

    Raises:
        ProcessingFailed: the encoding is broken.
        UnsupportedFormat: the encoding is unknown.
    """
    encoding = headers.encoding()
    if encoding in AS_IT_IS:
        return body
    if encoding == "base64":
        return scratch.keep(_base64(body))
    if encoding == "quoted-printable":
        return scratch.keep(_quoted_printable(body))
    message = f"the transfer encoding {encoding[:50]!r} is unknown"
    raise UnsupportedFormat(message)


def _base64(body: Region) -> Iterator[bytes]:
    kept = b""
    try:
        for chunk in body.chunks():
            text = kept + chunk.translate(None, _WHITE)
            whole = len(text) & ~3
            kept = text[whole:]
            yield base64.b64decode(text[:whole], validate=True)
        if kept:
            message = "base64 that ends too early"
            raise ProcessingFailed(message)
    except binascii.Error as error:
        message = "a part that is not base64"
        raise ProcessingFailed(message) from error


def _quoted_printable(body: Region) -> Iterator[bytes]:
    kept = b""
    for chunk in body.chunks():
        lines = kept + chunk
        end = lines.rfind(b"\n") + 1
        if end == 0 and len(lines) > _LINE:
            message = "quoted-printable in lines that are too long"
            raise ProcessingFailed(message)
        yield binascii.a2b_qp(lines[:end])
        kept = lines[end:]
    yield binascii.a2b_qp(kept)
