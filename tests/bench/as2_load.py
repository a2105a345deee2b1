"""Messages through the AS2 server: signed, encrypted, compressed, each answered with a signed receipt. Last line: JSON.

    python tests/bench/as2_load.py --messages 1000 --bytes 100000 --senders 4

The server is a process of its own that does all that `gateway as2 serve` does, on the disk of the temporary folder.
The senders are threads of this process; each message is built and stored as a delivery before it is sent, and counts
when its receipt was judged and stored. Latency is from the first byte sent to the receipt stored.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import as2_data  # noqa: E402


def stated(root: Path, us: str, them: str, url: str = "") -> Any:
    """Settings of one end."""
    from gateway.transports.as2 import keys
    from gateway.transports.as2_http.settings import As2Settings

    (theirs,) = keys.certificates((root / f"{them}.crt").read_bytes())
    values = {
        "us": us,
        "them": them,
        "ours": [{"certificate": f"{us}.crt", "key": f"file:{us}.key"}],
        "theirs": [{"certificate": f"{them}.crt", "sha256": keys.Pin(theirs.certificate).fingerprint}],
        "url": url,
        "private-addresses": True,
        "data": f"data-{us}",
    }
    return As2Settings.model_validate(values, context={"root": root})


def serve(root: Path, told: Any) -> None:
    """The receiving end, until it is told to stop; then it tells its CPU time and peak memory."""
    from gateway import logs
    from gateway.transports.as2_http.server import application
    from gateway.transports.as2_http.serving import serving
    from gateway.transports.as2_http.site import site
    from gateway.transports.secrets import secrets

    logs.setup("error", "plain")
    made = site([stated(root, "brand", "acme")], secrets(root))
    with serving(application(made)) as url:
        told.send(f"{url}/as2")
        told.recv()
    made.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    told.send({"cpu": used.ru_utime + used.ru_stime, "peak_mib": int(peak.split()[1]) / 1024})


@contextlib.contextmanager
def serving_elsewhere(root: Path, after: dict[str, float]) -> Iterator[str]:
    """The server in a process of its own; what it used is put into `after`."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(root, there))
    process.start()
    try:
        yield here.recv()
        here.send("stop")
        after |= here.recv()
        process.join(30)
    finally:
        process.kill()


def load(root: Path, messages: int, size: int, senders: int) -> dict[str, Any]:
    """Send all, and give the figures."""
    from gateway import logs
    from gateway.transports.as2 import Content, File, Region
    from gateway.transports.as2_http.post import poster
    from gateway.transports.as2_http.sending import Sender, State
    from gateway.transports.as2_http.session import now, partner_of
    from gateway.transports.as2_http.store import Store
    from gateway.transports.secrets import secrets

    logs.setup("error", "plain")
    as2_data.make(root, 1)
    payload = root / "payload"
    as2_data.payload(payload, size)
    file = File(Content.of(Region.whole(payload)), "application/xml", "batch.xml")
    used: dict[str, float] = {}
    with serving_elsewhere(root, used) as url:
        settings = stated(root, "acme", "brand", url)
        partner = partner_of(settings, secrets(root))
        outbox, scratch = Store(settings.data / "out"), settings.data / "scratch"
        scratch.mkdir(parents=True)

        def part(first: int) -> list[float]:
            took = []
            with poster({url: True}) as post:
                sender = Sender(outbox, post, now, scratch)
                for number in range(first, messages, senders):
                    entry = sender.prepare(partner, (file,), f"load-{number}")
                    begun = time.perf_counter()
                    if sender.send(entry, partner, url) is not State.PROVEN:
                        sys.exit(f"message {number} is not proven")
                    took.append(time.perf_counter() - begun)
            return took

        begun = time.perf_counter()
        with ThreadPoolExecutor(senders) as pool:
            took = sorted(seconds for row in pool.map(part, range(senders)) for seconds in row)
        wall = time.perf_counter() - begun
    kept = len(list(Store(root / "data-brand" / "in").entries()))
    if kept != messages:
        sys.exit(f"the server has {kept} messages of {messages}")
    return {
        "messages": messages,
        "bytes": size,
        "senders": senders,
        "wall_s": round(wall, 2),
        "per_second": round(messages / wall, 1),
        "median_ms": round(took[len(took) // 2] * 1000, 1),
        "p95_ms": round(took[int(len(took) * 0.95)] * 1000, 1),
        "longest_ms": round(took[-1] * 1000, 1),
        "server_cpu_s": round(used["cpu"], 2),
        "server_peak_mib": round(used["peak_mib"], 1),
    }


def main(arguments: list[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=100_000)
    parser.add_argument("--senders", type=int, default=4)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        print(json.dumps(load(Path(folder), options.messages, options.bytes, options.senders)))


if __name__ == "__main__":
    main(sys.argv[1:])
