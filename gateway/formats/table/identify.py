"""Whose file is this? A mapping claims a file by its name and by its header."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import PurePath

from gateway.formats.base import Claim
from gateway.formats.table import header
from gateway.formats.table.carriers import carriers_of
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source

_SCORE = 90


def claim(spec: MappingSpec, head: bytes, name: str, source: Source | None) -> Claim | None:
    """The mapping's claim on a file, None when the file is not its own.

    Raises:
        InputError: the file claims to be of a kind, and cannot be opened as one. No other format would do better, and
            "nobody claims it" would hide the reason.
        LimitExceeded: the same, because it is over a limit.
    """
    short = PurePath(name).name.lower()
    if not any(fnmatch.fnmatchcase(short, pattern.lower()) for pattern in spec.identify.names):
        return None
    rows = _first_rows(spec, head, name, source)
    found = header.find(spec, rows)
    if found is None:
        return None
    return Claim(_SCORE, f"row {found.index + 1} is the header of {spec.mapping}")


def _first_rows(spec: MappingSpec, head: bytes, name: str, source: Source | None) -> Sequence[Sequence[Cell]]:
    for carrier in carriers_of(spec.table):
        if carrier.recognises(head, name):
            return carrier.head(head, source, spec, spec.table.header_within)
    return []
