"""Files that stay at their peer: taken once, told once, whatever stands there."""

from __future__ import annotations

import json
import os

import pytest

from tests.exchange.site import Site, document
from tests.peers import dovecot
from tests.peers.pki import Authority
from tests.transports.imap.mails import mail

TARGETS = [
    {"id": "one", "to": "epcis-2.0-json", "transport": "folder", "settings": {"path": "data/one"}},
    {"id": "two", "to": "epcis-1.2-xml", "transport": "folder", "settings": {"path": "data/two"}},
]


def states(site: Site) -> list[tuple[str, str]]:
    return [(message.name, message.state) for message in site.messages()]


def test_a_folder_in_which_nothing_may_be_changed(make_site) -> None:
    quick = {"path": "data/in", "settle": {"looks": 1, "interval": 0, "min-age": 0}, "after": "keep"}
    channel = {"id": "acme-in", "transport": "folder", "settings": quick}
    site = make_site(json.dumps({"partner": {"id": "acme"}, "channels": [channel], "targets": TARGETS}))
    site.drop("a.xml", document())
    for _ in range(2):
        assert not site.once()
        assert states(site) == [("a.xml", "done")]
    assert [path.name for path in site.inbox.iterdir()] == ["a.xml"]
    site.drop("a.xml", document(2))
    os.utime(site.inbox / "a.xml", (1e9, 1e9))
    assert not site.once()
    assert states(site) == [("a.xml", "done"), ("a.xml", "done")]
    assert site.delivered() == {"one": ["a.jsonld", "a.jsonld"], "two": ["a.xml", "a.xml"]}


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory):
    dovecot.require()
    authority = Authority(tmp_path_factory.mktemp("pki"))
    with dovecot.serve(authority.issue("mail", "localhost")) as server:
        yield server, authority


@pytest.fixture
def mail_site(mail_server, make_site):
    server, authority = mail_server
    box = server.mailbox()
    settings = server.settings(box, ca=str(authority.certificate), password="file:keys/mail")
    channel = {"id": "acme-mail", "transport": "imap", "settings": settings}
    site = make_site(json.dumps({"partner": {"id": "acme"}, "channels": [channel], "targets": TARGETS}))
    (site.root / "keys").mkdir(exist_ok=True)
    (site.root / "keys" / "mail").write_text(dovecot.PASSWORD)
    return site, box


def test_mails(mail_site) -> None:
    """Attachments are delivered, a stranger is refused with a reason, and nothing comes twice."""
    site, box = mail_site
    box.put(mail(("a.xml", document(1)), ("b.xml", document(2))), age=200)
    box.put(mail(("c.xml", document(3)), sender="who@evil.example"), age=100)
    for _ in range(2):
        assert not site.once()
        assert [state for _, state in states(site)] == ["done", "done", "refused"]
    assert site.delivered()["one"] == ["a.jsonld", "b.jsonld"]
    refused = site.messages()[-1]
    assert "who@evil.example" in refused.reason
    assert site.rows("SELECT code FROM findings WHERE severity = 'error'") == [("TRANSPORT-MAIL-01",)]
    assert (len(box.mails()), len(box.mails("Processed")), len(box.mails("Rejected"))) == (0, 1, 1)
    # Somebody finds that the sender is right, and puts the mail back.
    site.agree((site.root / "agreements" / "acme.yaml").read_text().replace("*@cmo", "*@evil"))
    box.put(box.mails("Rejected")[0])
    assert not site.once()
    assert site.delivered()["one"] == ["a.jsonld", "b.jsonld", "c.jsonld"]
    assert box.mails() == []


@pytest.mark.parametrize("point", ["collect.recorded", "collect.acknowledged", "collect.marked", "collect.enqueued"])
def test_a_crash_in_the_middle_of_a_mail(mail_site, point: str) -> None:
    """Every attachment once, and the mail put away once all are durable."""
    site, box = mail_site
    box.put(mail(("a.xml", document(1)), ("b.xml", document(2))))
    process, _ = site.start(point)
    process.join(40)
    assert process.exitcode == -9
    assert not site.once()
    assert sorted(states(site)) == [("a.xml", "done"), ("b.xml", "done")]
    assert site.delivered() == {"one": ["a.jsonld", "b.jsonld"], "two": ["a.xml", "b.xml"]}
    assert (len(box.mails()), len(box.mails("Processed"))) == (0, 1)
