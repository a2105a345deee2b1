"""Standard values of the Core Business Vocabulary (CBV 2.0) and their spellings.

One value has up to four spellings: the bare word of JSON (``shipping``), the URN that CBV 1.x requires
(``urn:epcglobal:cbv:bizstep:shipping``), the web URI of CBV 2.0 (``https://ref.gs1.org/cbv/BizStep-shipping``) and
the CURIE of the web URI (``cbv:BizStep-shipping``). The model keeps what was read; a writer spells it for its target
(conversion rule C13). Values that are not standard are never touched.

The lists are data with source and date: ``gateway/epcis/data/cbv.json``.
"""

from __future__ import annotations

import difflib
import enum
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

URN_PREFIX: Final = "urn:epcglobal:cbv:"
URI_PREFIX: Final = "https://ref.gs1.org/cbv/"
CURIE_PREFIX: Final = "cbv:"

# Beginnings that only GS1 may give a meaning to. ns.gs1.org was the place of the drafts of CBV 2.0; no schema knows it.
_GS1_BEGINNINGS: Final = (
    URN_PREFIX,
    URI_PREFIX,
    CURIE_PREFIX,
    "http://ref.gs1.org/cbv/",
    "https://ns.gs1.org/cbv/",
    "http://ns.gs1.org/cbv/",
)


class Field(enum.StrEnum):
    """A field whose standard values CBV lists. The value is the field's name in messages and in the data file."""

    BIZ_STEP = "bizStep"
    DISPOSITION = "disposition"
    BIZ_TRANSACTION_TYPE = "bizTransactionType"
    SOURCE_DESTINATION_TYPE = "sourceDestinationType"
    ERROR_REASON = "errorReason"
    SENSOR_COMPONENT = "sensorComponent"


class Style(enum.StrEnum):
    """A spelling of standard values.

    Attributes:
        BARE: ``shipping``; what EPCIS 2.0 JSON requires.
        URN: ``urn:epcglobal:cbv:bizstep:shipping``; what CBV 1.x requires.
        URI: ``https://ref.gs1.org/cbv/BizStep-shipping``.
        KEEP: as it is.
    """

    BARE = "bare"
    URN = "urn"
    URI = "uri"
    KEEP = "keep"


def _load() -> dict[Field, dict[str, Any]]:
    path = Path(__file__).with_name("data") / "cbv.json"
    data = json.loads(path.read_text("utf-8"))
    return {Field(name): entry for name, entry in data["fields"].items()}


def _spellings(word: str, urn: str, uri: str) -> dict[Style, str]:
    """The spellings to write. Sensor components have no URN: CBV 1.x does not know them."""
    out = {Style.BARE: word, Style.URI: f"{URI_PREFIX}{uri}-{word}"}
    if urn:
        out[Style.URN] = f"{URN_PREFIX}{urn}:{word}"
    return out


def _tables() -> tuple[dict[Field, tuple[str, ...]], dict[Field, dict[Style, dict[str, str]]]]:
    """Word lists, and for every field and style a table from each readable spelling to the one to write."""
    words: dict[Field, tuple[str, ...]] = {}
    tables: dict[Field, dict[Style, dict[str, str]]] = {}
    for field, entry in _LISTS.items():
        words[field] = tuple(entry["words"])
        by_style: dict[Style, dict[str, str]] = {style: {} for style in Style}
        for word in words[field]:
            written = _spellings(word, entry["urn"], entry["uri"])
            readable = (*written.values(), f"{CURIE_PREFIX}{entry['uri']}-{word}")
            for style, spelling in written.items():
                by_style[style].update(dict.fromkeys(readable, spelling))
        tables[field] = by_style
    return words, tables


_LISTS: Final = _load()
_WORDS, _TABLES = _tables()


def words(field: Field) -> tuple[str, ...]:
    """The standard bare words of a field, in the order of the source."""
    return _WORDS[field]


def spellings(field: Field, style: Style) -> Mapping[str, str]:
    """From every readable spelling of the field's standard values to the one in `style`.

    For loops over many events: ``table.get(value, value)`` is `spell` without its calls. The table of `Style.KEEP`
    is empty.
    """
    return MappingProxyType(_TABLES[field][style])


def spell(field: Field, value: str, style: Style) -> str:
    """Spell a standard value, given in any spelling, in `style`. Everything else comes back verbatim.

    A sensor component has no URN and is left as it is there.
    """
    return _TABLES[field][style].get(value, value)


def word(field: Field, value: str) -> str | None:
    """The bare standard word of a value in any spelling, None when the value is not standard in this field."""
    return _TABLES[field][Style.BARE].get(value)


def is_bare(value: str) -> bool:
    """Whether a value is a bare word: no URI and no CURIE, so that only CBV could give it a meaning."""
    return ":" not in value


def is_gs1_spelling(field: Field, value: str) -> bool:
    """Whether a value stands under a GS1 prefix but is no standard value of this field.

    It is a misspelling (``urn:epcglobal:cbv:bizstep:decomissioning``), a value of another field, or a value that GS1
    never defined (``urn:epcglobal:cbv:btt:RMA``): nobody else may define values under these prefixes.
    """
    return value not in _TABLES[field][Style.BARE] and value.lower().startswith(_GS1_BEGINNINGS)


def nearest(field: Field, value: str) -> str | None:
    """The standard bare word that looks most like a value, for hints. None when nothing is near."""
    tail = value
    if value.lower().startswith(_GS1_BEGINNINGS):
        # What stands behind the prefix: "bizstep:shiping" or "BizStep-shiping".
        tail = value.rpartition(":")[2].rpartition("/")[2].rpartition("-")[2]
    found = difflib.get_close_matches(tail.strip().lower().replace(" ", "_").replace("-", "_"), _WORDS[field], n=1)
    return found[0] if found else None


def suspected_new(field: Field) -> frozenset[str]:
    """Words believed, but not verified, to be new in CBV 2.0. Good for an information, never for a refusal."""
    return frozenset(_LISTS[field]["new_in_2_0_unverified"])
