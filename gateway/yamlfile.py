"""YAML files that people write (mappings, agreements): read with line numbers, checked against a pydantic model.

Every complaint names file, line and key, and for an unknown key the nearest known one. Only plain data is read:
no tags, no anchors that expand without bound, no duplicate keys.
"""

from __future__ import annotations

import difflib
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound="BaseModel")
MAX_BYTES = 1 << 20

#: libyaml where PyYAML was built with it: ten times as fast, and it composes the same nodes.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Place = tuple[str | int, ...]
"""Where something stands in a file: keys and list positions from the top."""
Lines = dict[Place, int]
"""Line of each place."""


def load(path: Path, model: type[M]) -> M:
    """Read `path` into `model`.

    Raises:
        ConfigurationError: the file cannot be read, is no YAML, or does not fit the model. The message holds
            one line for each complaint: ``file:line: key: what is wrong``.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigurationError(message) from error
    if len(data) > MAX_BYTES:
        message = f"{path}: larger than {MAX_BYTES} bytes"
        raise ConfigurationError(message)
    return loads(data, model, str(path))


def loads(data: bytes, model: type[M], name: str) -> M:
    """Like `load`, for bytes that are called `name` in messages."""
    from pydantic import ValidationError  # noqa: PLC0415 - pydantic costs 0.1 s that `gateway --help` does not have

    value, lines = parse(data, name)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ConfigurationError("\n".join(explain(error, lines, name, model))) from error


def parse(data: bytes, name: str) -> tuple[Any, Lines]:
    """Plain data and, for each place in it, the line where it stands.

    Raises:
        ConfigurationError: not UTF-8, no YAML, an alias or a duplicate key.
    """
    try:
        node = yaml.compose(data.decode("utf-8"), Loader=_LOADER)
    except UnicodeDecodeError as error:
        message = f"{name}: not UTF-8: {error.reason} at byte {error.start}"
        raise ConfigurationError(message) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        if mark is not None and data.decode("utf-8").split("\n")[mark.line][mark.column : mark.column + 1] == "\t":
            problem = "a tab stands where YAML wants spaces"
        message = f"{name}{line}: not YAML: {problem}"
        raise ConfigurationError(message) from error
    lines: Lines = {}
    value = _plain(node, (), lines, name, set()) if node is not None else None
    return value, lines


def _plain(
    node: yaml.Node,
    place: Place,
    lines: Lines,
    name: str,
    seen: set[int],
) -> Any:
    line = node.start_mark.line + 1
    lines[place] = line
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        if id(node) in seen:  # composed nodes are shared only through an alias
            message = f"{name}:{line}: aliases are not allowed; write the value out"
            raise ConfigurationError(message)
        seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in out:
                message = f"{name}:{key_node.start_mark.line + 1}: the key {key!r} stands here twice"
                raise ConfigurationError(message)
            out[key] = _plain(value_node, (*place, key), lines, name, seen)
            lines[(*place, key)] = key_node.start_mark.line + 1
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, i), lines, name, seen) for i, item in enumerate(node.value)]
    # `on`, `no` and 08680000000015 are text to the people who write these files: only what pydantic asks
    # for becomes a number or a truth value, so plain scalars are handed over as text, empty ones as None.
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value


def explain(error: ValidationError, lines: Lines, name: str, model: type[BaseModel], prefix: Place = ()) -> list[str]:
    """The complaints of a validation, each as ``file:line: key: what is wrong``.

    Args:
        error: what pydantic found.
        lines: line of each place, from `parse`.
        name: what the file is called in messages.
        model: the model that was asked for, to suggest keys.
        prefix: place of the validated part when it is not the whole file.
    """
    keys = sorted(_keys(model, set()))
    return [_complaint(detail, lines, name, keys, prefix) for detail in error.errors()]


def complaint(place: Place, lines: Lines, name: str, text: str) -> str:
    """One complaint about a place of a file, with the line of the nearest place that is written there."""
    known = place
    while known and known not in lines:
        known = known[:-1]
    key = ".".join(str(part) for part in place) or "the file"
    return f"{name}:{lines.get(known, 1)}: {key}: {text}"


def _complaint(detail: ErrorDetails, lines: Lines, name: str, keys: list[str], prefix: Place) -> str:
    place = (*prefix, *detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "unknown key"
        near = difflib.get_close_matches(str(place[-1]), keys, n=1)
        if near:
            message += f", did you mean {near[0]!r}?"
    elif detail["type"] == "missing":
        message = "is missing"
    elif detail["type"] != "value_error":
        message += f", not {detail['input']!r}"
    return complaint(place, lines, name, message)


def _keys(annotation: Any, seen: set[type]) -> set[str]:
    """All keys that a model and the models inside it know: enough for a good suggestion."""
    names: set[str] = set()
    for part in typing.get_args(annotation):
        names |= _keys(part, seen)
    fields = getattr(annotation, "model_fields", None)
    if fields and annotation not in seen:
        seen.add(annotation)
        for field_name, field in fields.items():
            names.add(field.alias or field_name)
            names |= _keys(field.annotation, seen)
    return names
