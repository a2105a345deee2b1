"""The process behind `faulty`: an SFTP server of asyncssh's that does wrong what it is told to, one line of JSON each.

It says its port and fingerprint in its first line. Then each line that comes in, ``{"set": {...}}`` or
``{"get": name}``, gets one line back. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.sftp import SFTPServerHandler

PASSWORD = "correct horse"
FULL = "No space left on device"


@dataclass
class Faults:
    """What the server does wrong. A test sets these; `faulty.Faulty` says what they mean."""

    root: str = "/nonexistent"
    deny: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    locked: dict[str, str] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    full_after: int | None = None
    holes: list[int] = field(default_factory=list)
    lie: int = 0
    future: int = 0
    strip: list[str] = field(default_factory=list)
    strip_stat: bool = True
    listed: list[str] = field(default_factory=list)
    fold: bool = False
    short_reads: int = 0
    leave_after: int = 0
    takes_away: bool = False
    overwrites: bool = False
    extensions: bool = True
    interactive: bool = False
    auth_delay: float = 0.0
    refuse_after: int = 0
    writes: int = 0
    operations: int = 0
    logins: list[str] = field(default_factory=list)


FAULTS = Faults()
_EXTENSIONS = list(SFTPServerHandler._extensions)


class Server(asyncssh.SFTPServer):
    def __init__(self, channel):
        SFTPServerHandler._extensions = _EXTENSIONS if FAULTS.extensions else []
        self._channel = channel
        super().__init__(channel, chroot=FAULTS.root.encode())

    async def _reach(self, operation: str) -> None:
        FAULTS.operations += 1
        if FAULTS.leave_after and FAULTS.operations >= FAULTS.leave_after:
            FAULTS.leave_after = 0
            self._channel.get_connection().abort()
        if operation in FAULTS.slow:
            await asyncio.sleep(FAULTS.slow[operation])
        if operation in FAULTS.unknown:
            raise asyncssh.SFTPOpUnsupported(operation)
        if operation in FAULTS.deny:
            raise asyncssh.SFTPPermissionDenied(operation)

    def map_path(self, path):
        mapped = super().map_path(path)
        if not FAULTS.fold:
            return mapped
        here = Path(FAULTS.root)
        for part in Path(mapped.decode()).relative_to(here).parts:
            found = (
                [each for each in here.iterdir() if each.name.casefold() == part.casefold()] if here.is_dir() else []
            )
            here = found[0] if found else here / part
        return str(here).encode()

    async def open(self, path, pflags, attrs):
        await self._reach("open")
        how = FAULTS.locked.get(os.fsdecode(path).rpartition("/")[2])
        if how:
            raise (asyncssh.SFTPPermissionDenied if how == "denied" else asyncssh.SFTPFailure)(how)
        return super().open(path, pflags, attrs)

    def close(self, file_obj):
        path = Path(file_obj.name.decode() if isinstance(file_obj.name, bytes) else file_obj.name)
        super().close(file_obj)
        if FAULTS.takes_away and path.exists():
            path.rename(Path(FAULTS.root) / "taken" / path.name)

    async def rename(self, oldpath, newpath):
        await self._reach("rename")
        return super().posix_rename(oldpath, newpath) if FAULTS.overwrites else super().rename(oldpath, newpath)

    async def posix_rename(self, oldpath, newpath):
        await self._reach("posix_rename")
        return super().posix_rename(oldpath, newpath)

    async def remove(self, path):
        await self._reach("remove")
        return super().remove(path)

    async def mkdir(self, path, attrs):
        await self._reach("mkdir")
        return super().mkdir(path, attrs)

    async def read(self, file_obj, offset, size):
        await self._reach("read")
        return super().read(file_obj, offset, min(size, FAULTS.short_reads or size))

    async def write(self, file_obj, offset, data):
        await self._reach("write")
        FAULTS.writes += 1
        if FAULTS.writes in FAULTS.holes or (FAULTS.full_after is not None and offset + len(data) > FAULTS.full_after):
            raise asyncssh.SFTPFailure(FULL)
        return super().write(file_obj, offset, data)

    async def lstat(self, path):
        await self._reach("lstat")
        return self._bent(super().lstat(path), stripped=FAULTS.strip_stat)

    async def fstat(self, file_obj):
        await self._reach("fstat")
        return self._bent(super().fstat(file_obj), stripped=FAULTS.strip_stat)

    async def scandir(self, path):
        await self._reach("list")
        with os.scandir(self.map_path(path)) as found:
            for item in found:
                attrs = self._bent(item.stat(follow_symlinks=False), stripped=True)
                yield asyncssh.SFTPName(item.name, b"?" if FAULTS.strip else b"", attrs)
        for listed in FAULTS.listed:
            attrs = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, size=3, permissions=0o100644, mtime=10**9)
            yield asyncssh.SFTPName(base64.b64decode(listed), b"-rw-r--r--", attrs)

    def _bent(self, attrs, *, stripped):
        if not isinstance(attrs, asyncssh.SFTPAttrs):
            attrs = asyncssh.SFTPAttrs.from_local(attrs)
        if attrs.type == asyncssh.FILEXFER_TYPE_REGULAR:
            attrs.size += FAULTS.lie
            attrs.mtime += FAULTS.future
            if stripped and "size" in FAULTS.strip:
                attrs.size = None
            if stripped and "mtime" in FAULTS.strip:
                attrs.mtime = attrs.atime = None
        if stripped and "permissions" in FAULTS.strip:
            attrs.permissions = None
        return attrs


class Login(asyncssh.SSHServer):
    def password_auth_supported(self):
        return not FAULTS.interactive

    async def validate_password(self, username, password):
        FAULTS.logins.append(username)
        await asyncio.sleep(FAULTS.auth_delay)
        changed = FAULTS.refuse_after and len(FAULTS.logins) > FAULTS.refuse_after
        return password == PASSWORD and not changed

    def kbdint_auth_supported(self):
        return FAULTS.interactive

    async def get_kbdint_challenge(self, username, *_):
        FAULTS.logins.append(username)
        return "", "", "", [("Password: ", False)]

    async def validate_kbdint_response(self, _, responses):
        return list(responses) == [PASSWORD]


async def main(options: dict[str, Any]) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    acceptor = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Login, server_host_keys=[key], sftp_factory=Server, **options
    )
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"port": acceptor.get_port(), "fingerprint": key.get_fingerprint()}), flush=True)
    while line := await reader.readline():
        command = json.loads(line)
        for name, value in command.get("set", {}).items():
            setattr(FAULTS, name, value)
        print(json.dumps(getattr(FAULTS, command["get"]) if "get" in command else None), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
