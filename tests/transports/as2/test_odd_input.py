"""Input that is odd or broken: what is still read, what is refused, and that nothing ends in a traceback."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import time
from pathlib import Path

import pytest
from asn1crypto import cms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.transports.as2 import (
    Answer,
    Content,
    Encryption,
    File,
    Headers,
    ReceiptRequest,
    Region,
    Scratch,
    Signing,
    ber,
    is_receipt,
    open_message,
    read_receipt,
    sign,
)
from gateway.transports.as2 import disposition as words
from gateway.transports.as2 import message as fields
from gateway.transports.as2 import mic as mics
from gateway.transports.as2.algorithms import hash_name, micalg
from gateway.transports.as2.ber import CONSTRUCTED, CONTEXT, OCTETS, SEQUENCE, Malformed, Reader, head
from gateway.transports.as2.compress import compress
from gateway.transports.as2.disposition import Disposition
from gateway.transports.as2.encrypt import GcmParameters, encrypt
from gateway.transports.as2.errors import (
    As2Error,
    AuthenticationFailed,
    DecompressionFailed,
    DecryptionFailed,
    InsufficientSecurity,
    IntegrityFailed,
    ProcessingFailed,
    ReceiptRefused,
    UnsupportedFormat,
    from_partner,
)
from gateway.transports.as2.mime import disposition
from gateway.transports.as2.verify import verify
from tests.transports.as2.ends import EDI, IDS, Exchange, Wire, data_of, identity, pin

PLAIN = {"encrypted": False, "signed": False}
HEAD = [("AS2-From", "A"), ("AS2-To", "B"), ("Message-ID", "<1@a>")]
TYPE = "Content-Type"
CMS = "application/pkcs7-mime"


def wire_of(exchange: Exchange, body: bytes, *more: tuple[str, str]) -> Wire:
    return Wire.raw([*HEAD, *more], body, exchange.folder / "odd")


def refused(exchange: Exchange, wire: Wire, **terms: object) -> As2Error:
    with pytest.raises(As2Error) as caught:
        exchange.open(wire, **terms)
    return caught.value


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("automatic-action/MDN-sent-automatically; processed", Disposition("processed")),
        ("automatic-action/MDN-sent-automatically;processed", Disposition("processed")),
        ("automatic-action/MDN-sent-automatically ; Processed", Disposition("processed")),
        ("manual-action/MDN-sent-manually; processed/warning: duplicate-document", words.DUPLICATE),
        ("processed", Disposition("processed")),
        ("processed/error: decryption-failed", Disposition("processed", "error", "decryption-failed")),
        ("processed / Error : decryption-failed", Disposition("processed", "error", "decryption-failed")),
        ("processed/error", Disposition("processed", "error")),
        ("a/b; processed/error=odd", Disposition("processed", "error", "error=odd")),
        ("a/b; failed/Failure: unsupported format", Disposition("failed", "failure", "unsupported format")),
        ("a/b; processed/superseded", Disposition("processed", "error", "superseded")),
        ("a/b; failed", Disposition("failed")),
    ],
)
def test_dispositions_are_read_leniently(text: str, expected: Disposition):
    assert words.parse(text) == expected
    assert expected.good is (expected.type == "processed" and expected.severity in {"", "warning"})


@pytest.mark.parametrize("text", ["", "a/b;", "a/b; done", "processed!", "processed-ish"])
def test_what_is_no_disposition(text: str):
    with pytest.raises(ValueError, match="is no disposition"):
        words.parse(text)


def test_dispositions_are_written_exactly():
    mode = "automatic-action/MDN-sent-automatically; "
    expected = {
        "AuthenticationFailed": "processed/error: authentication-failed",
        "IntegrityFailed": "processed/error: integrity-check-failed",
        "DecryptionFailed": "processed/error: decryption-failed",
        "DecompressionFailed": "processed/error: decompression-failed",
        "InsufficientSecurity": "processed/error: insufficient-message-security",
        "ProcessingFailed": "processed/error: unexpected-processing-error",
        "UnsupportedFormat": "failed/failure: unsupported format",
        "UnsupportedMic": "failed/failure: unsupported MIC-algorithms",
        "SenderIsReceiver": "failed/failure: sender-equals-receiver",
        "ReceiptRefused": "processed/error: unexpected-processing-error",
    }
    found = {class_.__name__: str(class_.disposition) for class_ in As2Error.__subclasses__()}
    assert found == {name: mode + text for name, text in expected.items()}
    for class_ in As2Error.__subclasses__():
        assert words.parse(str(class_.disposition)) == class_.disposition
        assert class_.answer.isascii()
        assert class_().hint
        if class_ is not ReceiptRefused:
            error = from_partner(class_.disposition, "their words")
            assert type(error) is class_
            assert error.by_partner
            assert "their words" in error.message


def test_a_word_of_a_partner_that_nobody_knows():
    error = from_partner(Disposition("failed", "error", "no-disk"))
    assert type(error) is ProcessingFailed
    assert error.disposition.modifier == "no-disk"


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("sha-1", "sha1"),
        ("SHA1", "sha1"),
        ("sha-256", "sha256"),
        ("SHA2_256", "sha256"),
        ("SHA-2-512", "sha512"),
        ("rsa-sha256", "sha256"),
        ("sha_384", "sha384"),
        ("md5", "md5"),
        ("sha2", ""),
        ("sha3-256", ""),
        ("", ""),
        ("sha224", "sha224"),
        ("sha-224", "sha224"),
        ("SHA2_224", "sha224"),
    ],
)
def test_hash_names_in_all_spellings(spelled: str, name: str):
    assert hash_name(spelled) == name


def test_hash_names_for_old_peers():
    assert micalg("sha256") == "sha-256"
    assert micalg("sha256", old_names=True) == "sha256"
    assert micalg("sha1") == "sha-1"
    assert micalg("sha1", old_names=True) == "sha1"


@pytest.mark.parametrize("text", ["{}, sha-256", "{},SHA256", "{} , sha-256 ", " {}\t,\r\n sha2_256"])
def test_mics_are_compared_by_value(text: str):
    value = base64.b64encode(b"\7" * 32).decode()
    assert mics.parse(text.format(value)).same(mics.Mic(b"\7" * 32, "sha256"))
    assert not mics.parse(text.format(value)).same(mics.Mic(b"\7" * 32, "sha512"))


@pytest.mark.parametrize("text", ["", "abc", "AAAA, sha-256", "!!!!, sha1", "AAAA, rot13", ", sha1", "AAA, sha-256"])
def test_what_is_no_mic(text: str):
    with pytest.raises(ValueError, match="is no MIC"):
        mics.parse(text)


@pytest.mark.parametrize("value", ["A", "ACME CMO", 'a "quoted" \\ name', "x" * 128, "a;b,c", "  two  "])
def test_ids_go_there_and_back(value: str):
    assert fields.read_id(fields.write_id(value)) == value


@pytest.mark.parametrize("value", ["", "x" * 129, "a\nb", "ä", "a\0"])
def test_ids_that_are_not_written(value: str):
    with pytest.raises(ValueError, match="is no AS2 id"):
        fields.write_id(value)


@pytest.mark.parametrize("value", ["", "1@a", "<1>", "<1@a>\n", "<1 2@a>", "<@a@>", f"<{'x' * 255}@a>", "<ä@a>"])
def test_message_ids_that_are_not_written(exchange: Exchange, value: str):
    with pytest.raises(ValueError, match="is no message id"):
        exchange.send(message_id=value)


def test_message_ids_are_compared_without_brackets():
    assert fields.same_message_id("<1@a>", "1@a")
    assert fields.same_message_id(" <1@a> ", "<1@a>")
    assert not fields.same_message_id("<1@a>", "<1@A>")
    assert not fields.same_message_id("<>", "")


@pytest.mark.parametrize(
    ("options", "signed", "names"),
    [
        (
            "signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, sha1, md5",
            True,
            ("sha1", "md5"),
        ),
        ("signed-receipt-protocol=required,pkcs7-signature;signed-receipt-micalg=required,sha-256", True, ("sha-256",)),
        (
            "Signed-Receipt-Protocol = Optional , PKCS7-Signature ; Signed-Receipt-Micalg = Optional , sha256",
            True,
            ("sha256",),
        ),
        ("signed-receipt-protocol=pkcs7-signature; signed-receipt-micalg=sha-512", True, ("sha-512",)),
        ("signed-receipt-protocol=optional, pgp-signature", False, ()),
        ("", False, ()),
        (";;=;x", False, ()),
    ],
)
def test_receipt_requests_are_read_leniently(options: str, signed: bool, names: tuple[str, ...]):
    headers = Headers([("Disposition-Notification-To", "x"), ("Disposition-Notification-Options", options)])
    assert fields.read_receipt_request(headers) == ReceiptRequest(signed, names, "", "x")


def test_the_first_mic_that_is_allowed():
    asked = ReceiptRequest(micalgs=("rot13", "sha1", "SHA2_512", "sha-256"))
    assert fields.choose_micalg(asked, "", frozenset()) == ("sha512", "SHA2_512")
    assert fields.choose_micalg(asked, "", frozenset({"sha1"})) == ("sha1", "sha1")
    assert fields.choose_micalg(None, "sha384", frozenset()) == ("sha384", "sha-384")
    assert fields.choose_micalg(ReceiptRequest(micalgs=()), "", frozenset()) == ("sha256", "sha-256")


# ── headers and parts ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("absent", ["AS2-From", "AS2-To", "Message-ID"])
def test_fields_that_are_needed_once(exchange: Exchange, absent: str):
    _, wire = exchange.send()
    error = refused(exchange, wire.with_fields(**{absent: None}))
    assert absent in error.detail
    twice = Wire(Headers([*wire.headers.fields, (absent.lower(), "<x@y>")]), wire.body)
    assert "2 times" in refused(exchange, twice).detail


@pytest.mark.parametrize(("name", "value"), [("AS2-From", "x" * 129), ("AS2-To", '""'), ("Message-ID", "x" * 999)])
def test_fields_that_are_too_long_or_empty(exchange: Exchange, name: str, value: str):
    _, wire = exchange.send()
    assert isinstance(refused(exchange, wire.with_fields(**{name: value})), ProcessingFailed)


def test_folded_and_bare_lines(exchange: Exchange):
    body = b'--b\nContent-Type: text/plain;\n  name="a b.txt"\ncontent-disposition:\tattachment\n\nx\n--b--'
    wire = wire_of(exchange, body, (TYPE, "multipart/mixed; boundary=b"))
    (payload,) = exchange.open(wire, **PLAIN).payloads
    assert payload.filename == "a b.txt"
    assert payload.region.slice(0, 9) == b"x"


def test_parts_without_headers_and_with_text_around(exchange: Exchange):
    body = b"before\r\n--b  \r\n\r\none\r\n--bb\r\n\r\n--b\r\n\ntwo\r\n--b--\r\nafter"
    wire = wire_of(exchange, body, (TYPE, 'multipart/related; boundary="b"'))
    assert data_of(exchange.open(wire, **PLAIN)) == [b"one\r\n--bb\r\n", b"two"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n\r\nx",
        b"--b\r\nx\r\n--b--",
        b"--b\r\nno colon\r\n\r\nx\r\n--b--",
        b"--b\r\n: x\r\n\r\n\r\n--b--",
        b"--b\r\n" + b"x: y\r\n" * 201 + b"\r\n\r\n--b--",
        b"--b\r\nx: " + b"y" * 70000 + b"\r\n\r\n\r\n--b--",
    ],
)
def test_parts_that_are_broken(exchange: Exchange, body: bytes):
    wire = wire_of(exchange, body, (TYPE, "multipart/mixed; boundary=b"))
    assert isinstance(refused(exchange, wire, **PLAIN), ProcessingFailed)


@pytest.mark.parametrize("boundary", ["", "; boundary=", f"; boundary={'x' * 201}"])
def test_boundaries_that_are_none(exchange: Exchange, boundary: str):
    wire = wire_of(exchange, b"--b\r\n\r\n\r\n--b--", (TYPE, f"multipart/mixed{boundary}"))
    assert isinstance(refused(exchange, wire, **PLAIN), ProcessingFailed)


def test_a_body_that_is_nothing_but_false_boundaries(exchange: Exchange):
    wire = wire_of(exchange, b"\n--b" * 500_000, (TYPE, "multipart/mixed; boundary=b"))
    start = time.process_time()
    assert isinstance(refused(exchange, wire, **PLAIN), ProcessingFailed)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("encoding", "sent", "expected"),
    [
        ("base64", b"aGVs\r\nbG8=\r\n", b"hello"),
        ("Base64", b"aGVsbG8=", b"hello"),
        ("quoted-printable", b"h=C3=A4=\r\nllo\r\n", b"h\xc3\xa4llo\r\n"),
        ("8bit", b"\xff\r\n", b"\xff\r\n"),
        ("7bit", b"\xff", b"\xff"),
        ("BINARY", b"\n", b"\n"),
        ("", b"\n", b"\n"),
    ],
)
def test_transfer_encodings(exchange: Exchange, encoding: str, sent: bytes, expected: bytes):
    wire = wire_of(exchange, sent, ("Content-Transfer-Encoding", encoding), (TYPE, "text/plain"))
    assert data_of(exchange.open(wire, **PLAIN)) == [expected]


def test_transfer_encodings_that_are_broken(exchange: Exchange):
    for body in (b"aGVsbG8", b"a!==", b"===="):
        wire = wire_of(exchange, body, ("Content-Transfer-Encoding", "base64"))
        assert isinstance(refused(exchange, wire, **PLAIN), ProcessingFailed)
    wire = wire_of(exchange, b"x", ("Content-Transfer-Encoding", "x-uue"))
    assert isinstance(refused(exchange, wire, **PLAIN), UnsupportedFormat)
    wire = wire_of(exchange, b"x" * 300_000, ("Content-Transfer-Encoding", "quoted-printable"))
    assert isinstance(refused(exchange, wire, **PLAIN), ProcessingFailed)


def test_two_content_types(exchange: Exchange):
    wire = wire_of(exchange, b"x", (TYPE, "text/plain"), (TYPE, "multipart/signed"))
    assert isinstance(refused(exchange, wire, **PLAIN), ProcessingFailed)


def test_the_whole_message_in_base64(exchange: Exchange):
    """Some peers encode what HTTP would carry as it is."""
    _, wire = exchange.send()
    encoded = wire.changed(base64.encodebytes(wire.bytes)).with_fields(content_transfer_encoding="base64")
    assert data_of(exchange.open(encoded)) == [EDI]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('attachment; filename="a\'b;c.xml"', "a'b;c.xml"),
        ("attachment; filename=plain.xml", "plain.xml"),
        ("attachment; filename*=utf-8''pr%C3%BCf.xml", "prüf.xml"),
        ("attachment; filename*=nothing''a%FF.xml", "a\xff.xml"),
        ('attachment; filename="=?iso-8859-1?Q?pr=FCf.xml?="', "prüf.xml"),
        ('attachment; filename="=?x?"', "=?x?"),
        ('attachment; filename="=?nothing?B?YQ==?="', "=?nothing?B?YQ==?="),
        ("attachment; filename*0=a; filename*1=b", "ab"),
        ("attachment", ""),
    ],
)
def test_file_names_in_all_spellings(value: str, name: str):
    assert Headers([("Content-Disposition", value)]).filename() == name


@pytest.mark.parametrize("bad", ["a\r\nX: y", "ä", "a\0b", "\n"])
def test_headers_that_would_break_out_are_not_written(exchange: Exchange, bad: str):
    with pytest.raises(ValueError, match="cannot be written"):
        exchange.send(subject=bad or "x")


def test_a_message_without_files(exchange: Exchange):
    with pytest.raises(ValueError, match="needs a file"):
        exchange.send(files=())


# ── CMS ───────────────────────────────────────────────────────────────────────────────────────────────


def element(tag: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return head(tag, len(data)) + data


def endless(tag: int, *parts: bytes) -> bytes:
    return bytes((tag | CONSTRUCTED, 0x80)) + b"".join(parts) + b"\0\0"


def read_octets(folder: Path, data: bytes) -> bytes:
    path = folder / "ber"
    path.write_bytes(data)
    with Reader(Region.whole(path)) as reader:
        start = reader.skip_octets(OCTETS)
        return b"".join(reader.octets(OCTETS, start))


def test_octet_strings_in_every_form(tmp_path: Path):
    one, two = element(OCTETS, b"ab"), element(OCTETS, b"", b"c")
    for data in (
        element(OCTETS, b"abc"),
        element(OCTETS | CONSTRUCTED, one, two),
        endless(OCTETS, one, two),
        endless(OCTETS, endless(OCTETS, one), element(OCTETS | CONSTRUCTED, two)),
        b"\x04\x84\0\0\0\3abc",
    ):
        assert read_octets(tmp_path, data) == b"abc"


DEEP = b"".join((b"\x24\x80",) * 20) + b"\0\0" * 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04",
        b"\x04\x05ab",
        b"\x04\x80ab\x00\x00",
        b"$\x80",
        b"$\x80\x04\x01a",
        b"0\x00",
        b"$\x03\x04\x05ab",
        b"\x1f\x01\x01",
        b"\x04\x89" + b"\x01" * 9,
        b"$\x800\x00\x00\x00",
        DEEP,
        endless(OCTETS, *([b"\x04\x00"] * 2000)),
        b"$\x04\x04\x01a\x04",
    ],
)
def test_octet_strings_that_are_none(tmp_path: Path, data: bytes):
    with pytest.raises(Malformed):
        read_octets(tmp_path, data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"0",
        b"0\x03\x02\x01",
        b"0\x00\x00",
        b"\x02\x80\x00\x00",
        b"?\x01\x00",
        b"0\x80" * 60,
        b"0\x80\x02\x01",
        element(SEQUENCE | CONSTRUCTED, *([b"\x05\x00"] * 20001)),
    ],
)
def test_small_elements_are_checked_before_they_are_parsed(data: bytes):
    with pytest.raises(Malformed):
        ber.load(cms.ContentInfo, data)


def test_elements_with_and_without_length(tmp_path: Path):
    path = tmp_path / "ber"
    inner = endless(SEQUENCE, b"\2\1\7", endless(SEQUENCE))
    path.write_bytes(endless(SEQUENCE, inner, b"\5\0") + b"\r\n")
    with Reader(Region.whole(path)) as reader:
        reader.enter(SEQUENCE)
        assert reader.small() == inner
        assert reader.small(5) == b"\5\0"
        reader.finish()
    with Reader(Region.whole(path)) as reader:
        reader.enter(SEQUENCE)
        with pytest.raises(Malformed, match="more elements"):
            reader.finish()
        with pytest.raises(Malformed, match="was expected"):
            reader.small(5)
    with Reader(Region.whole(path)) as reader, pytest.raises(Malformed, match="was expected"):
        reader.enter(CONTEXT)
    path.write_bytes(element(SEQUENCE | CONSTRUCTED, b"\5\0") + b"x")
    with Reader(Region.whole(path)) as reader:
        reader.enter(SEQUENCE)
        reader.small()
        with pytest.raises(Malformed, match="follows"):
            reader.finish()
    path.write_bytes(element(OCTETS, b"x" * (ber.SMALL + 1)))
    with Reader(Region.whole(path)) as reader, pytest.raises(Malformed, match="too large"):
        reader.small()


def test_what_is_said_to_be_cms(exchange: Exchange):
    for body in (b"", b"x" * 100, b"\x30\x80", element(SEQUENCE | CONSTRUCTED, b"\6\1\1")):
        assert isinstance(refused(exchange, wire_of(exchange, body, (TYPE, CMS))), As2Error)
    signature = sign.signed_data(b"\0" * 32, Signing(identity("acme")))
    error = refused(exchange, wire_of(exchange, signature, (TYPE, CMS)), **PLAIN)
    assert isinstance(error, UnsupportedFormat)
    assert "multipart/signed" in error.detail


def test_encrypted_twice(exchange: Exchange):
    _, inner = exchange.send(encryption=Encryption((pin("brand"),), "aes128-gcm"))
    content = Content.of(inner.bytes)
    gcm = Encryption((pin("brand"),), "aes256-gcm")
    _, wire = exchange.send(files=(File(content, CMS),), signing=None, encryption=gcm)
    assert isinstance(refused(exchange, wire), UnsupportedFormat)


def compressed_twice(exchange: Exchange) -> Wire:
    with Scratch(exchange.folder) as scratch:
        packed = b"".join(compress(Content.of(b"\r\nx"), scratch).chunks())
    return exchange.send(files=(File(Content.of(packed), CMS),), compression="after", encryption=None)[1]


def test_compressed_twice(exchange: Exchange):
    assert isinstance(refused(exchange, compressed_twice(exchange), encrypted=False), UnsupportedFormat)


def test_compressed_data_that_is_broken(exchange: Exchange):
    with Scratch(exchange.folder) as scratch:
        good = b"".join(compress(Content.of(b"\r\n" + os.urandom(5000)), scratch).chunks())
    zlib_data = cms.ContentInfo.load(good)["content"]["encap_content_info"]["content"].native

    def with_data(data: bytes) -> bytes:
        content = cms.ContentInfo.load(good)
        content["content"]["encap_content_info"]["content"] = data
        return content.dump(force=True)

    other = good.replace(bytes.fromhex("060b2a864886f70d0109100308"), bytes.fromhex("060b2a864886f70d0109100309"))
    broken = [good + b"x", other, with_data(zlib_data[:-9]), with_data(zlib_data + b"x"), with_data(b"")]
    broken += [with_data(b"x" + zlib_data), with_data(zlib_data[:-1] + bytes((zlib_data[-1] ^ 1,)))]
    for body in broken:
        assert isinstance(refused(exchange, wire_of(exchange, body, (TYPE, CMS)), **PLAIN), DecompressionFailed)
    assert len(data_of(exchange.open(wire_of(exchange, good + b"\r\n", (TYPE, CMS)), **PLAIN))[0]) == 5000


def enveloped(exchange: Exchange, cipher: str = "aes256-cbc") -> bytes:
    scratch = exchange.scratch()
    _, region = encrypt(Content.of(b"\r\nx"), Encryption((pin("brand"),), cipher), os.urandom, scratch)
    return region.slice(0, region.size)


def changed_envelope(exchange: Exchange, change: object, cipher: str = "aes256-cbc") -> bytes:
    content = cms.ContentInfo.load(enveloped(exchange, cipher))
    inner = content["content"]
    change(inner, inner["auth_encrypted_content_info" if "gcm" in cipher else "encrypted_content_info"])
    return content.dump(force=True)


def test_envelopes_that_are_broken(exchange: Exchange):
    def short_nonce(inner, info):
        info["content_encryption_algorithm"]["parameters"] = cms.OctetString(b"\0" * 8)

    def odd_size(inner, info):
        info["encrypted_content"] = info["encrypted_content"].native[:-1]

    def nothing(inner, info):
        info["encrypted_content"] = None

    def nobody(inner, info):
        inner["recipient_infos"] = []

    def crowd(inner, info):
        inner["recipient_infos"] = list(inner["recipient_infos"]) * 101

    def other_transport(inner, info):
        algorithm = inner["recipient_infos"][0].chosen["key_encryption_algorithm"]
        algorithm["algorithm"] = "aes128_wrap"

    def password(inner, info):
        value = cms.KEKRecipientInfo(
            {
                "version": "v4",
                "kekid": {"key_identifier": b"x"},
                "key_encryption_algorithm": {"algorithm": "aes128_wrap"},
                "encrypted_key": b"x",
            }
        )
        inner["recipient_infos"] = [cms.RecipientInfo("kekri", value)]

    changes = (short_nonce, odd_size, nothing, nobody, crowd, other_transport, password)
    bodies = [changed_envelope(exchange, change) for change in changes]
    bodies += [enveloped(exchange)[:-1], enveloped(exchange) + b"x"]
    for body in bodies:
        error = refused(exchange, wire_of(exchange, body, (TYPE, CMS)), signed=False)
        assert type(error) is DecryptionFailed
        assert error.detail


def test_authenticated_envelopes_that_are_broken(exchange: Exchange):
    def short_tag(inner, info):
        inner["mac"] = inner["mac"].native[:8]

    def wrong_tag(inner, info):
        inner["mac"] = b"\0" * 16

    def attributes(inner, info):
        inner["auth_attrs"] = [{"type": "content_type", "values": ["data"]}]

    def huge_nonce(inner, info):
        parameters = GcmParameters({"nonce": b"\0" * 200, "tag_size": 16})
        info["content_encryption_algorithm"]["parameters"] = parameters

    for change in (short_tag, wrong_tag, attributes, huge_nonce):
        body = changed_envelope(exchange, change, "aes128-gcm")
        assert type(refused(exchange, wire_of(exchange, body, (TYPE, CMS)), signed=False)) is DecryptionFailed
    other = (identity("stranger"),)
    error = refused(exchange, wire_of(exchange, enveloped(exchange, "aes128-gcm"), (TYPE, CMS)), identities=other)
    assert "encrypted for serial number" in error.detail


def test_gcm_inside_enveloped_data_by_permission(exchange: Exchange):
    """As some peers send it, with the tag at the end of the encrypted bytes."""
    content = cms.ContentInfo.load(enveloped(exchange, "aes256-gcm"))["content"]
    info = content["auth_encrypted_content_info"]
    inner = cms.EncryptedContentInfo(
        {
            "content_type": "data",
            "content_encryption_algorithm": info["content_encryption_algorithm"],
            "encrypted_content": info["encrypted_content"].native + content["mac"].native,
        }
    )
    data = {"version": "v0", "recipient_infos": content["recipient_infos"], "encrypted_content_info": inner}
    body = cms.ContentInfo({"content_type": "enveloped_data", "content": cms.EnvelopedData(data)}).dump()
    wire = wire_of(exchange, body, (TYPE, CMS))
    assert type(refused(exchange, wire, signed=False)) is DecryptionFailed
    assert data_of(exchange.open(wire, signed=False, gcm_in_enveloped=True)) == [b"x"]
    changed = body[:-1] + bytes((body[-1] ^ 1,))
    wire = wire_of(exchange, changed, (TYPE, CMS))
    assert type(refused(exchange, wire, signed=False, gcm_in_enveloped=True)) is DecryptionFailed


def test_an_elliptic_key_decrypts_nothing(exchange: Exchange):
    elliptic = identity("brand", "p256")
    content = cms.ContentInfo.load(enveloped(exchange))
    info = content["content"]["recipient_infos"][0].chosen
    info["rid"] = cms.RecipientIdentifier("issuer_and_serial_number", elliptic.identifier())
    wire = wire_of(exchange, content.dump(force=True), (TYPE, CMS))
    assert type(refused(exchange, wire, identities=(elliptic,))) is DecryptionFailed


# ── signatures ────────────────────────────────────────────────────────────────────────────────────────


def with_signature(wire: Wire, change: object) -> Wire:
    found = re.search(rb"(?s)(.*filename=smime\.p7s\r\n\r\n)(.*?)(\r\n--[^\r\n]+--\r\n)\Z", wire.bytes)
    return wire.changed(found[1] + change(base64.b64decode(found[2])) + found[3])


def in_base64(change: object) -> object:
    def changed(signature: bytes) -> bytes:
        content = cms.ContentInfo.load(signature)
        change(content["content"]["signer_infos"][0])
        return base64.encodebytes(content.dump(force=True))

    return changed


def attribute(signer, name: str):
    return next(a for a in signer["signed_attrs"] if a["type"].native == name)


def test_signatures_that_are_broken(exchange: Exchange):  # noqa: C901
    _, wire = exchange.send(encryption=None)

    def no_digest(signer):
        signer["signed_attrs"] = [a for a in signer["signed_attrs"] if a["type"].native != "message_digest"]

    def two_digests(signer):
        attribute(signer, "message_digest")["values"] = [b"\0" * 32, b"\1" * 32]

    def other_type(signer):
        attribute(signer, "content_type")["values"] = ["signed_data"]

    def other_protection(signer):
        attribute(signer, "cms_algorithm_protection")["values"][0]["digest_algorithm"] = {"algorithm": "sha512"}

    def other_digest(signer):
        signer["digest_algorithm"] = {"algorithm": "sha512"}

    def other_algorithm(signer):
        signer["signature_algorithm"] = {"algorithm": "sha512_rsa"}

    def wrong_key(signer):
        signer["signature_algorithm"] = {"algorithm": "sha256_ecdsa"}

    def no_attributes(signer):
        signer["signed_attrs"] = None

    def changed(signer):
        signer["signature"] = b"\1" * 256

    def wrong_size(signer):
        signer["signature"] = b"\1"

    changes = (no_digest, two_digests, other_type, other_protection, other_digest, other_algorithm, wrong_key)
    for change in (*changes, no_attributes, changed, wrong_size):
        error = refused(exchange, with_signature(wire, in_base64(change)), encrypted=False)
        assert type(error) is AuthenticationFailed, change
    for raw in (b"", b"MIIB", b"x", b"0\x80", base64.b64encode(b"\x30\x03\x06\x01\x01")):
        error = refused(exchange, with_signature(wire, lambda _, raw=raw: raw), encrypted=False)
        assert type(error) is AuthenticationFailed


def test_a_hash_function_that_nobody_knows(exchange: Exchange):
    _, wire = exchange.send(encryption=None)

    def unknown(signer):
        signer["digest_algorithm"] = {"algorithm": "sha512_256"}

    error = refused(exchange, with_signature(wire, in_base64(unknown)), encrypted=False)
    assert type(error) is InsufficientSecurity


def test_pss_with_other_parameters(exchange: Exchange):
    _, wire = exchange.send(encryption=None, signing=Signing(identity("acme"), padding="pss"))

    def other_hash(signer):
        signer["signature_algorithm"]["parameters"]["hash_algorithm"] = {"algorithm": "sha512"}

    def other_salt(signer):
        signer["signature_algorithm"]["parameters"]["salt_length"] = 7

    def absurd_salt(signer):
        signer["signature_algorithm"]["parameters"]["salt_length"] = -5

    for change in (other_hash, other_salt, absurd_salt):
        error = refused(exchange, with_signature(wire, in_base64(change)), encrypted=False)
        assert type(error) is AuthenticationFailed


def test_signature_parts_in_other_forms(exchange: Exchange):
    """In base64 without saying so, and as it is where base64 is not stated."""
    _, wire = exchange.send(encryption=None)
    stated = b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=smime.p7s\r\n"
    assert stated in wire.bytes
    body = wire.bytes.replace(stated, b"")
    assert data_of(exchange.open(wire.changed(body), encrypted=False)) == [EDI]
    binary = with_signature(wire, lambda signature: signature)
    body = binary.bytes.replace(b"Encoding: base64\r\nContent-Disposition: attachment; f", b"Encoding: binary\r\nX: f")
    assert data_of(exchange.open(wire.changed(body), encrypted=False)) == [EDI]
    huge = with_signature(wire, lambda _: b"A" * (3 << 20))
    assert type(refused(exchange, huge, encrypted=False)) is AuthenticationFailed


def test_a_multipart_signed_with_other_parts(exchange: Exchange):
    fields_ = (TYPE, "multipart/signed; boundary=b")
    for body in (b"--b\r\n\r\n\r\n--b--", b"--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--"):
        assert isinstance(refused(exchange, wire_of(exchange, body, fields_), **PLAIN), ProcessingFailed)


@pytest.mark.parametrize("change", [lambda entity: entity.removesuffix(b"\r\n"), lambda entity: entity + b"\r\n"])
def test_signed_with_a_line_break_less_or_more(exchange: Exchange, change):
    """Read for partners with that quirk only, and the receipt has the MIC of what they signed."""
    entity = b"Content-Type: text/plain\r\n\r\nline\r\n"
    signing = Signing(identity("acme"))
    hashed = sign.digest([change(entity)], "sha256")["sha256"]
    names, body = sign.multipart_signed(Content.of(entity), hashed, signing, "b")
    wire = wire_of(exchange, b"".join(body.chunks()), *names)
    assert type(refused(exchange, wire, encrypted=False)) is IntegrityFailed
    received = exchange.open(wire, encrypted=False, crlf_variants=True)
    assert received.signature.variant in {1, 2}
    assert received.mic.value == hashed
    short = sign.multipart_signed(Content.of(b"\r\nx"), hashed, signing, "b")[1]
    wire = wire_of(exchange, b"".join(short.chunks()), *names)
    assert type(refused(exchange, wire, encrypted=False, crlf_variants=True)) is IntegrityFailed


# ── receipts ──────────────────────────────────────────────────────────────────────────────────────────


NOTE = (
    b"Reporting-UA: peer\r\nFinal-Recipient: rfc822; Brand\r\nOriginal-Message-ID: 1@acme.example\r\n"
    b"Disposition: automatic-action/MDN-sent-automatically;processed\r\nReceived-content-MIC:%s,SHA256\r\n"
)


def note(exchange: Exchange) -> tuple:
    built, _ = exchange.send()
    return built, NOTE % base64.b64encode(built.mics["sha256"].value)


def report(exchange: Exchange, data: bytes, around: bytes = b"%s", kind: str = "multipart/report; boundary=b") -> Wire:
    path = exchange.folder / f"report-{len(list(exchange.folder.iterdir()))}"
    return Wire.raw([(TYPE, kind)], around.replace(b"%s", data), path)


def test_receipts_are_read_leniently(exchange: Exchange):
    built, data = note(exchange)
    part = b"--b\r\nContent-Type: message/disposition-notification\r\n\r\n%s\r\n--b--"
    encoded = part.replace(b"notification\r\n", b"notification\r\nContent-Transfer-Encoding: base64\r\n", 1)
    forms = [
        report(exchange, data, part),
        report(
            exchange,
            data.replace(b"\r\n", b"\n"),
            b"\n\n--b\nContent-Type:message/disposition-notification\n\n%s\n--b--\n",
        ),
        report(exchange, data.replace(b"\r\nFinal", b"\r\n\r\nFinal"), part),
        report(exchange, data.replace(b"MIC:", b"MIC:\r\n  "), part),
        report(exchange, base64.encodebytes(data), encoded),
    ]
    for form in forms:
        assert exchange.judge(form, built, signed=False).reporting_ua == "peer"
    bare = report(exchange, data, kind="message/disposition-notification")
    assert exchange.judge(bare, built, signed=False).text == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no fields",
        b"Disposition: x",
        NOTE % b"AAAA",
        NOTE % b"AAAA" + b"Disposition: a/b; processed\r\n",
        NOTE % b"AAAA" * 2,
        b"x" * (2 << 20),
    ],
)
def test_receipts_that_are_broken(exchange: Exchange, data: bytes):
    built, _ = note(exchange)
    with pytest.raises(ReceiptRefused):
        exchange.judge(report(exchange, data, kind="message/disposition-notification"), built, signed=False)


def test_reports_without_their_note(exchange: Exchange):
    built, data = note(exchange)
    part = b"--b\r\nContent-Type: message/disposition-notification\r\n\r\n%s\r\n"
    for around in (b"", b"--b--", b"--b\r\n\r\n%s\r\n--b--", part % data + part % data + b"--b--"):
        with pytest.raises(ReceiptRefused):
            exchange.judge(report(exchange, b"", around), built, signed=False)
    signed = report(exchange, b"", b"--b\r\n\r\n\r\n--b--", "multipart/signed; boundary=b")
    with pytest.raises(ReceiptRefused, match="two parts"):
        exchange.judge(signed, built)


def test_messages_and_receipts_are_told_apart(exchange: Exchange):
    _, wire = exchange.send(encryption=None)
    assert not is_receipt(wire.headers, wire.body)
    received = exchange.open(wire, encrypted=False)
    signed = exchange.answer(Answer(received.request, mic=received.mic))
    assert is_receipt(signed.headers, signed.body)
    _, data = note(exchange)
    unsigned = report(exchange, data)
    assert is_receipt(unsigned.headers, unsigned.body)
    for body in (b"", b"--b\r\nbroken", b"--b--"):
        broken = wire_of(exchange, body, (TYPE, "multipart/signed; boundary=b"))
        assert not is_receipt(broken.headers, broken.body)
    assert not is_receipt(exchange.send()[1].headers, exchange.send()[1].body)


def test_receipts_signed_with_another_line_break(exchange: Exchange):
    built, data = note(exchange)
    entity = b"Content-Type: message/disposition-notification\r\n\r\n" + data
    hashed = sign.digest([entity.removesuffix(b"\r\n")], "sha256")["sha256"]
    names, body = sign.multipart_signed(Content.of(entity), hashed, Signing(identity("brand")), "b")
    wire = Wire.raw(names, b"".join(body.chunks()), exchange.folder / "signed")
    with pytest.raises(IntegrityFailed):
        exchange.judge(wire, built)
    assert exchange.judge(wire, built, crlf_variants=True).disposition.good


def test_message_ids_of_others_stand_in_a_receipt_as_they_are(exchange: Exchange):
    for odd in ("no brackets at all", "<a b@c>", "<ü@x>", "<x\x01y@z>"):
        _, wire = exchange.send()
        request = exchange.open(wire.with_fields(message_id=odd)).request
        receipt = exchange.answer(Answer(request, mic=mics.Mic(b"\0" * 32, "sha256")))
        found = read_receipt(receipt.headers, receipt.body, exchange.receipt_terms(), exchange.scratch())
        assert found.message_id == odd.replace("\x01", " ")


def test_a_duplicate_is_good(exchange: Exchange):
    built, wire = exchange.send()
    received = exchange.open(wire)
    receipt = exchange.answer(Answer(received.request, words.DUPLICATE, received.mic))
    assert exchange.judge(receipt, built).disposition == words.DUPLICATE


def test_the_receipt_is_signed_with_the_function_that_was_asked_for(exchange: Exchange):
    for asked, expected in ((("sha-512",), "sha512"), (("md5", "sha-384"), "sha384"), ((), "sha256")):
        _, wire = exchange.send(receipt=ReceiptRequest(micalgs=asked or ("sha-256",)))
        request = exchange.open(wire).request
        receipt = exchange.answer(Answer(request))
        assert f"micalg=sha-{expected[3:]}" in receipt.headers.get(TYPE)
    assert IDS["receipt"] == receipt.headers.get("Message-ID")


# ── anything ──────────────────────────────────────────────────────────────────────────────────────────


SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(data=st.data())
def test_changed_messages_never_end_in_a_traceback(exchange: Exchange, data: st.DataObject):
    """Some bytes changed, cut out or put in; the answer is the message itself or an error of ours."""
    if not hasattr(exchange, "samples"):
        kinds = (
            {},
            {"encryption": None},
            {"compression": "after", "encryption": None},
            {"signing": None, "compression": "before"},
        )
        exchange.samples = [exchange.send(**changes)[1] for changes in kinds]
    wire = data.draw(st.sampled_from(exchange.samples))
    body = bytearray(wire.bytes)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with Scratch(exchange.folder) as scratch, contextlib.suppress(As2Error):
        terms = exchange.terms(encrypted=False, signed=False)
        open_message(wire.headers, wire.changed(bytes(body)).body, terms, scratch)


@SETTINGS
@given(data=st.binary(max_size=300))
def test_any_bytes_are_no_signature(data: bytes):
    with pytest.raises((AuthenticationFailed, InsufficientSecurity)):
        verify(data, [pin("acme")], [lambda _: b""], frozenset())


@SETTINGS
@given(
    name=st.sampled_from(["Content-Type", "Content-Disposition", "Disposition-Notification-Options"]), value=st.text()
)
def test_any_header_is_read(name: str, value: str):
    headers = Headers([(name, value), ("Disposition-Notification-To", "x")])
    for key in ("boundary", "filename", "name", "micalg"):
        assert isinstance(headers.parameter(name, key), str)
    assert headers.content_type().count("/") == 1
    assert isinstance(headers.filename(), str)
    assert fields.read_receipt_request(headers).to == "x"


@SETTINGS
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=128))
def test_any_id_goes_there_and_back(value: str):
    assert fields.read_id(fields.write_id(value)) == value


@SETTINGS
@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_file_name_goes_there_and_back(name: str):
    line = disposition(name)
    assert line.isascii()
    assert line.isprintable()
    assert Headers([("Content-Disposition", line)]).filename() == name
