"""Load on the exchange: many small files from many partners over SFTP, or one large document. Run by hand.

    python tests/bench/exchange_load.py --files 10000 --partners 20 --store sqlite
    python tests/bench/exchange_load.py --files 10000 --partners 20 --store postgres --workers 4
    python tests/bench/exchange_load.py --large 1400
    python tests/bench/exchange_load.py --large 1400 --sftp

Files wait at an OpenSSH server of this machine before the workers start. Each partner has a channel and a target. The
figures are: messages a second from the first arrival to the last end; how long a message took from its arrival to its
end (median, 95th percentile, longest); memory of each worker (resident MiB after a quarter of the messages, at the end,
the most at any time, and by how much it grows in a thousand messages after the first quarter); seconds of processor
time of each worker and of the PostgreSQL server, and milliseconds of it, of all of them together, for a message after
the first quarter. It fails if a file is missing, if a receiver got its files in another order than they came, or if
a worker grows by more than 1 MiB in a thousand messages (told from 4,000 files on).
PostgreSQL runs with fsync. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from gateway.exchange.ledger.tables import Message  # noqa: E402
from gateway.exchange.workspace import Workspace  # noqa: E402
from gateway.settings import load  # noqa: E402
from tests.bench import epcis_data  # noqa: E402
from tests.exchange.site import EVENT, document  # noqa: E402
from tests.peers import openssh, postgres  # noqa: E402

MIB = 1 << 20
SAMPLE = 5.0  # seconds between two looks at the memory
GROWTH, TOLD_FROM = 1.0, 4000  # MiB that a thousand messages may add, and how many files it takes to tell
OPEN = "('received', 'converting', 'delivering', 'awaiting')"


def many_events(first: int, events: int) -> bytes:
    """A document with so many events, each with its own serial number."""
    one = EVENT.format(serial=1)
    return document(1).replace(one.encode(), "".join(EVENT.format(serial=first + n) for n in range(events)).encode())


def workspace_at(root: Path, settings: str, agreements: dict[str, dict[str, Any]]) -> None:
    for name in ("agreements", "mappings", "data", "keys"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "gateway.toml").write_text(settings)
    for name, agreement in agreements.items():
        (root / "agreements" / f"{name}.yaml").write_text(json.dumps(agreement))


def memory(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Resident and highest resident memory in MiB."""
    values = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if key in {"VmRSS", "VmHWM"}:
                values[key] = int(value.split()[0]) / 1024
    return values.get("VmRSS", 0.0), values.get("VmHWM", 0.0)


def helpers(process: subprocess.Popen[bytes]) -> float:
    """The highest resident memory, in MiB, of the processes that convert for a worker."""
    found = 0.0
    for path in Path(f"/proc/{process.pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in path.read_text().split():
                if b"apart" not in Path(f"/proc/{child}/cmdline").read_bytes():
                    continue  # it is still a copy of this process
                status = Path(f"/proc/{child}/status").read_text()
                found = max(found, *(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmHWM" in line))
    return found


def processor_time(number: int, *, ended: bool = False) -> float:
    """Seconds of processor time that a process has taken; with `ended`, its children that have ended too."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11 : 15 if ended else 13])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def server_time(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time that a database server has taken: it has a process for each connection."""
    living = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return sum(map(processor_time, map(int, living)), processor_time(process.pid, ended=True))


def slope(points: list[tuple[int, float]]) -> float:
    """MiB by which a worker grows in a thousand messages: the line that fits the points best."""
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return 0.0
    done, memory_ = [done for done, _ in points], [value for _, value in points]
    return statistics.linear_regression(done, memory_).slope * 1000


@contextlib.contextmanager
def workers(root: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many ``gateway run``."""
    command = [sys.executable, "-m", "gateway", "run", "-C", str(root), "--worker"]
    log = (root / "log").open("ab")
    started = [subprocess.Popen([*command, f"w-{n}"], stderr=log, cwd=ROOT) for n in range(1, count + 1)]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def wait_for(
    root: Path,
    files: int,
    running: list[subprocess.Popen[bytes]],
    limit: float,
    server: subprocess.Popen[bytes] | None = None,
) -> dict[str, Any]:
    """Wait until all messages are at an end; memory and processor time of the workers and the database on the way."""

    def processors() -> list[float]:
        return [*(processor_time(process.pid) for process in running), *([server_time(server)] if server else [])]

    opened = Workspace(load(root))
    most = [0.0] * len(running)
    samples: list[list[tuple[int, float]]] = [[] for _ in running]
    looked = started = 0.0
    begun = (0, 0.0)
    end = time.monotonic() + limit
    done = 0
    while done < files:
        if time.monotonic() > end:
            sys.exit(f"only {done} of {files} messages after {limit} s; see {root}/log")
        for process in running:
            if process.poll() is not None:
                sys.exit(f"a worker ended with {process.returncode}; see {root}/log")
        for _ in range(5):
            time.sleep(0.2)
            started = max(started, *map(helpers, running))
        counts = opened.queries.counts()
        done = sum(count for state, count in counts.items() if state not in OPEN)
        now = [memory(process) for process in running]
        most = [max(before, highest) for before, (_, highest) in zip(most, now, strict=True)]
        if done >= files // 4 and not begun[0]:
            begun = (done, sum(processors()))
        if done >= files // 4 and time.monotonic() - looked >= SAMPLE:
            looked = time.monotonic()
            for kept, (resident, _) in zip(samples, now, strict=True):
                kept.append((done, resident))
        print(f"\r{done}/{files}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    opened.close()
    used = processors()
    return {
        "memory_mib": {
            "quarter": [round(kept[0][1]) if kept else 0 for kept in samples],
            "end": [round(memory(process)[0]) for process in running],
            "most": [round(value) for value in most],
            "helpers": round(started),
            "per_1000": [round(slope(kept), 2) for kept in samples],
        },
        "processor_s": [round(value, 1) for value in used],
        "processor_ms_a_message": round((sum(used) - begun[1]) / max(done - begun[0], 1) * 1000, 1),
    }


def figures(messages: list[Message]) -> dict[str, Any]:
    begun = [datetime.fromisoformat(message.received_at).timestamp() for message in messages]
    ended = [datetime.fromisoformat(message.closed_at).timestamp() for message in messages]
    took = sorted(end - begin for begin, end in zip(begun, ended, strict=True))
    return {
        "messages": len(messages),
        "seconds": round(max(ended) - min(begun), 1),
        "per_second": round(len(messages) / (max(ended) - min(begun)), 2),
        "median_s": round(took[len(took) // 2], 2),
        "p95_s": round(took[int(len(took) * 0.95)], 2),
        "longest_s": round(took[-1], 2),
    }


def many(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        ssh = stack.enter_context(openssh.serve(folder / "ssh"))
        settings = f"[engine]\npoll-interval = {options.poll}\nconcurrency = {options.concurrency}\n"
        root = folder / "ws"
        (root / "keys").mkdir(parents=True)
        server = None
        if options.store == "postgres":
            server = stack.enter_context(postgres.serve(fsync="on"))
            (root / "keys" / "database").write_text(server.password)
            settings += f'[database]\nurl = "{server.url(server.create())}"\npassword = "file:keys/database"\n'
        agreements = {}
        settle = {"looks": 1, "interval": 0, "min-age": 0}
        for number in range(options.partners):
            name = f"p{number:02}"
            for kind in ("in", "out"):
                (ssh.root / name / kind).mkdir(parents=True)
            place = {"transport": "sftp"}
            own = {"keepalive": 20 + number}  # else all partners of one server and login would share connections
            agreements[name] = {
                "partner": {"id": name},
                "channels": [
                    {
                        "id": f"{name}-in",
                        "settings": ssh.settings(path=f"{name}/in", settle=settle, **own),
                        "schedule": {"interval": 30},
                        **place,
                    }
                ],
                "targets": [
                    {
                        "id": f"{name}-out",
                        "to": "epcis-2.0-json",
                        "settings": ssh.settings(path=f"{name}/out", **own),
                        **place,
                    }
                ],
            }
        workspace_at(root, settings, agreements)
        print(f"making {options.files} files of {options.events} events", file=sys.stderr)
        for number in range(options.files):
            place = ssh.root / f"p{number % options.partners:02}" / "in" / f"{number:06}.xml"
            place.write_bytes(many_events(number * options.events, options.events))
            os.utime(place, (1_700_000_000 + number,) * 2)
        with workers(root, options.workers) as running:
            used = wait_for(root, options.files, running, options.limit, server.process if server else None)
        opened = Workspace(load(root))
        messages = list(opened.queries.messages())
        states = opened.queries.counts()
        assert states == {"done": options.files}, states
        with opened.database.read() as session:
            rows = session.connection().exec_driver_sql(
                "select target, message from deliveries order by delivered_at, id"
            )
            order: dict[str, list[str]] = {}
            for target, message in rows:
                order.setdefault(target, []).append(message)
        assert all(ids == sorted(ids) for ids in order.values()), "the order of a receiver's files was lost"
        there = sum(1 for _ in ssh.root.glob("p*/out/*.jsonld"))
        assert there == options.files, f"{there} files stand at the receivers"
        opened.close()
        return figures(messages) | used


def prepare(root: Path) -> None:
    """Make the ledger's tables: what does that once needs ten MiB more from then on, and is seldom the worker."""
    opened = Workspace(load(root))
    assert opened.database
    opened.close()


def large(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One document from a drop folder to another, or over SFTP both ways."""
    root = folder / "ws"
    settle = {"looks": 1, "interval": 0, "min-age": 0}
    with contextlib.ExitStack() as stack:
        ssh = stack.enter_context(openssh.serve(folder / "ssh")) if options.sftp else None
        peers = ssh.root if ssh is not None else root / "data"

        def place(name: str, **more: Any) -> dict[str, Any]:
            if ssh is None:
                return {"transport": "folder", "settings": {"path": f"data/{name}", **more}}
            return {"transport": "sftp", "settings": ssh.settings(path=name, **more)}

        agreement = {
            "partner": {"id": "p"},
            "channels": [
                {"id": "p-in", **place("in", settle=settle, **{"max-size": 4 << 30})}
                | {"schedule": {"interval": 2}, "limits": {"input-bytes": 4 << 30}}
            ],
            "targets": [{"id": "p-out", "to": options.to, **place("out")}],
        }
        workspace_at(root, "", {"p": agreement})
        for name in ("in", "out"):
            (peers / name).mkdir()
        path = folder / "large.xml"
        events = options.large * MIB // len_of_event(folder)
        epcis_data.mixed(path, events)
        size = path.stat().st_size
        path.rename(peers / "in" / "large.xml")
        print(f"{size / MIB:.0f} MiB, {events} events", file=sys.stderr)
        prepare(root)
        with workers(root, 1) as running:
            used = wait_for(root, 1, running, options.limit)
        made = sum(file.stat().st_size for file in (peers / "out").glob("*.*"))
        opened = Workspace(load(root))
        messages = list(opened.queries.messages())
        print([(m.state, m.reason, m.events) for m in messages], file=sys.stderr)
        sizes = {"input_mib": round(size / MIB), "output_mib": round(made / MIB)}
        result = figures(messages) | used | sizes | {"state": messages[0].state}
        opened.close()
        return result


def len_of_event(folder: Path) -> int:
    sample = folder / "sample.xml"
    epcis_data.mixed(sample, 1000)
    return max(sample.stat().st_size // 1000, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--partners", type=int, default=20)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--poll", type=float, default=0.25)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--limit", type=float, default=7200, help="seconds after which to give up")
    parser.add_argument("--large", type=int, default=0, metavar="MIB", help="one document of this size instead")
    parser.add_argument(
        "--sftp", action="store_true", help="the large document comes and goes over SFTP, not by folders"
    )
    parser.add_argument("--to", default="epcis-2.0-json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        before = os.getloadavg()[0]
        result = (large if options.large else many)(options, Path(name))
    growth = max(result["memory_mib"]["per_1000"])
    chosen = {
        key: getattr(options, key) for key in ("files", "events", "partners", "store", "workers", "large", "sftp")
    }
    print(json.dumps(chosen | result | {"load_before": before, "load_after": os.getloadavg()[0]}))
    if not options.large and options.files >= TOLD_FROM and growth > GROWTH:
        sys.exit(f"a worker grows by {growth} MiB in a thousand messages")


if __name__ == "__main__":
    main()
