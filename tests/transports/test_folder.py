from __future__ import annotations

import io
import os
import time

import pytest

from gateway.errors import TransportError
from gateway.transports.folder import FOLDER
from gateway.transports.secrets import secrets
from tests.transports.common import FolderPeer, SettlingTests, TransportTests, deliver


@pytest.fixture
def peer(tmp_path) -> FolderPeer:
    folder = tmp_path / "drop"
    folder.mkdir()
    return FolderPeer(FOLDER, folder, {"path": "drop"}, tmp_path)


class TestFolder(TransportTests, SettlingTests):
    pass


def test_three_thousand_files_are_listed_in_order(peer):
    for number in range(3000):
        (peer.folder / f"lot{number}.csv").touch()
        os.utime(peer.folder / f"lot{number}.csv", (1e9, 1e9))
    start = time.perf_counter()
    with peer.connect() as session:
        names = [offer.name for offer in session.offers()]
    assert names == [f"lot{number}.csv" for number in range(3000)]
    assert time.perf_counter() - start < 5


def test_a_missing_folder_is_an_error_and_not_empty(tmp_path):
    settings = FOLDER.settings.model_validate({"path": "gone"}, context={"root": tmp_path})
    with (
        pytest.raises(TransportError, match="there is no folder") as caught,
        FOLDER.connect(settings, secrets(tmp_path)),
    ):
        pass
    assert not caught.value.retryable


def test_a_file_replaced_by_a_link_is_not_followed(peer, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"abc")
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        (peer.folder / "a.csv").unlink()
        (peer.folder / "a.csv").symlink_to(secret)
        with pytest.raises(TransportError):
            session.fetch(offer, io.BytesIO())
        session.acknowledge(offer)
    assert (peer.folder / "a.csv").is_symlink()


def test_a_full_disk_publishes_nothing(peer, monkeypatch):
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.transports.folder.os.fsync", no_space)
    with peer.connect() as session, pytest.raises(TransportError, match="No space left") as caught:
        deliver(session, "a.xml", b"abc")
    assert caught.value.retryable
    assert peer.files() == {}


def test_delivers_where_hard_links_are_not_possible(peer, monkeypatch):
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", forbidden)
    with peer.connect() as session:
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"abc"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"archive": "../x"},
        {"archive": ""},
        {"after": "leave"},
        {"renamed": ""},
        {"temporary": "{name}"},
        {"temporary": "staging/x"},
        {"marker": "done"},
        {"settle": {"marker": "{name}"}},
        {"settle": {"looks": 0}},
        {"folder": "x"},
        {"max-size": 0},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError):
        FOLDER.settings.model_validate({"path": "x", **wrong})
