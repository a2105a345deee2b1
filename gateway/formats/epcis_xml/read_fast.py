"""The fast way for plain events: one pattern over the event's text. What it does not match, the exact way reads.

To ask a parsed tree for one element after the other costs a Python object each, thirty and more for a small event.
The parser's library writes the same event as text for a tenth of that, in one canonical spelling: no comments, no
CDATA, three entities, every declaration in the start tag. So a pattern of the plain form is exact where it matches;
anything unusual (attributes, entities, white space, another order, an unknown element) does not match.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from lxml import etree
from msgspec import structs

from gateway.epcis.element import Element
from gateway.epcis.events import EVENT_TYPES, BizTransaction, Event, Location, Party, QuantityElement
from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml.name_escape import meant
from gateway.formats.epcis_xml.names import CARRY, ELEMENTS, EPCIS_NAMESPACES, Version
from gateway.formats.epcis_xml.read_element import Node, line_of

_VALUE: Final = r"[^<&\s]++"
_BASE: Final = ("event_time", "record_time", "event_time_zone_offset")
_NEXT_EPC: Final = "</epc><epc>"
_STARTS: Final = 100  # start tags that are remembered; a document has one of each event type

_START: Final = re.compile(r'<(\w+)((?: xmlns:[\w.-]+="[^"&]*")*)>')
_DECLARATION: Final = re.compile(r'xmlns:([\w.-]+)="([^"]*)"')
_FOREIGN: Final = re.compile(r"<([\w.-]+):([\w.-]+)(?:/>|>([^<&]*)</[^>]*>)")
_FOREIGN_ALL: Final = r"(?:<[\w.-]+:[\w.-]+(?:/>|>[^<&]*+</[\w.-]+:[\w.-]+>))"

_TRANSACTION: Final = rf'<bizTransaction(?: type="([^"&\s]++)")?>({_VALUE})</bizTransaction>'
_QUANTITY: Final = (
    rf"<quantityElement><epcClass>({_VALUE})</epcClass>"
    rf"(?:<quantity>({_VALUE})</quantity>)?(?:<uom>({_VALUE})</uom>)?</quantityElement>"
)
_PARTY: Final = r'<{0} type="([^"&\s]++)">([^<&\s]++)</{0}>'

Build = Callable[[str], Any]


def _epcs(text: str) -> list[str]:
    return text.split(_NEXT_EPC)


def _items(item: str, make: Callable[..., Any]) -> Build:
    find = re.compile(item).findall
    return lambda text: [make(*parts) for parts in find(text)]


def _transaction(type_: str, id_: str) -> BizTransaction:
    return BizTransaction(id_, type_ or None)


def _quantity(epc_class: str, quantity: str, uom: str) -> QuantityElement:
    return QuantityElement(epc_class, quantity or None, uom or None)


def _field(name: str) -> tuple[str, Build | None] | None:
    """The pattern of one field's element and what makes its value; None for fields that the exact way reads."""
    tag, build = ELEMENTS[name], None
    if name in ("epc_list", "child_epcs", "input_epc_list", "output_epc_list"):
        inner, build = rf"<epc>(?P<{name}>(?:{_VALUE}(?:{_NEXT_EPC})?+)++)</epc>", _epcs
    elif name in ("read_point", "biz_location"):
        inner, build = rf"<id>(?P<{name}>{_VALUE})</id>", Location
    elif name == "ilmd":
        inner = rf"(?P<ilmd>{_FOREIGN_ALL}++)"
    elif name in _ITEMS:
        item, make = _ITEMS[name]
        inner, build = rf"(?P<{name}>(?:{_ungrouped(item)})++)", _items(item, make)
    elif name in ("sensor_element_list", "persistent_disposition", "error_declaration", "certification_info"):
        return None
    else:
        inner = rf"(?P<{name}>{_VALUE})"
    return rf"<{tag}>{inner}</{tag}>", build


_ITEMS: Final[dict[str, tuple[str, Callable[..., Any]]]] = {
    "biz_transaction_list": (_TRANSACTION, _transaction),
    "source_list": (_PARTY.format("source"), Party),
    "destination_list": (_PARTY.format("destination"), Party),
    **dict.fromkeys(
        ("quantity_list", "child_quantity_list", "input_quantity_list", "output_quantity_list"), (_QUANTITY, _quantity)
    ),
}


def _ungrouped(pattern: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", pattern)


class _Plan(NamedTuple):
    """How to read events with one start tag.

    Attributes:
        cls: type of the event.
        match: the pattern of everything behind the start tag.
        builds: for each field that is no plain text, what makes its value of its text.
        vendors: namespaces of vendor content by prefix.
        prefixes: all declared prefixes; a value that uses one of them needs its declaration.
    """

    cls: type[Event]
    match: Callable[[str, int], re.Match[str] | None]
    builds: tuple[tuple[str, Build], ...]
    vendors: dict[str, str]
    prefixes: frozenset[str]


class FastReader:
    """Reads plain events of one document.

    Args:
        version: of the document.
        context: limits.
    """

    def __init__(self, version: Version, context: Context) -> None:
        self._version = version
        self._epcs = context.limits.epcs_per_event
        self._types = {cls.type: cls for cls in EVENT_TYPES}
        self._plans: dict[str, _Plan | None] = {}

    def read(self, node: Node, number: int) -> Event | None:
        """The event, or None when the exact way has to decide."""
        text = etree.tostring(node, encoding="utf-8", with_tail=False).decode()
        end = text.index(">") + 1
        start = text[:end]
        try:
            plan = self._plans[start]
        except KeyError:
            plan = self._plan(start)
        match = plan.match(text, end) if plan is not None else None
        if plan is None or match is None:
            return None
        values: dict[str, Any] = match.groupdict()
        for name, build in plan.builds:
            value = values[name]
            if value is not None:
                values[name] = build(value)
        extensions = values.pop("extensions")
        try:
            if extensions:
                values["extensions"] = self._foreign(extensions, plan)
            if values.get("ilmd") is not None:
                values["ilmd"] = self._foreign(values["ilmd"], plan)
            for name in ("epc_list", "child_epcs", "input_epc_list", "output_epc_list"):
                if len(values.get(name) or ()) > self._epcs:
                    return None
            return plan.cls(**values, where=Where(line=line_of(node), event=number))
        except KeyError:
            return None

    def _foreign(self, text: str, plan: _Plan) -> list[Element]:
        """Flat vendor elements.

        Raises:
            KeyError: a prefix that is not a vendor's, or a value that uses a declared prefix.
        """
        found = []
        for prefix, local, value in _FOREIGN.findall(text):
            if ":" in value and value.partition(":")[0].strip() in plan.prefixes:
                raise KeyError(value)
            found.append(Element(meant(f"{{{plan.vendors[prefix]}}}{local}"), value, prefix=prefix))
        return found

    def _plan(self, start: str) -> _Plan | None:
        """Read a start tag that was not seen before."""
        if len(self._plans) >= _STARTS:
            self._plans.clear()
        match = _START.fullmatch(start)
        plan = None
        if match is not None and match[1] in self._version.orders:
            declared: dict[str, str] = dict(_DECLARATION.findall(match[2]))
            vendors = {p: uri for p, uri in declared.items() if uri not in EPCIS_NAMESPACES and uri != CARRY}
            cls = self._types[match[1]]
            pattern, builds = _pattern(cls, self._version)
            plan = _Plan(cls, pattern.fullmatch, builds, vendors, frozenset(declared))
        self._plans[start] = plan
        return plan


def _pattern(cls: type[Event], version: Version) -> tuple[re.Pattern[str], tuple[tuple[str, Build], ...]]:
    """The pattern of an event type behind its start tag, in the order of the schema."""
    builds: list[tuple[str, Build]] = []
    required = {field.name for field in structs.fields(cls) if field.required}

    def fields(names: tuple[str, ...]) -> str:
        out = ""
        for field in names:
            known = _field(field)
            if known is not None:
                out += known[0] if field in required else f"(?:{known[0]})?"
                if known[1] is not None:
                    builds.append((field, known[1]))
        return out

    event_id = fields(("event_id",))
    if version.wraps:
        event_id = rf"(?:<baseExtension>{event_id}</baseExtension>)?"
    text = fields(_BASE) + event_id + fields(version.orders[cls.type])
    wrapped = version.wrapped.get(cls.type, ())
    if wrapped:
        text += rf"(?:<extension>{fields(wrapped)}</extension>)?"
    text += rf"(?P<extensions>{_FOREIGN_ALL}*+)</{cls.type}>"
    return re.compile(text), tuple(builds)
