"""IMAP, on imap-tools: collect the attachments of mails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gateway.transports.base import Secrets, Transport
from gateway.transports.imap.connection import Link
from gateway.transports.imap.session import ImapSession
from gateway.transports.imap.settings import ImapSettings, address


@contextlib.contextmanager
def connect(settings: ImapSettings, secrets: Secrets) -> Iterator[ImapSession]:
    """Open a mailbox.

    Raises:
        TransportError: the server cannot be reached, is not the one expected, or refuses the login.
        ConfigurationError: a secret or certificate cannot be read.
    """
    with contextlib.closing(Link(settings, secrets)) as link:
        yield ImapSession(settings, link)


IMAP = Transport("imap", "mailboxes: the attachments of mails (collects only)", ImapSettings, connect, address)
