"""Ids for messages. They come from the content: the same message has the same id, however often it is composed."""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VERSION: Final = 5


class IdPool:
    """Gives one id after another. Who sends a message again gives the same ids; a regulator then knows it.

    Args:
        seed: what the ids are for, e.g. the bytes of the document and the name of the message.
    """

    def __init__(self, seed: bytes) -> None:
        self._seed = hashlib.sha256(seed).digest()
        self._given = 0

    def uuid(self) -> str:
        """The next one as UUID in lower case (version 5 form: it is made of a hash)."""
        return str(uuid.UUID(bytes=self._next()[:16], version=_VERSION))

    def text(self, length: int) -> str:
        """The next one as `length` (at most 40) of 0-9 and A-Z."""
        number = int.from_bytes(self._next(), "big")
        out = []
        for _ in range(length):
            number, digit = divmod(number, len(_ALPHABET))
            out.append(_ALPHABET[digit])
        return "".join(out)

    def _next(self) -> bytes:
        self._given += 1
        return hashlib.sha256(self._seed + self._given.to_bytes(8, "big")).digest()
