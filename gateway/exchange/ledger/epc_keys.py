"""What events name, as the index of identifiers keeps it: hashes in parts, and pairs of GTIN and lot.

Knows nothing of the ledger, so that a process that only converts can do this part (`gateway.exchange.flow.apart`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from sys import byteorder
from typing import NamedTuple
from urllib.parse import unquote

import xxhash

from gateway.epcis.events import Event, ObjectEvent, TransformationEvent
from gateway.exchange.ledger.epcs import SITE, canonical, classes, gtin_and_rest, instances

#: Pairs of GTIN and lot that are kept of one message; a file with more is a catalogue.
MOST_PAIRS = 10_000

LOT = "lotNumber"

#: Identifiers in a part; bounds the memory.
CHUNK = 1 << 17

#: Identifiers whose texts are held at once.
_TEXTS = 1 << 13
_GTIN_LINK = len(f"{SITE}01/") + 14

Pair = tuple[str, str]
"""GTIN and lot; the lot is empty where none is told."""

#: A message with at most so many identifiers gets rows.
ROWS = 1024

_BUCKET = 40  # the byte above this many bits chooses the block, the 32 bits below it are kept
_KEPT = (1 << 32) - 1


class Part(NamedTuple):
    """Some identifiers of a message, as they stand in the index.

    Attributes:
        rows: hashes that get a row each.
        blocks: the byte that chooses the block, and the hashes in it.
    """

    rows: Sequence[int]
    blocks: Sequence[tuple[int, bytes]]


def part_of(keys: Sequence[int], *, alone: bool) -> Part:
    """What the index keeps of some rising hashes.

    Args:
        keys: the hashes.
        alone: whether they are all that the message names.
    """
    if alone and len(keys) <= ROWS:
        return Part(keys, ())
    blocks: list[tuple[int, bytes]] = []
    # Sorted by the byte that chooses the block, then by what is kept: one sort gives all blocks.
    cut = sorted(key >> 8 & (1 << 40) - 1 for key in keys)
    for bucket, group in groupby(cut, lambda key: key >> 32):
        hashes = array("I", [key & _KEPT for key, _ in groupby(group)])
        if byteorder == "big":
            hashes.byteswap()
        blocks.append((bucket, hashes.tobytes()))
    return Part((), blocks)


def place_of(key: int) -> tuple[int, int]:
    """The byte that chooses a hash's block, and what is kept of it there."""
    return key >> _BUCKET & 0xFF, key >> 8 & _KEPT


def keys_of(links: Iterable[str]) -> list[int]:
    """The hash of each canonical spelling."""
    return list(map(xxhash.xxh3_64_intdigest, links))


class Named:
    """Takes the events of one message, batch by batch.

    Args:
        take: called with the next part: rising hashes, each once, and whether it is the last one.
        chunk: identifiers in a part; bounds the memory.
    """

    def __init__(self, take: Callable[[list[int], bool], None], chunk: int) -> None:
        self._take = take
        self._chunk = chunk
        self._texts: list[str] = []
        self._keys = array("Q")
        self._pairs: set[Pair] = set()
        self._seen: set[Pair] = set()

    def __call__(self, events: Sequence[Event]) -> None:
        """Take some events."""
        for event in events:
            before = len(self._texts)
            self._texts += instances(event)
            self._note_lots(event, before)
            self._texts += classes(event)
            if len(self._texts) >= _TEXTS:
                self._hash()
        while len(self._keys) >= self._chunk:
            self._flush()

    def finish(self) -> list[Pair]:
        """Give the last part; returns the pairs."""
        self._hash()
        while len(self._keys) > self._chunk:
            self._flush()
        self._flush(last=True)
        with_lot = {gtin for gtin, lot in self._pairs if lot}
        return sorted(pair for pair in self._pairs if pair[1] or pair[0] not in with_lot)

    def _hash(self) -> None:
        for at in range(0, len(self._texts), _TEXTS):
            links = canonical(self._texts[at : at + _TEXTS])
            self._note_gtins(links)
            self._keys.extend(keys_of(links))
        self._texts.clear()

    def _flush(self, *, last: bool = False) -> None:
        part = sorted(self._keys[: self._chunk])
        del self._keys[: self._chunk]
        self._take([key for key, _ in groupby(part)], last)

    def _note_lots(self, event: Event, start: int) -> None:
        """Events tell the lot of what they make; one identifier of each GTIN is enough."""
        if not isinstance(event, (ObjectEvent, TransformationEvent)) or not event.ilmd:
            return
        lots = [item.text for item in event.ilmd if item.local == LOT and item.text]
        for lot in lots:
            for text in islice(self._texts, start, None):
                pair = (_head(text), lot)
                if pair not in self._seen and len(self._pairs) < MOST_PAIRS:
                    self._seen.add(pair)
                    found = gtin_and_rest(canonical([text])[0])
                    if found:
                        self._pairs.add((found[0], lot))

    def _note_gtins(self, links: list[str]) -> None:
        if len(self._pairs) >= MOST_PAIRS:
            return
        self._pairs.update((gtin, "") for gtin in {link[22:36] for link in links if link[36:40] == "/21/"})
        for link in links:
            if link[36:40] == "/10/":
                self._pairs.add((link[22:36], unquote(link[40:])))
            elif len(link) == _GTIN_LINK and link.startswith(f"{SITE}01/"):
                self._pairs.add((link[22:], ""))


def _head(text: str) -> str:
    """What identifiers of one GTIN have in common: all before the serial number."""
    if text.startswith("urn:"):
        return text[: text.find(".", text.find(".") + 1)]
    return text.rpartition("/")[0]
