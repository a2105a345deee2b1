"""A changed configuration comes into force while the gateway runs, if all of it is right."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.exchange.reload import Reloader
from gateway.exchange.workspace import Workspace
from tests.exchange.site import AGREEMENT, Site, document, until
from tests.exchange.test_commands import gateway

SCHEDULED = AGREEMENT.replace(
    "transport: folder\n    settings: {path: data/in",
    "transport: folder\n    schedule: {interval: 1}\n    settings: {path: data/in",
)


@pytest.fixture
def workspace(site: Site):
    workspace = site.workspace()
    yield workspace
    workspace.close()


def reloader(workspace: Workspace, applied: list[str]) -> Reloader:
    configuration = workspace.ledger.configuration(workspace.agreements.files)
    return Reloader(workspace, configuration, lambda _agreements, sha256: applied.append(sha256))


def test_a_change_counts_when_two_looks_see_the_same(site: Site, workspace: Workspace) -> None:
    applied: list[str] = []
    watch = reloader(workspace, applied)
    assert not watch.look()
    site.agree(AGREEMENT.replace("id: two", "id: three"))
    assert [watch.look(), watch.look(), watch.look()] == [False, True, False]
    assert len(applied) == 1
    assert workspace.agreements.target("three").id == "three"


def test_all_of_it_or_nothing(site: Site, workspace: Workspace) -> None:
    applied: list[str] = []
    watch = reloader(workspace, applied)
    site.agree(AGREEMENT.replace("to: epcis-1.2-xml", "to: epcis-9"))
    assert [watch.look(), watch.look(), watch.look()] == [False, False, False]
    assert applied == []
    (force,) = site.rows("SELECT error FROM in_force")
    assert "there is no format" in force[0]
    status = gateway("status", "-C", str(site.root), expect=4)
    assert "gateway-1 goes by an older configuration" in status
    assert "agreements/acme.yaml:8" in status
    assert "is refused" in gateway("config", "history", "-C", str(site.root))
    site.agree(AGREEMENT)
    watch.look()
    watch.look()
    assert applied == []
    assert site.rows("SELECT error FROM in_force") == [("",)]
    assert "configuration refused" in gateway("audit", "list", "-C", str(site.root), "--action", "config")


def test_a_new_file_a_removed_one_and_a_mapping_count_and_others_do_not(site: Site, workspace: Workspace) -> None:
    applied: list[str] = []
    watch = reloader(workspace, applied)
    (site.root / "agreements" / "notes.txt").write_text("x")
    assert [watch.look(), watch.look()] == [False, False]
    other = site.root / "agreements" / "other.yaml"
    text = AGREEMENT.replace("acme", "other").replace("data/in", "data/other")
    other.write_text(text.replace("id: one", "id: o1").replace("id: two", "id: o2"))
    assert [watch.look(), watch.look()] == [False, True]
    other.unlink()
    assert [watch.look(), watch.look()] == [False, True]
    assert len(set(applied)) == 2
    os.utime(site.root / "agreements" / "acme.yaml")  # touched, and the same as before
    assert [watch.look(), watch.look()] == [False, False]


def test_a_running_gateway_takes_it_up_and_survives_a_bad_one(make_site: Callable[[str], Site], tmp_path: Path) -> None:
    site = make_site(SCHEDULED)
    three = tmp_path / "ws" / "data" / "three"
    three.mkdir()
    with site.running():
        site.drop("a.xml", document(1))
        until(lambda: [m.state for m in site.messages()] == ["done"])
        site.agree(SCHEDULED.replace("data/two", "data/three"))
        until(lambda: len(site.rows("SELECT 1 FROM audit WHERE action = 'configuration'")) == 2)
        site.drop("b.xml", document(2))
        until(lambda: len(list(three.iterdir())) == 1)
        site.agree("partner: {id: ACME}\n")
        until(lambda: site.rows("SELECT error FROM in_force WHERE error != ''"))
        text = gateway("check", "-C", str(site.root), expect=4)
        assert "the running gateway goes on with the configuration that it has" in text
        site.drop("c.xml", document(3))
        until(lambda: [m.state for m in site.messages()] == ["done"] * 3)
    assert len(list(three.iterdir())) == 2
    site.agree(SCHEDULED)
    shown = gateway("config", "history", "-C", str(site.root), "--json")
    versions = [json.loads(line) for line in shown.splitlines()]
    assert [v["who"] for v in versions] == ["gateway gateway-1"] * 2
    assert versions[0]["changed"] == {"agreements/acme.yaml": "changed"}
    old, new = versions[1]["sha256"], versions[0]["sha256"][:8]
    assert "+  - {id: two, to: epcis-1.2-xml, transport: folder, settings: {path: data/three}}" in gateway(
        "config", "diff", old, new, "-C", str(site.root)
    )
    assert gateway("config", "show", old[:10], "-C", str(site.root), "--file", "agreements/acme.yaml") == SCHEDULED
    assert "there is no configuration 'ffffff'" in gateway("config", "show", "ffffff", "-C", str(site.root), expect=2)
