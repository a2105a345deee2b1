"""The message ``tr-pts``: a transfer of packages between two parties, as Turkey's PTS exchanges it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.epcis.document import Document
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.markets import hierarchy
from gateway.markets.base import Limit, Message, Submission
from gateway.markets.tr import rules, settings
from gateway.markets.tr.check import check_limited
from gateway.markets.tr.compose import compose_limited
from gateway.markets.tr.parse import parse_package
from gateway.markets.tr.read import sniff
from gateway.markets.tr.transfers import CLIENT

#: "10 MB" of answer code 20009. Whether PTS counts 1,000,000 or 1,048,576 bytes to a megabyte is not public; the
#: smaller number is safe under both.
PACKAGE_BYTES: Final = Limit("package_bytes", 10_000_000, "bytes of the zip file", "PTS answer code 20009")


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """Compose the PTS packages of a document: one zip file, or several, for each dispatch note."""
    return compose_limited(document, context, PACKAGE_BYTES.value)


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one PTS package."""
    check_limited(data, findings, PACKAGE_BYTES.value)


PTS: Final = Message(
    key="tr-pts",
    grade="A-",
    schema=("tr", "pts", "1.3", "transfer.xsd"),
    title="Turkey: PTS package transfer 1.3 (one XML in a zip file)",
    suffix=".zip",
    media_type="application/zip",
    compose=compose,
    check=check,
    parse=parse_package,
    sniff=sniff,
    settings=(*settings.COMPOSING, *settings.PARSING),
    rules=(*rules.RULES, *hierarchy.RULES),
    loss_rules=rules.LOSS_RULES,
    limits=(PACKAGE_BYTES,),
    needs=settings.NEEDS,
    client=CLIENT,
)
