"""When a file is whole: the rule that keeps half-written files out, without a clock and without input or output.

A single look at a file cannot tell whether its sender has finished. A file has settled when its size and time were
the same in several looks and it is old enough; or, where the sender writes one, when its marker or checksum file is
there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field, field_validator

from gateway.transports import names
from gateway.transports.base import TransportSettings
from gateway.transports.names import fill


class Settle(TransportSettings):
    """How a channel knows that a file is whole.

    Attributes:
        looks: in how many looks size and time must be the same.
        interval: seconds between two looks.
        min_age: seconds since the last modification. A modification time that is unknown or lies in the future
            says nothing; such a file must be watched unchanged for that long.
        marker: name of a file that the sender writes last, e.g. ``{name}.done`` or ``{stem}.ready``. With a marker,
            looks and ages do not matter.
        checksum: name of a file with the hexadecimal MD5, SHA-1, SHA-256 or SHA-512 of the file, e.g.
            ``{name}.sha256``. It works like a marker, and the bytes fetched must match.
    """

    looks: int = Field(default=2, ge=1, le=100)
    interval: float = Field(default=1.0, ge=0, le=3600)
    min_age: float = Field(default=5.0, ge=0, le=86400)
    marker: str = ""
    checksum: str = ""

    @field_validator("marker", "checksum")
    @classmethod
    def _names_its_file(cls, value: str) -> str:
        return companion(value)


def companion(template: str) -> str:
    """Check the name template of a file that stands beside another one.

    Raises:
        ValueError: it does not say which file it belongs to, is that file itself, or leaves the folder.
    """
    if template and (
        not ("{name}" in template or "{stem}" in template)
        or template in {"{name}", "{stem}"}
        or "/" in template
        or "\\" in template
    ):
        message = "must contain {name} or {stem} and something else, and no path separator, e.g. {name}.done"
        raise ValueError(message)
    return template


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in one look at a folder.

    Attributes:
        name: as the peer spells it.
        path: how the transport finds it again; tells files apart.
        size: bytes.
        modified: seconds since 1970; 0 when unknown.
    """

    name: str
    path: str
    size: int
    modified: float = 0.0


@dataclass(slots=True)
class _Watch:
    entry: Entry
    looks: int
    since: float
    changed: bool = False


def _as_it_is(name: str) -> str:
    return name


class Settling:
    """Watches a folder look by look.

    Args:
        settle: the channel's rule.
        fold_names: the peer does not tell upper from lower case, so ``A.CSV.done`` is the marker of ``a.csv``.
    """

    def __init__(self, settle: Settle, *, fold_names: bool = False) -> None:
        self._rule = settle
        self._spelling = names.fold if fold_names else _as_it_is
        self._watched: dict[str, _Watch] = {}
        self._names: frozenset[str] = frozenset()
        self._first = True

    def begin(self) -> None:
        """Start a row of looks. What changed since the last row may settle in this one."""
        self._first = True

    def look(self, entries: Iterable[Entry], present: Iterable[str], now: float) -> None:
        """Take one look. If it breaks off, what was known before stays known.

        Args:
            entries: the files that the channel would take; gone through once, and nothing else is kept of them.
            present: names of all files in the folder, markers too; gone through after `entries`, and only if
                markers matter.
            now: seconds since 1970, by the same clock at each look.
        """
        before, watched = self._watched, dict[str, _Watch]()
        for entry in entries:
            if self._stands_beside(entry.name):
                continue
            watch = before.get(entry.path)
            if watch is None or watch.entry != entry:
                watch = _Watch(entry, 0, now, changed=watch is not None)
            watched[entry.path] = watch
        for watch in watched.values():
            watch.looks += 1
            watch.changed = watch.changed and not self._first
        self._watched = watched
        self._names = frozenset(map(self._spelling, present)) if self.by_marker else frozenset()
        self._first = False

    def settled(self, now: float) -> list[Entry]:
        """The files of the last look that are whole."""
        return [watch.entry for watch in self._watched.values() if self._whole(watch, now)]

    def worth_another_look(self, now: float) -> bool:
        """Whether one more look soon can settle a file.

        A file that changed under our eyes is left for a later session, and so is one whose time says that it is
        too young: its sender is at work.
        """
        if self.by_marker:
            return False
        return any(self._may_settle(watch, now) for watch in self._watched.values())

    @property
    def by_marker(self) -> bool:
        """Whether files beside a file decide."""
        return bool(self._rule.marker or self._rule.checksum)

    def _stands_beside(self, name: str) -> bool:
        templates = (self._rule.marker, self._rule.checksum)
        return any(one and self._spelling(fill(one, name)) == self._spelling(name) for one in templates)

    def _whole(self, watch: _Watch, now: float) -> bool:
        if self.by_marker:
            wanted = (self._rule.marker, self._rule.checksum)
            return all(self._spelling(fill(one, watch.entry.name)) in self._names for one in wanted if one)
        return watch.looks >= self._rule.looks and self._age(watch, now) >= self._rule.min_age

    def _age(self, watch: _Watch, now: float) -> float:
        modified = watch.entry.modified
        return now - modified if self._dated(watch, now) else now - watch.since

    def _dated(self, watch: _Watch, now: float) -> bool:
        return 0 < watch.entry.modified <= now

    def _may_settle(self, watch: _Watch, now: float) -> bool:
        if watch.changed or self._whole(watch, now):
            return False
        # Between two looks a second passes or so; what needs more age than the looks give has to wait.
        patience = self._rule.interval * max(0, self._rule.looks - watch.looks)
        return not self._dated(watch, now) or self._age(watch, now) + patience >= self._rule.min_age
