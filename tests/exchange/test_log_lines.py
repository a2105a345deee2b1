"""What a busy gateway logs: no serial number and no secret, on any line; every line about a message names it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.exchange.site import SETTINGS, Site, document, until
from tests.exchange.test_commands import gateway
from tests.peers import faulty, web
from tests.peers.pki import Authority

#: A serial number of each input; nothing else looks like them.
SERIAL = "717273747576"
SECRETS = {
    "sftp": faulty.PASSWORD,
    "http": "Kp7-http-secret-0123456789",
    "hook": "Kp7-hook-secret-0123456789",
    "archive": "ab" * 32,
}
BROKEN = {
    "cut.xml": document(int(SERIAL + "1"))[:-60],
    "wrong.xml": document(int(SERIAL + "2")).replace(b"ADD", f"SOLD {SERIAL}2".encode()),
    "odd.xml": document(int(SERIAL + "3")).replace(b"0614141.107346", b"0614141.1"),
    "table.csv": f"GTIN;Serial;Lot\n00614141073467;{SERIAL}4;L1\nx;{SERIAL}5;\n".encode(),
    "list.json": json.dumps({"serials": [f"{SERIAL}6"]}).encode(),
    "edi.x12": f"ISA*00*bad*{SERIAL}7~".encode(),
}
#: What a line about the fate of a message is called.
ABOUT_MESSAGES = {"received", "refused", "converted", "delivered", "not delivered", "closed", "duplicate"}


@pytest.fixture(scope="module")
def partner(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("pki"))
    with web.serve(authority.issue("server", "localhost", "127.0.0.1")) as running:
        # It refuses what it gets, and says which pack it does not like.
        running.says = [web.Say(status=422, body=f"the pack {SERIAL}1 is stolen, key {SECRETS['http']}".encode())]
        yield running, authority


def part(id_: str, transport: str, **settings: object) -> dict[str, object]:
    return {"id": id_, "to": "epcis-2.0-json", "transport": transport, "settings": settings}


@pytest.mark.parametrize("level", ["info", "debug"])
def test_a_busy_run(tmp_path: Path, partner, level: str) -> None:
    peer, authority = partner
    with faulty.serve() as server:
        served = tmp_path / "served"
        (served / "out").mkdir(parents=True)
        server.reset(served)
        login = server.settings(settle={"looks": 1, "interval": 0, "min-age": 0}, password="file:keys/sftp")
        server.deny = ["posix_rename", "rename"] if level == "debug" else []
        targets = [
            part("one", "folder", path="data/one"),
            part(
                "web",
                "https",
                url=f"https://localhost:{peer.port}/in",
                ca=str(authority.certificate),
                bearer="file:keys/http",
                **{"private-addresses": True},
            ),
            part("back", "sftp", **{**login, "path": "/out"}),
        ]
        channel = {"id": "acme-in", "transport": "sftp", "schedule": {"interval": 1}, "settings": login}
        channel["settings"] = {**login, "after": "delete"}
        site = Site(tmp_path / "ws")
        site.build(json.dumps({"partner": {"id": "acme"}, "channels": [channel], "targets": targets}))
        (site.root / "keys").mkdir()
        for name, secret in SECRETS.items():
            (site.root / "keys" / name).write_text(secret)
        (site.root / "gateway.toml").write_text(
            SETTINGS.replace('"error"', f'"{level}"')
            + 'format = "json"\n[engine]\npoll-interval = 0.1\n[archive]\nkey = "file:keys/archive"\n[alerts]\n'
            f'webhook = "https://localhost:{peer.port}/hook"\nwebhook-key = "file:keys/hook"\n'
        )
        for name, data in {**BROKEN, "good.xml": document(int(SERIAL + "0"))}.items():
            (served / name).write_bytes(data)
        with (tmp_path / "log").open("w") as log:
            command = [sys.executable, "-m", "gateway", "run", "-C", str(site.root)]
            process = subprocess.Popen(command, stderr=log, stdout=log)
            try:
                ended = ("done", "refused", "failed")
                until(lambda: len([m for m in site.messages() if m.state in ended]) == len(BROKEN) + 1, 90)
            finally:
                process.terminate()
                process.wait(30)
    text = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    known = {message.id for message in site.messages()}
    about = [line for line in lines if line["event"] in ABOUT_MESSAGES]
    assert {line["message"] for line in about} == known
    assert all(line["level"] and re.fullmatch(r"[-\d]+T[.:\d]+Z", line["timestamp"]) for line in lines)
    for secret in SECRETS.values():
        assert secret not in text
    if level == "info":
        assert SERIAL not in text
    # They are in the ledger, so that a search for them here means something.
    assert SERIAL in "".join(gateway("show", str(number), "--json", "-C", str(site.root)) for number in range(1, 8))
    # What leaves the machine, or is looked at over a shoulder, names messages and counts.
    assert SERIAL not in gateway("alerts", "list", "-C", str(site.root))
