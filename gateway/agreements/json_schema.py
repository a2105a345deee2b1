"""The JSON Schema of agreements, for editors: completion, help and red lines while an agreement is written.

An agreement names it in its first line: ``# yaml-language-server: $schema=agreement.schema.json``. What the schema
cannot say (that a name exists, that an id is unique) `gateway check` says.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.agreements.model import Agreement
from gateway.formats import FORMATS
from gateway.markets import messages
from gateway.transports import TRANSPORTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "agreement.schema.json"
_SPACE = re.compile(r"\s+")

#: Numbers may stand where texts are asked for: YAML has no quotes around ``123``.
_PLAIN = ["string", "number", "boolean"]


def schema() -> dict[str, Any]:
    """The schema of an agreement."""
    made = Agreement.model_json_schema(by_alias=True)
    shared: dict[str, Any] = made["$defs"]
    readable = sorted(key for key in [*FORMATS.keys(), *messages()])
    writable = sorted([format_.key for format_ in FORMATS if format_.write] + list(messages()))
    shared["Channel"]["properties"]["format"] = {"enum": readable, "description": "Format or market message."}
    shared["Target"]["properties"]["to"] = {"enum": writable, "description": "Format or market message."}
    for name in ("Channel", "Target"):
        part = shared[name]
        part["properties"]["transport"] = {"enum": sorted(TRANSPORTS.keys()), "description": "Key of a transport."}
        part["allOf"] = [_settings_of(transport.key, transport.settings, shared) for transport in TRANSPORTS]
    for model in [made, *shared.values()]:
        _tidy(model)
    return {"$schema": DIALECT, **made, "title": "Agreement with a partner", "description": Agreement.__doc__ or ""}


def text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _settings_of(key: str, model: Any, shared: dict[str, Any]) -> dict[str, Any]:
    """``settings`` are those of the transport that is named."""
    made = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{key}-{{model}}")
    for name, inner in made.pop("$defs", {}).items():
        shared[f"{key}-{name}"] = inner
    shared[f"{key}-settings"] = made
    return {
        "if": {"properties": {"transport": {"const": key}}, "required": ["transport"]},
        "then": {"properties": {"settings": {"$ref": f"#/$defs/{key}-settings"}}},
    }


def _tidy(model: dict[str, Any]) -> None:
    """Descriptions for the keys out of the docstrings, and no titles that repeat them."""
    model.pop("title", None)
    head, _, attributes = model.pop("description", "").partition("Attributes:")
    if head.strip():
        model["description"] = _SPACE.sub(" ", head.strip())
    told = {name.replace("_", "-"): _SPACE.sub(" ", words.strip()) for name, words in _attributes(attributes)}
    for name, value in model.get("properties", {}).items():
        value.pop("title", None)
        value.pop("format", None)  # `path` is no format that editors know
        if name in told:
            value["description"] = told[name]
        if value.get("type") == "string":
            value["type"] = _PLAIN
        inner = value.get("additionalProperties")
        if isinstance(inner, dict) and inner.get("type") == "string":
            inner["type"] = _PLAIN


def _attributes(text: str) -> list[tuple[str, str]]:
    """Names and words of the attributes that a docstring lists."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        name, colon, words = line.strip().partition(": ")
        if colon and name.isidentifier() and len(line) - len(line.lstrip()) <= 4:  # noqa: PLR2004 - an indented list
            found.append((name, words))
        elif found and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found
