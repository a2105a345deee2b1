"""SFTP, on paramiko: collect from and deliver to servers whose host key is known beforehand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gateway.transports.base import Secrets, Transport
from gateway.transports.sftp.connection import Link
from gateway.transports.sftp.kept import Kept
from gateway.transports.sftp.session import SftpSession
from gateway.transports.sftp.settings import SftpSettings, address


@contextlib.contextmanager
def connect(settings: SftpSettings, secrets: Secrets) -> Iterator[SftpSession]:
    """Open a session.

    Raises:
        TransportError: the server cannot be reached, is not the one expected, or refuses the login.
        ConfigurationError: a secret or key cannot be read.
    """
    with contextlib.closing(Link(settings, secrets)) as link:
        yield SftpSession(settings, link)


SFTP = Transport("sftp", "SFTP servers with pinned host keys", SftpSettings, connect, address, Kept)
