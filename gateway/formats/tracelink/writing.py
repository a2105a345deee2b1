"""What the writers of all messages share."""

from __future__ import annotations

from gateway.epcis.element import Element
from gateway.epcis.events import Event, Location
from gateway.findings import NOWHERE, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write_element import write_element
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.addresses import Addresses
from gateway.formats.tracelink.build import Builder
from gateway.formats.tracelink.keys import Serial, dotted, prefixes_of, serial_of
from gateway.formats.tracelink.names import SERIAL_FORMATS
from gateway.formats.tracelink.serials import Attributes
from gateway.formats.tracelink.times import in_utc
from gateway.formats.tracelink.values import Values
from gateway.formats.tracelink.write_losses import Leftovers
from gateway.gs1 import Gs1Error
from gateway.options import READ_POINT


class Writing:
    """The state of writing one message."""

    def __init__(self, context: Context, scope: Scope, builder: Builder, addresses: Addresses) -> None:
        self.context = context
        self.findings = context.findings
        self.builder = builder
        self.addresses = addresses
        self.values = Values(context)
        self.leftovers = Leftovers(context)
        self._scope = scope
        self._prefixes = prefixes_of(context)
        self._moved = 0
        self._first_moved = ("", NOWHERE)

    def xml(self, item: Element) -> str:
        """A part of the message."""
        for part in item.walk():
            self.leftovers.characters(part.text)
            for _, value in part.attributes:
                self.leftovers.characters(value)
        return write_element(item, self._scope)

    def serial(self, epc: str, where: Where) -> Serial | None:
        """An identifier as TraceLink writes it; None when it cannot, which is reported."""
        try:
            return serial_of(epc, self._prefixes)
        except Gs1Error as error:
            self.findings.add(error.finding(where))
            return None

    def serial_element(self, local: str, serial: Serial, attributes: Attributes = ()) -> Element:
        """The element of a serial number."""
        said = [("companyPrefix", serial.company_prefix)] if serial.company_prefix else []
        said += [*attributes, ("format", SERIAL_FORMATS[serial.ai])]
        # What the message said itself counts, a wrong company prefix included.
        return self.builder.element(local, serial.text, dict([*said, *attributes]).items())

    def place(self, location: Location | None, where: Where) -> str:
        """EventLocation of an event, else from the setting; empty when nobody says it, which is reported."""
        given = location.id if location is not None else ""
        text = self.values.need("EventLocation", given, READ_POINT, where)
        return self.dotted(text, where)

    def dotted(self, place: str, where: Where) -> str:
        """A place as TraceLink writes it; empty when it cannot, which is reported."""
        if not place:
            return ""
        try:
            return dotted(place, self._prefixes)
        except Gs1Error as error:
            self.findings.add(error.finding(where))
            return ""

    def time(self, event: Event) -> str:
        """EventDateTime of an event."""
        time = in_utc(event.event_time, event.event_time_zone_offset)
        if time is None:
            message = f"eventTime {event.event_time!r} cannot be told in UTC"
            self.findings.report(rules.TIME, message, where=event.where, value=event.event_time)
            return ""
        if time != event.event_time:
            self._moved += 1
            if self._moved == 1:
                self._first_moved = (event.event_time, event.where)
        return time

    def finish(self) -> None:
        """Report what is said once for a file."""
        if self._moved:
            value, where = self._first_moved
            message = (
                f"{value} was written in UTC"
                if self._moved == 1
                else f"{self._moved:,} times, such as {value}, were written in UTC"
            )
            self.findings.report(rules.IN_UTC, message, where=where, value=value)
