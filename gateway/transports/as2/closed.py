"""Whether a signature holds nothing but what was verified.

A signature leaves most of its bytes unsigned: certificates, unsigned attributes, names of algorithms. That is harmless
unless it lies in an envelope that is not authenticated. There, blocks of a recorded message could be put into a
certificate that nobody looks at, and whether the message is still taken would tell what they hold. In base64 that does
not work, for random bytes are no base64; a signature in binary has to be closed: every byte of it is known or verified.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from gateway.transports.as2.keys import Pin

_VERSIONS = frozenset({"v1", "v3", "v4", "v5"})
_NO_PARAMETERS = frozenset({b"", b"\x05\x00"})
_CERTIFICATES = 10


def fault(signed: Any, signer: Any, pins: Iterable[Pin]) -> str:
    """What a SignedData holds that nothing covers; empty if there is no such thing. Use inside `strict_asn1`.

    Args:
        signed: the SignedData, whose one signature was verified.
        signer: its SignerInfo.
        pins: certificates that are known.
    """
    if signed["version"].native not in _VERSIONS or signer["version"].native not in _VERSIONS:
        return "an unknown version"
    if signed["encap_content_info"]["content_type"].native != "data" or signed["encap_content_info"]["content"]:
        return "content of its own"
    if len(signed["crls"]) or len(signer["unsigned_attrs"]):
        return "revocation lists or unsigned attributes"
    digests = list(signed["digest_algorithms"])
    same = [one["algorithm"].native == signer["digest_algorithm"]["algorithm"].native for one in digests]
    if len(digests) != 1 or not all(same):
        return "other hash functions than that of its signer"
    plain = [*digests, signer["digest_algorithm"]]
    if signer["signature_algorithm"]["algorithm"].native != "rsassa_pss":
        plain.append(signer["signature_algorithm"])
    if not all(one["parameters"].dump() in _NO_PARAMETERS for one in plain):
        return "parameters of algorithms that have none"
    return _unknown([one.chosen.dump() for one in signed["certificates"]], {pin.der for pin in pins})


def _unknown(held: list[bytes], known: set[bytes]) -> str:
    """Certificates that are neither listed nor issued by one that is held or listed."""
    strange = [der for der in held if der not in known]
    if len(strange) > _CERTIFICATES:
        return "too many certificates"
    try:
        issuers = [x509.load_der_x509_certificate(der) for der in {*strange, *known}]
        strangers = [x509.load_der_x509_certificate(der) for der in strange]
    except (ValueError, x509.UnsupportedGeneralNameType):
        return "something that is no certificate"
    if all(any(_issued(one, issuer) for issuer in issuers) for one in strangers):
        return ""
    return "certificates that nothing vouches for"


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
