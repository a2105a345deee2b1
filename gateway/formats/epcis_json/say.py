"""What the writer of one event shares: spelling of values, and the door to findings and losses."""

from __future__ import annotations

import re
from typing import Final

from gateway.epcis import vocabulary
from gateway.epcis.events import Event
from gateway.epcis.vocabulary import Field, Style
from gateway.findings import NOWHERE, LossRule, Outcome, Rule, Severity, Where
from gateway.formats.base import Context
from gateway.formats.epcis_json import names, rules
from gateway.formats.epcis_json.write_times import ZONED, is_naive, offset, without_hour_24
from gateway.options import CBV

_REFUSED: Final = ("urn:epcglobal:cbv", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/")
_FREE: Final = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]*+"
#: Values of one field that are remembered, all standard ones among them; of more own URIs each is looked up again.
_REMEMBERED: Final = 1024
URI: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:{_FREE}(?:%[0-9A-Fa-f]{{2}}{_FREE})*+", re.ASCII)
STYLES: Final = {"native": Style.BARE, "urn": Style.URN, "uri": Style.URI}


class Say:
    """Spells values for JSON and reports what cannot be said.

    Attributes:
        event: the event that is being written.
        number: its number in the document, from 1.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._style = STYLES[context.options.get(CBV) or "native"]
        self._known: dict[Field, dict[str, str]] = {field: {} for field in Field}
        self._offsets: dict[str, str] = {}
        self._measurements = names.measurement_types()
        self.event: Event | None = None
        self.number = 0

    @property
    def where(self) -> Where:
        """The place of the event, from its source when that is known."""
        if self.event is not None and self.event.where != NOWHERE:
            return self.event.where
        return Where(event=self.number, path=f"$.epcisBody.eventList[{self.number - 1}]")

    def finding(
        self, rule: Rule, message: str, *, value: str = "", expected: str = "", severity: Severity | None = None
    ) -> None:
        """Report something wrong with the event."""
        self._context.findings.report(
            rule, message, where=self.where, value=value, expected=expected, severity=severity
        )

    def lose(self, rule: LossRule, field: str, value: str) -> bool:
        """Report a value without a place. True when it is to be carried."""
        carry = self._context.losses.carries()
        self.loss(rule, Outcome.CARRIED if carry else Outcome.LOST, field, value)
        return carry

    def loss(self, rule: LossRule, outcome: Outcome, field: str, value: str) -> None:
        """Report a value whose outcome is decided."""
        event_id = self.event.event_id if self.event is not None else None
        self._context.losses.add(rule, outcome, field, value, event=self.number, event_id=event_id or "")

    @property
    def carries(self) -> bool:
        """Whether homeless values go into a carrying place."""
        return self._context.losses.carries()

    def word(self, field: Field, value: str) -> str:
        """A vocabulary value as JSON spells it."""
        known = self._known[field]
        spelt = known.get(value)
        if spelt is None:
            spelt = vocabulary.spell(field, value, self._style)
            if vocabulary.word(field, value) is not None:
                if self._style is not Style.URN:
                    known[value] = spelt
                else:
                    self.finding(rules.VOCABULARY, f"JSON receivers refuse the {field.value} {spelt!r}", value=spelt)
            elif vocabulary.is_bare(value) or vocabulary.is_gs1_spelling(field, value):
                near = vocabulary.nearest(field, value)
                # The schema refuses bare words and GS1 URNs; other GS1 addresses it lets through.
                legal = not vocabulary.is_bare(value) and not value.startswith(_REFUSED)
                self.finding(
                    rules.VOCABULARY,
                    f"{value!r} is no standard {field.value}",
                    value=value,
                    expected=near or "a standard word, or a URI",
                    severity=Severity.WARNING if legal else None,
                )
            elif len(known) < _REMEMBERED:
                known[value] = spelt
        return spelt

    def uri(self, value: str, field: str) -> str:
        """A value that must be a URI."""
        if not URI.fullmatch(value):
            text = f"{field} is {value!r}, which is no URI"
            self.finding(rules.NOT_A_URI, text, value=value, expected="a URI, e.g. urn:uuid:...")
        return value

    def measurement(self, value: str) -> str:
        """A sensor report's type or exception: the bare word when GS1's context defines it."""
        if value.startswith("gs1:"):
            local = value[4:]
        elif value.startswith(names.GS1_VOCABULARY):
            local = value[len(names.GS1_VOCABULARY) :]
        else:
            return value if value in self._measurements else self.uri(value, "type")
        return local if local in self._measurements else f"gs1:{local}"

    def offset(self, value: str) -> str:
        """The eventTimeZoneOffset."""
        known = self._offsets.get(value)
        if known is None:
            known = offset(value)
            if known is None:
                self.finding(
                    rules.TIME, "the eventTimeZoneOffset is not of the form +hh:mm", value=value, expected="+hh:mm"
                )
                return value
            self._offsets[value] = known
        return known

    def time(self, value: str, field: str, zone: str = "") -> str:
        """A time with a zone; a naive one gets `zone`, the event's offset."""
        if ZONED.fullmatch(value):
            return value
        out = without_hour_24(value)
        if out != value:
            self.finding(rules.MIDNIGHT, f"{field} {value} is written as {out}", value=value)
        if is_naive(out) and zone:
            out += zone
            self.finding(rules.NO_ZONE, f"{field} {value} has no zone and is written as {out}", value=value)
        if ZONED.fullmatch(out):
            return out
        self.finding(rules.TIME, f"{field} is no time that JSON allows", value=value, expected="2026-01-31T12:00:00Z")
        return value
