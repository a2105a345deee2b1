"""Names and addresses of parties, from the master data in a document's header (CBV 1.2, location attributes)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import structs

from gateway.epcis.document import Attribute, Vocabulary, VocabularyElement

_CBV: Final = "urn:epcglobal:cbv:mda#"

#: TraceLink's element for each attribute, in the order of TraceLink.
ADDRESS: Final[Mapping[str, str]] = {
    f"{_CBV}name": "BusinessName",
    f"{_CBV}streetAddressOne": "Street1",
    f"{_CBV}streetAddressTwo": "Street2",
    f"{_CBV}city": "City",
    f"{_CBV}state": "StateOrRegion",
    f"{_CBV}postalCode": "PostalCode",
    f"{_CBV}countryCode": "Country",
}


class Addresses:
    """Looks records up by id, whatever vocabulary they stand in, and remembers which were used."""

    def __init__(self, vocabularies: Iterable[Vocabulary]) -> None:
        self._vocabularies = list(vocabularies)
        self._used: dict[str, dict[str, str]] = {}

    def of(self, identifier: str) -> list[tuple[str, str]]:
        """Name and address of a party or place: TraceLink's elements with their texts; nothing when unknown."""
        found: dict[str, str] = {}
        for record in self._records(identifier):
            for one in record.attributes:
                if one.id in ADDRESS and one.value.strip():
                    found.setdefault(ADDRESS[one.id], one.value.strip())
        if found:
            self._used[identifier] = found
        return [(local, found[local]) for local in ADDRESS.values() if local in found]

    def _records(self, identifier: str) -> Iterator[VocabularyElement]:
        for vocabulary in self._vocabularies:
            yield from (record for record in vocabulary.elements if record.id == identifier)

    def unused(self) -> Iterator[tuple[str, VocabularyElement]]:
        """Records with what was not written of them, each with its vocabulary's type."""
        for vocabulary in self._vocabularies:
            for record in vocabulary.elements:
                used = self._used.get(record.id)
                if used is None:
                    yield vocabulary.type, record
                    continue
                left = [one for one in record.attributes if not _written(one, used)]
                if left or record.children or record.extensions:
                    yield vocabulary.type, structs.replace(record, attributes=left)


def _written(one: Attribute, used: Mapping[str, str]) -> bool:
    local = ADDRESS.get(one.id)
    return local is not None and not one.children and used.get(local) == one.value.strip()
