"""What a mapping leaves out on purpose (`table.ignore`); a star stands for any characters."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.formats.table.cells import header_key

STAR = "*"


class Ignored:
    """The headers, columns or paths that are left out on purpose.

    Args:
        texts: as the mapping lists them.
        paths: whether a text also stands for every path that ends with it, from a slash on.
    """

    def __init__(self, texts: Iterable[str], *, paths: bool = False) -> None:
        keys = [header_key(text).strip("/") if paths else header_key(text) for text in texts]
        found = "|".join(re.escape(key).replace(re.escape(STAR), ".*") for key in keys)
        before = "(?:.*/)?" if paths else ""
        self._match = re.compile(f"{before}(?:{found})" if found else "(?!)", re.DOTALL).fullmatch

    def __contains__(self, name: str) -> bool:
        return self._match(header_key(name)) is not None
