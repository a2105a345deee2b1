"""``gateway codes``: secret codes of packs, kept encrypted."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import secret_codes
from gateway.errors import UsageError

#: Bytes of a file with codes; 2,000,000 of them have about 180 MB.
MOST_BYTES = 512 << 20


@click.group(epilog="Example: gateway codes add order-17.bin --codes codes.sqlite --codes-key file:keys/codes")
def command() -> None:
    """Keep the codes of packs that a regulator gave (Russia: with crypto tail), encrypted with a key by reference."""


@command.command("add", epilog="Example: gateway codes add order-17.bin --codes codes.sqlite --codes-key env:CODES_KEY")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@secret_codes.codes_options
def add(files: tuple[Path, ...], vault: Path | None, vault_key: str) -> None:
    """Put the codes of FILES into the vault, which is made when it is not there.

    A file is what the client of `ru-oms-order` fetched (encrypted with the same key), the station's reply as JSON, or
    text with a code a line. Of each file all codes are kept, or none. No code is ever printed.
    """
    if vault is None or not vault_key:
        message = "a vault and its key are needed"
        raise UsageError(message, hint="give --codes VAULT and --codes-key REFERENCE")
    from gateway.markets.ru.oms_files import codes_in
    from gateway.vault import Vault

    key = secret_codes.key(vault_key)
    with Vault(vault, key) as kept:
        for path in files:
            if path.stat().st_size > MOST_BYTES:
                message = f"{path} has more than {MOST_BYTES:,} bytes"
                raise UsageError(message, hint="give it in parts")
            codes = codes_in(path.read_bytes(), key)
            click.echo(f"{path}: {len(codes):,} codes, {kept.put(codes):,} of them new")


@command.command("count", epilog="Example: gateway codes count --codes codes.sqlite --codes-key file:keys/codes")
@secret_codes.codes_options
def count(vault: Path | None, vault_key: str) -> None:
    """Say how many codes the vault keeps."""
    with secret_codes.opened(vault, vault_key) as kept:
        if kept is None:
            message = "a vault and its key are needed"
            raise UsageError(message, hint="give --codes VAULT and --codes-key REFERENCE")
        click.echo(f"{len(kept):,} codes")
