"""Transports: how files come in and go out."""

from __future__ import annotations

from gateway.plugins import Registry
from gateway.transports.base import Transport

TRANSPORTS: Registry[Transport] = Registry(
    "gateway.transports",
    "transport",
    Transport,
    {
        "folder": "gateway.transports.folder:FOLDER",
        "sftp": "gateway.transports.sftp:SFTP",
        "memory": "gateway.transports.memory:MEMORY",
    },
)
