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
        message = f"the certificates in {settings.ca} cannot be read: {_reason(error)}"
        raise ConfigurationError(message, hint="`ca` names a file with certificates in PEM") from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.client_certificate is not None and settings.client_key is not None:
        _show(made, settings, secrets(settings.client_key), secrets)
    return made


def _show(made: ssl.SSLContext, settings: Trust, key: str, secrets: Secrets) -> None:
    passphrase = secrets(settings.client_key_passphrase) if settings.client_key_passphrase else ""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        # OpenSSL reads keys from files only. This one is readable by nobody else and gone at the end of the block.
        file.write(key)
        file.flush()
        try:
            # Without a passphrase OpenSSL would ask for one at the terminal.
            made.load_cert_chain(str(settings.client_certificate), file.name, password=lambda: passphrase)
        except (OSError, ssl.SSLError) as error:
            message = f"our certificate {settings.client_certificate} and its key cannot be used: {_reason(error)}"
            hint = "both are PEM and belong together; an encrypted key needs client-key-passphrase"
            raise ConfigurationError(message, hint=hint) from None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "no PEM").replace("_", " ").lower()
    return error.strerror or str(error)
