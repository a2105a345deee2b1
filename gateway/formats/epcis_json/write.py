"""Writes a document as EPCIS 2.0 JSON-LD, one block after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

from gateway.epcis.alike import Group
from gateway.epcis.batches import batches, first_of
from gateway.epcis.document import Document
from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.formats.base import BLOCK_BYTES, Context, Edge
from gateway.formats.epcis_json import losses, names
from gateway.formats.epcis_json.element_xml import to_xml
from gateway.formats.epcis_json.prefixes import Prefixes
from gateway.formats.epcis_json.say import URI
from gateway.formats.epcis_json.tree_to_json import Tree, take_types
from gateway.formats.epcis_json.write_event import EventWriter
from gateway.formats.epcis_json.write_header import HeaderWriter
from gateway.formats.epcis_json.write_times import ZONED
from gateway.formats.template import Templates
from gateway.options import COMPACT

_HOLE = b'"\\u0000events\\u0000"'
_INDENT = 2


def write(document: Document, context: Context) -> Iterator[bytes]:
    """Write a document; blocks of UTF-8 of about `BLOCK_BYTES` bytes.

    The header goes first. What the reader found behind the events is written behind them.
    """
    pretty = context.options.get(COMPACT) == "pretty"
    header = HeaderWriter(document.header, context)
    encode = msgspec.json.Encoder().encode
    frame = encode(header.build())
    if pretty:
        frame = msgspec.json.format(frame, indent=_INDENT)
    before, _, after = frame.rpartition(_HOLE)
    depth = 3 if document.header.query is None else 5
    outer = _INDENT * (depth - 1)
    separator = ",\n" + " " * (_INDENT * depth) if pretty else ",\n"
    yield before + b"[\n" + (b" " * (_INDENT * depth) if pretty else b"")
    yield Edge()

    writer = EventWriter(context, header.prefixes)

    def text_of(event: Event, number: int) -> str:
        data = encode(writer.build(event, number))
        if pretty:
            data = msgspec.json.format(data, indent=_INDENT)
            data = data.replace(b"\n", b"\n" + b" " * (_INDENT * depth))
        return data.decode()

    templates = Templates(context, text_of, _fits)
    first, lists = first_of(batches(document.events))
    number = len(first)
    for text in templates.write(first):
        yield text.encode()
        yield Edge()
    pending: list[str] = []
    size = 0
    for batch in lists:
        texts = templates.write(batch)
        number += len(texts)
        pending += texts
        size += sum(map(len, texts))
        if size >= BLOCK_BYTES:
            yield (separator + separator.join(pending)).encode()
            pending = []
            size = 0
    for element in filter(_is_event, document.event_list_extensions):
        # Known only now: an event of a vendor's own type stands behind the others.
        number += 1
        pending.append(encode(_custom_event(element, header)).decode())
    if pending:
        between = separator if number > len(pending) else ""
        yield (between + separator.join(pending)).encode()
    yield Edge()
    yield b"\n" + (b" " * outer if pretty else b"") + b"]" + _behind(document, header, after, pretty=pretty)


@cache
def _own(*, recorded: bool, named: bool) -> Callable[[str], re.Match[str] | None]:
    """Matches times and eventIDs that are written as they are, parted by what none of them holds."""
    record = ZONED.pattern if recorded else ""
    name = URI.pattern if named else ""
    return re.compile(rf"(?:{ZONED.pattern}\|(?:{record})\|(?:{name})\n)++", re.ASCII).fullmatch


def _fits(group: Group) -> bool:
    """Whether times and objects of events are written as they are."""
    own = [f"{event.event_time}|{event.record_time or ''}|{event.event_id or ''}\n" for event in group.events]
    text = "".join(own)
    match = _own(recorded=group.first.record_time is not None, named=group.first.event_id is not None)
    # The count keeps a value with a line end in it from passing as two.
    good = text.count("\n") == len(own) and match(text) is not None
    return good and all(len(set(epcs)) == len(epcs) for epcs in group.lists)


def _behind(document: Document, header: HeaderWriter, after: bytes, *, pretty: bool) -> bytes:
    """The end of the document, with the foreign content that is known only now."""
    body: dict[str, Any] = {}
    end: dict[str, Any] = {}
    # A query document's body is inside the results, too deep for foreign content of ours.
    _put(None if document.header.query is not None else body, end, document.body_extensions, header, names.CARRIED_BODY)
    foreign = [e for e in document.event_list_extensions if not _is_event(e)]
    homeless = [e for e in foreign if header.lose(losses.PLACE, "EventList", to_xml(e))]
    _put(None, end, homeless, header, names.CARRIED_EVENT_LIST)
    _put(end, end, document.extensions, header, names.CARRIED_DOCUMENT)
    results: dict[str, Any] = {}
    if document.header.query is not None:
        late = document.header.query.extensions[header.results_extensions :]
        _put(results, end, late, header, names.CARRIED_RESULTS)
    inner, brace, outer = after.partition(b"}")
    rest, last_brace, tail = outer.rpartition(b"}")
    return (
        _members(body, pretty=pretty, depth=2)
        + inner
        + brace
        + _members(results, pretty=pretty, depth=3)
        + rest.rstrip()
        + _members(end, pretty=pretty, depth=1)
        + (b"\n" if pretty else b"")
        + last_brace
        + tail
        + (b"\n" if pretty else b"")
    )


def _is_event(element: Element) -> bool:
    """Whether foreign content of an event list is an event of a vendor's own type (Extended-Event)."""
    return element.name.startswith("{") and element.child("eventTime") is not None


def _custom_event(element: Element, header: HeaderWriter) -> dict[str, Any]:
    tree = Tree(Prefixes(header.prefixes), header.lose)
    out: dict[str, Any] = {"@context": tree.prefixes.declared, "type": tree.prefixes.key(element.name, element.prefix)}
    tree.fill(out, element.children)
    if tree.typed:
        types: dict[str, str] = {}
        take_types(out, "", types)
        out[tree.carrying(names.CARRIED_TYPES)] = types
    if not tree.prefixes.declared:
        del out["@context"]
    return out


def _put(
    place: dict[str, Any] | None, root: dict[str, Any], elements: list[Element], header: HeaderWriter, key: str
) -> None:
    """Put foreign elements into their place; else under `key` into the root, with a @context of their own.

    They need the latter when there is no place, when a prefix is not declared yet (@context is written already), and
    when types stand beside them.
    """
    named = [element for element in elements if element.name.startswith("{")]
    if place is not None and not _needs(named, header):
        # The usual case: vendor content whose prefixes are declared. The rest goes its own way.
        Tree(Prefixes(header.prefixes), header.lose).fill(place, named)
        elements = [element for element in elements if not element.name.startswith("{")]
    if not elements:
        return
    tree = Tree(Prefixes(header.prefixes), header.lose)
    content: dict[str, Any] = {}
    tree.place(content, elements)
    if tree.typed:
        types: dict[str, str] = {}
        take_types(content, "", types)
        content[tree.carrying(names.CARRIED_TYPES)] = types
    if tree.prefixes.declared or tree.typed or place is None:
        root[key] = {"@context": tree.prefixes.declared, **content}
    else:
        place.update(content)


def _needs(elements: list[Element], header: HeaderWriter) -> bool:
    """Whether elements need more than the prefixes of the document: others, or a place for their types."""
    tree = Tree(Prefixes(header.prefixes), lambda _rule, _field, _value: True)
    tree.fill({}, elements)
    return bool(tree.prefixes.declared) or tree.typed


def _members(content: dict[str, Any], *, pretty: bool, depth: int) -> bytes:
    """Further members of an object that is already open."""
    if not content:
        return b""
    data = msgspec.json.encode(content)
    if not pretty:
        return b"," + data[1:-1]
    data = msgspec.json.format(data, indent=_INDENT)[1:-1].strip()
    indent = b"\n" + b" " * (_INDENT * depth)
    return b"," + indent + data.replace(b"\n" + b" " * _INDENT, indent)
