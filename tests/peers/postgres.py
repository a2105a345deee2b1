"""A private PostgreSQL server on a free loopback port, as an unprivileged user when the tests run as root."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_USER, _PASSWORD = "gateway", "a password of the tests"
_TRIES = 5
_NUMBERS = count(1)


@dataclass
class Postgres:
    """A running server.

    `fsync` is off unless asked for: the tests kill their own processes, never the machine.
    """

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    password: str = _PASSWORD
    fsync: str = "off"
    templates: dict[str, str] = field(default_factory=dict)

    def url(self, database: str) -> str:
        """Address of a database, as it stands in ``gateway.toml``: without the password."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """A new database, a copy of another one that nobody is connected to; returns its name."""
        name = f"test_{os.getpid()}_{next(_NUMBERS)}"
        self.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def execute(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement, each of its own transaction."""
        address = f"host=127.0.0.1 port={self.port} user={_USER} dbname={database}"
        with psycopg.connect(address, password=self.password, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def restart(self) -> None:
        """Stop the server, breaking all connections, and start it again."""
        self.process.terminate()  # "smart" would wait for the clients
        self.process.send_signal(2)
        self.process.wait(20)
        self.process = _start(self.folder, self.port, self.fsync)
        _await(self)


def binaries() -> Path | None:
    """Folder of the newest server's programs, None when this machine has no server."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[::-1]:
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def serve(fsync: str = "off") -> Iterator[Postgres]:
    """Start a server in a temporary folder; it and the folder are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = None
    try:
        data, secret = folder / "data", folder / "password"
        secret.write_text(_PASSWORD)
        for path in (folder, secret):
            shutil.chown(path, _owner().get("user"), _owner().get("group")) if _owner() else None
        words = ["-D", str(data), "-U", _USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync"]
        _run("initdb", *words, "--locale=C.UTF-8", cwd=folder)
        for _ in range(_TRIES):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            server = Postgres(port, folder, _start(folder, port, fsync), fsync=fsync)
            if _await(server):
                break
        else:
            raise RuntimeError((folder / "log").read_text())
        yield server
    finally:
        if server is not None:
            server.process.send_signal(2)  # "fast": clients are cut off
            server.process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _program(name: str) -> str:
    folder = binaries()
    assert folder is not None, "this machine has no PostgreSQL server"
    return str(folder / name)


def _run(program: str, *words: str, cwd: Path) -> None:
    done = subprocess.run([_program(program), *words], cwd=cwd, capture_output=True, text=True, check=False, **_owner())
    assert done.returncode == 0, done.stdout + done.stderr


def _start(folder: Path, port: int, fsync: str) -> subprocess.Popen[bytes]:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": str(folder),
        "fsync": fsync,
        "max_connections": 300,
        "shared_buffers": "32MB",
    }
    words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [_program("postgres"), "-D", str(folder / "data"), *words], cwd=folder, stdout=log, stderr=log, **_owner()
        )


def _await(server: Postgres) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            server.execute("postgres", "SELECT 1")
            return True
        time.sleep(0.05)
    return False
