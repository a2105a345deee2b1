"""SFTP against a server that misbehaves."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

import pytest

from gateway.errors import TransportError
from gateway.transports.sftp import SFTP
from tests.peers import faulty
from tests.transports.common import FolderPeer, deliver, fetched


@pytest.fixture(scope="module")
def process():
    with faulty.serve() as running:
        yield running


@pytest.fixture
def server(process, tmp_path, monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", faulty.PASSWORD)
    process.reset(tmp_path / "served")
    return process


@pytest.fixture
def peer(server, tmp_path) -> FolderPeer:
    return FolderPeer(SFTP, tmp_path / "served", server.settings(), tmp_path)


def test_a_password_logs_in(peer):
    with peer.connect() as session:
        assert any("logged in as cmo" in line for line in session.probe())


@pytest.mark.fault("wrong login")
def test_a_wrong_password_is_refused_and_not_shown(peer, monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", "hunter2")
    with pytest.raises(TransportError, match="refuses the login") as caught, peer.connect():
        pass
    assert not caught.value.retryable
    assert "hunter2" not in repr(caught.value) + str(caught.value)


@pytest.mark.fault("wrong host key")
def test_the_password_is_not_sent_to_a_stranger(peer, server):
    with pytest.raises(TransportError), peer.connect(**{"host-key-fingerprints": ["SHA256:" + "A" * 43]}):
        pass
    assert server.logins == []


def test_a_password_must_be_a_reference():
    with pytest.raises(ValueError) as caught:
        SFTP.settings.model_validate(
            {"host": "h", "username": "u", "password": "hunter2", "host-key-fingerprints": ["SHA256:" + "A" * 43]}
        )
    assert "by reference" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.fault("permission errors")
def test_renaming_forbidden(peer, server):
    server.deny = ["rename", "posix_rename"]
    with peer.connect() as session, pytest.raises(TransportError, match="forbids renaming") as caught:
        deliver(session, "a.xml", b"abc")
    assert not caught.value.retryable
    assert peer.files() == {}
    with peer.connect(quirks=["no-rename"], marker="{name}.done") as session:
        assert not deliver(session, "a.xml", b"abc").repeated
        assert deliver(session, "a.xml", b"abc").repeated
    assert peer.files() == {"a.xml": b"abc", "a.xml.done": b""}


def test_replacing_without_the_extension(peer, server):
    server.deny = ["posix_rename"]
    peer.put("a.xml", b"old")
    with peer.connect(exists="replace") as session:
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"abc"}


@pytest.mark.fault("disk full")
@pytest.mark.parametrize("limit", [0, 1_000_000, 1_999_999])
def test_a_full_disk(peer, server, limit):
    server.full_after = limit
    data = os.urandom(2_000_000)
    with peer.connect() as session, pytest.raises(TransportError, match="No space left") as caught:
        deliver(session, "a.xml", data)
    assert caught.value.retryable
    assert peer.files() == {}
    server.full_after = None
    with peer.connect() as session:
        deliver(session, "a.xml", data)
    assert peer.files() == {"a.xml": data}


@pytest.mark.fault("disk full")
@pytest.mark.parametrize("hole", [1, 30, 60, 61])
def test_a_write_that_fails_between_others_is_noticed(peer, server, hole):
    """The size is right afterwards, the bytes are not."""
    server.holes = [hole]
    with peer.connect() as session, pytest.raises(TransportError, match="No space left"):
        deliver(session, "a.xml", os.urandom(61 * 32768))
    assert peer.files() == {}


@pytest.mark.fault("permission errors")
def test_permission_denied(peer, server):
    server.deny = ["open"]
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        for attempt in (lambda: session.fetch(offer, io.BytesIO()), lambda: deliver(session, "b.xml", b"abc")):
            with pytest.raises(TransportError, match="permission denied") as caught:
                attempt()
            assert not caught.value.retryable


@pytest.mark.fault("permission errors")
def test_listing_denied(peer, server):
    server.deny = ["list"]
    with peer.connect() as session, pytest.raises(TransportError, match="permission denied"):
        list(session.offers())


@pytest.mark.fault("half-written file")
@pytest.mark.parametrize("lie", [1, -1, 100_000])
def test_a_file_shorter_or_longer_than_listed(peer, server, lie):
    peer.put("a.csv", b"x" * 50_000)
    server.lie = lie
    with peer.connect() as session:
        (offer,) = session.offers()
        if lie < 0:
            server.lie = 0
        with pytest.raises(TransportError) as caught:
            session.fetch(offer, io.BytesIO())
        assert caught.value.retryable
    assert set(peer.files()) == {"a.csv"}


@pytest.mark.fault("half-written file")
def test_a_wrong_size_after_writing(peer, server):
    server.lie = -1
    with peer.connect() as session, pytest.raises(TransportError, match="2 bytes where 3 bytes were written"):
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {}
    with peer.connect(quirks=["no-confirm"]) as session:
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"abc"}


@pytest.mark.fault("clock skew")
def test_a_clock_that_is_ahead_only_delays(peer, server):
    peer.put("a.csv", b"abc", age=0)
    server.future = 3600
    with peer.connect(settle={"interval": 0.02, "min-age": 0.3}) as session:
        assert [offer.name for offer in session.offers()] == ["a.csv"]


def test_a_server_without_times(peer):
    peer.put("b.csv", b"abc", age=100)
    peer.put("a.csv", b"abc", age=0)
    with peer.connect(quirks=["no-mtime"], settle={"interval": 0.02, "min-age": 0.1}) as session:
        offers = list(session.offers())
        assert [(offer.name, offer.modified) for offer in offers] == [("a.csv", 0.0), ("b.csv", 0.0)]
        for offer in offers:
            session.acknowledge(offer)
    assert peer.files() == {}


def test_without_prefetch(peer):
    data = os.urandom(300_000)
    peer.put("a.csv", data)
    target = io.BytesIO()
    with peer.connect(quirks=["no-prefetch"]) as session:
        (offer,) = session.offers()
        session.fetch(offer, target)
    assert target.getvalue() == data


@pytest.mark.fault("clock skew")
def test_a_clock_that_is_behind_does_not_make_a_growing_file_old(peer, server):
    """The age is of no use then; that it changes between the looks is."""
    server.future = -48 * 3600
    done = threading.Event()

    def grow() -> None:
        while not done.is_set():
            with (peer.folder / "slow.csv").open("ab") as stream:
                stream.write(b"x" * 100)
            done.wait(0.02)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with peer.connect(settle={"looks": 3, "interval": 0.1, "min-age": 5}) as session:
            assert list(session.offers()) == []
    finally:
        done.set()
        writer.join()
    with peer.connect(settle={"looks": 2, "interval": 0.02, "min-age": 5}) as session:
        assert [offer.name for offer in session.offers()] == ["slow.csv"]


@pytest.mark.fault("growing file")
@pytest.mark.parametrize("change", ["grows", "shrinks", "goes", "is replaced"])
def test_a_file_that_changes_while_it_is_read(peer, server, change):
    """It had settled; its sender came back while we were reading."""
    peer.put("a.csv", b"x" * 500_000)
    server.slow = {"read": 0.03}
    path = peer.folder / "a.csv"
    with peer.connect() as session:
        (offer,) = session.offers()

        def act() -> None:
            time.sleep(0.05)
            if change == "goes":
                path.unlink()
            elif change == "is replaced":
                (peer.folder / "b").write_bytes(b"y" * 500_000)
                (peer.folder / "b").rename(path)
            else:
                os.truncate(path, 600_000 if change == "grows" else 100)

        actor = threading.Thread(target=act)
        actor.start()
        with pytest.raises(TransportError) as caught:
            session.fetch(offer, io.BytesIO())
        actor.join()
        assert caught.value.retryable
        session.acknowledge(offer)
    assert peer.archived() == []
    assert path.exists() == (change != "goes")


@pytest.mark.fault("growing file")
def test_a_file_that_is_replaced_while_it_is_read_ahead(peer, server):
    """As long as before, but another one: its bytes must not be taken for those of the file that was offered."""
    for name in ("a.csv", "b.csv"):
        peer.put(name, b"x" * 1000)
    server.slow = {"read": 0.2}
    with peer.connect() as session:
        offers = session.offers()
        first = next(offers)

        def act() -> None:
            time.sleep(0.1)
            peer.put("b.csv", b"y" * 1000, age=5)

        actor = threading.Thread(target=act)
        actor.start()
        assert fetched(session, first) == b"x" * 1000
        actor.join()
        with pytest.raises(TransportError, match="changed"):
            fetched(session, next(offers))


OPERATIONS = {
    "list": lambda session, _: list(session.offers()),
    "open": lambda session, offer: session.fetch(offer, io.BytesIO()),
    "read": lambda session, offer: session.fetch(offer, io.BytesIO()),
    "mkdir": lambda session, offer: session.acknowledge(offer),
    "rename": lambda session, offer: session.acknowledge(offer),
    "lstat": lambda session, _: deliver(session, "b.xml", b"abc"),
    "write": lambda session, _: deliver(session, "b.xml", b"abc"),
}


@pytest.mark.fault("stalled peer")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_wait_has_an_end(peer, server, operation):
    peer.put("a.csv", b"abc")
    with peer.connect(timeouts={"operation": 0.5}) as session:
        (offer,) = session.offers()
        server.slow = {operation: 60}
        start = time.monotonic()
        with pytest.raises(TransportError, match="in time") as caught:
            OPERATIONS[operation](session, offer)
        assert time.monotonic() - start < 3
        assert caught.value.retryable
    assert "b.xml" not in peer.files()


@pytest.mark.fault("slow answers")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_slow_answers_are_waited_for(peer, server, operation):
    peer.put("a.csv", b"abc")
    with peer.connect(timeouts={"operation": 5}) as session:
        (offer,) = session.offers()
        server.slow = {operation: 0.2}
        OPERATIONS[operation](session, offer)


@pytest.mark.fault("stalled peer")
def test_a_login_that_is_never_answered(peer, server):
    server.auth_delay = 60
    start = time.monotonic()
    with pytest.raises(TransportError) as caught, peer.connect(timeouts={"auth": 0.5}):
        pass
    assert caught.value.retryable
    assert time.monotonic() - start < 4


@pytest.mark.fault("network cut")
def test_a_server_that_leaves_at_any_request_of_a_delivery(peer, server):
    """The next try finds what the last one did, and the file is there once and whole."""
    data = os.urandom(100_000)
    broken: list[TransportError] = []
    for request in range(1, 30):
        for path in peer.folder.iterdir():
            path.unlink()
        with peer.connect(reconnects=0) as session:
            server.operations = 0
            server.leave_after = request
            try:
                deliver(session, "a.xml", data)
            except TransportError as error:
                broken.append(error)
            else:
                break
        server.leave_after = 0
        assert peer.files().get("a.xml", data) == data
        with peer.connect() as session:
            deliver(session, "a.xml", data)
        assert peer.files() == {"a.xml": data}
    assert len(broken) >= 6
    assert all(error.retryable for error in broken)


@pytest.mark.fault("network cut")
def test_a_server_that_leaves_at_any_request_of_a_collection(peer, server):
    """What was not acknowledged is offered again, and nothing is put away that was not read."""
    broken: list[TransportError] = []
    for request in range(1, 40):
        for path in peer.folder.rglob("*.csv"):
            path.unlink()
        for number in range(2):
            peer.put(f"{number}.csv", b"%d" % number * 1000)
        taken: dict[str, bytes] = {}
        done = False
        for attempt in range(2):
            with peer.connect(reconnects=0) as session:
                server.operations = 0
                server.leave_after = 0 if attempt else request
                try:
                    for offer in session.offers():
                        taken[offer.name] = fetched(session, offer)
                        session.acknowledge(offer)
                    done = done or not attempt
                except TransportError as error:
                    broken.append(error)
                    unread = {"0.csv", "1.csv"} - set(taken)
                    assert unread <= set(peer.files())
            server.leave_after = 0
        assert taken == {f"{number}.csv": b"%d" % number * 1000 for number in range(2)}
        assert [name for name, _ in peer.archived()] == ["0.csv", "1.csv"]
        if done:
            break
    assert len(broken) >= 10
    assert all(error.retryable for error in broken)


@pytest.mark.fault("network cut")
def test_a_session_goes_on_after_its_connection_broke(peer, server):
    """One file is not fetched; the rest of the listing needs no new look."""
    for number in range(10):
        peer.put(f"{number}.csv", b"%d" % number)
    failed: dict[str, bool] = {}
    with peer.connect(**{"read-ahead": 0}) as session:
        for offer in session.offers():
            if offer.name in {"3.csv", "6.csv"}:
                server.operations = 0
                server.leave_after = 2
            try:
                fetched(session, offer)
                session.acknowledge(offer)
            except TransportError as error:
                failed[offer.name] = error.retryable
    assert failed == {"3.csv": True, "6.csv": True}
    assert set(peer.files()) == set(failed)
    with peer.connect(**{"read-ahead": 0, "reconnects": 1}) as session:
        (offer, _) = session.offers()
        for _attempt in range(3):
            server.operations = 0
            server.leave_after = 1
            with pytest.raises(TransportError) as caught:
                fetched(session, offer)
        assert "again and again" in caught.value.message


@pytest.mark.fault("network cut")
def test_a_listing_that_breaks_forgets_nothing(peer, server):
    """Files that were seen in the looks before need no looks anew."""
    for number in range(300):
        peer.put(f"{number}.csv", b"1")
    with peer.connect(settle={"looks": 2, "interval": 0.01, "min-age": 0}) as session:
        assert len(list(session.offers())) == 300
        server.operations = 0
        server.leave_after = 1
        with pytest.raises(TransportError):
            list(session.offers())
        before = server.operations
        assert len(list(session.offers())) == 300
        assert server.operations == before + 1


def test_a_password_that_is_asked_for_interactively(peer, server, monkeypatch):
    server.interactive = True
    with peer.connect() as session:
        assert session.probe()
    monkeypatch.setenv("SFTP_PASSWORD", "hunter2")
    with pytest.raises(TransportError, match="refuses the login") as caught, peer.connect():
        pass
    assert not caught.value.retryable


def test_a_server_that_cannot_tell_about_single_files(peer, server):
    server.unknown = ["lstat", "fstat", "stat"]
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        with pytest.raises(TransportError, match="no-stat") as caught:
            session.fetch(offer, io.BytesIO())
        assert not caught.value.retryable
    with peer.connect(quirks=["no-stat"]) as session:
        (offer,) = session.offers()
        assert fetched(session, offer) == b"abc"
        session.acknowledge(offer)
        assert deliver(session, "b.xml", b"abc").repeated is False
        assert deliver(session, "b.xml", b"abc").repeated
        with pytest.raises(TransportError, match="another file"):
            deliver(session, "b.xml", b"abcd")
    assert peer.archived() == [("a.csv", b"abc")]
    assert peer.files() == {"b.xml": b"abc"}


def test_a_listing_without_attributes(peer, server):
    """Each file is asked for by itself then."""
    server.strip = ["size", "mtime", "permissions"]
    server.strip_stat = False
    for number in range(70):
        peer.put(f"{number}.csv", b"abc")
    (peer.folder / "folder").mkdir()
    with peer.connect() as session:
        offers = list(session.offers())
        assert len(offers) == 70
        assert {offer.size for offer in offers} == {3}
        session.acknowledge(offers[0])
        assert len(list(session.offers())) == 69
    server.strip_stat = True
    with peer.connect() as session, pytest.raises(TransportError, match="tells no size") as caught:
        list(session.offers())
    assert not caught.value.retryable


def test_a_server_that_does_not_tell_folders_from_files(peer, server):
    server.strip = ["permissions"]
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        session.acknowledge(offer)
        assert list(session.offers()) == []
    assert peer.archived() == [("a.csv", b"abc")]


@pytest.mark.fault("path traversal and odd names")
def test_names_that_lead_out_of_the_folder_are_passed_over(peer, server, caplog):
    peer.put("a.csv", b"abc")
    server.listed = [b"../evil.csv", b"/etc/passwd", b"a/b.csv", b"", b".", b"..", b"x\0y.csv"]
    with peer.connect() as session:
        assert [offer.name for offer in session.offers()] == ["a.csv"]


@pytest.mark.fault("path traversal and odd names")
@pytest.mark.parametrize(
    "name", [b"a\nb.csv", b"a\x1b[31mb.csv", b"nul.csv", b"con", b" .csv", b"\xff\xfe.csv", b"%2e%2e"]
)
def test_odd_names_are_taken_as_they_are(peer, name):
    path = os.fsencode(peer.folder) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"abc")
    os.utime(path, (1e9, 1e9))
    with peer.connect() as session:
        (offer,) = session.offers()
        assert fetched(session, offer) == b"abc"
        session.acknowledge(offer)
    assert [os.fsencode(name) for name, _ in peer.archived()] == [name]


@pytest.mark.fault("path traversal and odd names")
def test_the_longest_names_twice(peer):
    """The archive cuts what gets too long with its number, between letters."""
    name = "ü" * 125 + "x.csv"
    assert len(name.encode()) == 255
    for data in (b"first", b"second"):
        peer.put(name, data)
        with peer.connect() as session:
            (offer,) = session.offers()
            session.acknowledge(offer)
    assert sorted(peer.archived()) == sorted([(name, b"first"), ("ü" * 124 + "-2.csv", b"second")])


def test_a_server_without_upper_and_lower_case(peer, server):
    server.fold = True
    peer.put("lot.csv", b"abc")
    peer.put("Lot.CSV.Done", b"")
    marked = {"settle": {"marker": "{name}.done"}}
    with peer.connect(**marked) as session:
        assert list(session.offers()) == []
    with peer.connect(**marked, **{"fold-names": True}) as session:
        (offer,) = session.offers()
        session.acknowledge(offer)
        assert list(session.offers()) == []
    assert peer.files() == {}
    peer.put("A.XML", b"other")
    with peer.connect() as session, pytest.raises(TransportError, match="another file"):
        deliver(session, "a.xml", b"abc")


def test_letters_in_two_parts(peer):
    """A Mac stores ü as u and two dots."""
    peer.put("lo\u0308t.csv", b"abc")
    peer.put("l\u00f6t.csv.done", b"")
    with peer.connect(patterns=["l\u00f6*.csv"]) as session:
        assert [offer.name for offer in session.offers()] == ["lo\u0308t.csv"]
    with peer.connect(settle={"marker": "{name}.done"}, **{"fold-names": True}) as session:
        assert [offer.name for offer in session.offers()] == ["lo\u0308t.csv"]


@pytest.mark.parametrize("ahead", [0, 16])
def test_short_answers_to_reads(peer, server, ahead):
    """A server may send less than it was asked for."""
    data = [os.urandom(size) for size in (0, 10, 5_000, 70_000)]
    for number, content in enumerate(data):
        peer.put(f"{number}.csv", content)
    server.short_reads = 3_000
    with peer.connect(**{"read-ahead": ahead}) as session:
        assert [fetched(session, offer) for offer in session.offers()] == data


def test_a_server_that_takes_files_at_once(peer, server):
    (peer.folder / "taken").mkdir()
    server.takes_away = True
    with peer.connect() as session, pytest.raises(TransportError, match="has no file where 3 bytes were written"):
        deliver(session, "a.xml", b"abc")
    with peer.connect(quirks=["no-confirm", "no-rename"]) as session:
        deliver(session, "b.xml", b"abc")
    assert (peer.folder / "taken" / "b.xml").read_bytes() == b"abc"


def test_a_rename_that_replaces_is_not_relied_on(peer, server):
    server.overwrites = True
    peer.put("a.xml", b"other")
    with peer.connect() as session, pytest.raises(TransportError, match="another file"):
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"other"}


@pytest.mark.parametrize("how", ["not offered", "not to be used"])
def test_replacing_where_the_extension_is_missing(peer, server, how):
    server.extensions = how != "not offered"
    quirks = ["no-posix-rename"] if server.extensions else []
    server.slow = {"posix_rename": 60}
    peer.put("a.xml", b"old")
    with peer.connect(exists="replace", quirks=quirks, timeouts={"operation": 2}) as session:
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"abc"}


@pytest.mark.fault("half-written file")
def test_a_half_file_of_our_own_is_written_anew_where_nothing_can_be_renamed(peer, server):
    """Other files are left alone."""
    data = os.urandom(1000)
    peer.put("a.xml", data[:400])
    peer.put("b.xml", b"y" * 400)
    with peer.connect(quirks=["no-rename"]) as session:
        assert not deliver(session, "a.xml", data).repeated
        with pytest.raises(TransportError, match="another file"):
            deliver(session, "b.xml", data)
    with peer.connect() as session, pytest.raises(TransportError, match="another file"):
        deliver(session, "a.xml", data + b"more")
    assert peer.files() == {"a.xml": data, "b.xml": b"y" * 400}


def test_a_server_without_folders(peer, server):
    server.deny = ["mkdir"]
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        with pytest.raises(TransportError, match="archive-days") as caught:
            session.acknowledge(offer)
        assert not caught.value.retryable
    with peer.connect(after="rename") as session:
        (offer,) = session.offers()
        session.acknowledge(offer)
        assert list(session.offers()) == []
    assert peer.files() == {"a.csv.taken": b"abc"}
    peer.put("a.csv", b"next")
    with peer.connect(after="rename", path=".") as session:
        (offer,) = session.offers()
        assert fetched(session, offer) == b"next"
        session.acknowledge(offer)
    assert peer.files() == {"a.csv.taken": b"abc", "a.csv-2.taken": b"next"}
    (peer.folder / "archive").mkdir()
    peer.put("b.csv", b"abc")
    with peer.connect(**{"archive-days": False}) as session:
        for offer in session.offers():
            session.acknowledge(offer)
    assert (peer.folder / "archive" / "b.csv").read_bytes() == b"abc"


def test_temporary_names_as_the_partner_wants_them(peer, server):
    (peer.folder / "staging").mkdir()
    server.deny = ["rename"]
    server.unknown = ["posix_rename"]
    for template, left in (("{name}.filepart", "a.xml.filepart"), ("staging/{name}", "staging/a.xml")):
        server.deny = ["rename", "remove"]
        with peer.connect(temporary=template) as session, pytest.raises(TransportError):
            deliver(session, "a.xml", b"abc")
        assert (peer.folder / left).read_bytes() == b"abc"
        server.deny = []
        with peer.connect(temporary=template) as session:
            deliver(session, "a.xml", b"abc")
        assert peer.files() == {"a.xml": b"abc"}
        (peer.folder / "a.xml").unlink()


def test_one_file_that_may_not_be_read_does_not_stop_the_others(peer, server):
    for name in ("a.csv", "b.csv", "c.csv"):
        peer.put(name, name.encode())
    with peer.connect() as session:
        offers = session.offers()
        next(offers)
        server.deny = ["open"]
        with pytest.raises(TransportError, match="permission denied"):
            session.fetch(next(offers), io.BytesIO())
        server.deny = []
        assert fetched(session, next(offers)) == b"c.csv"


LISTENERS = {
    "a kex of SHA-1 only": {"kex_algs": ["diffie-hellman-group14-sha1"]},
    "outdated ciphers": {"encryption_algs": ["aes256-cbc"], "mac_algs": ["hmac-sha1"]},
    "two kexes": {"kex_algs": ["curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"]},
}


@pytest.mark.parametrize("kind", LISTENERS)
def test_algorithms(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("SFTP_PASSWORD", faulty.PASSWORD)
    with faulty.serve(**LISTENERS[kind]) as server:
        server.reset(tmp_path / "served")
        peer = FolderPeer(SFTP, tmp_path / "served", server.settings(), tmp_path)
        if kind == "two kexes":
            with peer.connect(**{"avoid-algorithms": ["curve25519-sha256@libssh.org"]}) as session:
                assert session.probe()
            avoid = LISTENERS[kind]["kex_algs"]
            with pytest.raises(TransportError, match="no acceptable kex"), peer.connect(**{"avoid-algorithms": avoid}):
                pass
            return
        with pytest.raises(TransportError, match="the server offers") as caught, peer.connect():
            pass
        assert not caught.value.retryable
        assert next(iter(LISTENERS[kind].values()))[0] in caught.value.message
        if kind == "outdated ciphers":
            with peer.connect(**{"legacy-ciphers": ["aes256-cbc"], "legacy-macs": ["hmac-sha1"]}) as session:
                assert session.probe()
