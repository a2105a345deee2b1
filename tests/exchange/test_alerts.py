"""Alerts: what is wrong is told once, by real commands, web servers and mail servers."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from gateway.errors import ConfigurationError, UsageError
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger.audit import Actor
from gateway.exchange.ledger.record import Arrival
from gateway.exchange.ledger.tables import State
from gateway.exchange.operations.alert_ways import Notice, ways
from gateway.exchange.operations.alerts import Alerting, certificates_in_use
from gateway.exchange.operations.troubles import KINDS, troubles
from gateway.exchange.workspace import Workspace
from gateway.settings import Alerts
from tests.exchange.site import AGREEMENT, SETTINGS, Site, until
from tests.exchange.test_check import pem
from tests.exchange.test_commands import gateway

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTE = Notice("failed:acme", "failed", "new", "2 messages of acme failed", 2, "2026-03-01T12:00:00.000000Z")


def secret(reference: str) -> str:
    return {"env:KEY": "s3cret"}[reference]


# ---- ways -------------------------------------------------------------------------------------------------------


@pytest.fixture
def hook():
    """A web server on this machine that keeps what it gets, and answers with what stands in `status`."""
    got: list[tuple[str, dict]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers.get("Authorization", ""), json.loads(body)))
            self.send_response(server.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.got = 204, got
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Box:
    """A mail server's box."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"


@pytest.fixture
def box():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.host = f"127.0.0.1:{port}"
    yield box
    controller.stop()


def test_a_webhook_gets_json_with_its_key(hook) -> None:
    url = f"http://127.0.0.1:{hook.server_port}/x"
    (way,) = ways(Alerts(webhook=url, webhook_key="env:KEY"), secret)
    way.tell("/ws", [NOTE, NOTE])
    ((key, told),) = hook.got
    assert key == "Bearer s3cret"
    assert (told["workspace"], [one["text"] for one in told["alerts"]]) == ("/ws", [NOTE.text] * 2)
    for status in (302, 500):
        hook.status = status
        with pytest.raises(Exception, match=f"answered {status}"):
            way.tell("/ws", [NOTE])
    assert len(hook.got) == 3  # no redirect was followed


def test_mail_goes_to_all_in_one(box: Box) -> None:
    (way,) = ways(Alerts(mail_to=("a@x.example", "b@x.example"), mail_host=box.host, mail_security="none"), secret)
    way.tell("/ws", [NOTE, replace(NOTE, what="ended")])
    ((to, text),) = box.mails
    assert to == ["a@x.example", "b@x.example"]
    assert "Subject: [gateway] new: failed:acme and 1 more" in text
    assert "ended: 2 messages of acme failed (since 2026-03-01T12:00:00Z)" in text
    (encrypted,) = ways(Alerts(mail_to=("a@x.example",), mail_host=box.host), secret)
    with pytest.raises(Exception, match="cannot be mailed"):
        encrypted.tell("/ws", [NOTE])  # it offers no STARTTLS: nothing is sent in the clear
    assert len(box.mails) == 1


def test_a_command_gets_json_on_standard_input(tmp_path: Path) -> None:
    script = f"import sys; open({str(tmp_path / 'out')!r}, 'w').write(sys.stdin.read())"
    (way,) = ways(Alerts(command=(sys.executable, "-c", script)), secret)
    way.tell("/ws", [NOTE])
    assert json.loads((tmp_path / "out").read_text())["alerts"][0]["count"] == 2
    for wrong, words in (((sys.executable, "-c", "exit(3)"), "ended with 3"), (("/no/such",), "cannot be run")):
        (way,) = ways(Alerts(command=wrong), secret)
        with pytest.raises(Exception, match=words):
            way.tell("/ws", [NOTE])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"webhook": "http://example.com/x"}, "others need https"),
        ({"webhook": "ftp://example.com/x"}, "must be a URL with https"),
        ({"webhook": "https://[::1"}, "must be a URL with https"),
        ({"mute": ("disk", "backlgo")}, "no kind 'backlgo'"),
        ({"mail_to": ("a@x",), "mail_host": "mail"}, "must be HOST:PORT"),
        ({"mail_to": ("a@x",), "mail_user": "u", "mail_security": "none"}, "not sent without TLS"),
    ],
)
def test_ways_that_are_set_wrongly(wrong: dict, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ways(Alerts(**wrong), secret)


# ---- troubles ---------------------------------------------------------------------------------------------------


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def workspace(site: Site):
    workspace = site.workspace()
    workspace.clock = Clock()
    yield workspace
    workspace.close()


def fill(path: Path) -> None:
    """Take all that is left of a disk."""
    with path.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while stream.write(bytes(size)) == size:
                    pass


def fail(workspace: Workspace, number: int, state: State = State.FAILED) -> str:
    ledger = workspace.ledger
    configuration = ledger.configuration({"a": "b"})
    stored = Stored(f"{number:064}", 1)
    message, _ = ledger.receive(Arrival("acme", "acme-in", f"secret-{number}", f"{number}", stored, configuration))
    if state != State.RECEIVED:
        ledger.move(message.id, state, "a secret reason")
    return message.id


def found(workspace: Workspace, **more: object) -> dict[str, int]:
    with workspace.database.read() as session:
        all_ = list(troubles(session, workspace.clock(), Alerts(), workspace.agreements, **more))
    assert {trouble.kind for trouble in all_} <= set(KINDS)
    assert not any("secret" in trouble.text for trouble in all_)
    return {trouble.key: trouble.count for trouble in all_}


def test_every_trouble_is_seen_and_goes_when_it_is_over(workspace: Workspace) -> None:
    ledger, clock = workspace.ledger, workspace.clock
    assert found(workspace) == {}
    first = fail(workspace, 1)
    fail(workspace, 2)
    fail(workspace, 3, State.REFUSED)
    fail(workspace, 4, State.RECEIVED)
    assert found(workspace) == {"failed:acme": 2, "refused:acme": 1}
    ledger.collected("acme-in", 0, "no such folder")
    ledger.in_force("w1", "c" * 64, "wrong")
    clock.pass_(3601)
    end = clock.now + timedelta(days=3)
    assert found(workspace, certificates=[("file:keys/a", end), ("file:keys/b", end + timedelta(days=90))]) == {
        "failed:acme": 2,
        "refused:acme": 1,
        "backlog:acme": 1,
        "channel:acme-in": 1,
        "configuration:w1": 1,
        "certificate:file:keys/a": 1,
    }
    old = workspace.queries.message(first)
    ledger.replay(old, old.id, "detect", None, old.configuration)
    ledger.collected("acme-in", 0)
    ledger.in_force("w1", "c" * 64)
    assert found(workspace) == {"failed:acme": 1, "refused:acme": 1, "backlog:acme": 1}
    clock.pass_(8 * 86400)
    assert "failed:acme" not in found(workspace)


def test_a_trouble_is_told_once_then_when_it_is_worse_again_and_over(workspace: Workspace, tmp_path: Path) -> None:
    script = f"import sys; open({str(tmp_path / 'out')!r}, 'a').write(sys.stdin.read() + chr(10))"
    told = Alerts(command=(sys.executable, "-c", script), pause=900, repeat=86_400, mute=("backlog",))
    workspace.settings = replace(workspace.settings, alerts=told)
    clock = workspace.clock

    def look() -> list[tuple[str, int]]:
        # Another object each time, as after a restart.
        return [(notice.what, notice.count) for notice in Alerting(workspace).look()]

    first = fail(workspace, 1)
    assert (look(), look()) == ([("new", 1)], [])
    fail(workspace, 2)
    assert look() == []  # worse, but it was told a moment ago
    clock.pass_(900)
    assert (look(), look()) == ([("worse", 2)], [])
    clock.pass_(86_400)
    assert (look(), look()) == ([("still", 2)], [])
    for id_ in (first, workspace.queries.messages(limit=1)[0].id):
        old = workspace.queries.message(id_)
        workspace.ledger.replay(old, old.id, "detect", None, old.configuration)
    assert look() == []
    third = fail(workspace, 3)  # it comes back at once: the same trouble
    assert look() == []
    old = workspace.queries.message(third)
    workspace.ledger.replay(old, old.id, "detect", None, old.configuration)
    look()
    clock.pass_(900)
    assert (look(), look()) == ([("ended", 1)], [])
    assert workspace.queries.alerts() == []
    lines = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [line["alerts"][0]["what"] for line in lines] == ["new", "worse", "still", "ended"]


def test_what_an_operator_sees_to_is_not_told_again_until_it_is_worse_or_anew(workspace: Workspace) -> None:
    told = Alerts(command=(sys.executable, "-c", ""), pause=900, repeat=86_400, mute=("backlog",))
    workspace.settings = replace(workspace.settings, alerts=told)
    clock = workspace.clock

    def look() -> list[tuple[str, int]]:
        return [(notice.what, notice.count) for notice in Alerting(workspace).look()]

    first = fail(workspace, 1)
    assert look() == [("new", 1)]
    workspace.act_as(Actor("operator alice", "the CMO sends it again"))
    row = Alerting(workspace).seen("failed:acme")
    assert (row.seen_by, row.seen_why, row.seen_count) == ("operator alice", "the CMO sends it again", 1)
    clock.pass_(2 * 86_400)
    assert look() == []  # it lasts, and somebody sees to it
    (entry,) = workspace.queries.audit(action="alert seen")
    assert (entry.who, entry.why, entry.subject) == ("operator alice", "the CMO sends it again", "failed:acme")
    second = fail(workspace, 2)
    assert look() == [("worse", 2)]  # one more is news
    Alerting(workspace).seen("failed:acme")
    for id_ in (first, second):
        old = workspace.queries.message(id_)
        workspace.ledger.replay(old, old.id, "detect", None, old.configuration)
    look()
    clock.pass_(901)
    assert look() == [("ended", 2)]
    fail(workspace, 3)
    assert look() == [("new", 1)]  # it came anew
    with pytest.raises(UsageError, match="nothing that is called"):
        Alerting(workspace).seen("failed:nobody")


def test_a_way_that_fails_is_tried_again_without_the_others(workspace: Workspace, hook) -> None:
    url = f"http://127.0.0.1:{hook.server_port}/"
    both = Alerts(webhook=url, command=(sys.executable, "-c", "exit(1)"), mute=("alerts",))
    workspace.settings = replace(workspace.settings, alerts=both)
    fail(workspace, 1)
    assert len(Alerting(workspace).look()) == 1
    assert Alerting(workspace).look() == []
    workspace.settings = replace(workspace.settings, alerts=replace(both, command=(sys.executable, "-c", "")))
    assert len(Alerting(workspace).look()) == 1
    assert len(hook.got) == 1


def test_a_way_that_fails_is_seen_and_told_by_the_others(workspace: Workspace, hook, site: Site) -> None:
    url = f"http://127.0.0.1:{hook.server_port}/"
    both = Alerts(webhook=url, command=(sys.executable, "-c", "exit(1)"), pause=0)
    workspace.settings = replace(workspace.settings, alerts=both)
    fail(workspace, 1)
    Alerting(workspace).look()
    text = "the alert command ended with 1: gateway alerts test"
    assert text in gateway("status", "-C", str(site.root))
    assert text in gateway("alerts", "list", "-C", str(site.root))
    Alerting(workspace).look()
    Alerting(workspace).look()
    assert [one["key"] for call in hook.got for one in call[1]["alerts"]] == ["failed:acme", "alerts:command"]
    workspace.settings = replace(workspace.settings, alerts=replace(both, command=(sys.executable, "-c", "")))
    Alerting(workspace).look()
    Alerting(workspace).look()
    assert hook.got[-1][1]["alerts"][0] | {"since": ""} == {
        "key": "alerts:command",
        "kind": "alerts",
        "what": "ended",
        "text": text,
        "count": 1,
        "since": "",
    }
    assert text not in gateway("status", "-C", str(site.root))


def test_a_ledger_on_a_full_disk_is_told_all_the_same(small_disk: Path, tmp_path: Path, hook) -> None:
    """What was told cannot be kept in the ledger then; all the same it is told once, and its end, too."""
    workspace = Site(small_disk / "ws", tmp_path / "peers").build().workspace()
    url = f"http://127.0.0.1:{hook.server_port}/"
    workspace.settings = replace(workspace.settings, alerts=Alerts(webhook=url, pause=900, mute=("disk", "backlog")))
    workspace.clock = clock = Clock()
    alerting, filling = Alerting(workspace), small_disk / "filling"

    def told() -> list[tuple[str, str]]:
        return [(one["key"], one["what"]) for call in hook.got for one in call[1]["alerts"]]

    fail(workspace, 1)
    with workspace.database.engine.connect() as connection:  # what has room in the log needs none on the disk
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fill(filling)
    for _ in range(3):
        alerting._look_safely()
    assert told() == [("ledger:ledger", "new")]
    clock.pass_(86_400)
    alerting._look_safely()
    assert told()[1:] == [("ledger:ledger", "still")]
    filling.unlink()
    alerting._look_safely()
    assert told()[2:] == [("failed:acme", "new")]
    clock.pass_(901)
    alerting._look_safely()
    alerting._look_safely()
    assert told()[3:] == [("ledger:ledger", "ended")]
    workspace.close()


def test_a_database_that_is_gone_is_told_by_a_running_gateway(site: Site, hook) -> None:
    """Before it can be looked for troubles, the one who looks has to lead, which takes the database."""
    url = f"http://127.0.0.1:{hook.server_port}/"
    workspace = site.workspace()
    workspace.settings = replace(workspace.settings, alerts=Alerts(webhook=url))
    alerting = Alerting(workspace)
    alerting.broken_aside()
    alerting.broken_aside()
    until(lambda: hook.got, 10)
    until(lambda: not alerting._thread.is_alive(), 10)
    alerting.broken_aside()
    until(lambda: not alerting._thread.is_alive(), 10)
    assert [one["key"] for call in hook.got for one in call[1]["alerts"]] == ["ledger:ledger"]
    workspace.close()


def test_a_webhook_that_is_a_secret_itself(hook) -> None:
    known = {"env:HOOK": f"http://127.0.0.1:{hook.server_port}/secret", "env:WRONG": "http://example.com/s3cret"}
    (way,) = ways(Alerts(webhook="env:HOOK"), known.__getitem__)
    way.tell("/ws", [NOTE])
    assert len(hook.got) == 1
    (way,) = ways(Alerts(webhook="env:WRONG"), known.__getitem__)
    with pytest.raises(ConfigurationError, match="others need https") as caught:
        way.tell("/ws", [NOTE])
    assert "s3cret" not in str(caught.value)


def test_what_was_told_while_the_clock_was_wrong_is_told_again(workspace: Workspace) -> None:
    workspace.settings = replace(workspace.settings, alerts=Alerts(command=(sys.executable, "-c", "")))
    clock = workspace.clock
    fail(workspace, 1)
    clock.pass_(3600 * 24 * 3)
    assert [notice.what for notice in Alerting(workspace).look()] == ["new"]
    clock.pass_(-3600 * 24 * 3)
    assert [notice.what for notice in Alerting(workspace).look()] == ["still"]
    assert Alerting(workspace).look() == []


def test_certificates_of_agreements_are_known_with_the_last_of_several(site: Site) -> None:
    (site.root / "keys").mkdir()
    (site.root / "keys" / "acme.pem").write_text(pem(-10, 5) + pem(-1, 20))
    site.agree(AGREEMENT.replace("{id: acme}", "{id: acme, certificates: [{certificate: 'file:keys/acme.pem'}]}"))
    workspace = site.workspace()
    ((name, end),) = certificates_in_use(workspace)
    assert (name, (end - datetime.now(UTC)).days) == ("file:keys/acme.pem", 19)
    workspace.close()


def test_commands(site: Site, hook) -> None:
    root = str(site.root)
    assert "no way is set" in gateway("alerts", "test", "-C", root, expect=4)
    url = f'[alerts]\nwebhook = "http://127.0.0.1:{hook.server_port}/"\n'
    (site.root / "gateway.toml").write_text(SETTINGS + url)
    assert "webhook: told" in gateway("alerts", "test", "-C", root)
    hook.status = 500
    assert "webhook: the alert webhook answered 500" in gateway("alerts", "test", "-C", root, expect=5)
    hook.status = 204
    site.inbox.rmdir()
    site.once()  # it tells what is wrong at its end
    assert hook.got[-1][1]["alerts"][0]["kind"] == "channel"
    listed = [json.loads(line) for line in gateway("alerts", "list", "-C", root, "--json").splitlines()]
    assert [(one["kind"], list(one["told"])) for one in listed] == [("channel", ["webhook"])]
    (site.root / "gateway.toml").write_text(SETTINGS + '[alerts]\nwebhook = "http://example.com/"\n')
    assert "others need https" in gateway("check", "-C", root, expect=4)
