"""What partners' messages were refused for, kept until somebody has looked: a log line alone wakes nobody.

One file for each partner and kind of trouble, with a count and the last message, so that nobody who sends nonsense can
fill the disk. Files are replaced by one rename; a power cut may lose the last one, and the log has it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.transports.as2_http.store import Store, packed

_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Incident:
    """Messages of a partner that were refused for one reason.

    Attributes:
        kind: e.g. ``authentication-failed``; ``duplicate`` for a message id that came before with other content.
        sender: the partner's AS2 id.
        receiver: ours.
        message_id: of the last one.
        text: what was found, for the operator.
        hint: what to do.
        count: how many since `first`.
        first: when it began, in ISO form.
        last: when it happened last.
    """

    kind: str
    sender: str
    receiver: str
    message_id: str
    text: str
    hint: str
    count: int
    first: str
    last: str


class Incidents:
    """A folder of incidents; made when there is the first one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._alone = threading.Lock()

    def note(self, kind: str, ids: tuple[str, str], message_id: str, text: str, hint: str, now: dt.datetime) -> None:
        """Count one more. Never fails: what happened is in the log, too."""
        path = self._folder / f"{Store.key(kind, *ids)}.json"
        with self._alone, contextlib.suppress(OSError):
            before = _read(path)
            count, first = (before.count + 1, before.first) if before else (1, now.isoformat())
            said = (message_id[:_TEXT], text[:_TEXT], hint[:_TEXT])
            found = Incident(kind, *ids, *said, count, first, now.isoformat())
            self._folder.mkdir(parents=True, exist_ok=True)
            half = path.with_name(f".{uuid.uuid4().hex}")
            half.write_bytes(packed(asdict(found)))
            half.rename(path)

    def since(self, when: dt.datetime) -> Iterator[Incident]:
        """Those that happened then or later, the last first."""
        found = [one for path in self._folder.glob("[!.]*.json") if (one := _read(path))]
        for one in sorted(found, key=lambda one: one.last, reverse=True):
            if dt.datetime.fromisoformat(one.last) >= when:
                yield one

    def forget(self, before: dt.datetime) -> None:
        """Remove what has not happened since."""
        for path in self._folder.glob("[!.]*.json"):
            one = _read(path)
            if one is None or dt.datetime.fromisoformat(one.last) < before:
                path.unlink(missing_ok=True)


def _read(path: Path) -> Incident | None:
    try:
        return Incident(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
