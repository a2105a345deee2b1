"""Verification of returned packs over HTTP: a client of ours asks a server whose store knows a batch."""

from __future__ import annotations

import httpx
import pytest

from gateway.answers import Verdict
from gateway.errors import ConfigurationError
from gateway.exchange.serials.store import SerialStore
from gateway.exchange.workspace import opened
from gateway.markets.client import Account, Known, Reply, play
from gateway.markets.us.vrs.client import submit
from gateway.settings import load
from tests.markets.test_us_vrs import CORRELATED, GLN, RESPONDER, batch
from tests.markets.us_story import commission, pack, ship, sscc, unit
from tests.web.served import ServedSite

KEY = "verification-key-0123456789"
TABLE = f"""
[verification]
client = "maker"
gln = "{RESPONDER}"
requestors = ["{GLN}"]
key = "file:keys/verification"
"""


@pytest.fixture(scope="module")
def verifying(tmp_path_factory):
    """A server that knows 200 packs, of which one was decommissioned and one is somebody else's."""
    site = ServedSite(tmp_path_factory.mktemp("verifying") / "ws").make()
    (site.root / "keys" / "verification").write_text(KEY)
    with (site.root / "gateway.toml").open("a") as settings:
        settings.write(TABLE)
    with opened(site.root) as workspace:
        store = SerialStore(workspace.database)
        packs = [unit(number) for number in range(200) if number != 77]
        odd = "urn:epc:id:sgtin:0399999.001111.A%2FB%251"
        gone = ship([unit(5)], "13:00", action="DELETE", biz_step="destroying", disposition="destroyed")
        store.record("maker", "m1", [commission([*packs, odd]), pack(sscc(1), packs[:20]), gone])
        store.record("other", "m2", [commission([unit(77)])])
    with site.serving():
        yield site


def get(site, path, key=KEY, method="GET"):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, f"{site.url}{path}", headers=headers)


def verify(site, ser="U1", lot="LOT001", exp="280930", gln=GLN, **more):
    query = f"exp={exp}&linkType=verificationService&context=dscsaSaleableReturn&reqGLN={gln}&corrUUID={CORRELATED}"
    return get(site, f"/verify/gtin/00399999011112/lot/{lot}/ser/{ser}?{query}", **more)


def test_200_returned_packs_are_asked_about_and_two_are_not_verified(verifying):
    def reply(call):
        said = httpx.request(call.method, verifying.url + call.path, headers=dict(call.headers))
        return Reply(said.status_code, dict(said.headers), said.content)

    account = Account("", KEY, {"requestor-gln": GLN, "log-in": "bearer"})
    answer = play(submit(batch(), account, Known("0")), reply)
    assert answer.verdict is Verdict.PARTIAL
    refused = {serial.identifier: serial.reasons[0].code for serial in answer.rejected()}
    assert refused == {
        "(01)00399999011112(21)U5": "Manufacturer_policy",
        "(01)00399999011112(21)U77": "No_match_GTIN_Serial",
    }


def test_an_escaped_slash_belongs_to_the_serial_number(verifying):
    assert verify(verifying, "A%2FB%251").json()["data"] == {"verified": True}
    assert verify(verifying, "A/B%251").status_code == 404


def test_the_label_has_to_be_right(verifying):
    assert verify(verifying, lot="LOT002").json()["data"]["verificationFailureReason"] == "No_match_GTIN_Serial_Lot"
    answer = verify(verifying)
    assert answer.json()["responderGLN"] == RESPONDER
    assert answer.headers["cache-control"].startswith("private, no-cache")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"key": ""}, 401),
        ({"key": "another-key-0123456789"}, 401),
        ({"gln": "0377777000015"}, 401),
        ({"gln": "1"}, 400),
        ({"method": "POST"}, 405),
    ],
)
def test_who_is_not_answered(verifying, more, status):
    assert verify(verifying, **more).status_code == status


def test_whether_it_answers_for_a_product(verifying):
    answer = get(verifying, f"/checkConnectivity?gtin=00399999011112&reqGLN={GLN}")
    assert answer.json() == {"responderGLN": RESPONDER}


def test_without_settings_there_is_no_such_address(served):
    assert verify(served).status_code == 404


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('client = "maker"', "verification.gln"),
        (f'client = "maker"\ngln = "{RESPONDER}"', "verification.requestors"),
        (f'client = "maker"\ngln = "{RESPONDER}"\nrequestors = ["1"]', "verification.requestors"),
        ('profile = "eu"', "verification.profile"),
        ('customer = "maker"', "verification.customer"),
    ],
)
def test_settings_that_do_not_fit_are_refused(site, table, words):
    with (site.root / "gateway.toml").open("a") as settings:
        settings.write(f"\n[verification]\n{table}\n")
    with pytest.raises(ConfigurationError, match=words):
        load(site.root)
