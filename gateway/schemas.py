"""A file against the schema of its format: ours, or the official one from a folder that the user names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gateway.errors import UsageError
from gateway.findings import Findings
from gateway.formats.base import Context, Format
from gateway.resources import shipped
from gateway.sources import Source

if TYPE_CHECKING:
    from gateway.formats.epcis_json.blocks import Events

_Check = Callable[[Source, Path, Path | None, Findings], None]


def check_schema(source: Source, format_: Format, findings: Findings, folder: Path | None = None) -> None:
    """Check a file against the schema of its format; formats without a schema pass.

    Args:
        source: the file.
        format_: its format.
        findings: where errors go.
        folder: use the official schemas in this folder instead of ours.

    Raises:
        UsageError: a folder is given and the format has no schema.
        ConfigurationError: a schema is missing or cannot be loaded.
    """
    if format_.schema:
        path = shipped("xsd", *format_.schema)
        _CHECKS[path.suffix](source, path, folder, findings)
    elif folder is not None:
        message = f"the format {format_.key!r} has no schema, so there is none to take from {folder}"
        raise UsageError(message, hint="leave --schemas out")


# The libraries are loaded when a file of their kind is checked: neither is needed to convert tables.
# ruff: noqa: PLC0415


def _check_xml(source: Source, path: Path, folder: Path | None, findings: Findings) -> None:
    from gateway.checks.schema import check_xml
    from gateway.checks.schema_folder import xml_schema

    check_xml(source, path if folder is None else xml_schema(folder, path), findings)


def _check_json(source: Source, path: Path, folder: Path | None, findings: Findings) -> None:
    from gateway.checks.json_schema import check_json
    from gateway.checks.schema_folder import json_schema

    check_json(partial(_cut, source), path if folder is None else json_schema(folder), findings)


@contextmanager
def _cut(source: Source) -> Iterator[tuple[BinaryIO, Events | bytes]]:
    """A JSON document as UTF-8, from its start, and cut into events."""
    from gateway.formats.epcis_json.blocks import open_events
    from gateway.formats.epcis_json.unicode import open_utf8

    context = Context()
    with (
        open_utf8(source, context, report=False) as text,
        open_utf8(source, context, report=False) as stream,
    ):
        yield text, open_events(stream, context.limits)


_CHECKS: dict[str, _Check] = {".xsd": _check_xml, ".json": _check_json}
