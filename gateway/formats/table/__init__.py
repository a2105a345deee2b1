"""The format `table`: rows and records of any file through a mapping.

A table has no meaning of its own; a mapping (YAML, see ``docs/mapping-reference.md``) says which column is what and
which events its rows make. `load` and `all_mappings` find mappings, `read` and `write` use those in the context.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.epcis.document import Document
from gateway.formats.base import Context, Format
from gateway.formats.table.losses import LOSS_RULES
from gateway.formats.table.mappings import Mapping, all_mappings, load
from gateway.formats.table.references import SETTINGS
from gateway.formats.table.rules import RULES
from gateway.options import Setting
from gateway.sources import Source

__all__ = ["CARRIER", "RULES", "TABLE", "Mapping", "all_mappings", "load", "read", "write"]

CARRIER = Setting(
    "carrier",
    "kind of file that a table is written into; unset, the suffix of the output or the first kind of the mapping",
    ("csv", "xlsx", "fixed"),
)


def read(source: Source, context: Context) -> Document:
    """Read a table through ``context.mapping`` (`gateway.formats.table.reading.read`)."""
    from gateway.formats.table.reading import read as read_table  # noqa: PLC0415 - calamine and zoneinfo only when read

    return read_table(source, context)


def write(document: Document, context: Context) -> Iterator[bytes]:
    """Write a table through ``context.target_mapping`` (`gateway.formats.table.write.write`)."""
    from gateway.formats.table.write import write as write_table  # noqa: PLC0415 - only when written

    return write_table(document, context)


def suffix_of(context: Context) -> str:
    """Suffix of the file that is written (`gateway.formats.table.write.suffix_of`)."""
    from gateway.formats.table.write import suffix_of as suffix  # noqa: PLC0415 - only when written

    return suffix(context)


TABLE = Format(
    key="table",
    title="CSV, workbooks, fixed-width lines, JSON and XML through a mapping",
    suffix=".csv",
    media_type="text/csv",
    read=read,
    write=write,
    settings=(*SETTINGS, CARRIER),
    rules=RULES,
    loss_rules=LOSS_RULES,
    needs_mapping=True,
    needs_target_mapping=True,
    suffix_of=suffix_of,
)
