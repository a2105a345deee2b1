"""`gateway as2 ping`, `send`, `list`, `verify` and `export`: what an operator, an inspector and OpenSSL see."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from gateway.transports.as2_http.store import Store
from tests.transports.as2.desk import Desk, run

BIG = os.urandom(40_000) + b"<batch/>" * 5_000


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(made: Desk) -> Desk:
    for root in (made.acme, made.brand):
        shutil.rmtree(root / "data" / "as2", ignore_errors=True)
    made.agree()
    return made


def send(desk: Desk, folder: Path, data: bytes = b"<a/>", name: str = "a.xml"):
    (folder / name).write_bytes(data)
    return run("as2", "send", "brand", folder / name, "--wait", 10, "-C", desk.acme)


def kept(root: Path) -> list[dict]:
    return [json.loads(line) for line in run("as2", "list", "--json", "-C", root).out.splitlines()]


# ── ping and send ─────────────────────────────────────────────────────────────────────────────────────


def test_ping_tries_everything_and_stays_out_of_the_exchange(desk: Desk):
    with desk.serving():
        done = run("as2", "ping", "brand", "-C", desk.acme)
        assert done.code == 0, done.err
        assert "receipt     automatic-action/MDN-sent-automatically; processed" in done.out
        assert "signed with the pinned certificate of CN=brand" in done.out
        assert "fit together" in done.out
        assert run("once", "-C", desk.brand).code == 0
        assert run("messages", "--json", "-C", desk.brand).out == ""
        assert [(one["files"], one["state"]) for one in kept(desk.brand)] == [(["as2-ping.txt"], "taken")]


def test_what_only_looks_like_a_ping_is_a_file(desk: Desk, tmp_path: Path):
    with desk.serving():
        ping = b"gateway-as2-ping " + b"0" * 32 + b"\r\nA test of the AS2 connection. 4 packs of batch L1.\r\n"
        assert send(desk, tmp_path, ping, "as2-ping.txt").code == 0
        run("once", "-C", desk.brand)
        assert len(run("messages", "--json", "-C", desk.brand).out.splitlines()) == 1


def test_ping_says_what_is_wrong_and_what_to_do(desk: Desk):
    nobody = run("as2", "ping", "brand", "-C", desk.acme)
    assert (nobody.code, "did not answer" in nobody.err) == (5, True)
    assert kept(desk.acme) == []
    with desk.serving() as url:
        desk.agree(url.replace("/as2", "/wrong"))
        wrong = run("as2", "ping", "brand", "-C", desk.acme)
        assert (wrong.code, wrong.err.count("the path of the url is wrong")) == (5, 1), wrong.err
        desk.agree(url)
        path = desk.acme / "agreements" / "partner.yaml"
        path.write_text(path.read_text().replace("us: ACME CMO", "us: Acme"))
        stranger = run("as2", "ping", "brand", "-C", desk.acme)
        assert "403" in stranger.err
        assert "does not know us under these ids" in stranger.err
        # They pinned another certificate than the one that we sign with.
        desk.agree(url)
        assert run("as2", "cert", "new", "else", "--bits", 2048, "-C", desk.acme).code in {0, 2}
        path.write_text(path.read_text().replace("keys/acme.", "keys/else."))
        refused = run("as2", "ping", "brand", "-C", desk.acme)
        assert refused.code == 5
        assert "processed/error: decryption-failed" in refused.out
        assert "ask the partner for their current encryption certificate" in refused.err
    assert run("as2", "ping", "acme", "-C", desk.brand).code == 2  # nothing says where Acme takes messages


def test_send_sends_once(desk: Desk, tmp_path: Path):
    with desk.serving():
        first = send(desk, tmp_path)
        assert (first.code, "they have it: gateway as2 verify" in first.out) == (0, True)
        assert "nothing was sent" in send(desk, tmp_path).out
        audit = run("audit", "list", "--json", "-C", desk.acme)
        assert audit.code != 0 or "sent by hand" in audit.out
    assert len(kept(desk.brand)) == 1


def test_a_receipt_that_comes_later_is_waited_for(desk: Desk, tmp_path: Path):
    with desk.serving(desk.acme) as back:
        more = f"receipt-url: {back}\n      private-addresses: true"
        desk.agree(more=more)
        with desk.serving() as url:
            desk.agree(url, more, f"receipt: {{mode: async, url: {back}}}")
            done = send(desk, tmp_path)
            assert done.code == 0, done.err
            assert "the receipt comes later" in done.out
        (one,) = kept(desk.acme)
        assert run("as2", "verify", one["id"], "-C", desk.acme).code == 0


# ── verify and export ─────────────────────────────────────────────────────────────────────────────────


TERMS = {
    "usual": ("", ""),
    "not compressed": ("", "compress: none"),
    "compressed after": ("", "compress: after"),
    "not encrypted": ("must-encrypt: false", "encrypt: null"),
    "pss, gcm, sha512": ("", "sign: {digest: sha512, padding: pss}\n      encrypt: {cipher: aes256-gcm}"),
}


def bash(lines: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    line = ["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


def commands(zip_: Path, folder: Path) -> str:
    """Unpack, and run what README.txt says, each command of it."""
    with zipfile.ZipFile(zip_) as package:
        package.extractall(folder)
    lines = [line for line in (folder / "README.txt").read_text().splitlines() if line.startswith("    ")]
    done = bash(lines, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("terms", TERMS)
def test_openssl_verifies_what_is_exported(desk: Desk, tmp_path: Path, terms: str):
    if not shutil.which("openssl"):
        assert os.environ.get("CI") != "true"
        pytest.skip("this machine has no openssl command")
    more, sends = TERMS[terms]
    desk.agree(more=more, sends=sends)
    with desk.serving() as url:
        desk.agree(url, more, sends)
        assert send(desk, tmp_path, BIG, "it's a batch.bin").code == 0
    for root in (desk.acme, desk.brand):
        (one,) = kept(root)
        verified = run("as2", "verify", one["id"][:8], "-C", root)
        assert verified.code == 0, verified.out
        assert "Proven: " in verified.out
        assert "unknown" not in verified.out
        zip_ = tmp_path / f"{root.name}.zip"
        assert run("as2", "export", one["message_id"], "-o", zip_, "-C", root).code == 0
        assert run("as2", "export", one["id"], "-o", zip_, "-C", root).code == 2  # it is there already
        unpacked = tmp_path / f"{root.name}-unpacked"
        printed = commands(zip_, unpacked)
        assert printed.count("Verification successful") == (1 if root == desk.acme else 2)
        (file,) = (unpacked / "files").iterdir()
        assert file.read_bytes() == BIG
        readme = (unpacked / "README.txt").read_text()
        assert "Received-Content-MIC" in printed
        assert ("cmp - " in readme) is True
        assert not any(b"PRIVATE KEY" in path.read_bytes() for path in unpacked.rglob("*") if path.is_file())
        decrypting = re.findall(r"^#   (openssl cms -decrypt.*)$", readme, re.MULTILINE)
        assert len(decrypting) == (1 if root == desk.brand and terms != "not encrypted" else 0)
        for line in decrypting:
            key = desk.brand / "keys" / "brand.key"
            subprocess.run(line.replace("KEY.pem", str(key)), shell=True, cwd=unpacked, check=True)
            if terms != "compressed after":
                assert (unpacked / "signed.bin").read_bytes() in (unpacked / "decrypted.bin").read_bytes()
        # The commands can fail: a byte of what was signed is another one.
        changed = bytearray((unpacked / "signed.bin").read_bytes())
        changed[-1] ^= 1
        (unpacked / "signed.bin").write_bytes(changed)
        rest = [line for line in readme.splitlines() if line.startswith("    ") and "sha256sum" not in line]
        assert bash(rest, unpacked).returncode != 0


def entry_of(root: Path):
    found = [*Store(root / "data/as2/in").entries(), *(Path(root / "data/as2/out/done").glob("*"))]
    return Path(getattr(found[0], "path", found[0]))


def flip(path: Path, at: int = -20) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("side", "what", "code"),
    [
        ("brand", "wire", 4),
        ("brand", "payload-0001", 4),
        ("brand", "receipt", 4),
        ("brand", "base", 4),
        ("brand", "signature", 4),
        ("acme", "wire", 4),
        ("acme", "receipt", 4),
        ("acme", "base", 4),
        ("acme", "message-id", 4),
        ("acme", "other content throughout", 4),
        ("brand", "other content throughout", 4),
        ("acme", "no receipt", 1),
        ("brand", "no signature", 1),
        ("brand", "key", 0),
        ("acme", "agreement", 0),
    ],
)
def test_what_was_changed_does_not_hold(desk: Desk, tmp_path: Path, side: str, what: str, code: int):
    with desk.serving():
        assert send(desk, tmp_path, BIG).code == 0
    root = getattr(desk, side)
    path = entry_of(root)
    record = json.loads((path / "record").read_bytes())
    if what == "base":
        flip(next(path.glob("base-*")))
    elif what == "signature":
        record["signature"] = record["signature"][:-40] + "AAAA" * 9 + record["signature"][-4:]
    elif what == "message-id":
        record["message-id"] = "<other@acme.example>"
    elif what == "other content throughout":  # by somebody who knows how all is kept, and lacks the partner's key
        content = b"Content-Type: application/xml\r\n\r\n<b/>"
        value = base64.b64encode(hashlib.sha256(content).digest()).decode()
        record["base"] = [{"base64": base64.b64encode(content).decode()}]
        record |= {"mics": [f"{value}, sha-256"]} if side == "acme" else {"mic": f"{value}, sha-256"}
        if side == "brand":
            (path / "payload-0001").write_bytes(b"<b/>")
    elif what == "no receipt":
        (path / "receipt").unlink()
    elif what == "no signature":
        record["signature"] = ""
    elif what == "key":  # we have another key by now
        line = ("as2", "cert", "new", "later", "--bits", 2048, "-C", root)
        assert run(*line).code == 0
        agreement = root / "agreements" / "partner.yaml"
        agreement.write_text(agreement.read_text().replace("keys/brand.", "keys/later."))
    elif what == "agreement":  # their certificate is listed no more
        agreement = root / "agreements" / "partner.yaml"
        agreement.write_text(agreement.read_text().replace(desk.pin(desk.brand), "0" * 64))
    else:
        flip(path / what, -300 if what == "receipt" else -20)
    (path / "record").write_text(json.dumps(record))
    done = run("as2", "verify", path.name, "-C", root)
    assert done.code == code, done.out + done.err
    assert ("FAILS" in done.out) is (code == 4)
    assert ("Proven: " in done.out) is (code == 0)
    as_json = run("as2", "verify", path.name, "--json", "-C", root)
    assert json.loads(as_json.out)["proven"] is (code == 0)


def test_messages_that_are_not_there(desk: Desk):
    for wanted in ("0" * 40, "<x@y>", "../../keys"):
        done = run("as2", "verify", wanted, "-C", desk.acme)
        assert (done.code, "no message" in done.err) == (2, True)
