"""The JSON Schema for editors says what the loader says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from gateway.agreements import json_schema
from gateway.agreements.model import Agreement
from gateway.cli.init import EXAMPLE
from tests.exchange.site import AGREEMENT

SCHEMA = jsonschema_rs.validator_for(json_schema.schema())


def complaints(text: str) -> list[str]:
    return [error.message for error in SCHEMA.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("text", [EXAMPLE, AGREEMENT])
def test_right_agreements_pass(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("to: epcis-2.0-json", "to: epcis-9", "epcis-9"),
        ("transport: folder", "transport: pigeon", "pigeon"),
        ("partner: {id: acme}", "partner: {ID: acme}", "ID"),
        ("partner: {id: acme}", "partner: {id: acme}\nretention: {days: 0}", "0"),
        ("path: data/one", "path: data/one, hots: x", "hots"),
        ("attempts: 2", "attempts: many", "many"),
        ("settings: {path: data/two}}", "settings: {path: data/two}, answer: {kind: smoke, within: 1}}", "smoke"),
    ],
)
def test_wrong_ones_do_not(old: str, new: str, word: str) -> None:
    assert old in AGREEMENT
    assert any(word in text for text in complaints(AGREEMENT.replace(old, new, 1)))


def test_every_key_of_an_agreement_is_described() -> None:
    made = json_schema.schema()
    models = {"Agreement": made, **{name: made["$defs"][name] for name in ("Channel", "Target", "Partner", "Retry")}}
    silent = [
        f"{model}.{key}"
        for model, value in models.items()
        for key, about in value["properties"].items()
        if not about.get("description")
    ]
    assert silent == []
    assert set(made["properties"]) == {field.alias for field in Agreement.model_fields.values()}


def test_the_file_in_docs_is_the_one_that_init_writes() -> None:
    docs = Path(__file__).parents[2] / "docs" / json_schema.FILE
    assert json.loads(docs.read_text()) == json_schema.schema()
