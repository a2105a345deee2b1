"""Header words of nine languages: what a header means, without case, accents and punctuation.

The words are data (``words.yaml`` beside this file). A header may have two meanings at once: what kind of value stands
below it (``NVE``: an SSCC), and which thing it is about (``Karton``: a case).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gateway import yamlfile

_FILE = Path(__file__).with_name("words.yaml")
_SEPARATORS = re.compile(r"[\W_]+")
_NUMBER_SIGN = re.compile(r"\bN[°ºo]\.?(?=\s|$)|№", re.IGNORECASE)
#: Letters that have no accent to take away.
_LETTERS = str.maketrans({"\u0131": "i", "ø": "o", "ł": "l", "đ": "d"})
_HAN = re.compile(r"[\u4e00-\u9fff]")
#: Where words touch that are written without a blank: ``ExpiryDate``, ``CaseSSCC``, ``GTIN14``.
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
#: Where Chinese and other letters touch.
_BORDER = re.compile(r"(?<=[\u4e00-\u9fff])(?=[^\u4e00-\u9fff\s])|(?<=[^\u4e00-\u9fff\s])(?=[\u4e00-\u9fff])")

THINGS = "things"
TOTALS = "totals"
UNITS = "units"
OTHERS = "others"
#: What words.yaml calls pieces, which have no unit in EPCIS.
PIECES = "pieces"
#: The things, the smallest first.
LEVELS = ("pack", "bundle", "case", "pallet")


@dataclass(frozen=True, slots=True)
class Match:
    """A meaning of a header.

    Attributes:
        kind: e.g. ``expiry``.
        phrase: the words that were found.
        weight: how much of the header they are, 0 to 1.
        language: where the words come from.
    """

    kind: str
    phrase: str
    weight: float
    language: str = ""


def normalise(text: str) -> str:
    """Words in small letters without accents, one blank between them."""
    text = _HUMPS.sub(" ", _NUMBER_SIGN.sub("no ", text))
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return _SEPARATORS.sub(" ", _BORDER.sub(" ", bare)).strip()


def meanings(header: str) -> list[Match]:
    """What a header may mean, the longest phrase first."""
    return _meanings(normalise(header))


def thing(text: str) -> str:
    """Which thing a header or a cell is about (``pack``, ``bundle``, ``case``, ``pallet``), empty for none."""
    found = _all(normalise(text), THINGS)
    return max(found, key=lambda match: match.weight).kind if found else ""


def unit(text: str) -> str | None:
    """The unit that a cell names: a code of Recommendation 20, ``""`` for pieces, None when it is not known."""
    words = normalise(text)
    code = next((code for code, _, phrase in _phrases(UNITS) if phrase == words), None)
    return "" if code == PIECES else code


def other_event(text: str) -> str:
    """The words by which a header or title tells of a return, a destruction or the like; empty for none."""
    words = normalise(text)
    return next((phrase.rstrip("*") for _, _, phrase in _phrases(OTHERS) if _inside(phrase, words)), "")


def is_total(text: str) -> bool:
    """Whether a row that begins so is a total, a signature or an end mark."""
    words = normalise(text)
    return any(words.startswith(phrase) for _, _, phrase in _phrases(TOTALS))


@lru_cache(maxsize=4096)
def _meanings(words: str) -> list[Match]:
    found = _all(words, "")
    best: dict[str, Match] = {}
    for match in found:
        if match.kind not in best or match.weight > best[match.kind].weight:
            best[match.kind] = match
    return sorted(best.values(), key=lambda match: -match.weight)


def _all(words: str, section: str) -> list[Match]:
    if not words:
        return []
    found = []
    for kind, language, phrase in _phrases(section):
        if _inside(phrase, words):
            found.append(Match(kind, phrase, len(phrase.rstrip("*")) / len(words), language))
    return found


def _inside(phrase: str, words: str) -> bool:
    if _HAN.search(phrase):
        return phrase in words
    if phrase.endswith("*"):
        return f" {words}".find(f" {phrase[:-1]}") >= 0
    return f" {phrase} " in f" {words} "


@lru_cache(maxsize=8)
def _phrases(section: str) -> list[tuple[str, str, str]]:
    """Kind, language and phrase of a section; of all kinds of values when it is empty."""
    data, _ = yamlfile.parse(_FILE.read_bytes(), str(_FILE))
    if section in {THINGS, UNITS}:
        return [(kind, "", _phrase(text)) for kind, texts in data[section].items() for text in texts]
    kinds = [section] if section else [kind for kind in data if kind not in {THINGS, UNITS, TOTALS, OTHERS}]
    return [
        (kind, language, _phrase(text)) for kind in kinds for language, texts in data[kind].items() for text in texts
    ]


def _phrase(text: str) -> str:
    return normalise(text) + ("*" if text.endswith("*") else "")
