"""Master data of products and locations: of the document, else of the setting, else of the packs' ILMD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from gateway.epcis.document import Attribute, Header, Vocabulary, VocabularyElement
from gateway.findings import Findings
from gateway.gs1 import urn_syntax
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit.keys import gln_of, is_pack, parts_of
from gateway.markets.us import rules, settings
from gateway.options import Options

PRODUCTS: Final = "urn:epcglobal:epcis:vtype:EPCClass"
LOCATIONS: Final = "urn:epcglobal:epcis:vtype:Location"
_MDA: Final = "urn:epcglobal:cbv:mda#"
_MDA_URI: Final = ("https://ref.gs1.org/cbv/mda#", "cbvmda:", "https://ns.cbvmda.com/")
_NDC: Final = "additionalTradeItemIdentification"
_NDC_TYPE: Final = "additionalTradeItemIdentificationTypeCode"


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    """The setting master-data."""

    products: dict[str, dict[str, str]] = {}
    locations: dict[str, dict[str, str]] = {}


class MasterData:
    """Looks up what is known of products and locations.

    Args:
        header: of the document that is composed from.
        options: with the settings.
        findings: takes what is wrong with the setting.
    """

    def __init__(self, header: Header, options: Options, findings: Findings) -> None:
        self._products: dict[str, VocabularyElement] = {}
        self._locations: dict[str, VocabularyElement] = {}
        self._ndc_type = options.get(settings.NDC_TYPE)
        for vocabulary in header.vocabularies:
            for record in vocabulary.elements:
                self._take(vocabulary.type, record)
        self._given = _given(options.get(settings.MASTER_DATA), findings)

    def product(self, pattern: str, ilmd: Mapping[str, str]) -> VocabularyElement:
        """What is known of a product, by its pattern ``urn:epc:idpat:sgtin:...*``."""
        gtin = _gtin(pattern)
        found = self._products.get(gtin)
        attributes = list(found.attributes) if found is not None else []
        known = {name_of(each.id) for each in attributes}
        given = self._given.products.get(gtin, {})
        more = {
            name: given.get(name) or ilmd.get(name, "") for name in (*given, *settings.PRODUCT) if name not in known
        }
        if more.get(_NDC) and _NDC_TYPE not in known | given.keys():
            more[_NDC_TYPE] = self._ndc_type
        return VocabularyElement(
            pattern,
            [*attributes, *_attributes(more)],
            list(found.children) if found is not None else [],
            list(found.extensions) if found is not None else [],
        )

    def location(self, sgln: str) -> VocabularyElement:
        """What is known of a party or place, by its identifier."""
        found = self._locations.get(sgln)
        attributes = list(found.attributes) if found is not None else []
        known = {name_of(each.id) for each in attributes}
        given = self._given.locations.get(sgln) or self._given.locations.get(_gln(sgln), {})
        return VocabularyElement(
            sgln,
            [*attributes, *_attributes({name: value for name, value in given.items() if name not in known})],
            list(found.children) if found is not None else [],
            list(found.extensions) if found is not None else [],
        )

    def _take(self, type_: str, record: VocabularyElement) -> None:
        kind = type_.rpartition(":")[2].rpartition("-")[2]
        if kind == "EPCClass" and (gtin := _gtin(record.id)):
            self._products.setdefault(gtin, record)
        elif kind in ("Location", "BusinessLocation", "ReadPoint", "SourceDestinationID"):
            self._locations.setdefault(record.id, record)


def vocabularies(products: Iterable[VocabularyElement], locations: Iterable[VocabularyElement]) -> list[Vocabulary]:
    """The header's vocabularies, in the guideline's order; those without any record are left out."""
    both = (Vocabulary(PRODUCTS, list(products)), Vocabulary(LOCATIONS, list(locations)))
    return [each for each in both if each.elements]


def missing(record: VocabularyElement, wanted: Mapping[str, str]) -> list[str]:
    """Which of the wanted attributes a record lacks, in words."""
    known = {name_of(each.id) for each in record.attributes if each.value.strip() or each.children}
    return [title for name, title in wanted.items() if name not in known]


def name_of(attribute: str) -> str:
    """The CBV name of an attribute, whatever its spelling."""
    for before in (_MDA, *_MDA_URI):
        if attribute.startswith(before):
            return attribute.removeprefix(before)
    return attribute


@lru_cache(maxsize=4096)
def pattern_of(stem: str) -> str:
    """The EPCClass of all serial numbers with a stem ``urn:epc:id:sgtin:CP.ItemRef``."""
    return f"urn:epc:idpat:{stem.removeprefix('urn:epc:id:')}.*"


def _attributes(values: Mapping[str, str]) -> list[Attribute]:
    return [Attribute(f"{_MDA}{name}", value) for name, value in values.items() if value]


def _gtin(class_: str) -> str:
    """The GTIN of an EPCClass; the text itself where it is none, so that equal texts still meet."""
    try:
        parts = urn_syntax.split(class_) if class_.startswith("urn:") else parts_of(class_)
    except Gs1Error:
        return class_
    return parts.number if parts.scheme.name == "sgtin" and not is_pack(parts) else class_


def _gln(sgln: str) -> str:
    try:
        return gln_of(sgln, rules.PARTY)
    except Gs1Error:
        return ""


def _given(text: str, findings: Findings) -> _Given:
    if not text:
        return _Given()
    try:
        given: Any = msgspec.json.decode(text, type=_Given)
    except msgspec.DecodeError as error:  # also ValidationError
        findings.report(rules.MASTER, f"the setting master-data cannot be read: {error}")
        return _Given()
    return _Given({key.zfill(14): value for key, value in given.products.items()}, given.locations)
