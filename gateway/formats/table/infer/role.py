"""What a column is taken for, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.formats.table.infer.looks import Look

HIGH, MEDIUM, LOW = "high", "medium", "low"

#: Kinds that are times of something, from the most to the least telling.
TIMES = ("commissioned", "packed", "shipped", "time")
DAYS = ("expiry", "production", *TIMES)
PARTIES = ("sender", "receiver", "owner", "site")
DOCUMENTS = ("delivery", "order", "invoice")
#: Columns that say nothing about what happened.
IGNORED = ("number", "note", "ndc")
_OF_CONTAINERS = frozenset({"sscc", "outer gtin", "outer serial"})
UNKNOWN, MIXED, EMPTY, DAY, MOMENT = "unknown", "mixed", "empty", "day", "moment"
#: A time of day, and a column that was put together with another.
CLOCK, PART = "clock", "part"
TITLES = {
    "gtin": "GTIN", "code": "code with GTIN and serial number", "bare": "code with GTIN and serial number",
    "sscc": "SSCC", "serial": "serial number",
    "expiry": "expiry date", "production": "production date", "commissioned": "time of commissioning",
    "packed": "time of packing", "shipped": "time of shipping", "time": "time of the event", "uom": "unit of measure",
    "delivery": "delivery note", "order": "order number", "invoice": "invoice number", "sender": "GLN of the sender",
    "receiver": "GLN of the receiver", "owner": "GLN of the owner", "site": "GLN of the place", "number": "row number",
    "note": "remark or name", "mixed": "identifiers of several levels", "empty": "no values", "ndc": "NDC",
    "level": "level", "lot": "lot", "quantity": "amount", "parent": "SSCC of the container", "unknown": "not known",
    "day": "day", "moment": "time", "clock": "time of day", "part": "part of a time",
    "outer gtin": "GTIN", "outer serial": "serial number",
}  # fmt: skip


@dataclass(slots=True)
class Role:
    """What a column, or a cell above the table, is taken for.

    Attributes:
        look: its values.
        kind: e.g. ``expiry``; ``unknown`` when nothing is known.
        thing: which thing its header names (``case``), empty for none.
        confidence: ``high``, ``medium`` or ``low``.
        reasons: why, in words.
        doubt: what a person has to decide about it, empty for nothing.
        joins: headers of the columns that are put together, where it is no column of its own.
    """

    look: Look
    kind: str = UNKNOWN
    thing: str = ""
    confidence: str = LOW
    reasons: list[str] = field(default_factory=list)
    doubt: str = ""
    joins: list[str] = field(default_factory=list)

    @property
    def above(self) -> bool:
        """Whether it is a cell above the table."""
        return self.look.index < 0

    @property
    def title(self) -> str:
        """The kind in words."""
        name = TITLES[self.kind]
        return f"{name} of the {self.thing}" if self.thing and self.kind in _OF_CONTAINERS else name

    def take(self, kind: str, confidence: str, *reasons: str, doubt: str = "") -> Role:
        """Decide."""
        self.kind, self.confidence = kind, confidence
        self.reasons = [*reasons]
        self.doubt = doubt
        return self
