"""The end of a large file is looked at first: where it looks plain, the file is passed over once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import InputError
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.formats.epcis_json import read as reading
from gateway.formats.epcis_json import rules
from gateway.formats.epcis_json.blocks import Events
from gateway.sources import Source

EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T10:00:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:epc:id:sgtin:9521321.012345.1"],
    "action": "OBSERVE",
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:1"}],
}
DOCUMENT = {
    "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-01-01T00:00:00Z",
    "epcisBody": {"eventList": [EVENT] * 40},
}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Every input is a large one; gives the passes over event lists, each with whether it only looks for their end."""
    found: list[bool] = []
    blocks = Events.blocks

    def counted(events: Events):
        found.append(events.skip)
        return blocks(events)

    monkeypatch.setattr(reading, "_KEPT", 0)
    monkeypatch.setattr(Events, "blocks", counted)
    return found


def events(path: Path, text: str) -> int:
    path.write_text(text, encoding="utf-8")
    context = Context()
    count = sum(1 for _ in FORMATS.get("epcis-2.0-json").read(Source.file(path), context).events)
    assert not context.findings.errors, [finding.message for finding in context.findings]
    return count


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("query", [False, True])
def test_a_plain_end_spares_a_pass(tmp_path: Path, passes: list[bool], indent: int | None, query: bool) -> None:
    document = dict(DOCUMENT)
    if query:
        results = {"queryName": "q", "resultsBody": DOCUMENT["epcisBody"]}
        document |= {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    assert events(tmp_path / "a.json", json.dumps(document, indent=indent) + "\n") == 40
    assert passes == [False]


@pytest.mark.parametrize(
    "behind",
    [
        {"@context": {"v": "urn:v"}},
        {"v:list": [1]},
        {"v:more": {"list": [1]}},
        {"v:text": '{"type":"ObjectEvent"}]}}'},
        {"epcisHeader": {"epcisMasterData": {"vocabularyList": []}}},
    ],
)
def test_other_ends_are_looked_for_from_the_front(
    tmp_path: Path, passes: list[bool], behind: dict[str, object]
) -> None:
    front = {"@context": {"v": "urn:v"}} | {key: DOCUMENT[key] for key in DOCUMENT if key != "@context"}
    if "@context" in behind:
        del front["@context"]
    assert events(tmp_path / "a.json", json.dumps(front | behind)) == 40
    assert passes == [True, False]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_are_read_from_the_front(tmp_path: Path, passes: list[bool], encoding: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(DOCUMENT).encode(encoding))
    assert sum(1 for _ in FORMATS.get("epcis-2.0-json").read(Source.file(path), Context()).events) == 40
    assert passes == ([False] if encoding == "utf-8-sig" else [True, False])


def test_an_end_that_only_looks_plain_is_refused(tmp_path: Path, passes: list[bool]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**DOCUMENT, "v:more": {"list": [EVENT, EVENT]}}))
    with pytest.raises(InputError) as caught:
        list(FORMATS.get("epcis-2.0-json").read(Source.file(path), Context()).events)
    assert caught.value.finding.code == rules.BEHIND.code
    assert passes == [False]


def test_damage_in_the_middle_is_told(tmp_path: Path, passes: list[bool]) -> None:
    path = tmp_path / "a.json"
    text = json.dumps(DOCUMENT)
    half = len(text) // 2
    for damaged in (text[:half] + text[half:].replace('"', "", 1), text[:half] + text[half:].replace("]", "", 1)):
        path.write_text(damaged)
        context = Context()
        try:
            list(FORMATS.get("epcis-2.0-json").read(Source.file(path), context).events)
        except InputError:
            continue
        assert context.findings.errors
    assert passes
