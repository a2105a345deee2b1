"""Writes MDLP documents: the same values give the same bytes, in the order of the schema."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.formats.epcis_xml.escape import attribute, text
from gateway.markets.base import Submission
from gateway.markets.ru.documents import VERSION, DocumentType
from gateway.markets.ru.keys import Item

_HASH: Final = 12


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around all documents of a conversion.

    Attributes:
        declaration: whether they begin with an XML declaration.
        session: session_ui, empty to leave it out.
    """

    declaration: bool = False
    session: str = ""


def fields_xml(document: DocumentType, values: Mapping[str, str]) -> str:
    """The fields of a document that have a value."""
    out: list[str] = []
    around: list[str] = []
    for field in document.fields:
        value = values.get(field.name, "")
        if not value:
            continue
        *holders, name = field.name.split("/")
        same = 0
        while same < min(len(holders), len(around)) and holders[same] == around[same]:
            same += 1
        out += [f"</{holder}>" for holder in reversed(around[same:])]
        out += [f"<{holder}>" for holder in holders[same:]]
        around = holders
        out.append(f"<{name}>{text(value)}</{name}>")
    out += [f"</{holder}>" for holder in reversed(around)]
    return "".join(out)


def goods_xml(items: Iterable[Item]) -> str:
    """A list of packs and containers."""
    return "".join([f"<{item.tag}>{item.text}</{item.tag}>" for item in items])


def document_bytes(document: DocumentType, body: str, frame: Frame) -> bytes:
    """A whole file with one document."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' if frame.declaration else ""
    session = f' session_ui="{attribute(frame.session)}"' if frame.session else ""
    name = document.element
    inside = f'<{name} action_id="{document.number}">{body}</{name}>'
    return f'{head}<documents version="{VERSION}"{session}>{inside}</documents>\n'.encode()


def submission(document: DocumentType, body: str, frame: Frame, position: int, epcs: int) -> Submission:
    """A file whose name keeps the order in which the documents have to be sent."""
    data = document_bytes(document, body, frame)
    digest = hashlib.sha256(data).hexdigest()[:_HASH]
    return Submission(f"mdlp-{position:05}-{document.number}-{digest}.xml", data, epcs, document.number)


def details_xml(details: Iterable[tuple[str, Sequence[Item]]]) -> str:
    """Containers with what goes into each."""
    return "".join(
        [
            f"<detail><sscc>{container}</sscc><content>{goods_xml(content)}</content></detail>"
            for container, content in details
        ]
    )
