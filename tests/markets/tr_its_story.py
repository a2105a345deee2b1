"""How tests compose notifications to ITS, and the story of a batch in Turkey."""

from __future__ import annotations

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import ObjectEvent, Party
from gateway.findings import Losses
from gateway.formats.base import Context
from gateway.markets.client import Account, Known, play
from gateway.markets.hierarchy import CBV_MDA
from gateway.markets.simulation import Rehearsal
from gateway.markets.tr import MARKET
from gateway.markets.tr.its.message import ITS
from gateway.options import Options
from tests.markets.tr_story import (
    SOURCE,
    base,
    commission,
    pack,
    pack_epc,
    sgln,
    ship,
    sscc,
)

GTIN = "08699999111013"
SETTINGS = {
    "reporter-gln": SOURCE,
    "origin": "made",
    "description": "end of life",
    "receiver-text": "Clinic abroad",
}
MADE = element(CBV_MDA, "productionDate", "2026-10-01")
PASSWORD = "in-the-test-only"


def made(epcs, lot="LOT001", expiry="2028-09-30", **fields):
    return commission(epcs, lot, expiry, MADE, **fields)


def step(biz_step, epcs, at="11:00", action="OBSERVE", to="", **fields):
    if to:
        fields["destination_list"] = [Party("owning_party", sgln(to))]
    return ObjectEvent(**base(at), action=action, biz_step=biz_step, epc_list=epcs, **fields)


def batch(packs=200, case=20):
    """Commission packs, pack them into cases and those onto a pallet, ship it, take some back, destroy some."""
    epcs = [pack_epc(f"SN{number:06}") for number in range(packs)]
    cases = [sscc(100 + at) for at in range(packs // case)]
    return [
        made(epcs),
        *(pack(each, epcs[at * case : (at + 1) * case]) for at, each in enumerate(cases)),
        pack(sscc(1), cases),
        ship([sscc(1)]),
        step("void_shipping", epcs[:10], "11:00"),
        step("decommissioning", epcs[:5], "12:00", "DELETE", disposition="urn:epcglobal:cbv:disp:expired"),
    ]


def composed(events, settings=None, hierarchy=None, **more):
    values = SETTINGS | (settings or {}) | {name.replace("_", "-"): value for name, value in more.items()}
    options = Options.check({name: value for name, value in values.items() if value}, ITS.settings)
    context = Context(options=options, losses=Losses(), hierarchy=hierarchy)
    return list(ITS.compose(Document(Header(), iter(events)), context)), context


def simulator(**rehearsal):
    return MARKET.simulation.start(Rehearsal(**rehearsal))


def account(user=SOURCE, **options):
    return Account(user, PASSWORD, options, {})


def sent(submission, server, who=None, known=None, message=ITS):
    return play(message.client.submit(submission, who or account(), known or Known("1")), server.reply)
