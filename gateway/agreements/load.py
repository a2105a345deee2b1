"""Reading all agreements of a workspace, and refusing what cannot work before any file is touched.

Everything that is wrong is said at once, each complaint as ``file:line: key: what is wrong``.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from gateway import yamlfile
from gateway.agreements import places
from gateway.agreements.model import Agreement, Channel, Target
from gateway.convert import Request, settings_of
from gateway.errors import ConfigurationError, GatewayError, UsageError
from gateway.formats import FORMATS
from gateway.formats.base import Limits
from gateway.formats.table.mappings import Mapping as TableMapping
from gateway.formats.table.mappings import all_mappings
from gateway.formats.table.mappings import load as load_mapping
from gateway.markets import messages
from gateway.options import Options
from gateway.settings import FILE, Settings
from gateway.sources import Source
from gateway.transports import TRANSPORTS

PATTERN = "*.yaml"
TABLE = "table"


@dataclass(frozen=True, slots=True)
class Agreements:
    """All agreements of a workspace, checked against each other.

    Attributes:
        all: the agreements in the order of their file names.
        files: the text of every file that makes up the configuration, by path inside the workspace.
        mappings: the mappings that each channel's files may need, by channel id.
        limits: bounds on one file, by channel id.
        target_mappings: the mapping that a target's tables are written with, by target id.
    """

    all: Sequence[Agreement]
    files: Mapping[str, str]
    mappings: Mapping[str, Sequence[TableMapping]] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    target_mappings: Mapping[str, TableMapping] = field(default_factory=dict)

    def channels(self) -> Iterator[tuple[Agreement, Channel]]:
        """All channels with their agreements."""
        return ((agreement, channel) for agreement in self.all for channel in agreement.channels)

    def channel(self, id_: str) -> tuple[Agreement, Channel]:
        """The channel with this id.

        Raises:
            ConfigurationError: there is none any more.
        """
        for agreement, channel in self.channels():
            if channel.id == id_:
                return agreement, channel
        message = f"no agreement has the channel {id_!r} any more"
        raise ConfigurationError(message, hint="restore it, or replay the message once another channel replaces it")

    def target(self, id_: str) -> Target:
        """The target with this id.

        Raises:
            ConfigurationError: there is none any more.
        """
        for agreement in self.all:
            for target in agreement.targets:
                if target.id == id_:
                    return target
        message = f"no agreement has the target {id_!r} any more"
        raise ConfigurationError(message, hint="restore it in the agreement and replay the message")


def load(settings: Settings) -> Agreements:
    """Read and check ``agreements/*.yaml``.

    Raises:
        ConfigurationError: something is wrong; the message has one line for each complaint.
    """
    paths = sorted(settings.agreements.glob(PATTERN))
    if not paths:
        message = f"{settings.agreements} holds no agreement ({PATTERN})"
        raise ConfigurationError(message, hint="`gateway init` writes an example")
    loader = _Loader(settings)
    agreements = [found for path in paths if (found := loader.read(path)) is not None]
    loader.check_together()
    if loader.complaints:
        raise ConfigurationError("\n".join(loader.complaints))
    files = {
        path.relative_to(settings.root).as_posix(): path.read_text(encoding="utf-8")
        for path in configuration_files(settings)
    }
    return Agreements(agreements, files, loader.mappings, loader.limits, loader.target_mappings)


class _Loader:
    """Collects complaints over all files."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.complaints: list[str] = []
        self.mappings: dict[str, Sequence[TableMapping]] = {}
        self.target_mappings: dict[str, TableMapping] = {}
        self.limits: dict[str, Limits] = {}
        self._folders = [settings.mappings]
        self._uses: list[places.Use] = []
        self._ids: dict[tuple[str, str], list[tuple[yamlfile.Place, yamlfile.Lines, str]]] = {}

    def read(self, path: Path) -> Agreement | None:
        """Read one file; complaints are kept, and what is left is returned if there is anything."""
        name = path.relative_to(self.settings.root).as_posix()
        before = len(self.complaints)
        try:
            value, lines = yamlfile.parse(path.read_bytes(), name)
            agreement = Agreement.model_validate(value)
        except ConfigurationError as error:
            self.complaints.append(error.message)
            return None
        except ValidationError as error:
            self.complaints += yamlfile.explain(error, lines, name, Agreement)
            return None
        file = _File(name, lines, self)
        channels = tuple(self._channel(file, i, channel) for i, channel in enumerate(agreement.channels))
        targets = tuple(self._target(file, i, target) for i, target in enumerate(agreement.targets))
        self._note("partner", agreement.partner.id, ("partner", "id"), file)
        self._check_choice_of_targets(file, agreement)
        whole = agreement.model_copy(update={"channels": channels, "targets": targets})
        self._uses += _uses(whole, file)
        if len(self.complaints) == before:
            self._check_values(file, whole)
        return whole

    def check_together(self) -> None:
        """Ids are unique over all files, and no folder is used so that files are taken twice or go round."""
        for (kind, id_), uses in self._ids.items():
            for place, lines, name in uses[1:]:
                _, first_lines, first = uses[0]
                line = first_lines.get(uses[0][0], 1)
                text = f"the {kind} {id_!r} stands in {first}:{line} already"
                self.complaints.append(yamlfile.complaint(place, lines, name, text))
        self.complaints += places.complaints(self._uses)

    def _channel(self, file: _File, number: int, channel: Channel) -> Channel:
        place: yamlfile.Place = ("channels", number)
        self._note("channel", channel.id, (*place, "id"), file)
        if channel.format:
            file.known((*place, "format"), "format or market message", channel.format, [*FORMATS.keys(), *messages()])
        self.mappings[channel.id] = self._mappings(file, place, channel)
        self.limits[channel.id] = self._limits(file, place, channel)
        return channel.model_copy(update={"settings": self._transport(file, place, channel)})

    def _target(self, file: _File, number: int, target: Target) -> Target:
        place: yamlfile.Place = ("targets", number)
        self._note("target", target.id, (*place, "id"), file)
        writable = [key for key in FORMATS.keys() if FORMATS.get(key).write] + list(messages())  # noqa: SIM118 - no dict
        if file.known((*place, "to"), "format or market message to write", target.to, writable):
            self._target_mapping(file, place, target)
        return target.model_copy(update={"settings": self._transport(file, place, target)})

    def _target_mapping(self, file: _File, place: yamlfile.Place, target: Target) -> None:
        needed = target.to in FORMATS and FORMATS.get(target.to).needs_target_mapping
        if needed and not target.mapping:
            file.complain((*place, "to"), f"{target.to!r} is written through a mapping: name it with `mapping`")
        elif target.mapping and not needed:
            file.complain((*place, "mapping"), f"{target.to!r} is written without a mapping")
        elif target.mapping:
            try:
                self.target_mappings[target.id] = load_mapping(target.mapping, self._folders)
            except GatewayError as error:
                file.complain((*place, "mapping"), str(error))

    def _transport(self, file: _File, place: yamlfile.Place, part: Channel | Target) -> object:
        if not file.known((*place, "transport"), "transport", part.transport, TRANSPORTS.keys()):
            return part.settings
        model = TRANSPORTS.get(part.transport).settings
        try:
            role = "channel" if isinstance(part, Channel) else "target"
            to = part.format if isinstance(part, Channel) else part.to
            return model.model_validate(part.settings, context={"root": self.settings.root, "role": role, "to": to})
        except ValidationError as error:
            self.complaints += yamlfile.explain(error, file.lines, file.name, model, (*place, "settings"))
            return part.settings

    def _mappings(self, file: _File, place: yamlfile.Place, channel: Channel) -> Sequence[TableMapping]:
        if channel.format and not is_mapped(channel.format):
            for number in range(len(channel.mappings)):
                file.complain((*place, "mappings", number), f"files in {channel.format!r} need no mapping")
            return []
        if not channel.mappings:
            try:
                return self._all_mappings
            except GatewayError as error:
                if str(error) not in self.complaints:
                    self.complaints.append(str(error))
                return []
        found = []
        for number, name in enumerate(channel.mappings):
            try:
                found.append(load_mapping(name, self._folders))
            except GatewayError as error:
                file.complain((*place, "mappings", number), str(error))
        return found

    @cached_property
    def _all_mappings(self) -> Sequence[TableMapping]:
        """Read once: many channels name none, and to read them takes a third of a second."""
        return all_mappings(self._folders)

    def _limits(self, file: _File, place: yamlfile.Place, channel: Channel) -> Limits:
        known = [limit.name.replace("_", "-") for limit in dataclasses.fields(Limits)]
        for key, value in channel.limits.items():
            if file.known((*place, "limits", key), "limit", key, known) and value < 1:
                file.complain((*place, "limits", key), "must be at least 1")
        for key in self.settings.limits:
            if key not in known:
                text = f"{FILE}: limits.{key}: {_unknown('limit', key, known)}"
                if text not in self.complaints:
                    self.complaints.append(text)
        chosen = {**self.settings.limits, **channel.limits}
        return Limits(**{key.replace("-", "_"): value for key, value in chosen.items() if key in known})

    def _check_choice_of_targets(self, file: _File, agreement: Agreement) -> None:
        known = [target.id for target in agreement.targets]
        for number, channel in enumerate(agreement.channels):
            for position, id_ in enumerate(channel.targets):
                file.known(("channels", number, "targets", position), "target in this agreement", id_, known)

    def _check_values(self, file: _File, agreement: Agreement) -> None:
        """Every key under ``set:`` is known to what converts the files of each channel for that target."""
        for number, target in enumerate(agreement.targets):
            for channel in agreement.channels:
                if target not in agreement.targets_of(channel):
                    continue
                for request in self._requests(channel, target):
                    try:
                        Options.check(target.set, settings_of(request))
                    except UsageError as error:
                        file.complain(("targets", number, "set"), str(error))
                        break

    def _requests(self, channel: Channel, target: Target) -> Iterator[Request]:
        """The conversions that are known beforehand: by the channel's format, or by each mapping that it names."""
        nothing = Source.memory(b"", "nothing")
        to_mapping = self.target_mappings.get(target.id)
        if channel.format and not is_mapped(channel.format):
            yield Request(source=nothing, to=target.to, from_=channel.format, to_mapping=to_mapping)
        elif channel.mappings:
            for mapping in self.mappings[channel.id]:
                yield Request(source=nothing, to=target.to, mapping=mapping, to_mapping=to_mapping)

    def _note(self, kind: str, id_: str, place: yamlfile.Place, file: _File) -> None:
        self._ids.setdefault((kind, id_), []).append((place, file.lines, file.name))


def _uses(agreement: Agreement, file: _File) -> Iterator[places.Use]:
    fed: dict[str, frozenset[str]] = {}
    for target in agreement.targets:
        fed[target.id] = frozenset(one.id for one in agreement.channels if target in agreement.targets_of(one))
    for number, channel in enumerate(agreement.channels):
        yield places.Use(channel, ("channels", number), file.lines, file.name)
    for number, target in enumerate(agreement.targets):
        yield places.Use(target, ("targets", number), file.lines, file.name, fed[target.id])


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    lines: yamlfile.Lines
    loader: _Loader

    def complain(self, place: yamlfile.Place, text: str) -> None:
        complaint = yamlfile.complaint(place, self.lines, self.name, text)
        if complaint not in self.loader.complaints:
            self.loader.complaints.append(complaint)

    def known(self, place: yamlfile.Place, kind: str, key: str, keys: Iterable[str]) -> bool:
        """Complain unless `key` is among `keys`."""
        keys = list(keys)
        if key in keys:
            return True
        self.complain(place, _unknown(kind, key, keys))
        return False


def is_mapped(key: str) -> bool:
    """Whether files in a format are read through mappings."""
    return key in FORMATS and FORMATS.get(key).needs_mapping


def _unknown(kind: str, key: str, keys: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, keys, n=1)
    return f"there is no {kind} {key!r}, " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(keys)}")


def configuration_files(settings: Settings) -> list[Path]:
    """All files that decide what happens to a message."""
    agreements, mappings = sorted(settings.agreements.glob(PATTERN)), sorted(settings.mappings.rglob(PATTERN))
    return [settings.root / FILE, *agreements, *mappings]
