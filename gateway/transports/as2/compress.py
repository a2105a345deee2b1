"""Compressing and expanding: CompressedData (RFC 3274) with zlib, the only algorithm that there is.

Expanding is bounded in bytes and in ratio while it goes on: real serial data shrinks to an eighth or a fiftieth, a bomb
to a thousandth.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from asn1crypto import cms

from gateway.transports.as2 import ber
from gateway.transports.as2.ber import CONSTRUCTED, CONTEXT, OCTETS, OID, SEQUENCE, Reader, head
from gateway.transports.as2.content import CHUNK, Content, Region, Scratch
from gateway.transports.as2.errors import DecompressionFailed

_FREE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one message may come to.

    Attributes:
        expanded_bytes: largest content after expanding.
        ratio: how many times larger than before it may become, once it is over one MiB.
        parts: most payloads in one message.
    """

    expanded_bytes: int = 4 << 30
    ratio: int = 200
    parts: int = 100


def compress(content: Content, scratch: Scratch, level: int = 6) -> Content:
    """CompressedData in DER; the compressed bytes lie in a new file."""
    packed = scratch.keep(_deflated(content, level))
    octets = head(OCTETS, packed.size)
    encapsulated = (
        bytes(cms.ContentType("data").dump()) + head(CONTEXT | CONSTRUCTED, len(octets) + packed.size) + octets
    )
    algorithm = bytes(cms.CompressionAlgorithm({"algorithm": "zlib"}).dump())
    inner = bytes(cms.CMSVersion("v0").dump()) + algorithm
    inner += head(CONSTRUCTED | SEQUENCE, len(encapsulated) + packed.size) + encapsulated
    inner = head(CONSTRUCTED | SEQUENCE, len(inner) + packed.size) + inner
    outer = bytes(cms.ContentType("compressed_data").dump())
    outer += head(CONTEXT | CONSTRUCTED, len(inner) + packed.size) + inner
    return Content.of(head(CONSTRUCTED | SEQUENCE, len(outer) + packed.size) + outer, packed)


def _deflated(content: Content, level: int) -> Iterator[bytes]:
    running = zlib.compressobj(level)
    for chunk in content.chunks():
        yield running.compress(chunk)
    yield running.flush()


def expand(region: Region, limits: Limits, scratch: Scratch) -> Region:
    """What was compressed, in a new file.

    Raises:
        DecompressionFailed: it cannot be read, or it is over a limit.
    """
    try:
        with Reader(region) as reader:
            for tag in (SEQUENCE, CONTEXT, SEQUENCE):
                if tag == CONTEXT:
                    reader.small(OID)
                reader.enter(tag)
            reader.small()
            algorithm = ber.load(cms.CompressionAlgorithm, reader.small(SEQUENCE))
            with ber.strict_asn1():
                name = algorithm["algorithm"].native
            if name != "zlib":
                message = f"compressed by {name}, and only zlib is known"
                raise DecompressionFailed(message)
            reader.enter(SEQUENCE)
            reader.small(OID)
            reader.enter(CONTEXT)
            return scratch.keep(_inflated(reader, limits))
    except (ber.Malformed, zlib.error) as error:
        message = f"the compressed structure cannot be read: {error}"
        raise DecompressionFailed(message) from error


def _inflated(reader: Reader, limits: Limits) -> Iterator[bytes]:
    running = zlib.decompressobj()
    taken = given = 0
    for chunk in reader.octets(OCTETS):
        taken += len(chunk)
        rest = chunk
        while rest:
            if running.eof:
                message = "something follows the compressed data"
                raise DecompressionFailed(message)
            out = running.decompress(rest, CHUNK)
            rest = running.unconsumed_tail or running.unused_data
            given = _bounded(given + len(out), taken, limits)
            yield out
    while not running.eof:
        out = running.decompress(b"", CHUNK)
        if not out and not running.eof:
            message = "the compressed data ends too early"
            raise DecompressionFailed(message)
        given = _bounded(given + len(out), taken, limits)
        yield out
    reader.finish()


def _bounded(given: int, taken: int, limits: Limits) -> int:
    if given > limits.expanded_bytes:
        message = f"the compressed data expands to more than {limits.expanded_bytes:,} bytes"
        raise DecompressionFailed(message)
    if given > _FREE and given > taken * limits.ratio:
        message = f"the compressed data expands to more than {limits.ratio} times its size"
        raise DecompressionFailed(message)
    return given
