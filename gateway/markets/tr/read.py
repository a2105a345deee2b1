"""Reads a PTS package or a bare transfer XML safely, and turns the XML into a `Transfer`."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any, Final

from lxml import etree

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Findings, Where
from gateway.formats.base import Claim, Limits
from gateway.markets.tr import rules
from gateway.markets.tr.codes import ACTION_SPELLINGS, ACTION_TYPES, CONTAINER_SPELLINGS, CONTAINER_TYPES
from gateway.markets.tr.model import Carrier, ProductList, Transfer

ZIP_MAGIC: Final = b"PK\x03\x04"
#: A package of 10 MB holds some hundred MB of XML at most; more is no transfer.
UNPACKED: Final = 512 << 20
_RATIO_FROM: Final = 10_000_000  # as Limits.ratio says
_HEAD: Final = 4096
_ZIP_NAME_LENGTH, _ZIP_EXTRA_LENGTH, _ZIP_FIXED = slice(26, 28), slice(28, 30), 30


def sniff(head: bytes, name: str) -> Claim | None:  # noqa: ARG001 - the signature of all sniffers
    """Claim transfers: XML whose first element is ``transfer``, and zip files whose first file is such XML."""
    if head.startswith(ZIP_MAGIC):
        at = _ZIP_FIXED + int.from_bytes(head[_ZIP_NAME_LENGTH], "little")
        at += int.from_bytes(head[_ZIP_EXTRA_LENGTH], "little")
        try:
            inside = zlib.decompressobj(-zlib.MAX_WBITS).decompress(head[at:], _HEAD)
        except zlib.error:
            return None
        return Claim(95, "zip file with a PTS transfer") if _looks_right(inside) else None
    return Claim(95, "PTS transfer XML") if _looks_right(head[:_HEAD]) else None


def _looks_right(head: bytes) -> bool:
    return b"<transfer" in head and b"<sourceGLN" in head


def unzip(data: bytes, limits: Limits) -> bytes:
    """The single XML file of a package; bytes that are no zip file come back as they are.

    Raises:
        InputError: TR-PTS-02, it is not a zip file with exactly one plain XML file.
        LimitExceeded: TR-PTS-30, it unpacks to too much.
    """
    if not data.startswith(b"PK"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if len(entries) != 1 or entries[0].is_dir():
                names = ", ".join(entry.filename for entry in entries[:5])
                message = f"the zip file holds {len(entries)} files"
                raise _not_a_package(message, names)
            if not entries[0].filename.lower().endswith(".xml"):
                message = "the file in the zip file is not called .xml"
                raise _not_a_package(message, entries[0].filename)
            if entries[0].flag_bits & 1:
                message = "the file in the zip file has a password"
                raise _not_a_package(message, entries[0].filename)
            return _unpack(package, entries[0], limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        message = f"the zip file cannot be read: {error}"
        raise _not_a_package(message, "") from error


def _unpack(package: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> bytes:
    # What the directory of the zip file says about sizes is not trusted: the bytes are counted.
    most = min(limits.unpacked_bytes, UNPACKED)
    most = min(most, max(_RATIO_FROM, entry.compress_size * limits.ratio))
    with package.open(entry) as stream:
        xml = stream.read(most + 1)
    if len(xml) > most:
        message = f"the package unpacks to more than {most} bytes"
        raise LimitExceeded(Finding.of(rules.UNPACKED, message, value=entry.compress_size, expected=f"at most {most}"))
    return xml


def _not_a_package(message: str, value: str) -> InputError:
    return InputError(Finding.of(rules.FILE, message, value=value, expected="one XML file in a zip file"))


def parse_xml(xml: bytes) -> etree._Element:
    """The root of a transfer XML, read without entities, DTD and network.

    Raises:
        InputError: TR-PTS-01 it is not well-formed; TR-PTS-26 it has a DOCTYPE.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        message = f"the XML is not well-formed: {error.msg}"
        raise InputError(Finding.of(rules.SCHEMA, message, where=Where(line=error.lineno or 0))) from error
    if root.getroottree().docinfo.internalDTD is not None:
        message = "the XML has a document type declaration"
        raise InputError(Finding.of(rules.DOCTYPE, message))
    return root


def read_transfer(root: etree._Element, findings: Findings) -> Transfer:
    """The values of a transfer. Absent ones are empty text: the schema check has told of them.

    Codes that some clients spell otherwise become the code, with a finding.
    """

    def text(name: str) -> str:
        return (root.findtext(name) or "").strip()

    transfer = Transfer(
        source=text("sourceGLN"),
        destination=text("destinationGLN"),
        action=text("actionType"),
        ship_to=text("shipTo"),
        number=text("documentNumber"),
        date=text("documentDate"),
        note=root.findtext("note") or "",
        version=text("version"),
    )
    code = ACTION_SPELLINGS.get(transfer.action.upper())
    if code is not None or transfer.action not in ACTION_TYPES:
        _report(findings, "actionType", transfer.action, code, ", ".join(ACTION_TYPES))
    transfer.action = code or transfer.action
    transfer.carriers = [_carrier(child, findings) for child in root.iterchildren("carrier")]
    return transfer


def _carrier(node: etree._Element, findings: Findings) -> Carrier:
    # libxml2 refuses more than 256 levels, so that this recursion is bounded.
    container = node.get("containerType", "")
    line: Any = node.sourceline  # the stubs have no type for it
    code = CONTAINER_SPELLINGS.get(container.upper())
    if code is not None or (container and container not in CONTAINER_TYPES):
        _report(findings, "containerType", container, code, ", ".join(CONTAINER_TYPES), line)
    carrier = Carrier(node.get("carrierLabel", ""), code or container)
    for child in node.iterchildren("carrier", "productList"):
        carrier.entries.append(_carrier(child, findings) if child.tag == "carrier" else _products(child))
    return carrier


def _products(node: etree._Element) -> ProductList:
    return ProductList(
        gtin=node.get("GTIN", ""),
        lot=node.get("lotNumber", ""),
        expiry=node.get("expirationDate", ""),
        production=node.get("productionDate", ""),
        order=node.get("PONumber", ""),
        serials=[child.text or "" for child in node.iterchildren("serialNumber")],
    )


def _report(findings: Findings, name: str, value: str, code: str | None, expected: str, line: int = 0) -> None:
    rule = rules.ACTION if name == "actionType" else rules.CONTAINER
    message = f"{name} is {value!r}" + (f", read as {code!r}" if code else "")
    findings.report(rule, message, where=Where(line=line, path=name), value=value, expected=expected)
