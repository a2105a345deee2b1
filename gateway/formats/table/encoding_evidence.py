"""Evidence for the encoding of a text: marks, NULs, right UTF-8, the headers that are expected, and how words look.

An encoding with one byte a letter never proves itself: every byte is a letter of each of them. What counts is whether
the encodings differ at all in the bytes that the text has, which of them gives the headers that the mapping expects,
and which gives words that people write: capitals in front, one script, no signs inside words.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

#: Encodings of European spreadsheets on Windows, the most frequent first.
CANDIDATES = ("cp1252", "cp1250", "cp1251", "cp1254")
_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NUL_SHARE = 3
#: Words that are kept for judging; a text has few different ones beyond ASCII.
_KEPT = 4000
_LONGEST = 60
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
#: How much better an encoding must be than the next to be taken without doubt about it.
_MARGIN = 0.25
#: More letters beyond ASCII than these, and most of a word, are no Latin word.
_LETTERS_BESIDE = 3
#: The letters beyond ASCII of the languages that are written in each encoding. A text is mostly in one language.
_LANGUAGES = {
    "cp1252": ("äöüß", "àâçèéêëîïôùûüÿœæ", "áéíñóúü", "áâãàçéêíóôõúü", "àèéìòù", "åäöæøé", "ëïéèöü"),
    "cp1250": ("äöüß", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "cp1254": ("çğ\u0131öşüâîûi\u0307",),
    "cp1251": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the bytes show.

    Attributes:
        encoding: its name, empty when there is none.
        proven: whether no other encoding would give another text.
        reason: why, as half a sentence.
        sample: a word in which the encodings differ, as it was read.
        line: the line of that word, 1 when there is none.
    """

    encoding: str
    proven: bool
    reason: str = ""
    sample: str = ""
    line: int = 1


def judge(pieces: Iterable[bytes], words: Sequence[str]) -> Judgement:
    """The encoding of a text.

    Args:
        pieces: its bytes, or those of its beginning.
        words: words that it should hold, such as headers.
    """
    whole = iter(pieces)
    start = next(whole, b"")
    if start.startswith(codecs.BOM_UTF8):
        return Judgement("utf-8-sig", proven=True)
    marked = next((name for mark, name in _UTF_16 if start.startswith(mark)), "")
    if marked:
        return Judgement(marked, proven=True)
    if start.count(0) * _NUL_SHARE > len(start):
        return _wide(start)
    seen = _Seen()
    for piece in chain([start], whole):
        seen.take(piece)
    if seen.is_utf_8:
        return Judgement("utf-8", proven=True)
    return _single_byte(seen, words)


def _wide(start: bytes) -> Judgement:
    """UTF-16 without a mark: the NULs of Latin letters stand all in one half."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 10 > max(even, odd):
        return Judgement("", proven=False, reason="a third of its bytes or more are NUL, and it is no UTF-16")
    return Judgement(name, proven=True)


class _Seen:
    """What a text holds beyond ASCII."""

    def __init__(self) -> None:
        self.is_utf_8 = True
        #: Words with bytes beyond ASCII, and the line where each stands first.
        self.words: dict[bytes, int] = {}
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._lines = 1

    def take(self, piece: bytes) -> None:
        """Take some bytes. A word that is cut between two pieces counts as two."""
        if self.is_utf_8:
            try:
                self._decoder.decode(piece)
            except UnicodeDecodeError:
                self.is_utf_8 = False
        if not piece.isascii() and len(self.words) < _KEPT:
            before = 0
            line = self._lines
            for match in _WORD.finditer(piece):
                word = match[0][:_LONGEST]
                if word not in self.words:
                    line += piece.count(b"\n", before, match.start())
                    before = match.start()
                    self.words[word] = line
                    if len(self.words) >= _KEPT:
                        break
        self._lines += piece.count(b"\n")


def _single_byte(seen: _Seen, words: Sequence[str]) -> Judgement:
    texts: dict[str, list[str]] = {}
    for name in CANDIDATES:
        try:
            texts[name] = [word.decode(name) for word in seen.words]
        except UnicodeDecodeError:
            continue
    if not texts:
        return Judgement("", proven=False, reason="it is no UTF-8, and bytes of it are no letters in Windows encodings")
    best = max(texts, key=lambda name: _points(name, texts[name]))
    expected = {name: _expected(found, words) for name, found in texts.items()}
    most = max(expected.values())
    by_headers = [name for name, count in expected.items() if count == most] if most else []
    if by_headers and best not in by_headers:
        best = by_headers[0]
    rivals = {name: found for name, found in texts.items() if found != texts[best] and name not in by_headers}
    if by_headers and len({tuple(texts[name]) for name in by_headers}) > 1:
        rivals |= {name: texts[name] for name in by_headers if texts[name] != texts[best]}
    elif by_headers:
        rivals = {}
    rivals = {name: found for name, found in rivals.items() if not _impossible(name, found, texts[best])}
    if not rivals:
        return Judgement(best, proven=True)
    rival = max(rivals, key=lambda name: _points(name, rivals[name]))
    index = next(n for n, (one, other) in enumerate(zip(texts[best], rivals[rival], strict=True)) if one != other)
    mine, other = texts[best][index], rivals[rival][index]
    sure = _points(best, texts[best]) - _points(rival, rivals[rival]) >= _MARGIN
    how = "its words look right so" if sure else "nothing decides it"
    reason = f"{how}; in {rival} {mine!r} would be {other!r}"
    return Judgement(best, proven=False, reason=reason, sample=mine, line=list(seen.words.values())[index])


def _expected(found: Sequence[str], words: Sequence[str]) -> int:
    """How many of the expected words beyond ASCII are there."""
    parts = {part.casefold() for text in words for part in re.findall(r"[^\W\d_]+", text) if not part.isascii()}
    return len(parts & {word.casefold() for word in found})


def _points(encoding: str, words: Sequence[str]) -> float:
    """How much the words look like words of one language that is written so."""
    looks = sum(_look(encoding, word) for word in words) / max(len(words), 1)
    letters = [char for word in words for char in word.lower() if not char.isascii()]
    covered = (sum(char in language for char in letters) for language in _LANGUAGES[encoding])
    return looks + max(covered) / max(len(letters), 1)


def _impossible(encoding: str, words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether nobody writes any of the words that are different in another encoding."""
    return all(_look(encoding, word) <= -1 for word, other in zip(words, others, strict=True) if word != other)


def _look(encoding: str, word: str) -> float:
    """0 for a word as people write it, -1 for one that nobody writes."""
    beyond = [char for char in word if not char.isascii()]
    if not all(char.isalpha() for char in beyond):
        return -1 if any(unicodedata.category(char) in {"Cc", "So", "Sm", "Sc"} for char in beyond) else 0
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return -1  # capitals stand in front, or everywhere
    if encoding == "cp1251":
        return -1 if any(char.isascii() for char in word) else 0
    return -0.5 if len(beyond) > _LETTERS_BESIDE and len(beyond) * 2 > len(word) else 0
