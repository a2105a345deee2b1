"""``gateway as2``: partners who exchange by AS2, one file a command."""

from __future__ import annotations

import click

from gateway.cli.lazy import LazyGroup

#: command name -> module and line of help.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("gateway.cli.as2_serve", "Take AS2 messages and receipts, until stopped."),
    "partner": ("gateway.cli.as2_partner", "Show who exchanges with us, by what terms, and what is missing."),
    "cert": ("gateway.cli.as2_cert", "Make, import, list, show and hand out certificates."),
}

EPILOG = """\b
Examples:
  gateway as2 cert new brand-2027 -C exchange
  gateway as2 partner show acme -C exchange
  gateway as2 serve -C exchange --listen 0.0.0.0:8088"""


@click.command(cls=LazyGroup, table=COMMANDS, epilog=EPILOG)
def command() -> None:
    """Exchange files by AS2: signed, encrypted, and proven by receipts. Step by step: docs/as2-partner.md."""
