"""The format `table`: rows and records of any file through a mapping.

A table has no meaning of its own; a mapping (YAML, see ``docs/mapping-reference.md``) says which column is what and
which events its rows make. `load` and `all_mappings` find mappings, `read` uses the one in the context.
"""

from __future__ import annotations

from gateway.epcis.document import Document
from gateway.formats.base import Context, Format
from gateway.formats.table.mappings import Mapping, all_mappings, load
from gateway.formats.table.references import SETTINGS
from gateway.formats.table.rules import RULES
from gateway.sources import Source

__all__ = ["RULES", "TABLE", "Mapping", "all_mappings", "load", "read"]


def read(source: Source, context: Context) -> Document:
    """Read a table through ``context.mapping`` (`gateway.formats.table.reading.read`)."""
    from gateway.formats.table.reading import read as read_table  # noqa: PLC0415 - calamine and zoneinfo only when read

    return read_table(source, context)


TABLE = Format(
    key="table",
    title="CSV, workbooks, fixed-width lines, JSON and XML through a mapping",
    suffix=".csv",
    media_type="text/csv",
    read=read,
    settings=SETTINGS,
    rules=RULES,
    needs_mapping=True,
)
