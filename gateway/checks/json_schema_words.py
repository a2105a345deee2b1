"""Errors of a JSON Schema validator in words: what was read, what was expected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.checks import json_schema_rules as rules
from gateway.findings import Rule, clip

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_LONGEST: Final = 400
_MANY_WORDS: Final = 12
_TYPES: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_FORMATS: Final = {"uri": "a URI", "date-time": "a time with seconds and zone, such as 2026-01-31T12:00:00Z"}
_ALTERNATIVES: Final = frozenset({"anyOf", "oneOf"})
_KEYS: Final = "a key of the standard, or prefix:name, or a URI"


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in words.

    Attributes:
        rule: the rule that it breaks.
        message: one sentence that names what was read and what was expected.
        path: keys and indices from the root.
        value: the value read, as JSON.
        expected: what would have been right.
    """

    rule: Rule
    message: str
    path: tuple[str | int, ...]
    value: str = ""
    expected: str = ""


def explain(error: ValidationError, schema: dict[str, Any]) -> Iterator[Fault]:
    """Say an error in words. An error that names several keys gives several faults.

    Args:
        error: the validator's error.
        schema: the schema; its titles are quoted where there are any.
    """
    maker = _MAKERS.get(error.kind.name, _other)
    yield from maker(error, tuple(error.instance_path), schema)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return clip(json.dumps(value, ensure_ascii=False, default=str))


def _title(error: ValidationError, schema: dict[str, Any]) -> str:
    """Title of the part of the schema that was broken, empty where it has none."""
    node: Any = schema
    for step in error.schema_path[:-1]:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return ""
    title = node.get("title", "") if isinstance(node, dict) else ""
    return title if isinstance(title, str) else ""


def _expected(error: ValidationError, schema: dict[str, Any]) -> str:
    """What would have been right, in words."""
    kind: Any = error.kind
    title = _title(error, schema)
    if title:
        return title
    if kind.name in _ALTERNATIVES:
        return _or(dict.fromkeys(_expected(branch[0], schema) for branch in kind.context if branch))
    words = _WORDS.get(kind.name)
    return words(kind) if words is not None else ""


def _or(parts: Iterable[str]) -> str:
    return " or ".join(part for part in parts if part)


def _one_of(options: Sequence[Any]) -> str:
    words = [_shown(option) for option in options]
    if len(words) > _MANY_WORDS:
        return f"one of {len(words)} words ({', '.join(words[:_MANY_WORDS])}, ...)"
    return _or(words)


#: What each keyword of a schema asks for.
_WORDS: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda kind: _or(_TYPES.get(name, name) for name in kind.types),
    "format": lambda kind: str(_FORMATS.get(kind.format, kind.format)),
    "enum": lambda kind: _one_of(kind.options),
    "const": lambda kind: _shown(kind.expected_value),
    "pattern": lambda kind: f"text like {kind.pattern}",
    "required": lambda kind: str(kind.property),
    "minItems": lambda kind: f"{kind.limit} or more items",
}


def _name(path: Sequence[str | int]) -> str:
    """What a path leads to, for a sentence."""
    keys = [step for step in path if isinstance(step, str)]
    if not keys:
        return "the document"
    return keys[-1] if path[-1] == keys[-1] else f"an item of {keys[-1]}"


def _missing(error: ValidationError, path: tuple[str | int, ...], _schema: dict[str, Any]) -> Iterator[Fault]:
    kind: Any = error.kind
    key = str(kind.property)
    yield Fault(rules.MISSING, f"the key {key!r} is missing", path, expected=key)


def _surplus(error: ValidationError, path: tuple[str | int, ...], _schema: dict[str, Any]) -> Iterator[Fault]:
    kind: Any = error.kind
    for key in kind.unexpected:
        yield _key(str(key), path)


def _key_form(error: ValidationError, path: tuple[str | int, ...], _schema: dict[str, Any]) -> Iterator[Fault]:
    kind: Any = error.kind
    yield _key(_shown(kind.error.instance), path)


def _key(key: str, path: tuple[str | int, ...]) -> Fault:
    return Fault(rules.UNKNOWN_KEY, f"the key {key!r} is not allowed here", (*path, key), key, _KEYS)


def _typed(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    yield _valued(rules.TYPE, error, path, schema)


def _formed(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    yield _valued(rules.VALUE, error, path, schema)


def _valued(rule: Rule, error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Fault:
    value, expected = _shown(error.instance), _expected(error, schema)
    message = f"{_name(path)} is {clip(value)!r}, expected {expected or 'another value'}"
    return Fault(rule, clip(message, _LONGEST), path, value, expected)


def _empty(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    expected = _expected(error, schema) or "at least one item"
    yield Fault(rules.TOO_FEW, f"{_name(path)} is empty, expected {expected}", path, _shown(error.instance), expected)


def _repeated(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    twice = _first_repetition(error.instance)
    expected = _expected(error, schema) or "items that differ"
    message = f"{_name(path)} holds {clip(twice)!r} twice, expected {expected}"
    yield Fault(rules.REPEATED, message, path, twice, expected)


def _first_repetition(items: Any) -> str:
    seen: set[str] = set()
    for item in items if isinstance(items, list) else ():
        text = _shown(item)
        if text in seen:
            return text
        seen.add(text)
    return ""


def _excluded(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    expected = _expected(error, schema)
    rule = rules.VALUE if isinstance(error.instance, str) else rules.COMBINATION
    value = _shown(error.instance)
    yield Fault(rule, f"{_name(path)} is not allowed here, expected {expected or 'none'}", path, value, expected)


def _no_alternative(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    kind: Any = error.kind
    title = _title(error, schema)
    deeper = [branch for branch in kind.context if branch and _depth(branch) > len(path)]
    if deeper and not title:
        # One alternative was nearly met: say what is wrong inside it.
        for inner in max(deeper, key=_depth):
            yield from explain(inner, schema)
        return
    if not isinstance(error.instance, dict):
        yield _valued(rules.VALUE if isinstance(error.instance, str) else rules.TYPE, error, path, schema)
        return
    expected = _expected(error, schema)
    message = clip(f"what is said does not go together, expected {expected}", _LONGEST)
    yield Fault(rules.COMBINATION, message, path, expected=expected)


def _depth(branch: Sequence[ValidationError]) -> int:
    return max(len(error.instance_path) for error in branch)


def _other(error: ValidationError, path: tuple[str | int, ...], schema: dict[str, Any]) -> Iterator[Fault]:
    yield Fault(
        rules.COMBINATION, clip(error.message, _LONGEST), path, _shown(error.instance), _expected(error, schema)
    )


_Maker = Callable[["ValidationError", tuple[str | int, ...], dict[str, Any]], Iterator[Fault]]
_MAKERS: Final[dict[str, _Maker]] = {
    "required": _missing,
    "additionalProperties": _surplus,
    "unevaluatedProperties": _surplus,
    "propertyNames": _key_form,
    "type": _typed,
    "enum": _formed,
    "const": _formed,
    "format": _formed,
    "pattern": _formed,
    "minItems": _empty,
    "minProperties": _empty,
    "uniqueItems": _repeated,
    "not": _excluded,
    "falseSchema": _excluded,
    **dict.fromkeys(_ALTERNATIVES, _no_alternative),
}
