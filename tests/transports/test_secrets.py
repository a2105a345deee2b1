from __future__ import annotations

import sys
import types

import pytest

from gateway.errors import ConfigurationError
from gateway.transports.secrets import secrets


@pytest.fixture
def resolve(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "password").write_bytes(b"s3cret \n")
    (tmp_path / "keys" / "empty").write_bytes(b"\n")
    (tmp_path / "keys" / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "keys" / "large").write_bytes(b"x" * 70000)
    return secrets(tmp_path, {"PASSWORD": "s3cret"})


def test_resolves(resolve):
    assert resolve("env:PASSWORD") == "s3cret"
    assert resolve("file:keys/password") == "s3cret "


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:OTHER", "is not set"),
        ("file:keys/none", "cannot be read"),
        ("file:keys", "cannot be read"),
        ("file:keys/empty", "is empty"),
        ("file:keys/binary", "UTF-8"),
        ("file:keys/large", "65536"),
        ("keyring:gateway/acme", "not installed"),
        ("keyring:gateway", "by reference"),
        ("env:", "by reference"),
        ("vault:x", "by reference"),
    ],
)
def test_what_cannot_be_resolved(resolve, monkeypatch, reference, message):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=message):
        resolve(reference)


def test_a_secret_given_by_mistake_is_not_repeated(resolve):
    with pytest.raises(ConfigurationError) as caught:
        resolve("hunter2:hunter2")
    assert "hunter2" not in str(caught.value)


def test_keyring(resolve, monkeypatch):
    entries = {("gateway", "acme"): "s3cret"}
    ring = types.SimpleNamespace(get_password=lambda service, name: entries.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert resolve("keyring:gateway/acme") == "s3cret"
    with pytest.raises(ConfigurationError, match="no entry"):
        resolve("keyring:gateway/other")
