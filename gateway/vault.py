"""Codes of packs that are secret, in a file, each encrypted for itself with AES-256-GCM.

A table of an SQLite file has a row for each pack: a name from which nobody can tell the pack (HMAC-SHA256 of its name),
and a random nonce with the encrypted code. Both keys are made by HKDF of one key, which is given by reference and
is never in the file. A row cannot be changed, nor taken for another pack's.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from gateway.sealing import NONCE, VaultError, aesgcm, derived, key_of

_NAME: Final = 16
_ROWS: Final = 500
_TABLES: Final = """
create table if not exists key (id blob primary key);
create table if not exists code (name blob primary key, sealed blob not null) without rowid;
"""


class LazyVault:
    """A vault that is opened for each question: for who rarely asks.

    Args:
        path: the file.
        key: gives its key.
    """

    def __init__(self, path: Path, key: Callable[[], str]) -> None:
        self._path = path
        self._key = key

    def codes(self, names: Sequence[str]) -> dict[str, str]:
        """The codes that are known, by name.

        Raises:
            ConfigurationError: the key leads nowhere, or is not that of the vault.
        """
        with Vault(self._path, self._key()) as vault:
            return vault.codes(names)


class Vault:
    """Secret codes by the name of their pack.

    Args:
        path: the file; it is made when it is not there.
        key: 32 bytes in hex or base64.

    Raises:
        VaultError: the file was written with another key, or is none of ours.
    """

    def __init__(self, path: Path, key: str) -> None:
        secret = key_of(key)
        self._names = derived(secret, b"names")
        self._cipher = aesgcm(derived(secret, b"codes"))
        id_ = hashlib.sha256(b"gateway vault key id" + secret).digest()[:8]
        try:
            self._open(path, id_)
        except sqlite3.Error as error:
            message = f"{path} is no vault of codes: {error}"
            raise VaultError(message) from error

    def _open(self, path: Path, id_: bytes) -> None:
        if not path.exists():
            path.touch(mode=0o600)
        self._file = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
        self._file.executescript(_TABLES)
        with self._changing():
            known = [row[0] for row in self._file.execute("select id from key")]
            if not known:
                self._file.execute("insert into key values (?)", (id_,))
        if known and known != [id_]:
            self._file.close()
            message = f"{path} was written with another key"
            raise VaultError(message, hint="give the key that it was made with")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return int(self._file.execute("select count(*) from code").fetchone()[0])

    def put(self, codes: Mapping[str, str]) -> int:
        """Keep codes by name; how many were new. All of them are kept, or none.

        Raises:
            VaultError: another code is kept for one of the packs already.
        """
        known = self.codes(list(codes))
        for name, code in known.items():
            if codes[name] != code:
                message = f"two different codes were given for pack {name}"
                raise VaultError(message, hint="one of them is not of this pack: ask where the codes come from")
        rows = [self._sealed(name, code) for name, code in codes.items() if name not in known]
        with self._changing():
            before = len(self)
            self._file.executemany("insert or ignore into code values (?, ?)", rows)
            return len(self) - before

    def codes(self, names: Sequence[str]) -> dict[str, str]:
        """The codes that are known, by name.

        Raises:
            VaultError: a code was changed in the file.
        """
        found: dict[str, str] = {}
        for start in range(0, len(names), _ROWS):
            by_id = {self._id(name): name for name in names[start : start + _ROWS]}
            marks = ",".join("?" * len(by_id))
            rows = self._file.execute(f"select name, sealed from code where name in ({marks})", list(by_id))  # noqa: S608 - question marks only
            for id_, sealed in rows:
                found[by_id[id_]] = self._opened(id_, sealed)
        return found

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        self._file.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._file.execute("rollback")
            raise
        self._file.execute("commit")

    def _id(self, name: str) -> bytes:
        return hmac.digest(self._names, name.encode(), "sha256")[:_NAME]

    def _sealed(self, name: str, code: str) -> tuple[bytes, bytes]:
        id_, nonce = self._id(name), os.urandom(NONCE)
        return id_, nonce + self._cipher.encrypt(nonce, code.encode(), id_)

    def _opened(self, id_: bytes, sealed: bytes) -> str:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see `gateway.sealing.aesgcm`

        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], id_).decode()
        except (InvalidTag, ValueError):
            message = "a code in the vault was changed"
            raise VaultError(message, hint="put a copy of the file back") from None
