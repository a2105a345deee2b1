"""The market for tests, as an installed plugin."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint

import pytest
import yaml

from gateway.markets import MARKETS
from gateway.submit import driver
from tests.exchange.conftest import blank  # noqa: F401 - a fixture of these tests, too
from tests.exchange.site import Site
from tests.submit.runs import PLUGIN, SETTLED


@pytest.fixture
def market(monkeypatch):
    """The module of the market `xx`."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    point = EntryPoint("xx", "rehearsed_market:MARKET", MARKETS.group)
    monkeypatch.setattr(MARKETS, "_strangers", {"xx": point})
    monkeypatch.setattr(MARKETS, "_loaded", dict(MARKETS._loaded))
    monkeypatch.setattr(driver, "_memories", {})
    return importlib.import_module("rehearsed_market")


@pytest.fixture
def place(market, tmp_path):
    """Makes a workspace whose regulator is at a URL."""

    def place(url, channel=None, agreement=None, **target):
        settings = {"url": url, "plain-http": True, "ask": {"first": 0.1, "factor": 1, "longest": 0.1}}
        channel = channel or {"transport": "folder", "settings": {"path": "data/in", "settle": SETTLED}}
        whole = {
            **(agreement or {}),
            "partner": {"id": "acme"},
            "channels": [{"id": "acme-in", **channel}],
            "targets": [
                {
                    "id": "regulator",
                    "to": "xx-note",
                    "transport": "market",
                    "settings": settings,
                    "retry": {"attempts": 5, "first": 0, "factor": 1},
                    **target,
                }
            ],
        }
        return Site(tmp_path / "ws").build(yaml.safe_dump(whole))

    return place
