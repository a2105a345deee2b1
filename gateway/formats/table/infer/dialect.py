"""What kind of text is this: encoding, and what stands between its cells. Guessed once, from the first bytes.

A byte order mark and right UTF-8 prove themselves. The old encodings of one byte do not: of those that can read the
text, the one is taken in which the most header words are known.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from gateway.formats.table.cells import blank
from gateway.formats.table.csv_guess import DELIMITERS
from gateway.formats.table.encoding_evidence import judge
from gateway.formats.table.infer import words
from gateway.formats.table.spec import Csv

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
#: Encodings without a mark of their own, in the order in which they win a draw.
ENCODINGS = ("cp1252", "gb18030", "cp1251", "cp1254", "cp1250")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ROWS = 200
_ENOUGH = 0.25


@dataclass(frozen=True, slots=True)
class Guess:
    """A dialect.

    Attributes:
        csv: the dialect as a mapping declares it.
        reasons: why.
        doubt: what a person should look at, empty when the dialect is proven.
    """

    csv: Csv
    reasons: tuple[str, ...]
    doubt: str = ""


def guess(head: bytes) -> Guess | None:
    """The dialect of a text whose first bytes are `head`, None when it is no table."""
    encoding, why, doubt = _encoding(head)
    if not encoding:
        return None
    text = _text(head, encoding)
    delimiter = _delimiter(text)
    if not delimiter:
        return None
    reasons = (why, f"the cells are separated by {NAMES[delimiter]}")
    return Guess(Csv(delimiter=delimiter, encoding=encoding), reasons, doubt)


def _text(head: bytes, encoding: str) -> str:
    # The last character may be cut.
    return codecs.getincrementaldecoder(encoding)("ignore").decode(head).removeprefix("\ufeff")


def _encoding(head: bytes) -> tuple[str, str, str]:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, f"{name.upper()}: the file begins with its byte order mark", ""
    if b"\0" in head:
        wide = judge([head], ()).encoding
        return wide, f"{wide.upper()}: every other byte is NUL" if wide else "", ""
    if _reads(head, "utf-8"):
        some = "all letters are ASCII so far" if head.isascii() else "letters outside ASCII are right UTF-8"
        return "utf-8", f"UTF-8: {some}", ""
    return _old_encoding(head)


def _old_encoding(head: bytes) -> tuple[str, str, str]:
    """The encoding without a mark in which the most header words are known."""
    fit = [name for name in ENCODINGS if _reads(head, name)]
    if not fit:
        return "", "", ""
    known = {name: _known_words(head, name) for name in fit}
    best = max(fit, key=lambda name: known[name])
    if not known[best]:
        doubt = f"the encoding cannot be told: {best} reads the letters, and so do {', '.join(fit[1:]) or 'no others'}"
        return best, f"{best}: the first encoding that reads the text", doubt
    return best, f"{best}: not UTF-8, and {known[best]} header words are known when it is read so", ""


def _reads(head: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeDecodeError:
        return False
    if encoding == "utf-8":
        return True  # chance does not make right UTF-8
    return all(character.isprintable() or character in "\r\n\t\v\f\x1d\u00a0" for character in set(text))


def _known_words(head: bytes, encoding: str) -> int:
    """How many cells with letters outside ASCII are known header words."""
    count = 0
    for line in _text(head, encoding).splitlines()[:_ROWS]:
        for delimiter in DELIMITERS:
            if delimiter in line:
                for cell in line.split(delimiter):
                    if not cell.isascii() and any(match.weight > _ENOUGH for match in words.meanings(cell)):
                        count += 1
    return count


def _delimiter(text: str) -> str:
    """What separates the cells: with it most rows have the same number of cells, and more than one."""
    scores = {delimiter: _score(text, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ""


def _score(text: str, delimiter: str) -> float:
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _ROWS))
    except csv.Error:
        return 0
    rows = [row for row in rows[:-1] or rows if not blank(row)]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0
    width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
    return count / len(rows) * min(width, 20)
