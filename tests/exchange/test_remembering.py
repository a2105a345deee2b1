"""The hierarchy store in the flow: kept once, not of what is refused or cancelled, compared with what came before."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from gateway.exchange import failpoints
from gateway.exchange.operations import cancel
from gateway.exchange.serials import SerialStore
from tests.exchange.site import AGREEMENT, Site
from tests.exchange.test_commands import gateway
from tests.submit.story import CASE, PALLET, document, made, packed, serials, shipped

TOLD = f"serials: true\n{AGREEMENT}"
COUNTING = "SELECT message FROM serial_messages WHERE state = 'complete' ORDER BY message"


@pytest.fixture
def site(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build(TOLD)


def test_what_messages_say_is_kept_and_compared(site: Site) -> None:
    site.drop("1.xml", document(made(serials(3)), packed(CASE, serials(3)), packed(PALLET, [CASE])))
    site.drop("2.xml", document(made(serials(1)), shipped([PALLET])))
    assert not site.once()
    first, second = site.messages()
    assert [(m.state, m.name) for m in (first, second)] == [("done", "1.xml"), ("done", "2.xml")]
    found = site.rows("SELECT code, severity, target FROM findings WHERE code LIKE 'SERIAL%'")
    assert found == [("SERIAL-01", "warning", "(serials)")]
    assert "SERIAL-01" in gateway("show", "2", "-C", str(site.root))
    workspace = site.workspace()
    tree = SerialStore(workspace.database).hierarchy("main")
    assert tree.contents(PALLET) == serials(3)
    assert tree.status(serials(1)[0]).messages == (first.id, second.id)
    workspace.close()
    gateway("replay", "1", "--again", "-C", str(site.root))
    assert not site.once()
    assert site.rows(COUNTING) == [(first.id,), (second.id,)]  # the replay tells nothing new
    shown = gateway("serials", CASE, "--contents", "-C", str(site.root))
    assert shown.split()[-3:] == serials(3)
    assert "in        " + PALLET in gateway("serials", CASE, "-C", str(site.root))
    assert "nothing is known" in gateway("serials", CASE, "--client", "other", "-C", str(site.root))
    gateway("serials", "--void", "1", "-C", str(site.root))
    assert site.rows(COUNTING) == [(second.id,)]


def test_contradictions_may_be_refused_and_the_refused_counts_no_more(site: Site) -> None:
    site.agree(TOLD.replace("serials: true", "serials: {client: brand, contradictions: refuse}"))
    site.drop("1.xml", document(made(serials(3))))
    site.drop("2.xml", document(made(serials(2)), made(serials(1, 9))))
    assert not site.once()
    first, second = site.messages()
    assert (second.state, second.reason) == ("refused", "2 contradictions to earlier messages")
    assert site.rows(COUNTING) == [(first.id,)]
    assert site.delivered()["one"] == ["1.jsonld"]


def test_what_fails_or_is_cancelled_counts_no_more(site: Site) -> None:
    site.drop("bad.xml", document(made(serials(1)), packed(CASE, ["urn:epc:id:sgtin:8699999.1.1"])))
    site.agree(TOLD.replace("id: one,", "id: one, hold: true,"))
    site.drop("good.xml", document(made(serials(2))))
    site.once()
    bad, good = sorted(site.messages(), key=lambda message: message.name)
    assert bad.state == "refused"
    assert site.rows(COUNTING) == [(good.id,)]
    workspace = site.workspace()
    cancel(workspace, good.id, "a mistake")
    workspace.close()
    assert site.rows(COUNTING) == []


@pytest.mark.parametrize("point", failpoints.SERIAL_POINTS)
def test_kill_9_keeps_all_or_nothing(tmp_path: Path, point: str) -> None:
    site = Site(tmp_path / "ws").build(TOLD)
    site.drop("1.xml", document(made(serials(3))))
    process, _ = site.start(point)
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    assert len(site.rows(COUNTING)) == (point == "serials.recorded")
    assert not site.once()
    assert len(site.rows(COUNTING)) == 1
    counted = "SELECT count(*) FROM serial_events e JOIN serial_messages m ON m.id = e.message"
    assert site.rows(f"{counted} WHERE m.state = 'complete'") == [(1,)]


def test_without_the_word_nothing_is_kept(tmp_path: Path) -> None:
    site = Site(tmp_path / "ws").build(AGREEMENT)
    site.drop("1.xml", document(made(serials(3))))
    assert not site.once()
    assert site.rows(COUNTING) == []
