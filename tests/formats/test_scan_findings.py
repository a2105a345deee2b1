"""What cannot be proven on a page is named with page and place, shown in a picture, and never part of an event."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.formats.scan import proof
from gateway.formats.scan.page import Box
from gateway.formats.scan.symbols import Seen, Symbol
from gateway.formats.table.spec import ObjectSpec, Step
from gateway.gs1 import Gs1Error
from tests.formats import scan_pages as draw
from tests.formats.scan_read import mapping, read

SSCC, OTHER = "395213210000000019", "395213210000000026"
NUMBERS = draw.serials(4)
SMALL = (210, 100)


def sheet(*, label: bool = True, numbers: list[str] = NUMBERS) -> draw.Paper:
    paper = draw.Paper(SMALL)
    if label:
        paper.code(f"(00){SSCC}", 14, 8, kind=draw.CODE128, module=0.4)
    draw.grid(paper, numbers)
    return paper


def fax(*papers: draw.Paper) -> bytes:
    return draw.tiff([draw.faxed(paper) for paper in papers])


def where(finding: object) -> str:
    return finding.where.path  # type: ignore[attr-defined]


def test_a_page_gives_its_box_and_packs(tmp_path: Path) -> None:
    got = read(fax(sheet()), tmp_path)
    assert got.codes == []
    packs, box, packed = json.loads(got.text)["epcisBody"]["eventList"]
    assert packs["epcList"] == [f"urn:epc:id:sgtin:9521321.000001.{serial}" for serial in NUMBERS]
    assert packs["ilmd"] == {"cbvmda:lotNumber": "LX2611", "cbvmda:itemExpirationDate": "2028-01-31"}
    assert box["epcList"] == [packed["parentID"]] == ["urn:epc:id:sscc:9521321.3000000001"]
    assert got.report.format_in == "scan"


def test_a_code_without_its_mark_is_named_at_its_place_with_a_picture(tmp_path: Path) -> None:
    wrong = draw.Paper(SMALL)
    wrong.code("\x1d00395213210000000019", 100, 70, gs1=False)
    got = read(fax(wrong), tmp_path)
    assert where(got.finding("SCAN-CODE-02")) == "page 1, 104 x 74 mm"
    picture = Image.open(io.BytesIO(got.pictures["page-1-104x74.png"]))
    assert picture.width == pytest.approx(25 / 25.4 * 204, abs=12)
    assert got.text == ""


def test_wrong_gs1_data_is_an_error_of_gs1() -> None:
    box = Box(0, 0, 10, 10)
    for text, code in (("00395213210000000018", "GS1-SSCC-02"), ("0109521321000018219", None), ("99", "GS1-ES")):
        symbol = Symbol("datamatrix", "]d2", text, box)
        if code is None:
            assert proof.elements(symbol)
            continue
        with pytest.raises(Gs1Error) as caught:
            proof.elements(symbol)
        assert caught.value.rule.code.startswith(code)


def test_codes_that_are_not_gs1_are_reported(tmp_path: Path) -> None:
    paper = sheet()
    paper.code("https://example.com/", 100, 65, kind=draw.QR, module=0.8, gs1=False)
    paper.code("01" + draw.GTIN + "21ABC", 150, 65, gs1=False)
    got = read(fax(paper), tmp_path)
    assert sorted(got.codes) == ["SCAN-CODE-01", "SCAN-CODE-02"]
    assert got.finding("SCAN-CODE-01").severity == "warning"
    assert got.finding("SCAN-CODE-02").value == "01" + draw.GTIN + "21ABC"
    assert len(got.pictures) == 2


def test_a_smeared_code_stops_the_file_and_is_shown(tmp_path: Path) -> None:
    paper = sheet()
    paper.rectangle(55, 32, 6, 6)
    got = read(fax(paper), tmp_path)
    assert got.codes == ["SCAN-CODE-04"]
    assert list(got.pictures) == ["page-1-58x36.png"]
    assert got.finding("SCAN-CODE-04").hint.endswith("(Picture: page-1-58x36.png)")


def test_two_readings_of_one_place_are_no_reading() -> None:
    seen = Seen()
    box = Box(10, 10, 60, 14)
    readings = [("00A", box)] * 3 + [("00B", Box(11, 16, 61, 17))] + [("00C", Box(10, 90, 60, 91))] * 2
    readings += [("00D", Box(10, 150 + line, 60, 151 + line)) for line in (0, 7, 14)]
    for look, (text, at) in enumerate(readings):
        seen.add(Symbol("gs1-128", "]C1", text, at), look)
    seen.add(Symbol("datamatrix", "]d2", "X", Box(100, 100, 110, 110)), 0)
    seen.settle()
    assert [symbol.text for symbol in seen.symbols] == ["00D", "X"]
    assert [contents for _, contents in seen.disagreeing] == [["]C100A", "]C100B"]]
    # Bars that two looks read, whose pictures are much alike, prove nothing.
    assert [name for _, name in seen.unread] == ["gs1-128"]


def test_the_same_code_at_two_places_is_a_duplicate(tmp_path: Path) -> None:
    got = read(fax(sheet(numbers=[*NUMBERS, NUMBERS[1]])), tmp_path)
    finding = got.report.findings.kept[-1]
    assert finding.code == "TABLE-DUP-01"
    assert where(finding) == "page 1, 172 x 36 mm"
    assert "page 1, 58 x 36 mm" in finding.message
    assert got.text == ""


def test_a_page_without_label_or_with_two(tmp_path: Path) -> None:
    assert read(fax(sheet(label=False)), tmp_path).codes == ["SCAN-LABEL-01"]
    paper = sheet()
    paper.code(f"(00){OTHER}", 110, 8, kind=draw.CODE128, module=0.4)
    got = read(fax(paper), tmp_path)
    assert got.codes == ["SCAN-LABEL-01"]
    assert SSCC in got.finding("SCAN-LABEL-01").message


def test_a_label_is_held_against_its_contents(tmp_path: Path) -> None:
    paper = sheet()
    paper.code(f"(02){draw.GTIN}(37)4(10)LX2611", 104, 8, kind=draw.CODE128, module=0.4)
    assert read(fax(paper), tmp_path).codes == []
    paper = sheet()
    paper.code(f"(02){draw.GTIN}(37)5(10)LX2612", 104, 8, kind=draw.CODE128, module=0.4)
    got = read(fax(paper), tmp_path)
    assert got.codes == ["SCAN-LABEL-02"] * 2
    assert {finding.expected for finding in got.report.findings} == {"LX2611", "4"}


def test_a_code_that_is_neither_content_nor_label_is_reported(tmp_path: Path) -> None:
    paper = sheet()
    paper.code(f"(01){draw.GTIN}(10)LX2611", 104, 65, kind=draw.CODE128, module=0.4)
    got = read(fax(paper), tmp_path)
    assert got.codes == ["SCAN-CODE-05"]
    assert got.text


def test_a_value_that_the_mapping_does_not_name_is_reported_once(tmp_path: Path) -> None:
    paper = sheet(numbers=[])
    for index in range(3):
        paper.code(f"(01){draw.GTIN}(17)280131(240)REF{index}(10)LX2611(21)N{index}", 20 + 40 * index, 40)
    got = read(fax(paper), tmp_path)
    assert got.codes == ["SCAN-AI-01"]
    assert "AI(240)" in got.finding("SCAN-AI-01").message
    assert read(fax(paper), tmp_path, mapping(ignore=("AI(240)",))).codes == []


def test_the_number_of_codes_may_be_fixed(tmp_path: Path) -> None:
    assert read(fax(sheet()), tmp_path, mapping(expect=4)).codes == []
    got = read(fax(sheet(), sheet(numbers=["A1", "A2", "A3"])), tmp_path, mapping(expect=4))
    finding = got.finding("SCAN-COUNT-01")
    assert (where(finding), finding.value, finding.expected) == ("page 2", "3", "4")
    assert "page-2.png" in got.pictures


def test_pages_without_codes_go_to_a_person_unless_they_are_covers_or_blank(tmp_path: Path) -> None:
    cover = draw.Paper(SMALL)
    cover.text("Fax to the brand owner: 3 pages follow", 20, 30, 5)
    blank = draw.Paper(SMALL)
    got = read(fax(cover, sheet(), blank), tmp_path)
    assert got.codes == ["SCAN-PAGE-01", "SCAN-PAGE-02"]
    assert where(got.finding("SCAN-PAGE-01")) == "page 1"
    assert Image.open(io.BytesIO(got.pictures["page-1.png"])).width > 1000
    got = read(fax(cover, sheet(), blank), tmp_path, mapping(covers=1))
    assert got.codes == ["SCAN-PAGE-02"]
    assert got.text


def test_a_black_page_is_not_blank(tmp_path: Path) -> None:
    black = draw.Paper(SMALL)
    black.rectangle(0, 0, *SMALL)
    assert read(fax(sheet(), black), tmp_path).codes == ["SCAN-PAGE-01"]


@pytest.mark.parametrize("expect", [0, 4])
def test_faint_writing_is_not_nothing_and_specks_are_no_writing(expect: int, tmp_path: Path) -> None:
    pages = []
    for grey in (255, 170):
        paper = draw.Paper(SMALL)
        paper.draw.text((400, 400), "Box 7", fill=grey, font=draw.ImageFont.load_default(100))
        pages.append(draw.scanned(paper, (200, 200), noise=20))
    data = draw.tiff([*pages, draw.faxed(sheet(), (200, 200)).convert("L")], (200, 200), "tiff_lzw")
    wrong = "SCAN-COUNT-01" if expect else "SCAN-PAGE-01"
    assert read(data, tmp_path, mapping(expect=expect)).codes == ["SCAN-PAGE-02", wrong]


def test_a_page_with_a_foreign_code_only_goes_to_a_person(tmp_path: Path) -> None:
    letter = draw.Paper(SMALL)
    letter.code("https://example.com/", 100, 40, kind=draw.QR, module=0.8, gs1=False)
    assert read(fax(sheet(), letter), tmp_path).codes == ["SCAN-CODE-01", "SCAN-PAGE-01"]


def test_without_a_label_on_the_page_each_code_is_a_row_of_its_own(tmp_path: Path) -> None:
    shipped = mapping(inside="")
    table = shipped.spec.table.model_copy(update={"fill_down": ["case"]})
    fields = {**shipped.spec.fields, "case": shipped.spec.fields["case"].model_copy(update={"required": True})}
    spec = shipped.spec.model_copy(update={"table": table, "fields": fields})
    paper = sheet()
    paper.code(f"(00){OTHER}", 14, 55, kind=draw.CODE128, module=0.4)
    draw.grid(paper, ["B1", "B2"], top=75)
    got = read(fax(paper), tmp_path, type(shipped)(spec, shipped.origin))
    assert got.codes == []
    packed = [event for event in json.loads(got.text)["epcisBody"]["eventList"] if event["type"] == "AggregationEvent"]
    assert [len(event["childEPCs"]) for event in packed] == [4, 2]


def test_a_mapping_may_take_the_whole_code(tmp_path: Path) -> None:
    shipped = mapping(inside="")
    fields = dict(shipped.spec.fields)
    code = fields["gtin"].model_copy(update={"column": ["raw"], "transform": "sgtin"})
    lot = fields["lot"].model_copy(update={"column": ["raw"], "steps": [Step(element="10")]})
    kept = {"code": code, "lot": lot, "packed": fields["packed"]}
    event = shipped.spec.events[0].model_copy(update={"ilmd": {"lotNumber": "lot"}, "group": []})
    spec = shipped.spec.model_copy(
        update={"fields": kept, "objects": {"pack": ObjectSpec(epc="code")}, "events": [event]}
    )
    paper = sheet(label=False, numbers=["A1", "A2"])
    paper.code(f"https://id.gs1.org/01/{draw.GTIN}/10/LX2611/21/A3", 120, 30, kind=draw.QR, module=0.7, gs1=False)
    got = read(fax(paper), tmp_path, type(shipped)(spec, shipped.origin))
    assert got.codes == ["SCAN-AI-01"]
    assert "AI(17)" in got.finding("SCAN-AI-01").message
    (made,) = json.loads(got.text)["epcisBody"]["eventList"]
    assert [epc[-2:] for epc in made["epcList"]] == ["A1", "A2", "A3"]
    assert made["ilmd"] == {"cbvmda:lotNumber": "LX2611"}


def test_nobody_keeps_pictures_then_the_hint_says_how(tmp_path: Path) -> None:
    from gateway.formats.base import Context
    from gateway.formats.scan import rules
    from gateway.formats.scan.page import Page
    from gateway.formats.scan.pictures import Pictures

    context = Context()
    page = Page(1, draw.scanned(draw.Paper((20, 20))), (300, 300))
    Pictures("x.tif", context).report(rules.NO_CODES, "nothing", page)
    assert "--report" in next(iter(context.findings)).hint


def test_pictures_are_bounded() -> None:
    from gateway.formats.base import Context
    from gateway.formats.scan import rules
    from gateway.formats.scan.page import Page
    from gateway.formats.scan.pictures import Pictures

    kept: dict[str, bytes] = {}
    context = Context(attachments=kept.__setitem__)
    page = Page(1, draw.scanned(draw.Paper((20, 20))), (300, 300))
    pictures = Pictures("x.tif", context)
    for index in range(300):
        pictures.report(rules.UNREAD, "x", page, Box(index, 0, index + 4, 4))
    assert len(kept) == 200
    assert len(context.findings) == 300


@given(st.sampled_from(["]d2", "]C1", "]Q1", "]d1", "]Q3"]), st.text(max_size=40))
def test_any_content_is_proved_or_refused(identifier: str, text: str) -> None:
    symbol = Symbol("datamatrix", identifier, text, Box(0, 0, 1, 1))
    try:
        found = proof.elements(symbol)
    except Gs1Error:
        return
    assert found is None or all(element.ai.isdigit() for element in found)
    assert proof.looks_like_gs1(symbol) in {True, False}
