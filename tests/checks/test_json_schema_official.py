"""Our JSON Schema against the official one: the same verdict on public documents, and on damaged ones of ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gateway.epcis.vocabulary import Field, words
from gateway.formats.epcis_json.names import measurement_types
from gateway.resources import shipped

OFFICIAL = "epcis/openepcis-validation-schemas/json-schema/epcis-json-schema.json"
OURS = shipped("xsd", "gs1", "epcis-json", "2.0", "epcis.json")
#: The official schema names persistentDisposition in these events without checking it; ours checks it everywhere.
UNCHECKED = {"AggregationEvent", "TransactionEvent", "AssociationEvent"}

Path_ = tuple[str | int, ...]


def validator(path: Path) -> jsonschema_rs.Validator:
    # Formats are checked: without them the official schema accepts bare extension keys and misspelt words.
    return jsonschema_rs.validator_for(json.loads(path.read_text("utf-8")), validate_formats=True)


@pytest.fixture(scope="module")
def official(corpora: Path) -> jsonschema_rs.Validator:
    return validator(corpora / OFFICIAL)


@pytest.fixture(scope="module")
def ours() -> jsonschema_rs.Validator:
    return validator(OURS)


def every_key() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "fixtures" / "checks" / "epcis_json" / "every-key.jsonld"
    return json.loads(path.read_text("utf-8"))


@pytest.mark.corpora
def test_every_public_json_file_gets_the_official_verdict(corpora: Path, official, ours) -> None:
    """EPCIS documents, query documents and events, but also JSON that is something else."""
    verdicts = []
    for path in sorted((corpora / "epcis").rglob("*")):
        if path.suffix not in {".json", ".jsonld"}:
            continue
        try:
            document = json.loads(path.read_text("utf-8-sig"))
        except ValueError:
            continue
        verdict = official.is_valid(document)
        assert ours.is_valid(document) == verdict, path
        verdicts.append(verdict)
    assert verdicts.count(True) >= 85
    assert verdicts.count(False) >= 50


@pytest.mark.corpora
def test_damaged_documents_get_the_official_verdict(official, ours) -> None:
    """Each value of a document with every key removed, renamed, of another type, emptied, doubled, misspelt."""
    verdicts: dict[bool, int] = {True: 0, False: 0}
    stricter: dict[str, int] = {}
    for document in documents():
        assert official.is_valid(document)
        assert ours.is_valid(document)
        for path in places(document):
            for damage in DAMAGES:
                damaged = copy.deepcopy(document)
                if not damage(damaged, path):
                    continue
                verdict = official.is_valid(damaged)
                verdicts[verdict] += 1
                if ours.is_valid(damaged) == verdict:
                    continue
                event = event_of(document, path)
                assert verdict, (path, damage.__name__)
                assert "persistentDisposition" in path, (path, damage.__name__)
                assert event in UNCHECKED, (path, damage.__name__)
                stricter[event] = stricter.get(event, 0) + 1
    assert set(stricter) == UNCHECKED
    assert verdicts[True] >= 1800, verdicts
    assert verdicts[False] >= 4500, verdicts


def test_the_words_are_those_of_the_code_lists() -> None:
    """The lists stand in the schema because it must be complete for others; the data files are their source."""
    definitions = json.loads(OURS.read_text("utf-8"))["$defs"]

    def listed(name: str) -> list[str]:
        return definitions[name]["anyOf"][0]["enum"]

    assert listed("bizStep") == list(words(Field.BIZ_STEP))
    assert listed("disposition") == list(words(Field.DISPOSITION))
    assert listed("transactionType") == list(words(Field.BIZ_TRANSACTION_TYPE))
    assert listed("partyType") == list(words(Field.SOURCE_DESTINATION_TYPE))
    assert listed("errorReason") == list(words(Field.ERROR_REASON))
    assert listed("component") == list(words(Field.SENSOR_COMPONENT))
    assert {*listed("measurement"), *listed("alert")} == measurement_types()


def documents() -> Iterator[dict[str, Any]]:
    """The document, the same as a query document, and its first event alone."""
    document = every_key()
    yield document
    query = {key: document[key] for key in ("@context", "id", "schemaVersion", "creationDate", "acme:document")}
    results = {"eventList": document["epcisBody"]["eventList"][-1:]}
    results["vocabularyList"] = document["epcisHeader"]["epcisMasterData"]["vocabularyList"]
    query["type"] = "EPCISQueryDocument"
    query["epcisBody"] = {
        "queryResults": {"queryName": "Q", "subscriptionID": "S", "acme:q": 1, "resultsBody": results},
        "acme:body": "b",
    }
    yield query
    yield {"@context": document["@context"], **document["epcisBody"]["eventList"][1]}


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Path of every value inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def at(document: Any, path: Path_) -> Any:
    for step in path:
        document = document[step]
    return document


def event_of(document: Any, path: Path_) -> str:
    """Type of the event that a path leads into."""
    for length in range(len(path), -1, -1):
        found = at(document, path[:length])
        if isinstance(found, dict) and "eventTime" in found:
            return found["type"]
    return ""


def removed(document: Any, path: Path_) -> bool:
    del at(document, path[:-1])[path[-1]]
    return True


def _renamed(document: Any, path: Path_, name: str) -> bool:
    parent = at(document, path[:-1])
    if not isinstance(parent, dict):
        return False
    parent[name] = parent.pop(path[-1])
    return True


def renamed(document: Any, path: Path_) -> bool:
    return _renamed(document, path, "unknown")


def renamed_with_prefix(document: Any, path: Path_) -> bool:
    return _renamed(document, path, "acme:unknown")


def renamed_to_no_uri(document: Any, path: Path_) -> bool:
    return _renamed(document, path, "acme: not a URI")


def _replaced(document: Any, path: Path_, value: Any) -> bool:
    parent = at(document, path[:-1])
    changed = parent[path[-1]] != value or type(parent[path[-1]]) is not type(value)
    parent[path[-1]] = value
    return changed


def replaced_by(name: str, value: Any) -> Callable[[Any, Path_], bool]:
    def damage(document: Any, path: Path_) -> bool:
        return _replaced(document, path, copy.deepcopy(value))

    damage.__name__ = name
    return damage


def doubled(document: Any, path: Path_) -> bool:
    parent = at(document, path[:-1])
    if isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    return isinstance(parent, list)


def misspelt(document: Any, path: Path_) -> bool:
    value = at(document, path)
    return isinstance(value, str) and _replaced(document, path, value + "x")


DAMAGES: tuple[Callable[[Any, Path_], bool], ...] = (
    removed,
    renamed,
    renamed_with_prefix,
    renamed_to_no_uri,
    doubled,
    misspelt,
    *(
        replaced_by(name, value)
        for name, value in {
            "text": "text",
            "empty_text": "",
            "own_uri": "https://ns.example.com/own",
            "cbv_urn": "urn:epcglobal:cbv:bizstep:shipping",
            "web_vocabulary": "https://gs1.org/voc/Temperature",
            "time_without_zone": "2026-04-01T07:00:00",
            "number": 7,
            "boolean": False,
            "null": None,
            "empty_list": [],
            "list_of_texts": ["text"],
            "empty_object": {},
            "object": {"acme:x": 1},
        }.items()
    ),
)
