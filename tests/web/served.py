"""A real server process in a workspace with channels that partners push into, and clients that behave or do not."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from gateway.exchange import failpoints
from tests.exchange.site import Site

ACME = "acme-key-0123456789-0123456789"
OTHER = "other-key-0123456789-0123456789"
AGREEMENT = f"""\
partner: {{id: acme}}
channels:
  - id: acme-push
    transport: https
    settings:
      receive:
        keys: [{{name: acme, sha256: {hashlib.sha256(ACME.encode()).hexdigest()}}}]
        capture: true
        max-size: 100000
  - id: acme-csv
    transport: https
    settings:
      receive:
        keys: [{{name: acme, sha256: {hashlib.sha256(ACME.encode()).hexdigest()}}}]
        content-types: [text/csv, application/*]
        uploads: 1
  - id: acme-rare
    transport: https
    settings:
      receive: {{keys: [{{name: acme, sha256: {hashlib.sha256(ACME.encode()).hexdigest()}}}], per-minute: 2}}
targets:
  - {{id: one, to: epcis-2.0-json, transport: folder, settings: {{path: data/one}}, retry: {{attempts: 1}}}}
  - {{id: two, to: epcis-1.2-xml, transport: folder, settings: {{path: data/two}}, retry: {{attempts: 1}}}}
"""
STRANGER = """\
partner: {id: other}
channels:
  - id: other-push
    transport: https
    settings: {receive: {keys: [{name: other, key: "file:keys/other"}], capture: true, left-out: 0}}
targets:
  - {id: three, to: epcis-2.0-json, transport: folder, settings: {path: data/three}}
"""
QUICK = "header-seconds = 1\nstall-seconds = 1\nupload-seconds = 3\nmost-connections = 30\n"


def _serve(root: Path, failpoint: str, port: int) -> None:
    from gateway.cli.main import cli

    os.environ[failpoints.VARIABLE] = failpoint
    cli.main(["serve", "-C", str(root), "--listen", f"127.0.0.1:{port}"], standalone_mode=False)


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class ServedSite(Site):
    """A workspace that can be served."""

    port = 0

    def make(self, web: str = QUICK, agreement: str = AGREEMENT) -> ServedSite:
        """Write settings, agreements and keys."""
        self.build(agreement)
        self.port = free_port()
        (self.root / "keys").mkdir(exist_ok=True)
        (self.root / "keys" / "other").write_text(OTHER)
        (self.root / "data" / "three").mkdir()
        (self.root / "agreements" / "other.yaml").write_text(STRANGER)
        with (self.root / "gateway.toml").open("a") as settings:
            settings.write(f'[web]\nlisten = "127.0.0.1:{self.port}"\n{web}')
        return self

    @contextlib.contextmanager
    def serving(self, failpoint: str = "") -> Iterator[Any]:
        """``gateway serve`` while the body lasts; unless it is to die, it must stop by itself when it is told to."""
        context = multiprocessing.get_context("forkserver")
        process = context.Process(target=_serve, args=(self.root, failpoint, self.port))
        process.start()
        try:
            self.wait()
            yield process
            if not failpoint:
                process.terminate()
                process.join(20)
                assert process.exitcode == 0, f"the server ended with {process.exitcode}"
        finally:
            process.kill()
            process.join()

    def wait(self) -> None:
        """Wait until the server answers."""
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < end, "the server did not start"
                time.sleep(0.02)
            else:
                return

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, key: str = ACME, **more: Any) -> httpx.Client:
        """A well-behaved client."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=20, **more)

    def raw(self, data: bytes, seconds: float = 10, *, half: bool = False) -> bytes:
        """Send these bytes and read until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
                if half:
                    connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    answer += piece
            return answer

    def quarantined(self) -> list[Path]:
        """What lies in the server's quarantine."""
        return list((self.root / "data" / "incoming").iterdir())
