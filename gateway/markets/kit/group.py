"""Packs with what regulators ask about them, and groups of packs that one message can hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from gateway.findings import NOWHERE, Where

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Pack:
    """One serialized pack. Empty text means not known.

    Attributes:
        epc: its EPC as the document spells it.
        gtin: 14 digits.
        serial: serial number without escapes.
        lot: lot number.
        expiry: expiry as the ILMD has it.
        production: production date as the ILMD has it.
        where: the event that names it.
    """

    epc: str
    gtin: str
    serial: str
    lot: str = ""
    expiry: str = ""
    production: str = ""
    where: Where = NOWHERE

    def batch(self) -> tuple[str, str, str]:
        """GTIN, lot and expiry: what most messages hold one of."""
        return self.gtin, self.lot, self.expiry


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Items by key; keys in the order in which they were first met, items in their own order."""
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
