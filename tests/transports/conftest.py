"""Asserts in the common tests explain themselves too; and what the tests of HTTPS share."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.transports import TRANSPORTS
from gateway.transports.secrets import secrets
from tests.peers import web
from tests.peers.pki import Authority

pytest.register_assert_rewrite("tests.transports.common")


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def identity(authority: Authority):
    return authority.issue("server", "localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def running_peer(identity):
    with web.serve(identity) as running:
        yield running


@pytest.fixture
def peer(running_peer):
    running_peer.forget()
    return running_peer


@pytest.fixture
def session(authority: Authority, tmp_path: Path):
    """Open a session with a peer; the authority is trusted and loopback is allowed unless settings say otherwise."""
    https = TRANSPORTS.get("https")

    def connect(peer, path="/in", env=None, port=0, **settings):
        url = f"https://localhost:{port or peer.port}{path}"
        values = {"url": url, "ca": str(authority.certificate), "private-addresses": True, **settings}
        model = https.settings.model_validate(values, context={"root": tmp_path})
        return https.connect(model, secrets(tmp_path, env or {}))

    return connect
