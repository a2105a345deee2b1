"""Workspaces for the tests of the exchange."""

from __future__ import annotations

import multiprocessing
import tempfile
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


@pytest.fixture
def shared_site(tmp_path: Path, postgres, blank: str) -> Site:
    """A site on PostgreSQL."""
    return Site(tmp_path / "ws", postgres=postgres, template=blank).build()


@pytest.fixture(scope="session")
def blank(postgres) -> str:
    """A database with all tables, to copy: making them takes seconds."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), postgres=postgres).build()
        assert not site.once()
        return site.database


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> dict[str, object]:
    """Each of the stores, as arguments of `Site`."""
    if request.param == "sqlite":
        return {}
    return {"postgres": request.getfixturevalue("postgres"), "template": request.getfixturevalue("blank")}
