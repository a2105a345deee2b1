"""Folders that two parts of the agreements use: a file would be taken by one of two at random, or go round for ever."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway import yamlfile
from gateway.agreements.model import Channel, Target
from gateway.transports import TRANSPORTS
from gateway.transports.files import FileSettings

_WILD = str.maketrans("*?", "xx")


@dataclass(frozen=True, slots=True)
class Use:
    """A channel or a target that works with a folder, here or on a server.

    Attributes:
        part: the channel or the target; its settings are read already.
        place: where its settings stand in the file.
        lines: lines of the file by place.
        name: the file's name.
        fed_by: of a target, the channels whose files it gets.
    """

    part: Channel | Target
    place: yamlfile.Place
    lines: yamlfile.Lines
    name: str
    fed_by: frozenset[str] = frozenset()

    @property
    def folder(self) -> str:
        """The folder, the same for the same one; empty where this is no matter of folders."""
        if not isinstance(self.part.settings, FileSettings):
            return ""
        return posixpath.normpath(TRANSPORTS.get(self.part.transport).address(self.part.settings))


def complaints(uses: Sequence[Use]) -> Iterator[str]:
    """Channels that would take the same files of a folder, and targets that deliver to where their files come from."""
    collected: dict[str, list[Use]] = {}
    for use in uses:
        if use.folder and isinstance(use.part, Channel):
            for other in collected.get(use.folder, ()):
                if use.part.id != other.part.id and _same_files(use.part.settings, other.part.settings):
                    first = f"{other.name}:{other.lines.get(other.place, 1)}"
                    text = f"channel {other.part.id!r} ({first}) takes the same files of this folder"
                    yield _said(use, f"{text}; give both their own `patterns`")
                    break
            collected.setdefault(use.folder, []).append(use)
    for use in uses:
        if isinstance(use.part, Target):
            for other in collected.get(use.folder, ()):
                everything = isinstance(other.part.settings, FileSettings) and "*" in other.part.settings.patterns
                if everything and other.part.id in use.fed_by:
                    text = f"channel {other.part.id!r} collects from this folder: what is delivered would come in again"
                    yield _said(use, f"{text}; use another one")
                    break


def _same_files(one: object, other: object) -> bool:
    """Whether a name that fits a pattern of one is taken by both."""
    if not (isinstance(one, FileSettings) and isinstance(other, FileSettings)):
        return False
    names = [pattern.translate(_WILD) for pattern in (*one.patterns, *other.patterns)]
    return any(one.takes(name) and other.takes(name) for name in names)


def _said(use: Use, text: str) -> str:
    return yamlfile.complaint((*use.place, "settings"), use.lines, use.name, text)
