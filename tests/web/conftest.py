"""Servers for the tests: one process for all that only push into it, others for those that break it."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from tests.web.served import ServedSite


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.exchange.site", "tests.exchange.warm", "tests.web.warm"])


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A server that runs as long as the tests of this folder."""
    site = ServedSite(tmp_path_factory.mktemp("served") / "ws").make()
    with site.serving():
        yield site


@pytest.fixture
def served(shared: ServedSite) -> ServedSite:
    """The shared server; it must be well and empty-handed after each test."""
    yield shared
    assert shared.client().get("/health/live").status_code == 200
    assert shared.quarantined() == []


@pytest.fixture
def site(tmp_path: Path) -> ServedSite:
    """A workspace of its own, not served yet."""
    return ServedSite(tmp_path / "ws").make()
