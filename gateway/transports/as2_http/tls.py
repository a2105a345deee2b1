"""TLS with partners: whom we trust as a client, what we show, and whose certificates open our server.

Certificates of the use ``tls`` are pinned like all others: a server, or a client, is the partner because it shows one
of those that the agreement lists. With `ca` the partner's authorities are trusted instead of the system's.
"""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.errors import ConfigurationError
from gateway.transports.as2 import Identity, keys, validity
from gateway.transports.as2.partner import Partner
from gateway.transports.as2.validity import Listed, Use
from gateway.transports.as2_http.settings import As2Settings
from gateway.transports.https.tls import reason


@dataclass(frozen=True)
class Way:
    """How a partner's server is reached.

    Attributes:
        private: it may be on a private network.
        context: whom we trust and what we show.
        pins: SHA-256 of the certificates that it may show, in capitals; empty for any that is valid.
    """

    private: bool
    context: ssl.SSLContext
    pins: frozenset[str] = frozenset()


def way(settings: As2Settings, partner: Partner, now: dt.datetime) -> Way:
    """How a partner's server is reached now.

    Raises:
        ConfigurationError: a certificate cannot be used, or none of those listed counts now.
    """
    pinned = _current(partner.theirs, now)
    if not pinned and any(Use.TLS in one.uses for one in partner.theirs):
        # Without this, the pin would be lost at the very moment when its certificate ends.
        validity.newest(partner.theirs, Use.TLS, now, validity.Rule(), settings.them)
    try:
        context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {settings.ca} cannot be read: {reason(error)}"
        raise ConfigurationError(message, hint="`ca` names a file with certificates in PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pinned and not settings.ca:
        # Whoever shows a certificate that is listed is the partner, whatever name stands in it.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        trust(context, pinned)
    ours = validity.current(partner.ours, Use.TLS, now, validity.Rule())
    if ours:
        # Both lists have the same order.
        _show(context, ours[0], settings.ours[partner.ours.index(ours[0])].certificate)
    return Way(settings.private_addresses, context, frozenset(one.pin.fingerprint.upper() for one in pinned))


def trust(context: ssl.SSLContext, listed: Iterable[Listed]) -> None:
    """Trust exactly these certificates, whoever issued them."""
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    text = "".join(one.pin.certificate.public_bytes(Encoding.PEM).decode("ascii") for one in listed)
    if text:
        context.load_verify_locations(cadata=text)


def ask_clients(context: ssl.SSLContext, partners: Iterable[Partner]) -> bool:
    """Have our server ask for client certificates, if any partner has one; gives whether it does.

    All that are listed for TLS are taken, also those that count later: which one opens what is decided for each
    request. Others end the handshake; clients that show none are let through, for partners who need not show one.
    """
    listed = [one for partner in partners for one in partner.theirs if Use.TLS in one.uses]
    if listed:
        trust(context, listed)
        context.verify_mode = ssl.CERT_OPTIONAL
    return bool(listed)


def may_come_in(partner: Partner, shown: str, now: dt.datetime) -> bool:
    """Whether a connection may speak for a partner.

    Args:
        partner: who it says it is.
        shown: SHA-256 of the client certificate that TLS has verified; empty for none.
        now: the time.
    """
    if not partner.settings.must_tls:
        return True
    return shown.lower() in {one.pin.fingerprint for one in _current(partner.theirs, now)}


def _current(listed: Iterable[Listed], now: dt.datetime) -> list[Listed]:
    """Strictly: OpenSSL takes no certificate outside of its validity, whatever `expired` says."""
    return validity.current(listed, Use.TLS, now, validity.Rule())


def _show(context: ssl.SSLContext, listed: Listed, certificate: Path) -> None:
    """Show a certificate of ours, with the chain that stands in its file."""
    identity = listed.pin
    if not isinstance(identity, Identity):
        message = f"the certificate of {identity.subject} is listed as ours without its key"
        raise ConfigurationError(message)
    chain = keys.certificates(certificate.read_bytes())
    lines = [pin.certificate.public_bytes(Encoding.PEM) for pin in chain]
    key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        # OpenSSL reads keys from files only. This one is readable by nobody else and gone at the end of the block.
        file.write(b"".join([*lines, key]))
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except ssl.SSLError as error:
            message = f"our certificate of {identity.subject} cannot be shown: {reason(error)}"
            raise ConfigurationError(message) from None
