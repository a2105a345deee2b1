"""Which message names which identifier: an index that costs little, whatever the size of a message.

What is kept is a hash of each identifier's canonical spelling (`gateway.exchange.epcs`). A small message gets a row
for each, 17 bytes. A large one gets blocks: its hashes, sorted and cut into 256 parts by one byte, 6 bytes for each.
Blocks are appended, so that a message with a million identifiers does not touch every page of a large index.

Hashes may agree by chance: the index only names candidates, and `gateway.exchange.trace` reads the messages to be sure.
Which GTINs and lots a message names is kept in plain words beside it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby, islice
from sys import byteorder
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
import xxhash
from sqlalchemy.orm import Session

from gateway.epcis.events import Event, ObjectEvent, TransformationEvent
from gateway.exchange.database import Database
from gateway.exchange.epcs import SITE, canonical, classes, gtin_and_rest, instances
from gateway.exchange.tables import LONGEST_LOT, EpcBlock, EpcRow, Message, Traded

#: Identifiers that are worked on at once; bounds the memory.
CHUNK = 1 << 17

#: A message with at most so many identifiers gets rows.
ROWS = 1024

#: Pairs of GTIN and lot that are kept of one message; a file with more is a catalogue.
MOST_PAIRS = 10_000

LOT = "lotNumber"

_GTIN_LINK = len(f"{SITE}01/") + 14
_KEY = 63  # bits of a row's key; databases have no unsigned numbers
_BUCKET = 40  # the byte above this many bits chooses the block, the 32 bits below it are kept
_KEPT = (1 << 32) - 1


def keys_of(links: Iterable[str]) -> list[int]:
    """The hash of each canonical spelling."""
    return list(map(xxhash.xxh3_64_intdigest, links))


class Indexer:
    """Takes the events of one message, batch by batch, and writes what they name into the index.

    Each write is a transaction of its own: others who write need not wait for a large message. The same message again
    gives the same rows.

    Args:
        database: the ledger's.
        message: number of the message.
    """

    def __init__(self, database: Database, message: int) -> None:
        self._database = database
        self._message = message
        self._texts: list[str] = []
        self._pairs: set[tuple[str, str]] = set()
        self._seen: set[tuple[str, str]] = set()
        self._parts = 0

    def __call__(self, events: Sequence[Event]) -> None:
        """Take some events."""
        for event in events:
            before = len(self._texts)
            self._texts += instances(event)
            self._note_lots(event, before)
            self._texts += classes(event)
        while len(self._texts) >= CHUNK:
            self._flush()

    def finish(self, indexed: str = "yes") -> None:
        """Write what is left, and mark the message with what `Message.indexed` is to say."""
        self._flush(last=True)
        with_lot = {gtin for gtin, lot in self._pairs if lot}
        pairs = sorted(pair for pair in self._pairs if pair[1] or pair[0] not in with_lot)
        with self._database.write() as session:
            session.execute(sa.update(Message).where(Message.number == self._message).values(indexed=indexed))
            session.execute(sa.delete(Traded).where(Traded.message == self._message))
            pairs = sorted({(gtin, lot[:LONGEST_LOT]) for gtin, lot in pairs})
            if pairs:
                rows = [{"message": self._message, "gtin": gtin, "lot": lot} for gtin, lot in pairs]
                session.execute(sa.insert(Traded), rows)

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

    def _flush(self, *, last: bool = False) -> None:
        links = canonical(self._texts[:CHUNK])
        del self._texts[:CHUNK]
        self._note_gtins(links)
        keys = sorted(set(keys_of(links)))
        with self._database.write() as session:
            if self._parts == 0:
                forget(session, [self._message])
            if last and self._parts == 0 and len(keys) <= ROWS:
                _put_rows(session, self._message, keys)
            elif keys:
                _put_blocks(session, self._message, self._parts, keys)
        self._parts += 1

    def _note_gtins(self, links: list[str]) -> None:
        if len(self._pairs) >= MOST_PAIRS:
            return
        self._pairs.update((gtin, "") for gtin in {link[22:36] for link in links if link[36:40] == "/21/"})
        for link in links:
            if link[36:40] == "/10/":
                self._pairs.add((link[22:36], unquote(link[40:])))
            elif len(link) == _GTIN_LINK and link.startswith(f"{SITE}01/"):
                self._pairs.add((link[22:], ""))


def candidates(session: Session, links: Sequence[str]) -> list[int]:
    """Numbers of the messages that probably name one of these canonical spellings, rising."""
    keys = keys_of(links)
    found: set[int] = set()
    for at in range(0, len(keys), 500):
        some = keys[at : at + 500]
        rows = sa.select(EpcRow.message).where(EpcRow.key.in_([_row_key(key) for key in some]))
        found.update(session.scalars(rows))
    by_bucket: dict[int, set[int]] = {}
    for key in keys:
        by_bucket.setdefault(key >> _BUCKET & 0xFF, set()).add(key >> 8 & _KEPT)
    for bucket, wanted in by_bucket.items():
        blocks = sa.select(EpcBlock.message, EpcBlock.hashes).where(EpcBlock.bucket == bucket)
        for message, hashes in session.execute(blocks.execution_options(yield_per=50)):
            if message not in found and _holds(hashes, wanted):
                found.add(message)
    return sorted(found)


def forget(session: Session, messages: Sequence[int]) -> None:
    """Take messages out of the index."""
    session.execute(sa.delete(EpcRow).where(EpcRow.message.in_(messages)))
    session.execute(sa.delete(EpcBlock).where(EpcBlock.message.in_(messages)))


def _head(text: str) -> str:
    """What identifiers of one GTIN have in common: all before the serial number."""
    if text.startswith("urn:"):
        return text[: text.find(".", text.find(".") + 1)]
    return text.rpartition("/")[0]


def _row_key(key: int) -> int:
    return key & ((1 << _KEY) - 1)


def _put_rows(session: Session, message: int, keys: list[int]) -> None:
    if keys:
        session.execute(sa.insert(EpcRow), [{"key": key, "message": message} for key in sorted({*map(_row_key, keys)})])


def _put_blocks(session: Session, message: int, part: int, keys: list[int]) -> None:
    # Sorted by the byte that chooses the block, then by what is kept: one sort gives all blocks.
    cut = sorted({key >> 8 & (1 << 40) - 1 for key in keys})
    rows: list[dict[str, Any]] = []
    for bucket, group in groupby(cut, lambda key: key >> 32):
        hashes = array("I", [key & _KEPT for key in group])
        if byteorder == "big":
            hashes.byteswap()
        rows.append({"bucket": bucket, "message": message, "part": part, "hashes": hashes.tobytes()})
    session.execute(sa.insert(EpcBlock), rows)


def _holds(hashes: bytes, wanted: set[int]) -> bool:
    known = array("I")
    known.frombytes(hashes)
    if byteorder == "big":
        known.byteswap()
    for key in wanted:
        at = bisect_left(known, key)
        if at < len(known) and known[at] == key:
            return True
    return False
