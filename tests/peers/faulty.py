"""An SFTP server of asyncssh's that misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

PASSWORD = "correct horse"
FULL = "No space left on device"


@dataclass
class Faulty:
    """A running server and what it does wrong.

    Attributes:
        deny: operations that are refused: "rename", "posix_rename", "open", "list", "lstat".
        full_after: bytes of a file after which writes fail, as on a full disk.
        holes: numbers of the write requests that fail while later ones succeed.
        lie: added to every size that is shown, so that files end early.
        future: added to every modification time.
        logins: user names that passwords were sent for.
    """

    root: Path
    port: int = 0
    fingerprint: str = ""
    deny: set[str] = field(default_factory=set)
    full_after: int | None = None
    holes: set[int] = field(default_factory=set)
    lie: int = 0
    future: int = 0
    writes: int = 0
    logins: list[str] = field(default_factory=list)

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


def _server(faulty: Faulty) -> type[asyncssh.SFTPServer]:  # noqa: C901 - one short method for each operation that can fail
    class Server(asyncssh.SFTPServer):
        def __init__(self, channel):
            super().__init__(channel, chroot=str(faulty.root).encode())

        def _check(self, operation):
            if operation in faulty.deny:
                raise asyncssh.SFTPPermissionDenied(operation)

        def open(self, path, pflags, attrs):
            self._check("open")
            return super().open(path, pflags, attrs)

        def rename(self, oldpath, newpath):
            self._check("rename")
            return super().rename(oldpath, newpath)

        def posix_rename(self, oldpath, newpath):
            self._check("posix_rename")
            return super().posix_rename(oldpath, newpath)

        async def write(self, file_obj, offset, data):
            faulty.writes += 1
            if faulty.writes in faulty.holes or (
                faulty.full_after is not None and offset + len(data) > faulty.full_after
            ):
                raise asyncssh.SFTPFailure(FULL)
            return super().write(file_obj, offset, data)

        def lstat(self, path):
            self._check("lstat")
            return self._bent(super().lstat(path))

        def fstat(self, file_obj):
            return self._bent(super().fstat(file_obj))

        async def scandir(self, path):
            self._check("list")
            async for name in super().scandir(path):
                name.attrs = self._bent(name.attrs)
                yield name

        def _bent(self, attrs):
            if not isinstance(attrs, asyncssh.SFTPAttrs):
                attrs = asyncssh.SFTPAttrs.from_local(attrs)
            if attrs.type == asyncssh.FILEXFER_TYPE_REGULAR:
                attrs.size += faulty.lie
                attrs.mtime += faulty.future
            return attrs

    return Server


def _login(faulty: Faulty) -> type[asyncssh.SSHServer]:
    class Login(asyncssh.SSHServer):
        def password_auth_supported(self):
            return True

        def validate_password(self, username, password):
            faulty.logins.append(username)
            return password == PASSWORD

    return Login


@contextlib.contextmanager
def serve(root: Path, **faults: Any) -> Iterator[Faulty]:
    """Start a server on a free loopback port, in a thread with its own event loop."""
    faulty = Faulty(root, **faults)
    root.mkdir(parents=True, exist_ok=True)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    key = asyncssh.generate_private_key("ssh-ed25519")
    faulty.fingerprint = key.get_fingerprint()

    async def start():
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_login(faulty), server_host_keys=[key], sftp_factory=_server(faulty)
        )

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    faulty.port = acceptor.get_port()
    try:
        yield faulty
    finally:

        async def stop():
            acceptor.close()
            await acceptor.wait_closed()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
