"""Keys and certificates: ours with their private keys, a partner's as pins.

Trust is by pinning: a certificate counts because the agreement lists it, not because somebody issued it. In CMS a
certificate is named by issuer and serial number, or by its key identifier (RFC 5652, 5.3 and 6.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from gateway.errors import ConfigurationError
from gateway.transports.as2.ber import strict_asn1

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Pin:
    """A certificate that an agreement lists.

    Attributes:
        certificate: the certificate.
    """

    certificate: x509.Certificate

    @cached_property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @cached_property
    def asn1(self) -> Any:
        """The same for asn1crypto."""
        return asn1_x509.Certificate.load(self.der)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @cached_property
    def key_identifiers(self) -> frozenset[bytes]:
        """What a peer may call its key: the extension's value, or the SHA-1 of the key (RFC 5280, 4.2.1.2)."""
        public = self.certificate.public_key()
        return frozenset(
            {x509.SubjectKeyIdentifier.from_public_key(public).digest, self.asn1.key_identifier or b""} - {b""}
        )

    @property
    def subject(self) -> str:
        """The subject, for people."""
        return self.certificate.subject.rfc4514_string()

    def named(self, identifier: Any) -> bool:
        """Whether a SignerIdentifier or RecipientIdentifier of asn1crypto names this certificate."""
        with strict_asn1():
            if identifier.name == "subject_key_identifier":
                return bool(identifier.chosen.native in self.key_identifiers)
            if identifier.chosen["serial_number"].native != self.certificate.serial_number:
                return False
            issuer = identifier.chosen["issuer"]
            return bool(issuer.dump() == self.asn1.issuer.dump() or issuer == self.asn1.issuer)

    def identifier(self) -> Any:
        """The value that names this certificate in CMS, by issuer and serial number."""
        return cms.IssuerAndSerialNumber({"issuer": self.asn1.issuer, "serial_number": self.certificate.serial_number})


@dataclass(frozen=True)
class Identity(Pin):
    """A certificate of ours with its private key. The key never shows in texts."""

    key: PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if self.key.public_key() != self.certificate.public_key():
            message = f"the private key does not belong to the certificate of {self.subject}"
            raise ConfigurationError(message, hint="pair each certificate with the key that it was made for")


def certificates(data: bytes) -> list[Pin]:
    """The certificates in a file, PEM (one or more), DER, or a bundle of PKCS#7.

    Raises:
        ConfigurationError: there is none.
    """
    loaders: tuple[Callable[[], list[x509.Certificate]], ...] = (
        lambda: [x509.load_pem_x509_certificate(found) for found in _PEM.findall(data)],
        lambda: [x509.load_der_x509_certificate(data)],
        lambda: pkcs7.load_der_pkcs7_certificates(data),
        lambda: pkcs7.load_pem_pkcs7_certificates(data),
    )
    for loader in loaders:
        try:
            found = loader()
        except (ValueError, x509.UnsupportedGeneralNameType):
            continue
        if found:
            return [Pin(certificate) for certificate in found]
    message = "the file holds no certificate"
    raise ConfigurationError(message, hint="give a certificate in PEM or DER, or a PKCS#7 bundle (.p7b)")


def identity(certificate: bytes, key: bytes, password: bytes | None = None) -> Identity:
    """A certificate and its private key.

    Args:
        certificate: PEM or DER.
        key: PEM, or DER of PKCS#8.
        password: of an encrypted key.

    Raises:
        ConfigurationError: they cannot be read, do not belong together, or are neither RSA nor elliptic.
    """
    pin = certificates(certificate)[0]
    try:
        if b"-----BEGIN" in key:
            loaded = serialization.load_pem_private_key(key, password)
        else:
            loaded = serialization.load_der_private_key(key, password)
    except (ValueError, TypeError) as error:
        message = f"the private key for {pin.subject} cannot be read"
        raise ConfigurationError(message, hint="give a key in PEM or PKCS#8, and its password by reference") from error
    return _paired(pin.certificate, loaded)


def identity_from_pkcs12(data: bytes, password: bytes | None) -> Identity:
    """A certificate and its private key out of a PKCS#12 file (.p12, .pfx).

    Raises:
        ConfigurationError: it cannot be opened or holds no key with its certificate.
    """
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password)
    except (ValueError, TypeError) as error:
        message = "the PKCS#12 file cannot be opened"
        raise ConfigurationError(message, hint="check the file and its password") from error
    if key is None or certificate is None:
        message = "the PKCS#12 file holds no private key with its certificate"
        raise ConfigurationError(message, hint="export the certificate together with its key")
    return _paired(certificate, key)


def _paired(certificate: x509.Certificate, key: Any) -> Identity:
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        message = f"a key of the kind {type(key).__name__} cannot be used for AS2"
        raise ConfigurationError(message, hint="use an RSA key of 2048 bits or more")
    return Identity(certificate, key)


def named(pins: Iterable[Pin], identifier: Any) -> Pin | None:
    """The certificate that an identifier in CMS names."""
    return next((pin for pin in pins if pin.named(identifier)), None)


def told(identifier: Any) -> str:
    """An identifier in CMS, for the operator."""
    with strict_asn1():
        if identifier.name == "subject_key_identifier":
            return f"key {identifier.chosen.native.hex()}"
        chosen = identifier.chosen
        return f"serial number {chosen['serial_number'].native:x} of {chosen['issuer'].human_friendly}"
