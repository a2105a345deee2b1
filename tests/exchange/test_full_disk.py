"""The disk of a workspace is full: commands say so, nothing is lost or half, and it goes on once there is room."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.exchange.site import AGREEMENT, SETTINGS, Site, document, until
from tests.exchange.test_alerts import fill
from tests.exchange.test_commands import gateway, in_a_process

TIMED = AGREEMENT.replace("transport: folder\n", "transport: folder\n    schedule: {interval: 1}\n", 1)
FILES = 3


#: Room for the two databases and their logs.
pytestmark = pytest.mark.parametrize("small_disk", ["32m"], indirect=True)


@pytest.fixture
def site(small_disk: Path, tmp_path: Path) -> Site:
    """A workspace on a small disk; its peers' folders lie elsewhere."""
    peers = tmp_path / "peers"
    agreement = TIMED
    for name in ("in", "one", "two"):
        agreement = agreement.replace(f"data/{name}", str(peers / name))
    site = Site(small_disk / "ws", peers).build(agreement)
    site.messages()  # makes the ledger
    with (site.root / "gateway.toml").open("a") as settings:
        settings.write("[intake]\nfree-bytes = 0\n")
    return site


def test_a_running_gateway_lives_on(site: Site, small_disk: Path) -> None:
    """Neither its ledger nor the engine's database can be written meanwhile."""
    filling = small_disk / "filling"
    with site.running() as process:
        site.drop("a.xml", document())
        until(lambda: [message.state for message in site.messages()] == ["done"])
        fill(filling)
        for number in range(FILES):
            site.drop(f"{number}.xml", document(number + 10))
        time.sleep(3)  # for some slots it finds no room
        assert process.is_alive()
        filling.unlink()
    names = sorted(["a.xml", *(f"{number}.xml" for number in range(FILES))])
    site.once()
    assert site.delivered()["two"] == names
    assert {message.state for message in site.messages()} == {"done"}
    root = str(site.root)
    assert "whole" in gateway("audit", "verify", "-C", root)
    assert "whole" in gateway("archive", "verify", "-C", root)
    assert list((site.root / "data" / "quarantine").iterdir()) == []


def test_commands_say_that_the_disk_is_full(site: Site, small_disk: Path) -> None:
    root = str(site.root)
    fill(small_disk / "filling")
    text = in_a_process("once", "-C", root, expect=4)
    assert f"the disk is full: make room on the disk of {site.root / 'data'}" in text
    assert "Traceback" not in text
    assert "sqlalche" not in text
    (small_disk / "filling").unlink()
    site.drop("a.xml", document())
    assert "done" in in_a_process("once", "-C", root)


def test_nothing_is_taken_when_less_than_agreed_is_left(site: Site) -> None:
    (site.root / "gateway.toml").write_text(SETTINGS + "[intake]\nfree-bytes = 60000000\n")
    root = str(site.root)
    site.drop("a.xml", document())
    assert "no room for" in in_a_process("once", "-C", root, expect=5)
    assert [path.name for path in site.inbox.iterdir()] == ["a.xml"]
    text = gateway("status", "-C", root)
    assert "must stay free: nothing is collected" in text
