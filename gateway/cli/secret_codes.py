"""How commands take secret codes: a vault and a reference to its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.errors import UsageError

if TYPE_CHECKING:
    from gateway.vault import Vault

F = TypeVar("F", bound=Callable[..., Any])


def codes_options(function: F) -> F:
    """The options that name a vault and its key."""
    for option in (
        click.option(
            "--codes",
            "vault",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="VAULT",
            help="Secret codes of packs, kept by `gateway codes add`; Russia's utilisation reports hold them.",
        ),
        click.option(
            "--codes-key",
            "vault_key",
            metavar="REFERENCE",
            default="",
            help="Where the vault's key is: env:NAME, file:PATH or keyring:SERVICE/NAME.",
        ),
    ):
        function = option(function)
    return function


def key(reference: str) -> str:
    """The key that a reference stands for.

    Raises:
        ConfigurationError: it leads nowhere, or is no reference.
    """
    from gateway.transports.secrets import secrets

    return secrets(Path.cwd())(reference)


@contextmanager
def opened(vault: Path | None, reference: str) -> Iterator[Vault | None]:
    """A vault that is there; None when none is named.

    Raises:
        UsageError: only one of the two is given, or there is no such file.
        VaultError: it was written with another key, or is none.
    """
    if vault is None and not reference:
        yield None
        return
    if vault is None or not reference:
        message = "--codes and --codes-key belong together"
        raise UsageError(message, hint="give both or none")
    if not vault.is_file():
        message = f"there is no vault {vault}"
        raise UsageError(message, hint="make it with `gateway codes add`")
    from gateway.vault import Vault

    with Vault(vault, key(reference)) as found:
        yield found
