"""The named transforms: how a cell becomes a value. A closed list, and third-party ones by entry point.

A transform is a factory. It gets the field's declaration and the `Tools` of the conversion, and gives a converter:
cell in, text out. A converter refuses with `Refused`, and says with `Repaired` that it put right what a check digit
or a unique reading proves. Empty cells never reach it. A field's `steps` prepare the text before.
"""

from __future__ import annotations

from typing import Any

from gateway.formats.table.transforms.base import Converter, Factory, Refused, Repaired, Tools, clean
from gateway.formats.table.transforms.numbers import read_number
from gateway.plugins import Registry

__all__ = ["OPTIONS", "TRANSFORMS", "Converter", "Factory", "Refused", "Repaired", "Tools", "clean", "read_number"]

_FAMILIES = {
    "texts": ("text", "digits", "serial", "lot", "lookup", "flag"),
    "keys": ("gtin", "sscc", "gln", "sgtin", "lgtin", "epc"),
    "times": ("date", "datetime"),
    "numbers": ("number", "integer", "quantity", "uom"),
}

#: All transforms, ours first. `Any`, because a plugin's factory is checked only by being callable.
TRANSFORMS: Registry[Any] = Registry(
    "gateway.transforms",
    "transform",
    None,
    {name: f"{__name__}.{family}:{name}" for family, names in _FAMILIES.items() for name in names},
)

#: Which keys of a field belong to which of our transforms. Third-party transforms may use all of them.
OPTIONS: dict[str, frozenset[str]] = {
    "date": frozenset({"formats", "day_00"}),
    "datetime": frozenset({"formats", "zone"}),
    "serial": frozenset({"numbers"}),
    "lookup": frozenset({"table"}),
    "flag": frozenset({"table"}),
    "uom": frozenset({"table"}),
}
