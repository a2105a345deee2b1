"""One large document on every way that a content takes: the most memory of each process, with the time. Prints JSON.

    python tests/bench/large_ways.py --mib 80
    python tests/bench/large_ways.py --mib 80 --sftp

The workspace has an encrypted archive and a hierarchy store. The document is collected, converted for two receivers,
checked, compared with what is known and delivered; then it is replayed, opened, traced, verified, exported and backed
up. It fails where a process takes more than `MOST_MIB`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench import epcis_data  # noqa: E402
from tests.peers import openssh  # noqa: E402

MOST_MIB = 128.0
SETTLE = {"looks": 1, "interval": 0, "min-age": 0}
EVENT_BYTES = 1475
GATEWAY = (sys.executable, "-m", "gateway")


def high_water(process: int) -> Iterator[tuple[str, float]]:
    """Name and highest resident MiB of a process and of those that it has started."""
    with contextlib.suppress(OSError, StopIteration):
        status = Path(f"/proc/{process}/status").read_text()
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        peak = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        name = "apart" if b"gateway.exchange.flow.apart" in command else "gateway" if b"gateway" in command else "other"
        yield name, peak
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                for child in path.read_text().split():
                    yield from high_water(int(child))


def watched(command: list[str], **more: Any) -> dict[str, Any]:
    """Run a command to its end; the peak of each kind of process in it, and the seconds."""
    started = time.monotonic()
    peaks: dict[str, float] = {}
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, **more)
    while process.poll() is None:
        for name, peak in high_water(process.pid):
            peaks[name] = max(peaks.get(name, 0.0), round(peak, 1))
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return {"mib": peaks, "seconds": round(time.monotonic() - started, 1)}


def workspace(root: Path, ssh: openssh.OpenSsh | None) -> Path:
    """A workspace; where its partner puts files."""
    for name in ("agreements", "mappings", "keys", "data/in", "data/one", "data/two"):
        (root / name).mkdir(parents=True)
    (root / "keys" / "archive").write_text("11" * 32)
    (root / "gateway.toml").write_text('[archive]\nkey = "file:keys/archive"\n[logs]\nlevel = "error"\n')

    def place(name: str, **more: Any) -> dict[str, Any]:
        if ssh is None:
            return {"transport": "folder", "settings": {"path": f"data/{name}", **more}}
        (ssh.root / name).mkdir()
        return {"transport": "sftp", "settings": ssh.settings(path=name, **more)}

    agreement = {
        "partner": {"id": "p"},
        "serials": True,
        "channels": [{"id": "p-in", **place("in", settle=SETTLE, **{"max-size": 4 << 30})}],
        "targets": [
            {"id": "one", "to": "epcis-2.0-json", **place("one")},
            {"id": "two", "to": "epcis-2.0-xml", **place("two")},
        ],
    }
    agreement["channels"][0]["limits"] = {"input-bytes": 4 << 30}  # type: ignore[index]
    (root / "agreements" / "p.yaml").write_text(json.dumps(agreement))
    return ssh.root / "in" if ssh is not None else root / "data" / "in"


def first_epc(path: Path) -> str:
    """The first identifier that a document names."""
    with path.open("rb") as stream:
        head = stream.read(1 << 16).decode()
    return head.partition("<epc>")[2].partition("</epc>")[0]


def ways(root: Path, epc: str) -> Iterator[tuple[str, list[str]]]:
    """Each way, and its command."""
    at = ["-C", str(root)]
    yield "look", [*GATEWAY, "messages", *at]  # makes the tables, which an exchange seldom does
    yield "collect, convert, check, deliver", [*GATEWAY, "once", *at]
    yield "show --open raw", [*GATEWAY, "show", "1", "--open", "raw", *at]
    yield "show --open events", [*GATEWAY, "show", "1", "--open", "events", *at]
    yield "show --open one", [*GATEWAY, "show", "1", "--open", "one", *at]
    yield "trace", [*GATEWAY, "trace", epc, *at]
    yield "archive verify", [*GATEWAY, "archive", "verify", *at]
    yield "archive export", [*GATEWAY, "archive", "export", "1", "-o", str(root.parent / "export.zip"), *at]
    yield "backup", [*GATEWAY, "backup", "make", str(root.parent / "backup"), *at]
    yield "replay", [*GATEWAY, "replay", "1", "--again", *at]
    yield "the replay", [*GATEWAY, "once", *at]


def measure(mib: int, folder: Path, *, sftp: bool) -> dict[str, Any]:
    """All ways of one document."""
    with contextlib.ExitStack() as stack:
        ssh = stack.enter_context(openssh.serve(folder / "ssh")) if sftp else None
        root = folder / "ws"
        inbox = workspace(root, ssh)
        epcis_data.mixed(folder / "large.xml", (mib << 20) // EVENT_BYTES)
        epc = first_epc(folder / "large.xml")
        (folder / "large.xml").rename(inbox / "large.xml")
        found = {}
        for name, command in ways(root, epc):
            found[name] = watched(command)
            print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=80)
    parser.add_argument("--sftp", action="store_true", help="collect from and deliver to an SFTP server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="large-") as name:
        found = measure(options.mib, Path(name), sftp=options.sftp)
    over = {way: one["mib"] for way, one in found.items() if max(one["mib"].values()) > MOST_MIB}
    print(json.dumps({"mib": options.mib, "sftp": options.sftp, "ways": found, "over": over, "load": os.getloadavg()}))
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
