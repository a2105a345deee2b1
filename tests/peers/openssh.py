"""A real OpenSSH server on a free loopback port, as the user who runs the tests."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SSHD = Path("/usr/sbin/sshd")
_TRIES = 5


@dataclass(frozen=True)
class OpenSsh:
    """A running server. It starts its sessions in `root`; relative paths count from there."""

    port: int
    root: Path
    key: Path
    fingerprints: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path
    host: str = "127.0.0.1"
    username: str = getpass.getuser()

    def settings(self, **more: Any) -> dict[str, Any]:
        """Settings of a channel to this server, as they stand in an agreement; `more` is added or replaces."""
        return {
            "host": self.host,
            "port": self.port,
            "username": self.username,
            "key": f"file:{self.key}",
            "host-key-fingerprints": [self.fingerprints["ed25519"]],
            **more,
        }


def available() -> bool:
    """Whether this machine has an OpenSSH server."""
    return SSHD.exists() and shutil.which("ssh-keygen") is not None


@contextlib.contextmanager
def serve(
    folder: Path, host_keys: tuple[str, ...] = ("ed25519",), options: str = "", config: str = ""
) -> Iterator[OpenSsh]:
    """Start a server that keeps its keys and configuration in `folder` and serves ``folder/root``.

    Args:
        folder: its place.
        host_keys: types of its host keys.
        options: of ``internal-sftp``, e.g. ``-R`` for a server on which nothing may be changed, or ``-P rename``.
        config: further lines of its configuration.
    """
    if os.geteuid() == 0:  # started by root, sshd insists on its own empty folder
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    root = folder / "root"
    root.mkdir(parents=True, exist_ok=True)
    prints = {kind: _keygen(folder / f"host_{kind}", kind) for kind in host_keys}
    key = folder / "client"
    _keygen(key, "ed25519")
    for _ in range(_TRIES):
        server = _start(folder, root, key, prints, options, config)
        if server is not None:
            break
    else:
        raise RuntimeError((folder / "sshd.log").read_text())
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(10)


def _keygen(path: Path, kind: str) -> str:
    size = ["-b", "2048"] if kind == "rsa" else []
    command = ["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", kind, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    shown = subprocess.run(["ssh-keygen", "-lf", str(path)], check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]


def _start(folder: Path, root: Path, key: Path, prints: dict[str, str], options: str, more: str) -> OpenSsh | None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    lines = [
        *more.splitlines(),
        "ListenAddress 127.0.0.1",
        f"Port {port}",
        *(f"HostKey {folder / f'host_{kind}'}" for kind in prints),
        f"AuthorizedKeysFile {key}.pub",
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxStartups 100",
        "Subsystem sftp internal-sftp",
        f"ForceCommand internal-sftp -d {root} {options}",
    ]
    config, log = folder / "sshd_config", folder / "sshd.log"
    config.write_text("\n".join(lines) + "\n")
    with log.open("wb") as stream:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=stream, stdin=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
            if sock.recv(4) == b"SSH-":
                return OpenSsh(port, root, key, prints, process, log)
        time.sleep(0.01)
    process.kill()
    process.wait()
    return None
