"""A batch in Saudi Arabia: commissioned, packed, palletised, shipped, partly returned and destroyed."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, Location, ObjectEvent, Party
from gateway.epcis.hierarchy import CBV_MDA
from gateway.findings import Findings, Losses
from gateway.formats.base import Context
from gateway.markets.sa.compose import compose
from gateway.markets.sa.rsd import RSD
from gateway.options import Options
from gateway.resources import shipped

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "markets" / "sa"
SCHEMAS = shipped("xsd", "sa")
PLANT, DEPOT, ABROAD, SISTER = (f"urn:epc:id:sgln:628{n:04}.00001.0" for n in (1000, 2000, 3000, 1001))
GLNS = {"plant": "6281000000014", "depot": "6282000000011", "abroad": "6283000000018", "sister": "6281001000013"}
GTIN = "06281000111116"
LOCAL = {"origin": "SA"}
STORY = {**LOCAL, "explanation": "damaged in the warehouse"}


def pack_epc(number, item="011111"):
    return f"urn:epc:id:sgtin:6281000.{item}.{serial(number)}"


def serial(number):
    return f"S{number:09}"


def sscc(number):
    return f"urn:epc:id:sscc:6281000.1{number:09}"


def base(at):
    return {
        "event_time": f"2026-11-20T{at}:00+03:00",
        "event_time_zone_offset": "+03:00",
        "read_point": Location(PLANT),
    }


def commission(epcs, lot="LOT001", at="08:00", expiry="2028-09-30", made="2026-11-01", *, country="", **more):
    values = (
        ("lotNumber", lot),
        ("itemExpirationDate", expiry),
        ("productionDate", made),
        ("countryOfOrigin", country),
    )
    ilmd = [element(CBV_MDA, name, value) for name, value in values if value]
    return ObjectEvent(
        **{**base(at), "action": "ADD", "biz_step": "commissioning", "epc_list": epcs, "ilmd": ilmd, **more}
    )


def pack(parent, children, at="09:00", action="ADD", **more):
    return AggregationEvent(**base(at), action=action, parent_id=parent, child_epcs=children, **more)


def move(step, epcs, at="10:00", *, source=PLANT, to=DEPOT, elements=(), **more):
    values = {
        **base(at),
        "action": "OBSERVE",
        "biz_step": step,
        "epc_list": epcs,
        "source_list": [Party("owning_party", source)] if source else None,
        "destination_list": [Party("owning_party", to)] if to else None,
        "extensions": [element("urn:example:erp", name, value) for name, value in elements],
    }
    return ObjectEvent(**{**values, **more})


def packing():
    """200 packs in 10 cases on 2 pallets."""
    packs = [pack_epc(n) for n in range(200)]
    cases = [sscc(100 + n) for n in range(10)]
    return [
        commission(packs),
        *(pack(case, packs[n * 20 : (n + 1) * 20], f"09:{n:02}") for n, case in enumerate(cases)),
        pack(sscc(1), cases[:5], "09:30"),
        pack(sscc(2), cases[5:], "09:40"),
    ]


def story():
    returned = [pack_epc(0), pack_epc(1)]
    return [
        *packing(),
        move("shipping", [sscc(1), sscc(2)]),
        move("receiving", [sscc(1), sscc(2)], "11:00"),
        pack(sscc(100), returned, "12:00", "DELETE"),
        move("shipping", returned, "12:30", source=DEPOT, to=PLANT, disposition="returned"),
        move("receiving", returned, "13:00", source=DEPOT, to=PLANT),
        move("decommissioning", [pack_epc(0)], "14:00", action="DELETE", disposition="damaged"),
    ]


def composed(events, settings=None, hierarchy=None):
    options = Options.check(LOCAL if settings is None else settings, RSD.settings)
    context = Context(options=options, losses=Losses(), hierarchy=hierarchy)
    return list(compose(Document(Header(), iter(events)), context)), context


def codes(context):
    return sorted({finding.code for finding in context.findings})


def checked(data):
    findings = Findings()
    RSD.check(data, findings)
    return sorted({finding.code for finding in findings})


def request(submission):
    """The request in the envelope."""
    return etree.fromstring(submission.data)[0][0]


def kinds(made):
    return [submission.kind for submission in made]
