"""What of a table its mapping alone says: its columns, and what stands above them."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.formats.table.cells import header_key
from gateway.formats.table.spec import MappingSpec


class Frame:
    """Header and labels of a mapping's table.

    Args:
        spec: the mapping.

    Attributes:
        headers: in the order of the table: the first spelling of each, and what the mapping knows its files by.
        fields: the fields that are read from each column.
        level: header of the level column, empty when there is none.
        parent: header of the column that names the containing object, empty when there is none.
        titles: texts above the table by which the mapping knows its files.
        labels: label and field of each cell above the table.
    """

    def __init__(self, spec: MappingSpec) -> None:
        levels = spec.table.levels
        self.labels = {field.preamble[0]: name for name, field in spec.fields.items() if not field.headers}
        self.level = levels.column[0] if levels is not None else ""
        self.parent = levels.parent[0] if levels is not None and levels.parent else ""
        own = [
            (name, header) for name, field in spec.fields.items() for header in _columns(field.headers, field.column)
        ]
        wanted = [self.level, self.parent, *(header for _, header in own), *spec.identify.columns]
        self.headers = distinct(wanted)
        self.fields = {
            header: [name for name, text in own if header_key(text) == header_key(header)] for header in self.headers
        }
        known = [text.casefold() for text in (*self.headers, *self.labels)]
        self.titles = [word for word in spec.identify.contains if not any(word.casefold() in text for text in known)]


def _columns(headers: list[str], spellings: list[str]) -> list[str]:
    """One spelling of the column, or all columns of a field that has several."""
    return spellings[:1] or headers


def distinct(texts: Iterable[str]) -> list[str]:
    """Headers that are not empty, the same ones once."""
    found: dict[str, str] = {}
    for text in texts:
        if text:
            found.setdefault(header_key(text), text)
    return list(found.values())
