"""The commands of a workspace, as users run them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import messages, replay
from gateway.cli.main import cli
from gateway.errors import ConfigurationError, GatewayError
from gateway.exchange.ledger.tables import Message, State
from gateway.exchange.operations.replay import STEPS
from gateway.settings import load as load_settings
from tests.exchange.site import AGREEMENT, SETTINGS, Site, document, until


def gateway(*arguments: str, expect: int = 0) -> str:
    """Run a command that starts no engine, here, and return all that it printed."""
    result = CliRunner().invoke(cli, arguments)
    error = result.exception
    status = error.exit_code if isinstance(error, GatewayError) else result.exit_code
    assert status == expect, f"{status}\n{result.output}\n{error!r}"
    return f"{result.output}{error if isinstance(error, GatewayError) else ''}"


def in_a_process(*arguments: str, expect: int = 0) -> str:
    """Run a command as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == expect, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_from_nothing_to_the_result(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    assert "made" in gateway("init", str(root))
    assert "is a workspace already" in gateway("init", str(root), expect=2)
    assert "1 agreement, 1 channel, 2 targets: right" in gateway("check", "-C", str(root), "--online")
    file = root / "data" / "example" / "in" / "lot 1.xml"
    file.write_bytes(document())
    os.utime(file, (time.time() - 60,) * 2)
    assert "done" in in_a_process("once", "-C", str(root))
    assert "nothing new" in in_a_process("once", "-C", str(root))
    listed = [json.loads(line) for line in gateway("messages", "-C", str(root), "--json", "--since", "1h").splitlines()]
    assert [(m["name"], m["state"], m["partner"]) for m in listed] == [("lot 1.xml", "done", "example")]
    assert gateway("messages", "-C", str(root), "--state", "refused").count("\n") == 1
    text = gateway("show", "1", "-C", str(root))
    for words in ("lot 1.xml", "read as   epcis-1.2-xml", "example-json: lot_1.jsonld", "delivered", "received"):
        assert words in text
    whole = json.loads(gateway("show", listed[0]["id"], "-C", str(root), "--json"))
    assert [d["state"] for d in whole["deliveries"]] == ["delivered", "delivered"]
    assert gateway("show", "1", "-C", str(root), "--open", "raw").encode() == document()
    assert "EPCISDocument" in gateway("show", "1", "-C", str(root), "--open", "example-xml")
    assert "known: raw, events, example-json" in gateway("show", "1", "-C", str(root), "--open", "x", expect=2)
    assert "has its files already" in gateway("replay", "1", "-C", str(root), expect=2)
    assert "replays" in gateway("replay", "1", "-C", str(root), "--again", "--from", "deliver")
    status = json.loads(gateway("status", "-C", str(root), "--json"))
    assert (status["process"], status["messages"]) == (0, {"received": 1, "done": 1})
    assert status["channels"][0]["schedule"] == "*/5 * * * * Europe/Berlin"
    assert status["channels"][0]["next_local"][-4:].strip() in ("CET", "CEST")


def test_once_says_that_a_peer_failed(site: Site) -> None:
    site.inbox.rmdir()
    assert "channel acme-in: there is no folder" in in_a_process("once", "-C", str(site.root), expect=5)
    assert "there is no folder" in gateway("check", "-C", str(site.root), "--online", expect=5)


def test_check_names_what_is_wrong(site: Site) -> None:
    site.agree(AGREEMENT.replace("to: epcis-1.2-xml", "to: epcis-9"))
    assert "agreements/acme.yaml:8: targets.1.to: there is no format" in gateway(
        "check", "-C", str(site.root), expect=4
    )
    assert "is no workspace: it has no gateway.toml" in gateway("check", "-C", str(site.root / "data"), expect=4)


def test_run_fires_schedules_takes_replays_and_stops_on_sigterm(make_site: Callable[[str], Site]) -> None:
    site = make_site(
        AGREEMENT.replace(
            "transport: folder\n    settings: {path: data/in",
            "transport: folder\n    schedule: {interval: 1}\n    settings: {path: data/in",
        )
    )
    (site.root / "gateway.toml").write_text(SETTINGS.replace('"error"', '"info"') + 'format = "json"\n')
    log = (site.root / "log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "gateway", "run", "-C", str(site.root)], stderr=log)
    try:
        site.drop("a.xml", document())
        until(lambda: site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]})
        until(lambda: [m.state for m in site.messages()] == ["done"])
        status = json.loads(gateway("status", "-C", str(site.root), "--json"))
        assert status["process"] == process.pid
        assert status["channels"][0]["last_slot"]
        assert status["channels"][0]["next_slot"]
        assert f"runs already, as process {process.pid}" in in_a_process("once", "-C", str(site.root), expect=2)
        assert "the running gateway takes it up" in gateway("replay", "1", "-C", str(site.root), "--again")
        until(lambda: [m.state for m in site.messages()] == ["done", "done"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in (site.root / "log").read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] in ("started", "received", "stopping")] == [
        "started",
        "received",
        "stopping",
    ]
    assert "sgtin" not in (site.root / "log").read_text()


def test_words_of_the_commands_are_those_of_the_exchange() -> None:
    assert tuple(State) == messages.STATES
    assert replay.STEPS == STEPS
    assert set(messages.FIELDS + messages.MORE) <= {column.key for column in Message.__table__.columns}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[engin]\n", "engin: unknown key, did you mean 'engine'?"),
        ("[engine]\npoll-intervall = 1\n", "engine.poll-intervall: unknown key, did you mean 'poll-interval'?"),
        ("[engine]\npoll-interval = 0\n", "engine.poll-interval: must be at least 0.05, not 0.0"),
        ("[engine]\nworker = 1\n", "engine.worker: must be a text, not 1"),
        ("[logs]\nlevel = 'loud'\n", "logs.level: must be one of debug, info, warning, error, not 'loud'"),
        ("[limits]\nrows = true\n", "limits.rows: must be a whole number, not True"),
        ("engine = 1\n", "engine: must be a table, not 1"),
        ("[", "not TOML: "),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "gateway.toml").write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_settings(tmp_path)
    assert error.value.message.startswith(f"{tmp_path}/gateway.toml: {complaint}")


def test_settings_have_defaults(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("")
    settings = load_settings(tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/data/ledger.sqlite"
    assert settings.engine.url == f"sqlite:///{tmp_path}/data/engine.sqlite"
    (tmp_path / "gateway.toml").write_text("[database]\nurl = 'postgresql+psycopg://db/gateway'\n")
    assert load_settings(tmp_path).database == "postgresql+psycopg://db/gateway"
