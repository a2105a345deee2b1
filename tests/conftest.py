"""What all tests share: the golden-file switch, and where the corpora are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
CORPORA = ROOT.parent / "shared" / "corpora"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected files beside the fixtures")


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compare bytes with an expected file; with --update write it instead."""

    def compare(path: Path, actual: bytes) -> None:
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(actual)
        assert path.exists(), f"{path} is missing: run pytest --update and read the diff"
        assert actual == path.read_bytes(), f"{path} differs: run pytest --update and read the diff"

    return compare


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Official schemas and public samples. Without them CI fails; elsewhere the test is skipped."""
    if not CORPORA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the corpora at {CORPORA}")
        pytest.skip("the official schemas and samples are not on this machine (folder ../shared/corpora)")
    return CORPORA


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Our own fixtures; all numbers in them are synthetic."""
    return FIXTURES


@pytest.fixture
def openssh(tmp_path: Path):
    """A real OpenSSH server, for tests marked ``openssh``. Without sshd CI fails; elsewhere the test is skipped."""
    from tests.peers import openssh as peer

    if not peer.available():
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs an OpenSSH server at /usr/sbin/sshd")
        pytest.skip("this machine has no OpenSSH server (/usr/sbin/sshd)")
    with peer.serve(tmp_path / "openssh") as server:
        yield server


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path):
    """A disk of 5 MB, or of what an indirect parameter says.

    Only root can make one: without it CI fails; elsewhere the test is skipped.
    """
    import subprocess

    folder, size = tmp_path / "disk", f"size={getattr(request, 'param', '5m')}"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", folder], check=False, capture_output=True)
    if made.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the right to mount a small disk: {made.stderr.decode()}")
        pytest.skip("only root can make a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="session")
def postgres():
    """A private PostgreSQL server for the whole run. Without one CI fails; elsewhere the test is skipped."""
    from tests.peers import postgres as peer

    if peer.binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs a PostgreSQL server: initdb and postgres under /usr/lib/postgresql")
        pytest.skip("this machine has no PostgreSQL server (initdb)")
    with peer.serve() as server:
        yield server
