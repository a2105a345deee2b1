"""What TraceLink's messages have no place for.

Their schemas are not public, so that no place for foreign content is known: what has no place is lost in every loss
mode, and listed.
"""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule
from gateway.formats.epcis_xml.losses import CHARACTER

EVENT: Final = LossRule(
    "LOSS-TL-01",
    "the message has no place for this kind of event",
    "SNXDispositionAssigned holds commissioning and packing, SOMSalesShipment one shipping, SNXEndOfBatch totals of "
    "commissioning.",
)
FIELD: Final = LossRule(
    "LOSS-TL-02",
    "the message has no place for this part of the event",
    "An event of TraceLink has time, place, serial numbers, and the attributes that docs/vendor-formats.md lists.",
)
CONTENT: Final = LossRule(
    "LOSS-TL-03",
    "the message has no place for this attribute or vendor element",
    "Attributes of items are lot, expiry, date of manufacture, material code and national drug code; elements of other "
    "vendors have no place.",
)
HEADER: Final = LossRule(
    "LOSS-TL-04",
    "ControlFileHeader has no place for this part of the header",
    "It holds sender, receiver, control number, date and time.",
)
COUNTED: Final = LossRule(
    "LOSS-TL-05",
    "SNXEndOfBatchMessage holds totals only",
    "The event was counted; its serial numbers and its other values are not in the message.",
)
ATTRIBUTE: Final = LossRule(
    "LOSS-TL-06",
    "an attribute of the message, or text between elements, is not kept",
    "Root, header, body, events and their details have neither in known messages; xsi:schemaLocation names a schema of "
    "another format.",
)
LOSS_RULES: Final = (EVENT, FIELD, CONTENT, HEADER, COUNTED, ATTRIBUTE, CHARACTER)
