"""The message integrity check (MIC): over which bytes it is made, and how it is compared.

======================================  ==================================================================
message                                 bytes
======================================  ==================================================================
signed, whatever else                   what was signed, headers included (RFC 4130, 7.3.1; RFC 5402, 4.1);
                                        the compressed part if it was compressed before signing
encrypted or compressed, not signed     the payload's entity after decrypting and expanding, headers
                                        included (RFC 4130, 7.3.1; RFC 5402, 4.2 and 4.3)
plain                                   the body without any headers (RFC 4130, 7.3.1)
======================================  ==================================================================
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass

from gateway.transports.as2.algorithms import HASHES, hash_name

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Mic:
    """A hash value and its hash function.

    Attributes:
        value: the hash value.
        algorithm: name in `algorithms.HASHES`.
        spelled: how the sender spelled the algorithm; only for writing.
    """

    value: bytes
    algorithm: str
    spelled: str = ""

    def __str__(self) -> str:
        return f"{base64.b64encode(self.value).decode('ascii')}, {self.spelled or self.algorithm}"

    def same(self, other: Mic) -> bool:
        """Whether value and algorithm are the same, however they are spelled."""
        return self.algorithm == other.algorithm and hmac.compare_digest(self.value, other.value)


def parse(text: str) -> Mic:
    """Read ``base64, algorithm`` with any spacing.

    Raises:
        ValueError: it is not of this form.
    """
    value, comma, spelled = _SPACE.sub("", text).rpartition(",")
    name = hash_name(spelled)
    if not comma or not name:
        message = f"{text[:200]!r} is no MIC: a base64 value, a comma and a hash function"
        raise ValueError(message)
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        message = f"{text[:200]!r} is no MIC: the value is not base64"
        raise ValueError(message) from error
    if len(raw) != HASHES[name].digest_size:
        message = f"{text[:200]!r} is no MIC: the value does not have the length of {name}"
        raise ValueError(message)
    return Mic(raw, name, spelled)
