from __future__ import annotations

import time

import pytest

from gateway.errors import TransportError
from gateway.transports import memory
from gateway.transports.memory import MEMORY
from gateway.transports.secrets import secrets
from tests.transports.common import TransportTests


class MemoryPeer:
    transport = MEMORY

    def __init__(self, root):
        self.box = memory.box("peer")
        self._root = root
        self._now = int(time.time())

    def connect(self, **settings):
        model = MEMORY.settings.model_validate({"box": "peer", **settings})
        return MEMORY.connect(model, secrets(self._root))

    def put(self, name, data, age=60.0):
        self.box.put(name, data, self._now - age)

    def files(self):
        return {name: data for name, (data, _) in self.box.files.items()}

    def archived(self):
        return sorted(self.box.archived)


@pytest.fixture
def peer(tmp_path):
    memory.clear()
    yield MemoryPeer(tmp_path)
    memory.clear()


class TestMemory(TransportTests):
    pass


def test_queued_faults_come_in_order(peer):
    peer.put("a.csv", b"abc")
    peer.box.fail("offers", TransportError("first", retryable=True), TransportError("second"))
    with peer.connect() as session:
        for expected in ("first", "second"):
            with pytest.raises(TransportError, match=expected):
                list(session.offers())
        assert [offer.name for offer in session.offers()] == ["a.csv"]
