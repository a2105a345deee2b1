"""The market for tests, as an installed plugin."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gateway.markets import MARKETS
from gateway.submit import driver

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture
def market(monkeypatch):
    """The module of the market `xx`."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    point = EntryPoint("xx", "rehearsed_market:MARKET", MARKETS.group)
    monkeypatch.setattr(MARKETS, "_strangers", {"xx": point})
    monkeypatch.setattr(MARKETS, "_loaded", dict(MARKETS._loaded))
    monkeypatch.setattr(driver, "_memories", {})
    return importlib.import_module("rehearsed_market")
