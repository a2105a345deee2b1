"""Mailboxes on a real server, directly and through a proxy that cuts and stalls."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import hmac
import imaplib
import io
import json
import logging
import os
import ssl
import tempfile
import time
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, InputError, LimitExceeded, TransportError
from gateway.transports.base import Offer, Session
from gateway.transports.imap import IMAP, connection, oauth
from tests.peers import dovecot, proxy, web
from tests.transports.common import deliver, fetched
from tests.transports.imap.mails import mail


def offers(session: Session) -> list[Offer]:
    return list(session.offers())


def collect(session: Session) -> dict[str, bytes]:
    """Take everything as the exchange does."""
    taken = {}
    for offer in session.offers():
        taken[offer.name] = fetched(session, offer)
        session.acknowledge(offer)
    return taken


def by_hand(box, *commands: tuple[str, ...]) -> None:
    """What somebody else does in the mailbox."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = imaplib.IMAP4_SSL("127.0.0.1", box.server.port, ssl_context=context, timeout=10)
    client.login(box.user, dovecot.PASSWORD)
    client.select()
    for command in commands:
        assert client.uid(*command)[0] == "OK"
    client.logout()


def test_collects_oldest_first_and_moves_the_mails(box, connect):
    box.put(mail(("second.csv", b"2")), age=100)
    box.put(mail(("first.csv", b"1"), ("also.csv", b"11")), age=200)
    with connect(box) as session:
        taken = collect(session)
        assert list(taken.items()) == [("first.csv", b"1"), ("also.csv", b"11"), ("second.csv", b"2")]
        assert offers(session) == []
    assert box.mails() == []
    assert len(box.mails("Processed")) == 2


def test_a_mail_goes_with_its_last_attachment(box, connect):
    """If the process dies in between, all are offered again under the same identities."""
    box.put(mail(("a.csv", b"1"), ("b.csv", b"2")))
    with connect(box) as session:
        first, second = session.offers()
        assert first.stays
        session.acknowledge(first)
        session.acknowledge(first)
    assert len(box.mails()) == 1
    with connect(box) as session:
        again = offers(session)
        assert [one.identity for one in again] == [first.identity, second.identity]
        for one in reversed(again):
            session.acknowledge(one)
            session.acknowledge(one)
    assert box.mails() == []


def test_flags_instead_of_moving(box, connect):
    box.put(mail(("a.csv", b"1")))
    with connect(box, after="flag") as session:
        assert collect(session) == {"a.csv": b"1"}
        assert offers(session) == []
    with connect(box, after="flag") as session:
        assert offers(session) == []
    assert len(box.mails()) == 1
    with connect(box, after="flag", keyword="Other") as session:
        assert len(offers(session)) == 1


@pytest.mark.parametrize("after", ["delete", "move"])
def test_deletes_no_mail_but_its_own(box, connect, after):
    """What somebody marked as deleted and has not removed yet stays."""
    box.put(mail(("a.csv", b"1")))
    box.put(mail(("b.csv", b"2")), age=100)
    by_hand(box, ("STORE", "1:*", "+FLAGS", r"(\Seen)"))
    marked = min(box.folder.glob("cur/*"))
    marked.rename(f"{marked}T")
    with connect(box, after=after) as session:
        assert collect(session) == {"b.csv": b"2"}
    assert box.marked_deleted() == 1
    assert len(box.mails()) == 1


def test_a_server_without_move(poor_server, connect):
    """Copied and marked; another marked mail is left alone; nothing is offered twice."""
    box = poor_server.mailbox()
    box.put(mail(("a.csv", b"1")))
    box.put(mail(("b.csv", b"2")), age=100)
    by_hand(box, ("STORE", "1", "+FLAGS", r"(\Deleted)"))
    with connect(box) as session:
        assert any("neither MOVE nor UIDPLUS" in line for line in session.probe())
        taken = collect(session)
        assert len(taken) == 1
        assert offers(session) == []
    with connect(box) as session:
        assert offers(session) == []
    assert len(box.mails()) == 2
    assert box.marked_deleted() == 2
    assert len(box.mails("Processed")) == 1


REFUSED = {
    "TRANSPORT-MAIL-01": ({"sender": "lot@evil.example"}, {}),
    "TRANSPORT-MAIL-02": ({}, {"trusted-results": "mx.brand.example"}),
    "TRANSPORT-MAIL-05": ({}, {"patterns": ["*.xml"]}),
    "TRANSPORT-SIZE-01": ({}, {"max-size": 100}),
    "TRANSPORT-MAIL-06": ({}, {"max-parts": 2}),
}


@pytest.mark.parametrize("code", REFUSED)
def test_refused_mails_move_to_where_somebody_looks(box, connect, code):
    written, settings = REFUSED[code]
    box.put(mail(("secret-name.csv", b"1"), text="secret text", **written))
    with connect(box, **settings) as session:
        (offer,) = session.offers()
        with pytest.raises((InputError, LimitExceeded)) as caught:
            session.fetch(offer, io.BytesIO())
        assert caught.value.finding.code == code
        assert "secret" not in f"{offer} {caught.value} {caught.value.finding.as_dict()}"
        assert len(box.mails()) == 1
        session.acknowledge(offer)
        assert offers(session) == []
    assert box.mails() == []
    assert len(box.mails("Rejected")) == 1


def test_a_refused_mail_that_is_put_back_is_taken_once_it_is_right(box, connect):
    data = mail(("a.csv", b"1"), sender="new@other.example")
    box.put(data)
    with connect(box) as session:
        (refused,) = session.offers()
    with connect(box, senders=["new@other.example"]) as session:
        (offer,) = session.offers()
        assert fetched(session, offer) == b"1"
        assert offer.identity != refused.identity


def test_our_server_vouches_for_the_sender(box, connect):
    box.put(mail(("a.csv", b"1"), Authentication_Results="mx.brand.example; dmarc=pass header.from=cmo.example"))
    with connect(box, **{"trusted-results": "mx.brand.example"}) as session:
        assert collect(session) == {"a.csv": b"1"}


def test_identities(box, connect):
    """The same mail twice is one; the same file in another mail is another; a mail without id is known again."""
    first = mail(("a.csv", b"1"))
    box.put(first)
    box.put(first)
    box.put(mail(("a.csv", b"1")), age=50)
    nameless = b"\n".join(line for line in mail(("a.csv", b"1")).split(b"\n") if not line.startswith(b"Message-ID"))
    box.put(nameless, age=20)
    with connect(box) as session:
        found = [one.identity for one in session.offers()]
    assert found[0] == found[1]
    assert len(set(found)) == 3
    with connect(box) as session:
        assert [one.identity for one in session.offers()] == found


def test_new_numbers_make_new_identities_and_move_no_wrong_mail(box, connect):
    """The folder was rebuilt: number 1 is another mail now (UIDVALIDITY)."""
    box.put(mail(("a.csv", b"1")))
    with connect(box) as session:
        (old,) = session.offers()
    box.renumber()
    box.put(mail(("b.csv", b"2")), age=7200)
    with connect(box) as session:
        found = {one.name: one for one in session.offers()}
        assert found["a.csv"].identity != old.identity
        session.acknowledge(old)
        assert len(box.mails()) == 2
        with pytest.raises(TransportError, match="changed or went away"):
            session.fetch(old, io.BytesIO())


def test_new_numbers_in_the_middle(box, connect):
    """The connection breaks, and the folder is another one after it: the rest waits for the next look."""
    for number in range(60):
        box.put(mail((f"{number}.csv", b"1")), age=100 - number)
    with (
        proxy.serve(box.server.port) as middle,
        connect(box, port=middle.port) as session,
    ):
        found = session.offers()
        next(found)
        middle.close()
        box.renumber()
        with pytest.raises(TransportError, match="new numbers") as caught:
            list(found)
        assert caught.value.retryable
    assert len(box.mails()) == 60


def test_a_mail_that_somebody_takes_away_is_passed_over(box, connect):
    for number in range(3):
        box.put(mail((f"{number}.csv", b"1")), age=100 - number)
    with connect(box) as session:
        found = session.offers()
        assert next(found).name == "0.csv"
        by_hand(box, ("STORE", "2", "+FLAGS", r"(\Deleted)"), ("EXPUNGE", "2"))
        assert [one.name for one in found] == ["2.csv"]


def test_an_offer_of_another_session(box, connect):
    box.put(mail(("a.csv", b"1"), ("b.csv", b"2")))
    with connect(box) as session:
        first, second = session.offers()
    with connect(box) as session:
        assert fetched(session, second) == b"2"
        assert fetched(session, first) == b"1"
        with pytest.raises(TransportError, match="no place"):
            session.fetch(Offer("a.csv", "../x", 1), io.BytesIO())
        with pytest.raises(TransportError, match="changed"):
            session.fetch(Offer("a.csv", first.path, 1, key="x"), io.BytesIO())


DATA = os.urandom(500_000)


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99])
def test_a_connection_that_is_cut_in_the_middle_of_a_mail(box, connect, percent):
    box.put(mail(("a.bin", DATA)))
    limit = 3_000 + 680_000 * percent // 100
    taken: dict[str, bytes] = {}
    errors: list[TransportError] = []
    with (
        proxy.serve(box.server.port, direction="down", limit=limit, cuts=1) as cut,
        connect(box, port=cut.port) as session,
    ):
        for _ in range(2):
            try:
                taken.update(collect(session))
            except TransportError as error:  # while the mails were listed: the next look
                errors.append(error)
    assert all(error.retryable for error in errors)
    assert percent < 25 or not errors, "a mail is read again at once"
    assert taken == {"a.bin": DATA}
    assert len(box.mails("Processed")) == 1


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [1, 50])
def test_a_connection_that_is_always_cut(box, connect, percent):
    box.put(mail(("a.bin", DATA)))
    limit = 6_000 + 680_000 * percent // 100
    with (
        proxy.serve(box.server.port, direction="down", limit=limit) as cut,
        pytest.raises(TransportError) as caught,
        connect(box, port=cut.port) as session,
    ):
        collect(session)
    assert caught.value.retryable
    assert len(box.mails()) == 1


@pytest.mark.fault("stalled peer")
@pytest.mark.parametrize("limit", [0, 2_000, 300_000])
@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_stalled_connection_is_given_up(box, connect, limit, direction):
    box.put(mail(("a.bin", DATA)))
    quick = {"connect": 1, "answer": 1, "stall": 1.5}
    start = time.monotonic()
    with proxy.serve(
        box.server.port, direction=direction, limit=min(limit, 700) if direction == "up" else limit, then="stall"
    ) as stalled:
        try:
            with connect(box, port=stalled.port, timeouts=quick, reconnects=1) as session:
                collect(session)
            gone = None
        except TransportError as error:
            gone = error
    assert gone is not None
    assert gone.retryable
    assert time.monotonic() - start < 8
    assert len(box.mails()) + len(box.mails("Processed")) >= 1


@pytest.mark.fault("wrong certificate")
def test_a_certificate_that_nobody_vouches_for(box, connect, tmp_path, authority):
    before = (box.server.root / "log").read_text().count("Login:")
    other = type(authority)(tmp_path / "other")
    with pytest.raises(TransportError, match="certificate is not valid") as caught, connect(box, host="127.0.0.2"):
        pass
    assert not caught.value.retryable
    model = IMAP.settings.model_validate(box.server.settings(box, ca=str(other.certificate)))
    with (
        pytest.raises(TransportError, match="certificate is not valid") as caught,
        IMAP.connect(model, lambda _: dovecot.PASSWORD),
    ):
        pass
    assert not caught.value.retryable
    assert (box.server.root / "log").read_text().count("Login:") == before


@pytest.mark.fault("wrong certificate")
def test_pins(box, connect, identity):
    with connect(box, pins=["00" * 32, identity.pin]) as session:
        assert any("one of the pinned" in line for line in session.probe())
    with pytest.raises(TransportError, match="not the server expected") as caught, connect(box, pins=["00" * 32]):
        pass
    assert not caught.value.retryable
    assert identity.pin in caught.value.message


@pytest.mark.fault("wrong login")
def test_a_wrong_password(box, connect):
    with pytest.raises(TransportError, match="refuses the login") as caught, connect(box, password="hunter2"):
        pass
    assert not caught.value.retryable
    assert "hunter2" not in str(caught.value)


def json_web_token(key: bytes, user: str, seconds: int = 600) -> str:
    def text(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    claims = {"sub": user, "iat": now - 1000, "exp": now + seconds}
    signed = text(b'{"alg": "HS256", "typ": "JWT"}') + b"." + text(json.dumps(claims).encode())
    return (signed + b"." + text(hmac.new(key, signed, hashlib.sha256).digest())).decode()


@contextlib.contextmanager
def token_server(identity, key: bytes, mechanism: str):
    """A mail server that takes tokens signed with a key."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "keys" / "default" / "HS256"
        place.mkdir(parents=True)
        (place / "default").write_bytes(base64.b64encode(key))
        config = Path(folder) / "oauth.conf"
        local = f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={folder}/keys/\n"
        config.write_text(f"{local}username_attribute = sub\n")
        for path in (Path(folder), *Path(folder).rglob("*")):
            path.chmod(0o755)
        block = f"passdb {{\n driver = oauth2\n mechanisms = {mechanism}\n args = {config}\n}}"
        with dovecot.serve(identity, block, auth_mechanisms=f"plain {mechanism}") as server:
            yield server


@pytest.mark.fault("wrong login")
@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_a_token_instead_of_a_password(identity, authority, mail_server, mechanism):
    """Read anew at each connection; one that has expired, or is of somebody else, is refused and not shown."""
    key = os.urandom(32)
    with token_server(identity, key, mechanism) as server:
        box = server.mailbox()
        box.put(mail(("a.csv", b"1")))
        values = server.settings(box, ca=str(authority.certificate), token="env:TOKEN")
        del values["password"]
        model = IMAP.settings.model_validate(values)
        with IMAP.connect(model, lambda _: json_web_token(key, box.user)) as session:
            assert collect(session) == {"a.csv": b"1"}
        for token in (json_web_token(key, box.user, -100), json_web_token(b"other", box.user)):
            with (
                pytest.raises(TransportError, match="refuses the login") as caught,
                IMAP.connect(model, lambda _, token=token: token),
            ):
                pass
            assert not caught.value.retryable
            assert token not in f"{caught.value} {caught.value.__cause__}"


@pytest.fixture
def giver(identity, monkeypatch):
    """A token server, and tokens that nobody else has asked for."""
    monkeypatch.setattr(connection, "TOKENS", oauth.Tokens())
    with web.serve(identity) as peer:
        yield peer


@pytest.mark.fault("wrong login")
@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
@pytest.mark.parametrize("grant", ["refresh_token", "client_credentials"])
def test_tokens_are_asked_for_kept_and_renewed(identity, authority, mail_server, giver, mechanism, grant):
    """One for several connections; a new one when it ends, and when the mail server does not take it any more."""
    key, asked, lives = os.urandom(32), [], [3600]
    known = {"env:SECRET": "s3cret", "env:REFRESH": "first"}

    def give(form, headers):
        asked.append((form, headers.get("authorization", "")))
        body = {"access_token": json_web_token(key, box.user), "token_type": "Bearer", "expires_in": lives[0]}
        return web.Say(200, json.dumps(body | {"refresh_token": f"next-{len(asked)}"}).encode())

    giver.grant = give
    with token_server(identity, key, mechanism) as server:
        box = server.mailbox()
        wanted = {"token-url": giver.url("/token"), "client-id": "me", "scope": "imap", "private-addresses": True}
        wanted |= {"ca": str(authority.certificate)}
        wanted |= {"refresh-token": "env:REFRESH"} if grant == "refresh_token" else {"client-secret": "env:SECRET"}
        values = server.settings(box, ca=str(authority.certificate), oauth2=wanted)
        del values["password"]
        model = IMAP.settings.model_validate(values)

        def look() -> int:
            with IMAP.connect(model, known.__getitem__) as session:
                assert list(session.offers()) == []
            return len(asked)

        assert (look(), look()) == (1, 1)
        form, who = asked[0]
        assert (form["grant_type"], form["scope"]) == (grant, "imap")
        if grant == "refresh_token":
            assert (form["refresh_token"], form["client_id"], who) == ("first", "me", "")
        else:
            assert base64.b64decode(who.removeprefix("Basic ")) == b"me:s3cret"
        lives[0] = 0
        # The token at hand is withdrawn: a new one is asked for at once, and the look succeeds.
        kept = next(iter(connection.TOKENS._kept.values()))
        broken = dataclasses.replace(kept, access=json_web_token(b"other", box.user))
        connection.TOKENS._kept = dict.fromkeys(connection.TOKENS._kept, broken)
        assert look() == 2
        assert look() == 3  # it has ended at once
        if grant == "refresh_token":
            assert [form["refresh_token"] for form, _ in asked] == ["first", "next-1", "next-2"]


@pytest.mark.fault("wrong login")
@pytest.mark.parametrize(
    ("say", "words"),
    [
        (web.Say(400, b'{"error": "invalid_grant"}'), "gives no token: 400"),
        (web.Say(200, b"<html>"), "something else than a token"),
        (web.Say(200, b'{"access_token": "x", "token_type": "mac"}'), "of the kind 'mac'"),
        (web.Say(302, headers={"location": "https://evil.example/"}), "gives no token: 302"),
    ],
)
def test_a_token_server_that_gives_none(box, authority, giver, say, words):
    giver.grant = lambda _form, _headers: say
    wanted = {"token-url": giver.url("/token"), "client-id": "me", "refresh-token": "env:REFRESH"}
    for private, expected in ((True, words), (False, "leads to 127.0.0.1, which")):
        more = {"ca": str(authority.certificate), "private-addresses": private}
        values = box.server.settings(box, ca=str(authority.certificate), oauth2=wanted | more)
        del values["password"]
        model = IMAP.settings.model_validate(values)
        with pytest.raises(TransportError, match=expected) as caught, IMAP.connect(model, lambda _: "s3cret-refresh"):
            pass
        assert "s3cret-refresh" not in f"{caught.value} {caught.value.hint}"


def test_starttls(box, connect):
    with connect(box, port=box.server.plain, security="starttls") as session:
        assert any("TLSv1" in line for line in session.probe())


def test_no_tls_where_it_is_expected(box, connect):
    with (
        pytest.raises(TransportError, match=r"no TLS connection|connection broke"),
        connect(box, port=box.server.plain),
    ):
        pass


@pytest.mark.fault("stalled peer")
def test_a_server_that_says_nothing(box, connect):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        start = time.monotonic()
        with (
            pytest.raises(TransportError) as caught,
            connect(box, port=mute.getsockname()[1], timeouts={"connect": 0.5}),
        ):
            pass
    assert caught.value.retryable
    assert time.monotonic() - start < 3


def test_folders_of_any_name(box, connect):
    by_hand(box)
    box.put(mail(("a.csv", b"1")))
    with connect(box, processed="Erledigt & geprüft", rejected="Nein") as session:
        collect(session)
    with connect(box, folder="Erledigt & geprüft") as session:
        assert [one.name for one in session.offers()] == ["a.csv"]
    with connect(box, folder="No such folder") as session, pytest.raises(TransportError) as caught:
        offers(session)
    assert not caught.value.retryable


def test_nothing_of_a_mail_is_logged(box, connect, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    box.put(mail(("a.csv", b"payload"), text="private words", sender="x@evil.example"))
    box.put(mail(("a.csv", b"payload"), text="private words"))
    with connect(box) as session:
        for offer in session.offers():
            with contextlib.suppress(InputError):
                session.fetch(offer, io.BytesIO())
            session.acknowledge(offer)
    said = caplog.text + "".join(capfd.readouterr())
    assert "private" not in said
    assert "payload" not in said


def test_five_thousand_mails(box, connect):
    data = mail(("a.csv", b"1"))
    for number in range(5000):
        box.put(data, age=10_000 - number)
    start = time.monotonic()
    with connect(box) as session:
        found = session.offers()
        first = [next(found) for _ in range(100)]
    assert [one.modified for one in first] == sorted(one.modified for one in first)
    assert time.monotonic() - start < 10


def test_nothing_is_delivered_to_a_mailbox(box, connect):
    with connect(box) as session, pytest.raises(TransportError, match="only collected") as caught:
        deliver(session, "a.xml", b"abc")
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "wrong",
    [
        {"senders": []},
        {"senders": ["*"]},
        {"senders": ["*@*"]},
        {"password": None},
        {"token": "env:T"},
        {"password": "hunter2"},
        {"security": "none"},
        {"processed": "INBOX"},
        {"keyword": "\\Seen"},
        {"keyword": "two words"},
        {"pins": ["abc"]},
    ],
)
def test_wrong_settings_are_refused(wrong):
    values = {"host": "h", "username": "u", "password": "env:P", "senders": ["a@b.example"], **wrong}
    with pytest.raises(ValueError) as caught:
        IMAP.settings.model_validate({key: value for key, value in values.items() if value is not None})
    assert "hunter2" not in str(caught.value)


def test_a_target_cannot_be_a_mailbox():
    values = {"host": "h", "username": "u", "password": "env:P", "senders": ["a@b.example"]}
    assert IMAP.settings.model_validate(values, context={"role": "channel"})
    with pytest.raises(ValueError, match="nothing can be delivered"):
        IMAP.settings.model_validate(values, context={"role": "target"})


def test_certificates_that_cannot_be_read(tmp_path):
    values = {"host": "h", "username": "u", "password": "env:P", "senders": ["a@b.example"], "ca": "missing.pem"}
    model = IMAP.settings.model_validate(values, context={"root": tmp_path})
    with pytest.raises(ConfigurationError, match="cannot be read"), IMAP.connect(model, lambda _: "x"):
        pass
