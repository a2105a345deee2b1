"""Event hash ids: an eventID that follows from the content of its event (CBV 2.0, section 8.9).

``ni:///sha-256;<hexadecimal digits>?ver=CBV2.0``: the SHA-256 of the event's pre-hash string (`gateway.epcis.prehash`)
as a Named Information URI (RFC 6920). Two spellings of one event have one id, so it finds duplicates; it changes with
the content, so it finds changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.epcis.prehash import prehash
from gateway.epcis.prehash_values import Variant

_HASH_ID: Final = re.compile(r"ni:///sha-256;[0-9a-fA-F]{64}\?ver=CBV2\.0")
_IGNORE: Final = "ignoreFields"


def event_hash(event: Event, ignore: Collection[str] = (), variant: Variant = Variant.STANDARD) -> str:
    """The hash id of an event, whatever eventID it has.

    Args:
        event: in any spelling; it is not changed.
        ignore: ``{namespace}name`` of user extensions that do not count, see `ignored_fields`.
        variant: which reading of the algorithm.
    """
    digest = hashlib.sha256(prehash(event, ignore, variant).encode("utf-8", "surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def is_hash_id(event_id: str) -> bool:
    """Whether an eventID says that it is the SHA-256 of its event by CBV 2.0."""
    return _HASH_ID.fullmatch(event_id) is not None


def with_hash_ids(
    events: Iterable[Event], ignore: Collection[str] = (), variant: Variant = Variant.STANDARD
) -> Iterator[Event]:
    """Give each event without eventID its hash id, in place; others keep theirs.

    It must run behind everything that changes the content of events. The arguments are those of `event_hash`.
    """
    for event in events:
        if not event.event_id:
            event.event_id = event_hash(event, ignore, variant)
        yield event


def ignored_fields(document: Document) -> frozenset[str]:
    """User extensions that a document, in an ``ignoreFields`` element of a namespace of its sender, excludes.

    A repository that adds elements of its own to events names them so that hash ids stay right. What stands behind
    the header is known only when the document's events are exhausted.
    """
    header = document.header
    prefixes = dict(header.namespaces)
    places = [header.extensions, document.extensions, document.body_extensions]
    if header.query is not None:
        places.append(header.query.extensions)
    named = [item for place in places for item in place if item.local == _IGNORE and item.namespace]
    return frozenset(name for item in named for name in _names(item, prefixes))


def _names(item: Element, prefixes: dict[str, str]) -> Iterator[str]:
    """XML names the extensions by empty elements, JSON by CURIEs."""
    for child in item.children:
        yield child.name
    prefix, colon, local = item.text.strip().partition(":")
    uri = dict(item.namespaces).get(prefix) or prefixes.get(prefix)
    if colon and uri:
        yield f"{{{uri}}}{local}"
