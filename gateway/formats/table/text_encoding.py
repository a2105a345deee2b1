"""In which encoding is a text? The declared one, unless the bytes disprove it; or the one that the bytes show.

Nothing is read in an encoding that changes letters without anybody noticing: what proves it, or what was assumed and
why, is said.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence

from gateway.errors import InputError, UsageError
from gateway.findings import Finding, Findings, Where
from gateway.formats.base import Context
from gateway.formats.table import rules
from gateway.formats.table.encoding_evidence import Judgement, judge
from gateway.formats.table.spec import AUTO
from gateway.options import Setting
from gateway.sources import Source

ENCODING = Setting("encoding", "encoding of a text whose mapping leaves it open, e.g. cp1250")

#: Encodings in which the byte 0x0A is a line end and nothing else, so that bytes may be cut there.
_LINE_ENDS = re.compile(r"utf-8(-sig)?|ascii|iso8859-\d+|cp(125\d|437|85\d|86\d|874)|koi8-[rutk]|mac-\w+")
#: Text in UTF-16 has a NUL beside each Latin letter, other text has none: so much of a file is never NUL.
_NUL_SHARE = 3
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ASCII = bytes(range(128))
_PIECE = 1 << 20

#: Names the column in which the byte at a position of a line stands.
ColumnOf = Callable[[bytes, int], str]


def no_column(_line: bytes, _position: int) -> str:
    """For texts without columns."""
    return ""


def given_encoding(declared: str, context: Context) -> str:
    """What the mapping declares; where it leaves the encoding open, what the setting says.

    Raises:
        UsageError: the setting names no encoding.
    """
    given = context.options.values.get(ENCODING.key, "")
    if declared != AUTO or not given:
        return declared
    try:
        "".encode(given)
    except LookupError as error:
        message = f"there is no encoding {given!r}"
        raise UsageError(message, hint="for example encoding=cp1250") from error
    return given


def settle(
    source: Source, declared: str, words: Sequence[str], findings: Findings, column_of: ColumnOf = no_column
) -> str:
    """The encoding to read with.

    Args:
        source: the text.
        declared: what the mapping says, or ``auto``.
        words: words that the text should hold, such as the headers of the mapping.
        findings: takes what was assumed.
        column_of: names the column of a byte, for findings.

    Raises:
        InputError: the text is provably not in the declared encoding, or no text at all.
    """
    if declared == AUTO:
        return _by_evidence(source, words, findings)
    start = source.head()
    where = Where(file=source.name, row=1)
    if start.startswith(codecs.BOM_UTF8):
        if codecs.lookup(declared).name not in {"utf-8", "utf-8-sig"}:
            findings.report(rules.MARK, f"read as UTF-8, declared is {declared}", where=where)
        return "utf-8-sig"
    if start.startswith(_UTF_16) and not codecs.lookup(declared).name.startswith("utf-16"):
        message = f"the text is UTF-16, declared is {declared}"
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected=declared))
    if has_plain_line_ends(declared) and start.count(0) * _NUL_SHARE > len(start):
        message = f"the file is not text in {declared}: a third of its bytes or more are NUL"
        hint = "Export the table as CSV; it is either in UTF-16 or no text at all."
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected=declared, hint=hint))
    if codecs.lookup(declared).name != "utf-8" and _is_utf_8(start):
        place = next((n for n, line in enumerate(start.split(b"\n"), 1) if not line.isascii()), 1)
        line = start.split(b"\n")[place - 1]
        column = column_of(line, len(line) - len(line.lstrip(_ASCII)))
        message = f"the text is UTF-8, declared is {declared}"
        where = Where(file=source.name, row=place, column=column)
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected=declared))
    return declared


def of_head(head: bytes, declared: str, words: Sequence[str]) -> str:
    """The encoding of a text of which only the beginning is known, to find out whose it is."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return judge([head], words).encoding if declared == AUTO else declared


def _by_evidence(source: Source, words: Sequence[str], findings: Findings) -> str:
    with source.open() as stream:
        found: Judgement = judge(iter(lambda: stream.read(_PIECE), b""), words)
    where = Where(file=source.name, row=found.line)
    if not found.encoding:
        message = f"the encoding of the text cannot be found out: {found.reason}"
        hint = "Export the table as CSV in UTF-8, or declare its encoding in the mapping."
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected="text", hint=hint))
    if not found.proven:
        message = f"the text was read as {found.encoding}: {found.reason}"
        findings.report(rules.ENCODING_ASSUMED, message, where=where, value=found.sample, expected=found.encoding)
    return found.encoding


def has_plain_line_ends(encoding: str) -> bool:
    """Whether bytes in this encoding may be cut at every 0x0A."""
    return _LINE_ENDS.fullmatch(codecs.lookup(encoding).name) is not None


def _is_utf_8(data: bytes) -> bool:
    """Whether the text has letters outside ASCII and all of them are right UTF-8, which chance hardly makes."""
    if data.isascii():
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def undecodable(source: Source, encoding: str, reason: str, column_of: ColumnOf = no_column) -> Finding:
    """Look for the line that cannot be decoded; the reader decodes ahead and cannot name it."""
    with source.open() as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                wrong = error.object[error.start : error.end]
                where = Where(file=source.name, row=number, column=column_of(line, error.start))
                message = f"bytes {wrong.hex(' ')} are not {encoding}"
                return Finding.of(rules.ENCODING, message, where=where, value=wrong.hex(" "), expected=encoding)
    # A character that is spread over lines: only encodings with wide characters do that.
    return Finding.of(rules.ENCODING, f"not {encoding}: {reason}", where=Where(file=source.name))
