"""The text layer of printed PDFs is a table by where its words stand; text guessed from a picture is not read."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.formats.base import Limits
from gateway.formats.scan.page import Box, Page, Word, in_reading_order
from gateway.formats.scan.pages import pages
from gateway.formats.scan.text_table import TextTable
from gateway.sources import Source
from tests.formats import scan_pages as draw
from tests.formats.make_scans import printed
from tests.formats.scan_read import mapping, read

PDF_TEXT = "styles/pdf-text"


def words(data: bytes) -> list[Page]:
    return list(pages(Source.memory(data, "x.pdf"), Limits(), dpi=100, text=True))


def rows(data: bytes) -> list[list[str]]:
    table = TextTable()
    return [row for page in words(data) for row in table.rows(page)]


def test_words_have_their_places() -> None:
    (page,) = words(draw.text_pdf([[(30, 50, "Box SSCC"), (120, 50, "Serial")]]))
    assert [word.text for word in page.words] == ["Box", "SSCC", "Serial"]
    assert [round(word.box.left) for word in page.words] == [30, 36, 120]
    assert all(word.box.top < 50 <= word.box.bottom + 1 for word in page.words)
    assert page.image is None


@pytest.mark.parametrize(("rotate", "place"), [(0, (30, 50)), (90, (247, 30)), (180, (180, 247)), (270, (50, 180))])
def test_the_page_may_be_turned(rotate: int, place: tuple[int, int]) -> None:
    (page,) = words(draw.text_pdf([[(30, 50, "x")]], rotate=rotate))
    x, y = page.words[0].box.centre
    assert abs(x - place[0]) < 3
    assert abs(y - place[1]) < 3


def test_cells_stand_under_their_headers() -> None:
    lines = [(20, 20, "Packing list"), (20, 30, "Box SSCC"), (80, 30, "Serial"), (130, 30, "Packed at")]
    lines += [
        (22, 36, "A"),
        (81, 36, "S1"),
        (131, 36, "05.10.2026 14:01"),
        (22, 42, "B"),
        (131, 42, "05.10.2026 14:02"),
    ]
    assert rows(draw.text_pdf([lines])) == [
        ["Packing list", "", ""],
        ["Box SSCC", "Serial", "Packed at"],
        ["A", "S1", "05.10.2026 14:01"],
        ["B", "", "05.10.2026 14:02"],
    ]


def test_the_columns_of_the_first_page_hold_for_the_others() -> None:
    first = [(20, 20, "a"), (80, 20, "b"), (130, 20, "c"), (20, 26, "1"), (80, 26, "2"), (130, 26, "3")]
    second = [(20, 20, "1"), (130, 20, "3")]
    assert rows(draw.text_pdf([first, second]))[2:] == [["1", "", "3"]]


def test_a_printed_packing_list_becomes_events(tmp_path: Path) -> None:
    got = read(printed(), tmp_path, mapping(PDF_TEXT), name="list.pdf")
    assert got.codes == ["TABLE-HEAD-05"]  # each page has the header
    events = json.loads(got.text)["epcisBody"]["eventList"]
    assert [len(event.get("epcList") or event["childEPCs"]) for event in events] == [12, 12, 12, 12]


def test_an_error_is_named_by_page_and_line(tmp_path: Path) -> None:
    wrong = printed().replace(b"395213210000000026", b"395213210000000027", 1)
    got = read(wrong, tmp_path, mapping(PDF_TEXT), name="list.pdf")
    finding = next(one for one in got.report.findings if one.code == "GS1-SSCC-02")
    assert finding.where.path == "page 2, line 3"
    assert finding.where.column == "Box SSCC"


def test_text_that_was_guessed_from_a_picture_is_not_read(tmp_path: Path) -> None:
    invisible = draw.text_pdf([[(20, 20, "GTIN: 09521321000018"), (20, 30, "Box SSCC")]], invisible=True)
    assert rows(invisible) == []
    scan = draw.pdf([draw.scanned(_letter())])
    got = read(scan, tmp_path, mapping(PDF_TEXT), name="list.pdf")
    assert got.codes[0] == "SCAN-PAGE-03"
    assert list(got.pictures) == ["page-1.png"]
    assert got.text == ""


def _letter() -> draw.Paper:
    paper = draw.Paper((210, 100))
    paper.text("Box SSCC  Pack serial  Packed at", 20, 20, 4)
    return paper


def test_reading_order_survives_a_skew() -> None:
    things = [Box(x, y - x * 0.035, x + 10, y + 10 - x * 0.035) for y in (10, 30, 50) for x in range(10, 190, 30)]
    mixed = random.Random(1).sample(things, len(things))
    ordered = [thing for row in in_reading_order(mixed, lambda box: box, -2) for thing in row]
    assert ordered == things


boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    *[st.floats(0, 300, allow_nan=False) for _ in range(2)],
    *[st.floats(0, 50, allow_nan=False) for _ in range(2)],
)


@given(st.lists(st.builds(Word, st.text("abc019", min_size=1, max_size=5), boxes), max_size=30))
def test_no_word_is_lost(found: list[Word]) -> None:
    made = TextTable().rows(Page(1, None, (100, 100), tuple(found)))
    before = sorted("".join(word.text for word in found).replace(" ", ""))
    assert sorted("".join(cell for row in made for cell in row).replace(" ", "")) == before
