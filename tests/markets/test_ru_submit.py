"""Russia as a user meets it: a simulator, an agreement, `gateway submit`; codes that are kept by `gateway codes`."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from gateway.cli.main import main
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.exchange.serials.record import _ilmd
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.markets.ru import MARKET
from gateway.markets.ru.simulator_oms import made_up_code
from gateway.markets.simulation import Rehearsal
from gateway.secret import CRYPTO_CODE, FULL_CODE
from gateway.submit import driver
from gateway.testing import simulated
from tests.markets.ru_story import GTIN, PLANT_ID, STORY, commission, move, pack_epc, serial, story

KEY = "5a" * 32
#: A signer that looks at nothing.
SIGNER = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'CMS' + sys.stdin.buffer.read(4))"]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command through the real entry point; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver, "_memories", {})
    monkeypatch.setenv("MDLP_SECRET", "geheim")
    monkeypatch.setenv("CODES_KEY", KEY)

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gateway", *words])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def write_story(tmp_path):
    document = Document(Header(creation_date="2026-11-20T20:00:00Z"), iter(story()))
    (tmp_path / "story.xml").write_bytes(b"".join(FORMATS.get("epcis-1.2-xml").write(document, Context())))


def agree(tmp_path, url, to, values, user="plant", **settings):
    settings = {
        "url": url, "plain-http": True, "ask": {"first": 0.01, "longest": 0.05}, "user": user, **settings
    }  # fmt: skip
    one = {"id": "regulator", "to": to, "transport": "market", "set": values, "settings": settings}
    (tmp_path / "ru.yaml").write_text(yaml.safe_dump({"targets": [one]}))


def agree_mdlp(tmp_path, url, **more):
    agree(
        tmp_path,
        url,
        "ru-mdlp",
        STORY,
        options={"client-id": "c", "pace": "0", "list-pace": "0"},
        **{"secret-options": {"client-secret": "env:MDLP_SECRET"}, "sign": {"command": SIGNER}, **more},
    )


SUBMIT = ("submit", "story.xml", "--agreement", "ru.yaml", "--wait", "20", "--json", "--market")


def test_the_story_of_a_batch_goes_to_mdlp_and_one_bad_pack_is_shown(run, tmp_path):
    write_story(tmp_path)
    bad = f"{GTIN}{serial(142)}"
    with simulated(MARKET, rehearsal=Rehearsal(refuse=frozenset({bad}))) as running:
        agree_mdlp(tmp_path, running.url)
        code, out, err = run(*SUBMIT, "ru-mdlp", "--keep-going")
        assert code == 7, err
        found = json.loads(out)["submissions"]
        # What follows a document that was partly refused is sent only when asked for: --keep-going.
        assert len(found) == 6
        refused = [each for one in found for each in one["serials"] if each["verdict"] != "accepted"]
        assert [each["identifier"] for each in refused] == [bad]
        assert sum(len(one["serials"]) for one in found) == 229
        assert "geheim" not in out + err


def test_large_documents_and_lost_replies_report_nothing_twice(run, tmp_path):
    write_story(tmp_path)
    with simulated(MARKET, "lost-reply:1@/documents/send", rehearsal=Rehearsal()) as running:
        agree_mdlp(tmp_path, running.url)
        code, out, err = run(*SUBMIT, "ru-mdlp")
        assert code == 0, err
        assert len(json.loads(out)["submissions"]) == 6
        code, out, _ = run(*SUBMIT, "ru-mdlp")
        assert code == 0
        assert all(one["sent_before"] for one in json.loads(out)["submissions"])
        documents = running.simulator.state()["documents"]
    assert documents == {
        f"{number} PROCESSED_DOCUMENT": count
        for number, count in {915: 2, 381: 1, 603: 1, 913: 1, 701: 1, 607: 1, 552: 1}.items()
    }


def test_codes_are_kept_and_reported(run, tmp_path):
    write_story(tmp_path)
    codes = [made_up_code(GTIN, serial(n)) for n in range(200)]
    (tmp_path / "codes.txt").write_text("\n".join(code.replace("\x1d", "<GS>") for code in codes))
    vault = ("--codes", "codes.sqlite", "--codes-key", "env:CODES_KEY")
    assert run("codes", "add", "codes.txt", *vault)[1] == "codes.txt: 200 codes, 200 of them new\n"
    assert run("codes", "count", *vault)[1] == "200 codes\n"
    values = {"subject-ids": STORY["subject-ids"], "order-type": "1"}
    with simulated(MARKET, rehearsal=Rehearsal(user="oms", password="geheim")) as running:
        agree(
            tmp_path, running.url, "ru-oms-utilisation", values, "oms",
            password="env:MDLP_SECRET", options={"pace": "0"},
        )  # fmt: skip
        code, out, err = run(*SUBMIT, "ru-oms-utilisation", *vault)
        assert code == 0, err
        (one,) = json.loads(out)["submissions"]
        assert len(one["serials"]) == 200
        assert running.simulator.state()["objects"][f"{GTIN}{serial(3)}"]["owner"] == PLANT_ID
    tail = codes[3][-40:]
    assert tail not in out + err
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or tail.encode() not in path.read_bytes(), path


def test_without_their_codes_packs_are_not_reported(run, tmp_path):
    write_story(tmp_path)
    values = [f"--set={key}={value}" for key, value in {"subject-id": PLANT_ID, "order-type": "1"}.items()]
    convert = ("convert", "story.xml", "--to", "ru-oms-utilisation", *values, "-o", "out")
    code, _, err = run(*convert)
    assert code == 1
    assert "RU-OMS-03" in err
    assert run(*convert, "--codes", "none.sqlite", "--codes-key", "env:CODES_KEY")[0] == 2
    assert run(*convert, "--codes", "none.sqlite")[0] == 2
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("target", ["tr-pts", "tr-its", "eg-eptts-csv", "us-dscsa", "ru-mdlp"])
def test_codes_in_a_document_stand_in_no_report(run, tmp_path, target):
    code = made_up_code(GTIN, serial(1))
    event = commission([pack_epc(1)])
    event.ilmd += [element("urn:x", FULL_CODE, code.replace("\x1d", "<GS>")), element("urn:x", CRYPTO_CODE, code[-44:])]
    document = Document(Header(creation_date="2026-11-20T20:00:00Z"), iter([event, move("shipping", [pack_epc(1)])]))
    (tmp_path / "in.xml").write_bytes(b"".join(FORMATS.get("epcis-1.2-xml").write(document, Context())))
    _, out, err = run("convert", "in.xml", "--to", target, "--report", "report.json", "-o", "out")
    said = [out, err, *(path.read_text() for path in tmp_path.glob("report.json*"))]
    assert code[-40:] not in "".join(said)
    if target.startswith("tr"):
        assert "(secret)" in "".join(said)


def test_codes_are_left_out_of_the_hierarchy_store():
    event = commission([pack_epc(1)], cost="1")
    event.ilmd.append(element("urn:x", FULL_CODE, made_up_code(GTIN, serial(1))))
    assert set(json.loads(_ilmd(event))) == {"lotNumber", "itemExpirationDate", "cost"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no codes"), ("x\n", "entry 1"), ("{", "JSON"), ('{"codes": [1]}', "entry 1"), ("[[]]", "entry 1")],
)
def test_what_is_no_code_is_not_kept(run, tmp_path, text, words):
    (tmp_path / "codes.txt").write_text(text)
    code, out, err = run("codes", "add", "codes.txt", "--codes", "codes.sqlite", "--codes-key", "env:CODES_KEY")
    assert (code, out) == (1, "")
    assert words in err


def test_a_key_that_is_none_is_not_shown(run, tmp_path, monkeypatch):
    monkeypatch.setenv("CODES_KEY", "geheim")
    (tmp_path / "codes.txt").write_text(made_up_code(GTIN, serial(1)))
    code, _, err = run("codes", "add", "codes.txt", "--codes", "codes.sqlite", "--codes-key", "env:CODES_KEY")
    assert code == 4
    assert "geheim" not in err


AGREEMENT = {
    "partner": {"id": "plant", "name": "Plant"},
    "channels": [
        {
            "id": "plant-in",
            "transport": "folder",
            "settings": {"path": "data/plant/in", "settle": {"looks": 1, "interval": 0, "min-age": 0}},
            "schedule": {"cron": "*/5 * * * *"},
            "time-zone": "Europe/Moscow",
            "catch-up": "latest",
        }
    ],
    "targets": [
        {
            "id": "oms",
            "to": "ru-oms-utilisation",
            "transport": "folder",
            "settings": {"path": "data/oms/out"},
            "set": {"subject-ids": STORY["subject-ids"], "order-type": "1"},
        }
    ],
}


def test_the_exchange_takes_codes_from_the_vault_of_the_workspace(run, tmp_path):
    assert run("init", "ws")[0] == 0
    for path in (tmp_path / "ws" / "agreements").glob("*.yaml"):
        path.unlink()
    agreement = {**AGREEMENT, "channels": [{**AGREEMENT["channels"][0], "targets": ["oms"]}]}
    (tmp_path / "ws" / "agreements" / "plant.yaml").write_text(yaml.safe_dump(agreement))
    settings = tmp_path / "ws" / "gateway.toml"
    plain = settings.read_text()
    settings.write_text(plain + '\n[codes]\nkey = "env:CODES_KEY"\n')
    code, _, err = run("check", "-C", "ws")
    assert code == 4
    assert "encrypted archive" in err
    settings.write_text(plain + '\n[codes]\nkey = "env:CODES_KEY"\n[archive]\nkey = "env:CODES_KEY"\n')
    inbox = tmp_path / "ws" / "data" / "plant" / "in"
    inbox.mkdir(parents=True)
    (tmp_path / "ws" / "data" / "oms" / "out").mkdir(parents=True)
    write_story(inbox)
    codes = [made_up_code(GTIN, serial(n)) for n in range(200)]
    (tmp_path / "codes.json").write_text(json.dumps({"codes": codes}))
    vault = ("--codes", "ws/data/codes.sqlite", "--codes-key", "env:CODES_KEY")
    assert run("codes", "add", "codes.json", *vault)[0] == 0
    code, out, err = run("once", "-C", "ws")
    assert code == 0, out + err
    (made,) = (tmp_path / "ws" / "data" / "oms" / "out").glob("*.json")
    assert json.loads(made.read_bytes())["sntins"] == codes
    for path in (tmp_path / "ws" / "data").rglob("*"):
        assert path.is_dir() or path == made or codes[3][-40:].encode() not in path.read_bytes(), path
    assert run("backup", "make", "copy", "-C", "ws")[0] == 0
    kept = ("--codes", "copy/data/codes.sqlite", "--codes-key", "env:CODES_KEY")
    assert run("codes", "count", *kept)[1] == "200 codes\n"
