"""EPCIS documents in gzip and zip files: found, read as if they came alone, and bounded."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from gateway.convert import Request, convert, validate
from gateway.findings import Severity
from gateway.formats.base import Limits
from gateway.sources import Source

EVENT = """<ObjectEvent><eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:9521321.012345.{}</epc></epcList><action>OBSERVE</action></ObjectEvent>
"""
HEAD = """<?xml version="1.0"?>
<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-05-01T10:00:00Z">
<EPCISBody><EventList>"""
XML = (HEAD + "".join(EVENT.format(n) for n in range(3000)) + "</EventList></EPCISBody></e:EPCISDocument>").encode()
JSON = json.dumps(
    {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T10:00:00Z",
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventTime": "2026-05-01T08:00:00Z",
                    "eventTimeZoneOffset": "+00:00",
                    "epcList": ["urn:epc:id:sgtin:9521321.012345.1"],
                    "action": "OBSERVE",
                }
            ]
        },
    }
).encode()


def gz(data: bytes) -> bytes:
    """The same bytes at any time: they name the tests."""
    return gzip.compress(data, mtime=0)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def told(data: bytes, name: str = "x.zip", *, from_: str = "", limits: Limits | None = None) -> list[tuple[str, str]]:
    report = validate(Request(Source.memory(data, name), from_=from_, limits=limits or Limits()))
    return [(f.code, f.message) for f in report.findings if f.severity is not Severity.INFO or "PACK" in f.code]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gz(XML), "batch.xml.gz"),
        (gz(XML), "batch"),
        (zipped(("batch.xml", XML)), "batch.zip"),
        (zipped(("../../etc/evil.xml", XML)), "batch.zip"),
        (zipped(("batch.xml", XML), method=zipfile.ZIP_STORED), "anything"),
        (zipped(("folder/", b""), ("folder/one.xml", XML), ("__MACOSX/._one.xml", b"x")), "batch.zip"),
        (gz(XML[:500_000]) + gz(XML[500_000:]), "batch.gz"),
    ],
)
@pytest.mark.parametrize("from_", ["", "epcis-1.2-xml"])
def test_a_packed_document_is_read_as_if_it_came_alone(data: bytes, name: str, from_: str, tmp_path: Path) -> None:
    seen: list[int] = []
    request = Request(Source.memory(data, name), to="epcis-2.0-json", from_=from_, progress=seen.append)
    report = convert(request, tmp_path)
    assert (report.failed, report.events, report.format_in) == (False, 3000, "epcis-1.2-xml")
    assert report.outputs[0].name in ("batch.jsonld", "anything.jsonld")
    assert seen[-1] <= len(data)
    assert told(data, name, from_=from_) == []


def test_json_too() -> None:
    for data in (gz(JSON), zipped(("a.jsonld", JSON))):
        report = validate(Request(Source.memory(data, "a.x")))
        assert (report.failed, report.events, report.format_in) == (False, 1, "epcis-2.0-json")


def test_other_files_beside_the_document_are_named_and_not_read() -> None:
    data = zipped(("readme.txt", b"hello"), ("one.xml", XML), ("more.bin", b"\0"))
    text = "beside the document one.xml the zip file holds 2 other files: readme.txt, more.bin"
    assert told(data) == [("PACK-06", text)]


def test_several_documents_are_named_and_none_is_read() -> None:
    data = zipped(*((f"{n}.xml", XML) for n in range(3)), ("d.jsonld", JSON))
    assert told(data) == [("PACK-02", "the zip file holds 4 documents: 0.xml, 1.xml, 2.xml, d.jsonld")]


@pytest.mark.parametrize(
    ("data", "from_", "code"),
    [
        (gz(XML)[:-20], "", "PACK-01"),
        (gz(XML)[:-5], "", "PACK-01"),
        (gz(XML)[:5], "", "PACK-01"),
        (gz(XML)[:5], "epcis-1.2-xml", "PACK-01"),
        (zipped(("a.xml", XML))[:-30], "", "PACK-01"),
        (zipped(("a.xml", XML))[:2000], "epcis-1.2-xml", "PACK-01"),
        (zipped(("a.xml", XML)).replace(zipped(("a.xml", XML))[500:510], b"0123456789"), "epcis-1.2-xml", "PACK-01"),
        (b"PK\x03\x04", "epcis-1.2-xml", "PACK-01"),
        (zipped(), "", "DETECT-01"),
        (zipped(), "epcis-1.2-xml", "PACK-03"),
        (zipped(("a.txt", b"a"), ("b.txt", b"b")), "", "DETECT-01"),
        (zipped(("a.txt", b"a"), ("b.txt", b"b")), "epcis-1.2-xml", "PACK-03"),
        (zipped(("a.txt", b"a")), "epcis-1.2-xml", "EPCIS-XML-01"),
        (gz(gz(XML)), "epcis-1.2-xml", "PACK-04"),
        (gz(zipped(("a.xml", XML))), "epcis-1.2-xml", "PACK-04"),
        (zipped(("a.zip", zipped(("a.xml", XML)))), "epcis-1.2-xml", "PACK-04"),
        (zipped(("a.zip", zipped(("a.xml", XML)))), "", "DETECT-01"),
        (zipped(("a.xml", XML), method=zipfile.ZIP_LZMA), "epcis-1.2-xml", "PACK-04"),
    ],
)
def test_wrong_archives(data: bytes, from_: str, code: str) -> None:
    assert [found for found, _ in told(data, from_=from_)] == [code]


def test_a_password_is_named() -> None:
    data = bytearray(zipped(("a.xml", XML)))
    data[6] |= 1  # the flag in the file's own head
    data[data.rfind(b"PK\x01\x02") + 8] |= 1  # and in the directory
    assert told(bytes(data), from_="epcis-1.2-xml")[0][0] == "PACK-04"


def test_bombs_are_refused_before_they_fill_anything() -> None:
    bomb = HEAD.encode() + b"<ObjectEvent>" + b" " * 20_000_000
    for data in (gz(bomb), zipped(("a.xml", bomb))):
        report = validate(Request(Source.memory(data, "a.zip")))
        assert ([f.code for f in report.findings], report.exit_code) == (["PACK-05"], 6)
    assert told(gz(XML), limits=Limits(unpacked_bytes=1000)) == [
        ("PACK-05", "the archive unpacks to more than 1,000 bytes")
    ]
    many = zipped(*((f"{n}.xml", b"") for n in range(1001)))
    assert told(many, from_="epcis-1.2-xml")[0][0] == "PACK-05"
    very_many = zipped(*((f"{n:0100}.xml", b"") for n in range(8000)))
    assert told(very_many, from_="epcis-1.2-xml")[0][0] == "PACK-05"


def test_workbooks_are_left_to_tables(fixtures: Path) -> None:
    book = fixtures / "mappings" / "acme-cmo" / "batch-tr.xlsx"
    assert told(book.read_bytes(), "batch.xlsx")[0][0] == "DETECT-01"  # no mapping was given; but no talk of archives


@pytest.mark.parametrize("sample", ["tracelink/assigned.xml", "rfxcel/get-messages.xml"])
def test_messages_of_vendors_may_be_packed(sample: str, fixtures: Path, tmp_path: Path) -> None:
    data = (fixtures / "formats" / sample).read_bytes()
    outputs = []
    for number, packed in enumerate((data, gz(data), zipped(("m.xml", data)))):
        out = tmp_path / str(number)
        out.mkdir()
        report = convert(Request(Source.memory(packed, "m.xml"), to="epcis-2.0-json", now="2026-05-01T10:00:00Z"), out)
        assert not report.failed, [str(finding) for finding in report.findings]
        outputs.append(Path(report.outputs[0].path).read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]


@pytest.mark.parametrize("data", [b"\x1f\x8b", b"\x1f\x8b\x08", gz(XML)[:11]])
def test_the_beginning_of_an_archive_is_a_damaged_one(data: bytes) -> None:
    assert [code for code, _ in told(data, "x.gz", from_="epcis-1.2-xml")] == ["PACK-01"]
