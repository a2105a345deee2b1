"""Secrets by reference. Agreements hold references; only a transport that connects sees what they stand for.

===================== =====================================================================
``env:NAME``           environment variable NAME
``file:PATH``          contents of a file, relative to the workspace; one line end is cut off
``keyring:SERVICE/NAME`` entry of the system's keyring, if the package ``keyring`` is installed
===================== =====================================================================
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from gateway.errors import ConfigurationError
from gateway.transports.base import Secrets

_LARGEST_FILE = 65536


def secrets(root: Path, environment: Mapping[str, str] = os.environ) -> Secrets:
    """A resolver of references.

    Args:
        root: the workspace, which relative paths count from.
        environment: where ``env:`` looks.
    """

    def from_environment(name: str) -> str:
        if name not in environment:
            message = f"the environment variable {name!r}, which a secret refers to, is not set"
            raise ConfigurationError(message)
        return environment[name]

    def from_file(path: str) -> str:
        file = root / path
        try:
            with file.open("rb") as stream:
                data = stream.read(_LARGEST_FILE + 1)
        except OSError as error:
            message = f"the file {path!r}, which a secret refers to, cannot be read: {error.strerror}"
            raise ConfigurationError(message, hint=f"it is looked for at {file}") from None
        if len(data) > _LARGEST_FILE:
            message = f"the file {path!r}, which a secret refers to, has more than {_LARGEST_FILE} bytes"
            raise ConfigurationError(message)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            message = f"the file {path!r}, which a secret refers to, is not text in UTF-8"
            raise ConfigurationError(message) from None
        return text.removesuffix("\n").removesuffix("\r")

    schemes: dict[str, Callable[[str], str]] = {
        "env": from_environment,
        "file": from_file,
        "keyring": _from_keyring,
    }

    def resolve(reference: str) -> str:
        scheme, _, rest = check_reference(reference).partition(":")
        secret = schemes[scheme](rest)
        if not secret:
            message = f"the secret that {reference!r} refers to is empty"
            raise ConfigurationError(message)
        return secret

    return resolve


@dataclass(frozen=True, slots=True)
class Referred:
    """A secret that is resolved when it is called for. It may be sent to another process: it holds no secret.

    Attributes:
        root: the workspace.
        reference: where the secret is; empty for the empty secret.
    """

    root: Path
    reference: str

    def __call__(self) -> str:
        """The secret.

        Raises:
            ConfigurationError: the reference leads nowhere.
        """
        return secrets(self.root)(self.reference) if self.reference else ""


def _from_keyring(entry: str) -> str:
    service, _, name = entry.rpartition("/")
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        message = f"the secret 'keyring:{entry}' needs the package keyring, which is not installed"
        raise ConfigurationError(message, hint="pip install keyring, or use env: or file:") from None
    try:
        secret = keyring.get_password(service, name)
    except Exception as error:  # noqa: BLE001 - the keyring's backends are foreign code with errors of their own
        message = f"the system's keyring does not answer: {type(error).__name__}"
        raise ConfigurationError(message) from None
    if secret is None:
        message = f"the system's keyring has no entry {name!r} for the service {service!r}"
        raise ConfigurationError(message)
    return str(secret)


def check_reference(reference: str) -> str:
    """The reference itself, if it has a known form.

    Raises:
        ConfigurationError: it has not. The message does not repeat it: it may be the secret itself.
    """
    scheme, _, rest = reference.partition(":")
    if scheme not in {"env", "file", "keyring"} or not rest or (scheme == "keyring" and not all(rest.rpartition("/"))):
        message = "a secret must be given by reference, not by value"
        raise ConfigurationError(message, hint="write env:NAME, file:PATH or keyring:SERVICE/NAME")
    return reference


def _field(value: str) -> str:
    try:
        return check_reference(value)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


Reference = Annotated[str, AfterValidator(_field)]
"""A settings field that holds a reference to a secret."""
