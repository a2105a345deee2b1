"""What PostgreSQL cannot hold, and what stands there instead. Imported only where a server is used."""

from __future__ import annotations

from typing import Final

from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown

NUL: Final = "\0"

#: The picture of it, U+2400.
SHOWN: Final = "␀"


class NulShown(StrDumperUnknown):
    """Texts on their way to the server. A partner's file may hold NUL, which no text of PostgreSQL may."""

    def dump(self, obj: str) -> Buffer | None:
        """The bytes of a text."""
        return super().dump(obj.replace(NUL, SHOWN) if NUL in obj else obj)
