"""A loopback SFTP server for the demo: it plays the CMO's drop folder and the two receivers.

Made for rehearsals on one machine: it listens on 127.0.0.1 only, on a free port, with a host key made for this one
run, and shows each user a folder of his own. For real partners use OpenSSH.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError

START_SECONDS = 10


@dataclass(frozen=True, slots=True)
class DemoServer:
    """Where the server listens and what a client has to pin.

    Attributes:
        port: TCP port on 127.0.0.1.
        fingerprint: SHA256 fingerprint of the host key, as in ``ssh-keygen -lf``.
    """

    port: int
    fingerprint: str


@contextmanager
def serve(root: Path, passwords: Mapping[str, str]) -> Iterator[DemoServer]:
    """Serve ``root/<user>`` to each user until the block ends.

    Args:
        root: folder that holds one folder a user.
        passwords: password of each user.

    Raises:
        ConfigurationError: asyncssh, which only the demo needs, is not installed.
    """
    try:
        import asyncssh
    except ModuleNotFoundError as error:
        message = "the demo needs the package asyncssh"
        raise ConfigurationError(message, hint="install with: pip install 'epcis-gateway[demo]'") from error

    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return passwords.get(username) == password

    def files(channel: Any) -> Any:
        user = channel.get_extra_info("username")
        return asyncssh.SFTPServer(channel, chroot=str(root / user).encode())

    key = asyncssh.generate_private_key("ssh-ed25519")

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Server, server_host_keys=[key], sftp_factory=files, allow_scp=False
        )

    async def finish() -> None:
        """Let connections that were kept open end: the loop must not stop under them."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="demo-sftp", daemon=True)
    thread.start()
    try:
        acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(START_SECONDS)
        try:
            yield DemoServer(acceptor.get_port(), key.get_fingerprint())
        finally:
            loop.call_soon_threadsafe(acceptor.close)
            asyncio.run_coroutine_threadsafe(acceptor.wait_closed(), loop).result(START_SECONDS)
            asyncio.run_coroutine_threadsafe(finish(), loop).result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)
