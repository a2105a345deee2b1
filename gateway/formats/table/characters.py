"""Characters that look like others, or like nothing at all, and what a digits-only number was meant to be.

Numbers are typed, pasted and recognised from pictures: a Cyrillic O stands for a zero, a digit is full-width, a blank
is none that anybody sees. Inside serial and lot numbers such letters are errors: nothing proves what was meant.
"""

from __future__ import annotations

import unicodedata

from gateway.formats.table.cells import BLANKS

#: What is not seen, or seen as a blank, besides ASCII: kinds of spaces, zero-width characters, soft hyphen, marks.
INVISIBLE = frozenset("\u00a0\u00ad\u034f\u061c\u1680\u180e\u202f\u205f\u2060\u3000\ufeff") | {
    chr(code)
    for code in (*range(0x2000, 0x2010), *range(0x202A, 0x202F), *range(0x2061, 0x2065), *range(0xFE00, 0xFE10))
}
#: Letters that stand for a digit where only digits can stand: Latin, Cyrillic and Greek.
_AS_DIGIT = {
    **dict.fromkeys("Oo\u041e\u043e\u039f\u03bf\u0555\u0585", "0"),
    **dict.fromkeys("Il|\u0406\u0456\u0399\u0399\u03b9\u04c0\u04cf", "1"),
    **dict.fromkeys("\u0417\u0437", "3"),
    **dict.fromkeys("\u0431", "6"),
}
#: Cyrillic and Greek letters and the Latin ones that they look like.
_LATIN = dict(
    zip(
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408\u0423"
        "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0455\u0456\u0458"
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf",
        "ABEKMHOPCTXSIJYaeopcxysijABEZHIKMNOPTYXo",
        strict=True,
    )
)


def as_digits(text: str) -> str:
    """What a number of digits alone was meant to be: without blanks, letters and digits of all kinds by their look."""
    return "".join(_digit(char) for char in text if char not in INVISIBLE and char != " ")


def _digit(char: str) -> str:
    if char.isascii() and char.isdigit():
        return char
    value = unicodedata.decimal(char, None)
    return str(value) if value is not None else _AS_DIGIT.get(char, char)


def plain(text: str) -> str:
    """The text with all kinds of blanks as spaces, without what is not seen, and all kinds of digits as ASCII."""
    out = []
    for char in text:
        value = None if char.isascii() else unicodedata.decimal(char, None)
        if value is not None:
            out.append(str(value))
        elif char in INVISIBLE:
            out.append(" " if unicodedata.category(char) == "Zs" else "")
        else:
            out.append(char)
    return "".join(out)


def disguised(text: str) -> list[str]:
    """The characters of a text that look like others or like nothing, each in words."""
    found = []
    for char in dict.fromkeys(text):
        if char.isascii():
            continue
        name = unicodedata.name(char, "a character without name")
        width = unicodedata.normalize("NFKC", char)
        if char in INVISIBLE:
            found.append(f"U+{ord(char):04X} ({name}), which is not seen")
        elif char in _LATIN:
            found.append(f"{char!r} ({name}), which looks like {_LATIN[char]!r}")
        elif len(width) == 1 and width != char and width.isascii():
            found.append(f"{char!r} ({name}), which looks like {width!r}")
    return found


def edges(text: str) -> str:
    """What stands around a text and is not seen, besides ASCII."""
    return "".join(char for char in text[: len(text) - len(text.lstrip(BLANKS))] + text[len(text.rstrip(BLANKS)) :]
                   if not char.isascii())  # fmt: skip
