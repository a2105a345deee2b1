"""Lists what of an event or a header has no place in a message."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from gateway.epcis.element import Element
from gateway.epcis.events import NO_PART, Event, bare
from gateway.epcis.vocabulary import Field, word
from gateway.findings import LossRule, Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_xml.escape import ILLEGAL
from gateway.formats.epcis_xml.losses import CHARACTER
from gateway.formats.epcis_xml.names import ELEMENTS
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write_element import write_element
from gateway.formats.tracelink import losses
from gateway.formats.tracelink.names import EPCIS_EXTENSION, PREFIXES
from gateway.formats.tracelink.values import unused_extension

_CONTENT = ("extensions", "inner_extensions", "base_extensions", "sensor_list_extensions", "ilmd")
_ALWAYS = NO_PART | {"event_time", "event_time_zone_offset", "action", "biz_step", "disposition"}


class Leftovers:
    """Enters losses for events, one after the other."""

    def __init__(self, context: Context) -> None:
        self._losses = context.losses
        self._number = 0

    def next_event(self) -> None:
        """Losses are those of the next event from now on."""
        self._number += 1

    def whole(self, event: Event, rule: LossRule = losses.EVENT) -> None:
        """The event has no place at all."""
        found = msgspec.to_builtins(bare(event))
        value = _json({ELEMENTS.get(name, name): part for name, part in found.items() if part and name not in NO_PART})
        self._lose(event, rule, event.type, value, reason=f"{rule.title}: {event.biz_step or event.type}")

    def rest(
        self,
        event: Event,
        used: Collection[str],
        disposition: str,
        content: str,
        ilmd: Collection[str] = (),
        said: frozenset[str] = frozenset(),
    ) -> None:
        """What of an event is neither used nor implied by the message.

        Args:
            event: the event.
            used: fields of the model that were written.
            disposition: the disposition that the message implies.
            content: local name of the vendor element of TraceLink that was used.
            ilmd: names of ILMD that were written.
            said: local names that were used of TraceLink's own extension of EPCIS.
        """
        if event.disposition is not None and word(Field.DISPOSITION, event.disposition) != disposition:
            self._lose(event, losses.FIELD, "disposition", event.disposition)
        for name in type(event).__struct_fields__:
            value = getattr(event, name)
            if name in _ALWAYS or name in used or not value:
                continue
            if name in _CONTENT:
                known = ilmd if name == "ilmd" else ()
                self._content(event, [item for item in value if item.name not in known], content, said)
            else:
                self._lose(event, losses.FIELD, ELEMENTS.get(name, name), _json(value))

    def _content(self, event: Event, items: Iterable[Element], content: str, said: frozenset[str]) -> None:
        for item in items:
            if item.namespace == EPCIS_EXTENSION:
                for part in unused_extension(item, said):
                    self._lose(event, losses.CONTENT, part.name, _xml(part))
            elif item.namespace not in PREFIXES or item.local != content:
                self._lose(event, losses.CONTENT, item.name, _xml(item))

    def field(self, event: Event, field: str, value: Any) -> None:
        """One value of an event has no place."""
        self._lose(event, losses.FIELD, field, value if isinstance(value, str) else _json(value))

    def content(self, event: Event, item: Element) -> None:
        """One vendor element or attribute has no place."""
        self._lose(event, losses.CONTENT, item.name, _xml(item))

    def document(self, field: str, value: Any) -> None:
        """A value of the header or the document has no place."""
        text = value if isinstance(value, str) else _xml(value) if isinstance(value, Element) else _json(value)
        self._losses.add(losses.HEADER, Outcome.LOST, field, text)

    def characters(self, text: str) -> None:
        """Characters that XML cannot hold; they are replaced where the text is written."""
        if ILLEGAL.search(text):
            self._losses.add(CHARACTER, Outcome.LOST, "text", text, event=self._number)

    def _lose(self, event: Event, rule: LossRule, field: str, value: str, reason: str = "") -> None:
        event_id = event.event_id or ""
        number = event.where.event or self._number
        self._losses.add(rule, Outcome.LOST, field, value, event=number, event_id=event_id, reason=reason)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _xml(item: Element) -> str:
    return write_element(item, Scope({}))
