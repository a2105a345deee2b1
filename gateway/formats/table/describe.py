"""A mapping in words, for people who want to know what it does without reading YAML."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.formats.table.spec import EventSpec, MappingSpec


def describe(spec: MappingSpec) -> Iterator[str]:
    """One line a fact: which files, which columns, which things, which events."""
    kinds = [kind for kind, there in (("CSV", spec.table.csv), ("XLSX", spec.table.xlsx)) if there is not None]
    yield f"reads    {' and '.join(kinds)} files named {', '.join(spec.identify.names)}"
    for name, field in spec.fields.items():
        need = "" if field.required else ", may be empty"
        yield f"column   {' or '.join(repr(header) for header in field.column)} is {name} ({field.transform}{need})"
    for name, thing in spec.objects.items():
        key = f"GTIN {thing.sgtin[0]} and serial number {thing.sgtin[1]}" if thing.sgtin else f"SSCC {thing.sscc}"
        yield f"thing    {name}: {key}{f', inside {thing.inside}' if thing.inside else ''}"
    for event in spec.events:
        yield f"event    {_event(event)}"


def _event(event: EventSpec) -> str:
    what = f"{event.children} into {event.parent}" if event.parent else event.epcs
    condition = f", when {' and '.join(event.when)} are filled" if event.when else ""
    return f"{event.biz_step or event.event} of {what} at {event.time}{condition}"
