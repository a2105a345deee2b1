"""A link that plays both ends, byte by byte: every combination of layers and algorithms, with its MIC and receipt."""

from __future__ import annotations

import hashlib
import itertools
import re

import pytest

from gateway.transports.as2 import Answer, Content, Encryption, File, ReceiptRequest, Signing
from tests.transports.as2.ends import EDI, IDS, Exchange, Wire, data_of, identity, pin

LAYERS = [
    (signed, encrypted, compression)
    for signed, encrypted in itertools.product((True, False), repeat=2)
    for compression in ("none", "before", "after")
]


def entity(headers: bytes, data: bytes = EDI) -> bytes:
    return headers + b"\r\n\r\n" + data


PAYLOAD_HEAD = (
    b"Content-Type: application/edi-x12\r\nContent-Transfer-Encoding: binary\r\n"
    b'Content-Disposition: attachment; filename="batch 1.edi"'
)


@pytest.mark.parametrize(("signed", "encrypted", "compression"), LAYERS)
def test_every_order_of_layers(exchange: Exchange, signed: bool, encrypted: bool, compression: str):
    changes = {"compression": compression}
    if not signed:
        changes["signing"] = None
    if not encrypted:
        changes["encryption"] = None
    built, wire = exchange.send(**changes)
    received = exchange.open(wire, signed=signed, encrypted=encrypted)
    assert data_of(received) == [EDI]
    (payload,) = received.payloads
    assert payload.content_type == "application/edi-x12"
    assert payload.filename == "batch 1.edi"
    expected = ["encrypted"] * encrypted + ["compressed"] * (compression == "after" and signed)
    expected += ["signed"] * signed + ["compressed"] * (
        compression != "none" and not (compression == "after" and signed)
    )
    assert list(received.layers) == expected
    assert received.mic.same(built.mics["sha256"])
    assert received.request.sender == "ACME CMO"
    assert (received.signature is not None) is signed
    receipt = exchange.answer(Answer(received.request, mic=received.mic))
    judged = exchange.judge(receipt, built)
    assert judged.disposition.good
    assert judged.signature.signer.fingerprint == pin("brand").fingerprint


def test_the_mic_is_over_the_bytes_that_the_standards_name(exchange: Exchange):
    """RFC 4130, 7.3.1 and RFC 5402, 4: computed here from the bytes on the wire, not by the code under test."""
    head = entity(PAYLOAD_HEAD)

    def mic(**changes: object) -> bytes:
        return exchange.send(**changes)[0].mics["sha256"].value

    plain = {"signing": None, "encryption": None}
    assert mic(**plain) == hashlib.sha256(EDI).digest()
    assert mic(**plain, compression="before") == hashlib.sha256(head).digest()
    assert mic(signing=None) == hashlib.sha256(head).digest()
    assert mic(signing=None, compression="after") == hashlib.sha256(head).digest()
    assert mic() == hashlib.sha256(head).digest()
    assert mic(compression="after") == hashlib.sha256(head).digest()
    assert mic(compression="before", expanded_mic=True) == hashlib.sha256(head).digest()
    assert mic(compression="before") != hashlib.sha256(head).digest()
    built, wire = exchange.send(encryption=None, compression="before")
    mark = re.search(r'boundary="([^"]+)"', wire.headers.get("Content-Type"))[1].encode()
    signed = wire.bytes.split(b"--" + mark)[1].removeprefix(b"\r\n").removesuffix(b"\r\n")
    assert signed.startswith(b"Content-Type: application/pkcs7-mime; smime-type=compressed-data")
    assert built.mics["sha256"].value == hashlib.sha256(signed).digest()


SIGNATURES = [
    (kind, padding, digest)
    for kind, padding in (("rsa", "pkcs1"), ("rsa", "pss"), ("p256", "pkcs1"), ("p384", "pkcs1"))
    for digest in ("sha256", "sha384", "sha512")
]


@pytest.mark.parametrize(("kind", "padding", "digest"), SIGNATURES)
def test_every_signature(exchange: Exchange, kind: str, padding: str, digest: str):
    exchange.kind = kind
    signing = Signing(identity("acme", kind), digest, padding)
    spelled = f"sha-{digest[3:]}"
    built, wire = exchange.send(signing=signing, encryption=None, receipt=ReceiptRequest(micalgs=(spelled,)))
    assert f"micalg={spelled}" in wire.headers.get("Content-Type")
    received = exchange.open(wire, encrypted=False)
    assert received.signature.digest == digest
    assert str(received.mic).endswith(f", {spelled}")
    assert received.mic.same(built.mics[digest])


CIPHERS = [f"aes{bits}-{mode}" for bits in (128, 192, 256) for mode in ("cbc", "gcm")]


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("transport", [("pkcs1", "sha256"), ("oaep", "sha256"), ("oaep", "sha512")])
@pytest.mark.parametrize("size", [0, 1, 15, 16, 100_000])
def test_every_cipher(exchange: Exchange, cipher: str, transport: tuple[str, str], size: int):
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    built, wire = exchange.send(data, encryption=Encryption((pin("brand"),), cipher, *transport))
    received = exchange.open(wire)
    assert data_of(received) == [data]
    assert received.cipher == cipher
    assert received.mic.same(built.mics["sha256"])


@pytest.mark.parametrize(("name", "flag"), [("3des", "3des"), ("aes128-cbc", "sha1")])
def test_weak_algorithms_by_permission(exchange: Exchange, name: str, flag: str):
    allow = frozenset({flag})
    signing = Signing(identity("acme"), "sha1" if flag == "sha1" else "sha256", allow=allow)
    encryption = Encryption(
        (pin("brand"),), name, "oaep" if flag == "sha1" else "pkcs1", flag if flag == "sha1" else "sha256", allow
    )
    built, wire = exchange.send(signing=signing, encryption=encryption)
    received = exchange.open(wire, allow=allow)
    assert data_of(received) == [EDI]
    assert received.mic.same(built.mics["sha256"])


def test_several_recipients_and_several_of_our_certificates(exchange: Exchange):
    built, wire = exchange.send(encryption=Encryption((pin("stranger"), pin("brand-new"), pin("brand"))))
    for names in (("brand",), ("brand-new",), ("other", "brand-new"), ("brand-new", "brand")):
        received = exchange.open(wire, identities=tuple(identity(name) for name in names))
        assert received.mic.same(built.mics["sha256"])


def test_several_files(exchange: Exchange):
    files = (
        File(Content.of(b"<a/>"), "application/xml", "a.xml", "root@acme"),
        File(Content.of(b"%PDF-\r\n--x\r\n\x00", b"more"), "application/pdf", "Prüfbericht ä.pdf"),
        File(Content.of(b""), "text/plain"),
    )
    built, wire = exchange.send(files=files)
    assert wire.headers.get("EDIINT-Features") == "multiple-attachments"
    received = exchange.open(wire)
    assert data_of(received) == [b"<a/>", b"%PDF-\r\n--x\r\n\x00more", b""]
    assert [payload.filename for payload in received.payloads] == ["a.xml", "Prüfbericht ä.pdf", ""]
    assert received.payloads[0].content_id == "root@acme"
    assert received.mic.same(built.mics["sha256"])
    _, plain = exchange.send(files=files, signing=None, encryption=None)
    assert len(exchange.open(plain, signed=False, encrypted=False).payloads) == 3


def test_fields_on_the_wire(exchange: Exchange):
    receipt = ReceiptRequest(True, ("sha-512", "sha-256"), "https://acme.example/mdn")
    built, wire = exchange.send(subject="Batch 7", date="Thu, 26 Nov 2026 18:00:00 +0000", receipt=receipt)
    assert built.fields == [
        ("AS2-Version", "1.2"),
        ("AS2-From", '"ACME CMO"'),
        ("AS2-To", "Brand"),
        ("Message-ID", IDS["message"]),
        ("MIME-Version", "1.0"),
        ("Date", "Thu, 26 Nov 2026 18:00:00 +0000"),
        ("Subject", "Batch 7"),
        ("Disposition-Notification-To", '"ACME CMO"'),
        (
            "Disposition-Notification-Options",
            "signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, sha-512, sha-256",
        ),
        ("Receipt-Delivery-Option", "https://acme.example/mdn"),
        ("Content-Type", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"),
        ("Content-Disposition", "attachment; filename=smime.p7m"),
    ]
    received = exchange.open(wire)
    assert received.request.receipt == ReceiptRequest(
        True, ("sha-512", "sha-256"), "https://acme.example/mdn", '"ACME CMO"'
    )
    assert received.mic.same(built.mics["sha512"])


def test_a_message_is_the_same_bytes_for_the_same_randomness(exchange: Exchange):
    """What is random comes in by one door; RSA encryption and PSS have their own."""
    plain = {"encryption": None}
    from gateway.transports.as2 import build

    bodies = [
        b"".join(build(exchange.outgoing(**plain), exchange.scratch(), lambda size: b"\x07" * size).body.chunks())
        for _ in range(2)
    ]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("wants", [True, False])
def test_receipts_are_signed_when_asked(exchange: Exchange, wants: bool):
    built, wire = exchange.send(receipt=ReceiptRequest(signed=wants, micalgs=("sha-256",)))
    received = exchange.open(wire)
    assert received.request.receipt.signed is wants
    answer = exchange.answer(Answer(received.request, mic=received.mic))
    assert answer.headers.get("Content-Type").startswith("multipart/signed" if wants else "multipart/report")
    receipt = exchange.judge(answer, built, signed=wants)
    assert (receipt.signature is not None) is wants
    assert receipt.reporting_ua == "epcis-gateway"
    assert receipt.text.startswith("The message was received")


def test_a_message_without_a_receipt(exchange: Exchange):
    built, wire = exchange.send(receipt=None)
    assert exchange.open(wire).request.receipt is None
    assert set(built.mics) == {"sha256"}


def test_the_body_is_read_in_pieces_of_any_size(exchange: Exchange, monkeypatch: pytest.MonkeyPatch):
    """Marks and heads that lie across the end of a chunk are found: one byte at a time, and other odd sizes."""
    built, wire = exchange.send(EDI * 2, compression="before")
    _, signed = exchange.send(EDI, encryption=None, files=exchange.outgoing().files * 2)
    for size in (1, 2, 3, 7, 61):
        for module in ("content", "ber", "compress"):
            monkeypatch.setattr(f"gateway.transports.as2.{module}.CHUNK", size)
        assert data_of(exchange.open(wire)) == [EDI * 2]
        assert data_of(exchange.open(signed, encrypted=False)) == [EDI, EDI]
        answer = exchange.answer(Answer(exchange.open(wire).request, mic=built.mics["sha256"]))
        assert exchange.judge(answer, built).disposition.good


def test_wire_keeps_every_field(exchange: Exchange):
    _, wire = exchange.send()
    assert isinstance(wire, Wire)
    assert wire.with_fields(AS2_To="X").headers.get("as2-to") == "X"
