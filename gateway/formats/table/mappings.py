"""Finding and loading mappings: those that ship with the gateway, and those of a workspace.

A mapping ``acme-cmo/batch`` is the file ``acme-cmo/batch.yaml`` in one of the folders. Where two folders have the
same name, the workspace's wins over the shipped one, so that an operator can correct a mapping without a release.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway import yamlfile
from gateway.errors import ConfigurationError, UsageError
from gateway.formats.base import Claim
from gateway.formats.table.describe import describe
from gateway.formats.table.references import SETTINGS, complaints
from gateway.formats.table.spec import MappingSpec
from gateway.options import Setting
from gateway.resources import shipped
from gateway.sources import Source


@dataclass(frozen=True, slots=True)
class Mapping:
    """A loaded mapping.

    Attributes:
        spec: what the file says.
        origin: the file, for messages.
    """

    spec: MappingSpec
    origin: Path

    @property
    def name(self) -> str:
        """``<partner>/<document>``."""
        return self.spec.mapping

    @property
    def title(self) -> str:
        """One line for lists."""
        return self.spec.title

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The ``--set`` keys that reading with this mapping knows."""
        return (*SETTINGS, *(Setting(key, title) for key, title in self.spec.settings.items()))

    def describe(self) -> Iterator[str]:
        """What the mapping does, in lines for people."""
        return describe(self.spec)

    def format_of(self, source: Source) -> str:
        """The format that a file is, when this mapping reads it: that of the first carrier that knows the file."""
        from gateway.formats.table.carriers import carriers_of  # noqa: PLC0415 - carriers are loaded only for files

        head = source.head()
        mine = (one.format for one in carriers_of(self.spec.table) if one.recognises(head, source.name))
        return next(mine, "table")

    def claims(self, head: bytes, name: str, source: Source | None = None) -> Claim | None:
        """Whether a file is of this mapping: its name fits and its header is found by content.

        Args:
            head: the file's first bytes.
            name: the file's name.
            source: the whole file; without it a workbook cannot be looked into and is not claimed.
        """
        from gateway.formats.table.identify import claim  # noqa: PLC0415 - reads cells, which lists do not need

        return claim(self.spec, head, name, source)


def load(name_or_file: str, folders: Sequence[Path] = ()) -> Mapping:
    """The mapping of this name, or in this file (anything that ends in ``.yaml`` or ``.yml``).

    Raises:
        UsageError: there is no mapping of this name; names the nearest and lists all.
        ConfigurationError: the file is wrong; one line a complaint, with file, line and key.
    """
    if name_or_file.endswith((".yaml", ".yml")):
        return _read(Path(name_or_file))
    files = _files(folders)
    if name_or_file not in files:
        near = difflib.get_close_matches(name_or_file, files, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        message = f"there is no mapping {name_or_file!r}"
        raise UsageError(message, hint=f"{hint}known: {', '.join(sorted(files))}")
    return _named(name_or_file, files[name_or_file])


def all_mappings(folders: Sequence[Path] = ()) -> list[Mapping]:
    """All mappings, by name.

    Raises:
        ConfigurationError: a file is wrong.
    """
    return [_named(name, path) for name, path in sorted(_files(folders).items())]


def _files(folders: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in (shipped("mappings"), *folders):
        for path in sorted(folder.glob("*/*.yaml")):
            found[f"{path.parent.name}/{path.stem}"] = path
    return found


def _named(name: str, path: Path) -> Mapping:
    mapping = _read(path)
    if mapping.name != name:
        message = f"{path}: mapping: is {mapping.name!r}, but the file's place says {name!r}"
        raise ConfigurationError(message)
    return mapping


def _read(path: Path) -> Mapping:
    spec = yamlfile.load(path, MappingSpec)
    wrong = list(complaints(spec))
    if wrong:
        _, lines = yamlfile.parse(path.read_bytes(), str(path))
        raise ConfigurationError("\n".join(_complaint(path, place, message, lines) for place, message in wrong))
    return Mapping(spec, path)


def _complaint(path: Path, place: tuple[str | int, ...], message: str, lines: dict[tuple[str | int, ...], int]) -> str:
    known = place
    while known and known not in lines:
        known = known[:-1]
    return f"{path}:{lines.get(known, 1)}: {'.'.join(map(str, place))}: {message}"
