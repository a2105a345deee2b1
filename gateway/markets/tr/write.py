"""Writes a transfer as XML and packs it into zip files that PTS takes. The same transfer gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.findings import Findings
from gateway.formats.epcis_xml.escape import attribute, repeated, text
from gateway.markets.base import Submission
from gateway.markets.kit.split import by_size
from gateway.markets.tr import rules
from gateway.markets.tr.model import Carrier, ProductList, Transfer

#: The first time that a zip file can tell. Real times would make equal content unequal.
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_ZIP_MADE_ON_UNIX: Final = 3
_ZIP_PLAIN_FILE: Final = 0o100644 << 16
_ZIP_LEVEL: Final = 6
_NAME_LENGTH: Final = 40
_HASH_LENGTH: Final = 12

_Written = tuple[str, Carrier]


def transfer_xml(transfer: Transfer, carriers: list[str] | None = None) -> bytes:
    """The XML of a transfer.

    Args:
        transfer: what to write.
        carriers: its outermost carriers as text already, or some of them.
    """
    elements = (
        ("sourceGLN", transfer.source),
        ("destinationGLN", transfer.destination),
        ("actionType", transfer.action),
        ("shipTo", transfer.ship_to),
        ("documentNumber", transfer.number),
        ("documentDate", transfer.date),
        ("note", transfer.note),
        ("version", transfer.version),
    )
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<transfer>"]
    lines += [f"<{name}>{text(value)}</{name}>" for name, value in elements if value]
    lines += [carrier_xml(carrier) for carrier in transfer.carriers] if carriers is None else carriers
    lines.append("</transfer>\n")
    return "\n".join(lines).encode()


def carrier_xml(carrier: Carrier) -> str:
    """The XML of a carrier with all that is in it, one line for each carrier's begin and end and product list."""
    kind = f' containerType="{attribute(carrier.container)}"' if carrier.container else ""
    lines = [f'<carrier carrierLabel="{attribute(carrier.label)}"{kind}>']
    lines += [
        _product_list_xml(entry) if isinstance(entry, ProductList) else carrier_xml(entry) for entry in carrier.entries
    ]
    lines.append("</carrier>")
    return "\n".join(lines)


def _product_list_xml(products: ProductList) -> str:
    pairs = (
        ("GTIN", products.gtin),
        ("lotNumber", products.lot),
        ("productionDate", products.production),
        ("expirationDate", products.expiry),
        ("PONumber", products.order),
    )
    attributes = "".join(f' {name}="{attribute(value)}"' for name, value in pairs if value)
    return f"<productList{attributes}>{repeated('serialNumber', products.serials)}</productList>"


def package_bytes(xml: bytes, name: str) -> bytes:
    """A zip file that holds one XML file, the same bytes for the same content."""
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _ZIP_MADE_ON_UNIX
    entry.external_attr = _ZIP_PLAIN_FILE
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(entry, xml, compresslevel=_ZIP_LEVEL)
    return out.getvalue()


def pack_transfer(transfer: Transfer, limit: int, findings: Findings) -> Iterator[Submission]:
    """The packages of a transfer: one, or several with the same head when one would be over `limit` bytes.

    Carriers that are too large alone are reported, and nothing comes out.
    """
    written = [(carrier_xml(carrier), carrier) for carrier in transfer.carriers]

    def build(part: Sequence[_Written]) -> bytes:
        xml = _xml_of(transfer, part)
        return package_bytes(xml, f"{_name(transfer, xml)}.xml")

    packages = list(by_size(written, limit, build, lambda item: len(item[0])))
    too_large = False
    for data, part in packages:
        if len(data) > limit:
            too_large = True
            message = f"the package with {part[0][1].label} alone is {len(data)} bytes, allowed are {limit}"
            findings.report(rules.SIZE, message, value=len(data), expected=f"at most {limit} bytes")
    if not too_large:
        for data, part in packages:
            name = f"{_name(transfer, _xml_of(transfer, part))}.zip"
            yield Submission(name, data, sum(carrier.packs() for _, carrier in part))


def _xml_of(transfer: Transfer, part: Sequence[_Written]) -> bytes:
    return transfer_xml(transfer, [text for text, _ in part])


def _name(transfer: Transfer, xml: bytes) -> str:
    """A safe name that tells sender, receiver and dispatch note, and differs when the content does."""
    words = [transfer.source, transfer.destination, re.sub("[^A-Za-z0-9-]+", "_", transfer.number)[:_NAME_LENGTH]]
    digest = hashlib.sha256(xml).hexdigest()[:_HASH_LENGTH]
    return "-".join(["pts", *(word for word in words if word), digest])
