"""Which of the headers that are there looks like the one that is missing?

Case, accents, punctuation and word order are put aside first; then words of the same meaning in other languages; then
letters that are nearly the same.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

_SEPARATORS = re.compile(r"[\W_]+")
#: Letters that have no accent to take away.
_LETTERS = str.maketrans({"\u0131": "i", "ø": "o", "ł": "l", "đ": "d"})
_CUTOFF = 0.6
#: Shorter words begin too many others.
_STEM = 4
#: Words of one meaning, in the languages of senders, without accents; a word counts with whatever follows it.
_MEANINGS = (
    "gtin ntin ean upc artikelnummer productcode produktcode barkod штрихкод 商品条码 产品代码",
    "serial seriennummer serie seri seriale series numeroserie seriovecislo серийный серийныйномер 序列号",
    "lot batch charge chargen lote lotto parti sarza partia серия партия 批号 批次",
    "expir exp useby verfall gultigbis peremption caducidad validade scadenza skt sonkullanma срокгодности 有效期",
    "case carton karton box koli caja caixa cartone короб 箱",
    "pallet palette palet pale pallet паллет поддон 托盘",
    "manufactur produced production herstell hergestellt fabrica produzione uretim изготовлен производств 生产日期",
    "packed packing verpackt emballe empaquetado embalado imballato paketleme упаков 包装",
    "shipped shipping dispatch despatch departure versand envio expedition spedizione sevk отгруз 发货",
    "quantity qty menge anzahl quantite cantidad quantidade quantita miktar adet количество 数量",
    "time timestamp datetime zeit zeitpunkt heure hora ora zaman время 时间",
)


def nearest(wanted: Sequence[str], there: Sequence[str]) -> str:
    """The header that looks most like one of those wanted, empty when none does.

    Args:
        wanted: spellings of the column that is missing.
        there: headers that stand for nothing else.
    """
    by_look = {bare(text): text for text in reversed(there) if bare(text)}
    spellings = [bare(text) for text in wanted]
    for spelling in spellings:
        if spelling in by_look:
            return by_look[spelling]
    joined = {look.replace(" ", ""): text for look, text in by_look.items()}
    for spelling in spellings:
        if spelling.replace(" ", "") in joined:
            return joined[spelling.replace(" ", "")]
    for spelling in spellings:
        words = set(spelling.split())
        for look, text in by_look.items():
            if words and (words <= set(look.split()) or set(look.split()) <= words):
                return text
    for spelling in spellings:
        close = difflib.get_close_matches(spelling, by_look, n=1, cutoff=_CUTOFF)
        if close:
            return by_look[close[0]]
    meant = {number for spelling in spellings for number in _meanings(spelling)}
    return next((text for look, text in by_look.items() if meant & _meanings(look)), "")


def bare(text: str) -> str:
    """Words in small letters without accents, one blank between them."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return _SEPARATORS.sub(" ", "".join(char for char in plain if not unicodedata.combining(char))).strip()


def _meanings(look: str) -> set[int]:
    parts = [look.replace(" ", ""), *look.split()]
    return {number for number, words in enumerate(_words()) if any(_says(look, parts, word) for word in words)}


def _says(look: str, parts: Sequence[str], word: str) -> bool:
    if "\u4e00" <= word[0] <= "\u9fff":  # Chinese has no blanks between words
        return word in look
    return any(part == word or (len(word) >= _STEM and part.startswith(word)) for part in parts)


@cache
def _words() -> Sequence[Sequence[str]]:
    return [[bare(word) for word in words.split()] for words in _MEANINGS]
