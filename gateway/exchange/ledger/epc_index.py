"""Which message names which identifier: an index that costs little, whatever the size of a message.

What is kept is a hash of each identifier's canonical spelling (`gateway.exchange.ledger.epcs`). A small message gets a
row for each, 17 bytes. A large one gets blocks: its hashes, sorted and cut into 256 parts by one byte, 6 bytes for
each. Blocks are appended, so that a message with a million identifiers does not touch every page of a large index.

Hashes may agree by chance: the index only names candidates, and `gateway.exchange.operations.trace` reads the messages
to be sure. Which GTINs and lots a message names is kept in plain words beside it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from sys import byteorder

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.epcis.events import Event
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.epc_keys import CHUNK, Named, Pair, Part, keys_of, part_of, place_of
from gateway.exchange.ledger.tables import LONGEST_LOT, EpcBlock, EpcRow, Message, Traded

_KEY = 63  # bits of a row's key; databases have no unsigned numbers


class Indexer:
    """Takes the events of one message, batch by batch, and writes what they name into the index.

    Each part of a large message is a transaction of its own, so that others who write need not wait for all of it; the
    last part goes with the pairs and the mark. The same message again gives the same rows.

    Args:
        database: the ledger's.
        message: number of the message.
    """

    def __init__(self, database: Database, message: int) -> None:
        self._database = database
        self._message = message
        self._named = Named(self.put, CHUNK)
        self._parts = 0
        self._last: Part | None = None

    def __call__(self, events: Sequence[Event]) -> None:
        """Take some events."""
        self._named(events)

    def finish(self, indexed: str = "yes") -> None:
        """Write what is left, and mark the message with what `Message.indexed` is to say."""
        self.put_pairs(self._named.finish(), indexed)

    def put_pairs(self, pairs: Iterable[Pair], indexed: str = "yes") -> None:
        """Write the last part, the pairs of GTIN and lot in place of those of an earlier time, and mark the message."""
        with self._database.write() as session:
            if self._last is not None:
                self._put(session, self._last)
            session.execute(sa.update(Message).where(Message.number == self._message).values(indexed=indexed))
            session.execute(sa.delete(Traded).where(Traded.message == self._message))
            pairs = sorted({(gtin, lot[:LONGEST_LOT]) for gtin, lot in pairs})
            if pairs:
                rows = [{"message": self._message, "gtin": gtin, "lot": lot} for gtin, lot in pairs]
                session.execute(sa.insert(Traded), rows)

    def put(self, keys: Sequence[int], last: bool) -> None:  # noqa: FBT001 - `Named` calls it so
        """Write the next part: rising hashes, each once. The last one waits for `put_pairs`."""
        part = part_of(keys, alone=last and self._parts == 0)
        if last:
            self._last = part
        else:
            self.put_part(part)

    def put_part(self, part: Part) -> None:
        """Write the next part."""
        with self._database.write() as session:
            self._put(session, part)
        self._parts += 1

    def _put(self, session: Session, part: Part) -> None:
        if self._parts == 0:
            forget(session, [self._message])
        _put_rows(session, self._message, part.rows)
        if part.blocks:
            known = {"message": self._message, "part": self._parts}
            rows = [known | {"bucket": bucket, "hashes": hashes} for bucket, hashes in part.blocks]
            session.execute(sa.insert(EpcBlock), rows)


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
        bucket, kept = place_of(key)
        by_bucket.setdefault(bucket, set()).add(kept)
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


def _row_key(key: int) -> int:
    return key & ((1 << _KEY) - 1)


def _put_rows(session: Session, message: int, keys: Sequence[int]) -> None:
    if keys:
        session.execute(sa.insert(EpcRow), [{"key": key, "message": message} for key in sorted({*map(_row_key, keys)})])


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
