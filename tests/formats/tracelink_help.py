"""What the tests of TraceLink's messages share."""

from __future__ import annotations

from msgspec import structs

from gateway.findings import NOWHERE, Losses, LossMode, Severity
from gateway.formats import FORMATS
from gateway.formats.base import Context, Limits
from gateway.options import Options
from gateway.sources import Source

SNX = FORMATS.get("tracelink-snx")
XML = FORMATS.get("epcis-1.2-xml")

#: What the shipment in the fixtures needs: it has no time of its own, and its serial numbers no company prefix.
SHIPMENT = {"event-time": "2026-03-05T09:45:00+01:00", "company-prefix": "9521321"}


def context(values=None, *, limits=None, mode=LossMode.CARRY, sink=None, format_=SNX):
    options = Options.check(values or {}, format_.settings)
    return Context(options=options, limits=limits or Limits(), losses=Losses(mode, sink))


def read(data, values=None, **more):
    """Document, events without their places, and the context."""
    found = context(values, **more)
    document = SNX.read(Source.memory(data), found)
    events = [structs.replace(event, where=NOWHERE) for event in document.events]
    document.events = events
    return document, events, found


def write(document, values=None, **more):
    found = context(values, **more)
    return b"".join(SNX.write(document, found)), found


def codes(found, *severities):
    return [f.code for f in found.findings if not severities or f.severity in severities]


def errors(found):
    return codes(found, Severity.ERROR)


def lost(found):
    return {(code, field): summary.count for (code, _, field), summary in found.losses.summaries.items()}
