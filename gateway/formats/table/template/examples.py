"""Two rows that show a partner what is meant: values by transform, made cells as the writer makes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from zoneinfo import ZoneInfo

from gateway import gs1
from gateway.errors import ConfigurationError
from gateway.formats.base import Context
from gateway.formats.table.cells import Cell, header_key
from gateway.formats.table.dates import in_zone
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.prepare import tools_of
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.spec import FieldSpec, MappingSpec, event_fields
from gateway.formats.table.template import numbers
from gateway.formats.table.transforms import Tools
from gateway.formats.table.transforms.inverse import NotInvertible
from gateway.formats.table.write.cells import Medium
from gateway.formats.table.write.columns import Columns
from gateway.formats.table.write.layout import Layout
from gateway.formats.table.write.resolve import Resolved
from gateway.formats.table.write.things import BETWEEN, values_of
from gateway.formats.table.write.told import Node, about

COUNT = 2
_LOT = "LOT0001"
_DAY = "2030-12-31"
_FIRST_TIME = dt.datetime(2026, 1, 15, 8, 0)  # noqa: DTZ001 - local time of the column's zone
_APART = dt.timedelta(minutes=90)


@dataclass(slots=True)
class Examples:
    """Example rows.

    Attributes:
        above: label and cell of what stands above the table.
        rows: header and cell of each row.
        why_not: why there are none, empty when there are.
    """

    above: dict[str, Cell] = field(default_factory=dict)
    rows: list[dict[str, Cell]] = field(default_factory=list)
    why_not: str = ""


def examples(mapping: Mapping) -> Examples:
    """The example rows of a mapping."""
    tools = tools_of(mapping.spec, Context())
    try:
        columns = Columns(mapping, tools, Medium())
        return _Maker(mapping.spec, tools, columns).made()
    except (ConfigurationError, NotInvertible, gs1.Gs1Error) as error:
        return Examples(why_not=str(error))


class _Maker:
    """Makes the example rows of a mapping.

    Args:
        spec: the mapping.
        tools: what transforms share.
        columns: the mapping's columns.
    """

    def __init__(self, spec: MappingSpec, tools: Tools, columns: Columns) -> None:
        self._spec = spec
        self._tools = tools
        self._columns = columns
        self._layout = Layout(spec, columns)
        self._names = list(spec.objects)
        self._prefix = spec.company_prefixes[0] if spec.company_prefixes else numbers.GS1_EXAMPLES
        keys = {name: header_key((one.headers or one.preamble)[0]) for name, one in spec.fields.items()}
        order = list(dict.fromkeys(keys.values()))
        #: Fields of one column have one number, so that they can have one value.
        self._number = {name: order.index(key) for name, key in keys.items()}
        times = [name for name, one in spec.fields.items() if one.transform == "datetime"]
        at = list(dict.fromkeys(keys[name] for name in times))
        self._moment = {name: at.index(keys[name]) for name in times}
        self._where = {name: wanted[0] for name, wanted in spec.events[0].where.items()}

    def made(self) -> Examples:
        """The rows, and what stands above them."""
        chain = self._containers()
        things = [self._told(0, number, chain) for number in range(1, COUNT + 1)]
        out = Examples()
        if self._layout.levels or self._layout.blocks:
            out.rows += [self._row(told, self._key(told.level, 1)) for told in chain]
        out.rows += [self._row(told, self._key(0, number)) for number, told in enumerate(things, 1)]
        for label, name in self._columns.labels.items():
            out.above[label] = self._columns.above(name, self._value(name, 0))
        return out

    def _row(self, told: Resolved, key: str) -> dict[str, Cell]:
        identity = values_of(self._spec, self._names[told.level], key)
        row = self._layout.cells(told, self._layout.values(told, identity))
        for name, declared in self._spec.fields.items():
            value = identity.get(name, "")
            if declared.transform in {"sgtin", "lgtin", "epc"} and value and declared.column and not declared.steps:
                found = gs1.parse_any(value)
                # What a scanner reads says more to a person than a URN.
                row[declared.column[0]] = found.as_element_string() if found is not None else value
        return row

    def _containers(self) -> list[Resolved]:
        """A container of each level, the outermost first."""
        chain: list[Resolved] = []
        for level in range(len(self._names) - 1, 0, -1):
            told = self._told(level, 1, chain)
            told.node = Node(level, "", self._key(level, 1), 0)
            for values in (told.own, told.full):
                values.update(values_of(self._spec, self._names[level], told.node.key))
            chain.append(told)
        return chain

    def _told(self, level: int, number: int, chain: list[Resolved]) -> Resolved:
        told = Resolved(level, inside=chain[-1] if chain else None)
        identities = {name for thing in self._spec.objects.values() for name in thing.identity}
        about_it = {self._names[level], *([] if chain else [OUTERMOST])}
        own = [name for event in self._spec.events if about(event) in about_it for name in event_fields(event)]
        for name in self._spec.fields:
            if name not in identities:
                told.full[name] = self._value(name, 0)
                if name in own:
                    told.own[name] = self._value(name, level)
        for outer in chain:
            told.full.update(values_of(self._spec, self._names[outer.level], self._key(outer.level, 1)))
        levels = self._spec.table.levels
        if levels is not None and level:
            told.given = {name: self._value(name, level) for name in levels.inherit}
        told.full.update(values_of(self._spec, self._names[level], self._key(level, number)))
        return told

    def _key(self, level: int, number: int) -> str:
        thing = self._spec.objects[self._names[level]]
        if thing.quantity is not None:
            about_it = thing.quantity
            parts = [about_it.gtin, about_it.lot, about_it.amount, about_it.uom]
            return BETWEEN.join([*(self._value(name, 0) if name else "" for name in parts), str(number)])
        if thing.sgtin:
            gtin, serial = thing.sgtin
            return f"{self._value(gtin, 0)}{BETWEEN}{self._with_steps(serial, _serial(number))}"
        if thing.sscc:
            return numbers.sscc(self._prefix, level, number)
        if level or self._spec.fields[thing.epc].transform not in {"sgtin", "epc"}:
            return gs1.sscc_urn(numbers.sscc(self._prefix, level, number), self._tools.prefixes)
        return gs1.sgtin_urns(numbers.gtin(self._prefix, 1), [_serial(number)], self._tools.prefixes)[0]

    def _value(self, name: str, level: int) -> str:
        """A value of a field; the same for the same column, and for times the same in all rows of a level."""
        declared = self._spec.fields[name]
        number = self._number[name]
        prefix = self._prefix
        makers: dict[str, Callable[[], str]] = {
            "gtin": lambda: numbers.gtin(prefix, 1),
            "gln": lambda: numbers.gln(prefix, number),
            "sscc": lambda: numbers.sscc(prefix, level, number),
            "lgtin": lambda: gs1.Lgtin(numbers.gtin(prefix, 1), _LOT).as_urn(self._tools.prefixes),
            "serial": lambda: self._with_steps(name, _serial(1)),
            "lot": lambda: self._with_steps(name, _LOT),
            "date": lambda: _DAY,
            "datetime": lambda: self._time(declared, level if self._layout.levels else self._moment[name]),
            **dict.fromkeys(("number", "integer", "quantity", "digits"), lambda: "100"),
            **dict.fromkeys(("lookup", "flag", "uom"), lambda: _word(declared)),
        }
        other = partial(self._with_steps, name, f"X{number}")
        return self._where.get(name) or makers.get(declared.transform, other)()

    def _with_steps(self, name: str, text: str) -> str:
        """A text that the steps of a field can have given."""
        for step in self._spec.fields[name].steps:
            text = (step.prefix or "") + text + (step.suffix or "")
            text = text.lower() if step.case == "lower" else text
            text = text.rjust(step.pad.length, step.pad.with_) if step.pad is not None else text
        return text

    def _time(self, declared: FieldSpec, number: int) -> str:
        local = _FIRST_TIME + _APART * number
        if declared.formats and not any("h" in form for form in declared.formats):
            local = local.replace(hour=0, minute=0)
        zone = declared.zone or "UTC"
        return in_zone(local, ZoneInfo(zone)) or ""


def _serial(number: int) -> str:
    return f"EXAMPLE{number:04}"


def _word(declared: FieldSpec) -> str:
    """A meaning of the field's table; `true` where there is none."""
    known = [meaning for meaning in declared.table.values() if meaning]
    return known[0] if known else {"flag": "true"}.get(declared.transform, "")
