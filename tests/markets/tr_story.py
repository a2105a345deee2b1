"""A small story of packing and shipping in Turkey, and how tests compose transfers of it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    ObjectEvent,
    Party,
)
from gateway.findings import Losses
from gateway.formats.base import Context
from gateway.gs1.check_digit import append
from gateway.markets.hierarchy import CBV_MDA
from gateway.markets.tr.compose import compose_limited
from gateway.markets.tr.pts import PACKAGE_BYTES, PTS
from gateway.options import Options
from gateway.resources import shipped

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "markets" / "tr"
SCHEMAS = shipped("xsd", "tr")
SOURCE, DESTINATION, PLACE = "8699999000010", "8699999000027", "8699999000034"
PARTIES = {"source-gln": SOURCE, "destination-gln": DESTINATION}
LGTIN = "urn:epc:class:lgtin:8699999.011101.L1"
TIME = {"event-time": "2026-11-20T09:30:00+03:00"}


def pack_epc(serial: str, item: str = "011101") -> str:
    return f"urn:epc:id:sgtin:8699999.{item}.{serial}"


def sscc(number: int) -> str:
    return f"urn:epc:id:sscc:8699999.1{number:09}"


def label(number: int) -> str:
    return "00" + append(f"18699999{number:09}")


def sgln(gln: str) -> str:
    return f"urn:epc:id:sgln:{gln[:7]}.{gln[7:12]}.0"


def base(at: str = "08:00") -> dict:
    return {"event_time": f"2026-11-20T{at}:00+03:00", "event_time_zone_offset": "+03:00"}


def commission(epcs, lot="LOT001", expiry="2028-09-30", *more, **fields):
    ilmd = [element(CBV_MDA, "lotNumber", lot), element(CBV_MDA, "itemExpirationDate", expiry), *more]
    ilmd = [found for found in ilmd if found.text]
    return ObjectEvent(**base(), action="ADD", biz_step="commissioning", epc_list=epcs, ilmd=ilmd, **fields)


def pack(parent, children, **fields):
    return AggregationEvent(**base("09:00"), action="ADD", parent_id=parent, child_epcs=children, **fields)


def ship(epcs, note="urn:epcglobal:cbv:bt:8699999000010:IRS2026000001", to=DESTINATION, **fields):
    values = {
        **base("10:00"),
        "action": "OBSERVE",
        "biz_step": "urn:epcglobal:cbv:bizstep:shipping",
        "epc_list": epcs,
        "source_list": [Party("urn:epcglobal:cbv:sdt:owning_party", sgln(SOURCE))],
        "destination_list": [
            Party("owning_party", f"https://id.gs1.org/417/{to}"),
            Party("https://ref.gs1.org/cbv/SDT-location", sgln(PLACE)),
        ],
        "biz_transaction_list": [BizTransaction(note, "urn:epcglobal:cbv:btt:desadv")] if note else None,
    }
    return ObjectEvent(**{**values, **fields})


def packing():
    """Pallet 1 of cases 11 and 12 (two lots), pallet 2 of case 21 with a loose pack beside it."""
    made = element(CBV_MDA, "productionDate", "2026-10-01")
    return [
        commission([pack_epc(f"SN{n:04}") for n in range(1, 6)], "LOT001", "2028-09-30", made),
        commission([pack_epc(f"SN{n:04}") for n in range(6, 9)], "LOT002", "2028-12-31"),
        pack(sscc(11), [pack_epc("SN0002"), pack_epc("SN0006"), pack_epc("SN0001")]),
        pack(sscc(12), [pack_epc("SN0003"), pack_epc("SN0007")]),
        pack(sscc(21), [pack_epc("SN0004"), pack_epc("SN0008")]),
        pack(sscc(1), [sscc(12), sscc(11)]),
        pack(sscc(2), [sscc(21), pack_epc("SN0005")]),
    ]


def story():
    return [*packing(), ship([sscc(1)]), ship([sscc(2)])]


def composed(events, settings=None, limit=PACKAGE_BYTES.value, hierarchy=None):
    options = Options.check(settings or {}, PTS.settings)
    context = Context(options=options, losses=Losses(), hierarchy=hierarchy)
    return list(compose_limited(Document(Header(), iter(events)), context, limit)), context


def xml_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        (name,) = package.namelist()
        return package.read(name)


def codes(context):
    return sorted({finding.code for finding in context.findings})


def end(step, epc, at, action="OBSERVE"):
    return ObjectEvent(**base(at), action=action, biz_step=step, epc_list=[epc])


def one(*events, **more):
    """A case with one pack, and more events."""
    return [commission([pack_epc("SN0001")]), pack(sscc(9), [pack_epc("SN0001")]), *events]
