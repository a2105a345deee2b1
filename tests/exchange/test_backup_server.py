"""Backup of a workspace on PostgreSQL as the docs have it, and the way back on another machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.exchange.site import Site, document
from tests.exchange.test_commands import gateway
from tests.peers import postgres as peer


def run(program: str, *arguments: str, password: str) -> None:
    folder = peer.binaries()
    assert folder is not None
    environment = {**os.environ, "PGPASSWORD": password}
    done = subprocess.run([folder / program, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_workspace_moves_to_another_server_and_goes_on(shared_site: Site, postgres, tmp_path: Path) -> None:
    site, password = shared_site, postgres.password
    site.drop("a.xml", document())
    assert not site.once()
    site.drop("b.xml", document(2))
    site.two.rename(site.two.with_name("away"))  # b.xml has to wait for its second receiver
    site.agree((site.root / "agreements" / "acme.yaml").read_text().replace("path: data/two", "path: data/elsewhere"))
    site.once()

    dump, copy = tmp_path / "ledger.dump", tmp_path / "copy"
    run("pg_dump", "-Fc", "-N", "dbos", "-f", str(dump), postgres.url(site.database), password=password)
    for name in ("agreements", "mappings", "keys", "data/archive"):
        shutil.copytree(site.root / name, copy / name)
    shutil.copy2(site.root / "gateway.toml", copy / "gateway.toml")

    other = Site(copy, postgres=postgres)
    run("pg_restore", "--exit-on-error", "-d", postgres.url(other.database), str(dump), password=password)
    settings = (copy / "gateway.toml").read_text()
    (copy / "gateway.toml").write_text(settings.replace(site.database, other.database))
    assert "whole" in gateway("audit", "verify", "-C", str(copy))
    assert "whole" in gateway("archive", "verify", "-C", str(copy))
    assert [message.name for message in other.messages()] == ["a.xml", "b.xml"]
    for folder in (other.inbox, other.one, other.two, copy / "data" / "elsewhere"):
        folder.mkdir(exist_ok=True)
    other.drop("c.xml", document(3))
    gateway("replay", "2", "-C", str(copy))
    assert not other.once()
    assert [(m.name, m.state) for m in other.messages()][-2:] == [("b.xml", "done"), ("c.xml", "done")]
    assert "whole" in gateway("audit", "verify", "-C", str(copy))
