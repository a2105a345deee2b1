"""The transport ``as2`` inside the exchange: two workspaces with drop folders, the commands, and signed receipts."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.errors import ConfigurationError, TransportError
from gateway.transports import TRANSPORTS
from gateway.transports.as2_http import AS2
from gateway.transports.as2_http.server import application
from gateway.transports.as2_http.serving import serving
from gateway.transports.as2_http.settings import As2Settings
from gateway.transports.as2_http.site import site
from gateway.transports.as2_http.store import Store
from gateway.transports.base import Offer
from gateway.transports.secrets import secrets
from tests.exchange.site import Site, document
from tests.transports.as2.ends import identity, pem, pin


def certificates(folder: Path, us: str, *them: str) -> None:
    """The files that agreements of `us` name."""
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    for name in (us, *them):
        certificate, key = pem(name, keys)
        certificate.rename(keys / f"{name}.crt")
        key.rename(keys / f"{name}.key") if name == us else key.unlink()


def settings(us: str, them: str, **more: object) -> dict:
    stated = {
        "us": us,
        "them": them,
        "ours": [{"certificate": f"keys/{us}.crt", "key": f"file:keys/{us}.key"}],
        "theirs": [{"certificate": f"keys/{them}.crt", "sha256": pin(them).fingerprint}],
        "private-addresses": True,
    }
    return stated | {name.replace("_", "-"): value for name, value in more.items()}


def stated(root: Path, us: str, them: str, **more: object) -> As2Settings:
    return As2Settings.model_validate(settings(us, them, **more), context={"root": root})


@contextlib.contextmanager
def served(root: Path, *settings_: As2Settings) -> Iterator[str]:
    with serving(application(site(settings_, secrets(root)))) as url:
        yield f"{url}/as2"


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    acme, brand = tmp_path / "acme-site", tmp_path / "brand-site"
    certificates(acme, "acme", "brand")
    certificates(brand, "brand", "acme")
    return acme, brand


def deliver(root: Path, to: As2Settings, name: str, data: bytes):
    with AS2.connect(to, secrets(root)) as session:
        return session.deliver(name, io.BytesIO(data), len(data))


def collected(root: Path, of: As2Settings) -> list[tuple[str, bytes]]:
    with AS2.connect(of, secrets(root)) as session:
        found = []
        for offer in list(session.offers()):
            target = io.BytesIO()
            assert session.fetch(offer, target) == offer.size
            found.append((offer.name, target.getvalue()))
            session.acknowledge(offer)
        return found


def test_delivered_once_and_collected_once(roots: tuple[Path, Path]):
    acme, brand = roots
    incoming = stated(brand, "brand", "acme")
    with served(brand, incoming) as url:
        to = stated(acme, "acme", "brand", url=url)
        first = deliver(acme, to, "a 1.xml", b"<a/>")
        assert (first.name, first.size, first.repeated) == ("a 1.xml", 4, False)
        assert first.detail == f"receipt by {pin('brand').fingerprint}"
        assert deliver(acme, to, "a 1.xml", b"<a/>").repeated
        assert not deliver(acme, to, "a 1.xml", b"<b/>").repeated
        assert not deliver(acme, to, "a 2.xml", b"<a/>").repeated
        assert collected(brand, incoming) == [("a 1.xml", b"<a/>"), ("a 1.xml", b"<b/>"), ("a 2.xml", b"<a/>")]
        assert collected(brand, incoming) == []
        # What was collected is still known when it comes again.
        for path in (acme / "data/as2/out/done").iterdir():
            path.rename(acme / "data/as2/out" / path.name)
            (acme / "data/as2/out" / path.name / "proven").unlink()
        assert not deliver(acme, to, "a 1.xml", b"<a/>").repeated
        assert collected(brand, incoming) == []


def test_a_receipt_that_comes_later_ends_the_waiting(roots: tuple[Path, Path]):
    acme, brand = roots
    with contextlib.ExitStack() as stack:
        back = stack.enter_context(served(acme, stated(acme, "acme", "brand")))
        incoming = stated(brand, "brand", "acme", receipt_url=back)
        url = stack.enter_context(served(brand, incoming))
        to = stated(acme, "acme", "brand", url=url, receipt={"mode": "async", "url": back})
        with pytest.raises(TransportError, match="owes its receipt") as caught:
            deliver(acme, to, "a.xml", b"<a/>")
        assert caught.value.retryable
        for _ in range(600):
            with contextlib.suppress(TransportError):
                assert deliver(acme, to, "a.xml", b"<a/>").repeated
                break
            time.sleep(0.05)
        else:
            pytest.fail("the receipt did not come")
        assert collected(brand, incoming) == [("a.xml", b"<a/>")]


def test_one_file_for_two_partners_is_two_messages(roots: tuple[Path, Path]):
    acme, brand = roots
    certificates(acme, "acme", "brand", "other")
    certificates(brand.with_name("other-site"), "other", "acme")
    other = brand.with_name("other-site")
    mine, others = stated(brand, "brand", "acme"), stated(other, "other", "acme")
    with served(brand, mine) as first, served(other, others) as second:
        assert not deliver(acme, stated(acme, "acme", "brand", url=first), "a.xml", b"<a/>").repeated
        assert not deliver(acme, stated(acme, "acme", "other", url=second), "a.xml", b"<a/>").repeated
    assert collected(brand, mine) == collected(other, others) == [("a.xml", b"<a/>")]


def test_a_message_that_is_finished_while_another_channel_looks(roots: tuple[Path, Path], monkeypatch):
    acme, brand = roots
    mine = stated(brand, "brand", "acme")
    with served(brand, mine) as url:
        for name in ("a.xml", "b.xml"):
            deliver(acme, stated(acme, "acme", "brand", url=url), name, b"<a/>")
    (brand / "data/as2/in/gone").symlink_to("nowhere")
    store = Store(brand / "data/as2/in")
    first, second = store.entries()
    gone = iter([first, second])

    def entries(_: Store) -> Iterator:
        for entry in gone:
            if entry is first:
                store.finish(entry)
            yield entry

    monkeypatch.setattr(Store, "entries", entries)
    with AS2.connect(mine, secrets(brand)) as session:
        assert [offer.name for offer in session.offers()] == ["b.xml"]


def test_only_the_messages_of_the_partner_are_offered(roots: tuple[Path, Path]):
    acme, brand = roots
    certificates(brand, "brand", "acme", "other")
    mine, others = stated(brand, "brand", "acme"), stated(brand, "brand", "other")
    with served(brand, mine, others) as url:
        deliver(acme, stated(acme, "acme", "brand", url=url), "a.xml", b"<a/>")
        assert collected(brand, others) == []
        assert len(collected(brand, mine)) == 1


@pytest.mark.parametrize("path", ["", "x", "../../keys/acme.key", f"{'0' * 40}/wire", f"{'0' * 40}/payload-0001"])
def test_a_forged_path_leads_nowhere(roots: tuple[Path, Path], path: str):
    _, brand = roots
    with AS2.connect(stated(brand, "brand", "acme"), secrets(brand)) as session:
        with pytest.raises(TransportError):
            session.fetch(Offer("a", path, 1), io.BytesIO())
        with pytest.raises(TransportError):
            session.acknowledge(Offer("a", path, 1))


def test_what_is_not_delivered(roots: tuple[Path, Path]):
    acme, _ = roots
    to = stated(acme, "acme", "brand", url="http://127.0.0.1:9/as2")
    with AS2.connect(to, secrets(acme)) as session:
        with pytest.raises(TransportError, match="were to be sent"):
            session.deliver("a.xml", io.BytesIO(b"abc"), 4)
        with pytest.raises(TransportError, match="separator"):
            session.deliver("../a.xml", io.BytesIO(b"abc"), 3)
        with pytest.raises(TransportError, match="did not answer") as caught:
            session.deliver("a.xml", io.BytesIO(b"abc"), 3)
        assert caught.value.retryable
        with pytest.raises(TransportError, match="cannot be reached"):
            session.probe()
    with pytest.raises(TransportError, match="no url"):
        deliver(acme, stated(acme, "acme", "brand"), "a.xml", b"x")
    assert list((acme / "data/as2/scratch").iterdir()) == []


def test_probe_says_what_it_found(roots: tuple[Path, Path]):
    acme, brand = roots
    with (
        served(brand, stated(brand, "brand", "acme")) as url,
        AS2.connect(stated(acme, "acme", "brand", url=url), secrets(acme)) as session,
    ):
        lines = session.probe()
    assert lines[0] == f"we sign as CN=acme, SHA-256 {identity('acme').fingerprint}"
    assert lines[1].startswith("we encrypt for CN=brand")
    assert lines[-1] == f"{url} can be reached"


def test_settings_of_a_channel(roots: tuple[Path, Path]):
    acme, _ = roots
    found = stated(acme, "acme", "brand", url="https://brand.example/as2")
    assert found.data == acme / "data/as2"
    assert AS2.address(found) == "as2 acme - brand https://brand.example:443/as2"
    assert "gateway as2 serve" in AS2.address(stated(acme, "acme", "brand"))
    assert TRANSPORTS.get("as2") is AS2
    for wrong in ({"url": "ftp://x"}, {"receipt-url": "x"}, {"wait": 0}, {"port": 1}):
        with pytest.raises(ValidationError):
            stated(acme, "acme", "brand", **wrong)
    lost = stated(acme / "elsewhere", "acme", "brand")
    with pytest.raises(ConfigurationError, match="cannot be read"), AS2.connect(lost, secrets(acme)):
        pass
    with pytest.raises(ConfigurationError, match="no agreement"):
        site([], secrets(acme))
    with pytest.raises(ConfigurationError, match="one data folder"):
        site([stated(acme, "acme", "brand"), stated(acme, "acme", "brand", data="elsewhere")], secrets(acme))


def test_a_message_whose_files_were_taken_before_a_crash(roots: tuple[Path, Path]):
    acme, brand = roots
    incoming = stated(brand, "brand", "acme")
    with served(brand, incoming) as url:
        deliver(acme, stated(acme, "acme", "brand", url=url), "a.xml", b"<a/>")
    inbox = Store(brand / "data/as2/in")
    (entry,) = inbox.entries()
    entry.put("taken-payload-0001", b"")
    assert collected(brand, incoming) == []
    assert list(inbox.entries()) == []
    assert inbox.find(entry.path.name) is not None


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────


def agreement(partner: str, channel: str, target: str) -> str:
    return f"partner: {{id: {partner}}}\nchannels: [{channel}]\ntargets: [{target}]\n"


TO_BRAND = "{{id: brand, to: epcis-1.2-xml, transport: as2, settings: {}}}"
FOLDER = "{{id: {id}, {more} transport: folder, settings: {{path: {path}{settle}}}}}"


def test_two_workspaces_exchange_a_batch(roots: tuple[Path, Path]):
    """A drop folder here, AS2 between, a drop folder there: collected, sent, received, converted, delivered."""
    acme, brand = Site(roots[0]), Site(roots[1])
    as2_in = f"{{id: acme-as2, transport: as2, settings: {json.dumps(settings('brand', 'acme'))}}}"
    out = FOLDER.format(id="warehouse", more="to: epcis-2.0-json,", path="data/one", settle="")
    brand.build(agreement("acme", as2_in, out))
    with (brand.root / "gateway.toml").open("a") as stream:
        stream.write("[web]\nheader-seconds = 1\n")
    line = [sys.executable, "-m", "gateway", "as2", "serve", "-C", str(brand.root), "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://\S+", server.stderr.readline())[0]
        host, port = url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), 15) as slow:
            slow.sendall(b"POST /as2 HTTP/1.1\r\nHost: x\r\n")
            with contextlib.suppress(ConnectionError):
                assert slow.recv(1) == b""  # [web] header-seconds
        drop = FOLDER.format(id="drop", more="", path="data/in", settle=", settle: {looks: 1, interval: 0, min-age: 0}")
        send = json.dumps(settings("acme", "brand", url=url))
        acme.build(agreement("line", drop, TO_BRAND.format(send)))
        acme.drop("batch.xml", document())
        assert not acme.once()
        assert not brand.once()
        (delivered,) = brand.one.iterdir()
        assert b"0614141.107346.1" in delivered.read_bytes()
        (message,) = acme.messages()
        assert message.state == "done"
        assert len(list((acme.root / "data/as2/out/done").iterdir())) == 1
    finally:
        server.terminate()
        assert server.wait(120) == 0
        server.stderr.close()
