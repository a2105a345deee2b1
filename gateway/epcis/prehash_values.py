"""Values as they stand in the pre-hash string of an event (CBV 2.0, section 8.9.2).

A value has many spellings and one canonical form: numbers without needless zeros, times in UTC with milliseconds,
standard values as Web URIs, GS1 keys as canonical GS1 Digital Links. Nothing here changes an event.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from gateway.epcis.time import is_offset, parse
from gateway.epcis.vocabulary import CURIE_PREFIX, URI_PREFIX, URN_PREFIX, Field, Style, spell, words
from gateway.gs1 import Gs1Error, check_digit, read_digital_link, urn_to_digital_link

#: Namespace of the GS1 Web Vocabulary, in which the types of sensor reports are defined.
GS1_VOCABULARY: Final = "https://gs1.org/voc/"
_GS1_CURIE: Final = "gs1:"

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?")
_NUMBER_START: Final = frozenset("+-.0123456789")
# Nearly all EPCs are SGTINs, many of one GTIN together. What stands before the serial number is translated once; serial
# numbers of these characters are spelt alike everywhere.
_HEAD: Final = re.compile(r"urn:epc:id:sgtin:[0-9]{6,12}\.[0-9]{1,7}\.|https?://[^?#\n]+/21/")
_SSCC: Final = re.compile(r"urn:epc:id:sscc:(?=.{18}\Z)([0-9]{6,12})\.([0-9])([0-9]+)")
_SSCC_LINK: Final = "https://id.gs1.org/00/"
_SERIAL: Final = "[A-Za-z0-9_-]{1,20}+"
_HEADS: Final = 1024
_REMEMBERED: Final = 8192
_LONGEST: Final = 1024  # no identifier, standard value or number is longer
_MIDNIGHT, _LAST_YEAR, _ROUND_UP = 24, 9999, "5"


class Variant(enum.Enum):
    """Which reading of the algorithm.

    Attributes:
        STANDARD: the canonical property order of CBV 2.0, numbers with all their digits. What the gateway writes.
        REFERENCE: what release 1.9.3 of the reference implementation (RalphTro/epcis-event-hash-generator) makes of
            it: bizTransactionList, sourceList and destinationList stand behind the sensor data, sorted by name
            together with ilmd and extensions, and numbers are binary floating point numbers, so that digits beyond
            the 17th are lost. Its hash ids are in use, therefore they are recognised.
    """

    STANDARD = "standard"
    REFERENCE = "reference"


def _prefixes() -> dict[str, str]:
    """From the URN prefix of each vocabulary to its Web URI prefix."""
    out: dict[str, str] = {}
    for field in Field:
        first = words(field)[0]
        urn = spell(field, first, Style.URN)
        if urn != first:
            out[urn.removesuffix(first)] = spell(field, first, Style.URI).removesuffix(first)
    return out


_URI_OF_URN: Final = _prefixes()


def canonical(text: str, variant: Variant = Variant.STANDARD) -> str:
    """The canonical form of a value of any kind; a text that has no other spelling comes back without outer blanks."""
    text = text.strip()
    return _canonical(text, variant) if len(text) <= _LONGEST else text


@lru_cache(maxsize=_REMEMBERED)
def _canonical(text: str, variant: Variant) -> str:
    if text[:1] in _NUMBER_START:
        return number(text, variant)
    if text.startswith(URN_PREFIX):
        vocabulary, colon, word = text[len(URN_PREFIX) :].partition(":")
        uri = _URI_OF_URN.get(f"{URN_PREFIX}{vocabulary}{colon}")
        return f"{uri}{word}" if uri else text
    if text.startswith(CURIE_PREFIX):
        return URI_PREFIX + text[len(CURIE_PREFIX) :]
    if text.startswith(_GS1_CURIE):
        return GS1_VOCABULARY + text[len(_GS1_CURIE) :]
    return key(text)


@lru_cache(maxsize=_REMEMBERED)
def standard_value(field: Field, text: str) -> str:
    """The Web URI of a standard value of a field in any spelling, bare word included; see `canonical` for others."""
    text = text.strip()
    uri = spell(field, text, Style.URI)
    return canonical(text) if uri == text else uri


@lru_cache(maxsize=_REMEMBERED)
def sensor_type(text: str) -> str:
    """The Web URI of a measurement or alert type: JSON writes it as a bare word, XML as CURIE or URI."""
    text = text.strip()
    return canonical(text) if ":" in text or not text else GS1_VOCABULARY + text


def key(text: str) -> str:
    """The canonical Digital Link of an EPC URN, class, pattern or Digital Link; any other text unchanged.

    Domain, query and all but the most fine-grained identifier are left out. What is a wrong key stays as it is.
    """
    sscc = _SSCC.fullmatch(text)
    if sscc is not None:
        digits = sscc[2] + sscc[1] + sscc[3]
        return f"{_SSCC_LINK}{check_digit.append(digits)}"
    try:
        if text.startswith("urn:epc:"):
            return urn_to_digital_link(text)
        if text.startswith("http"):
            link = read_digital_link(text)
            return link.key.as_digital_link() if link else text
    except Gs1Error:
        pass  # what is wrong with it is said by the checks of identifiers
    return text


def keys(texts: Sequence[str]) -> list[str]:
    """`key` of many identifiers, quickly."""
    first = texts[0]
    head = first[: first.rfind("." if first[:4] == "urn:" else "/") + 1]
    stem, match = _stem(head)
    if match is not None:
        text = "\n" + "\n".join(texts)
        # The count keeps an identifier with a line end in it from passing as two.
        if text.count("\n") == len(texts) and match(text):
            return text.replace(f"\n{head}", f"\n{stem}")[1:].split("\n")
    return [_one(text) for text in texts]


def _one(text: str) -> str:
    head = text[: text.rfind("." if text[:4] == "urn:" else "/") + 1]
    stem, match = _stem(head)
    if match is not None and match(f"\n{text}"):
        return stem + text[len(head) :]
    return key(text) if text[:8] == "urn:epc:" else canonical(text)


@lru_cache(maxsize=_HEADS)
def _stem(head: str) -> tuple[str, Callable[[str], object] | None]:
    """What stands before the serial numbers of a GTIN in Digital Links, and the test that a list has only such."""
    link = key(f"{head}0") if _HEAD.fullmatch(head) else ""
    if not link.endswith("/21/0"):
        return "", None
    return link[:-1], re.compile(f"(?:\n{re.escape(head)}{_SERIAL})++").fullmatch


def number(text: str, variant: Variant = Variant.STANDARD) -> str:
    """A number without plus sign, leading zeros and trailing zeros of its fraction; any other text unchanged."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    if variant is Variant.REFERENCE:
        binary = float(text)
        if binary in (float("inf"), float("-inf")):
            return text
        return str(int(binary)) if binary == int(binary) else repr(binary)
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").removesuffix(".")
    return "0" if plain == "-0" else plain


def utc(text: str, offset: str) -> str:
    """A time in UTC with exactly three digits of a second, the fourth digit rounded; no time comes back unchanged.

    Args:
        text: an xsd:dateTime.
        offset: zone of a time that has none: its event's eventTimeZoneOffset.
    """
    text = text.strip()
    moment = parse(text)
    if moment is None or not 1 < moment.year < _LAST_YEAR:
        return text
    zone = moment.zone or offset
    minutes = 0
    if is_offset(zone):
        minutes = int(zone[1:3]) * 60 + int(zone[4:6])
        minutes = -minutes if zone[0] == "-" else minutes
    milliseconds = int(f"{moment.fraction[:3]:0<3}") + (moment.fraction[3:4] >= _ROUND_UP)
    hour = moment.hour
    at = datetime(moment.year, moment.month, moment.day, hour % _MIDNIGHT, moment.minute, moment.second)  # noqa: DTZ001 - UTC by arithmetic
    at += timedelta(days=hour // _MIDNIGHT, minutes=-minutes, milliseconds=milliseconds)
    return f"{at.isoformat(timespec='milliseconds')}Z"
