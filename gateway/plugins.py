"""The one door for everything that can be added: formats, markets, transports and transforms.

Built-ins are explicit lists of ``key -> "module:attribute"``, third-party ones come by entry point. Both are
loaded lazily and pass the same checks. A plugin that is missing, broken, or has a key that is taken stops the run
with one clear error; nothing is skipped silently.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gateway.errors import PluginError, UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


def _installed(group: str) -> Iterable[EntryPoint]:
    """The entry points of a group. Nearly always there are none, and then the import of their library is saved."""
    if not _anybody_offers("gateway."):
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - it loads the parsers of e-mail and zip files

    return entry_points(group=group)


@functools.cache
def _anybody_offers(prefix: str) -> bool:
    """Whether an installed package has entry points of a group whose name begins so; True also if that is unclear."""
    header = f"[{prefix}"
    for entry in sys.path:
        folder = Path(entry or ".")
        if folder.is_file():
            return True  # a zip file: not worth a look of our own
        if not folder.is_dir():
            continue
        for listed in (*folder.glob("*.dist-info/entry_points.txt"), *folder.glob("*.egg-info/entry_points.txt")):
            if header in listed.read_text(encoding="utf-8", errors="replace"):
                return True
    return False


class Registry(Generic[T]):
    """The plugins of one group, by key.

    Args:
        group: entry point group, e.g. ``gateway.formats``.
        kind: what one plugin is called in messages, e.g. ``format``.
        type_: class that each loaded value must be an instance of, or None for any callable.
        built_in: explicit list of our own plugins: key -> ``module:attribute``.
        strangers: entry points to use; by default those installed for `group`.
    """

    def __init__(
        self,
        group: str,
        kind: str,
        type_: type[T] | None,
        built_in: Mapping[str, str],
        strangers: Iterable[EntryPoint] | None = None,
    ) -> None:
        self.group = group
        self.kind = kind
        self._type = type_
        self._built_in = dict(built_in)
        self._given_strangers = strangers
        self._strangers: dict[str, EntryPoint] | None = None
        self._loaded: dict[str, T] = {}

    def keys(self) -> list[str]:
        """All keys, built-ins first, in the order of their list."""
        return [*self._built_in, *sorted(self._entry_points())]

    def get(self, key: str) -> T:
        """The plugin with this key.

        Raises:
            UsageError: there is no such key; names the nearest and lists all.
            PluginError: the plugin cannot be loaded, or is not what it should be.
        """
        if key not in self._loaded:
            self._loaded[key] = self._load(key)
        return self._loaded[key]

    def __iter__(self) -> Iterator[T]:
        return (self.get(key) for key in self.keys())

    def __contains__(self, key: object) -> bool:
        return key in self._built_in or key in self._entry_points()

    def _entry_points(self) -> dict[str, EntryPoint]:
        if self._strangers is None:
            found = _installed(self.group) if self._given_strangers is None else self._given_strangers
            strangers: dict[str, EntryPoint] = {}
            for point in found:
                if point.name in self._built_in or point.name in strangers:
                    first = strangers[point.name].value if point.name in strangers else "the gateway itself"
                    message = f"two plugins offer the {self.kind} {point.name!r}: {first} and {point.value}"
                    raise PluginError(message, hint="uninstall one of them or ask its author for another key")
                strangers[point.name] = point
            self._strangers = strangers
        return self._strangers

    def _load(self, key: str) -> T:
        strangers = self._entry_points()
        if key in self._built_in:
            origin = self._built_in[key]
        elif key in strangers:
            origin = strangers[key].value
        else:
            raise self._unknown(key)
        module, _, attribute = origin.partition(":")
        try:
            value: Any = getattr(importlib.import_module(module), attribute)
        except Exception as error:
            # A plugin is foreign code: whatever it raises on import is its own fault and ends the run here.
            message = f"the {self.kind} {key!r} ({origin}) cannot be loaded: {type(error).__name__}: {error}"
            raise PluginError(message, hint=f"repair or uninstall the package that offers {key!r}") from error
        if not (callable(value) if self._type is None else isinstance(value, self._type)):
            wanted = "callable" if self._type is None else self._type.__name__
            message = f"the {self.kind} {key!r} ({origin}) is a {type(value).__name__}, not a {wanted}"
            raise PluginError(message)
        own_key = getattr(value, "key", key)
        if self._type is not None and own_key != key:
            message = f"the {self.kind} {key!r} ({origin}) calls itself {own_key!r}"
            raise PluginError(message)
        return value  # type: ignore[no-any-return]

    def _unknown(self, key: str) -> UsageError:
        keys = self.keys()
        near = difflib.get_close_matches(key, keys, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return UsageError(f"there is no {self.kind} {key!r}", hint=f"{hint}known: {', '.join(keys)}")
