"""Partners: settings, presets, lists of certificates, and the rehearsal of a roll-over on both sides."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from gateway.errors import ConfigurationError
from gateway.transports.as2 import Answer, Content, File, build, message, open_message, prove, read_receipt
from gateway.transports.as2.errors import AuthenticationFailed, DecryptionFailed
from gateway.transports.as2.filenames import local_name
from gateway.transports.as2.mime import disposition
from gateway.transports.as2.partner import Partner, load
from gateway.transports.as2.settings import PartnerSettings, presets
from gateway.transports.as2.validity import (
    WARN_DAYS,
    Expired,
    Listed,
    Rule,
    Use,
    confirmed,
    current,
    endings,
    newest,
    public_set,
)
from gateway.transports.names import plain
from tests.transports.as2.ends import EDI, Exchange, Wire, data_of, identity, pin

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ALL = frozenset({Use.SIGN, Use.ENCRYPT})


def listed(name: str, begins: float, ends: float, **changes: object) -> Listed:
    """A certificate that counts from so many days after now to so many days after now."""
    found = identity(name, "p256", NOW + begins * DAY, NOW + ends * DAY)
    return Listed(found, **({"uses": ALL} | changes))


# ── validity ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_that_has_begun_is_used():
    old, new, later = listed("old", -300, 30), listed("new", -1, 300), listed("later", 5, 400)
    assert current([old, later, new], Use.SIGN, NOW, Rule()) == [new, old]
    assert newest([old, later, new], Use.SIGN, NOW, Rule(), "ours") == new
    assert newest([old, later, new], Use.SIGN, NOW + 6 * DAY, Rule(), "ours") == later
    assert current([old, new], Use.TLS, NOW, Rule()) == []


def test_times_of_the_operator_narrow_the_validity():
    one = listed("one", -10, 10, since=NOW + DAY, until=NOW + 2 * DAY)
    counts = [Rule(Expired.WARN).counts(one, NOW + hours * DAY / 24) for hours in (0, 23, 24, 47, 48)]
    assert counts == [False, False, True, True, False]
    assert (one.begins, one.ends) == (NOW + DAY, NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("rule", "days", "counts"),
    [
        (Rule(), -0.01, False),
        (Rule(), 0, True),
        (Rule(), 9.99, True),
        (Rule(), 10, False),
        (Rule(Expired.GRACE, 5), 14.9, True),
        (Rule(Expired.GRACE, 5), 15, False),
        (Rule(Expired.GRACE, 5), -0.01, False),
        (Rule(Expired.WARN), 1000, True),
        (Rule(Expired.WARN), -1, True),
    ],
)
def test_outside_of_the_validity(rule: Rule, days: float, counts: bool):
    assert rule.counts(listed("one", 0, 10), NOW + days * DAY) is counts


def test_without_a_certificate_the_operator_is_told_which_ones_there_are():
    with pytest.raises(
        ConfigurationError, match=r"of Brand counts now for the use encrypt: CN=old, 2026-11-16 to 2026-11-25"
    ):
        newest([listed("old", -10, -1)], Use.ENCRYPT, NOW, Rule(), "Brand")
    with pytest.raises(ConfigurationError, match="none is listed"):
        newest([], Use.SIGN, NOW, Rule(), "ours")


@pytest.mark.parametrize(
    ("left", "stage"),
    [
        (91, None),
        (90, 90),
        (89.5, 90),
        (30, 30),
        (14.5, 30),
        (14, 14),
        (7, 7),
        (1.5, 7),
        (1, 1),
        (0.1, 1),
        (0, 0),
        (-3, 0),
    ],
)
def test_somebody_is_told_at_each_stage(left: float, stage: int | None):
    found = endings([listed("one", -400, left, uses=frozenset({Use.SIGN}))], NOW)
    assert [ending.stage for ending in found] == ([] if stage is None else [stage])
    assert all(ending.days == left // 1 and ending.use is Use.SIGN for ending in found)


def test_nobody_is_told_of_a_certificate_that_is_followed():
    old, new = listed("old", -300, 5), listed("new", -1, 300, uses=frozenset({Use.SIGN}))
    assert [(ending.use, ending.listed) for ending in endings([old, new], NOW)] == [(Use.ENCRYPT, old)]
    assert WARN_DAYS == (90, 30, 14, 7, 1)


def test_fingerprints_are_confirmed():
    one = pin("brand")
    colons = ":".join(one.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    for stated in (one.fingerprint, colons, f"SHA256:{one.fingerprint}"):
        assert confirmed(one, stated) is one
    with pytest.raises(ConfigurationError, match=one.fingerprint):
        confirmed(one, pin("acme").fingerprint)


def test_our_public_set_has_no_key_and_nothing_that_has_ended():
    text = public_set([listed("old", -9, 0), listed("new", -1, 9), listed("next", 5, 20)], NOW).decode()
    assert text.count("BEGIN CERTIFICATE") == 2
    assert "PRIVATE" not in text
    assert "# CN=new: encrypt, sign; 2026-11-25 to 2026-12-05\n# SHA-256 " in text
    assert "CN=old" not in text


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────


def settings(**changes: object) -> PartnerSettings:
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    return PartnerSettings.model_validate({"us": "ACME CMO", "them": "Brand"} | names)


def test_every_preset_fits_and_says_where_it_is_from():
    assert {"sterling", "mendelson", "seeburger-old", "amazon", "aws-transfer", "libas2"} <= set(presets())
    for name, preset in presets().items():
        assert preset.title
        assert preset.source
        assert settings(preset=name).preset == name
    assert not settings(preset="sterling").algorithm_protection
    assert settings(preset="sterling", algorithm_protection=True).algorithm_protection
    assert settings(preset="libas2").crlf_variants
    joined = settings(preset="mendelson", encrypt={"key-transport": "oaep"}).encrypt
    assert (joined.cipher, joined.key_transport) == ("aes256-cbc", "oaep")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preset": "nobody"}, "known: standard, sterling"),
        ({"us": ""}, "is no AS2 id"),
        ({"us": "Brand"}, "are the same"),
        ({"sign": {"digest": "sha1"}}, "sha1 is weak"),
        ({"encrypt": {"cipher": "3des"}}, "3des is weak"),
        ({"encrypt": {"key-transport": "oaep", "oaep-digest": "sha1"}}, "sha1 is weak"),
        ({"receipt": {"micalgs": ["sha1"]}}, "sha1 is weak"),
        ({"encrypt": {"cipher": "rot13"}}, "is no cipher that is known"),
        ({"receipt": {"mode": "async"}}, "need the url"),
        ({"receipt": {"url": "https://x"}}, "need the url"),
        ({"theirs": [{"certificate": "x", "sha256": "12"}]}, "is no SHA-256 fingerprint"),
        ({"compression": "before"}, "Extra inputs"),
        ({"ours": [{"certificate": "x", "key": "file:x", "since": "2026-01-01T00:00:00"}]}, "timezone"),
    ],
)
def test_settings_that_do_not_fit(changes: dict, words: str):
    with pytest.raises(ValidationError, match=words):
        settings(**changes)
    with pytest.raises(ValidationError):
        PartnerSettings.model_validate("no table")


def test_weak_algorithms_by_name():
    found = settings(sign={"digest": "sha1"}, encrypt={"cipher": "3des"}, allow=["sha1", "3des"], old_micalg=True)
    assert Partner(found, (), ()).receipt_request().micalgs == ("sha1",)


def test_certificates_and_keys_are_loaded(tmp_path: Path):
    key = identity("acme").key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    files = {Path("a.crt"): pin("acme").der, Path("b.crt"): pin("brand").der}
    stated = settings(
        ours=[{"certificate": "a.crt", "key": "file:a.key"}],
        theirs=[{"certificate": "b.crt", "sha256": pin("brand").fingerprint, "uses": ["sign", "encrypt", "tls"]}],
    )
    partner = load(stated, files.__getitem__, lambda _: key)
    assert partner.signing(NOW).identity.fingerprint == pin("acme").fingerprint
    assert partner.encryption(NOW).recipients[0].fingerprint == pin("brand").fingerprint
    assert Use.TLS in partner.theirs[0].uses
    locked = settings(ours=[{"certificate": "a.crt", "key": "file:a.key", "password": "env:X"}])
    with pytest.raises(ConfigurationError):
        load(locked, files.__getitem__, lambda _: key)
    other = settings(theirs=[{"certificate": "b.crt", "sha256": "0" * 64}])
    with pytest.raises(ConfigurationError, match="fingerprint"):
        load(other, files.__getitem__, lambda _: key)


def partner(ours: str = "acme", theirs: str = "brand", **changes: object) -> Partner:
    both = Listed(identity(ours), ALL), Listed(pin(theirs), ALL)
    return Partner(settings(**changes), (both[0],), (both[1],))


def test_what_settings_come_to(exchange: Exchange):
    found = partner(sign=None, encrypt=None, receipt={"mode": "none"}, filename="none", must_sign=False)
    outgoing = found.outgoing((File(Content.of(EDI), "text/plain", "a.txt"),), "20261126-1", NOW, "Batch")
    assert outgoing.message_id == "<20261126-1@gateway.invalid>"
    assert outgoing.date == "Thu, 26 Nov 2026 12:00:00 +0000"
    assert (outgoing.signing, outgoing.encryption, outgoing.receipt) == (None, None, None)
    assert outgoing.files[0].filename == ""
    assert found.terms(NOW).encrypted
    assert not found.terms(NOW).signed
    assert found.receipt_signing(NOW).digest == "sha256"
    assert Partner(found.settings, (), ()).receipt_signing(NOW) is None
    plain_names = partner(filename="plain", receipt={"micalgs": ["sha512", "sha256"]})
    outgoing = plain_names.outgoing((File(Content.of(EDI), "text/plain", "a.txt"),), "1", NOW)
    assert outgoing.receipt.micalgs == ("sha-512", "sha-256")
    fields = build(outgoing, exchange.scratch()).fields
    assert ("Subject", "Batch") not in fields
    for name, quotes in (("a.txt", "a.txt"), ("a b.txt", '"a b.txt"')):
        assert disposition(name, quotes=False) == f"attachment; filename={quotes}"


def test_a_certificate_of_ours_without_its_key_is_refused():
    wrong = Partner(settings(), (Listed(pin("acme"), ALL),), ())
    with pytest.raises(ConfigurationError, match="without its key"):
        wrong.signing(NOW)
    assert wrong.terms(NOW).identities == ()
    with pytest.raises(ConfigurationError, match="no certificate of Brand"):
        wrong.encryption(NOW)


# ── roll-over ─────────────────────────────────────────────────────────────────────────────────────────


class Side:
    """One end with lists that its operator edits."""

    def __init__(self, us: str, them: str) -> None:
        self.us, self.them = us, them
        self.ours = [Listed(identity(f"{us}-1"), ALL)]
        self.theirs = [Listed(pin(f"{them}-1"), ALL)]

    @property
    def partner(self) -> Partner:
        found = PartnerSettings.model_validate({"us": self.us, "them": self.them})
        return Partner(found, tuple(self.ours), tuple(self.theirs))

    def lists_ours(self, since: dt.datetime) -> None:
        self.ours.append(Listed(identity(f"{self.us}-2"), ALL, since))

    def lists_theirs(self) -> None:
        self.theirs.append(Listed(pin(f"{self.them}-2"), ALL))

    def drops_old(self) -> None:
        self.ours, self.theirs = self.ours[1:], self.theirs[1:]


def trip(sender: Side, receiver: Side, folder: Path, now: dt.datetime) -> None:
    """A message and its receipt, both signed, the message encrypted."""
    exchange = Exchange(folder)
    outgoing = sender.partner.outgoing((File(Content.of(EDI)),), "1", now)
    built = build(outgoing, exchange.scratch())
    wire = Wire.of(built, folder / "wire")
    received = open_message(wire.headers, wire.body, receiver.partner.terms(now), exchange.scratch())
    assert data_of(received) == [EDI]
    receipt = exchange.answer(Answer(received.request, mic=received.mic), receiver.partner.receipt_signing(now))
    terms = sender.partner.receipt_terms(now)
    prove(
        read_receipt(receipt.headers, receipt.body, terms, exchange.scratch()), outgoing.message_id, built.mics, terms
    )


def test_roll_over_in_every_order_loses_no_message(tmp_path: Path):
    """Both sides get a second certificate. Whoever lists or switches first, all messages and receipts go through.

    The one rule: a certificate is listed by the partner before its ``since``; old ones are dropped at the end.
    """
    switch = NOW + DAY
    for order in itertools.permutations(("a.lists_ours", "a.lists_theirs", "b.lists_ours", "b.lists_theirs")):
        sides = {"a": Side("A", "B"), "b": Side("B", "A")}
        for number, step in enumerate(order):
            side, act = step.split(".")
            getattr(sides[side], act)(*([switch] if act == "lists_ours" else []))
            sender, receiver = ("a", "b") if number % 2 else ("b", "a")
            trip(sides[sender], sides[receiver], tmp_path, NOW)
        both = (("a", "b"), ("b", "a"))
        for dropping in ("", "a", "b") if order[0].startswith("a") else ("", "b", "a"):
            if dropping:
                sides[dropping].drops_old()
            for sender, receiver in both:
                trip(sides[sender], sides[receiver], tmp_path, switch)


def test_a_partner_who_was_not_told(tmp_path: Path):
    """Without overlapping the failure is plain: this is what the lists are for."""
    one, other = Side("A", "B"), Side("B", "A")
    one.lists_ours(NOW)
    one.drops_old()
    one.theirs = [Listed(pin("B-1"), ALL)]
    with pytest.raises((AuthenticationFailed, DecryptionFailed)):
        trip(one, other, tmp_path, NOW)
    with pytest.raises(DecryptionFailed):
        trip(other, one, tmp_path, NOW)


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("batch 1.xml", "batch 1.xml"),
        ("Prüfbericht ä.pdf", "Prüfbericht ä.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\boot.ini", "boot.ini"),
        ("a\0b\r\n.xml", "a_b__.xml"),
        ("a" * 300 + ".xml", "a" * 146 + ".xml"),
        ("ä" * 300 + ".xml", "ä" * 73 + ".xml"),
        ("NUL", "F"),
        ("con.xml", "F"),
        ("", "F"),
        ("...", "F"),
        ("/", "F"),
        (" . ", "F"),
        ("x." + "y" * 200, "F"),
        ("a:b?c*.xml", "a_b_c_.xml"),
        (".hidden", "hidden"),
    ],
)
def test_local_names(stated: str, name: str):
    assert local_name(stated, "F") == name
    assert plain(local_name(stated, "F"))


@pytest.mark.parametrize("left", ["20261126-1", "", "with space", "ä", "x" * 400, "a@b", "<>"])
def test_message_ids_of_deliveries(left: str):
    made = message.make_message_id(left, "acme.example")
    assert made == message.make_message_id(left, "acme.example")
    assert message.write_message_id(made)
    assert len({message.make_message_id(other, "acme.example") for other in (left, left + "!", left + "?")}) == 3
