"""phase2 (as2-lib, Java) as the partner: its own sender, receiver and receipts, joined by `phase2/Peer.java`."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gateway.transports.as2 import Identity, Pin
from tests.peers import java

VERSION = "4.5.5"
PEER = "PEER"
SOURCE = Path(__file__).parent / "phase2" / "Peer.java"
_START_SECONDS = 180


@dataclass(frozen=True)
class Partnership:
    """How phase2 sends to one of our ids.

    Attributes:
        us: our AS2 id; one for each partnership.
        sign: e.g. ``sha-256``; empty for not at all.
        encrypt: e.g. ``aes256-cbc``; empty for not at all.
        compression: ``before``, ``after`` or empty.
        asynchronous: where receipts are to come.
    """

    us: str
    sign: str = "sha-256"
    encrypt: str = "aes256-cbc"
    compression: str = ""
    asynchronous: str = ""

    def attributes(self, our_url: str) -> dict[str, str]:
        """The same as the peer spells it."""
        micalg = self.sign or "sha-256"
        return {
            "protocol": "as2",
            "content_transfer_encoding": "binary",
            "content_transfer_encoding_receive": "binary",
            "as2_url": our_url,
            "as2_mdn_to": "peer@peer.example",
            "as2_mdn_options": "signed-receipt-protocol=optional, pkcs7-signature; "
            f"signed-receipt-micalg=optional, {micalg}",
            "sign": self.sign,
            "encrypt": self.encrypt,
            "compression_type": "zlib" if self.compression else "",
            "compression_mode": f"compress-{self.compression}-signing" if self.compression else "",
            "as2_receipt_option": self.asynchronous,
        }


@dataclass
class Phase2:
    """The running peer.

    Attributes:
        folder: its workspace.
        port: where messages come in.
        said: what happened, a row of words each; see `Peer.java`.
    """

    folder: Path
    port: int
    orders: IO[str]
    said: list[list[str]] = field(default_factory=list)
    _count: int = field(default=0)

    @property
    def url(self) -> str:
        """Where to send messages."""
        return f"http://127.0.0.1:{self.port}/"

    def send(self, us: str, data: bytes) -> None:
        """Have it send a file to one of our ids."""
        self._count += 1
        path = self.folder / f"{us}-{self._count:04d}.bin"
        path.write_bytes(data)
        self.orders.write(f"{PEER}-{us}\t{path}\n")
        self.orders.flush()

    def received(self) -> list[bytes]:
        """Files that it has taken from us."""
        return [path.read_bytes() for path in sorted((self.folder / "inbox").iterdir())]

    def heard(self, word: str) -> list[list[str]]:
        """What happened of one kind."""
        return [words[1:] for words in list(self.said) if words[0] == word]

    def log(self) -> str:
        """What it said."""
        return f"{self.said}\n{(self.folder / 'log').read_text('utf-8', 'replace')}"


def class_path() -> str:
    """The peer and all that it needs; empty if this machine cannot run it."""
    return java.class_path(f"phase2-{VERSION}", f"com.helger:as2-lib:{VERSION}", "org.slf4j:slf4j-simple:1.7.30")


@contextlib.contextmanager
def serve(
    folder: Path, port: int, peer: Identity, us: Pin, our_url: str, partnerships: list[Partnership]
) -> Iterator[Phase2]:
    """Run a peer at a port, and at the next one for receipts."""
    for name in ("inbox", "pending", "pendinginfo", "error", "classes"):
        (folder / name).mkdir(parents=True)
    java.key_store(folder / "keys.p12", peer, us)
    stated = java.partnerships(PEER, ((one.us, one.attributes(our_url)) for one in partnerships), aliases=False)
    (folder / "partnerships.xml").write_text(stated)
    classes = folder / "classes"
    subprocess.run(["javac", "-cp", class_path(), "-d", classes, SOURCE], check=True, timeout=_START_SECONDS)
    line = ["java", *java.QUICK_START, "-cp", f"{class_path()}:{classes}", "Peer", folder, str(port), java.PASSWORD]
    pipe = subprocess.PIPE
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=log, cwd=folder, text=True) as process,
    ):
        found = Phase2(folder, port, process.stdin)
        ready: queue.SimpleQueue[bool] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(process.stdout, found, ready), daemon=True).start()
        try:
            if not ready.get(timeout=_START_SECONDS):
                raise RuntimeError(found.log()[-3000:])
            yield found
        finally:
            process.kill()


def _listen(stream: IO[str], peer: Phase2, ready: queue.SimpleQueue[bool]) -> None:
    for line in stream:
        words = line.rstrip("\n").split("\t")
        if words == ["ready"]:
            ready.put(True)
        else:
            peer.said.append(words)
    ready.put(False)
