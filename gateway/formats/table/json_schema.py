"""The JSON Schema of mapping files, for editors: completion, help and red lines while a mapping is written.

A mapping names it in its first line: ``# yaml-language-server: $schema=…/mappings/mapping.schema.json``. What the
schema cannot say (that a name is declared, that a form of dates is one) is said when the mapping is loaded.
"""

from __future__ import annotations

import json
from typing import Any

from gateway.epcis import vocabulary
from gateway.epcis.vocabulary import Field
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.transforms import TRANSFORMS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: Keys with a closed list of our own words; others (plugins, URIs of a partner) are allowed, and not offered.
_WORDS = {"biz_step": Field.BIZ_STEP, "disposition": Field.DISPOSITION}


def schema() -> dict[str, Any]:
    """The schema of a mapping file."""
    made = MappingSpec.model_json_schema(by_alias=True)
    models = {made["title"]: made, **made["$defs"]}
    for model in models.values():
        for name, value in model.get("properties", {}).items():
            model["properties"][name] = _property(name, value)
    return {"$schema": DIALECT, **made, "title": "Mapping of a partner's table to EPCIS events"}


def text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _property(name: str, value: dict[str, Any]) -> dict[str, Any]:
    value = {
        key: _one_or_many(part) if key == "additionalProperties" and isinstance(part, dict) else part
        for key, part in value.items()
    }
    value.pop("title", None)
    if name == "transform":
        return _offered(value, TRANSFORMS.keys())
    if name in _WORDS:
        return _offered(value, sorted(vocabulary.words(_WORDS[name])))
    return _one_or_many(value)


def _offered(value: dict[str, Any], words: list[str]) -> dict[str, Any]:
    kept = {key: part for key, part in value.items() if key != "type"}
    return {**kept, "anyOf": [{"enum": words}, {"type": "string"}]}


def _one_or_many(value: dict[str, Any]) -> dict[str, Any]:
    """A list of texts may be written as one text."""
    if value.get("type") != "array" or value.get("items") != {"type": "string"}:
        return value
    kept = {key: part for key, part in value.items() if key not in {"type", "items"}}
    many = {"type": "array", "items": {"type": "string"}}
    return {**kept, "anyOf": [{"type": "string"}, many]}
