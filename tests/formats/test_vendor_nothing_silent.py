"""Whatever is put anywhere into a vendor's message is in the document, in a finding or in a loss afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.errors import InputError
from gateway.findings import Losses, LossMode
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.options import Options
from gateway.sources import Source
from tests.formats.tracelink_help import SHIPMENT

FOLDER = Path(__file__).parents[2] / "fixtures" / "formats"
XML = FORMATS.get("epcis-1.2-xml")
NEEDLE = "needle-4711"
MESSAGES = [
    ("tracelink-snx", "tracelink/assigned.xml", {}),
    ("tracelink-snx", "tracelink/updated-decommissioned.xml", {}),
    ("tracelink-snx", "tracelink/disaggregated.xml", {}),
    ("tracelink-snx", "tracelink/shipment.xml", SHIPMENT),
    ("rfxcel", "rfxcel/get-messages.xml", {}),
]
CREDENTIALS = ("Security", "UsernameToken", "Username", "Password", "Header")
TRANSPORT = ("Envelope", "Body")


def variants(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The message with an unknown child, an attribute, or text in or behind it, at every element."""
    count = sum(1 for _ in etree.fromstring(data).iter(etree.Element))
    for at in range(count):
        for kind in ("child", "attribute", "text", "tail"):
            root = etree.fromstring(data)
            node = list(root.iter(etree.Element))[at]
            name = etree.QName(node).localname
            if any("EPCISDocument" in str(above.tag) for above in (node, *node.iterancestors())) or (
                not at and kind == "tail"
            ):
                continue  # what is inside is a matter of EPCIS XML
            if kind == "child":
                etree.SubElement(node, "{urn:tracelink:mapper:sl:commontypes}Novel").text = NEEDLE
            elif kind == "attribute":
                node.set("novel", NEEDLE)
            elif kind == "text":
                node.text = NEEDLE + (node.text or "")
            else:
                node.tail = NEEDLE + (node.tail or "")
            yield f"{kind} of {name} {at}", etree.tostring(root)


def account(key: str, data: bytes, values: dict[str, str]) -> str:
    """All that a reader says about a message, in one text."""
    format_ = FORMATS.get(key)
    told: list[str] = []
    losses = Losses(LossMode.CARRY, lambda loss: told.append(loss.value))
    context = Context(options=Options.check(values, format_.settings), losses=losses)
    try:
        document = format_.read(Source.memory(data), context)
        document.events = list(document.events)
    except InputError as error:
        return str(error.finding.as_dict())
    if context.findings.errors:
        return NEEDLE  # refused, with a reason
    told += [str(finding.as_dict()) for finding in context.findings]
    out = Context(options=Options.check({"creation-date": "2026-01-01T00:00:00Z"}, XML.settings), losses=losses)
    told.append(b"".join(XML.write(document, out)).decode())
    return "\n".join(told)


@pytest.mark.parametrize(("key", "name", "values"), MESSAGES, ids=[name for _, name, _ in MESSAGES])
def test_nothing_is_passed_over(key: str, name: str, values: dict[str, str]) -> None:
    data = (FOLDER / name).read_bytes()
    tried, silent = 0, []
    for what, changed in variants(data):
        local = what.split()[2]
        if local in CREDENTIALS or (local in TRANSPORT and key == "rfxcel"):
            continue  # of the SOAP envelope itself nothing is kept, so that no password is
        tried += 1
        if NEEDLE not in account(key, changed, values):
            silent.append(what)
    assert tried > 30
    assert silent == [], "\n".join(silent)
