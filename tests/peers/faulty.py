"""An SFTP server in a process of its own that misbehaves on demand, on the wire."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.peers.faulty_server import PASSWORD, Faults

__all__ = ["PASSWORD", "Faulty", "serve"]


class Faulty:
    """A running server. Assigning one of these attributes makes it misbehave from then on.

    Attributes:
        root: the folder that it serves.
        deny: operations that are refused: "rename", "posix_rename", "remove", "mkdir", "open", "list", "lstat" ...
        unknown: operations that are answered with "operation unsupported".
        locked: names of files that cannot be opened: "denied", or any other word for a failure of no kind.
        slow: seconds that an operation takes.
        full_after: bytes of a file after which writes fail, as on a full disk.
        holes: numbers of the write requests that fail while later ones succeed.
        lie: added to every size that is shown, so that files end early.
        future: added to every modification time.
        strip: attributes that listings do not tell ("size", "mtime", "permissions"); single answers neither if
            `strip_stat`.
        listed: names (bytes) that listings show besides what is there.
        fold: upper and lower case are the same.
        short_reads: bytes that one read gives at most.
        leave_after: number of the operation at which the server drops the connection, once.
        takes_away: files go to the folder ``taken`` as soon as they are closed.
        overwrites: a plain rename replaces what stands there.
        extensions: whether it has OpenSSH's extensions.
        interactive: passwords are asked for by keyboard-interactive only.
        refuse_after: the password is wrong after so many logins; 0 for never.
        auth_delay: seconds until it says whether a password is right.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        object.__setattr__(self, "_process", process)
        assert process.stdout is not None
        hello = json.loads(process.stdout.readline())
        object.__setattr__(self, "port", hello["port"])
        object.__setattr__(self, "fingerprint", hello["fingerprint"])

    def _say(self, command: dict[str, Any]) -> Any:
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __setattr__(self, name: str, value: Any) -> None:
        assert hasattr(Faults(), name), name
        if name == "listed":
            value = [base64.b64encode(each).decode() for each in value]
        self._say({"set": {name: str(value) if isinstance(value, Path) else value}})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._say({"get": name})

    def reset(self, root: Path) -> None:
        """Behave again, and serve another folder."""
        root.mkdir(parents=True, exist_ok=True)
        self._say({"set": {**dataclasses.asdict(Faults()), "root": str(root)}})

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "cmo",
            "password": "env:SFTP_PASSWORD",
            "host-key-fingerprints": [self.fingerprint],
            "path": "/",
            **more,
        }


@contextlib.contextmanager
def serve(**options: Any) -> Iterator[Faulty]:
    """Start a server on a free loopback port; `options` are asyncssh's for listening, e.g. its algorithms."""
    command = [sys.executable, "-m", "tests.peers.faulty_server", json.dumps(options)]
    here = Path(__file__).resolve().parent.parent.parent
    process = subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Faulty(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
