"""Absent or empty: some regulators take an empty text for data, others want every field."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator


class Empty(enum.Enum):
    """What is done with a value that is not there."""

    OMIT = "omit"  # the field is left out
    KEEP = "keep"  # the field stands there, empty


def present(pairs: Iterable[tuple[str, str]], empty: Empty = Empty.OMIT) -> Iterator[tuple[str, str]]:
    """The fields to write, in order."""
    for name, value in pairs:
        if value or empty is Empty.KEEP:
            yield name, value
