"""Finding messages among those that are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import UsageError
from gateway.transports.as2.message import same_message_id
from gateway.transports.as2_http.evidence import IN, OUT
from gateway.transports.as2_http.reception import RECORD
from gateway.transports.as2_http.sending import PROVEN, REFUSED
from gateway.transports.as2_http.store import DONE, Entry

SHORT = 12
_LEAST = 6
_KEY = re.compile(rf"[0-9a-f]{{{_LEAST},40}}(-[0-9a-f]{{32}})?")


@dataclass(frozen=True)
class Kept:
    """A message that is kept.

    Attributes:
        direction: ``in`` or ``out``.
        entry: where.
        record: what was written down.
    """

    direction: str
    entry: Entry
    record: dict[str, Any]

    @property
    def state(self) -> str:
        """What became of it, in one word."""
        if self.direction == IN:
            return "taken" if self.entry.path.parent.name == DONE else "waits"
        return "proven" if self.entry.has(PROVEN) else "refused" if self.entry.has(REFUSED) else "not proven"

    @property
    def partner(self) -> str:
        """The partner's AS2 id."""
        return str(self.record["sender" if self.direction == IN else "receiver"])

    @property
    def ids(self) -> tuple[str, str]:
        """Our id and the partner's."""
        ends = str(self.record["receiver"]), str(self.record["sender"])
        return ends if self.direction == IN else ends[::-1]

    @property
    def names(self) -> list[str]:
        """Names of its files."""
        return [str(one["name"]) for one in self.record.get("payloads", ())] or list(self.record.get("files", ()))


def kept(data: Path) -> Iterator[Kept]:
    """All messages of a data folder."""
    for direction in (IN, OUT):
        for folder in (data / direction, data / direction / DONE):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                found = _read(direction, path)
                if found:
                    yield found


def find(data: Path, wanted: str) -> Kept:
    """The message of an id (the beginning of it is enough) or of a Message-ID.

    Raises:
        UsageError: there is none, or several.
    """
    found: list[Kept] = []
    if _KEY.fullmatch(wanted):
        for direction in (IN, OUT):
            for folder in (data / direction, data / direction / DONE):
                found += [one for path in folder.glob(f"{wanted}*") if (one := _read(direction, path))]
        exact = [one for one in found if one.entry.path.name.partition("-")[0] == one.entry.path.name]
        found = exact if len(exact) == 1 else found
    else:
        found = [one for one in kept(data) if same_message_id(str(one.record.get("message-id", "")), wanted)]
    if len(found) == 1:
        return found[0]
    several = ", ".join(f"{one.direction} {one.entry.path.name}" for one in found[:5])
    message = f"{wanted[:300]!r} stands for several messages: {several}" if found else f"no message {wanted[:300]!r}"
    raise UsageError(message, hint="`gateway as2 list` shows them")


def _read(direction: str, path: Path) -> Kept | None:
    if path.name == DONE or path.name.startswith(".") or not path.is_dir():
        return None
    entry = Entry(path)
    record = entry.json(RECORD)
    return Kept(direction, entry, record) if isinstance(record, dict) else None
