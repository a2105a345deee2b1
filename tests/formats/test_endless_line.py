"""A line of ten gigabytes: refused after as little as the limits allow, wherever it stands."""

from __future__ import annotations

import io

import pytest

from gateway.convert import Request, validate
from gateway.formats.base import Limits
from gateway.sources import Source

SIZE = 10 << 30
LIMIT = 1 << 20

XML = (
    b'<?xml version="1.0"?><e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"'
    b' creationDate="2026-05-01T10:00:00Z"><EPCISBody><EventList><ObjectEvent>'
)
JSON = (
    b'{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISDocument",'
    b'"schemaVersion":"2.0","creationDate":"2026-05-01T10:00:00Z","epcisBody":{"eventList":[{"type":"ObjectEvent",'
)


class Endless(io.RawIOBase):
    """A beginning, and then the same bytes over and over; the largest position read is remembered."""

    def __init__(self, head: bytes, fill: bytes, seen: list[int]) -> None:
        self._head, self._fill, self._seen = head, fill * (65536 // len(fill)), seen
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = (0, self._at, SIZE)[whence] + offset
        return self._at

    def readinto(self, target) -> int:
        data = self._head[self._at : self._at + len(target)] or self._fill[: len(target)]
        target[: len(data)] = data
        self._at += len(data)
        self._seen[0] = max(self._seen[0], self._at)
        return len(data)


@pytest.mark.parametrize(
    ("head", "fill", "code"),
    [
        (XML + b"<eventTime>", b"a", "EPCIS-XML-12"),
        (XML, b" ", "EPCIS-XML-12"),
        (XML + b"<", b"a", "EPCIS-XML-12"),
        (XML[:-1] + b' a="', b"a", "EPCIS-XML-12"),
        (XML + b"<!--", b"a", "EPCIS-XML-12"),
        (XML + b"<![CDATA[", b"]", "EPCIS-XML-12"),
        (XML, b"<a/>", "EPCIS-XML-12"),
        (XML, b"&lt;", "EPCIS-XML-12"),
        (JSON + b'"eventTime":"', b"a", "EPCIS-JSON-17"),
        (JSON + b'"eventTime":"', b'\\"', "EPCIS-JSON-17"),
        (JSON, b" ", "EPCIS-JSON-17"),
        (JSON + b'"v:a":', b"[", "EPCIS-JSON-17"),
        (JSON + b'"v:a":', b"1", "EPCIS-JSON-17"),
        (JSON + b'"v:a":1}],"y":"', b"a", "EPCIS-JSON-17"),
        (b'{"type":"EPCISDocument","x":"', b"a", "EPCIS-JSON-17"),
        (b'<?xml version="1.0"?>', b" ", "DETECT-01"),
        (b"", b"a", "DETECT-01"),
    ],
)
def test_a_line_without_end(head: bytes, fill: bytes, code: str) -> None:
    seen = [0]
    source = Source("x", opener=lambda: io.BufferedReader(Endless(head, fill, seen), 65536), length=SIZE)
    report = validate(Request(source, limits=Limits(event_bytes=LIMIT, unpacked_bytes=4 * LIMIT)))
    assert [finding.code for finding in report.findings] == [code]
    assert report.exit_code == (1 if code == "DETECT-01" else 6)
    assert seen[0] <= 4 * LIMIT


def test_very_many_elements_in_one_event_are_refused_before_they_fill_the_memory() -> None:
    seen = [0]
    source = Source("x", opener=lambda: io.BufferedReader(Endless(XML, b"<a/>", seen), 65536), length=SIZE)
    report = validate(Request(source, limits=Limits(epcs_per_event=1000)))
    assert [finding.code for finding in report.findings] == ["EPCIS-XML-12"]
    assert seen[0] < 5_000_000  # a million elements of four bytes
