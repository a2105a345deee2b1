"""Transports: how files come in and go out."""

from __future__ import annotations

from gateway.plugins import Registry
from gateway.transports.base import Transport
from gateway.transports.rules import RULES

__all__ = ["RULES", "TRANSPORTS"]

TRANSPORTS: Registry[Transport] = Registry(
    "gateway.transports",
    "transport",
    Transport,
    {
        "folder": "gateway.transports.folder:FOLDER",
        "sftp": "gateway.transports.sftp:SFTP",
        "https": "gateway.transports.https:HTTPS",
        "as2": "gateway.transports.as2_http:AS2",
        "market": "gateway.submit:MARKET",
        "imap": "gateway.transports.imap:IMAP",
        "memory": "gateway.transports.memory:MEMORY",
    },
)
