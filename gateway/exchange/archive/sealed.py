"""Encrypted files: AES-256-GCM in chunks, so that any part can be read without the rest and no change goes unnoticed.

::

    "GWA1"  key id (8 bytes)  salt (16 bytes)  chunk 0  chunk 1 …

Each file has a key of its own, made by HKDF-SHA256 of the archive's key and the file's random salt. A chunk is 64 KiB
of the content, encrypted, and 16 bytes of tag; its nonce is its number, and the header and whether it is the last one
are authenticated with it. So chunks cannot be changed, moved, left out, or taken from another file. An empty content
has one empty chunk. The key id tells which of several keys to use, and nothing of the key.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, BinaryIO

from gateway.errors import ConfigurationError
from gateway.sealing import parsed_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"GWA1"
CHUNK = 1 << 16
TAG = 16
KEY_BYTES = 32
_ID, _SALT = 8, 16
HEADER = len(MAGIC) + _ID + _SALT
_INFO = b"gateway archive file"


class Damaged(ConfigurationError):
    """An encrypted file was changed or cut."""

    who = "the operator"

    def __init__(self) -> None:
        super().__init__("a file of the archive is damaged", hint="find it with `gateway archive verify`")


class Keys:
    """The archive's keys: one to write with, and those that files were written with earlier.

    Args:
        texts: the keys as text, 32 bytes in hex or base64; the first one writes.

    Raises:
        ConfigurationError: one of them is no such text. The message does not repeat it.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        keys = [_key(text) for text in texts]
        self._by_id: Mapping[bytes, bytes] = {_key_id(key): key for key in keys}
        self._current = keys[0]

    def seal(self, source: BinaryIO, target: BinaryIO) -> None:
        """Encrypt all of `source` into `target`."""
        header = MAGIC + _key_id(self._current) + os.urandom(_SALT)
        cipher = _cipher(self._current, header)
        target.write(header)
        number = 0
        block = source.read(CHUNK)
        while True:
            following = source.read(CHUNK)
            target.write(cipher.encrypt(_nonce(number), block, _said(header, last=not following)))
            if not following:
                return
            block, number = following, number + 1

    def open(self, stream: BinaryIO) -> BinaryIO:
        """The content of an encrypted file, as a stream that can be read anywhere. Closing it closes the file.

        Raises:
            Damaged: the file is none of ours, or too short. Reading raises it, too.
            ConfigurationError: it was written with a key that is not given.
        """
        header = stream.read(HEADER)
        if len(header) < HEADER or not header.startswith(MAGIC):
            raise Damaged
        id_ = header[len(MAGIC) : len(MAGIC) + _ID]
        if id_ not in self._by_id:
            message = f"a file in the archive was encrypted with another key (id {id_.hex()})"
            raise ConfigurationError(message, hint="add that key to `old-keys` under [archive] in gateway.toml")
        return io.BufferedReader(_Reader(stream, header, _cipher(self._by_id[id_], header)), CHUNK)

    def is_current(self, stream: BinaryIO) -> bool:
        """Whether an encrypted file was written with the key that writes now."""
        return stream.read(len(MAGIC) + _ID) == MAGIC + _key_id(self._current)


def plain_size(size: int) -> int:
    """Bytes of content in an encrypted file of `size` bytes; -1 when no such file has that size."""
    body = size - HEADER
    chunks = max(1, -(-body // (CHUNK + TAG)))
    plain = body - chunks * TAG
    return plain if plain > (chunks - 1) * CHUNK or (plain == 0 and chunks == 1) else -1


class _Reader(io.RawIOBase):
    """Decrypts chunk by chunk; remembers the last one."""

    def __init__(self, stream: BinaryIO, header: bytes, cipher: AESGCM) -> None:
        self._stream = stream
        self._header = header
        self._cipher = cipher
        self._size = plain_size(stream.seek(0, io.SEEK_END))
        if self._size < 0:
            raise Damaged
        self._last = max(0, -(-self._size // CHUNK) - 1)
        self._at = 0
        self._number = -1
        self._chunk = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed has a wider type here
        if self._at >= self._size and self._size:
            return 0
        number = self._at // CHUNK
        if number != self._number:
            self._chunk, self._number = self._decrypt(number), number
        start = self._at - number * CHUNK
        piece = self._chunk[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _decrypt(self, number: int) -> bytes:
        self._stream.seek(HEADER + number * (CHUNK + TAG))
        data = self._stream.read(CHUNK + TAG)
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `_cipher`

        try:
            return self._cipher.decrypt(_nonce(number), data, _said(self._header, last=number == self._last))
        except InvalidTag:
            raise Damaged from None


def _cipher(key: bytes, header: bytes) -> AESGCM:
    # Imported here: archives without a key need not wait for it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return AESGCM(HKDF(SHA256(), KEY_BYTES, header[-_SALT:], _INFO).derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _said(header: bytes, *, last: bool) -> bytes:
    return header + (b"\1" if last else b"\0")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"gateway archive key id" + key).digest()[:_ID]


def _key(text: str) -> bytes:
    key = parsed_key(text)
    if key is None:
        message = "the archive's key must be 32 bytes in hex or base64"
        raise ConfigurationError(message, hint="make one with: openssl rand -hex 32 > keys/archive")
    return key
