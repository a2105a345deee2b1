"""The attachments of a mail, without a server."""

from __future__ import annotations

import binascii
import contextlib
import time
import tracemalloc
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InputError, LimitExceeded
from gateway.transports import names
from gateway.transports.imap import filenames
from gateway.transports.imap.mail import Wish, attachments, headers
from gateway.transports.imap.sender import allowed, authenticated, sender
from tests.transports.imap.mails import file, mail, parts, raw

ALL = Wish(lambda _: True)


def names_of(data: bytes, wish: Wish = ALL) -> list[str]:
    return [one.name for one in attachments(data, wish)]


def refused(data: bytes, wish: Wish = ALL) -> str:
    with pytest.raises((InputError, LimitExceeded)) as caught:
        attachments(data, wish)
    assert isinstance(caught.value, LimitExceeded) == (caught.value.finding.code == "TRANSPORT-MAIL-06")
    return caught.value.finding.code


def test_an_ordinary_mail():
    found = attachments(mail(("a.csv", b"abc"), ("b.xlsx", b"\x00\xff" * 1000)), ALL)
    assert [(one.name, one.data) for one in found] == [("a.csv", b"abc"), ("b.xlsx", b"\x00\xff" * 1000)]


def test_only_what_the_channel_takes():
    wish = Wish(lambda name: names.matches(name, ["*.csv"]))
    assert names_of(mail(("a.CSV", b"1"), ("logo.png", b"2")), wish) == ["a.CSV"]
    assert refused(mail(("logo.png", b"2")), wish) == "TRANSPORT-MAIL-05"
    assert refused(mail()) == "TRANSPORT-MAIL-05"


@pytest.mark.fault("path traversal and odd names")
@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=a.csv", "a.csv"),
        ('attachment; filename="a b;c.csv"', "a b;c.csv"),
        ("attachment; filename*=UTF-8''l%C3%B6t%20%E6%97%A5.csv", "löt 日.csv"),
        ("attachment; filename*=iso-8859-1'de'l%F6t.csv", "löt.csv"),
        ("attachment; filename*0*=UTF-8''l%C3%B6; filename*1=t-part; filename*2=.csv", "löt-part.csv"),
        ('attachment; filename="=?utf-8?q?l=C3=B6t=2Ecsv?="', "löt.csv"),
        ('attachment; filename="=?utf-8?b?bMO2dC5jc3Y=?="', "löt.csv"),
        ('attachment; filename="=?iso-8859-1?q?l=F6?= =?iso-8859-1?q?t.csv?="', "löt.csv"),
        ('attachment; filename="=?x-unknown?q?lot.csv?="', "=?x-unknown?q?lot.csv?="),
        ('attachment; filename="löt.csv"', "löt.csv"),
        ('attachment; filename="l\udcf6t.csv"', "löt.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\data\\\\a.csv"', "a.csv"),
        ("attachment; filename*=UTF-8''..%2F..%2Fa.csv", "a.csv"),
        ("attachment; filename*=UTF-8''a%00b.csv", "ab.csv"),
        ('attachment; filename=".."', "part-1.csv"),
        ('attachment; filename=""', "part-1.csv"),
        ("attachment", "part-1.csv"),
        ("attachment; filename=" + "x" * 300 + ".csv", "x" * 251 + ".csv"),
        ("attachment; filename*=nonsense", "nonsense"),
        ("attachment; filename*=UTF-8''%FF%FE.csv", None),
        ('inline; filename="a.csv"', "a.csv"),
    ],
)
def test_names(header, name):
    """By RFC 2231, by RFC 2047 where it is forbidden, as raw bytes, with folders, too long, and not at all."""
    (found,) = names_of(raw(file(disposition=header)))
    assert name is None or found == name
    assert "/" not in found
    assert "\0" not in found


def test_a_name_in_the_kind_of_a_part():
    assert names_of(raw(file(kind='text/csv; name="b.csv"', disposition=""))) == ["b.csv"]


@given(st.text(max_size=400))
def test_any_name_is_one_name(text):
    name = filenames.plain(text)
    assert "/" not in name
    assert "\\" not in name
    assert "\0" not in name
    assert len(name) <= 255
    assert name not in {".", ".."}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("text/csv", "part-2.csv"), ("application/xml", "part-2.xml"), ("application/x-odd", "part-2.bin")],
)
def test_a_part_without_name_that_is_no_text(kind, name):
    assert names_of(raw(parts("Content-Type: text/plain\n\nhello", file(kind=kind, disposition="")))) in (
        [name],
        [name.replace("-2", "-3")],
    )


def test_texts_and_pictures_of_the_mail_are_no_attachments():
    picture = "Content-ID: <1>\n" + file(kind="image/png", disposition="inline; filename=logo.png")
    html = "Content-Type: text/html\n\n<img src=cid:1>"
    body = parts(parts("Content-Type: text/plain\n\nhi", html, kind="alternative", boundary="b2"), picture, file())
    assert names_of(raw(body)) == ["a.csv"]


def test_a_body_that_is_the_file():
    data = raw("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nISA*00=3D\n")
    assert refused(data) == "TRANSPORT-MAIL-05"
    (found,) = attachments(data, Wish(lambda _: True, body=True))
    assert (found.name, found.data) == ("body.txt", b"ISA*00=\r\n")
    assert names_of(mail(("a.csv", b"1")), Wish(lambda _: True, body=True)) == ["a.csv"]


def test_mails_in_a_mail():
    inner = EmailMessage()
    inner.add_attachment(b"inner", maintype="text", subtype="csv", filename="inner.csv")
    outer = EmailMessage()
    outer["From"] = "lot@cmo.example"
    outer.set_content("forwarded")
    outer.add_attachment(inner)
    outer.add_attachment(b"outer", maintype="text", subtype="csv", filename="outer.csv")
    assert names_of(outer.as_bytes()) == ["inner.csv", "outer.csv"]
    assert names_of(outer.as_bytes(), Wish(lambda _: True, forwarded=False)) == ["outer.csv"]


def uu(data: bytes, name: str = "a.csv", end: str = "end\n") -> str:
    lines = "".join(binascii.b2a_uu(data[i : i + 45]).decode() for i in range(0, len(data), 45))
    return f"begin 644 {name}\n{lines}`\n{end}"


@pytest.mark.parametrize("size", [0, 1, 44, 45, 46, 1000])
@pytest.mark.parametrize("trim", [False, True])
def test_files_in_the_text(size, trim):
    """uuencode; some mail servers cut the blanks at the ends of lines."""
    data = bytes(range(256)) * 4
    text = uu(data[:size], "lot 1.csv") + "regards\n" + uu(b"two", "../b.csv")
    if trim:
        text = "\n".join(line.rstrip(" ") for line in text.replace("`", " ").split("\n"))
    found = attachments(raw(f"Content-Type: text/plain\n\nHello\n{text}"), ALL)
    assert [(one.name, one.data) for one in found] == [("lot 1.csv", data[:size]), ("b.csv", b"two")]


@pytest.mark.fault("half-written file")
@pytest.mark.parametrize("text", [uu(b"x" * 100, end=""), uu(b"x" * 100).replace("M", "M" + chr(127), 1)])
def test_a_damaged_file_in_the_text(text):
    assert refused(raw(f"Content-Type: text/plain\n\n{text}")) == "TRANSPORT-MAIL-04"


def test_a_sentence_that_begins_with_begin():
    assert refused(raw("Content-Type: text/plain\n\nbegin 100 tests\nTomorrow.\n")) == "TRANSPORT-MAIL-05"


@given(st.binary(max_size=300))
def test_any_bytes_survive_uuencode(data):
    (found,) = attachments(raw(f"Content-Type: text/plain\n\n{uu(data)}"), ALL)
    assert found.data == data


@pytest.mark.fault("half-written file")
@pytest.mark.parametrize(
    "part",
    [
        file(b"abc" * 100).rstrip()[:-3],
        file(b"abc" * 100).replace("YWJj", "YW!j", 1),
        file(b"abc" * 100).replace("YWJj", "YW!Jj", 1),
        file(b"abc").replace("base64", "x-odd"),
        parts(file(), end=False),
        parts(file(b"x" * 500), end=False).rstrip()[:-40],
        'Content-Type: multipart/mixed; boundary="other"\n\n--frontier\n' + file(),
    ],
)
def test_damaged_mails_are_refused(part):
    """A decoder that is kind would give half a file."""
    assert refused(raw(part)) == "TRANSPORT-MAIL-04"


@pytest.mark.parametrize(
    "part",
    [
        parts(
            "Content-Type: application/pgp-encrypted\n\nVersion: 1",
            file(kind="application/octet-stream"),
            kind="encrypted",
        ),
        file(kind='application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'),
        file(kind='application/x-pkcs7-mime; name="smime.p7m"'),
        file(kind="application/pkcs7-mime; smime-type=signed-data"),
        parts(
            "Content-Type: text/plain\n\nhi",
            file(kind="application/ms-tnef", disposition="attachment; filename=winmail.dat"),
        ),
        'Content-Type: message/partial; id="x"; number=1; total=2\n\nFrom: a@b\n\nhalf',
        "Content-Type: message/external-body; access-type=URL\n\n",
    ],
)
def test_what_hides_its_attachments_is_refused(part):
    assert refused(raw(part)) == "TRANSPORT-MAIL-03"


def test_a_signature_beside_the_contents_is_no_obstacle():
    signature = file(kind="application/pkcs7-signature", disposition="attachment; filename=smime.p7s")
    inner = parts("Content-Type: text/plain\n\nhi", file(), boundary="b2")
    assert names_of(raw(parts(inner, signature, kind="signed"))) == ["a.csv"]
    assert names_of(raw(parts(file(), signature))) == ["a.csv"]  # a list took the outer layer away


@pytest.mark.fault("bomb")
def test_limits():
    assert len(attachments(mail(*[("a.csv", b"1")] * 50), ALL)) == 50
    assert refused(mail(*[("a.csv", b"1")] * 51)) == "TRANSPORT-MAIL-06"
    assert refused(raw(parts(*["Content-Type: text/plain\n\nx"] * 201))) == "TRANSPORT-MAIL-06"
    for depth in (7, 8):
        part = file()
        for level in range(depth):
            part = parts(part, boundary=f"b{level}")
        if depth <= 8:
            assert names_of(raw(part)) == ["a.csv"]
    assert refused(raw(parts(part, boundary="b9"))) == "TRANSPORT-MAIL-06"


def deep(levels: int) -> bytes:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n' for i in range(levels))
    return raw(head + "Content-Type: text/plain\n\nx\n" + "y\n" * 50_000)


BOMBS = {
    "parts in parts": lambda: deep(5000),
    "parts in parts, just below what is counted": lambda: deep(195),
    "mails in mails": lambda: raw("Content-Type: message/rfc822\n\n" * 20_000),
    "a million parts": lambda: raw('Content-Type: multipart/mixed; boundary="b"\n\n' + "--b\n\n" * 1_000_000),
    "a million headers": lambda: raw("A: b\n" * 1_000_000 + "\nx"),
    "a million headers in a part": lambda: raw(parts("A: b\n" * 1_000_000 + "\nx")),
    "empty lines": lambda: raw("\n" * 10_000_000),
    "one header of 10 MB": lambda: raw("Subject: " + "x" * 10_000_000 + "\n\n"),
    "a header folded a million times": lambda: raw("Content-Type: text/plain" + ";\n a=b" * 1_000_000 + "\n\nx"),
    "a name in a million pieces": lambda: raw(
        file(disposition="attachment" + "".join(f";\n filename*{i}=x" for i in range(100_000)))
    ),
    "a thousand boundaries of one letter": lambda: raw(parts(*[file(b"")] * 5000, boundary="b")),
    "encoded words": lambda: raw(file(disposition='attachment; filename="' + "=?utf-8?q?a?= " * 100_000 + '"')),
    "brackets": lambda: raw(file(), sender="(" * 100_000),
}


@pytest.mark.fault("bomb")
@pytest.mark.parametrize("kind", BOMBS)
def test_mails_that_are_made_to_use_up_time_and_memory(kind):
    data = BOMBS[kind]()
    start = time.monotonic()
    try:
        attachments(data, ALL)
        head = headers(data[:65536])
        sender(head)
        authenticated(head, "mx.brand.example", "a@b.example")
    except (InputError, LimitExceeded):
        pass
    assert time.monotonic() - start < 8


@pytest.mark.fault("oversized")
def test_memory_for_the_largest_mail():
    data = mail(("a.bin", bytes(15 << 20)))
    assert len(data) > 20 << 20
    tracemalloc.start()
    attachments(data, ALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80 << 20


@settings(max_examples=300)
@given(st.text(alphabet="-:;=\"\n \\begindmixdpltra/0123*?=<>'", max_size=400), st.binary(max_size=50))
def test_nonsense_is_refused_or_read_and_never_more(text, tail):
    data = raw(f"Content-Type: multipart/mixed; boundary=b\n\n--b\n{text}") + tail
    with contextlib.suppress(InputError, LimitExceeded):
        attachments(data, ALL)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("lot@cmo.example", "lot@cmo.example"),
        ("Lot Team <Lot@CMO.example>", "lot@cmo.example"),
        ('"Team, Lot (a@b.c)" <lot@cmo.example>', "lot@cmo.example"),
        ("=?utf-8?q?L=C3=B6t?= <lot@cmo.example>", "lot@cmo.example"),
        ("<lot@cmo.example>", "lot@cmo.example"),
        ("lot@cmo.example, evil@x.example", ""),
        ("lot@cmo.example <evil@x.example>", ""),
        ('"lot@cmo.example" <evil@x.example>', "evil@x.example"),
        ("<lot@cmo.example> <evil@x.example>", ""),
        ("evil@x.example (lot@cmo.example)", ""),
        ("lot@cmo.example@x.example", ""),
        ("undisclosed:;", ""),
        ("", ""),
    ],
)
def test_the_sender(value, address):
    assert sender(headers(raw("\nx", sender=value))) == address


def test_two_froms_are_nobody():
    assert sender(headers(raw("\nx", more="From: other@cmo.example\n"))) == ""
    assert sender(headers(b"Subject: x\r\n\r\n")) == ""


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("lot@cmo.example", True),
        ("any@good.example", True),
        ("any@cmo.example", False),
        ("any@sub.good.example", False),
        ("any@notgood.example", False),
        ("good.example", False),
        ("", False),
    ],
)
def test_allowed(address, is_allowed):
    assert allowed(address, ["lot@cmo.example", "*@good.example"]) is is_allowed


@pytest.mark.parametrize(
    ("results", "proved"),
    [
        (["mx.brand.example; dmarc=pass header.from=cmo.example"], True),
        (["MX.brand.example 1; spf=fail; dmarc=pass (p=reject) header.from=cmo.example"], True),
        (["mx.brand.example; dkim=pass header.d=cmo.example"], True),
        (["mx.brand.example; dkim=pass header.i=@cmo.example header.s=x"], True),
        (["mx.brand.example; dkim=fail header.d=cmo.example; dkim=pass header.d=cmo.example"], True),
        (["mx.brand.example; dkim=pass header.d=evil.example"], False),
        (["mx.brand.example; dkim=pass header.d=notcmo.example"], False),
        (["mx.brand.example; dkim=pass header.d=example"], False),
        (["mx.brand.example; spf=pass smtp.mailfrom=cmo.example"], False),
        (["mx.brand.example; dmarc=fail header.from=cmo.example"], False),
        (["mx.brand.example; dmarc=pass header.from=other.example"], False),
        (["mx.brand.example; none (dmarc=pass)"], False),
        (["mx.brand.example; (; dmarc=pass) dmarc=fail"], False),
        (["mx.evil.example; dmarc=pass header.from=cmo.example"], False),
        (["mx.brand.example; dmarc=fail", "mx.brand.example; dmarc=pass"], False),
        (["other.example; dmarc=fail", "mx.brand.example; dmarc=pass"], True),
        ([""], False),
        ([], False),
    ],
)
def test_what_our_server_found(results, proved):
    """The topmost header of our own server counts, others could come from the sender."""
    more = "".join(f"Authentication-Results: {result}\n" for result in results)
    assert authenticated(headers(raw("\nx", more=more)), "mx.brand.example", "lot@cmo.example") is proved
