"""What the readers of all messages share: times, keys, trees, and what is reported once for a file."""

from __future__ import annotations

from typing import Final

from gateway.epcis.events import Location
from gateway.epcis.time import has_zone, is_offset, parse
from gateway.errors import LimitExceeded
from gateway.findings import NOWHERE, Finding, Outcome, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml.read_element import line_of
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.keys import KeyReader
from gateway.formats.tracelink.losses import ATTRIBUTE
from gateway.formats.tracelink.tree import BEHIND, Trees, node_name
from gateway.formats.xml_input import Node

_UTC: Final = "Z"


class Reading:
    """The state of reading one message."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.findings = context.findings
        self.trees = Trees(context, self._lose_text)
        self.keys = KeyReader(context)
        self.number = 0
        self._without_zone = 0
        self._first_without_zone = ("", NOWHERE)

    def where(self, node: Node, path: str = "") -> Where:
        """The place of an element."""
        return Where(line=line_of(node), path=path)

    def unkept(self, node: Node) -> None:
        """List attributes and text of a part that is not kept itself."""
        self._lose_text(node_name(node), "text()", node.text)
        for name, value in node.items():
            field = f"{node_name(node)}/@{name!s}"
            self.context.losses.add(ATTRIBUTE, Outcome.LOST, field, str(value), event=self.number)

    def lose_tail(self, node: Node) -> None:
        """List text behind an element that is read and dropped."""
        tail = node.tail
        if tail and not tail.isspace():
            self._lose_text(node_name(node), BEHIND, tail)

    def drop(self, node: Node) -> None:
        """Take an element that was read, and what is left of it, out of the message."""
        parent = node.getparent()
        if parent is not None:
            self.lose_tail(node)
            parent.remove(node)

    def clear(self, node: Node) -> None:
        """Empty an element that was read. The parser may still add text behind it."""
        self.lose_tail(node)
        node.clear()

    def _lose_text(self, name: str, path: str, text: str | None) -> None:
        if text and text.strip():
            field = f"{name}/{path}"
            self.context.losses.add(ATTRIBUTE, Outcome.LOST, field, text.strip(), event=self.number)

    def next_event(self, where: Where) -> Where:
        """The place of the next event."""
        self.number += 1
        return Where(line=where.line, event=self.number)

    def times(self, time: str, offset: str, where: Where) -> tuple[str, str] | None:
        """EventTime and eventTimeZoneOffset; None when one is missing or wrong, which is reported.

        A time without zone is in UTC, whatever the offset of the place.
        """
        for name, value in (("EventDateTime", time), ("EventTimeZoneOffset", offset)):
            if not value:
                self.findings.report(rules.MISSING, f"the event has no {name}", where=where, expected=name)
        if not time or not offset:
            return None
        if parse(time) is None:
            message = f"EventDateTime {time!r} is no date and time"
            self.findings.report(rules.TIME, message, where=where, value=time, expected="2026-01-31T12:00:00Z")
            return None
        if offset != _UTC and not is_offset(offset):
            message = f"EventTimeZoneOffset {offset!r} is no offset"
            self.findings.report(rules.TIME, message, where=where, value=offset, expected="+01:00")
            return None
        if not has_zone(time):
            self._without_zone += 1
            if self._without_zone == 1:
                self._first_without_zone = (time, where)
            time += _UTC
        return time, offset

    def location(self, text: str, where: Where) -> Location | None:
        """The readPoint for an EventLocation."""
        place = self.keys.place(text, where) if text else None
        return Location(place) if place else None

    def check_count(self, count: int, where: Where) -> None:
        """Refuse more serial numbers in one event than the limit allows.

        Raises:
            LimitExceeded: there are more.
        """
        most = self.context.limits.epcs_per_event
        if count > most:
            message = f"one event has more than {most:,} serial numbers"
            raise LimitExceeded(Finding.of(rules.LIMIT, message, where=where, value=count, expected=f"at most {most}"))

    def finish(self) -> None:
        """Report what is said once for a file."""
        self.keys.report()
        if self._without_zone:
            time, where = self._first_without_zone
            message = f"{self._without_zone:,} times without zone, such as {time!r}, were read as UTC"
            self.findings.report(rules.NO_ZONE, message, where=where, value=time, expected=time + _UTC)
