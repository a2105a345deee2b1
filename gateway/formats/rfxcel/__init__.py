"""rfXcel's messaging service: envelopes around EPCIS 1.x XML. docs/vendor-formats.md says what is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gateway.epcis.document import Document
from gateway.formats.base import Claim, Context, Format
from gateway.formats.rfxcel.names import ROOTS
from gateway.formats.rfxcel.rules import LOSS_RULES, RULES
from gateway.formats.rfxcel.settings import SETTINGS
from gateway.sources import Source

_HEAD: Final = 8192
_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?(?:" + "|".join(ROOTS).encode() + rb")[\s>/]")
_NAMESPACE: Final = b"http://xmlns.rfxcel.com/traceability/"


def _sniff(head: bytes, name: str) -> Claim | None:  # noqa: ARG001 - the signature of all sniffers
    """Claim a file that names rfXcel's namespaces before it begins with envelopes."""
    found = _ROOT.search(head[:_HEAD])
    end = head.find(b">", found.start()) if found is not None else -1
    if found is None or _NAMESPACE not in head[: end + 1 or None]:
        return None
    return Claim(100, "envelopes of rfXcel's messaging service")


def _read(source: Source, context: Context) -> Document:
    from gateway.formats.rfxcel.read import read  # noqa: PLC0415 - lxml is not needed to write

    return read(source, context)


def _write(document: Document, context: Context) -> Iterable[bytes]:
    from gateway.formats.rfxcel.write import write  # noqa: PLC0415 - not needed to read

    return write(document, context)


RFXCEL: Final = Format(
    "rfxcel",
    "rfXcel messaging service: EPCIS 1.x XML in envelopes (processMessages, getMessagesResponse)",
    ".xml",
    "application/xml",
    sniff=_sniff,
    read=_read,
    write=_write,
    settings=SETTINGS,
    rules=RULES,
    loss_rules=LOSS_RULES,
    packed=True,
)
