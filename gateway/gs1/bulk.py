"""Many keys at once. The work that is the same for all of them is done once a list, not once a key."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.gs1 import link_syntax, urn_syntax
from gateway.gs1.charsets import SET_82
from gateway.gs1.company_prefix import PUBLISHED, CompanyPrefixes
from gateway.gs1.digital_link import DigitalLink, read_digital_link
from gateway.gs1.epc_urn import parse_any, parse_urn
from gateway.gs1.errors import Gs1Error
from gateway.gs1.gtin import normalise_gtin
from gateway.gs1.logistics import Sgln
from gateway.gs1.schemes import SGTIN, SSCC, Parts
from gateway.gs1.validate import check_number, check_serial

_ALLOWED = SET_82.encode()
#: Percent first: the escapes of the others bring new ones.
_ESCAPED_IN_ORDER = '%"&/<>?'
_ESCAPED = frozenset(_ESCAPED_IN_ORDER)
_ANY_SERIAL = "0"
#: Translated heads that are remembered: a batch has a handful, a wholesaler's file some thousands.
_STEMS = 4096
#: Joins serial numbers; no serial number can hold it.
_BETWEEN = "\n"

# SGTINs are nearly all there is in long lists, and most often many of one GTIN follow each other. What stands
# before the serial number is then translated once, by the general code. Serial numbers differ between the syntaxes
# only in seven characters that a Digital Link escapes and a URN does not. Whatever is not clear at once goes to the
# general code, one by one.
_URN = re.compile(r"urn:epc:id:sgtin:[0-9]{6,12}\.[0-9]{1,7}\.")
_LINK = re.compile(r"https://id\.gs1\.org/01/[0-9]{14}/21/")
_EITHER = re.compile(f"{_URN.pattern}|{_LINK.pattern}")
_UNESCAPED = re.compile("[0-9A-Za-z._';=\\n-]+")
_PLAIN_SERIAL = re.compile("[0-9A-Za-z._';=-]{1,20}")
_SSCC_URN = re.compile(r"urn:epc:id:sscc:(?=.{18}\Z)[0-9]{6,12}\.[0-9]{5,11}")
_LINK_ONLY = {char: f"%{ord(char):02X}" for char in "!()*+,:"}
_PLAIN = "._';=-%\n" + string.ascii_letters + string.digits


class _Spelling(NamedTuple):
    """How serial numbers of one syntax are read in bulk, and what to replace for the other syntax."""

    allowed: bytes
    wrong_escape: re.Pattern[str]
    replace: dict[str, str]


_IN_URN = _Spelling((_PLAIN + "".join(_LINK_ONLY)).encode(), re.compile("%(?!22|25|26|2F|3C|3E|3F)"), _LINK_ONLY)
_IN_LINK = _Spelling(
    _PLAIN.encode(),
    re.compile("%(?!22|25|26|2F|3C|3E|3F|21|28|29|2A|2B|2C|3A)"),
    {escaped: char for char, escaped in _LINK_ONLY.items()},
)


def bad_serials(serials: Sequence[str]) -> list[int]:
    """Indexes of the serial numbers that break the rules of AI (21): 1 to 20 characters of set 82."""
    if not serials or (_all_of_set_82("".join(serials)) and _all_lengths(serials)):
        return []
    return [
        index
        for index, serial in enumerate(serials)
        if not 1 <= len(serial) <= SGTIN.serial_max or not _all_of_set_82(serial)
    ]


def sgtin_urns(gtin14: str, serials: Sequence[str], prefixes: CompanyPrefixes = PUBLISHED) -> list[str]:
    """The SGTIN URNs of many serial numbers of one GTIN.

    Raises:
        Gs1Error: the GTIN is wrong, the first wrong serial number, or GS1-PREFIX-01.
    """
    gtin = normalise_gtin(gtin14)
    for index in bad_serials(serials)[:1]:
        check_serial(SGTIN, serials[index])
    # A serial part must be there for the stem to be that of an instance.
    stem = urn_syntax.stem_of(Parts(SGTIN, gtin, "0"), prefixes) + "."
    joined = _BETWEEN.join(serials)
    if _ESCAPED.isdisjoint(joined):
        return [stem + serial for serial in serials]
    for char in _ESCAPED_IN_ORDER:
        joined = joined.replace(char, urn_syntax.escape(char))
    return [stem + serial for serial in joined.split(_BETWEEN)]


def sscc_urn(sscc18: str, prefixes: CompanyPrefixes = PUBLISHED) -> str:
    """The URN of an SSCC of 18 digits.

    Raises:
        Gs1Error: GS1-SSCC-01, GS1-SSCC-02 or GS1-PREFIX-01.
    """
    check_number(SSCC, sscc18)
    digits = sscc18[1:-1]
    length = prefixes.length_of(digits)
    return f"{SSCC.urn}{digits[:length]}.{sscc18[0]}{digits[length:]}"


def gln_to_sgln_urn(gln13: str, prefixes: CompanyPrefixes = PUBLISHED, extension: str = "0") -> str:
    """The SGLN URN of a GLN of 13 digits.

    Raises:
        Gs1Error: GS1-GLN-01, GS1-GLN-02, a wrong extension or GS1-PREFIX-01.
    """
    return Sgln(gln13, extension).as_urn(prefixes)


def urns_to_digital_links(urns: Sequence[str]) -> list[str]:
    """The canonical Digital Links of EPC URNs. Whatever is not the URN of a GS1 key stays as it is.

    Raises:
        Gs1Error: the first wrong URN.
    """
    out: list[str] = []
    for head, run in _runs(urns, _URN):
        serials = _respelled(run, len(head), _IN_URN) if head else None
        stem = _link_stem(head) if serials is not None else None
        if serials is None or stem is None:
            out.extend(map(urn_to_digital_link, run))
        else:
            out.extend([stem + serial for serial in serials])
    return out


@lru_cache(_STEMS)
def _link_stem(head: str) -> str | None:
    """What stands before the serial number in the Digital Link of an SGTIN URN; None when the URN is wrong."""
    try:
        return urn_to_digital_link(head + _ANY_SERIAL).removesuffix(_ANY_SERIAL)
    except Gs1Error:
        return None


def urn_to_digital_link(urn: str) -> str:
    """The canonical Digital Link of one EPC URN; any other text stays as it is.

    Raises:
        Gs1Error: the URN is wrong.
    """
    if urn_syntax.scheme_of(urn) is None:
        return urn
    return parse_urn(urn).as_digital_link()


def digital_links_to_urns(
    links: Sequence[str],
    prefixes: CompanyPrefixes = PUBLISHED,
    on_loss: Callable[[int, DigitalLink], None] | None = None,
) -> list[str]:
    """The EPC URNs of Digital Links. Whatever is not the Digital Link of a GS1 key stays as it is.

    Args:
        links: Digital Links.
        prefixes: knows the length of the company prefixes.
        on_loss: called with the index and the link for each link that says more than its key (another domain,
            lot beside serial number, query), because the URN has no place for it.

    Raises:
        Gs1Error: the first wrong link, or GS1-PREFIX-01.
    """
    out: list[str] = []
    for head, run in _runs(links, _LINK):
        serials = _respelled(run, len(head), _IN_LINK) if head else None
        stem = _urn_stem(head, prefixes) if serials is not None else None
        if serials is None or stem is None:
            for link in run:
                read = read_digital_link(link)
                if read is not None and on_loss is not None and not read.only_key:
                    on_loss(len(out), read)
                out.append(read.key.as_urn(prefixes) if read else link)
            continue
        out.extend([stem + serial for serial in serials])
    return out


@lru_cache(_STEMS)
def _urn_stem(head: str, prefixes: CompanyPrefixes) -> str | None:
    """What stands before the serial number in the SGTIN URN of a Digital Link; None when the link is wrong."""
    try:
        return urn_syntax.build(link_syntax.split(head + _ANY_SERIAL).parts, prefixes).removesuffix(_ANY_SERIAL)
    except Gs1Error:
        return None


def canonical(uris: Sequence[str]) -> list[str]:
    """One text for each identifier, the same for all its spellings (see `canonical_runs`)."""
    return [stem + serial for stem, serials in canonical_runs(uris) for serial in serials]


def canonical_runs(uris: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The canonical Digital Links of URNs and Digital Links, in order, as a stem and what follows it.

    Neighbours with one stem come together. An identifier that is no GS1 key, or a wrong one, has the stem ``""`` and
    stays as it is: whoever compares objects by these texts finds each one under one name, however it was spelt.
    """
    for head, run in _runs(uris, _EITHER):
        stem, serials = _stem_and_serials(head, run)
        if stem:
            yield stem, serials
        else:
            yield from map(_canonical, run)


def _stem_and_serials(head: str, run: Sequence[str]) -> tuple[str, Sequence[str]]:
    """What is common to all links of a run, and their serial numbers; an empty stem for the general code."""
    if head.startswith("urn:"):
        serials = _respelled(run, len(head), _IN_URN)
        return (_link_stem(head) or "", serials) if serials is not None else ("", run)
    serials = [uri[len(head) :] for uri in run] if head else []
    # An escape has more than one spelling in a link; without any there is nothing to choose.
    plain = _UNESCAPED.fullmatch(_BETWEEN.join(serials)) is not None and _all_lengths(serials)
    return (head, serials) if plain and _urn_checked(head) else ("", run)


@lru_cache(_STEMS)
def _urn_checked(head: str) -> bool:
    """Whether the GTIN in the head of a link is right."""
    try:
        return parse_any(head + _ANY_SERIAL) is not None
    except Gs1Error:
        return False


def _canonical(uri: str) -> tuple[str, Sequence[str]]:
    try:
        key = parse_any(uri)
    except Gs1Error:
        key = None
    if key is None:
        return "", [uri]
    stem, separator, serial = key.as_digital_link().rpartition("/")
    return stem + separator, [serial]


def wrong_keys(uris: Sequence[str]) -> list[tuple[int, Gs1Error]]:
    """The URIs among `uris` that are EPC URNs or Digital Links of GS1 keys but wrong, with index and error.

    Other URIs are nobody's mistake here and pass.
    """
    good: set[str] = set()
    wrong = []
    for index, uri in enumerate(uris):
        found = _URN.match(uri) or _LINK.match(uri)
        head = found[0] if found and _PLAIN_SERIAL.fullmatch(uri, found.end()) else ""
        if head in good or _SSCC_URN.fullmatch(uri):
            continue
        try:
            parse_any(uri)
        except Gs1Error as error:
            wrong.append((index, error))
        else:
            if head:
                good.add(head)
    return wrong


def _runs(uris: Sequence[str], pattern: re.Pattern[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Neighbours with one head that `pattern` matches; the head is "" for a single URI that it does not match."""
    start = 0
    while start < len(uris):
        end = start + 1
        found = pattern.match(uris[start])
        head = found[0] if found else ""
        while head and end < len(uris) and uris[end].startswith(head):
            end += 1
        yield head, uris[start:end]
        start = end


def _respelled(run: Sequence[str], head: int, spelling: _Spelling) -> list[str] | None:
    """The serial numbers behind a head of that length in the other syntax; None for the general code."""
    serials = [uri[head:] for uri in run]
    joined = _BETWEEN.join(serials)
    if joined.encode("utf-8", "surrogatepass").translate(None, spelling.allowed):
        return None
    if "%" in joined:
        if spelling.wrong_escape.search(joined):
            return None
        lengths = {len(serial) - 2 * serial.count("%") for serial in serials}
    else:
        lengths = set(map(len, serials))
    if min(lengths) < 1 or max(lengths) > SGTIN.serial_max or joined.count(_BETWEEN) != len(serials) - 1:
        return None
    for old, new in spelling.replace.items():
        joined = joined.replace(old, new)
    return joined.split(_BETWEEN)


def _all_of_set_82(text: str) -> bool:
    # Deleting the allowed bytes is the quickest test there is; anything outside ASCII leaves bytes over.
    return not text.encode("utf-8", "surrogatepass").translate(None, _ALLOWED)


def _all_lengths(serials: Sequence[str]) -> bool:
    lengths = set(map(len, serials))
    return min(lengths) >= 1 and max(lengths) <= SGTIN.serial_max
