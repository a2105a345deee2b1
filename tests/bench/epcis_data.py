"""EPCIS files to measure with: the same bytes for the same arguments, as large as asked, in memory that stays flat.

``mixed`` is the everyday case: of 100 events 40 commission ten packs each with a lot, 5 commission a case, 50 pack ten
packs into a case, and 5 ship cases with business documents, parties and a vendor's own field. ``bulk`` holds events
of 1000 packs, ``one`` a single event with all of them. All are EPCIS 1.2 XML, valid against its schema; all numbers
are synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

BLOCK = 100
COMMISSIONED, CASES, PACKED = 40, 5, 50  # of each block; the rest ships
PACKS = 10  # in a case
BULK_PACKS = 1000
FAULT_SERIAL = "urn:epc:id:sgtin:0614141.107346."  # an EPC whose serial number is missing

_PREFIX = "urn:epc:id:sgtin:0614141.107346."
_SSCC = "urn:epc:id:sscc:0614141."
_CBV = "urn:epcglobal:cbv:"
_VENDOR = "http://ns.vendor.example/epcis"
_START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_MULTIPLIER, _MODULUS = 2_862_933_555_777_941_757, 1 << 64

_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda"
    xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    xmlns:vendor="{_VENDOR}" schemaVersion="1.2" creationDate="2026-01-31T12:00:00.000Z">
  <EPCISHeader>
    <sbdh:StandardBusinessDocumentHeader>
      <sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
      <sbdh:Sender><sbdh:Identifier Authority="GS1">0614141000005</sbdh:Identifier></sbdh:Sender>
      <sbdh:Receiver><sbdh:Identifier Authority="GS1">0614142000004</sbdh:Identifier></sbdh:Receiver>
      <sbdh:DocumentIdentification>
        <sbdh:Standard>EPCglobal</sbdh:Standard>
        <sbdh:TypeVersion>1.0</sbdh:TypeVersion>
        <sbdh:InstanceIdentifier>bench-1</sbdh:InstanceIdentifier>
        <sbdh:Type>Events</sbdh:Type>
        <sbdh:CreationDateAndTime>2026-01-31T12:00:00.000Z</sbdh:CreationDateAndTime>
      </sbdh:DocumentIdentification>
    </sbdh:StandardBusinessDocumentHeader>
    <extension>
      <EPCISMasterData>
        <VocabularyList>
          <Vocabulary type="urn:epcglobal:epcis:vtype:Location">
            <VocabularyElementList>
              <VocabularyElement id="urn:epc:id:sgln:0614141.00000.0">
                <attribute id="urn:epcglobal:cbv:mda#name">Plant One &amp; Warehouse</attribute>
                <attribute id="urn:epcglobal:cbv:mda#countryCode">DE</attribute>
              </VocabularyElement>
            </VocabularyElementList>
          </Vocabulary>
        </VocabularyList>
      </EPCISMasterData>
    </extension>
  </EPCISHeader>
<EPCISBody>
  <EventList>
"""
_TAIL = """  </EventList>
</EPCISBody>
</epcis:EPCISDocument>
"""


def mixed(path: Path, events: int, *, fault_at: int = 0) -> None:
    """Write `events` everyday events; the one with number `fault_at` names an EPC without a serial number."""
    _save(path, _mixed(events, fault_at))


def bulk(path: Path, events: int) -> None:
    """Write commissioning events of `BULK_PACKS` packs each."""
    _save(path, (_commission(number, number * BULK_PACKS, BULK_PACKS) for number in range(events)))


def one(path: Path, packs: int) -> None:
    """Write one commissioning event with `packs` packs."""
    _save(path, [_commission(0, 0, packs)])


def _save(path: Path, events: Iterator[str] | list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_HEAD)
        stream.writelines(events)
        stream.write(_TAIL)


def _mixed(events: int, fault_at: int) -> Iterator[str]:
    for number in range(events):
        event = _one_of_mixed(number)
        if number + 1 == fault_at:
            start = event.index("<epc>") + len("<epc>")
            event = event[:start] + FAULT_SERIAL + event[event.index("</epc>") :]
        yield event


def _one_of_mixed(number: int) -> str:
    block, at = divmod(number, BLOCK)
    if at < COMMISSIONED:
        return _commission(number, (block * COMMISSIONED + at) * PACKS, PACKS)
    at -= COMMISSIONED
    case = block * PACKED
    if at < CASES:
        return _event("ObjectEvent", number, _epcs("epcList", [_case(case + at)]) + _ADD + _place("commissioning"))
    at -= CASES
    if at < PACKED:
        # More is packed than was commissioned here, as in real files: the rest came from elsewhere.
        first = (block * COMMISSIONED + at) * PACKS if at < COMMISSIONED else 10**6 + (block * 10 + at) * PACKS + 10**7
        children = _epcs("childEPCs", [_pack(first + index) for index in range(PACKS)])
        parent = f"      <parentID>{_case(case + at)}</parentID>\n"
        return _event("AggregationEvent", number, parent + children + _ADD + _place("packing"))
    at -= PACKED
    return _ship(number, [_case(case + at * CASES + index) for index in range(CASES)])


def _commission(number: int, first: int, count: int) -> str:
    lot = f"""      <extension>
        <ilmd>
          <cbvmda:lotNumber>LOT{number // 1000:06d}</cbvmda:lotNumber>
          <cbvmda:itemExpirationDate>2029-10-31</cbvmda:itemExpirationDate>
        </ilmd>
      </extension>
"""
    packs = _epcs("epcList", [_pack(first + index) for index in range(count)])
    return _event("ObjectEvent", number, packs + _ADD + _place("commissioning") + lot)


def _ship(number: int, cases: list[str]) -> str:
    documents = f"""      <bizTransactionList>
        <bizTransaction type="{_CBV}btt:po">urn:epc:id:gdti:0614141.00001.PO{number}&amp;A</bizTransaction>
        <bizTransaction type="{_CBV}btt:desadv">urn:epcglobal:cbv:bt:0614141000005:D{number}</bizTransaction>
      </bizTransactionList>
"""
    parties = f"""      <extension>
        <sourceList>
          <source type="{_CBV}sdt:owning_party">urn:epc:id:sgln:0614141.00000.0</source>
          <source type="{_CBV}sdt:location">urn:epc:id:sgln:0614141.00000.0</source>
        </sourceList>
        <destinationList>
          <destination type="{_CBV}sdt:owning_party">urn:epc:id:sgln:0614142.00000.0</destination>
          <destination type="{_CBV}sdt:location">urn:epc:id:sgln:0614142.00001.0</destination>
        </destinationList>
      </extension>
      <vendor:truck>plate &lt;X-{number % 977}&gt;</vendor:truck>
"""
    observe = "      <action>OBSERVE</action>\n"
    place = _place("shipping", "in_transit", "")
    return _event("ObjectEvent", number, _epcs("epcList", cases) + observe + place + documents + parties)


_ADD = "      <action>ADD</action>\n"


def _event(name: str, number: int, content: str) -> str:
    time = _START + timedelta(seconds=number)
    stamp = f"{time:%Y-%m-%dT%H:%M:%S}"
    return f"""    <{name}>
      <eventTime>{stamp}.000+00:00</eventTime>
      <recordTime>{stamp}.500+00:00</recordTime>
      <eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <baseExtension>
        <eventID>urn:uuid:{_mix(number):08x}-0000-4000-8000-{number:012x}</eventID>
      </baseExtension>
{content}    </{name}>
"""


def _place(step: str, disposition: str = "active", location: str = "urn:epc:id:sgln:0614141.00000.0") -> str:
    where = f"      <bizLocation>\n        <id>{location}</id>\n      </bizLocation>\n" if location else ""
    return f"""      <bizStep>{_CBV}bizstep:{step}</bizStep>
      <disposition>{_CBV}disp:{disposition}</disposition>
      <readPoint>
        <id>urn:epc:id:sgln:0614141.00000.line-1</id>
      </readPoint>
{where}"""


def _epcs(name: str, epcs: list[str]) -> str:
    lines = "".join([f"        <epc>{epc}</epc>\n" for epc in epcs])
    return f"      <{name}>\n{lines}      </{name}>\n"


def _pack(number: int) -> str:
    return f"{_PREFIX}{_mix(number):08X}{number % 10**7:07d}"


def _case(number: int) -> str:
    return f"{_SSCC}1{number:09d}"


def _mix(number: int) -> int:
    """32 bits that look random and are the same on every machine."""
    return ((number + 1) * _MULTIPLIER % _MODULUS) >> 32
