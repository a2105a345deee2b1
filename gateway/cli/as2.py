"""``gateway as2``: partners who exchange by AS2, one file a command."""

from __future__ import annotations

import click

from gateway.cli.lazy import LazyGroup

#: command name -> module and line of help.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("gateway.cli.as2_serve", "Take AS2 messages and receipts, until stopped."),
    "partner": ("gateway.cli.as2_partner", "Show who exchanges with us, by what terms, and what is missing."),
    "cert": ("gateway.cli.as2_cert", "Make, import, list, show and hand out certificates."),
    "ping": ("gateway.cli.as2_ping", "Send a small test message, and show what its receipt says."),
    "send": ("gateway.cli.as2_send", "Send one file by hand."),
    "list": ("gateway.cli.as2_list", "List messages that came and went."),
    "verify": ("gateway.cli.as2_verify", "Prove a message again from what was kept."),
    "export": ("gateway.cli.as2_export", "Write a message with its proofs into a zip, for OpenSSL."),
}

EPILOG = """\b
Examples:
  gateway as2 cert new brand-2027 -C exchange
  gateway as2 partner show acme -C exchange
  gateway as2 ping acme -C exchange
  gateway as2 serve -C exchange --listen 0.0.0.0:8088"""


@click.command(cls=LazyGroup, table=COMMANDS, epilog=EPILOG)
def command() -> None:
    """Exchange files by AS2: signed, encrypted, and proven by receipts. Step by step: docs/as2-partner.md."""
