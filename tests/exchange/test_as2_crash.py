"""kill -9 of each process of two gateways that exchange by AS2, at every point between file, message and receipt.

Then it is started again, and nobody does anything: the file is delivered once, and the sender holds the receipt that
the receiver stored with the message.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import failpoints
from gateway.transports.as2_http.failpoints import RECEIVING, SENDING, TAKING
from tests.exchange.site import Site, document, until
from tests.exchange.test_crash import EVERYWHERE, Recorder
from tests.transports.as2.test_channel import certificates, settings

SETTLED = {"looks": 1, "interval": 0, "min-age": 0}
LATER = ("as2.later-kept", "as2.later-begun", "as2.receipt-posted")

#: Process and point; the sender is acme, the receiver brand.
SYNC = [
    *(("brand serves", point) for point in RECEIVING if point not in LATER),
    *(("acme runs", point) for point in (*SENDING, "deliver.started", "deliver.sent")),
    *(("brand runs", point) for point in ("collect.fetched", "collect.recorded", "collect.acknowledged")),
]
ASYNC = [
    *(("brand serves", point) for point in RECEIVING if point != "as2.receipt-half"),
    ("brand serves", "as2.sent-half"),  # half of the receipt is on its way
    *(("acme runs", point) for point in ("as2.prepared", "as2.sent-half", "as2.answered")),
    *(("acme serves", point) for point in TAKING),
]

#: What the suite passes; `make crash-matrix` passes all.
QUICK = {
    ("sync", "as2.stored"),
    ("sync", "as2.receipt-half"),
    ("sync", "as2.answered"),
    ("async", "as2.later-begun"),
    ("async", "as2.receipt-came"),
}


def _serve(root: Path, port: int, failpoint: str) -> None:
    from gateway.cli.main import cli

    os.environ[failpoints.VARIABLE] = failpoint
    cli.main(["as2", "serve", "-C", str(root), "--listen", f"127.0.0.1:{port}"], standalone_mode=False)


class Pair:
    """Two workspaces and their four processes."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.acme, self.brand = Site(folder / "acme"), Site(folder / "brand")
        certificates(self.acme.root, "acme", "brand")
        certificates(self.brand.root, "brand", "acme")
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
            self.ports = {"acme": one.getsockname()[1], "brand": two.getsockname()[1]}
        urls = {name: f"http://127.0.0.1:{port}/as2" for name, port in self.ports.items()}
        receipt = {"mode": mode} | ({"url": urls["acme"]} if mode == "async" else {})
        to_brand = settings(
            "acme", "brand", url=urls["brand"], receipt=receipt, wait=600
        )  # nothing is saved by sending again
        retry = {"attempts": 60, "first": 0.3, "factor": 1}
        target = {"id": "brand", "to": "epcis-1.2-xml", "transport": "as2", "settings": to_brand, "retry": retry}
        drop = {"id": "in", "transport": "folder", "settings": {"path": "data/in", "settle": SETTLED}}
        often = {"schedule": {"interval": 1}}
        self._agree(self.acme, drop | often, target)
        from_acme = settings("brand", "acme", **{"receipt-url": urls["acme"]})
        warehouse = {"id": "one", "to": "epcis-2.0-json", "transport": "folder", "settings": {"path": "data/one"}}
        self._agree(self.brand, {"id": "as2", "transport": "as2", "settings": from_acme} | often, warehouse)
        self.processes: dict[str, multiprocessing.process.BaseProcess] = {}

    @staticmethod
    def _agree(site: Site, channel: dict, target: dict) -> None:
        site.build(json.dumps({"partner": {"id": "other"}, "channels": [channel], "targets": [target]}))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        try:
            for name in ("acme serves", "brand serves", "acme runs", "brand runs"):
                self.start(name)
            yield
        finally:
            for process in self.processes.values():
                process.kill()
                process.join()

    def start(self, name: str, failpoint: str = "") -> None:
        """Start a process, in place of the one that runs."""
        if name in self.processes:
            self.processes[name].terminate()
            self.processes[name].join(30)
        who, _, does = name.partition(" ")
        site = getattr(self, who)
        if does == "runs":
            self.processes[name] = site.run(failpoint)
            return
        context = multiprocessing.get_context("forkserver")
        self.processes[name] = context.Process(target=_serve, args=(site.root, self.ports[who], failpoint))
        self.processes[name].start()
        until(lambda: self._listens(who))

    def _listens(self, who: str) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[who]), 1):
            return True
        return False

    def killed(self, name: str, point: str) -> None:
        """See a process die at a point, and start it again."""
        process = self.processes[name]
        process.join(60)
        assert process.exitcode == -signal.SIGKILL, f"{name} did not come to {point}: {process.exitcode}"
        self.start(name)

    def done(self, files: int) -> bool:
        """Whether all files are where they belong, and both ends know it."""
        return all(
            site.rows("select state, count(*) from deliveries group by 1") == [("delivered", files)]
            and site.rows("select state, count(*) from messages group by 1") == [("done", files)]
            for site in (self.acme, self.brand)
        )

    def state(self) -> str:
        rows = [site.rows("select state, reason from messages") for site in (self.acme, self.brand)]
        return f"{rows} {[site.rows('select state, attempts from deliveries') for site in (self.acme, self.brand)]}"


def receipts(site: Site, box: str) -> dict[str, bytes]:
    """Stored receipts by message id."""
    folders = [path.parent for path in (site.root / "data" / "as2" / box).rglob("record")]
    found = {}
    for folder in folders:
        record = json.loads((folder / "record").read_bytes())
        assert record["message-id"] not in found
        found[record["message-id"]] = (folder / "receipt").read_bytes()
    return found


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_kill_at_every_point(tmp_path: Path, mode: str) -> None:
    pair = Pair(tmp_path, mode)
    points = SYNC if mode == "sync" else ASYNC
    if not EVERYWHERE:
        points = [one for one in points if (mode, one[1]) in QUICK]
    with Recorder(pair.brand.one) as recorder, pair.running():
        for number, (name, point) in enumerate(points, 1):
            pair.start(name, point)
            pair.acme.drop(f"{number:02}.xml", document(number))
            pair.killed(name, point)
            try:
                until(lambda done=number: pair.done(done), 60)
            except AssertionError:
                pytest.fail(f"{name} {point}: {pair.state()}")
        waiting = pair.brand.root / "data" / "as2" / "in-waiting"
        until(lambda: [path.name for path in waiting.iterdir() if path.name not in {".lock", "done"}] == [])
    assert recorder.times() == {1: len(points)}
    sent, stored = receipts(pair.acme, "out"), receipts(pair.brand, "in")
    assert len(sent) == len(points)
    assert sent == stored
    for site, box in ((pair.acme, "out"), (pair.brand, "in")):
        assert list((site.root / "data" / "as2" / box).glob(".half-*")) == []
        assert list((site.root / "data" / "as2" / "quarantine").iterdir()) == []
