"""The exchange and a real OpenSSH server: wrong host keys, files that are still being written."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.exchange.site import EVENT, Site, document, until
from tests.exchange.test_commands import gateway, in_a_process

pytestmark = pytest.mark.openssh
WRONG = "SHA256:" + "A" * 43
QUICK = {"looks": 1, "interval": 0, "min-age": 0}


class SshSite(Site):
    """A workspace whose peers lie at an OpenSSH server."""

    def __init__(self, root: Path, server) -> None:
        super().__init__(root, server.root)
        self.server = server

    def say(self, *, settle=QUICK, inbox=(), receiver=()) -> SshSite:
        """Write the agreement, with other settings for the channel or for one receiver."""

        def part(id_: str, **more: object) -> dict[str, object]:
            return {"id": id_, "transport": "sftp", "settings": self.server.settings(path=id_, **more)}

        agreement = {
            "partner": {"id": "acme"},
            "channels": [part("in", settle=settle, **dict(inbox)) | {"schedule": {"interval": 1}}],
            "targets": [
                part("one", **dict(receiver)) | {"to": "epcis-2.0-json"},
                part("two") | {"to": "epcis-1.2-xml"},
            ],
        }
        return self.build(json.dumps(agreement))


@pytest.fixture
def ssh_site(tmp_path: Path, openssh) -> SshSite:
    return SshSite(tmp_path / "ws", openssh)


def test_a_wrong_host_key_of_the_sender(ssh_site: SshSite, openssh) -> None:
    ssh_site.say(inbox={"host-key-fingerprints": [WRONG]})
    ssh_site.drop("a.xml", document())
    for text in (
        in_a_process("once", "-C", str(ssh_site.root), expect=5),
        gateway("check", "--online", "-C", str(ssh_site.root), expect=5),
        gateway("status", "-C", str(ssh_site.root)),
    ):
        assert f"its host key is {openssh.fingerprints['ed25519']}, expected {WRONG}" in text
        assert "ask the partner" in text
    assert (ssh_site.inbox / "a.xml").read_bytes() == document()
    assert ssh_site.messages() == []
    ssh_site.say()
    assert "done" in in_a_process("once", "-C", str(ssh_site.root))
    assert ssh_site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}


def test_a_wrong_host_key_of_a_receiver(ssh_site: SshSite, openssh) -> None:
    ssh_site.say(receiver={"host-key-fingerprints": [WRONG]})
    ssh_site.drop("a.xml", document())
    assert "1 of 2 deliveries failed" in in_a_process("once", "-C", str(ssh_site.root), expect=5)
    assert f"host key is {openssh.fingerprints['ed25519']}, expected {WRONG}" in gateway(
        "show", "1", "-C", str(ssh_site.root)
    )
    assert ssh_site.delivered() == {"one": [], "two": ["a.xml"]}
    ssh_site.say()
    gateway("replay", "1", "--from", "deliver", "-C", str(ssh_site.root))
    assert "done" in in_a_process("once", "-C", str(ssh_site.root))
    assert ssh_site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}


def test_a_file_that_still_grows_is_not_taken(ssh_site: SshSite) -> None:
    head, tail = document().split(EVENT.format(serial=1).encode())
    whole = threading.Event()

    def write() -> None:
        serial = 0
        with (ssh_site.inbox / "slow.xml").open("wb") as stream:
            stream.write(head)
            while not whole.wait(0.02):
                serial += 1
                stream.write(EVENT.format(serial=serial).encode())
                stream.flush()
            stream.write(tail)

    ssh_site.say(settle={"looks": 2, "interval": 0.3, "min-age": 3})
    writer = threading.Thread(target=write)
    writer.start()
    try:
        until((ssh_site.inbox / "slow.xml").exists)
        assert not ssh_site.once()
        assert ssh_site.messages() == []
        with ssh_site.running():
            looks = "select count(distinct at) from collections where at > '{}'"
            for _ in range(2):
                (last,) = ssh_site.rows("select at from collections")[0]
                until(lambda last=last: ssh_site.rows(looks.format(last)) == [(1,)])
            assert ssh_site.messages() == []
            whole.set()
            writer.join()
            written = (ssh_site.inbox / "slow.xml").read_bytes()
            until(lambda: [m.state for m in ssh_site.messages()] == ["done"])
    finally:
        whole.set()
        writer.join()
    (message,) = ssh_site.messages()
    assert written.endswith(tail)
    assert ssh_site.workspace().archive.path(message.sha256).read_bytes() == written
    assert message.events == written.count(b"<ObjectEvent>") > 10
    assert ssh_site.delivered() == {"one": ["slow.jsonld"], "two": ["slow.xml"]}
