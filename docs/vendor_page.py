"""Writes ``docs/vendor-formats.md``: what is read, written and lost of vendors' formats. Tables come from the code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.epcis.legacy_ilmd import LEGACY_ILMD
from gateway.epcis.observed_commissioning import COMMISSIONING_ACTION
from gateway.findings import LossRule
from gateway.formats.rfxcel import rules as rfxcel_rules
from gateway.formats.rfxcel import settings as rfxcel_settings
from gateway.formats.tracelink import losses, names, parties, settings, statuses
from gateway.options import Setting

_EVENTS: Final = {
    names.ASSIGNED: (
        "ObjectEvent ADD commissioning/active with ILMD; AggregationEvent ADD packing/container_closed",
        "samples",
    ),
    names.UPDATED: ("one ObjectEvent, by status, see below", "samples"),
    names.DISAGGREGATED: ("AggregationEvent DELETE unpacking", "samples"),
    names.SHIPMENT: ("one ObjectEvent OBSERVE shipping/in_transit", "a verified source, no sample"),
    names.END_OF_BATCH: (
        "none: totals of commissioning events by item and packaging level",
        "a verified source, no sample",
    ),
    names.PRODUCTION_ORDER: ("none: it is an order", "a program"),
}
_READ: Final = (names.ASSIGNED, names.UPDATED, names.DISAGGREGATED, names.SHIPMENT)
_WRITTEN: Final = (names.ASSIGNED, names.SHIPMENT, names.END_OF_BATCH)

_INTRO: Final = """# Vendor formats

What contract manufacturers and serialization networks send besides plain EPCIS. The vendors' schemas are mostly not
public. What is known comes from public samples, service descriptions and programs that write the messages; what is
not known is a setting that you have to give, or is left out and named here. Nothing that is missing is invented: an
error names the setting.

Fields of a message that EPCIS has no place for stay on the event as vendor elements, in the vendor's own namespace
and order. Plain receivers ignore them; written back to the vendor's format they return to their places.
"""

_TRACELINK: Final = """## TraceLink SNX and SOM (`tracelink-snx`)

```bash
gateway convert message.xml --to epcis-1.2-xml -o events.xml
gateway convert events.xml --to tracelink-snx -o message.xml --set packaging-levels=0=EA,5=CA,sscc=PL \\
    --set production-line-id=L1 --set line-manager-name=Shift --set country-drug-code=US_NDC532:1234567890
```

Namespaces decide, never prefixes; an element may stand in the namespace of the message or in that of the common types.
"""

_FACTS: Final = (
    (
        "serial numbers",
        "`01` GTIN `21` serial, `00` SSCC, without brackets",
    ),
    (
        "company prefix",
        (
            "`companyPrefix` of the serial number, `CompanyPrefix` of the event, the setting "
            "`company-prefix`, GS1's table, in this order; else the key is read as GS1 Digital Link"
        ),
    ),
    (
        "`EventDateTime`",
        "is UTC; a time without zone gets a `Z` and a finding; written times are converted to UTC",
    ),
    (
        "`EventLocation`",
        "SGLN without the head of its URN; it is the readPoint, bizLocation has no place",
    ),
    (
        "details of a CommissionEvent",
        (
            "those that say the same of different serial numbers become one event; `BarcodeContent` stays, in"
            " the order of the EPCs"
        ),
    ),
    (
        "order of packing",
        "innermost first, whatever the order of the message",
    ),
    (
        "`ManufacturingDate`",
        "`productionDate` beside lot and expiry in ILMD",
    ),
    (
        "`ItemCode`, `Quantity`, `format`",
        (
            "left out where they say what the serial numbers say, and written again; a contradiction is a "
            "warning and stays"
        ),
    ),
    (
        "`TransactionIdentifier`",
        "bizTransaction: PO is po, ASN is desadv; the bare number, or a URN of CBV when `transaction-issuer` is given",
    ),
    (
        "parties of a shipment",
        "owning_party and location where they have a GLN or SGLN; a company prefix alone stays vendor content",
    ),
    (
        "names and addresses of a shipment",
        "vendor content when read; when written, that, else the location's master data in the document's header",
    ),
    (
        "time of a shipment",
        f"the message has none: `event-time`, or `event-time={settings.TRANSACTION}` for date and time of the order",
    ),
    (
        "header",
        (
            "sender, receiver, control number, date and time are the SBDH; when written, they come from the "
            "SBDH or from settings"
        ),
    ),
    (
        f"TraceLink's EPCIS extension (`{names.EPCIS_EXTENSION}`)",
        (
            "packagingLevel, filterValue, internalMaterialCode and countryDrugCode of commissioning events "
            "are used when SNX is written"
        ),
    ),
    (
        "schema",
        "`xsd/tracelink/snx` is our own and checks what we write; partners' files are not held against it",
    ),
)

_TRACELINK_NOTES: Final = """Not certain are the namespace of nested elements of a shipment (rule: leaves are common
types), the names of look-up ids (any `From...LookupId`, `ShipFrom...LookupId` and so on is read; none is invented when
written), and which parts TraceLink insists on. Not covered are SNXProductionOrderMessage, writing of updates and
disaggregation, SOM's SOAP operations, TraceLink's own error codes.
"""

_RFXCEL: Final = """## rfXcel (`rfxcel`)

Read are `processMessages` and `getMessagesResponse` in a SOAP 1.1 body or alone, and a bare `msgEnvelopeList` or
`envelope`. Each EPCIS document in a body (inside of `XML_SYS_EVENTS_ENV` or directly) is read as EPCIS XML; events of
several envelopes follow each other. All values of the envelopes (`msgInfo`, `result`, attributes) are vendor content
of the document's header. Lines in findings about events count from the start tag of their EPCIS document.

Written is one `processMessages` with one envelope around EPCIS XML in rfXcel's flavour: schemaVersion 1.0, lot before
expiry, both in the namespace `gs1ushc`. WS-Security is a matter of the transport and is not written.
"""

_RFXCEL_NOTES: Final = """
Not known, and therefore settings without default: contentStructVer, qualifiers and types of ids, the namespace of
`XML_SYS_EVENTS_ENV`. Not known and not covered: result codes and their meaning (they are kept as they are), limits,
`getMessages` selection criteria, the serialization service.
"""

_DIALECTS: Final = """## Dialects of EPCIS

They are EPCIS XML and read as such; these rules bring values where EPCIS has them. Each is reported and can be
switched off.
"""

_DIALECT_ROWS: Final = (
    (
        "Optel",
        "EPCIS 1.0; `gs1ushc` lot and expiry directly in the event",
        f"`EPCIS-ILMD-01`, setting `{LEGACY_ILMD.key}`",
    ),
    (
        "rfXcel",
        "`gs1ushc` lot and expiry in ILMD",
        "the same",
    ),
    (
        "tracekey",
        "`tk:ilmd` with lot, expiry and production date; `tk:productionOrder` stays",
        "the same, for events with the action ADD",
    ),
    (
        "tracekey",
        "commissioning with the action OBSERVE",
        f"`EPCIS-ACTION-01` tells it; `--set {COMMISSIONING_ACTION.key}=add` reads it as ADD",
    ),
    (
        "Frequentz / IBM, Traxeed",
        "nothing is known to be different",
        "none",
    ),
)


_SERIALS: Final = """## Requests for serial numbers

They hold no events, so `gateway convert` does not know them. `gateway.formats.serial_requests` has pure functions
that build and parse them; `model.check_answer` says where an answer is not what was asked for. Sending them, and the
service's password, are matters of a transport.
"""

_SERIAL_ROWS: Final = (
    (
        "TraceLink `serialNumbersRequest` (SOAP 1.1)",
        "`tracelink.build_request`, `parse_request`, `build_answer`, `parse_answer`; schema `xsd/tracelink/snrequest`",
        "the service's description",
    ),
    (
        "`SerialNumberRequest` / `SerialNumberResponse`, called DAWA",
        "`dawa.build_request`, `parse_request`, `build_answer`, `parse_answer`",
        "a program; the namespace is not known",
    ),
)

_SERIALS_NOTES: Final = """Not covered, because the answers or the namespaces of the fields are not public:
Frequentz / IBM IRIS (createTagRequest, getTagsRequest, confirmTagsRequest), PharmaSecure psID, Oracle OPSM, rfXcel
`syncAllocateTraceIds`, SAP. Values of TraceLink's RequestRandomizedNumber and ActionCode are not public and are passed
on as they are.
"""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _settings(found: Iterable[Setting]) -> str:
    rows = []
    for one in found:
        choices = f" ({', '.join(one.choices)})" if one.choices else ""
        default = f"; default {one.default}" if one.default else ""
        rows.append((f"`{one.key}`", f"{one.title}{choices}{default}"))
    return _table(("setting", "meaning"), rows)


def _losses(found: Iterable[LossRule]) -> str:
    return _table(("code", "lost", "why"), ((f"`{rule.code}`", rule.title, rule.explain) for rule in found))


def page() -> str:
    """The page without its first line."""
    messages = (
        (f"`{name}`", "yes" if name in _READ else "no", "yes" if name in _WRITTEN else "no", *_EVENTS[name])
        for name in names.MESSAGES
    )
    meanings = [
        (f"`{status}`", m.action, m.biz_step, m.disposition or "none") for status, m in statuses.STATUSES.items()
    ]
    meanings += [
        (f"`DECOMMISSIONED`, ItemAttribute `{word}`", "DELETE", "decommissioning", disposition)
        for word, disposition in statuses.ATTRIBUTES.items()
    ]
    orders = ((f"`{name}`", ", ".join(order)) for name, order in names.ORDERS.items())
    sides = (
        (f"`{side}`", f"`{one.info}/{one.identifier}` or `{one.lookup}...LookupId`", one.role)
        for side, found in parties.PARTY_TYPES.items()
        for one in found
    )
    own_losses = (rule for rule in losses.LOSS_RULES if rule.code.startswith("LOSS-TL"))
    rfxcel_losses = (rule for rule in rfxcel_rules.LOSS_RULES if rule.code.startswith("LOSS-RFX"))
    return "\n".join(
        (
            _INTRO,
            _TRACELINK,
            _table(("message", "read", "written", "events", "facts from"), messages),
            _table(("status", "action", "bizStep", "disposition"), meanings),
            _table(("side", "element", "role"), sides),
            _table(("fact", "what the gateway does"), _FACTS),
            _TRACELINK_NOTES,
            "Order of elements that are written:\n",
            _table(("element", "its elements"), orders),
            "What a message lacks for EPCIS:\n",
            _settings(settings.READING),
            "What a document may lack for a message:\n",
            _settings(settings.WRITING),
            _losses(own_losses),
            _RFXCEL,
            _settings(rfxcel_settings.SETTINGS),
            _losses(rfxcel_losses),
            _RFXCEL_NOTES.lstrip("\n"),
            _DIALECTS,
            _table(("vendor", "what is different", "rule"), _DIALECT_ROWS),
            f"`{LEGACY_ILMD.key}`: {LEGACY_ILMD.title}.\n",
            _SERIALS,
            _table(("system", "functions", "from"), _SERIAL_ROWS),
            _SERIALS_NOTES,
        )
    )
