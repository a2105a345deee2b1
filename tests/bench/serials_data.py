"""The hierarchy store against a bare ``executemany`` of the same rows, in one process; prints the figures as JSON.

``serials_data.py [SERIALS]``: commissions so many serial numbers by events of a thousand, once into one plain SQLite
table with the same settings, once into the store. Then a pallet of 50,000 packs in cases of 100, told by a second
message in another order, is expanded by a reader that knows nothing yet.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, ObjectEvent
from gateway.epcis.hierarchy import CBV_MDA
from gateway.exchange.ledger.database import Database
from gateway.exchange.serials.store import SerialStore

SERIALS, PACKS, CASE, EVENT = 1_000_000, 50_000, 100, 1000
RATIO, EXPAND_SECONDS = 3.0, 1.0
TIME, OFFSET = "2026-11-20T10:00:00Z", "+00:00"
ROW = (1, TIME, "20261120100000000-00000001", "LOT001", "2028-09-30")


def bare(path: Path, epcs: list[str]) -> float:
    """CPU seconds of the plain table: identifier, kind, time, message, lot and expiry of each."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (epc TEXT, kind INTEGER, at TEXT, message TEXT, lot TEXT, expiry TEXT)")
    started = time.process_time()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", ((epc, *ROW) for epc in epcs))
    connection.execute("COMMIT")
    used = time.process_time() - started
    connection.close()
    return used


def stored(store: SerialStore, epcs: list[str]) -> float:
    """CPU seconds of the store for the same."""
    ilmd = [element(CBV_MDA, "lotNumber", ROW[3]), element(CBV_MDA, "itemExpirationDate", ROW[4])]
    common = {"event_time": TIME, "event_time_zone_offset": OFFSET, "action": "ADD", "biz_step": "commissioning"}
    events = [ObjectEvent(**common, epc_list=epcs[at : at + EVENT], ilmd=ilmd) for at in range(0, len(epcs), EVENT)]
    started = time.process_time()
    store.record("client", ROW[2], events)
    return time.process_time() - started


def expanded(store: SerialStore, packs: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of expanding one pallet with all packs."""
    common = {"event_time": TIME, "event_time_zone_offset": OFFSET, "action": "ADD", "biz_step": "packing"}
    cases = [f"urn:epc:id:sscc:8699999.1{number:09}" for number in range(len(packs) // CASE)]
    pallet = "urn:epc:id:sscc:8699999.2000000000"
    events = [
        AggregationEvent(**common, parent_id=case, child_epcs=packs[at * CASE : (at + 1) * CASE])
        for at, case in enumerate(cases)
    ]
    store.record("client", "second", [*events, AggregationEvent(**common, parent_id=pallet, child_epcs=cases)])
    cpu, wall = time.process_time(), time.perf_counter()
    contents = store.hierarchy("client").contents(pallet)
    used = time.process_time() - cpu, time.perf_counter() - wall
    if contents != packs:
        message = f"{len(contents)} packs came out of {len(packs)}"
        raise SystemExit(message)
    return used


def main(count: int) -> None:
    """Measure all of it."""
    rng = random.Random(1)
    epcs = [f"urn:epc:id:sgtin:8699999.011101.SN{number:012}" for number in rng.sample(range(10**12), count)]
    with tempfile.TemporaryDirectory() as folder:
        plain = bare(Path(folder) / "bare.sqlite", epcs)
        database = Database(f"sqlite:///{folder}/store.sqlite")
        database.migrate()
        store = SerialStore(database)
        ours = stored(store, epcs)
        packs = epcs[:PACKS]
        rng.shuffle(packs)
        cpu, wall = expanded(store, packs)
        database.close()
    print(json.dumps({"bare": plain, "store": ours, "expand_cpu": cpu, "expand_wall": wall}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SERIALS)
