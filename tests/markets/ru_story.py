"""A batch in Russia: commissioned, packed, palletised, shipped, partly returned and destroyed; composing of it."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, BizTransaction, Location, ObjectEvent, Party
from gateway.epcis.hierarchy import CBV_MDA
from gateway.findings import Losses
from gateway.formats.base import Context
from gateway.markets.ru.compose import compose
from gateway.markets.ru.mdlp import MDLP
from gateway.options import Options
from gateway.resources import shipped

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "markets" / "ru"
SCHEMAS = shipped("xsd", "ru")
PLANT, OWNER = "urn:epc:id:sgln:4699999.00001.0", "urn:epc:id:sgln:4699999.00002.0"
PLANT_ID, OWNER_ID = "00000000000101", "00000000000202"
GUID = "11111111-2222-3333-4444-555555555555"
IDS = {"subject-ids": f"4699999000014={PLANT_ID},4699999000021={OWNER_ID}"}
NOTE = BizTransaction("urn:epcglobal:cbv:bt:4699999000014:DN-1", "urn:epcglobal:cbv:btt:desadv")
SHIPPED = {**IDS, "documents": "shipping=381", "document-date": "event-date"}
GTIN = "04699999111116"


def pack_epc(number, item="011111"):
    return f"urn:epc:id:sgtin:4699999.{item}.{serial(number)}"


def serial(number):
    return f"S{number:012}"


def sscc(number):
    return f"urn:epc:id:sscc:4699999.1{number:09}"


def base(at):
    return {
        "event_time": f"2026-11-20T{at}:00+03:00",
        "event_time_zone_offset": "+03:00",
        "read_point": Location(PLANT),
    }


def commission(epcs, lot="LOT001", at="08:00", **more):
    ilmd = [element(CBV_MDA, "lotNumber", lot), element(CBV_MDA, "itemExpirationDate", "2028-09-30")]
    ilmd += [element(CBV_MDA, name, value) for name, value in more.items()]
    return ObjectEvent(**base(at), action="ADD", biz_step="commissioning", epc_list=epcs, ilmd=ilmd)


def pack(parent, children, at="09:00", action="ADD", **more):
    return AggregationEvent(**base(at), action=action, parent_id=parent, child_epcs=children, **more)


def move(step, epcs, at="10:00", *, elements=(), **more):
    values = {
        **base(at),
        "action": "OBSERVE",
        "biz_step": step,
        "epc_list": epcs,
        "source_list": [Party("owning_party", PLANT)],
        "destination_list": [Party("owning_party", OWNER)],
        "biz_transaction_list": [NOTE],
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
        pack(sscc(100), returned, "12:00", "DELETE"),
        move("receiving", returned, "13:00", source_list=[Party("owning_party", OWNER)], destination_list=None),
        move("decommissioning", [pack_epc(0)], "14:00", action="DELETE", disposition="damaged"),
    ]


STORY = {**SHIPPED, "withdrawal-types": "damaged=15"}


def composed(events, settings=None, hierarchy=None):
    options = Options.check(IDS if settings is None else settings, MDLP.settings)
    context = Context(options=options, losses=Losses(), hierarchy=hierarchy)
    return list(compose(Document(Header(), iter(events)), context)), context


def codes(context):
    return sorted({finding.code for finding in context.findings})


def tree(submission):
    (document,) = etree.fromstring(submission.data)
    return document


def numbers(made):
    return [tree(submission).get("action_id") for submission in made]
