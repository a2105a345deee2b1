"""Packing and unpacking: 911 to 916.

MDLP wants a container packed before it is packed into another one, and one 915 for each level. Packing events that
follow each other are therefore put in order from the bottom up and told together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.epcis.events import AggregationEvent
from gateway.epcis.time import order_key
from gateway.formats.base import Context
from gateway.markets.base import Hierarchy
from gateway.markets.kit.group import grouped
from gateway.markets.kit.height import height
from gateway.markets.kit.split import by_count, by_weight
from gateway.markets.ru import rules, settings
from gateway.markets.ru.documents import DOCUMENTS, ITEMS, DocumentType
from gateway.markets.ru.fields import Values
from gateway.markets.ru.keys import SSCC, Item, item_of, items
from gateway.markets.ru.movement import Emit
from gateway.markets.ru.write import details_xml, fields_xml, goods_xml

_PACK, _UNPACK, _EXTRACT, _APPEND, _MULTI_PACK, _MULTI_APPEND = (
    DOCUMENTS[number] for number in ("911", "912", "913", "914", "915", "916")
)
_LEVEL: Final = "level"


@dataclass(slots=True)
class _Container:
    """What is packed into one container by events that follow each other."""

    parent: Item
    event: AggregationEvent
    appended: bool
    content: list[Item] = field(default_factory=list)


class Aggregations:
    """Composes the documents of packing and unpacking.

    Args:
        context: the conversion's.
        values: gives the values of fields.
        earlier: who is in what by earlier messages; None when nobody remembers.
        emit: takes a document, its body and how many objects are in it.
    """

    def __init__(self, context: Context, values: Values, earlier: Hierarchy | None, emit: Emit) -> None:
        self._context = context
        self._findings = context.findings
        self._values = values
        self._earlier = earlier
        self._emit = emit
        self._filled: set[str] = set()
        self._run: dict[str, _Container] = {}
        self._by_level = context.options.get(settings.AGGREGATION) == _LEVEL
        self._emptied: list[tuple[AggregationEvent, Item]] = []

    def add(self, event: AggregationEvent) -> None:
        """Take one event with action ADD or DELETE; documents come with `flush`, at the latest."""
        parent = item_of(event.parent_id, self._findings, event.where) if event.parent_id else None
        children = list(items(event.child_epcs or (), self._findings, event.where))
        if event.action == "ADD":
            if parent is None or parent.tag != SSCC:
                message = f"the container {event.parent_id or 'that is not named'} is no SSCC"
                self._findings.report(rules.PARENT, message, where=event.where, value=event.parent_id or "")
            else:
                self._pack(event, parent, children)
        else:
            self._unpack(event, parent, children)

    def flush(self) -> None:
        """Compose what was taken so far."""
        self._flush_emptied()
        run, self._run = list(self._run.values()), {}
        if not run:
            return
        if not self._by_level:
            for container in run:
                self._single(container)
            return
        heights = _heights(run)
        for level_height in sorted(set(heights.values())):
            level = [container for container in run if heights[container.parent.epc] == level_height]
            groups = grouped(level, lambda each: (self._values.subject(each.event), *_form(each)))
            for (_, appended, tags), containers in groups.items():
                self._level(containers, tags, appended=appended)

    def _pack(self, event: AggregationEvent, parent: Item, children: Sequence[Item]) -> None:
        self._flush_emptied()
        if any(child.epc == parent.epc for child in children):
            self._findings.report(rules.ITSELF, f"{parent.epc} is packed into itself", where=event.where)
            return
        known = self._run.get(parent.epc)
        if known is None or not self._by_level:
            if known is not None:
                self.flush()
            known = self._run[parent.epc] = _Container(parent, event, self._is_filled(parent.epc, event))
        elif _later(event, known.event):
            known.event = event
        known.content += children
        self._filled.add(parent.epc)

    def _is_filled(self, epc: str, event: AggregationEvent) -> bool:
        if epc in self._filled:
            return True
        return self._earlier is not None and bool(self._earlier.children(epc, event.event_time))

    def _unpack(self, event: AggregationEvent, parent: Item | None, children: Sequence[Item]) -> None:
        if self._run:
            self.flush()
        if children:
            self._flush_emptied()
            self._list(_EXTRACT, event, children)
        elif parent is None or parent.tag != SSCC:
            self._findings.report(rules.PARENT, "an unpacking names neither children nor an SSCC", where=event.where)
        else:
            self._filled.discard(parent.epc)
            self._emptied.append((event, parent))

    def _flush_emptied(self) -> None:
        emptied, self._emptied = self._emptied, []
        groups = grouped(emptied, lambda pair: (self._values.subject(pair[0]), self._values.time(pair[0])))
        for pairs in groups.values():
            values = self._values.of(_UNPACK, pairs[0][0])
            for part in by_count([parent for _, parent in pairs], _UNPACK.most):
                if values is not None:
                    self._emit(_UNPACK, fields_xml(_UNPACK, values) + goods_xml(part), len(part))

    def _single(self, container: _Container) -> None:
        """One container by itself: the first part is packed, whatever is too much for one document is added."""
        document = _APPEND if container.appended else _PACK
        for part in by_count(container.content, ITEMS):
            self._list(document, container.event, part, ("sscc", container.parent.text))
            document = _APPEND

    def _list(
        self, kind: DocumentType, event: AggregationEvent, content: Sequence[Item], *given: tuple[str, str]
    ) -> None:
        values = self._values.of(kind, event, *given)
        if values is None:
            return
        for part in by_count(content, ITEMS):
            body = f"{fields_xml(kind, values)}<{kind.holder}>{goods_xml(part)}</{kind.holder}>"
            self._emit(kind, body, len(part))

    def _level(self, containers: Sequence[_Container], tags: frozenset[str], *, appended: bool) -> None:
        """Containers of one level: 915 for children of one kind, 916 for what is added; else one by one."""
        small = [each for each in containers if len(each.content) <= ITEMS]
        for each in containers:
            if len(each.content) > ITEMS or (not appended and len(tags) > 1):
                self._single(each)
        if not appended and len(tags) > 1:
            return
        document = _MULTI_APPEND if appended else _MULTI_PACK
        holder = "info_append" if appended else "by_sscc" if SSCC in tags else "by_sgtin"
        for part in by_weight(small, ITEMS, lambda each: len(each.content)):
            last = part[0].event
            for each in part:
                last = each.event if _later(each.event, last) else last
            values = self._values.of(document, last)
            if values is not None:
                details = details_xml((each.parent.text, each.content) for each in part)
                body = f"{fields_xml(document, values)}<{holder}>{details}</{holder}>"
                self._emit(document, body, sum(len(each.content) for each in part))


def _form(container: _Container) -> tuple[bool, frozenset[str]]:
    return container.appended, frozenset(item.tag for item in container.content)


def _later(one: AggregationEvent, other: AggregationEvent) -> bool:
    first = order_key(other.event_time, other.event_time_zone_offset)
    second = order_key(one.event_time, one.event_time_zone_offset)
    return first is not None and second is not None and second > first


def _heights(run: Iterable[_Container]) -> dict[str, int]:
    """Height of each container among those of the run: 0 for those that hold none of the others."""
    inside = {each.parent.epc: [item.epc for item in each.content] for each in run}
    heights: dict[str, int] = {}
    for epc in inside:
        height(epc, lambda top: (child for child in inside[top] if child in inside), heights)
    return heights
