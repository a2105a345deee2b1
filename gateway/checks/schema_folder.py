"""Schemas that a user brings: a folder with the official sets, whatever their files are called.

What a file is, it says itself: an XML schema by its target namespace, a JSON Schema by its ``$id``. So the sets can
be used as they are published, in one folder or in several below it. Nothing is ever fetched from the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import quoteattr

import orjson
from lxml import etree

from gateway.checks.json_schema import JsonSchema
from gateway.errors import ConfigurationError

_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_ROOT: Final = f"{{{_XSD}}}schema"
_HINT: Final = "give the folder of one complete set, as its owner publishes it"

#: Under these addresses GS1 has published the JSON Schema of EPCIS 2.0.
_JSON_ID: Final = re.compile(
    r"https://(?:ref\.gs1\.org/standards/epcis|gs1\.github\.io/EPCIS)/.*epcis-json-schema\.json", re.IGNORECASE
)


@lru_cache(maxsize=8)
def xml_schema(folder: Path, ours: Path) -> etree.XMLSchema:
    """The schemas of a folder that take the place of one of ours.

    Args:
        folder: where the schemas are.
        ours: entry file of our own set: the namespaces that it imports are those to find.

    Raises:
        ConfigurationError: the folder lacks one of them, has two that differ, or they cannot be loaded.
    """
    wanted = _namespaces(ours)
    found = list(_xsds(folder))
    imports = []
    for namespace in wanted:
        path = _one(
            folder, f"an XML schema for {namespace}", [(p, p.read_bytes()) for p, ns in found if ns == namespace]
        )
        imports.append(
            f"<import namespace={quoteattr(namespace)} schemaLocation={quoteattr(path.resolve().as_uri())}/>"
        )
    text = f'<schema xmlns="{_XSD}">{"".join(imports)}</schema>'
    try:
        return etree.XMLSchema(etree.fromstring(text, _parser()))
    except etree.LxmlError as error:
        message = f"the XML schemas in {folder} cannot be loaded: {error}"
        raise ConfigurationError(message, hint=_HINT) from error


@lru_cache(maxsize=8)
def json_schema(folder: Path) -> JsonSchema:
    """The JSON Schema of EPCIS 2.0 in a folder, with the schemas beside it that it refers to.

    Raises:
        ConfigurationError: there is none, there are two that differ, or it cannot be used.
    """
    schemas = [(path, schema) for path, schema in _json_schemas(folder) if isinstance(schema.get("$id"), str)]
    entries = [(path, orjson.dumps(schema)) for path, schema in schemas if _JSON_ID.fullmatch(schema["$id"])]
    chosen = _one(folder, "the JSON Schema of EPCIS 2.0", entries)
    entry = next(schema for path, schema in schemas if path == chosen)
    return JsonSchema(entry, {schema["$id"]: schema for _, schema in reversed(schemas)}.items())


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _namespaces(entry: Path) -> list[str]:
    root = etree.parse(str(entry), _parser()).getroot()
    return [namespace for node in root.iter(f"{{{_XSD}}}import") if (namespace := node.get("namespace"))]


def _files(folder: Path, suffix: str) -> list[Path]:
    """Files of a folder and those below it, the nearest first."""
    if not folder.is_dir():
        message = f"there is no folder {folder}"
        raise ConfigurationError(message, hint=_HINT)
    return sorted(folder.rglob(f"*{suffix}"), key=lambda path: (len(path.parts), path))


def _xsds(folder: Path) -> Iterator[tuple[Path, str]]:
    """XML schemas and their target namespaces; other files are passed over."""
    for path in _files(folder, ".xsd"):
        try:
            root = etree.parse(str(path), _parser()).getroot()
        except (OSError, etree.LxmlError):
            continue
        if root.tag == _ROOT and (namespace := root.get("targetNamespace")):
            yield path, namespace


def _json_schemas(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in _files(folder, ".json"):
        try:
            schema = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        except (OSError, ValueError):
            continue
        if isinstance(schema, dict):
            yield path, schema


def _one(folder: Path, what: str, candidates: Iterable[tuple[Path, bytes]]) -> Path:
    """The candidate nearest to the folder; others as near must be the same byte for byte."""
    found = list(candidates)
    if not found:
        message = f"{folder} does not hold {what}"
        raise ConfigurationError(message, hint=_HINT)
    nearest = len(found[0][0].parts)
    rivals = [(path, data) for path, data in found if len(path.parts) == nearest]
    if len({data for _, data in rivals}) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path, _ in rivals)
        message = f"{folder} holds more than one file that is {what}: {names}"
        raise ConfigurationError(message, hint=_HINT)
    return found[0][0]
