"""What can go wrong with a server, in our words: paramiko's and the system's errors become a TransportError."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Iterator

import paramiko
from paramiko.sftp import SFTPError
from paramiko.ssh_exception import IncompatiblePeer

from gateway.errors import TransportError
from gateway.findings import clip
from gateway.transports.base import OneFileError
from gateway.transports.sftp.client import FailedError

#: The server answered, so its connection stands, and what it says is of one file.
_ANSWERS = (FileNotFoundError, PermissionError, FailedError)

_HINT = "its quirks can be set in the agreement, e.g. `quirks: [no-stat]`"


@contextlib.contextmanager
def explained(what: str, place: str) -> Iterator[None]:
    """Turn an error inside into a TransportError that says what we wanted to do, where, and whether to retry."""
    try:
        yield
    except (OSError, EOFError, paramiko.SSHException, SFTPError, struct.error, UnicodeError) as error:
        reason, retryable = explain(error)
        message = f"cannot {what} at {place}: {reason}"
        hint = _HINT if isinstance(error, OSError) and error.errno == errno.EOPNOTSUPP else ""
        kind = OneFileError if isinstance(error, _ANSWERS) else TransportError
        raise kind(message, hint=hint, retryable=retryable) from error


def explain(error: Exception) -> tuple[str, bool]:  # noqa: PLR0911 - a table with one line an error
    """The reason in words, and whether a later try may succeed without anybody acting."""
    match error:
        case FileNotFoundError():
            return "there is no such file or folder", False
        case PermissionError():
            return "permission denied", False
        case socket.gaierror():
            return "the host name is not known", True
        case TimeoutError():
            return "the server did not answer in time", True
        case ConnectionRefusedError():
            return "the connection was refused", True
        case IncompatiblePeer():
            return f"no common algorithm: {clip(str(error))}", False
        case EOFError() | ConnectionError() | paramiko.SSHException():
            return f"the connection broke: {clip(str(error)) or type(error).__name__}", True
        case OSError(errno=errno.EOPNOTSUPP):
            return "the server does not know this request", False
        case OSError():
            # Failure without a number is what SFTP version 3 says of a full disk, a quota, or anything else.
            return f"the server or the network says {clip(error.strerror or str(error))!r}", True
        case _:
            return f"the server's answer makes no sense: {clip(str(error))}", False
