"""Hostile messages and receipts: each is refused, with the right words and without cost."""

from __future__ import annotations

import base64
import os
import re
import statistics
import subprocess
import sys
import time

import pytest
from asn1crypto import cms

from gateway.transports.as2 import (
    Answer,
    Content,
    Encryption,
    File,
    Limits,
    ReceiptRequest,
    Region,
    Scratch,
    Signing,
    sign,
)
from gateway.transports.as2.compress import compress
from gateway.transports.as2.disposition import Disposition
from gateway.transports.as2.encrypt import encrypt
from gateway.transports.as2.errors import (
    As2Error,
    AuthenticationFailed,
    DecompressionFailed,
    DecryptionFailed,
    InsufficientSecurity,
    IntegrityFailed,
    ReceiptRefused,
    SenderIsReceiver,
    UnsupportedFormat,
    UnsupportedMic,
)
from gateway.transports.as2.mic import Mic
from tests.transports.as2.ends import EDI, IDS, Exchange, Wire, data_of, identity, pin

MIC = Mic(b"\1" * 32, "sha256", "sha-256")


def signature_in(body: bytes) -> tuple[bytes, bytes, bytes]:
    """The signature of a multipart/signed, and what lies before and behind it."""
    found = re.search(rb"(?s)(.*filename=smime\.p7s\r\n\r\n)(.*?)(\r\n--[^\r\n]+--\r\n)\Z", body)
    return base64.b64decode(found[2]), found[1], found[3]


def with_signers(body: bytes, change: object) -> bytes:
    signature, before, after = signature_in(body)
    content = cms.ContentInfo.load(signature)
    signed = content["content"]
    signed["signer_infos"] = change(list(signed["signer_infos"]))
    return before + base64.encodebytes(content.dump(force=True)) + after


# ── receipts ──────────────────────────────────────────────────────────────────────────────────────────


def receipt_of(exchange: Exchange, **changes: object) -> tuple:
    built, wire = exchange.send()
    received = exchange.open(wire)
    answer = Answer(received.request, mic=received.mic)
    return built, exchange.answer(
        Answer(**{name: changes.get(name, getattr(answer, name)) for name in answer.__slots__})
    )


@pytest.mark.parametrize("signers", [lambda found: found[:0], lambda found: found * 2], ids=["none", "two"])
def test_a_receipt_needs_exactly_one_signer(exchange: Exchange, signers):
    built, receipt = receipt_of(exchange)
    forged = receipt.changed(with_signers(receipt.bytes, signers))
    with pytest.raises(AuthenticationFailed, match="signers, and one is needed"):
        exchange.judge(forged, built)


def test_a_receipt_of_a_stranger(exchange: Exchange):
    built, wire = exchange.send()
    received = exchange.open(wire)
    receipt = exchange.answer(Answer(received.request, mic=received.mic), Signing(identity("stranger")))
    with pytest.raises(AuthenticationFailed, match=r"not pinned: serial number [0-9a-f]+ of Common Name: stranger"):
        exchange.judge(receipt, built)


def test_a_signer_that_only_bears_the_name_of_a_pinned_one(exchange: Exchange):
    """Issuer and serial number are the partner's, the key is not."""
    built, receipt = receipt_of(exchange)
    stranger = identity("stranger")
    name = pin("brand").identifier()
    _, before, after = signature_in(receipt.bytes)
    mark = re.search(r'boundary="([^"]+)"', receipt.headers.get("Content-Type"))[1].encode()
    entity = before.split(b"--" + mark)[1].removeprefix(b"\r\n").removesuffix(b"\r\n")
    hashed = sign.digest([entity], "sha256")["sha256"]
    content = cms.ContentInfo.load(sign.signed_data(hashed, Signing(stranger)))
    content["content"]["signer_infos"][0]["sid"] = cms.SignerIdentifier("issuer_and_serial_number", name)
    forged = receipt.changed(before + base64.encodebytes(content.dump(force=True)) + after)
    with pytest.raises(AuthenticationFailed, match="does not verify"):
        exchange.judge(forged, built)


def test_a_receipt_without_a_mic(exchange: Exchange):
    built, receipt = receipt_of(exchange, mic=None)
    with pytest.raises(ReceiptRefused, match="no MIC"):
        exchange.judge(receipt, built)


def test_a_receipt_with_another_mic(exchange: Exchange):
    built, receipt = receipt_of(exchange, mic=MIC)
    with pytest.raises(ReceiptRefused, match="something else"):
        exchange.judge(receipt, built)


def test_a_receipt_with_a_mic_by_a_function_that_was_not_asked_for(exchange: Exchange):
    built, receipt = receipt_of(exchange, mic=Mic(b"\1" * 20, "sha1"))
    with pytest.raises(ReceiptRefused, match="by sha1, and we asked for sha256"):
        exchange.judge(receipt, built)


def test_an_unsigned_receipt_where_a_signed_one_was_asked_for(exchange: Exchange):
    built, wire = exchange.send(receipt=ReceiptRequest(signed=False))
    received = exchange.open(wire)
    receipt = exchange.answer(Answer(received.request, mic=received.mic))
    with pytest.raises(ReceiptRefused, match="must be signed"):
        exchange.judge(receipt, built)


def test_a_receipt_for_another_message(exchange: Exchange):
    built, wire = exchange.send(message_id="<other@acme.example>")
    received = exchange.open(wire)
    receipt = exchange.answer(Answer(received.request, mic=received.mic))
    with pytest.raises(ReceiptRefused, match=r"about <other@acme\.example>"):
        exchange.judge(receipt, built)


def test_a_receipt_that_was_changed(exchange: Exchange):
    built, receipt = receipt_of(exchange)
    changed = receipt.changed(receipt.bytes.replace(b"; processed", b"; Processed"))
    with pytest.raises(IntegrityFailed):
        exchange.judge(changed, built)


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────


def refusal(exchange: Exchange, wire: Wire, **terms: object) -> As2Error:
    with pytest.raises(As2Error) as caught:
        exchange.open(wire, **terms)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("compression", ["none", "before", "after"])
def test_unencrypted_where_encryption_was_agreed(exchange: Exchange, compression: str):
    _, wire = exchange.send(encryption=None, compression=compression)
    error = refusal(exchange, wire)
    assert isinstance(error, InsufficientSecurity)
    assert str(error.disposition).endswith("processed/error: insufficient-message-security")


def test_compressed_outside_is_no_encryption(exchange: Exchange):
    """Neither a compressed message, nor an encrypted one inside a compressed one, is an encrypted message."""
    _, wire = exchange.send(compression="after")
    with Scratch(exchange.folder) as scratch:
        inner = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n" + wire.bytes
        outer = b"".join(compress(Content.of(inner), scratch).chunks())
    fields = {"content-type": "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"}
    downgraded = wire.changed(outer).with_fields(**fields)
    assert isinstance(refusal(exchange, downgraded), InsufficientSecurity)
    assert isinstance(refusal(exchange, downgraded, encrypted=False), UnsupportedFormat)


def test_unsigned_where_a_signature_was_agreed(exchange: Exchange):
    _, wire = exchange.send(signing=None, encryption=None)
    assert isinstance(refusal(exchange, wire, encrypted=False), InsufficientSecurity)
    _, wire = exchange.send(signing=None, encryption=Encryption((pin("brand"),), "aes256-gcm"))
    assert isinstance(refusal(exchange, wire), InsufficientSecurity)
    _, wire = exchange.send(signing=None)
    error = refusal(exchange, wire)
    assert isinstance(error, DecryptionFailed)
    assert "must be signed" in error.detail


@pytest.mark.parametrize(("who", "cipher"), [("stranger", "aes256-gcm"), ("brand", "aes128-gcm")])
def test_signed_by_somebody_else(exchange: Exchange, who: str, cipher: str):
    _, wire = exchange.send(signing=Signing(identity(who)), encryption=Encryption((pin("brand"),), cipher))
    assert isinstance(refusal(exchange, wire), AuthenticationFailed)


@pytest.mark.parametrize("signers", [lambda found: found[:0], lambda found: found * 2], ids=["none", "two"])
def test_a_message_needs_exactly_one_signer(exchange: Exchange, signers):
    _, wire = exchange.send(encryption=None)
    error = refusal(exchange, wire.changed(with_signers(wire.bytes, signers)), encrypted=False)
    assert isinstance(error, AuthenticationFailed)


def test_changed_content(exchange: Exchange):
    _, wire = exchange.send(encryption=None)
    error = refusal(exchange, wire.changed(wire.bytes.replace(b"ACME ", b"EVIL ", 1)), encrypted=False)
    assert isinstance(error, IntegrityFailed)


def test_weak_algorithms_need_permission(exchange: Exchange):
    sha1 = frozenset({"sha1"})
    _, wire = exchange.send(signing=Signing(identity("acme"), "sha1", allow=sha1), encryption=None)
    assert isinstance(refusal(exchange, wire, encrypted=False), InsufficientSecurity)
    _, wire = exchange.send(encryption=Encryption((pin("brand"),), "3des", allow=frozenset({"3des"})))
    assert isinstance(refusal(exchange, wire), InsufficientSecurity)


def test_a_mic_that_is_not_allowed(exchange: Exchange):
    _, wire = exchange.send(receipt=ReceiptRequest(micalgs=("sha1", "md5")))
    error = refusal(exchange, wire)
    assert isinstance(error, UnsupportedMic)
    assert str(error.disposition).endswith("failed/failure: unsupported MIC-algorithms")


def test_sender_equals_receiver(exchange: Exchange):
    _, wire = exchange.send(receiver="ACME CMO")
    assert isinstance(refusal(exchange, wire), SenderIsReceiver)


NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\boot.ini",
    "NUL",
    "a" * 300 + ".xml",
    "=?utf-8?B?Li4vLi4vZXRjL3Bhc3N3ZA==?=",
    'name with "quotes" and \\',
    "%2e%2e%2fx",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_from_outside_are_never_paths(exchange: Exchange, name: str):
    """The name is kept as it was meant; the file has one of ours."""
    _, wire = exchange.send(files=(File(Content.of(EDI), "application/xml", name),))
    received = exchange.open(wire)
    (payload,) = received.payloads
    assert payload.region.path.parent == exchange.scratches[-1].folder
    assert payload.region.path.name.isdigit()
    assert payload.filename == ("../../etc/passwd" if name.startswith("=?") else name)


def bomb(exchange: Exchange, size: int) -> Wire:
    """Zeros, compressed, neither signed nor encrypted."""
    with Scratch(exchange.folder) as scratch:
        zeros = exchange.folder / "zeros"
        with zeros.open("wb") as stream:
            stream.write(b"Content-Type: text/plain\r\n\r\n")
            stream.truncate(size)
        body = b"".join(compress(Content.of(Region.whole(zeros)), scratch).chunks())
    fields = [("AS2-From", "A"), ("AS2-To", "B"), ("Message-ID", "<1@a>")]
    fields.append(("Content-Type", "application/pkcs7-mime; smime-type=compressed-data"))
    return Wire.raw(fields, body, exchange.folder / "bomb")


def test_a_decompression_bomb(exchange: Exchange):
    """500 MB in half a megabyte: refused within a second and 64 MiB."""
    wire = bomb(exchange, 500_000_000)
    assert wire.body.size < 520_000
    script = """
import re, sys, time
from pathlib import Path
from gateway.transports.as2 import Headers, Region, Scratch, Terms, open_message
from gateway.transports.as2.errors import DecompressionFailed
path = Path(sys.argv[1])
fields = [("AS2-From", "A"), ("AS2-To", "B"), ("Message-ID", "<1@a>"),
          ("Content-Type", "application/pkcs7-mime; smime-type=compressed-data")]
start = time.process_time()
with Scratch(path.parent) as scratch:
    try:
        open_message(Headers(fields), Region.whole(path), Terms(encrypted=False, signed=False), scratch)
    except DecompressionFailed:
        # Not getrusage: it counts what the process that started this one had.
        peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
        print(time.process_time() - start, peak)
"""
    done = subprocess.run([sys.executable, "-c", script, wire.body.path], capture_output=True, text=True, check=True)
    seconds, kib = done.stdout.split()
    assert float(seconds) < 1
    assert int(kib) < 64 * 1024


def test_limits_on_bytes_and_ratio(exchange: Exchange):
    wire = bomb(exchange, 3_000_000)
    open_terms = {"encrypted": False, "signed": False}
    error = refusal(exchange, wire, **open_terms, limits=Limits(ratio=100))
    assert isinstance(error, DecompressionFailed)
    assert "100 times" in error.detail
    assert "2,999,999 bytes" in refusal(exchange, wire, **open_terms, limits=Limits(2_999_999, 10_000)).detail
    (data,) = data_of(exchange.open(wire, **open_terms, limits=Limits(3_000_000, 10_000)))
    assert len(data) == 3_000_000 - len(b"Content-Type: text/plain\r\n\r\n")


def test_too_many_parts(exchange: Exchange):
    files = (File(Content.of(b"x")),) * 5
    _, wire = exchange.send(files=files)
    assert refusal(exchange, wire, limits=Limits(parts=4)).detail == "a multipart with too many parts"


# ── one answer for every failure to decrypt ───────────────────────────────────────────────────────────


def failures(exchange: Exchange) -> dict[str, tuple[Wire, dict]]:
    """Ways in which decrypting an unauthenticated envelope can fail."""
    _, wire = exchange.send(os.urandom(300_000))
    body = wire.bytes
    found: dict[str, tuple[Wire, dict]] = {"another key": (wire, {"identities": (identity("stranger"),)})}
    for name, at in {"last block": -1, "padding": -17, "middle": len(body) // 2, "first block": -300_000}.items():
        changed = bytearray(body)
        changed[at] ^= 1
        found[name] = (wire.changed(bytes(changed), exchange.folder / name), {})
    at = body.index(bytes.fromhex("06092a864886f70d010101")) + 60
    changed = bytearray(body)
    changed[at] ^= 1
    found["wrapped key"] = (wire.changed(bytes(changed), exchange.folder / "wrapped"), {})
    found["another signer"] = (wire, {"signers": (pin("stranger"),)})
    _, unsigned = exchange.send(signing=None)
    found["not signed"] = (unsigned, {})
    return found


def test_every_failure_has_one_answer(exchange: Exchange):
    answers = set()
    for wire, terms in failures(exchange).values():
        error = refusal(exchange, wire, **terms)
        request = Answer.refusing(exchange.open(exchange.send()[1]).request, error)
        answers.add((type(error), error.disposition, request.text, request.mic))
    assert answers == {
        (DecryptionFailed, Disposition("processed", "error", "decryption-failed"), DecryptionFailed.answer, None)
    }


def test_wrong_keys_and_wrong_paddings_take_the_same_time(exchange: Exchange):
    """The work is the same: everything is deciphered, then looked at. The bound is wide, for machines are shared."""
    found = failures(exchange)
    times: dict[str, list[float]] = {name: [] for name in ("wrapped key", "last block", "padding")}
    for _ in range(15):
        for name, taken in times.items():
            wire, terms = found[name]
            start = time.process_time()
            refusal(exchange, wire, **terms)
            taken.append(time.process_time() - start)
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    assert max(middle.values()) < 2.5 * min(middle.values()), middle


def test_a_wrong_padding_is_refused_even_if_all_else_can_be_read(exchange: Exchange):
    """Not signed, as agreed: what was decrypted is a whole entity, and only the padding says that it was changed."""
    _, wire = exchange.send(signing=None)
    changed = bytearray(wire.bytes)
    changed[-17] ^= 0x55
    exchange.open(wire, signed=False)
    assert type(refusal(exchange, wire.changed(bytes(changed)), signed=False)) is DecryptionFailed


def test_nothing_can_be_hung_behind_a_signed_message(exchange: Exchange):
    """Bytes behind the last boundary would be an oracle: their padding would decide between yes and no."""
    _, plain = exchange.send(encryption=None)
    entity = b"Content-Type: " + plain.headers.get("Content-Type").encode() + b"\r\n\r\n" + plain.bytes
    for tail, good in ((b"", True), (b"\r\n", True), (b"x", False), (b"\0" * 16, False)):
        with Scratch(exchange.folder) as scratch:
            kind, region = encrypt(Content.of(entity + tail), Encryption((pin("brand"),)), os.urandom, scratch)
            fields = {"content-type": f"application/pkcs7-mime; smime-type={kind}"}
            wire = plain.changed(region.slice(0, region.size)).with_fields(**fields)
            if good:
                assert data_of(exchange.open(wire)) == [EDI]
            else:
                assert isinstance(refusal(exchange, wire), DecryptionFailed)


ODD = b"X-A: \xf3\x0c\x9a\r\n"


@pytest.mark.parametrize(
    ("place", "by", "good"),
    [
        (b"Content-Type: multipart/signed", ODD + b"Content-Type: multipart/signed", False),
        (b"Content-Type: multipart/signed", b"X-A: text\r\nContent-Type: multipart/signed", True),
        (b"\r\n\r\n--", b"\r\n\r\n\xf3\r\n--", False),
        (b"\r\n\r\n--", b"\r\n\r\nThis is a signed message.\r\n--", True),
        (b"Content-Disposition: attachment; filename=smime.p7s", ODD.strip(), False),
        (b"filename=smime.p7s\r\n\r\n", b"filename=smime.p7s\r\n\r\n\xf3", False),
    ],
    ids=["header", "text in a header", "preamble", "text in the preamble", "signature's header", "signature"],
)
@pytest.mark.parametrize("encoded", [True, False], ids=["encoded", "said to be binary"])
def test_what_no_signature_covers_is_text(exchange: Exchange, place: bytes, by: bytes, good: bool, encoded: bool):
    """Where bytes may be anything, blocks of a recorded message can be put, and the answer tells what they hold.

    A block ``X: …`` made of the known first one, a changed one, the unknown one, then the message as it was: without
    this check it is taken, except where the changed byte of the unknown block is a line feed.
    """
    _, plain = exchange.send(encryption=None)
    entity = b"Content-Type: " + plain.headers.get("Content-Type").encode() + b"\r\n\r\n" + plain.bytes
    assert place in entity
    entity = entity.replace(place, by, 1)
    if not encoded:
        entity = entity.replace(b"Transfer-Encoding: base64", b"Transfer-Encoding: binary")
    for cipher, taken in (("aes256-cbc", good), ("aes256-gcm", good or b"p7s\r\n\r\n" not in place)):
        with Scratch(exchange.folder) as scratch:
            kind, region = encrypt(Content.of(entity), Encryption((pin("brand"),), cipher), os.urandom, scratch)
            fields = {"content-type": f"application/pkcs7-mime; smime-type={kind}"}
            wire = plain.changed(region.slice(0, region.size)).with_fields(**fields)
            if taken:
                assert data_of(exchange.open(wire)) == [EDI]
            else:
                refused = DecryptionFailed if cipher == "aes256-cbc" else As2Error
                assert isinstance(refusal(exchange, wire), refused)


def test_the_operator_learns_what_the_peer_does_not(exchange: Exchange):
    found = failures(exchange)
    wire, terms = found["another key"]
    ours = f"{identity('stranger').certificate.serial_number:x}"
    assert ours in refusal(exchange, wire, **terms).detail
    wire, terms = found["another signer"]
    error = refusal(exchange, wire, **terms)
    assert error.detail.startswith("decrypted, but then: signed with a certificate that is not pinned")
    assert error.hint == AuthenticationFailed.advice
    assert "pinned" not in Answer.refusing(exchange.open(wire).request, error).text


def test_once_a_signature_holds_errors_are_exact(exchange: Exchange):
    """What a partner signed tells nobody else anything."""
    with Scratch(exchange.folder) as scratch:
        broken = b"".join(compress(Content.of(b"Content-Type: text/plain\r\n\r\nx"), scratch).chunks())[:-8]
    content = Content.of(broken + b"\0" * 8)
    _, wire = exchange.send(files=(File(content, "application/pkcs7-mime; smime-type=compressed-data"),))
    assert isinstance(refusal(exchange, wire), DecompressionFailed)


def test_a_receipt_tells_no_details(exchange: Exchange):
    built, wire = exchange.send(message_id=IDS["message"])
    error = refusal(exchange, wire, identities=(identity("stranger"),))
    request = exchange.open(wire).request
    receipt = exchange.answer(Answer.refusing(request, error))
    assert error.detail.encode() not in receipt.bytes
    with pytest.raises(DecryptionFailed) as caught:
        exchange.judge(receipt, built)
    assert caught.value.by_partner
    assert caught.value.hint == DecryptionFailed.partner_advice
