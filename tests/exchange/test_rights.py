"""Nobody else on the machine can read or change a workspace, whatever the umask of the process that made it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway import private
from tests.exchange.site import Site, document
from tests.exchange.test_commands import gateway

KEY = "11" * 32


def in_a_process(umask: int, *arguments: str) -> str:
    """A command with a umask of its own."""
    command = [sys.executable, "-m", "gateway", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, umask=umask)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rights(*roots: Path) -> dict[str, int]:
    """What everybody may do with each file and folder, and the group with what is private."""
    found = {}
    for root in roots:
        for path in (root, *root.rglob("*")):
            mode = path.lstat().st_mode
            business = path.relative_to(root).parts[:1] in (("data",), ("keys",))
            closed = stat.S_IRWXO | (stat.S_IWGRP if not business else 0)
            if mode & closed:
                found[str(path.relative_to(root.parent))] = stat.S_IMODE(mode)
    return found


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_workspace_its_backup_and_what_is_put_back(tmp_path: Path, umask: int) -> None:
    root, copy, back = tmp_path / "ws", tmp_path / "copy", tmp_path / "back"
    in_a_process(umask, "init", str(root))
    with (root / "gateway.toml").open("a") as settings:
        settings.write('[archive]\nkey = "file:keys/archive"\n[codes]\nkey = "file:keys/archive"\n')
    (root / "keys" / "archive").write_text(KEY)
    (root / "keys" / "archive").chmod(0o600)
    file = root / "data" / "example" / "in" / "a.xml"
    file.write_bytes(document())
    file.chmod(0o600)
    os.utime(file, (time.time() - 60,) * 2)
    assert "done" in in_a_process(umask, "once", "-C", str(root))
    in_a_process(umask, "backup", "make", str(copy), "--with-keys", "-C", str(root))
    in_a_process(umask, "backup", "restore", str(copy), str(back))
    # What is delivered is for others: its rights are those that the umask leaves. The folder above it is closed.
    delivered = {name for name in rights(root) if name.startswith("ws/data/example/")}
    assert set(rights(root)) == delivered
    assert bool(delivered) == (umask == 0)
    assert rights(copy, back) == {}
    for path in (root / "data", root / "keys", copy, back):
        assert stat.S_IMODE(path.stat().st_mode) == private.FOLDER
    for name in ("ledger.sqlite", "engine.sqlite", "exchange.lock", "ledger.sqlite.lock", "archive.lock"):
        assert stat.S_IMODE((root / "data" / name).stat().st_mode) == private.FILE


def test_check_says_what_others_can_change_or_look_into(site: Site) -> None:
    root = str(site.root)
    for path in (site.root, site.root / "agreements", site.root / "data"):
        path.chmod(0o700)
    assert "everybody" not in gateway("check", "-C", root)
    agreement = site.root / "agreements" / "acme.yaml"
    agreement.chmod(0o646)
    assert "everybody" not in gateway("check", "-C", root), "the folder is closed"
    (site.root / "agreements").chmod(0o755)
    assert f"everybody on this machine can change {agreement}: chmod o-w {agreement}" in gateway("check", "-C", root)
    agreement.chmod(0o644)
    assert "everybody" not in gateway("check", "-C", root)
    (site.root / "data").chmod(0o755)
    assert f"everybody on this machine can look into {site.root / 'data'}" in gateway("check", "-C", root)
    for number in range(9):
        (site.root / "mappings" / f"{number}.yaml.off").touch()
        (site.root / "mappings" / f"{number}.yaml.off").chmod(0o666)
    (site.root / "mappings").chmod(0o755)
    assert "and 4 more files and folders" in gateway("check", "-C", root)
    (site.root / "mappings").chmod(0o700)
    site.root.chmod(0o777)
    assert f"everybody on this machine can change {site.root}: chmod o-w" in gateway("check", "-C", root)
