"""Texts of any length from outside, as keys of a database: PostgreSQL indexes no value over about 2,700 bytes."""

from __future__ import annotations

import hashlib

#: Bytes of UTF-8 that fit into an index beside a short id.
MOST = 2000

_MARK = "…"


def bounded(text: str, most: int = MOST) -> str:
    """The text itself where it has at most `most` bytes of UTF-8; else its beginning and the SHA-256 of all of it.

    The same text always gives the same key, and two texts that differ give two. At most half of a key is hash.
    """
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= most:
        return text
    digest = hashlib.sha256(data).hexdigest()[: most // 2]
    head = data[: most - len(digest) - len(_MARK.encode())].decode("utf-8", "ignore")
    return f"{head}{_MARK}{digest}"
