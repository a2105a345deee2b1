"""Power cuts: what is on the disk in which order, as a recording file layer sees it.

The layer notes every sync, new name and new folder, and every word of the exchange that rests on them: the ledger
knows a file, the peer is told, the receiver has it. From that it computes what a power cut at that moment would leave,
as strictly as a file system may be: bytes only when they were synced, a name or a folder only when the folder that
holds it was.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.exchange.archive import store as archive_module
from gateway.exchange.flow.collect import Collector
from gateway.exchange.flow.steps import Flow
from gateway.transports.secrets import secrets
from tests.exchange.site import Site, document


class Disk:
    """What would be left after a power cut."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.bytes: set[int] = set()  # inodes whose bytes are durable
        self.named: dict[Path, int] = {}  # names that were given
        self.durable: set[Path] = set()  # names and folders that would be left
        self.made: set[Path] = set()
        self.wrong: list[str] = []
        self.words: list[str] = []
        for name in ("replace", "rename", "link"):
            self._patch(monkeypatch, name, self._name)
        self._patch(monkeypatch, "mkdir", self._folder)
        self._patch(monkeypatch, "fsync", self._sync)

    def _patch(self, monkeypatch: pytest.MonkeyPatch, name: str, note: Callable[..., None]) -> None:
        real = getattr(os, name)

        def noted(*arguments: object, **more: object) -> object:
            result = real(*arguments, **more)
            note(*arguments)
            return result

        monkeypatch.setattr(os, name, noted)

    def _name(self, _source: object, target: object, *_: object) -> None:
        path = Path(os.fspath(target))
        if not path.is_absolute() or not path.exists():
            return  # a name inside an opened folder: what the peer's own folder does is the peer's
        inode = path.stat().st_ino
        if inode not in self.bytes:
            self.wrong.append(f"{path.name} got its name before its bytes were on the disk")
        self.named[path] = inode
        self.durable.discard(path)

    def _folder(self, path: object, *_: object) -> None:
        self.made.add(Path(os.fspath(path)))

    def _sync(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        if not stat.S_ISDIR(found.st_mode):
            self.bytes.add(found.st_ino)
            return
        folder = Path(f"/proc/self/fd/{descriptor}").readlink()
        self.durable |= {path for path in (*self.named, *self.made) if path.parent == folder}

    def say(self, word: str, *paths: Path) -> None:
        """The exchange says something that rests on these files."""
        self.words.append(word)
        for path in paths:
            if path not in self.durable:
                self.wrong.append(f"{word}, and {path.name} would be gone")
            for folder in path.parents:
                if folder in self.made and folder not in self.durable and self.root in folder.parents:
                    self.wrong.append(f"{word}, and the folder {folder.name} would be gone")


@pytest.fixture
def disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(site.root, monkeypatch)


def go(site: Site, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file from its sender to its receivers, without the engine."""
    workspace = site.workspace()
    archive, ledger, agreements = workspace.archive, workspace.ledger, workspace.agreements
    receive, acknowledged, converted = ledger.receive, ledger.acknowledged, ledger.converted
    delivered = ledger.delivered

    def received(arrival, **more):
        disk.say("the ledger knows the file", archive.path(arrival.stored.sha256))
        return receive(arrival, **more)

    def told(channel, identity):
        disk.say("the peer was told", archive.path(workspace.queries.messages()[0].sha256))
        return acknowledged(channel, identity)

    def made(message, target, report, outputs, *more):
        disk.say("the ledger knows the outputs", *(archive.path(output[-1].sha256) for output in outputs))
        return converted(message, target, report, outputs, *more)

    def has(delivery, name, *more):
        folder = site.one if workspace.queries.delivery(delivery).target == "one" else site.two
        disk.say("the receiver has it", folder / name)
        return delivered(delivery, name, *more)

    for name, function in (("receive", received), ("acknowledged", told), ("converted", made), ("delivered", has)):
        monkeypatch.setattr(ledger, name, function)
    resolve = secrets(site.root)
    flow = Flow(agreements, ledger, archive, resolve)
    configuration = ledger.configuration(agreements.files)
    taken = []
    assert not Collector(agreements, configuration, ledger, archive, resolve).collect("acme-in", taken.append).error
    for message in taken:
        for step in (flow.detect, flow.convert, flow.check):
            assert step(message.id) == "on"
        for delivery, _ in flow.plan(message.id):
            assert flow.attempt(delivery) is None
    workspace.close()


def test_nothing_is_said_that_a_power_cut_would_make_untrue(
    site: Site, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.drop("a.xml", document())
    go(site, disk, monkeypatch)
    assert disk.wrong == []
    assert disk.words == [
        "the ledger knows the file",
        "the peer was told",
        *["the ledger knows the outputs"] * 2,
        *["the receiver has it"] * 2,
    ]


def test_the_layer_sees_a_name_without_bytes(site: Site, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    site.drop("a.xml", document())
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    go(site, disk, monkeypatch)
    assert any("before its bytes" in text for text in disk.wrong)


def test_the_layer_sees_a_name_that_is_not_synced(site: Site, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    site.drop("a.xml", document())
    monkeypatch.setattr(archive_module, "_sync_folder", lambda _folder: None)
    go(site, disk, monkeypatch)
    assert any(text.startswith("the ledger knows the file, and") for text in disk.wrong)
