"""A stop in the middle of work: it comes soon, says nothing wrong, and the next start goes on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from gateway.exchange.engine_words import PATIENCE
from tests.exchange.site import Site, document, until
from tests.peers import faulty

FILES = 8


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", faulty.PASSWORD)
    with faulty.serve() as running:
        yield running


def test_while_many_files_are_collected(tmp_path: Path, server) -> None:
    served = tmp_path / "served"
    server.reset(served)
    settings = server.settings(settle={"looks": 1, "interval": 0, "min-age": 0})
    settings |= {"password": "file:keys/sftp", "read-ahead": 0}
    channel = {"id": "acme-in", "transport": "sftp", "settings": settings, "schedule": {"interval": 1}}
    target = {"id": "one", "to": "epcis-2.0-json", "transport": "folder", "settings": {"path": "data/one"}}
    site = Site(tmp_path / "ws")
    site.build(json.dumps({"partner": {"id": "acme"}, "channels": [channel], "targets": [target]}))
    (site.root / "keys").mkdir()
    (site.root / "keys" / "sftp").write_text(faulty.PASSWORD)
    for number in range(FILES):
        (served / f"{number:02}.xml").write_bytes(document(number))
    site.messages()  # makes the ledger
    server.slow = {"open": 0.8}
    process = site.run()
    try:
        until(site.messages)
        begun = time.monotonic()
        process.terminate()
        process.join(30)
        took = time.monotonic() - begun
        assert process.exitcode == 0
    finally:
        process.kill()
    taken = len(site.messages())
    assert 0 < taken < FILES
    assert took < PATIENCE, "it did not wait for all the files"
    assert site.rows("select error from collections where error != ''") == []
    # What was taken is put away at its peer; the rest lies there.
    assert len([path for path in served.iterdir() if path.is_file()]) == FILES - taken
    server.slow = {}
    assert not site.once()
    assert sorted(message.name for message in site.messages()) == sorted(f"{number:02}.xml" for number in range(FILES))
    assert {message.state for message in site.messages()} == {"done"}
    assert len(list(site.one.iterdir())) == FILES
