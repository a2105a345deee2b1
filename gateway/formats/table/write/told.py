"""What a document tells of its things: each event once, as statements; the smallest things on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway import gs1
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.spec import EventSpec, MappingSpec
from gateway.formats.table.write.columns import Columns
from gateway.formats.table.write.losing import Losing
from gateway.formats.table.write.match import Differs, Matcher, Told, nearest
from gateway.formats.table.write.partitions import Partitions
from gateway.formats.table.write.things import BETWEEN, Thing, Things

#: Where the events that mappings know name their objects.
_NAMING = ("epc_list", "quantity_list", "parent_id", "child_epcs", "child_quantity_list")


@dataclass(slots=True)
class Statement:
    """What an event says in the words of one kind of event of the mapping.

    Attributes:
        spec: number of the kind.
        values: field and value.
        event: number of the event in the document.
        event_id: its eventID, may be empty.
    """

    spec: int
    values: Mapping[str, str]
    event: int
    event_id: str


@dataclass(slots=True, eq=False)
class Node:
    """A thing that holds others, or may.

    Attributes:
        number: its place among the nodes.
        kind: the kind of row that it is told of in.
        key: its key.
        place: where in the document it was named first.
        claims: statements about it; of each event one for every kind that it may be.
        links: the same for statements that put it into a container, with the container.
        holds_smallest: whether a smallest thing is in it.
    """

    number: int
    kind: str
    key: str
    place: int
    claims: list[list[int]] = field(default_factory=list)
    links: list[tuple[list[int], Node]] = field(default_factory=list)
    holds_smallest: bool = False


class Collector:
    """Takes the events of a document one by one.

    Args:
        spec: the mapping.
        matchers: one for each kind of event.
        things: tells the things of the mapping.
        losing: takes what has no place.
        columns: the table's columns.
    """

    def __init__(
        self, spec: MappingSpec, matchers: Sequence[Matcher], things: Things, losing: Losing, columns: Columns
    ) -> None:
        self._columns = columns
        self.statements: list[Statement] = []
        self.nodes: list[Node] = []
        self.partitions = Partitions()
        self._matchers = matchers
        self._things = things
        #: Whether the smallest things are told from containers by their identifier alone.
        self.smallest_apart = things.apart
        self._losing = losing
        self._names = list(spec.objects)
        self._kinds = list(dict.fromkeys(name for event in spec.events for name in event.where))
        self._by_key: dict[tuple[str, str], Node] = {}
        self._places = 0
        self._shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def take(self, event: Event, number: int) -> None:
        """Take an event.

        Args:
            event: the event.
            number: its number in the document, from 1.
        """
        self._losing.at(event, number)
        if not any(getattr(event, name, None) for name in _NAMING):
            self._losing.event(event, "it names no object")
            return
        found: list[tuple[int, Told]] = []
        reasons: list[tuple[EventSpec, str]] = []
        for index, matcher in enumerate(self._matchers):
            try:
                found.append((index, matcher.told(event)))
            except Differs as differs:
                reasons.append((matcher.spec, str(differs)))
        if not found:
            self._losing.event(event, nearest(reasons))
            return
        found.sort(key=lambda pair: len(pair[1].rest))
        kind = self._kind(found[0][1])
        self._lose(found[0][1])
        event_id = event.event_id or ""
        sids: list[int] = []
        for index, told in found:
            if self._kind(told) == kind:
                sids.append(len(self.statements))
                self.statements.append(Statement(index, self._values(told), number, event_id))
        if isinstance(event, ObjectEvent):
            self._about(sids, kind, event.epc_list or [], "epcList/epc")
            amounts = self._things.amounts(event.quantity_list or [], self.statements[sids[0]].spec)
            self._amounts(sids, kind, amounts, "quantityList/quantityElement", None)
        elif isinstance(event, AggregationEvent):
            self._packed(event, sids, kind)

    def _lose(self, told: Told) -> None:
        """Report what the fields do not hold of an event, or not as it was."""
        for path, value in told.rest:
            self._losing.value(path, value)
        for rule, path, uri in told.spelled:
            self._losing.spelling(rule, path, uri)
        for name, value in told.values.items():
            for rule, outcome in self._columns.notes(name, value):
                self._losing.spelling(rule, name, value, outcome)

    def _kind(self, told: Told) -> str:
        return BETWEEN.join(told.values.get(name, "") for name in self._kinds)

    def _values(self, told: Told) -> dict[str, str]:
        """The values, one object for all statements with the same ones."""
        return self._shared.setdefault(tuple(told.values.items()), told.values)

    def _packed(self, event: AggregationEvent, sids: list[int], kind: str) -> None:
        if not event.child_epcs and not event.child_quantity_list:
            self._about(sids, kind, [event.parent_id] if event.parent_id else [], "parentID")
            return
        parent = self._thing(event.parent_id or "", sids[0], "parentID")
        if parent is None or parent.smallest:
            children = [*(event.child_epcs or []), *(one.epc_class for one in event.child_quantity_list or [])]
            for uri in children:
                self._losing.thing(self.statements[sids[0]], "childEPCs/epc", uri, "no object of the mapping holds it")
            return
        container = self._node(kind, parent.key)
        self._about(sids, kind, event.child_epcs or [], "childEPCs/epc", container)
        amounts = self._things.amounts(event.child_quantity_list or [], self.statements[sids[0]].spec)
        self._amounts(sids, kind, amounts, "childQuantityList/quantityElement", container)

    def _about(self, sids: list[int], kind: str, uris: Iterable[str], path: str, container: Node | None = None) -> None:
        smallest: list[str] = []
        for uri in uris:
            thing = self._thing(uri, sids[0], path)
            if thing is None:
                continue
            if thing.smallest:
                smallest.append(thing.key)
                continue
            node = self._node(kind, thing.key)
            if container is None:
                node.claims.append(sids)
            else:
                node.links.append((sids, container))
        self._mention(sids, kind, smallest, path, container)

    def _amounts(
        self, sids: list[int], kind: str, amounts: Iterable[Thing | None], path: str, container: Node | None
    ) -> None:
        keys = []
        for thing in amounts:
            if thing is None:
                self._losing.thing(
                    self.statements[sids[0]], path, "a quantityElement", "the mapping has no field for it"
                )
            else:
                keys.append(thing.key)
        self._mention(sids, kind, keys, path, container)

    def _mention(self, sids: list[int], kind: str, keys: list[str], path: str, container: Node | None) -> None:
        if not keys:
            return
        sid = next((sid for sid in sids if self._is_about(sid, self._names[0])), None)
        sid = next((sid for sid in sids if self._is_about(sid, OUTERMOST)), None) if sid is None else sid
        if sid is None:
            for key in keys:
                reason = f"no event of this kind is about a {self._names[0]}"
                self._losing.thing(self.statements[sids[0]], path, self._losing.named(key), reason)
            return
        number = -1
        if container is not None:
            container.holds_smallest = True
            number = container.number
        self.partitions.mention(sid, number, self._places, ((kind, key) for key in keys))
        self._places += len(keys)

    def _is_about(self, sid: int, name: str) -> bool:
        return about(self._matchers[self.statements[sid].spec].spec) == name

    def _thing(self, uri: str, sid: int, path: str) -> Thing | None:
        try:
            thing = self._things.of(uri, path)
        except gs1.Gs1Error as error:
            self._losing.thing(self.statements[sid], path, uri, error.message)
            return None
        if thing is None:
            self._losing.thing(self.statements[sid], path, uri, "it is of no kind that the mapping knows")
        return thing

    def _node(self, kind: str, key: str) -> Node:
        node = self._by_key.get((kind, key))
        if node is None:
            node = self._by_key[kind, key] = Node(len(self.nodes), kind, key, self._places)
            self.nodes.append(node)
            self._places += 1
        return node


def about(spec: EventSpec) -> str:
    """Name of the object that a kind of event tells of: what is packed, not what it is packed in."""
    return spec.epcs or spec.children or spec.parent
