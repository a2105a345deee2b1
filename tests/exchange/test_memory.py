"""A worker under many small files does not grow: what its databases keep is bounded, and free memory goes back."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.exchange.ledger.database import SQLITE_HEAP, Database

MIB = 1 << 20

#: Fills an SQLite file of 12 MiB, then reads it whole by ten connections; prints what SQLite holds in KiB.
READ_ALL = """
import ctypes, sys
import _sqlite3
from gateway.exchange.ledger.database import Database
database = Database("sqlite:///" + sys.argv[1])
with database.engine.begin() as connection:
    connection.exec_driver_sql("create table filler (value text)")
    connection.exec_driver_sql(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 12000) "
        "insert into filler select hex(randomblob(500)) from n"
    )
held = [database.engine.connect() for _ in range(10)]
for connection in held:
    connection.exec_driver_sql("select sum(length(value)) from filler").scalar()
used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
used.restype = ctypes.c_int64
print(used() // 1024)
"""

#: Takes 64 MiB in pieces of 16 KiB, frees all but every 64th, and prints the memory before and after in KiB.
GIVE_BACK = """
import ctypes
from gateway.exchange.memory import give_back
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
pieces = [libc.malloc(16384) for _ in range(4096)]
for piece in pieces:
    ctypes.memset(piece, 1, 16384)
for number, piece in enumerate(pieces):
    if number % 64:
        libc.free(piece)
before = resident()
give_back()
print(before, resident())
"""


def run(code: str, *arguments: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_the_caches_of_all_connections_to_sqlite_are_bounded_together(tmp_path: Path) -> None:
    (kib,) = run(READ_ALL, str(tmp_path / "ledger.sqlite"))
    # A page more here and there is allowed: the limit is a soft one. Without it this is 21 MiB.
    assert kib * 1024 < 13 * MIB


def test_the_limit_is_that_of_the_process(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA soft_heap_limit").scalar() == SQLITE_HEAP
    database.engine.dispose()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps free memory between used pieces")
def test_free_memory_goes_back_to_the_system() -> None:
    before, after = run(GIVE_BACK)
    assert before - after > 48 * 1024


def test_a_worker_loads_nothing_that_only_others_need():
    """Each of them takes megabytes of every process, as long as it runs."""
    code = "import sys, gateway.exchange.service, gateway.agreements.load, gateway.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"rich", "httpx", "jsonschema_rs", "alembic", "gateway.transports.as2"} & set(done.stdout.split())
