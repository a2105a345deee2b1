"""Order: do the events stand in the order in which they happened?

EPCIS does not ask for it, and a document that is built bottom-up rarely has it; some receivers do ask. Therefore
`gateway validate` says it once, and a conversion does not.
"""

from __future__ import annotations

from gateway.checks import rules
from gateway.checks.scope import Checker, Scope
from gateway.epcis.events import Event
from gateway.epcis.time import order_key


def checker(scope: Scope) -> Checker:
    """The check of one event, for `gateway.checks.run`; each event is compared with the one before it."""
    return Checker(_Order(scope).check, quiet=None)


class _Order:
    """Remembers the time of the event before, until one is out of order."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._last: tuple[str, str] = ("", "")
        self._sorted = True

    def _later(self, event: Event) -> bool:
        """Whether the event is surely not earlier than the one before it; only then it is the one before the next."""
        text, offset = event.event_time, event.event_time_zone_offset
        last, last_offset = self._last
        # Texts of one length that end in one zone are in time order when they are in text order.
        comparable = last_offset == offset and len(last) == len(text)
        if comparable and text >= last and last.endswith(offset) and text.endswith(offset):
            self._last = (text, offset)
            return True
        return not self._sorted

    def check(self, event: Event) -> None:
        """Report the first event that is earlier than the one before it."""
        if self._later(event):
            return
        text, offset = event.event_time, event.event_time_zone_offset
        before, self._last = self._last, (text, offset)
        key, key_before = order_key(text, offset), order_key(*before) if before[0] else None
        if key is not None and key_before is not None and key < key_before:
            self._sorted = False
            message = f"eventTime {text} is earlier than that of the event before, {before[0]}"
            self._scope.report(rules.TIME_UNSORTED, message, path="eventTime", value=text)
