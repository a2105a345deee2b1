"""A batch's story as EPCIS: packs made, packed into a case, the case onto a pallet, the pallet shipped."""

from __future__ import annotations

GTIN = "urn:epc:id:sgtin:8699999.000001."
CASE = "urn:epc:id:sscc:8699999.1000000001"
PALLET = "urn:epc:id:sscc:8699999.1000000009"

_TIME = "<eventTime>2026-01-02T{hour:02}:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
_OBJECT = (
    "<ObjectEvent>{time}<epcList>{epcs}</epcList><action>{action}</action>"
    "<bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep><disposition>urn:epcglobal:cbv:disp:{disposition}</disposition>"
    "<readPoint><id>urn:epc:id:sgln:8699999.00000.0</id></readPoint></ObjectEvent>"
)
_PACKED = (
    "<AggregationEvent>{time}<parentID>{parent}</parentID><childEPCs>{epcs}</childEPCs><action>ADD</action>"
    "<bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep><disposition>urn:epcglobal:cbv:disp:in_progress</disposition>"
    "<readPoint><id>urn:epc:id:sgln:8699999.00000.0</id></readPoint></AggregationEvent>"
)


def serials(count: int, first: int = 1) -> list[str]:
    """SGTINs ``SN0001`` and so on."""
    return [f"{GTIN}SN{number:04}" for number in range(first, first + count)]


def _epcs(epcs: list[str]) -> str:
    return "".join(f"<epc>{epc}</epc>" for epc in epcs)


def made(epcs: list[str]) -> str:
    time = _TIME.format(hour=8)
    return _OBJECT.format(time=time, epcs=_epcs(epcs), action="ADD", step="commissioning", disposition="active")


def packed(parent: str, epcs: list[str], hour: int = 9) -> str:
    return _PACKED.format(time=_TIME.format(hour=hour), parent=parent, epcs=_epcs(epcs))


def shipped(epcs: list[str], hour: int = 12) -> str:
    time = _TIME.format(hour=hour)
    return _OBJECT.format(time=time, epcs=_epcs(epcs), action="OBSERVE", step="shipping", disposition="in_transit")


def document(*events: str) -> bytes:
    """An EPCIS 1.2 document."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" '
        'schemaVersion="1.2" creationDate="2026-01-03T10:00:00Z"><EPCISBody><EventList>\n'
        f"{chr(10).join(events)}</EventList></EPCISBody></epcis:EPCISDocument>\n"
    ).encode()
