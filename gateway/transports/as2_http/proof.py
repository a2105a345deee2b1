"""What is kept beside a message so that it can be proven years later, also without our keys.

The bytes on the wire are encrypted, for us or for the partner. So the bytes that were signed, or that the MIC is made
of, are kept as well, with the signature and the certificate that it was verified with. Bytes that are kept anyway, as
a file of the message, are not kept twice.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.transports.as2 import Content, Region
from gateway.transports.as2_http.store import Entry

WIRE, BASE = "wire", "base"
SIGNER, RECEIPT_SIGNER = "signer.der", "receipt-signer.der"

_SMALL = 16 << 10
"""Bytes that are kept inside the record: a file of their own costs a flush to the disk."""

Files = dict[str, bytes | Region | Content]


def kept(
    base: Content, wire: Region | Content, payloads: Sequence[tuple[str, Region]] = ()
) -> tuple[list[dict[str, str]], Files]:
    """How the bytes that the MIC is made of are kept.

    Args:
        base: these bytes.
        wire: the body, which is kept as `WIRE`.
        payloads: names under which parts of them are kept anyway, and where they lie now.

    Returns:
        What they are joined of, for the record; and the files that have to be kept for it.
    """
    if base == Content.of(wire):
        return [{"file": WIRE}], {}
    pieces: list[dict[str, str]] = []
    files: Files = {}
    for piece in _split(base, payloads):
        if isinstance(piece, str):
            pieces.append({"file": piece})
        elif Content.of(piece).size <= _SMALL:
            pieces.append({"base64": base64.b64encode(b"".join(Content.of(piece).chunks())).decode("ascii")})
        else:
            name = f"{BASE}-{len(files) + 1:04d}"
            files[name] = piece
            pieces.append({"file": name})
    return pieces, files


def _split(base: Content, payloads: Sequence[tuple[str, Region]]) -> Iterator[bytes | Region | str]:
    for piece in base.pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        inside = [
            (region.start, region.end, name)
            for name, region in payloads
            if region.path == piece.path and piece.start <= region.start and region.end <= piece.end
        ]
        at = piece.start
        for start, end, name in sorted(inside):
            if end - start <= _SMALL or start < at:
                continue
            if start > at:
                yield Region(piece.path, at, start - at)
            yield name
            at = end
        if at < piece.end:
            yield Region(piece.path, at, piece.end - at)


def base_of(entry: Entry, record: Mapping[str, Any]) -> Content | None:
    """The bytes that the MIC was made of; None where they were not kept, or not any more."""
    pieces: list[bytes | Region] = []
    for piece in record.get(BASE, ()):
        if "base64" in piece:
            pieces.append(base64.b64decode(piece["base64"]))
        elif entry.has(piece["file"]):
            pieces.append(entry.region(piece["file"]))
        else:
            return None
    return Content.of(*pieces) if BASE in record else None
