"""Saudi Arabia as a user meets it: `gateway submit` and `gateway ask` against the simulator of RSD."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from gateway.cli.main import main
from gateway.epcis.document import Document, Header
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.markets.sa import MARKET
from gateway.markets.simulation import Rehearsal
from gateway.testing import simulated, spoken_to
from tests.markets.sa_story import GLNS, GTIN, serial, story

USER = f"{GLNS['plant']}0001"
SUBMIT = ("submit", "story.xml", "--market", "sa-rsd", "--agreement", "sa.yaml")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command through the real entry point; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RSD_PASSWORD", "geheim")
    context = Context(now="2026-11-26T10:00:00Z")
    blocks = FORMATS.get("epcis-1.2-xml").write(Document(Header(), iter(story())), context)
    (tmp_path / "story.xml").write_bytes(b"".join(blocks))

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gateway", *words])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def agree(tmp_path, url, **settings):
    account = {"url": url, "plain-http": True, "user": USER, "password": "env:RSD_PASSWORD", **settings}
    given = {"origin": "SA", "explanation": "damaged", "reporter": GLNS["plant"]}
    one = {"id": "rsd", "to": "sa-rsd", "transport": "market", "settings": account, "set": given}
    (tmp_path / "sa.yaml").write_text(yaml.safe_dump({"targets": [one]}))


def test_a_batch_goes_to_rsd_and_the_bad_pack_is_shown(run, tmp_path):
    rehearsal = Rehearsal(user=USER, password="geheim", refuse=frozenset({serial(42)}))
    with simulated(MARKET, rehearsal=rehearsal) as running:
        agree(tmp_path, running.url)
        code, out, err = run(*SUBMIT, "--keep-going", "--json")
        assert code == 7, err
        found = json.loads(out)["submissions"]
        assert [each["kind"] for each in found][:2] == ["supply", "dispatch"]
        refused = [each["identifier"] for each in found[0]["serials"] if each["verdict"] != "accepted"]
        assert refused == [f"(01){GTIN}(21){serial(42)}"]
        assert len(found[0]["serials"]) == 200
        assert "geheim" not in out + err
        code, out, err = run("ask", "sa-rsd", "status", f"packs={GTIN}:{serial(1)}", "--agreement", "sa.yaml", "--json")
        assert code == 0, err
        assert json.loads(out)["RC"] == "00000"


def test_a_dry_run_writes_the_requests(run, tmp_path):
    agree(tmp_path, "http://127.0.0.1:9")
    code, _, err = run(*SUBMIT, "--dry-run", "-o", "files")
    assert code == 0, err
    names = sorted(path.name for path in (tmp_path / "files").glob("rsd-*.xml"))
    assert [name.split("-")[2] for name in names] == ["supply", "dispatch", "accept", "deactivation"]


def test_a_wrong_password_ends_in_words(run, tmp_path):
    with simulated(MARKET, rehearsal=Rehearsal(user=USER, password="other")) as running:
        agree(tmp_path, running.url)
        code, _, err = run(*SUBMIT)
        assert code == 5
        assert "refuses the user name or the password (401)" in err
        assert "Traceback" not in err


def test_a_supply_whose_reply_is_lost_is_not_reported_twice(run, tmp_path):
    with simulated(MARKET, "lost-reply@SupplyService") as running:
        agree(tmp_path, running.url)
        code, _, err = run(*SUBMIT, "--json", "--wait", "1")
        assert code in (5, 7), err
        assert len(running.simulator.state()["packs"]) == 200
        assert "Traceback" not in err


def test_a_package_is_sent_fetched_and_read_as_epcis(run, tmp_path):
    with simulated(MARKET) as running:
        agree(tmp_path, running.url)
        package = ("--set", "content=package", "--set", f"to-gln={GLNS['depot']}")
        code, _, err = run(*SUBMIT, *package)
        assert code == 0, err
        code, out, err = run("ask", "sa-rsd", "packages", f"from={GLNS['plant']}", "--agreement", "sa.yaml", "--json")
        assert code == 0, err
        assert json.loads(out)["RECEIVER"] == GLNS["depot"]
        user = f"{GLNS['depot']}0001"
        with spoken_to(running, MARKET.messages[0], tmp_path / "memory", user=user, password="env:X") as session:
            (offer,) = session.offers()
            with (tmp_path / offer.name).open("wb") as target:
                session.fetch(offer, target)
            session.acknowledge(offer)
            assert list(session.offers()) == []
        code, out, err = run("convert", offer.name, "--to", "epcis-2.0-json", "-o", "out.jsonld")
        assert code == 0, err
        assert "19 events" in err


def test_questions_may_be_asked_without_what_is_optional(run, tmp_path):
    with simulated(MARKET) as running:
        agree(tmp_path, running.url)
        for words, rows in ((("error-codes",), 138), (("error-codes", "code=80509"), 1), (("packages",), 0)):
            code, out, err = run("ask", "sa-rsd", *words, "--agreement", "sa.yaml", "--json")
            assert (code, len(out.splitlines())) == (0, rows), err


def test_a_busy_system_ends_in_words_and_is_tried_again_later(run, tmp_path):
    with simulated(MARKET, "too-early") as running:
        agree(tmp_path, running.url)
        code, _, err = run(*SUBMIT, "--wait", "1")
        assert code == 5
        assert "RSD wants to be left alone for 5 minutes: 80509" in err
        code, _, err = run(*SUBMIT, "--keep-going")  # again, when the time is over
        assert "200 packs: accepted" in err, err
