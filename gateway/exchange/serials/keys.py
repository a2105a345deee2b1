"""Numbers for identifiers, and identifiers packed into lists.

A number is made of the stem (company, product) and a check sum of the rest, so that serial numbers of one product lie
side by side in the index. It is the same for every spelling of an identifier. Two identifiers may share a number;
`canonical` texts decide then.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

import orjson

from gateway.gs1.bulk import canonical, canonical_runs

__all__ = ["canonical", "event_id", "keys_of", "message_of", "number_of", "pack_list", "unpack_list"]

#: Most identifiers in one packed list.
PART: Final = 10_000
_LINE: Final = "\n"
_LINES, _JSON = b"L", b"J"
_LEVEL: Final = 1
_CHECK_SUM_BITS: Final = 32
#: One event may have two lists (inputs and outputs), one message 67 million events.
LISTS_BITS: Final = 1
NUMBER_BITS: Final = 26

Stems = Callable[[Sequence[str]], dict[str, int]]


def event_id(message: int, number: int, which: int = 0) -> int:
    """The id of a list of an event: message, number of the event from 1, and 0 or 1 for its list."""
    return (message << NUMBER_BITS | number) << LISTS_BITS | which


def number_of(event: int) -> int:
    """The number of the event in its message."""
    return event >> LISTS_BITS & ((1 << NUMBER_BITS) - 1)


def message_of(event: int) -> int:
    """The id of the message in the store."""
    return event >> (NUMBER_BITS + LISTS_BITS)


def keys_of(epcs: Sequence[str], stems: Stems) -> list[int]:
    """The number of each identifier.

    Args:
        epcs: in any spelling.
        stems: gives ids to stems.
    """
    runs = list(canonical_runs(epcs))
    ids = stems(list(dict.fromkeys(stem for stem, _ in runs)))
    check_sum = zlib.crc32
    parts = []
    for stem, serials in runs:
        base = ids[stem] << _CHECK_SUM_BITS
        parts.append([base | check_sum(serial.encode("utf-8", "surrogatepass")) for serial in serials])
    return list(chain.from_iterable(parts))


def pack_list(epcs: Sequence[str]) -> bytes:
    """Identifiers as bytes: what they all begin with once, then the rest, squeezed."""
    prefix = _common(min(epcs), max(epcs)) if epcs else ""
    joined = _LINE.join(epcs)
    if joined.count(_LINE) != len(epcs) - 1 or not joined.isascii():
        return _JSON + zlib.compress(orjson.dumps(list(epcs)), _LEVEL)
    rest = joined[len(prefix) :].replace(_LINE + prefix, _LINE)
    return _LINES + zlib.compress(f"{prefix}{_LINE}{rest}".encode("ascii"), _LEVEL)


def _common(one: str, other: str) -> str:
    """What two texts both begin with. Of the smallest and the largest of many, all begin with it."""
    at = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    return one[:at] if at is not None else min(one, other)


def unpack_list(data: bytes) -> list[str]:
    """What `pack_list` packed.

    Raises:
        ValueError: the bytes are no such list.
    """
    kind, text = data[:1], zlib.decompress(data[1:])
    if kind == _JSON:
        return list(orjson.loads(text))
    if kind != _LINES:
        message = f"a list of identifiers begins with {kind!r}"
        raise ValueError(message)
    prefix, _, rest = text.decode("ascii").partition(_LINE)
    return [prefix + line for line in rest.split(_LINE)]
