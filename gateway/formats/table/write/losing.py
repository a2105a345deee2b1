"""The door to losses while a table is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.epcis.events import Event, bare
from gateway.findings import Losses, LossRule, Outcome
from gateway.formats.table import losses as rules
from gateway.formats.table.write.things import BETWEEN

if TYPE_CHECKING:
    from gateway.formats.table.write.told import Statement


class Losing:
    """Takes what the table has no place for.

    Args:
        losses: the losses of the conversion.
        ais: application identifiers of the parts of the smallest thing's key, for texts.
    """

    def __init__(self, losses: Losses, ais: tuple[str, ...]) -> None:
        self._losses = losses
        self._ais = ais
        self._event = 0
        self._event_id = ""

    def at(self, event: Event, number: int) -> None:
        """Say which event is looked at."""
        self._event = number
        self._event_id = event.event_id or ""

    def named(self, key: str) -> str:
        """A thing in words: as element string where it has one."""
        parts = key.split(BETWEEN)
        if len(parts) == len(self._ais):
            return "".join(f"({ai}){part}" for ai, part in zip(self._ais, parts, strict=True))
        return " ".join(part for part in parts if part)

    def event(self, event: Event, reason: str) -> None:
        """A whole event."""
        value = _json(bare(event))
        self._add(rules.EVENT, event.type, value, reason=f"the mapping knows no such event: {reason}")

    def value(self, path: str, value: Any) -> None:
        """A value of the event."""
        self._add(rules.VALUE, path, value if isinstance(value, str) else _json(value))

    def spelling(self, rule: LossRule, path: str, value: str, outcome: Outcome = Outcome.LOST) -> None:
        """How a value of the event was spelled."""
        self._add(rule, path, value, outcome)

    def _add(self, rule: LossRule, path: str, value: str, outcome: Outcome = Outcome.LOST, reason: str = "") -> None:
        self._losses.add(rule, outcome, path, value, event=self._event, event_id=self._event_id, reason=reason)

    def thing(self, statement: Statement, path: str, value: str, reason: str) -> None:
        """A thing of an event."""
        self._losses.add(
            rules.OBJECT,
            Outcome.LOST,
            path,
            value,
            event=statement.event,
            event_id=statement.event_id,
            reason=reason,
        )

    def marks(self, path: str, value: str, notes: Iterable[tuple[LossRule, Outcome]]) -> None:
        """How a value of a thing is written."""
        for rule, outcome in notes:
            self._losses.add(rule, outcome, path, value)

    def header(self, path: str, value: Any) -> None:
        """Something of the document."""
        text = value if isinstance(value, str) else _json(value)
        self._losses.add(rules.HEADER, Outcome.LOST, path, text)


def _json(value: Any) -> str:
    return msgspec.json.encode(_without_empty(msgspec.to_builtins(value))).decode()


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(part) for key, part in value.items() if part not in (None, [], {}, "")}
    if isinstance(value, list):
        return [_without_empty(part) for part in value]
    return value
