"""Names of what goes wrong on demand."""

from __future__ import annotations

from typing import Final

TOKEN: Final = "token-expires"  # noqa: S105 - a name
NO_TOKEN: Final = "token-refused"  # noqa: S105 - a name
DATABASE: Final = "database-error"
STRANGE: Final = "unknown-code"
SILENT: Final = "silent-pack"
SHAPELESS: Final = "other-shape"
