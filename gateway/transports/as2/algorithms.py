"""The algorithms: their names on the wire, in CMS and in the libraries.

Hash names come in many spellings (``sha-256``, ``sha256``, ``SHA2_256``; RFC 3851 and RFC 5751 differ themselves), so
they are read without case and punctuation. What is weak is only used when the agreement allows it by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

WEAK = frozenset({"md5", "sha1", "3des"})
"""Algorithms that an agreement has to allow by name."""

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha224": hashes.SHA224(),
    "sha1": hashes.SHA1(),  # noqa: S303  old peers; only by permission
    "md5": hashes.MD5(),  # noqa: S303
}
"""Hash functions by the name that `hashlib` and asn1crypto use."""

SIGNING = ("sha256", "sha384", "sha512", "sha1")
"""Hash functions that signatures are made with; the last one only if allowed."""

# RFC 5751, 3.4.3.2. Until 2009 (RFC 3851) the names had no hyphen.
_MICALG = {
    "sha224": "sha-224",
    "sha256": "sha-256",
    "sha384": "sha-384",
    "sha512": "sha-512",
    "sha1": "sha-1",
    "md5": "md5",
}
_PUNCTUATION = re.compile(r"[^a-z0-9]")


def hash_name(spelled: str) -> str:
    """The name in `HASHES` of a hash function in any spelling; empty if unknown."""
    plain = _PUNCTUATION.sub("", spelled.lower()).removeprefix("rsa")
    if plain.startswith("sha2") and plain[3:] not in {"224", "256"}:
        plain = "sha" + plain.removeprefix("sha2")
    return plain if plain in HASHES else ""


def micalg(name: str, *, old_names: bool = False) -> str:
    """How a hash function is spelled in headers.

    Args:
        name: name in `HASHES`.
        old_names: spell it as RFC 3851 does (``sha256``), for old peers.
    """
    return name if old_names else _MICALG[name]


@dataclass(frozen=True, slots=True)
class Cipher:
    """A cipher for content.

    Attributes:
        name: our name, e.g. ``aes256-cbc``.
        asn1: name of asn1crypto.
        oid: object identifier.
        key_size: bytes of the key.
        block: bytes of a block.
        gcm: authenticated (RFC 5084) instead of CBC.
        weak: only by permission.
    """

    name: str
    asn1: str
    oid: str
    key_size: int
    block: int = 16
    gcm: bool = False
    weak: bool = False

    def algorithm(self, key: bytes) -> Any:
        """The cipher of the library."""
        return AES(key) if self.block == AES.block_size // 8 else TripleDES(key)


CIPHERS = {
    cipher.name: cipher
    for cipher in (
        Cipher("aes256-cbc", "aes256_cbc", "2.16.840.1.101.3.4.1.42", 32),
        Cipher("aes192-cbc", "aes192_cbc", "2.16.840.1.101.3.4.1.22", 24),
        Cipher("aes128-cbc", "aes128_cbc", "2.16.840.1.101.3.4.1.2", 16),
        Cipher("aes256-gcm", "aes256_gcm", "2.16.840.1.101.3.4.1.46", 32, gcm=True),
        Cipher("aes192-gcm", "aes192_gcm", "2.16.840.1.101.3.4.1.26", 24, gcm=True),
        Cipher("aes128-gcm", "aes128_gcm", "2.16.840.1.101.3.4.1.6", 16, gcm=True),
        Cipher("3des", "tripledes_3key", "1.2.840.113549.3.7", 24, 8, weak=True),
    )
}
"""Ciphers by our name."""

CIPHERS_BY_OID = {cipher.oid: cipher for cipher in CIPHERS.values()}
