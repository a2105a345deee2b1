"""`gateway submit` and `gateway ask` as a user meets them, against a simulator."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
import yaml
from click.testing import CliRunner

from gateway.cli.main import cli, main
from gateway.markets.simulation import Rehearsal
from gateway.testing import simulated
from tests.submit.story import document, made, serials, shipped


@pytest.fixture
def run(market, monkeypatch, capsys, tmp_path):
    """Runs a command through the real entry point; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gateway", *words])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def agree(tmp_path, url, target=None, **settings):
    settings = {"url": url, "plain-http": True, "ask": {"first": 0.05, "longest": 0.1}, **settings}
    one = {"id": "regulator", "to": "xx-note", "transport": "market", "settings": settings, **(target or {})}
    (tmp_path / "xx.yaml").write_text(yaml.safe_dump({"targets": [one]}))


def story(tmp_path, *events):
    (tmp_path / "story.xml").write_bytes(document(*events))


SUBMIT = ("submit", "story.xml", "--market", "xx-note", "--agreement", "xx.yaml")


def test_one_bad_pack_of_200_is_refused_and_shown(run, market, tmp_path):
    story(tmp_path, made(serials(200)))
    with simulated(market.MARKET, rehearsal=Rehearsal(refuse=frozenset({"SN0142"}))) as running:
        agree(tmp_path, running.url)
        code, out, err = run(*SUBMIT)
        assert code == 7
        assert out == ""
        assert "1 of 2" in err
        assert "partial: 99 accepted, 1 not" in err
        assert err.count("SN0") == 1
        assert "rejected  (01)08699999000010(21)SN0142  9: unknown pack" in err
        assert "1 of 2 submissions to xx-note are accepted" in err
        code, out, _ = run(*SUBMIT, "--json")  # again: nothing is sent
        assert code == 7
        found = json.loads(out)["submissions"]
        assert [one["sent_before"] for one in found] == [True, True]
        verdicts = [serial["verdict"] for one in found for serial in one["serials"]]
        assert (verdicts.count("accepted"), verdicts.count("rejected")) == (199, 1)
        assert running.simulator.posts == 2


def test_a_dry_run_writes_files_and_sends_nothing(run, market, tmp_path):
    story(tmp_path, made(serials(3)), shipped(serials(3)))
    agree(tmp_path, "http://127.0.0.1:9")
    code, _, err = run(*SUBMIT, "--dry-run", "-o", "files")
    assert code == 0, err
    assert sorted(path.name.partition("-")[0] for path in (tmp_path / "files").iterdir()) == ["make", "ship"]
    assert not (tmp_path / "data").exists()


def test_answers_that_come_later_are_waited_for(run, market, tmp_path):
    story(tmp_path, made(serials(3)))
    with simulated(market.MARKET) as running:
        agree(tmp_path, running.url, {"set": {"later": "yes"}})
        code, _, err = run(*SUBMIT, "--wait", "0")
        assert code == 8
        assert "pending" in err
        code, _, err = run(*SUBMIT, "--wait", "20", "-o", "files")
        assert code == 0, err
        assert running.simulator.posts == 1
    answers = json.loads((tmp_path / "files" / "answers.json").read_bytes())
    assert len(answers["submissions"][0]["serials"]) == 3


def test_a_lost_reply_is_asked_for_in_the_same_run(run, market, tmp_path):
    story(tmp_path, made(serials(3)))
    with simulated(market.MARKET, "lost-reply@/notes", "unavailable:1@/token") as running:
        agree(tmp_path, running.url)
        code, _, err = run(*SUBMIT, "--wait", "20")
        assert code == 0, err
        assert running.simulator.posts == 1


def test_what_follows_a_refusal_is_not_sent(run, market, tmp_path):
    story(tmp_path, made(serials(2)), shipped(serials(2)))
    refuse = Rehearsal(refuse=frozenset({"SN0001", "SN0002"}))
    with simulated(market.MARKET, rehearsal=refuse) as running:
        agree(tmp_path, running.url)
        code, _, err = run(*SUBMIT)
        assert code == 7
        assert "not sent, because of what came before it" in err
        assert running.simulator.posts == 1
        code, out, _ = run(*SUBMIT, "--keep-going", "--json")
        assert code == 7
        assert [one["verdict"] for one in json.loads(out)["submissions"]] == ["rejected", "rejected"]


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"url": "http://127.0.0.1:9"}, 5, "no connection"),
        ({"user": "u", "password": "env:NOT_SET_ANYWHERE"}, 4, "NOT_SET_ANYWHERE"),
        ({"options": {"brunch": "1"}}, 4, "xx.yaml:"),
        ({"url": "http://its.example"}, 4, "xx.yaml:"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(run, market, tmp_path, change, code, text):
    story(tmp_path, made(serials(2)))
    agree(tmp_path, **{"url": "http://127.0.0.1:9", **change})
    ended, _, err = run(*SUBMIT, "--wait", "0")
    assert ended == code, err
    assert text in err


def test_an_input_with_errors_is_not_sent(run, market, tmp_path):
    (tmp_path / "story.xml").write_bytes(document(made(["urn:epc:id:sgtin:8699999.000001.!!§"])))
    with simulated(market.MARKET) as running:
        agree(tmp_path, running.url)
        assert run(*SUBMIT)[0] == 1
        assert not running.calls


def test_accounts_that_do_not_fit_are_named(run, market, tmp_path):
    story(tmp_path, made(serials(2)))
    agree(tmp_path, "http://127.0.0.1:9")
    code, _, err = run("submit", "story.xml", "--market", "tr-pts", "--agreement", "xx.yaml")
    assert code == 4
    assert "regulator (xx-note)" in err
    assert run("submit", "story.xml", "--market", "zz", "--agreement", "xx.yaml")[0] == 2


def test_questions(run, market, tmp_path):
    with simulated(market.MARKET) as running:
        agree(tmp_path, running.url)
        code, out, _ = run("ask", "xx", "--agreement", "xx.yaml")
        assert code == 0
        assert "status\tHow often" in out
        code, out, _ = run("ask", "xx-note", "status", "pack=(01)1", "--agreement", "xx.yaml", "--json")
        assert (code, json.loads(out)) == (0, {"pack": "(01)1", "times": "0"})
        assert run("ask", "xx", "status", "--agreement", "xx.yaml")[0] == 2
        assert run("ask", "xx", "weather", "--agreement", "xx.yaml")[0] == 2


def test_simulate_says_where_it_listens_and_what_it_sees(market, tmp_path):
    result = CliRunner().invoke(cli, ["simulate", "zz"])
    assert "no simulator for 'zz'" in str(result.exception)
    result = CliRunner().invoke(cli, ["simulate", "xx", "--fault", "weather"])
    assert "there is no fault" in str(result.exception)
    result = CliRunner().invoke(cli, ["simulate", "xx-note", "--for", "0.1", "--tls", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "simulating Nowhere at https://127.0.0.1:" in result.output
    assert "unlike the real system: it is no system" in result.output


def test_simulate_stops_when_it_is_told_to(tmp_path):
    import os
    from pathlib import Path

    plugin = Path(__file__).parent / "plugin"
    environment = {**os.environ, "PYTHONPATH": str(plugin), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "gateway", "simulate", "xx"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout.readline().startswith("simulating Nowhere at http://127.0.0.1:")
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
