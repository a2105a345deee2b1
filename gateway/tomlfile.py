"""A TOML file that people write, read key by key: types are checked, and keys that nobody asked for are refused."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from gateway.errors import ConfigurationError

REFERENCES = ("env", "file", "keyring")


class Reader:
    """One table of the file; remembers which keys were asked for."""

    def __init__(self, path: Path, values: dict[str, Any], name: str = "") -> None:
        self.path = path
        self.values = values
        self.name = name
        self.known: set[str] = set()

    def _get(self, key: str, default: Any, types: tuple[type, ...], wanted: str) -> Any:
        self.known.add(key)
        value = self.values.get(key, default)
        if not isinstance(value, types) or isinstance(value, bool):
            raise self._wrong(key, f"must be {wanted}, not {value!r}")
        return value

    def table(self, key: str) -> Reader:
        """A sub-table, empty when it is not there."""
        return Reader(self.path, self._get(key, {}, (dict,), "a table"), key)

    def text(self, key: str, default: str) -> str:
        """A text."""
        return str(self._get(key, default, (str,), "a text"))

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        values = self._get(key, [], (list,), "a list of texts")
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(key, "must be a list of texts")
        return list(values)

    def url(self, key: str, default: str) -> str:
        """A database URL. It must hold no password, because versions of this file are kept in the ledger."""
        value = self.text(key, default)
        try:
            written = urlsplit(value).password
        except ValueError as error:
            raise self._wrong(key, f"is no database URL: {error}") from error
        if written is not None:
            raise self._wrong(
                key,
                'must hold no password; write a reference beside it: database.password = "env:NAME" or "file:PATH"',
            )
        return value

    def reference(self, key: str) -> str:
        """A reference to a secret; empty when there is none."""
        value = self.text(key, "")
        if value and value.partition(":")[0] not in REFERENCES:
            raise self._wrong(key, f"must be a reference ({', '.join(f'{kind}:…' for kind in REFERENCES)})")
        return value

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        """One of several words."""
        value = self.text(key, default)
        if value not in choices:
            raise self._wrong(key, f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when it is not there."""
        self.known.add(key)
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, f"must be true or false, not {value!r}")
        return value

    def file(self, key: str, root: Path) -> Path | None:
        """A path that counts from the workspace; None when it is not there."""
        value = self.text(key, "")
        return root / value if value else None

    def number(self, key: str, default: float, least: float) -> float:
        """A number of at least `least`."""
        value = float(self._get(key, default, (int, float), "a number"))
        if value < least:
            raise self._wrong(key, f"must be at least {least}, not {value}")
        return value

    def whole(self, key: str, default: int, least: int) -> int:
        """A whole number of at least `least`."""
        value = int(self._get(key, default, (int,), "a whole number"))
        if value < least:
            raise self._wrong(key, f"must be at least {least}, not {value}")
        return value

    def refuse_rest(self) -> None:
        """Complain about the first key that nobody asked for."""
        for key in self.values:
            if key not in self.known:
                near = difflib.get_close_matches(key, self.known, n=1)
                raise self._wrong(key, f"unknown key, did you mean {near[0]!r}?" if near else "unknown key")

    def refuse(self, key: str, what: str) -> NoReturn:
        """Complain about a key that does not fit the others."""
        raise self._wrong(key, what)

    def _wrong(self, key: str, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path}: {f'{self.name}.' if self.name else ''}{key}: {what}")
