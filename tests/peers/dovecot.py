"""A real IMAP server (Dovecot) on a free loopback port. Every test has a mailbox of its own on it."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.peers.pki import Identity

PASSWORD = "correct-horse"
_TRIES = 5
_numbers = itertools.count(1)


@dataclass
class Mailbox:
    """A user's mails, as they lie on the server's disk (Maildir)."""

    server: Dovecot
    user: str
    folder: Path
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def put(self, mail: bytes, age: float = 3600, folder: str = "INBOX") -> Path:
        """Let a mail arrive that is `age` seconds old."""
        place = self._folder(folder)
        name = f"{int(time.time() - age)}.{next(self._count)}.test"
        temporary = place / "tmp" / name
        temporary.write_bytes(mail)
        os.chown(temporary, self.server.uid, self.server.gid)
        then = time.time() - age
        os.utime(temporary, (then, then))
        return temporary.rename(place / "new" / name)

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """The mails in a folder, those marked as deleted included."""
        place = self.folder if folder == "INBOX" else self.folder / f".{folder}"
        found = (path for part in ("new", "cur") for path in (place / part).glob("*"))
        return [path.read_bytes() for path in sorted(found, key=lambda path: path.name)]

    def marked_deleted(self) -> int:
        """How many mails of the inbox are only marked."""
        return sum("T" in path.name.rpartition(":2,")[2] for path in (self.folder / "cur").glob("*:2,*"))

    def renumber(self) -> None:
        """Forget all numbers, as a server does after a repair: the folder gets another UIDVALIDITY."""
        for path in self.folder.glob("dovecot*"):
            path.unlink()
        (self.folder / "dovecot-uidlist").write_text(f"3 V{int(time.time()) + next(_numbers) * 100} N1\n")
        os.chown(self.folder / "dovecot-uidlist", self.server.uid, self.server.gid)

    def _folder(self, folder: str) -> Path:
        place = self.folder if folder == "INBOX" else self.folder / f".{folder}"
        for part in (place, *(place / each for each in ("tmp", "new", "cur"))):
            part.mkdir(exist_ok=True)
            os.chown(part, self.server.uid, self.server.gid)
        return place


@dataclass
class Dovecot:
    """A running server.

    Attributes:
        port: of IMAP over TLS.
        plain: of IMAP that becomes TLS by STARTTLS.
        root: its folder.
        uid, gid: who owns the mails.
    """

    port: int
    plain: int
    root: Path
    uid: int
    gid: int
    process: subprocess.Popen[bytes]

    def mailbox(self) -> Mailbox:
        """A mailbox that nobody used before."""
        user = f"user{next(_numbers)}"
        folder = self.root / "mail" / user
        folder.mkdir()
        os.chown(folder, self.uid, self.gid)
        box = Mailbox(self, user, folder)
        box._folder("INBOX")
        return box

    def settings(self, box: Mailbox, **more: Any) -> dict[str, Any]:
        """Settings of a channel that collects a mailbox."""
        return {
            "host": "localhost",
            "port": self.port,
            "username": box.user,
            "password": "env:MAIL_PASSWORD",
            "senders": ["*@cmo.example"],
            **more,
        }


def require() -> None:
    """Without Dovecot CI fails; elsewhere the test is skipped."""
    reason = "" if os.geteuid() == 0 else "Dovecot is started by root only"
    if shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        reason = "this machine has no IMAP server (dovecot)"
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI needs a mail server: {reason}")
    if reason:
        pytest.skip(reason)


@contextlib.contextmanager
def serve(identity: Identity, *blocks: str, **options: str) -> Iterator[Dovecot]:
    """Start a server; `options` and `blocks` are added to its configuration, e.g. ``imap_capability="IMAP4rev1"``."""
    # Its sockets need short paths.
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    root.chmod(0o755)
    try:
        for _ in range(_TRIES):
            server = _start(root, identity, blocks, options)
            if server is not None:
                break
        else:
            raise RuntimeError((root / "log").read_text())
        try:
            yield server
        finally:
            server.process.terminate()
            server.process.wait(10)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _start(root: Path, identity: Identity, blocks: tuple[str, ...], options: dict[str, str]) -> Dovecot | None:
    owner = pwd.getpwnam("mail")
    (root / "mail").mkdir(exist_ok=True)
    os.chown(root / "mail", owner.pw_uid, owner.pw_gid)
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    users = f"uid={owner.pw_uid} gid={owner.pw_gid} home={root}/mail/%u allow_all_users=yes"
    settings = {
        "base_dir": f"{root}/run",
        "log_path": f"{root}/log",
        "protocols": "imap",
        "listen": "127.0.0.1, 127.0.0.2",
        "ssl": "required",
        "ssl_cert": f"<{identity.certificate}",
        "ssl_key": f"<{identity.key}",
        "auth_mechanisms": "plain login",
        "auth_failure_delay": "0",
        "mail_location": f"maildir:{root}/mail/%u",
        "first_valid_uid": "1",
        "mail_max_userip_connections": "100",
        **options,
    }
    lines = [f"{key} = {value}" for key, value in settings.items()]
    lines += [
        *blocks,
        f"passdb {{\n driver = static\n args = password={PASSWORD}\n}}",
        f"userdb {{\n driver = static\n args = {users}\n}}",
        "service imap-login {",
        f" inet_listener imap {{\n port = {ports[1]}\n}}",
        f" inet_listener imaps {{\n port = {ports[0]}\n ssl = yes\n}}",
        " service_count = 0\n}",
        "service imap {\n service_count = 100\n}",
        "service anvil {\n unix_listener anvil-auth-penalty {\n mode = 0\n}\n}",
        "service stats {\n unix_listener stats-writer {\n mode = 0666\n}\n}",
    ]
    config = root / "dovecot.conf"
    config.write_text("\n".join(lines) + "\n")
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    process = subprocess.Popen([program, "-F", "-c", config], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[1]), 1) as sock:
            if sock.recv(4) == b"* OK":
                return Dovecot(ports[0], ports[1], root, owner.pw_uid, owner.pw_gid, process)
        time.sleep(0.02)
    process.kill()
    process.wait()
    return None
