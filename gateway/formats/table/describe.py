"""A mapping in words, for people who want to know what it does without reading YAML."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.formats.table.carriers import CARRIERS
from gateway.formats.table.spec import EventSpec, FieldSpec, MappingSpec, ObjectSpec


def describe(spec: MappingSpec) -> Iterator[str]:
    """One line a fact: which files, which columns, which things, which events."""
    kinds = [key.upper() for key in CARRIERS.keys() if spec.table.kind(key) is not None]  # noqa: SIM118 - a registry is no dict
    yield f"reads    {' and '.join(kinds)} files named {', '.join(spec.identify.names)}"
    for name, field in spec.fields.items():
        need = "" if field.required else ", may be empty"
        yield f"column   {_source(field)} is {name} ({field.transform}{need})"
    for name, thing in spec.objects.items():
        key = _key(thing)
        yield f"thing    {name}: {key}{f', inside {thing.inside}' if thing.inside else ''}"
    for event in spec.events:
        yield f"event    {_event(event)}"


def _source(field: FieldSpec) -> str:
    if field.column:
        return " or ".join(map(repr, field.column))
    if field.join:
        return " and ".join(map(repr, field.join))
    if field.first_of:
        return "the first filled of " + ", ".join(map(repr, field.first_of))
    return f"{' or '.join(map(repr, field.preamble))} above the header"


def _key(thing: ObjectSpec) -> str:
    if thing.quantity is not None:
        lot = f" and lot {thing.quantity.lot}" if thing.quantity.lot else ""
        return f"{thing.quantity.amount} of GTIN {thing.quantity.gtin}{lot}"
    if thing.sgtin:
        return f"GTIN {thing.sgtin[0]} and serial number {thing.sgtin[1]}"
    return f"SSCC {thing.sscc}" if thing.sscc else f"identifier {thing.epc}"


def _event(event: EventSpec) -> str:
    verb = "out of" if event.action == "DELETE" else "into"
    inside = event.children or "everything"
    what = f"{inside} {verb} {event.parent}" if event.parent else event.epcs
    condition = f", when {' and '.join(event.when)} are filled" if event.when else ""
    for name, values in event.where.items():
        condition += f", where {name} is {' or '.join(values)}"
    return f"{event.biz_step or event.event} of {what} at {event.time}{condition}"
