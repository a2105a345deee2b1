"""Unwrapped documents on their way to their reader: small ones in memory, large ones in temporary files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from gateway.sources import Source

#: Characters that all documents of one message may keep in memory together.
_MEMORY: Final = 8 << 20
_BLOCK: Final = 1 << 18


class Budget:
    """How much may still be kept in memory."""

    def __init__(self) -> None:
        self.left = _MEMORY


class Part:
    """One document while it is being written, and afterwards its source."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pieces: list[str] = []
        self._length = 0
        self._file: tempfile._TemporaryFileWrapper[bytes] | None = None

    def write(self, text: str) -> None:
        """Append text."""
        self._pieces.append(text)
        self._length += len(text)
        if self._length > (_BLOCK if self._file is not None else self._budget.left):
            self._flush()

    def finish(self) -> None:
        """The document is complete."""
        if self._file is not None:
            self._flush()
            self._file.close()
        else:
            self._budget.left -= self._length

    def source(self, name: str) -> Source:
        """The document; good until `close`."""
        if self._file is not None:
            return Source.file(Path(self._file.name), name)
        return Source.memory("".join(self._pieces).encode(), name)

    def close(self) -> None:
        """Give memory and disk space back."""
        self._pieces.clear()
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._file is None:
            self._file = tempfile.NamedTemporaryFile(suffix=".xml", delete=False)  # noqa: SIM115 - lives until `close`
        self._file.write("".join(self._pieces).encode())
        self._pieces.clear()
        self._length = 0
