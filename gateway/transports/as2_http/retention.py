"""Deleting the bytes of messages whose time is over, without forgetting what tells a repetition.

What stays for ever is small: the record with the MIC, the fields, the receipt to the byte, the certificates, and the
hashes of the files. So a message that comes again after years still gets its stored receipt or is refused, and a file
that was delivered is not delivered anew. Only messages with which nothing is to be done any more are touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.transports.as2.sign import digest
from gateway.transports.as2_http.archive import Kept, kept
from gateway.transports.as2_http.proof import BASE
from gateway.transports.as2_http.reception import PRUNED, RECORD
from gateway.transports.as2_http.store import DONE, packed

_LARGE = ("wire", "base-*", "payload-*")


@dataclass(slots=True)
class Pruned:
    """What was deleted, or would be.

    Attributes:
        messages: how many.
        size: bytes of their files.
    """

    messages: int = 0
    size: int = 0


def prune(data: Path, due: Callable[[Kept], bool], now: dt.datetime, result: Pruned, *, really: bool) -> None:
    """Delete the bytes of messages that are due.

    A crash in between leaves files that the next run deletes; the hashes are written down before.

    Args:
        data: folder of messages and deliveries.
        due: whether a message's time is over.
        now: the time.
        result: is counted up.
        really: False only counts.
    """
    for one in kept(data):
        files = list(_files(one))
        if one.entry.path.parent.name != DONE or not files or not due(one):
            continue
        result.messages += 1
        result.size += sum(path.stat().st_size for path in files)
        if not really:
            continue
        if not one.entry.has(PRUNED):
            names = [str(payload["file"]) for payload in one.record.get("payloads", ())]
            hashes = {name: digest(one.entry.region(name).chunks(), "sha256")["sha256"].hex() for name in names}
            one.entry.put(PRUNED, packed({"time": now.isoformat(), "sha256": hashes}))
        if BASE in one.record:  # it may hold the bytes of a small file itself
            one.entry.put(RECORD, packed({key: value for key, value in one.record.items() if key != BASE}))
        for path in files:
            path.unlink(missing_ok=True)


def _files(one: Kept) -> Iterator[Path]:
    for pattern in _LARGE:
        yield from sorted(one.entry.path.glob(pattern))
