"""What every transport must do. A test class for a transport inherits `TransportTests` and has a fixture ``peer``."""

from __future__ import annotations

import concurrent.futures
import io
import os
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from gateway.errors import LimitExceeded, TransportError
from gateway.transports.base import Offer, Receipt, Session, Transport, acknowledge_all
from gateway.transports.secrets import secrets

QUICK = {"interval": 0.02, "min-age": 0}


class Peer(Protocol):
    """The other side, as a test sees it."""

    transport: Transport

    def connect(self, **settings: Any) -> AbstractContextManager[Session]:
        """A session with the channel's settings, some of them replaced."""

    def put(self, name: str, data: bytes, age: float = 60) -> None:
        """Let the peer offer a file that is `age` seconds old."""

    def files(self) -> dict[str, bytes]:
        """What stands in the peer's folder, temporary files included, archive excluded."""

    def archived(self) -> list[tuple[str, bytes]]:
        """What was archived: name and bytes, sorted."""


class FolderPeer:
    """A peer that is a folder on this machine, reached through any transport."""

    def __init__(self, transport: Transport, folder: Path, settings: dict[str, Any], root: Path) -> None:
        self.transport = transport
        self.folder = folder
        self._settings = settings
        self._root = root
        # Whole seconds, and the same for all files of one peer, so that files of one age sort by their names.
        self._now = int(time.time())

    def connect(self, **settings: Any) -> AbstractContextManager[Session]:
        values = {"settle": QUICK, **self._settings, **settings}
        model = self.transport.settings.model_validate(values, context={"root": self._root})
        return self.transport.connect(model, secrets(self._root))

    def put(self, name: str, data: bytes, age: float = 60) -> None:
        path = self.folder / name
        path.write_bytes(data)
        then = self._now - age
        os.utime(path, (then, then))

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def archived(self) -> list[tuple[str, bytes]]:
        return sorted((path.name, path.read_bytes()) for path in self.folder.glob("archive/*/*"))


def fetched(session: Session, offer: Offer) -> bytes:
    target = io.BytesIO()
    assert session.fetch(offer, target) == len(target.getvalue())
    return target.getvalue()


def deliver(session: Session, name: str, data: bytes) -> Receipt:
    return session.deliver(name, io.BytesIO(data), len(data))


class TransportTests:
    """The behaviour that all transports share."""

    def test_collects_oldest_first_and_archives_after_the_acknowledgement(self, peer: Peer):
        peer.put("lot10.csv", b"ten", age=100)
        peer.put("lot9.csv", b"nine", age=100)
        peer.put("lot1.csv", b"one", age=50)
        peer.put("a.csv", b"", age=200)
        with peer.connect() as session:
            offers = list(session.offers())
            assert [(offer.name, offer.size) for offer in offers] == [
                ("a.csv", 0),
                ("lot9.csv", 4),
                ("lot10.csv", 3),
                ("lot1.csv", 3),
            ]
            assert [fetched(session, offer) for offer in offers] == [b"", b"nine", b"ten", b"one"]
            assert len(peer.files()) == 4  # nothing was moved yet
            for offer in offers:
                session.acknowledge(offer)
            assert list(session.offers()) == []
        assert peer.files() == {}
        assert peer.archived() == [("a.csv", b""), ("lot1.csv", b"one"), ("lot10.csv", b"ten"), ("lot9.csv", b"nine")]

    def test_deletes_when_told_so(self, peer: Peer):
        peer.put("a.csv", b"abc")
        with peer.connect(after="delete") as session:
            (offer,) = session.offers()
            fetched(session, offer)
            session.acknowledge(offer)
        assert peer.files() == {}
        assert peer.archived() == []

    def test_keeps_what_must_not_be_touched(self, peer: Peer):
        """Such offers say that they stay, so that whoever has them passes them over."""
        peer.put("a.csv", b"abc")
        with peer.connect(after="keep") as session:
            (offer,) = session.offers()
            assert offer.stays
            assert fetched(session, offer) == b"abc"
            session.acknowledge(offer)
        with peer.connect(after="keep") as session:
            (again,) = session.offers()
            assert again.identity == offer.identity
        assert peer.files() == {"a.csv": b"abc"}

    def test_renames_in_place(self, peer: Peer):
        for data in (b"first", b"second"):
            peer.put("a.csv", data)
            with peer.connect(after="rename", renamed="{name}.taken") as session:
                (offer,) = session.offers()
                assert not offer.stays
                session.acknowledge(offer)
                assert list(session.offers()) == []
        assert peer.files() == {"a.csv.taken": b"first", "a.csv-2.taken": b"second"}

    def test_acknowledges_many_at_a_time(self, peer: Peer):
        for number in range(5):
            peer.put(f"{number}.csv", b"%d" % number)
        with peer.connect() as session:
            offers = list(session.offers())
            peer.put("1.csv", b"changed")
            assert acknowledge_all(session, offers) == [None] * 5
            assert acknowledge_all(session, []) == []
        assert peer.files() == {"1.csv": b"changed"}
        assert [name for name, _ in peer.archived()] == ["0.csv", "2.csv", "3.csv", "4.csv"]

    def test_a_second_acknowledgement_is_harmless(self, peer: Peer):
        peer.put("a.csv", b"abc")
        with peer.connect() as session:
            (offer,) = session.offers()
            session.acknowledge(offer)
        with peer.connect() as session:
            session.acknowledge(offer)
        assert peer.archived() == [("a.csv", b"abc")]

    def test_the_archive_keeps_files_of_one_name_apart(self, peer: Peer):
        for data in (b"first", b"second"):
            peer.put("a.csv", data)
            with peer.connect() as session:
                (offer,) = session.offers()
                session.acknowledge(offer)
        assert sorted(data for _, data in peer.archived()) == [b"first", b"second"]

    @pytest.mark.parametrize("after", ["archive", "delete", "rename"])
    def test_a_new_version_under_the_name_is_not_put_away(self, peer: Peer, after: str):
        peer.put("a.csv", b"abc")
        with peer.connect(after=after) as session:
            (offer,) = session.offers()
            fetched(session, offer)
            peer.put("a.csv", b"a newer file")
            session.acknowledge(offer)
        assert peer.files() == {"a.csv": b"a newer file"}

    @pytest.mark.fault("growing file")
    def test_a_changed_file_is_not_fetched(self, peer: Peer):
        peer.put("a.csv", b"abc")
        with peer.connect() as session:
            (offer,) = session.offers()
            peer.put("a.csv", b"abcd", age=10)
            with pytest.raises(TransportError) as caught:
                session.fetch(offer, io.BytesIO())
            assert caught.value.retryable
            peer.put("a.csv", b"ab", age=10)
            with pytest.raises(TransportError):
                session.fetch(offer, io.BytesIO())
            (again,) = session.offers()
            assert fetched(session, again) == b"ab"

    def test_a_file_that_went_is_not_fetched(self, peer: Peer):
        peer.put("a.csv", b"abc")
        with peer.connect() as session, peer.connect() as other:
            (offer,) = session.offers()
            other.acknowledge(offer)
            with pytest.raises(TransportError, match="changed or went away"):
                session.fetch(offer, io.BytesIO())

    def test_patterns_and_unfinished_names(self, peer: Peer):
        for name in ("a.csv", "B.CSV", "c.xml", ".hidden.csv", "d.csv.part", "e.TMP", "f.csv.filepart", "~g.csv"):
            peer.put(name, b"x")
        with peer.connect(patterns=["*.csv", "*.part", "*.tmp", "*.filepart"]) as session:
            assert {offer.name for offer in session.offers()} == {"a.csv", "B.CSV"}

    @pytest.mark.fault("path traversal and odd names")
    @pytest.mark.parametrize(
        "name", ["ä ö.csv", "日本.csv", "100%.csv", "a'b\"c;d&e.csv", "-rf.csv", "x" * 200 + ".csv"]
    )
    def test_names_from_outside(self, peer: Peer, name: str):
        peer.put(name, b"abc")
        with peer.connect() as session:
            (offer,) = session.offers()
            assert offer.name == name
            assert fetched(session, offer) == b"abc"
            session.acknowledge(offer)
        assert peer.archived() == [(name, b"abc")]

    @pytest.mark.fault("path traversal and odd names")
    @pytest.mark.parametrize("path", ["../a.csv", "/etc/hostname", "..", "archive/x", "%2E%2E", "%2Fetc", "a%00b", ""])
    def test_a_forged_path_leads_nowhere(self, peer: Peer, path: str):
        with peer.connect() as session, pytest.raises(TransportError):
            session.fetch(Offer("a.csv", path, 1), io.BytesIO())

    @pytest.mark.fault("path traversal and odd names")
    @pytest.mark.parametrize(
        "name",
        ["", ".", "..", "../a", "a/b", "a\\b", "a\0b", "a\nb", "NUL", "com1.xml", "a.", " a", "\udc80", "x" * 250],
    )
    def test_names_that_are_not_delivered(self, peer: Peer, name: str):
        with peer.connect() as session, pytest.raises(TransportError) as caught:
            deliver(session, name, b"x")
        assert not caught.value.retryable
        assert peer.files() == {}

    def test_delivers_once(self, peer: Peer):
        with peer.connect() as session:
            assert deliver(session, "a ä.xml", b"abc") == Receipt("a ä.xml", 3)
            assert deliver(session, "a ä.xml", b"abc") == Receipt("a ä.xml", 3, repeated=True)
            assert deliver(session, "empty", b"") == Receipt("empty", 0)
            assert deliver(session, "empty", b"") == Receipt("empty", 0, repeated=True)
        assert peer.files() == {"a ä.xml": b"abc", "empty": b""}

    @pytest.mark.parametrize("other", [b"abd", b"longer"])
    def test_never_replaces_another_file_unless_told_so(self, peer: Peer, other: bytes):
        peer.put("a.xml", other)
        with peer.connect() as session, pytest.raises(TransportError, match="another file") as caught:
            deliver(session, "a.xml", b"abc")
        assert not caught.value.retryable
        assert peer.files() == {"a.xml": other}
        with peer.connect(exists="suffix") as session:
            assert deliver(session, "a.xml", b"abc") == Receipt("a-2.xml", 3)
            assert deliver(session, "a.xml", b"abc") == Receipt("a-2.xml", 3, repeated=True)
            assert deliver(session, "a.xml", b"xyz") == Receipt("a-3.xml", 3)
        with peer.connect(exists="replace") as session:
            assert deliver(session, "a.xml", b"new") == Receipt("a.xml", 3)
        assert peer.files() == {"a.xml": b"new", "a-2.xml": b"abc", "a-3.xml": b"xyz"}

    def test_writes_a_marker_after_the_file(self, peer: Peer):
        with peer.connect(marker="{name}.done") as session:
            deliver(session, "a.xml", b"abc")
        assert peer.files() == {"a.xml": b"abc", "a.xml.done": b""}

    @pytest.mark.parametrize("size", [2, 4])
    def test_a_source_of_another_size_is_not_delivered(self, peer: Peer, size: int):
        with peer.connect() as session, pytest.raises(TransportError):
            session.deliver("a.xml", io.BytesIO(b"abc"), size)
        assert peer.files() == {}

    @pytest.mark.fault("oversized")
    def test_a_file_over_the_limit_is_refused(self, peer: Peer):
        peer.put("a.csv", b"four")
        peer.put("b.csv", b"1", age=10)
        with peer.connect(**{"max-size": 3}) as session:
            large, small = session.offers()
            with pytest.raises(LimitExceeded) as caught:
                session.fetch(large, io.BytesIO())
            assert caught.value.finding.code == "TRANSPORT-SIZE-01"
            assert fetched(session, small) == b"1"

    def test_two_deliver_and_acknowledge_the_same_at_once(self, peer: Peer):
        data = os.urandom(200_000)
        peer.put("in.csv", b"abc")
        with peer.connect() as session:
            (offer,) = session.offers()
        start = threading.Barrier(3)

        def work() -> Receipt | TransportError:
            with peer.connect() as session:
                start.wait(10)
                session.acknowledge(offer)
                try:
                    return deliver(session, "out.xml", data)
                except TransportError as error:
                    return error

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            results = list(pool.map(lambda _: work(), range(3)))
        assert all(result.retryable for result in results if isinstance(result, TransportError)), results
        with peer.connect() as session:
            assert deliver(session, "out.xml", data).repeated or any(isinstance(r, TransportError) for r in results)
        assert peer.files() == {"out.xml": data}
        assert [data for _, data in peer.archived()] == [b"abc"]

    def test_a_large_file_survives_the_way_there_and_back(self, peer: Peer):
        data = os.urandom(3_000_001)
        with peer.connect() as session:
            deliver(session, "large.bin", data)
            (offer,) = session.offers()
            assert fetched(session, offer) == data

    def test_probe_says_what_it_found(self, peer: Peer):
        peer.put("a.csv", b"abc")
        with peer.connect() as session:
            assert any("1 files" in line for line in session.probe())


class SettlingTests:
    """For transports whose peers write slowly."""

    @pytest.mark.fault("growing file")
    def test_a_growing_file_is_not_taken(self, peer: FolderPeer):
        peer.put("whole.csv", b"abc")
        done = threading.Event()

        def grow() -> None:
            with (peer.folder / "slow.csv").open("wb") as stream:
                while not done.is_set():
                    stream.write(b"x" * 1000)
                    stream.flush()
                    time.sleep(0.01)

        writer = threading.Thread(target=grow)
        writer.start()
        try:
            with peer.connect(settle={"looks": 3, "interval": 0.1, "min-age": 0}) as session:
                for _ in range(3):
                    assert [offer.name for offer in session.offers()] == ["whole.csv"]
        finally:
            done.set()
            writer.join()
        with peer.connect(settle={"looks": 3, "interval": 0.05, "min-age": 0}) as session:
            assert [offer.name for offer in session.offers()] == ["whole.csv", "slow.csv"]

    @pytest.mark.fault("half-written file")
    def test_a_young_file_waits(self, peer: FolderPeer):
        peer.put("old.csv", b"abc", age=1000)
        peer.put("young.csv", b"abc", age=0)
        with peer.connect(settle={"looks": 1, "min-age": 900}) as session:
            assert [offer.name for offer in session.offers()] == ["old.csv"]

    @pytest.mark.fault("half-written file")
    def test_a_marker_decides(self, peer: FolderPeer):
        peer.put("a.csv", b"abc", age=0)
        peer.put("b.csv", b"abc", age=0)
        peer.put("b.csv.done", b"", age=0)
        with peer.connect(settle={"marker": "{name}.done"}) as session:
            (offer,) = session.offers()
            assert offer.name == "b.csv"
            session.acknowledge(offer)
        assert set(peer.files()) == {"a.csv"}
        assert [name for name, _ in peer.archived()] == ["b.csv", "b.csv.done"]

    @pytest.mark.fault("half-written file")
    def test_a_checksum_must_match(self, peer: FolderPeer):
        peer.put("a.csv", b"abc")
        with peer.connect(settle={"checksum": "{name}.sha256"}) as session:
            assert list(session.offers()) == []
            peer.put("a.csv.sha256", b"0" * 64 + b"  a.csv\n")
            (offer,) = session.offers()
            with pytest.raises(TransportError, match="does not match its checksum"):
                session.fetch(offer, io.BytesIO())
            peer.put("a.csv.sha256", b"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD *a.csv")
            assert fetched(session, offer) == b"abc"

    @pytest.mark.fault("path traversal and odd names")
    def test_links_and_folders_are_not_offered(self, peer: FolderPeer, tmp_path: Path):
        secret = tmp_path / "secret.csv"
        secret.write_bytes(b"secret")
        (peer.folder / "link.csv").symlink_to(secret)
        (peer.folder / "folder.csv").mkdir()
        os.mkfifo(peer.folder / "pipe.csv")
        peer.put("a.csv", b"abc")
        with peer.connect() as session:
            assert [offer.name for offer in session.offers()] == ["a.csv"]

    @pytest.mark.fault("path traversal and odd names")
    def test_a_name_that_is_not_utf8(self, peer: FolderPeer):
        path = os.fsencode(peer.folder) + b"/l\xf6t 100%.csv"
        Path(os.fsdecode(path)).write_bytes(b"abc")
        os.utime(path, (1e9, 1e9))
        with peer.connect() as session:
            (offer,) = session.offers()
            assert offer == Offer("l\\xf6t 100%.csv", "l%F6t 100%25.csv", 3, 1e9)
            assert fetched(session, offer) == b"abc"
            session.acknowledge(offer)
        assert [os.fsencode(name) for name, _ in peer.archived()] == [b"l\xf6t 100%.csv"]

    @pytest.mark.fault("half-written file")
    def test_no_half_file_is_ever_visible(self, peer: FolderPeer):
        data = os.urandom(8_000_000)
        seen: set[int] = set()
        done = threading.Event()

        def poll() -> None:
            path = peer.folder / "out.xml"
            while not done.is_set():
                if path.exists():
                    seen.add(path.stat().st_size)

        poller = threading.Thread(target=poll)
        poller.start()
        try:
            with peer.connect() as session:
                deliver(session, "out.xml", data)
            with peer.connect(exists="replace") as session:
                deliver(session, "out.xml", data[:-1])
        finally:
            done.set()
            poller.join()
        assert seen <= {len(data), len(data) - 1}
        assert set(peer.files()) == {"out.xml"}

    def test_what_a_killed_writer_left_is_written_over(self, peer: FolderPeer):
        (peer.folder / ".out.xml.part").write_bytes(b"y" * 100)
        with peer.connect() as session:
            deliver(session, "out.xml", b"abc")
        assert peer.files() == {"out.xml": b"abc"}
