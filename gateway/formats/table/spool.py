"""Groups that wait on disk: what is packed may be told only when everything that it holds has been commissioned."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import msgspec

from gateway.formats.table.gather import Group

_SEPARATOR = "\t"  # stands in no EPC URN
_BUFFER = 1 << 18
_HEAD = msgspec.json.Decoder(tuple[tuple[str, ...], int, int])


class Spool:
    """A temporary file of groups, given back in the order in which they came."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=_BUFFER)  # noqa: SIM115 - lives as long as the spool

    def write(self, group: Group) -> None:
        """Keep a group."""
        head = msgspec.json.encode((group.key, group.first, group.last))
        self._file.write(b"%b\n%b\n" % (head, _SEPARATOR.join(group.epcs).encode()))

    def __iter__(self) -> Iterator[Group]:
        self._file.seek(0)
        lines = iter(self._file)
        for head in lines:
            key, first, last = _HEAD.decode(head)
            yield Group(key, next(lines)[:-1].decode().split(_SEPARATOR), first, last)

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()
