"""Keys of secret codes, and blocks of codes that are encrypted as a whole.

A *block* is a list of codes on its way into a vault (`gateway.vault`): what is fetched from a system that gives each
code once is never in the open, neither in a folder nor in an archive.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
MAGIC: Final = b"GWC1"
NONCE: Final = 12
_SALT: Final = 16


class VaultError(ConfigurationError):
    """A vault cannot be used: another key, a damaged file, or two codes for one pack."""


def parsed_key(text: str) -> bytes | None:
    """A key of 32 bytes, written in hex or base64; None for any other text."""
    for decode in (bytes.fromhex, lambda value: base64.b64decode(value, validate=True)):
        try:
            key = decode(text.strip())
        except (ValueError, binascii.Error):
            continue
        if len(key) == KEY_BYTES:
            return key
    return None


def key_of(text: str) -> bytes:
    """A key of 32 bytes in hex or base64.

    Raises:
        VaultError: it is no such text. The message does not repeat it.
    """
    key = parsed_key(text)
    if key is None:
        message = "the key of secret codes must be 32 bytes in hex or base64"
        raise VaultError(message, hint="make one with: openssl rand -hex 32 > keys/codes")
    return key


def sealed_block(codes: Iterable[str], key: str) -> bytes:
    """Codes encrypted as a whole. The same codes give the same bytes: no randomness is needed.

    The key of a block is made of the key and the hash of its content, so that no key encrypts two contents.

    Raises:
        VaultError: the key is none.
    """
    secret = key_of(key)
    content = json.dumps(list(codes), ensure_ascii=False).encode()
    salt = hmac.digest(derived(secret, b"block salts"), content, "sha256")[:_SALT]
    return MAGIC + salt + _block(secret, salt).encrypt(bytes(NONCE), content, MAGIC + salt)


def opened_block(data: bytes, key: str) -> list[str]:
    """The codes in a block.

    Raises:
        VaultError: it was encrypted with another key, or changed, or is none.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `aesgcm`

    head = len(MAGIC) + _SALT
    try:
        content = _block(key_of(key), data[len(MAGIC) : head]).decrypt(bytes(NONCE), data[head:], data[:head])
    except (InvalidTag, ValueError):
        message = "the block of codes was encrypted with another key, or changed"
        raise VaultError(message) from None
    return [str(code) for code in json.loads(content)]


def _block(secret: bytes, salt: bytes) -> AESGCM:
    return aesgcm(derived(secret, b"block " + salt))


def derived(key: bytes, info: bytes) -> bytes:
    """A key for one use, made of a key."""
    # Imported here: conversions that need no secrets need not wait for it.
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(SHA256(), KEY_BYTES, None, b"gateway vault " + info).derive(key)


def aesgcm(key: bytes) -> AESGCM:
    """A cipher."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)
