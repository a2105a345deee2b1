"""Checks inside a mapping file that its models alone cannot make: every name that is used must exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from gateway.epcis import vocabulary
from gateway.epcis.vocabulary import Field
from gateway.formats.table.carriers import CARRIERS
from gateway.formats.table.dates import Form
from gateway.formats.table.spec import AUTO, EventSpec, FieldSpec, MappingSpec, Step, event_fields
from gateway.formats.table.text_encoding import ENCODING
from gateway.formats.table.transforms import OPTIONS, TRANSFORMS
from gateway.options import COMPANY_PREFIX, CREATION_DATE, EVENT_TIME, READ_POINT, TIME_ZONE, Setting

Place = tuple[str | int, ...]

OUTERMOST = "outermost"

#: Settings that every table reader knows.
SETTINGS: tuple[Setting, ...] = (EVENT_TIME, TIME_ZONE, READ_POINT, COMPANY_PREFIX, CREATION_DATE, ENCODING)

_ALL_OPTIONS = ("formats", "zone", "day_00", "numbers", "table")


def complaints(spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    """What is wrong: the place in the file, and a sentence."""
    if all(spec.table.kind(key) is None for key in CARRIERS.keys()):  # noqa: SIM118 - a registry is no dict
        yield ("table",), f"needs one of {', '.join(CARRIERS.keys())}"
    for key in ("csv", "fixed", "x12", "edifact"):
        declared = getattr(spec.table, key)
        by_file = declared is None or declared.encoding == AUTO or (key == "edifact" and not declared.encoding)
        if not by_file:
            yield from _encoding(("table", key, "encoding"), declared.encoding)
    dialect = spec.table.csv
    if dialect is not None and (
        dialect.delimiter == dialect.quote or {dialect.delimiter, dialect.quote} & {"\n", "\r"}
    ):
        yield ("table", "csv"), "delimiter and quote must be two characters, neither of them a line end"
    for name, field in spec.fields.items():
        yield from _field(("fields", name), field, {*spec.settings, *(s.key for s in SETTINGS)})
    for name, constant in spec.constants.items():
        place: Place = ("constants", name)
        if name in spec.fields:
            yield place, "there is a field of this name, too"
        yield from _known(place, constant.transform, TRANSFORMS.keys(), "transform")
    yield from _objects(spec)
    yield from _shape(spec)
    yield from _events(spec)
    for index, footer in enumerate(spec.table.footers):
        if footer.counts:
            yield from _known(("table", "footers", index), footer.counts, spec.objects, "object")
    yield from _records(spec)


def _records(spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    """Files that hold records instead of rows."""
    table = spec.table
    columns: list[str] = []
    if table.fixed is not None:
        columns += [*table.fixed.columns, *(name for other in table.fixed.lines.values() for name in other)]
        if (table.fixed.kind is None) != (not table.fixed.data):
            yield ("table", "fixed", "data"), "`kind` and `data` go together"
        if table.fixed.kind is None and (table.fixed.lines or table.fixed.ignore):
            yield ("table", "fixed", "kind"), "without `kind` all lines are data"
    if table.xml is not None:
        from gateway.formats.table import xml_paths  # noqa: PLC0415 - lxml is needed for XML alone

        columns += table.xml.columns
        names = table.xml.namespaces
        wrong = xml_paths.wrong_record_path(table.xml.records, names)
        if wrong:
            yield ("table", "xml", "records"), wrong
        for name, path in table.xml.columns.items():
            wrong = xml_paths.wrong_column_path(path, names)
            if wrong:
                yield ("table", "xml", "columns", name), wrong
    for index, control in enumerate(table.controls):
        place: Place = ("table", "controls", index)
        yield from _known((*place, "counts"), control.counts, spec.objects, "object")
        if table.json_ is None and table.csv is None and table.xlsx is None:
            yield from _known((*place, "column"), control.column, columns, "column")


def _events(spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    values = [*spec.fields, *spec.constants]
    for index, event in enumerate(spec.events):
        place: Place = ("events", index)
        for value in event_fields(event):
            yield from _known(place, value, values, "field or constant")
        for name in event.where:
            yield from _known((*place, "where", name), name, spec.fields, "field")
        yield from _words(place, event)
        yield from _event(place, event, spec)


def _encoding(place: Place, encoding: str) -> Iterator[tuple[Place, str]]:
    try:
        "".encode(encoding)
    except LookupError:
        yield place, f"there is no encoding {encoding!r}"


def _field(place: Place, field: FieldSpec, settings: Iterable[str]) -> Iterator[tuple[Place, str]]:
    unknown = list(_known((*place, "transform"), field.transform, TRANSFORMS.keys(), "transform"))
    yield from unknown
    yield from _source(place, field)
    if field.otherwise:
        yield from _known((*place, "otherwise"), field.otherwise, settings, "setting")
    for key in _ALL_OPTIONS:
        foreign = key in field.model_fields_set and key not in OPTIONS.get(field.transform, ())
        if foreign and not unknown and _ours(field.transform):
            yield (*place, key), f"the transform {field.transform!r} does not know {key!r}"
    for form in field.formats:
        try:
            Form.compile(form)
        except ValueError as error:
            yield (*place, "formats"), str(error)
    if field.zone:
        try:
            ZoneInfo(field.zone)
        except (KeyError, ValueError, OSError):
            yield (*place, "zone"), f"there is no time zone {field.zone!r}"


def _ours(transform: str) -> bool:
    return transform in OPTIONS or getattr(TRANSFORMS.get(transform), "__module__", "").startswith("gateway.")


def _objects(spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    for name, thing in spec.objects.items():
        place: Place = ("objects", name)
        ways = [bool(thing.sgtin), bool(thing.sscc), bool(thing.epc), thing.quantity is not None]
        if sum(ways) != 1 or len(thing.sgtin) not in {0, 2}:
            yield place, "needs one of sgtin: [GTIN field, serial field], sscc: field, epc: field, or quantity"
            continue
        for value in [*thing.identity, *([thing.quantity.uom] if thing.quantity and thing.quantity.uom else [])]:
            yield from _known(place, value, spec.fields, "field")
        if thing.inside:
            yield from _known((*place, "inside"), thing.inside, spec.objects, "object")
    yield from _nesting(spec)
    smallest, thing = next(iter(spec.objects.items()))
    fine = thing.identity[-1]
    declared = spec.fields.get(fine)
    if declared is not None and not declared.headers:
        yield ("fields", fine), f"it tells one {smallest} from the next, so it needs a column"
    for index, event in enumerate(spec.events):
        if fine in event_fields(event):
            message = f"{fine!r} is different for each {smallest}; an event is about several"
            yield ("events", index), message


def _nesting(spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    names = list(spec.objects)
    for name, outer in zip(names, [*names[1:], ""], strict=True):
        if spec.objects[name].inside != outer:
            wanted = f"inside: {outer}" if outer else "no `inside`"
            yield ("objects", name), f"objects stand from the smallest to the largest, so {name!r} needs {wanted}"
    for name in names[1:]:
        if not spec.objects[name].sscc and not spec.objects[name].epc:
            yield ("objects", name), "a container is identified by an SSCC (sscc or epc)"


def _shape(spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    table = spec.table
    for index, name in enumerate(table.fill_down):
        yield from _known(("table", "fill_down", index), name, spec.fields, "field")
    if table.levels is not None:
        if table.fill_down:
            yield ("table", "fill_down"), "a table with levels has a row for each object; nothing is filled down"
        if table.levels.inherit and table.levels.parent:
            yield ("table", "levels", "inherit"), "rows that name their container need not follow it"
        for index, name in enumerate(table.levels.inherit):
            yield from _known(("table", "levels", "inherit", index), name, spec.fields, "field")
        for text, name in table.levels.objects.items():
            yield from _known(("table", "levels", "objects", text), name, spec.objects, "object")


def _source(place: Place, field: FieldSpec) -> Iterator[tuple[Place, str]]:
    """Where the field's value comes from, and the steps that prepare it."""
    if not field.headers and not field.preamble:
        yield place, "needs column, join, first_of or preamble"
    if bool(field.column) + bool(field.join) + bool(field.first_of) > 1:
        yield place, "has more than one of column, join and first_of"
    for index, step in enumerate(field.steps):
        here = (*place, "steps", index)
        if len(step.model_fields_set) != 1 or getattr(step, next(iter(step.model_fields_set))) is None:
            yield here, f"a step has one key: {', '.join(Step.model_fields)}"
        if step.regex is not None:
            yield from _regex((*here, "regex"), step.regex.pattern)
        if step.split is not None and not step.split.part:
            yield (*here, "split", "part"), "the first part is 1, the last -1"


def _regex(place: Place, pattern: str) -> Iterator[tuple[Place, str]]:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        yield place, f"is no regular expression: {error}"
        return
    if groups != 1:
        yield place, f"needs one group in round brackets, has {groups}"


def _words(place: Place, event: EventSpec) -> Iterator[tuple[Place, str]]:
    """CBV words that do not exist. Words of a partner's own are URIs, and are let through."""
    named: list[tuple[Place, Field, str]] = [
        (("biz_step",), Field.BIZ_STEP, event.biz_step),
        (("disposition",), Field.DISPOSITION, event.disposition),
    ]
    for index, transaction in enumerate(event.transactions):
        named.append((("transactions", index), Field.BIZ_TRANSACTION_TYPE, transaction.type))
    for key, parties in (("sources", event.sources), ("destinations", event.destinations)):
        named += [((key, index), Field.SOURCE_DESTINATION_TYPE, party.type) for index, party in enumerate(parties)]
    for key_, field, value in named:
        if value and vocabulary.is_bare(value):
            yield from _known((*place, *key_), value, vocabulary.words(field), f"CBV {field}")


def _event(place: Place, event: EventSpec, spec: MappingSpec) -> Iterator[tuple[Place, str]]:
    if event.event == "ObjectEvent":
        if not event.epcs or event.parent or event.children:
            yield place, "an ObjectEvent needs epcs, and has no parent or children"
        else:
            yield from _known((*place, "epcs"), event.epcs, [*spec.objects, OUTERMOST], "object")
        return
    if event.epcs or not event.parent or not (event.children or event.action == "DELETE"):
        yield place, "an AggregationEvent needs parent and children, and has no epcs; DELETE may leave children out"
        return
    if event.ilmd:
        yield (*place, "ilmd"), "an AggregationEvent has no ilmd"
    yield from _known((*place, "parent"), event.parent, spec.objects, "object")
    if not event.children:
        return
    unknown = list(_known((*place, "children"), event.children, spec.objects, "object"))
    yield from unknown
    if not unknown and spec.objects[event.children].inside != event.parent:
        yield (*place, "parent"), f"{event.children!r} is not inside {event.parent!r}"


def _known(place: Place, name: str, known: Iterable[str], kind: str) -> Iterator[tuple[Place, str]]:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        yield place, f"there is no {kind} {name!r}; {hint}"
