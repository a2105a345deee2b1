"""TLS towards a peer: always verified, version 1.2 or newer, our own certificate where the peer asks for one."""

from __future__ import annotations

import ssl
import tempfile

from gateway.errors import ConfigurationError
from gateway.transports.base import Secrets
from gateway.transports.https.settings import Trust


def context(settings: Trust, secrets: Secrets) -> ssl.SSLContext:
    """What to trust and what to show.

    Raises:
        ConfigurationError: a certificate or key cannot be read, or they do not belong together.
    """
    try:
        made = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {settings.ca} cannot be read: {reason(error)}"
        raise ConfigurationError(message, hint="`ca` names a file with certificates in PEM") from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.client_certificate is not None and settings.client_key is not None:
        _show(made, settings, secrets(settings.client_key), secrets)
    return made


def _show(made: ssl.SSLContext, settings: Trust, key: str, secrets: Secrets) -> None:
    passphrase = secrets(settings.client_key_passphrase) if settings.client_key_passphrase else ""
    try:
        show(made, str(settings.client_certificate), key, passphrase)
    except (OSError, ssl.SSLError) as error:
        message = f"our certificate {settings.client_certificate} and its key cannot be used: {reason(error)}"
        hint = "both are PEM and belong together; an encrypted key needs client-key-passphrase"
        raise ConfigurationError(message, hint=hint) from None


def show(context: ssl.SSLContext, certificate: str, key: str, passphrase: str = "") -> None:
    """Have a context show a certificate, with its chain.

    Args:
        context: the context.
        certificate: PEM file.
        key: the private key itself, PEM.
        passphrase: of an encrypted key.

    Raises:
        OSError: they cannot be read, or do not belong together (`ssl.SSLError`).
    """
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        # OpenSSL reads keys from files only. This one is readable by nobody else and gone at the end of the block.
        file.write(key)
        file.flush()
        # Without a passphrase OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, file.name, password=lambda: passphrase)


def reason(error: OSError) -> str:
    """What is wrong with a certificate or key, in words."""
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "no PEM").replace("_", " ").lower()
    return error.strerror or str(error)
