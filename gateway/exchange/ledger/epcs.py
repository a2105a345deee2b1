"""One spelling for each identifier: what the index of identifiers is made of, and how people may write them.

The canonical spelling is the GS1 Digital Link at ``https://id.gs1.org`` with nothing but the key: it does not depend on
where the company prefix ends. What is no GS1 key, or a wrong one, stays as it is, so that it is found as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    QuantityElement,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.errors import UsageError
from gateway.gs1 import Gdti, Giai, Grai, Gs1Error, Lgtin, Sgtin, Sscc, parse_any, urns_to_digital_links

SITE = "https://id.gs1.org/"
_PLAIN = re.compile(r"https://id\.gs1\.org/(?:01/\d{14}/21/[0-9A-Za-z._;=-]{1,20}|00/\d{18})", re.ASCII).fullmatch
#: Kinds that an element string may be, tried in this order.
_KINDS = (Sgtin, Lgtin, Sscc, Grai, Giai, Gdti)
_GTIN_AND_SERIAL = re.compile(r"(\d{14})([!-z]{1,20})", re.ASCII).fullmatch
_SGTIN = re.compile(r"https://id\.gs1\.org/01/(\d{14})/(21|10)/(.+)", re.ASCII).fullmatch


def canonical(texts: Sequence[str]) -> list[str]:
    """The canonical spellings of identifiers, one for each, in order."""
    try:
        links = urns_to_digital_links(texts)
    except Gs1Error:
        return [_one(text) for text in texts]
    return [link if _PLAIN(link) else _one(link) for link in links]


def _one(text: str) -> str:
    try:
        key = parse_any(text)
    except Gs1Error:
        return text
    return text if key is None else key.as_digital_link()


def asked(text: str) -> str:
    """The canonical spelling of what a person gives: URN, Digital Link, element string, or an SSCC of 18 digits.

    Raises:
        UsageError: it looks like an element string and is none.
    """
    text = text.strip()
    link = canonical([text])[0]
    if link != text or ":" in text:
        return link
    for kind in _KINDS:
        try:
            return kind.parse(text).as_digital_link()
        except Gs1Error:
            continue
    message = f"{text!r} is no identifier"
    raise UsageError(message, hint="give an EPC URN, a Digital Link, (01)…(21)…, or the 18 digits of an SSCC")


def of_regulators(texts: Sequence[str]) -> list[str]:
    """The canonical spellings of identifiers as regulators write them: also ``(01)…(21)…``, and plain digits.

    What is none of these stays as it is, so that it is found as it was written.
    """
    return [_one_of_regulators(text, link) for text, link in zip(texts, canonical(texts), strict=True)]


def _one_of_regulators(text: str, link: str) -> str:
    if link != text or ":" in text:
        return link
    plain = _GTIN_AND_SERIAL(text)
    spellings: tuple[tuple[type[Sgtin | Sscc], str], ...] = ((Sgtin, text), (Sscc, text))
    if plain:
        spellings = (*spellings, (Sgtin, f"(01){plain[1]}(21){plain[2]}"))
    for kind, spelling in spellings:
        try:
            return kind.parse(spelling).as_digital_link()
        except Gs1Error:
            continue
    return text


def gtin_and_rest(link: str) -> tuple[str, str, str] | None:
    """GTIN, ``21`` or ``10``, and the serial number or lot of a canonical spelling; None for other keys."""
    found = _SGTIN(link)
    return (found[1], found[2], found[3]) if found else None


def instances(event: Event) -> Iterator[str]:
    """The identifiers of things that an event names, as they are spelt: EPCs and parents."""
    match event:
        case ObjectEvent():
            yield from event.epc_list or ()
        case AggregationEvent() | AssociationEvent():
            if event.parent_id:
                yield event.parent_id
            yield from event.child_epcs or ()
        case TransactionEvent():
            if event.parent_id:
                yield event.parent_id
            yield from event.epc_list or ()
        case TransformationEvent():
            yield from event.input_epc_list or ()
            yield from event.output_epc_list or ()


def classes(event: Event) -> Iterator[str]:
    """The identifiers of classes that an event names, as they are spelt: lots and GTINs with amounts."""
    lists: Iterable[list[QuantityElement] | None]
    match event:
        case ObjectEvent() | TransactionEvent():
            lists = (event.quantity_list,)
        case AggregationEvent() | AssociationEvent():
            lists = (event.child_quantity_list,)
        case TransformationEvent():
            lists = (event.input_quantity_list, event.output_quantity_list)
        case QuantityEvent():
            yield event.epc_class
            return
        case _:
            return
    for quantities in lists:
        for item in quantities or ():
            yield item.epc_class
