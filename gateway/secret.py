"""Attributes that vendors put into ILMD and that are secret: who has them can make a copy of a pack.

They are not kept in the hierarchy store, stand in no report of losses, and no market prints them.
"""

from __future__ import annotations

import re
from typing import Final

#: The whole code of a pack with its crypto tail (Russia), and the two parts of the tail.
FULL_CODE, CRYPTO_KEY, CRYPTO_CODE = "fullCode", "cryptoKey", "cryptoCode"
SECRET_ATTRIBUTES: Final = frozenset({FULL_CODE, CRYPTO_KEY, CRYPTO_CODE})
HIDDEN: Final = "(secret)"

_LAST_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*(?=(\[\d+\])?\Z)")


def is_secret(field: str) -> bool:
    """Whether a field, named by its path, e.g. ``ilmd/x:fullCode``, holds a secret."""
    found = _LAST_NAME.search(field)
    return found is not None and found[0] in SECRET_ATTRIBUTES
