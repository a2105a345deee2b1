"""Pieces of a document as XML that can be read alone, for loss lists: each declares the prefixes that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.formats.epcis_xml.scope import declaration

_PREFIX: Final = re.compile(r"[<\s/]([A-Za-z_][\w.-]*):")
_TAG: Final = re.compile(r"<[^>]*>")  # writers escape ">" everywhere, so a tag ends at the first one
_NAME_END: Final = re.compile(r"[\s/>]")
_IN_VALUE: Final = re.compile(r'[>"]([A-Za-z_][\w.-]*):')


def standalone(xml: str, uris: Mapping[str, str]) -> str:
    """The elements of `xml`, each with the declarations that it takes from the document around it.

    Args:
        xml: whole elements one after the other, or a plain value, which comes back as it is.
        uris: prefixes of the document and their namespaces.
    """
    if not xml.startswith("<") or not _used(xml, uris):
        return xml
    return "".join(_declared(element, uris) for element in _elements(xml))


def _used(xml: str, uris: Mapping[str, str]) -> list[str]:
    """Prefixes in names and, because values may use them (``xsd:int``), at the start of values."""
    found = dict.fromkeys([*_PREFIX.findall(xml), *_IN_VALUE.findall(xml)])
    return [prefix for prefix in found if prefix in uris]


def _declared(element: str, uris: Mapping[str, str]) -> str:
    tag_end = element.index(">")
    tag = element[:tag_end]
    missing = [prefix for prefix in _used(element, uris) if f" xmlns:{prefix}=" not in tag]
    end = _NAME_END.search(element, 1)
    at = end.start() if end is not None else tag_end
    return element[:at] + "".join(declaration(prefix, uris[prefix]) for prefix in missing) + element[at:]


def _elements(xml: str) -> Iterator[str]:
    """The elements at the top, with the text behind each."""
    depth = start = 0
    for match in _TAG.finditer(xml):
        tag = match[0]
        if depth == 0 and match.start() > start:
            yield xml[start : match.start()]
            start = match.start()
        if tag.startswith("</"):
            depth -= 1
        elif not tag.endswith("/>"):
            depth += 1
    yield xml[start:]
