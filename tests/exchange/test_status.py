"""``gateway status``: what an operator sees in the morning, on one screen; and names that would steer the terminal."""

from __future__ import annotations

import json
import os
from pathlib import Path

from gateway.cli import status
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger.intake import Arrival
from tests.exchange.site import AGREEMENT, SETTINGS, Site, document
from tests.exchange.test_commands import gateway, in_a_process

#: Colours, a title, a line over the one before, letters from right to left, bytes that are no UTF-8.
NAMES = [
    b"\x1b[31ma\x1b]0;title\x07.xml",
    b"b\r\x1b[1Aok.xml",
    "c\u202egnp.xml".encode(),
    b"d\xff\xfe.xml",
    b"e\nf.xml",
]


def test_what_is_wrong_comes_first_with_what_to_do(make_site) -> None:
    timed = AGREEMENT.replace("transport: folder\n", "transport: folder\n    schedule: {interval: 900}\n", 1)
    site: Site = make_site(timed)
    root = str(site.root)
    assert "nothing is wrong" in gateway("status", "-C", root)
    site.drop("bad.xml", b"<nonsense")
    site.one.rmdir()
    site.once()
    site.drop("good.xml", document())
    site.once()
    site.inbox.rename(site.inbox.with_name("gone"))
    site.once()
    text = gateway("status", "-C", root)
    lines = text.splitlines()
    assert lines[0] == "not running"
    assert lines[1] == "last 24 hours: 2 received; 1 refused, 1 failed"
    assert "things are wrong:" in lines[4]
    assert "1 message of acme was refused, the last is 1: gateway show 1" in text
    assert f"channel acme-in: there is no folder {site.inbox} (create it, or mount the share it is on)" in text
    assert "see above" in text
    shown = json.loads(gateway("status", "-C", root, "--json"))
    assert [one["kind"] for one in shown["wrong"]] == ["failed", "refused", "channel"]
    assert shown["lately"] == {"hours": 24, "received": 2, "ended": {"refused": 1, "failed": 1}}
    assert shown["disk"]["free"] > shown["disk"]["must_stay_free"]
    assert "seen by" not in text
    key = shown["wrong"][0]["key"]
    gateway("alerts", "seen", key, "--why", "the CMO knows", "-C", root)
    assert "the CMO knows" in gateway("status", "-C", root)


def test_a_long_backlog_stays_on_one_screen(site: Site) -> None:
    workspace = site.workspace()
    agreements = workspace.agreements
    configuration = workspace.ledger.configuration(agreements.files)
    for number in range(30):
        stored = Stored(f"{number:064}", 1)
        workspace.ledger.receive(Arrival("acme", "acme-in", f"{number}.xml", str(number), stored, configuration))
    workspace.close()
    text = gateway("status", "-C", str(site.root))
    assert f"… and {30 - status.SHOWN} more at work" in text
    assert len(text.splitlines()) < 25
    assert len(json.loads(gateway("status", "-C", str(site.root), "--json"))["in_work"]) == 30


def test_names_from_outside_steer_no_terminal(site: Site) -> None:
    (site.root / "gateway.toml").write_text(SETTINGS.replace('"error"', '"info"\nformat = "plain"'))
    for number, name in enumerate(NAMES):
        (Path(os.fsdecode(os.fsencode(site.inbox) + b"/" + name))).write_bytes(b"nonsense %d" % number)
    root = str(site.root)
    said = in_a_process("once", "-C", root)
    for command in (["messages"], ["status"], ["show", "1"], ["show", "2"], ["messages", "--state", "Refused"]):
        said += gateway(*command, "-C", root)
    assert "\\x1b[31ma" in said
    assert "title" in said
    bad = {character for character in said if not character.isprintable() and character not in "\n\t"}
    assert not bad
