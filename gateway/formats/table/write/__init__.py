"""Writing a table by the same mapping that reads it.

A mapping says which columns make which events; here it is read from the other side. The events of a document are
matched with the kinds of event of the mapping, what they tell is brought together by thing, and each thing becomes
a row. Every cell is read back by its column's own transform before it is written. What no column holds is a loss.

Memory: the containers of the document, and a 64th of the smallest things; the others wait in temporary files.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import yamlfile
from gateway.epcis.document import Document
from gateway.errors import UsageError
from gateway.formats.base import Context
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.prepare import constants_of, tools_of
from gateway.formats.table.write.cells import Medium
from gateway.formats.table.write.columns import Columns
from gateway.formats.table.write.files import KINDS, FileKind
from gateway.formats.table.write.losing import Losing
from gateway.formats.table.write.match import Matcher
from gateway.formats.table.write.resolve import Resolver
from gateway.formats.table.write.rows import Rows
from gateway.formats.table.write.spellings import Spellings
from gateway.formats.table.write.things import Things
from gateway.formats.table.write.told import Collector
from gateway.options import READ_POINT


def write(document: Document, context: Context) -> Iterator[bytes]:
    """Write a document as a table. ``context.target_mapping`` is the `Mapping` to write it with.

    Raises:
        UsageError: there is no mapping, or it knows no such kind of file.
        ConfigurationError: the mapping can be read with and not written with.
    """
    mapping = mapping_of(context)
    kind = kind_of(mapping, context)
    spec = mapping.spec
    tools = tools_of(spec, context)
    constants = constants_of(mapping, tools)
    dialect = spec.table.csv if kind.key == "csv" else None
    guards = dialect is not None and dialect.formulas == "guarded"
    columns = Columns(mapping, tools, Medium(kind.typed, guards))
    first = next(iter(spec.objects.values()))
    losing = Losing(context.losses, ("01", "21") if first.sgtin else ("00",) if first.sscc else ())
    read_point = context.options.get(READ_POINT)
    matchers = [Matcher(event, constants, read_point, tools.prefixes) for event in spec.events]
    things = Things(spec, Spellings(tools.prefixes, losing.spelling))
    collected = Collector(spec, matchers, things, losing, columns)
    for number, event in enumerate(document.events, 1):
        collected.take(event, event.where.event or number)
    _header(document, losing)
    resolver = Resolver(spec, constants, collected.statements)
    rows = Rows(spec, columns, collected, resolver, losing, context.findings)
    yield from kind.write(mapping, columns, rows.sheets(), context)


def _header(document: Document, losing: Losing) -> None:
    """Report what the document says besides its events. Its creation date is that of the message, and is not told."""
    header = document.header
    parts = {
        "documentID": header.document_id,
        "StandardBusinessDocumentHeader": header.sbdh,
        "instanceIdentifier": header.instance_identifier,
        "sender": header.sender,
        "receiver": header.receiver,
        "EPCISMasterData": [*header.vocabularies, *header.master_data_extensions],
        "queryName": header.query,
        "extension": [*header.extensions, *document.extensions],
        "@*": header.attributes,
        "EPCISBody/extension": document.body_extensions,
        "EventList/extension": document.event_list_extensions,
    }
    for path, value in parts.items():
        if value:
            losing.header(path, value)


def mapping_of(context: Context) -> Mapping:
    """The mapping to write with.

    Raises:
        UsageError: there is none.
    """
    mapping = context.target_mapping
    if not isinstance(mapping, Mapping):
        message = "a table is written through a mapping"
        raise UsageError(message, hint="give --mapping NAME; `gateway list mappings` shows them")
    return mapping


def kind_of(mapping: Mapping, context: Context) -> FileKind:
    """The kind of file to write: the one of the setting ``carrier``, else the first that the mapping declares.

    Raises:
        UsageError: the mapping knows no such kind, or none that can be written.
    """
    declared = _declared(mapping)
    wanted = context.options.values.get("carrier", "")
    if not declared:
        message = f"the mapping {mapping.name} knows no kind of file that is written: {', '.join(KINDS)}"
        raise UsageError(message, hint="choose another mapping")
    if wanted and wanted not in declared:
        message = f"the mapping {mapping.name} knows {' or '.join(declared)}, not {wanted}"
        raise UsageError(message, hint="choose another mapping, or one of its kinds with --set carrier=")
    return KINDS[wanted or declared[0]]


def _declared(mapping: Mapping) -> list[str]:
    """The kinds of file that the mapping declares and that can be written, in the order of its file."""
    declared = [key for key in KINDS if mapping.spec.table.kind(key) is not None]
    if len(declared) > 1 and mapping.origin.is_file():
        _, lines = yamlfile.parse(mapping.origin.read_bytes(), str(mapping.origin))
        # Keys in one line, as in `table: {csv: …, xlsx: …}`, keep the order above.
        declared.sort(key=lambda key: lines.get(("table", key), 0))
    return declared


def suffix_of(context: Context) -> str:
    """Suffix of the file that is written."""
    return kind_of(mapping_of(context), context).suffix
