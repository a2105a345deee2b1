"""Workspaces for the tests of the exchange."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exchange.site import Site


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.exchange.site", "tests.exchange.warm"])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "ws").build()


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[[str], Site]:
    return lambda agreement: Site(tmp_path / "ws").build(agreement)
