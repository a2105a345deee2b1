"""A package for another owner: the document as EPCIS 1.2 in a zip file, which RSD passes on."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.events import Event, epcs
from gateway.findings import NOWHERE
from gateway.formats.base import Context
from gateway.formats.epcis_xml.names import V1
from gateway.formats.epcis_xml.write import write
from gateway.markets.base import Submission
from gateway.markets.kit.needs import report_missing
from gateway.markets.sa import rules, settings
from gateway.markets.sa.decide import Decisions
from gateway.markets.sa.operations import OPERATIONS
from gateway.markets.sa.write import field_xml, submission

_HASH: Final = 12
_UPLOAD: Final = OPERATIONS["package-upload"]


def compose_package(document: Document, context: Context) -> Iterator[Submission]:
    """The package of a document; none when something is wrong."""
    events = _Events(document, context)
    header = document.header
    xml = b"".join(write(Document(header, iter(events)), context, V1))
    receiver = events.receiver()
    if not events.count and not context.findings.errors:
        context.findings.report(rules.NOTHING, "the document has no events to put into a package")
    if not receiver or context.findings.errors:
        return
    file = base64.b64encode(packed(f"epcis-{hashlib.sha256(xml).hexdigest()[:_HASH]}.xml", xml)).decode()
    body = field_xml("TOGLN", receiver) + field_xml("FILE", file)
    yield submission(_UPLOAD, body, 1, events.epcs)


def packed(name: str, data: bytes) -> bytes:
    """A zip file with one file in it; the same content gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class _Events:
    """Hands the events on and remembers for whom they are."""

    def __init__(self, document: Document, context: Context) -> None:
        self._document = document
        self._context = context
        self._decisions = Decisions(context)
        self._receivers: dict[str, None] = {}
        self.count = 0
        self.epcs = 0

    def __iter__(self) -> Iterator[Event]:
        for event in self._document.events:
            receiver = self._decisions.party(event.destination_list)
            if receiver:
                self._receivers[receiver] = None
            self.count += 1
            self.epcs += epcs(event)
            yield event

    def receiver(self) -> str:
        """The GLN of who gets the package; empty when nobody, or several, are named, which is reported."""
        given = self._context.options.get(settings.TO_GLN)
        if given:
            return given
        if len(self._receivers) > 1:
            message = f"the document names {len(self._receivers)} receivers: {', '.join(self._receivers)}"
            hint = f"give the one that the package is for with --set {settings.TO_GLN.key}=..."
            self._context.findings.report(rules.GLN, message, hint=hint)
            return ""
        if not self._receivers:
            report_missing(settings.NEED_OF["TOGLN"], self._context.findings, NOWHERE, "a package")
        return next(iter(self._receivers), "")
