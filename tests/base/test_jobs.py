"""Several processes give the bytes that one gives; what cannot be cut safely is converted as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import convert, jobs
from gateway.convert import Request
from gateway.findings import LossMode
from gateway.formats import FORMATS
from gateway.formats.base import Limits, Unsplittable
from gateway.sources import Source

NOW = "2026-11-22T00:00:00Z"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:v="http://ns.vendor.example/" schemaVersion="1.2"
 creationDate="2026-01-01T00:00:00Z"><EPCISBody><EventList>
"""
TAIL = "</EventList></EPCISBody></epcis:EPCISDocument>\n"
EVENT = """<ObjectEvent><eventTime>2026-05-01T08:{minute:02}:00Z</eventTime>
<eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:9521321.012345.{number}</epc></epcList><action>ADD</action>
<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>{more}</ObjectEvent>
"""


def document(events: int = 40, **more: str) -> bytes:
    """Events, some of them with other content: ``e7="<v:x/>"``."""
    listed = (EVENT.format(minute=n % 60, number=n, more=more.get(f"e{n}", "")) for n in range(events))
    return (HEAD + "".join(listed) + TAIL).encode()


def run(data: bytes, to: str, out: Path, processes: int, **values: str):
    out.mkdir()
    loss = LossMode(values.pop("loss", "carry"))
    request = Request(Source.memory(data, "batch.xml"), to=to, now=NOW, values=values, loss=loss)
    if processes == 1:
        return convert.convert(request, out)
    return jobs.convert(request, out, processes, smallest=0, piece=3000)


def both(data: bytes, to: str, tmp_path: Path, **values: str):
    """The report of several processes, after comparing it and the bytes with those of one."""
    one, several = (run(data, to, tmp_path / name, count, **values) for name, count in (("one", 1), ("several", 2)))
    assert [(o.name, o.sha256, o.bytes) for o in several.outputs] == [(o.name, o.sha256, o.bytes) for o in one.outputs]
    for output in several.outputs:
        assert Path(output.path).read_bytes() == (tmp_path / "one" / output.name).read_bytes()
    left, right = several.as_dict(), one.as_dict()
    for report in (left, right):
        for output in report["outputs"]:
            del output["path"]
    assert left == right
    assert several.exit_code == one.exit_code
    assert [path.name for path in (tmp_path / "several").iterdir()] == [output.name for output in several.outputs]
    return several


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of events of the conversions that were done in pieces, not as a whole."""
    done: list[int] = []
    real = jobs._together

    def watched(*arguments):
        report = real(*arguments)
        done.append(report.events)
        return report

    monkeypatch.setattr(jobs, "_together", watched)
    return done


@pytest.mark.parametrize("layout", ["compact", "pretty"])
@pytest.mark.parametrize("to", ["epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json"])
def test_the_bytes_are_those_of_one_process(to: str, layout: str, tmp_path: Path, together: list[int]) -> None:
    report = both(document(), to, tmp_path, layout=layout)
    assert report.events == 40
    assert together == [40]


@pytest.mark.parametrize("to", ["epcis-1.2-xml", "epcis-2.0-json"])
def test_json_is_cut_too(to: str, tmp_path: Path, together: list[int]) -> None:
    run(document(), "epcis-2.0-json", tmp_path / "json", 1)
    data = (tmp_path / "json" / "batch.jsonld").read_bytes()
    both(data, to, tmp_path)
    assert together == [40]


def test_prefixes_that_only_some_events_use(tmp_path: Path, together: list[int]) -> None:
    """A writer declares those of the first event at the root, others where they are used."""
    with_lot = "<extension><ilmd><m:lotNumber xmlns:m='urn:epcglobal:cbv:mda'>L1</m:lotNumber></ilmd></extension>"
    some = {f"e{number}": with_lot for number in (0, 1, 2, 20, 39)}
    run(document(**some), "epcis-2.0-json", tmp_path / "json", 1)
    data = (tmp_path / "json" / "batch.jsonld").read_bytes()
    for number, source in enumerate((document(**some), data, document(e20=with_lot))):
        folder = tmp_path / str(number)
        folder.mkdir()
        both(source, "epcis-1.2-xml", folder)
    assert together == [40, 40, 40]


HIDDEN = {
    "comment": {"e3": "<!-- </ObjectEvent> -->"},
    "section": {"e3": "<v:x><![CDATA[</ObjectEvent>]]></v:x>"},
    "instruction": {"e3": "<?x </ObjectEvent>?>"},
    "finding": {"e30": "<disposition>urn:epcglobal:cbv:disp:actve</disposition>"},
    "loss": {"e30": "<extension><extension><local>1</local></extension></extension>"},
    "nested": {"e5": "<v:x>" + "<ObjectEvent>a</ObjectEvent>" * 200 + "</v:x>"},
    "broken": {"e30": "<v:x>"},
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_cannot_be_cut_safely_is_converted_as_a_whole(kind: str, tmp_path: Path, together: list[int]) -> None:
    both(document(**HIDDEN[kind]), "epcis-2.0-json", tmp_path)
    assert together == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        HEAD.encode(),
        document().decode().encode("utf-16"),
        b"{}",
        b'{"epcisBody":{"eventList":[{"a":1',
        TAIL.encode(),
    ],
)
def test_no_document_is_not_cut(data: bytes, tmp_path: Path) -> None:
    both(data, "epcis-2.0-xml", tmp_path)


def test_what_stands_among_events_is_kept_as_often_as_it_is_there(tmp_path: Path) -> None:
    text = document().decode()
    among = "<v:s xmlns:v='http://ns.vendor.example/'>1</v:s>"
    parts = text.split("</ObjectEvent>\n")
    for number in (3, 13, 23, 33):
        parts[number] = f"<extension><extension>{among}</extension></extension>" + parts[number]
    data = "</ObjectEvent>\n".join(parts)
    report = both(data.encode(), "epcis-1.2-xml", tmp_path)
    assert Path(report.outputs[0].path).read_bytes().count(b">1</v:s>") == 4


def test_limits_and_what_is_to_say_of_a_file_hold(tmp_path: Path) -> None:
    run(document(), "epcis-2.0-json", tmp_path / "json", 1)
    data = (tmp_path / "json" / "batch.jsonld").read_bytes()
    (tmp_path / "mark").mkdir()
    report = both(b"\xef\xbb\xbf" + data, "epcis-2.0-xml", tmp_path / "mark")
    assert [finding.code for finding in report.findings] == ["EPCIS-JSON-03"]
    small = tmp_path / "small"
    small.mkdir()
    request = Request(Source.memory(data, "a"), to="epcis-2.0-xml", now=NOW, limits=Limits(input_bytes=5000))
    found = jobs.convert(request, small, 2, smallest=0, piece=3000)
    assert [finding.code for finding in found.findings] == ["LIMIT-01"]
    assert list(small.iterdir()) == []


@pytest.mark.parametrize("key", ["epcis-1.2-xml", "epcis-2.0-json"])
def test_the_pieces_hold_every_event_once(key: str, tmp_path: Path) -> None:
    data = document(100)
    if key == "epcis-2.0-json":
        run(data, key, tmp_path / "json", 1)
        data = (tmp_path / "json" / "batch.jsonld").read_bytes()
    split = FORMATS.get(key).split
    assert split is not None
    pieces = [source.open().read() for source in split(Source.memory(data), Limits(), 3000)]
    assert len(pieces) > 3
    for number in range(1, 100):
        epc = f"sgtin:9521321.012345.{number}".encode()
        found = sum(piece.count(epc + end) for piece in pieces for end in (b"<", b'"'))
        assert found == 1


def test_a_cut_file_is_not_split() -> None:
    split = FORMATS.get("epcis-1.2-xml").split
    assert split is not None
    with pytest.raises(Unsplittable):
        list(split(Source.memory(document()[:-60]), Limits(), 3000))
