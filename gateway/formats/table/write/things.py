"""The identifiers of a document as the things of a mapping: which are the smallest, and what their fields hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway import gs1
from gateway.epcis.events import QuantityElement
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.write.spellings import Spellings
from gateway.gs1 import urn_syntax

#: Stands between the parts of an identifier in its key.
BETWEEN = "\x1f"
_SGTIN = "urn:epc:id:sgtin:"


class Thing(NamedTuple):
    """An identifier of a document.

    Attributes:
        smallest: whether it can only be one of the smallest things, of which there are many.
        key: the values of its identifying fields, `BETWEEN` them.
    """

    smallest: bool
    key: str


class Things:
    """Tells the things of a mapping by their identifiers.

    Args:
        spec: the mapping.
        spellings: takes what the fields do not hold of an identifier.
    """

    def __init__(self, spec: MappingSpec, spellings: Spellings) -> None:
        first, *rest = spec.objects.values()
        self._spellings = spellings
        self._by_sgtin = bool(first.sgtin)
        self._by_epc = bool(first.epc)
        self._only_sgtin = bool(first.epc) and spec.fields[first.epc].transform == "sgtin"
        self._quantity = first.quantity
        self._sscc = bool(first.sscc) or any(one.sscc for one in rest)
        self._epc_containers = any(one.epc for one in rest)
        #: Whether what holds something is told from what is held by its identifier alone.
        self.apart = self._by_sgtin or self._only_sgtin or self._quantity is not None or not rest
        self._alone = not rest
        self._gtins: dict[str, str] = {}
        self._times: dict[tuple[str, int], int] = {}

    def of(self, uri: str, path: str) -> Thing | None:
        """The thing that a URI names; None when it is of no kind that the mapping knows.

        Args:
            uri: the identifier.
            path: where it stands in the event.

        Raises:
            Gs1Error: the URI is the identifier of a GS1 key and wrong, or its company prefix is not known.
        """
        if self._by_sgtin and uri.startswith(_SGTIN):
            head, _, serial = uri[len(_SGTIN) :].partition(".")
            reference, _, serial = serial.partition(".")
            stem = f"{head}.{reference}"
            gtin = self._gtins.get(stem)
            if gtin is not None and "%" not in serial and serial.isascii() and serial.isprintable():
                return Thing(True, f"{gtin}{BETWEEN}{serial}")
            parts = urn_syntax.split(uri)
            self._gtins[stem] = parts.number
            self._spellings.urn(uri, gs1.Sgtin.from_parts(parts), path)
            return Thing(True, f"{parts.number}{BETWEEN}{parts.serial}")
        key = self._spellings.key(uri, path)
        if isinstance(key, gs1.Sgtin) and self._by_sgtin:
            return Thing(True, f"{key.gtin}{BETWEEN}{key.serial}")
        if isinstance(key, gs1.Sscc) and self._sscc:
            return Thing(self._alone, key.sscc)
        sgtin = isinstance(key, gs1.Sgtin)
        if key is None or not (self._epc_containers or (self._by_epc and (sgtin or not self._only_sgtin))):
            return None
        return Thing(self._alone or (sgtin and self.apart), self._urn(uri, key))

    def _urn(self, uri: str, key: gs1.Key) -> str:
        return uri if uri.startswith("urn:") else key.as_urn(self._spellings.prefixes)

    def amounts(self, quantities: Sequence[QuantityElement], kind: int) -> Iterator[Thing | None]:
        """The amounts of a list as things; None for what the mapping has no fields for.

        Amounts have no identifier. The first of a class and number in one kind of event is taken to be the first of
        the same class and number in another kind.

        Args:
            quantities: class, number and unit of each.
            kind: number of the kind of event.
        """
        for one in quantities:
            key = self._amount(one)
            if key is None:
                yield None
                continue
            count = self._times[key, kind] = self._times.get((key, kind), 0) + 1
            yield Thing(True, f"{key}{BETWEEN}{count}")

    def _amount(self, one: QuantityElement) -> str | None:
        about = self._quantity
        unit = one.uom or ""
        if about is None or one.quantity is None or (unit and not about.uom):
            return None
        if not (unit.isascii() and unit.isprintable()):  # no unit code, and it could hold what parts the key
            return None
        try:
            key = self._spellings.key(one.epc_class, "quantityElement/epcClass")
        except gs1.Gs1Error:
            return None
        lot = ""
        if isinstance(key, gs1.Lgtin) and about.lot:
            lot = key.lot
        elif not isinstance(key, gs1.Gtin):
            return None
        return BETWEEN.join((key.gtin, lot, one.quantity, unit))


def values_of(spec: MappingSpec, name: str, key: str) -> dict[str, str]:
    """The identifying fields of an object and their values, from its key."""
    thing = spec.objects[name]
    if thing.quantity is not None:
        about = thing.quantity
        gtin, lot, amount, uom, _ = key.split(BETWEEN)
        pairs = {about.gtin: gtin, about.lot: lot, about.amount: amount, about.uom: uom}
        return {field: value for field, value in pairs.items() if field}
    if thing.sgtin:
        return dict(zip(thing.sgtin, key.split(BETWEEN), strict=True))
    return {thing.sscc or thing.epc: key}
