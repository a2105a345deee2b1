"""Parts of events from decoded JSON, exact for everything the model can hold."""

from __future__ import annotations

from typing import Any

from gateway.epcis.events import (
    BizTransaction,
    ErrorDeclaration,
    Location,
    Party,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
)
from gateway.findings import Rule
from gateway.formats.epcis_json import names, rules
from gateway.formats.epcis_json.json_to_tree import TreeReader, attribute_text
from gateway.formats.epcis_json.number import Number


class WrongValue(ValueError):
    """A value in an event cannot be understood.

    Attributes:
        rule: the rule it breaks.
        path: key path inside the event.
        value: what was read.
        expected: what would have been right.
    """

    def __init__(self, value: Any, path: str, expected: str, rule: Rule = rules.VALUE_TYPE) -> None:
        super().__init__(f"{path}: expected {expected}")
        self.rule = rule
        self.path = path
        self.value = value
        self.expected = expected


def missing(key: str, path: str = "") -> WrongValue:
    """What to raise when a mandatory key of the object at `path` is absent."""
    return WrongValue("", f"{path}.{key}" if path else key, f"the key {key}", rules.MISSING)


def text(value: Any, path: str) -> str:
    """A string."""
    if type(value) is not str:
        raise WrongValue(value, path, "a string")
    return value


def texts(value: Any, path: str) -> list[str]:
    """An array of strings."""
    if not isinstance(value, list):
        raise WrongValue(value, path, "an array of strings")
    for index, item in enumerate(value):
        if type(item) is not str:
            raise WrongValue(item, f"{path}[{index}]", "a string")
    return value


def mapping(value: Any, path: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise WrongValue(value, path, "an object")
    return value


def objects(value: Any, path: str) -> list[dict[str, Any]]:
    """An array of objects."""
    if not isinstance(value, list):
        raise WrongValue(value, path, "an array of objects")
    return [mapping(item, f"{path}[{index}]") for index, item in enumerate(value)]


def required(value: dict[str, Any], key: str, path: str) -> str:
    """The string under a mandatory key."""
    if key not in value:
        raise missing(key, path)
    return text(value[key], f"{path}.{key}")


def optional(value: dict[str, Any], key: str, path: str) -> str | None:
    """The string under a key that may be absent."""
    return text(value[key], f"{path}.{key}") if key in value else None


def only(value: dict[str, Any], known: frozenset[str], path: str) -> None:
    """Refuse keys that have no place in an object which EPCIS closes to extensions."""
    for key, item in value.items():
        if key not in known:
            raise WrongValue(item, f"{path}.{key}", f"only {', '.join(sorted(known))}", rules.UNKNOWN_KEY)


_QUANTITY = frozenset({"epcClass", "quantity", "uom"})
_TRANSACTION = frozenset({"type", "bizTransaction"})


def quantities(value: Any, path: str) -> list[QuantityElement]:
    """A quantityList; the digits of a quantity stay as they are."""
    out = []
    for index, item in enumerate(objects(value, path)):
        place = f"{path}[{index}]"
        only(item, _QUANTITY, place)
        quantity = item.get("quantity")
        if quantity is not None and not isinstance(quantity, Number):
            raise WrongValue(quantity, f"{place}.quantity", "a number without quotes")
        out.append(
            QuantityElement(
                required(item, "epcClass", place),
                None if quantity is None else str(quantity),
                optional(item, "uom", place),
            )
        )
    return out


def transactions(value: Any, path: str) -> list[BizTransaction]:
    """A bizTransactionList."""
    out = []
    for index, item in enumerate(objects(value, path)):
        place = f"{path}[{index}]"
        only(item, _TRANSACTION, place)
        out.append(BizTransaction(required(item, "bizTransaction", place), optional(item, "type", place)))
    return out


def parties(value: Any, path: str, key: str) -> list[Party]:
    """A sourceList or destinationList; `key` is ``source`` or ``destination``."""
    out = []
    for index, item in enumerate(objects(value, path)):
        place = f"{path}[{index}]"
        only(item, frozenset({"type", key}), place)
        out.append(Party(required(item, "type", place), required(item, key, place)))
    return out


def foreign(
    value: dict[str, Any], known: frozenset[str], tree: TreeReader, path: str, *, strict: bool = True
) -> list[Any]:
    """The elements of an object besides its known keys, the carried ones without namespace last."""
    items = []
    carried: list[Any] = []
    for key, item in value.items():
        if key in known:
            continue
        if key == names.CARRIED_EXTENSION and tree.scope.carries():
            carried = tree.all(mapping(item, f"{path}.{key}").items())
        elif strict and ":" not in key:
            raise WrongValue(item, f"{path}.{key}", "a key with a namespace", rules.UNKNOWN_KEY)
        else:
            items.append((key, item))
    return [*tree.all(items), *carried]


_ID = frozenset({"id"})


def location(value: Any, path: str, tree: TreeReader) -> Location:
    """A readPoint or bizLocation."""
    item = mapping(value, path)
    return Location(required(item, "id", path), foreign(item, _ID, tree, path, strict=False))


_ERROR = frozenset({"declarationTime", "reason", "correctiveEventIDs"})


def error_declaration(value: Any, path: str, tree: TreeReader) -> ErrorDeclaration:
    """An errorDeclaration."""
    item = mapping(value, path)
    ids = item.get("correctiveEventIDs")
    return ErrorDeclaration(
        optional(item, "declarationTime", path),
        optional(item, "reason", path),
        None if ids is None else texts(ids, f"{path}.correctiveEventIDs"),
        foreign(item, _ERROR, tree, path),
    )


def persistent_disposition(value: Any, path: str) -> PersistentDisposition:
    """A persistentDisposition."""
    item = mapping(value, path)
    only(item, frozenset({"set", "unset"}), path)
    return PersistentDisposition(
        *(texts(item[key], f"{path}.{key}") if key in item else [] for key in ("set", "unset"))
    )


_SENSOR = frozenset({"sensorMetadata", "sensorReport"})


def sensors(value: Any, path: str, tree: TreeReader) -> list[SensorElement]:
    """A sensorElementList."""
    out = []
    for index, item in enumerate(objects(value, path)):
        place = f"{path}[{index}]"
        metadata = item.get("sensorMetadata")
        reports = objects(item.get("sensorReport", []), f"{place}.sensorReport")
        out.append(
            SensorElement(
                None if metadata is None else _pairs(mapping(metadata, place), place, tree, names.SENSOR_METADATA_KEYS),
                [
                    _pairs(report, f"{place}.sensorReport[{i}]", tree, names.SENSOR_REPORT_KEYS)
                    for i, report in enumerate(reports)
                ],
                foreign(item, _SENSOR, tree, place),
            )
        )
    return out


def _pairs(value: dict[str, Any], path: str, tree: TreeReader, known: frozenset[str]) -> list[tuple[str, str]]:
    out = []
    for key, item in value.items():
        if key in known:
            out.append((key, _sensor_value(key, item, path)))
            continue
        if ":" not in key:
            raise WrongValue(item, f"{path}.{key}", "a key with a namespace", rules.UNKNOWN_KEY)
        name = tree.scope.name(key)
        if name is None:
            raise WrongValue(item, f"{path}.{key}", "a name", rules.UNKNOWN_KEY)
        out.append((name[0], attribute_text(item)))
    return out


def _sensor_value(key: str, value: Any, path: str) -> str:
    if key in names.SENSOR_NUMBERS:
        if isinstance(value, Number):
            return str(value)
        raise WrongValue(value, f"{path}.{key}", "a number without quotes")
    if key == names.SENSOR_BOOLEAN:
        if isinstance(value, bool):
            return "true" if value else "false"
        raise WrongValue(value, f"{path}.{key}", "true or false")
    return text(value, f"{path}.{key}")
