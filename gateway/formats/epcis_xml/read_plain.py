"""The fast way for plain events: one pattern over an event's characters. What it does not match, the parser reads.

To ask a parsed tree for one element after the other costs a Python object each, thirty and more for a small event.
Most events need no parser: they have nothing but the elements of the standard, in the order of the schema, without
prefix, attribute or comment, with printable ASCII as content. The pattern covers every character of such
an event, so that a match proves that it is well-formed and says all there is to know about it. It is used only where
the parser has just ended an event (`gateway.formats.epcis_xml.pieces`), never inside of anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from msgspec import structs

from gateway.epcis.element import Element
from gateway.epcis.events import EVENT_TYPES, BizTransaction, Event, Location, Party, QuantityElement
from gateway.epcis.name_escape import meant
from gateway.findings import Where
from gateway.formats.epcis_xml import frame_spans
from gateway.formats.epcis_xml.names import CARRY, ELEMENTS, EPCIS_NAMESPACES, Version
from gateway.formats.frames import Frames

_SPACE: Final = r"[ \t\r\n]*+"
_VALUE: Final = r"[!-%'-;=?-~]++"  # printable ASCII without space & < >
_REFERENCE: Final = r"(?:&(?:amp|lt|gt|quot|apos);"
_FREE: Final = rf"(?!<)[!-%'-;=?-~]*+{_REFERENCE}[!-%'-;=?-~]*+)*+"  # the same, with references in it
_TEXT: Final = rf"[ -%'-;=?-~]*+{_REFERENCE}[ -%'-;=?-~]*+)*+"  # and with spaces, which vendor content keeps
_ATTRIBUTE: Final = r"[!#-%'-;=?-~]++"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*+"
_BASE: Final = ("event_time", "record_time", "event_time_zone_offset")
_EPC_LISTS: Final = ("epc_list", "child_epcs", "input_epc_list", "output_epc_list")
_FOREIGN_FIELDS: Final = ("ilmd", "extensions")
_TYPES: Final = {cls.type: cls for cls in EVENT_TYPES}

_START: Final = re.compile(rf"{_SPACE}<([A-Za-z]++)>")
_EPC: Final = re.compile(rf"<epc>({_VALUE})</epc>")
_FOREIGN: Final = re.compile(rf"<({_NAME}):({_NAME})>({_TEXT})</")

_TRANSACTION: Final = rf'<bizTransaction(?: type="({_ATTRIBUTE})")?>({_FREE})</bizTransaction>{_SPACE}'
_PARTY: Final = rf'<{{0}} type="({_ATTRIBUTE})">({_FREE})</{{0}}>{_SPACE}'
_QUANTITY: Final = (
    rf"<quantityElement>{_SPACE}<epcClass>({_VALUE})</epcClass>{_SPACE}"
    rf"(?:<quantity>({_VALUE})</quantity>{_SPACE})?(?:<uom>({_VALUE})</uom>{_SPACE})?</quantityElement>{_SPACE}"
)

_MEANT: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_NAMED: Final = re.compile("&([a-z]+);")

Build = Callable[[str], Any]


def _text(value: str) -> str:
    """A value with its references resolved; plain ones have no others than those of XML itself."""
    return _NAMED.sub(lambda match: _MEANT[match[1]], value) if "&" in value else value


def _transaction(type_: str, identifier: str) -> BizTransaction:
    return BizTransaction(_text(identifier), type_ or None)


def _party(type_: str, identifier: str) -> Party:
    return Party(type_, _text(identifier))


def _quantity(epc_class: str, quantity: str, uom: str) -> QuantityElement:
    return QuantityElement(epc_class, quantity or None, uom or None)


#: For lists of parts: the pattern of one part, and what makes it of its groups.
_ITEMS: Final[Mapping[str, tuple[str, Callable[..., Any]]]] = {
    "biz_transaction_list": (_TRANSACTION, _transaction),
    "source_list": (_PARTY.format("source"), _party),
    "destination_list": (_PARTY.format("destination"), _party),
    **dict.fromkeys(
        ("quantity_list", "child_quantity_list", "input_quantity_list", "output_quantity_list"), (_QUANTITY, _quantity)
    ),
}
_RARE: Final = ("sensor_element_list", "persistent_disposition", "error_declaration", "certification_info")


def _items(name: str) -> Build:
    pattern, make = _ITEMS[name]
    find = re.compile(pattern).findall
    return lambda text: [make(*parts) for parts in find(text)]


def _ungrouped(pattern: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _foreign(name: str) -> str:
    """Flat vendor elements; the start tag's name must come back in the end tag."""
    return rf"(?P<{name}>(?:<(?P<_{name}>{_NAME}:{_NAME})>{_TEXT}</(?P=_{name})>{_SPACE})++)"


class _Plan(NamedTuple):
    """How to read events of one type.

    Attributes:
        cls: the type.
        match: the pattern of everything behind the start tag.
        builds: for each field that is no plain text, what makes its value of its text.
        foreign: the fields that hold vendor content.
    """

    cls: type[Event]
    match: Callable[[str, int], re.Match[str] | None]
    builds: tuple[tuple[str, Build], ...]
    foreign: tuple[str, ...]


class PlainReader:
    """Reads plain events of one document.

    Args:
        version: of the document.
        namespaces: URI by prefix, as declared where the events stand.
        epcs: most identifiers that one event may have.
    """

    def __init__(self, version: Version, namespaces: Mapping[str | None, str], epcs: int) -> None:
        self._epcs = epcs
        self._declared = namespaces
        self._vendors = {
            prefix: uri for prefix, uri in namespaces.items() if uri not in EPCIS_NAMESPACES and uri != CARRY
        }
        self._version = version
        self._plans: dict[str, _Plan | None] = {}
        self._frames = Frames(epcs, frame_spans.NOTATION)

    def read(self, text: str, position: int, number: int, line: int) -> tuple[Event, int, int] | None:
        """The event at a position, the position behind it and its line ends; None when the parser has to read it.

        Args:
            text: characters of the document.
            position: behind an event of its event list.
            number: number of the event.
            line: line of `position`.
        """
        known = self._frames.read(text, position)
        if known is not None:
            event, end, indent, lines = known
            event.where = Where(line=line + indent, event=number)
            return event, end, lines
        return self._match(text, position, number, line)

    def _match(self, text: str, position: int, number: int, line: int) -> tuple[Event, int, int] | None:
        """The same by the pattern of the event's type."""
        start = _START.match(text, position)
        if start is None:
            return None
        name = start[1]
        plan = self._plans[name] if name in self._plans else self._first(name)
        if plan is None:
            return None
        match = plan.match(text, start.end())
        if match is None:
            return None
        values: dict[str, Any] = match.groupdict()
        for field, build in plan.builds:
            value = values[field]
            if value is not None:
                values[field] = build(value)
                if len(value) > self._epcs and field in _EPC_LISTS and len(values[field]) > self._epcs:
                    return None
        try:
            for field in plan.foreign:
                del values[f"_{field}"]
                content = values.pop(field)
                if content is not None:
                    values[field] = self._elements(content)
        except KeyError:
            return None
        line += text.count("\n", position, start.end())
        event = plan.cls(**values, where=Where(line=line, event=number))
        self._frames.learn(text, position, match.end(), event)
        return event, match.end(), text.count("\n", position, match.end())

    def _first(self, name: str) -> _Plan | None:
        """The plan of a type that comes up for the first time: patterns take milliseconds to compile."""
        if name not in self._version.orders:
            return None
        plan = self._plans[name] = _plan(_TYPES[name], self._version)
        return plan

    def _elements(self, text: str) -> list[Element]:
        """Flat vendor elements.

        Raises:
            KeyError: a prefix that is not a vendor's, or a value that uses a declared prefix.
        """
        found = []
        for prefix, local, written in _FOREIGN.findall(text):
            value = _text(written)
            if ":" in value and value.partition(":")[0].strip() in self._declared:
                raise KeyError(value)
            found.append(Element(meant(f"{{{self._vendors[prefix]}}}{local}"), value, prefix=prefix))
        return found


def _plan(cls: type[Event], version: Version) -> _Plan:
    """The pattern of an event type behind its start tag, in the order of the schema."""
    builds: list[tuple[str, Build]] = []
    foreign = ["extensions"]
    required = {field.name for field in structs.fields(cls) if field.required}

    def fields(names: tuple[str, ...]) -> str:
        return "".join([field(name) for name in names if name not in _RARE])

    def field(name: str) -> str:
        tag = ELEMENTS[name]
        if name in _EPC_LISTS:
            inner = rf"{_SPACE}(?P<{name}>(?:<epc>{_VALUE}</epc>{_SPACE})++)"
            builds.append((name, _EPC.findall))
        elif name in ("read_point", "biz_location"):
            inner = rf"{_SPACE}<id>(?P<{name}>{_VALUE})</id>{_SPACE}"
            builds.append((name, Location))
        elif name == "ilmd":
            inner = _SPACE + _foreign(name)
            foreign.append(name)
        elif name in _ITEMS:
            inner = rf"{_SPACE}(?P<{name}>(?:{_ungrouped(_ITEMS[name][0])})++)"
            builds.append((name, _items(name)))
        else:
            inner = rf"(?P<{name}>{_VALUE})"
        element = rf"<{tag}>{inner}</{tag}>{_SPACE}"
        return element if name in required else f"(?:{element})?"

    event_id = fields(("event_id",))
    if version.wraps:
        event_id = rf"(?:<baseExtension>{_SPACE}{event_id}</baseExtension>{_SPACE})?"
    pattern = _SPACE + fields(_BASE) + event_id + fields(version.orders[cls.type])
    wrapped = version.wrapped.get(cls.type)
    if wrapped:
        pattern += rf"(?:<extension>{_SPACE}{fields(wrapped)}</extension>{_SPACE})?"
    pattern += rf"(?:{_foreign('extensions')})?</{cls.type}>"
    return _Plan(cls, re.compile(pattern).match, tuple(builds), tuple(foreign))
