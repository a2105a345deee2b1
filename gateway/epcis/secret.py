"""Attributes that vendors put into ILMD and that are secret: who has them can make a copy of a pack.

They are not kept in the hierarchy store, and no market prints them.
"""

from __future__ import annotations

from typing import Final

#: The whole code of a pack with its crypto tail (Russia), and the two parts of the tail.
FULL_CODE, CRYPTO_KEY, CRYPTO_CODE = "fullCode", "cryptoKey", "cryptoCode"
SECRET_ATTRIBUTES: Final = frozenset({FULL_CODE, CRYPTO_KEY, CRYPTO_CODE})
