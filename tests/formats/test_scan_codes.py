"""Barcodes are found on what scanners and fax machines make of a page: all of them, at their places, none wrong."""

from __future__ import annotations

from functools import cache

import pytest
from PIL import Image

from gateway.formats.base import Limits
from gateway.formats.scan import proof
from gateway.formats.scan.codes import look
from gateway.formats.scan.page import Page
from gateway.formats.scan.pages import pages
from gateway.formats.scan.records import ordered
from gateway.formats.scan.symbols import Seen
from gateway.gs1.check_digit import compute as check_digit
from gateway.sources import Source
from tests.formats import scan_pages as draw

ALL = ("datamatrix", "gs1-128", "qr")
FORTY = draw.serials(40)


@cache
def forty() -> draw.Paper:
    paper = draw.Paper()
    draw.grid(paper, FORTY)
    return paper


def read(data: bytes, name: str = "page", dpi: int = 300) -> list[Seen]:
    return [look(page, ALL) for page in pages(Source.memory(data, name), Limits(), dpi=dpi)]


def serials_of(seen: Seen) -> list[str]:
    return [dict(proof.elements(symbol) or ())["21"] for symbol in ordered(seen)]


CASES = {
    "scan, askew and noisy": lambda: draw.png(draw.scanned(forty(), skew=2, noise=60)),
    "scan, other way askew, very noisy": lambda: draw.jpeg(draw.scanned(forty(), skew=-2, noise=110)),
    "scan at 200 dpi, noisy": lambda: draw.png(draw.scanned(forty(), (200, 200), skew=2, noise=60), (200, 200)),
    "fax, fine, askew, specks": lambda: draw.tiff([draw.faxed(forty(), skew=2, specks=0.005)]),
    "fax, fine, coded in one dimension": lambda: draw.tiff([draw.faxed(forty(), skew=-2)], compression="group3"),
    "fax, standard, askew, specks": lambda: draw.tiff(
        [draw.faxed(forty(), draw.STANDARD, skew=2, specks=0.002)], draw.STANDARD
    ),
    "PDF of a scanner": lambda: draw.pdf([draw.scanned(forty(), (200, 200), skew=2, noise=40)], (200, 200)),
    "PDF of a fax, standard": lambda: draw.picture_pdf(draw.faxed(forty(), draw.STANDARD, skew=2)),
}


@pytest.mark.parametrize("case", CASES)
def test_all_forty_codes_are_read_in_their_order(case: str) -> None:
    (seen,) = read(CASES[case]())
    assert serials_of(seen) == FORTY
    assert not seen.unread
    assert not seen.disagreeing


def test_small_codes_of_a_fax_need_its_pixels_square_and_as_they_are() -> None:
    paper = draw.Paper()
    draw.grid(paper, FORTY, module=0.38)
    page = draw.faxed(paper, draw.STANDARD, skew=2).convert("L")
    assert serials_of(look(Page(1, page, draw.STANDARD), ["datamatrix"])) == FORTY
    # Told that the pixels are square already, the reader has one picture instead of two.
    assert len(look(Page(1, page, (98, 98)), ["datamatrix"]).symbols) < len(FORTY)


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
def test_a_page_may_be_turned(turn: Image.Transpose) -> None:
    (seen,) = read(draw.png(draw.scanned(forty(), (200, 200)).transpose(turn), (200, 200)))
    assert sorted(serials_of(seen)) == sorted(FORTY)


def test_white_codes_on_black_are_read() -> None:
    image = draw.scanned(forty(), (200, 200)).point(range(255, -1, -1))
    assert serials_of(look(Page(1, image, (200, 200)), ALL)) == FORTY


def test_more_codes_than_the_library_gives_at_once() -> None:
    numbers = draw.serials(22 * 14)
    paper = draw.Paper()
    draw.grid(paper, numbers, columns=14, left=6, top=6, step=(14.2, 13), module=0.45, texts=False)
    (seen,) = read(draw.png(draw.scanned(paper)))
    assert len(numbers) > 255
    assert serials_of(seen) == numbers


def test_places_are_millimetres_from_the_upper_left_corner() -> None:
    paper = draw.Paper()
    paper.code(draw.pack("A1"), 100, 200)
    for data in (draw.tiff([draw.faxed(paper, draw.STANDARD)], draw.STANDARD), draw.picture_pdf(draw.faxed(paper))):
        (seen,) = read(data)
        box = seen.symbols[0].box
        assert (round(box.left), round(box.top)) == (100, 200)
        assert 9 <= box.width <= 13


def test_a_fax_without_resolution_is_known_by_its_width() -> None:
    paper = draw.Paper((215, 297))
    paper.code(draw.pack("A1"), 100, 200)
    page = draw.faxed(paper, draw.STANDARD).crop((0, 0, 1728, 1146))
    (seen,) = read(draw.png(page, dpi=(0, 0)))
    assert str(seen.symbols[0].box) in {"105 x 205 mm", "106 x 205 mm", "106 x 206 mm"}


def test_bars_are_one_symbol_however_many_lines_of_them_are_read() -> None:
    paper = draw.Paper()
    paper.code("(00)395213210000000019", 20, 30, kind=draw.CODE128, module=0.4, height=30)
    paper.code("(00)395213210000000026", 100, 30, kind=draw.CODE128, module=0.6, height=30, turned=True)
    for dpi, specks in ((draw.STANDARD, 0.0), (draw.FINE, 0.01)):
        page = draw.faxed(paper, dpi, skew=2, specks=specks)
        seen = look(Page(1, page.convert("L"), dpi), ALL)
        assert sorted(symbol.text for symbol in seen.symbols) == ["00395213210000000019", "00395213210000000026"]


def test_a_digital_link_is_read_from_a_qr_code() -> None:
    paper = draw.Paper((160, 90))
    link = f"https://id.gs1.org/01/{draw.GTIN}/10/LX2611/21/A1?17=280131&linkType=gs1:pip"
    paper.code(link, 50, 50, kind=draw.QR, module=0.7, gs1=False)
    (seen,) = read(draw.png(draw.scanned(paper)))
    assert dict(proof.elements(seen.symbols[0]) or ()) == {"01": draw.GTIN, "21": "A1", "10": "LX2611", "17": "280131"}


def test_a_gs1_qr_code_and_a_turned_code_are_read() -> None:
    paper = draw.Paper((160, 90))
    paper.code(draw.pack("Q1"), 50, 50, kind=draw.QR, module=0.7)
    paper.code(draw.pack("D1"), 120, 50, turned=True)
    (seen,) = read(draw.png(draw.scanned(paper)))
    assert sorted(serials_of(seen)) == ["D1", "Q1"]
    assert {symbol.identifier for symbol in seen.symbols} == {"]Q3", "]d2"}


def test_only_the_wanted_symbologies_are_read() -> None:
    paper = draw.Paper((160, 90))
    paper.code(draw.pack("Q1"), 50, 50, kind=draw.QR, module=0.7)
    paper.code(draw.pack("D1"), 120, 50)
    seen = look(Page(1, draw.scanned(paper), (300, 300)), ["datamatrix"])
    assert [symbol.symbology for symbol in seen.symbols] == ["datamatrix"]


def test_a_smeared_code_is_found_and_not_read() -> None:
    paper = draw.Paper()
    draw.grid(paper, FORTY[:10])
    paper.rectangle(17, 32, 6, 6)
    (seen,) = read(draw.tiff([draw.faxed(paper, skew=1, specks=0.002)]))
    assert serials_of(seen) == FORTY[1:10]
    assert [(name, str(box)) for box, name in seen.unread] == [("datamatrix", "17 x 37 mm")]


def test_text_and_noise_are_no_codes() -> None:
    paper = draw.Paper((210, 148))
    for line in range(30):
        paper.text("Packing report of batch LX2611, boxes and their packs, 0123456789", 12, 10 + 4.5 * line, 4)
    seen = look(Page(1, draw.scanned(paper, skew=1, noise=110), (300, 300)), ALL)
    assert seen.symbols == []
    assert seen.unread == []


def test_no_bars_are_read_wrong_from_poor_pictures() -> None:
    numbers = [f"{draw.SSCC_BASE}{index:04}" for index in range(24)]
    numbers = [number + str(check_digit(number)) for number in numbers]
    paper = draw.Paper()
    for index, number in enumerate(numbers):
        x, y = 14 + index % 6 * 30, 12 + index // 6 * 70
        paper.code(f"(00){number}", x, y, kind=draw.CODE128, module=0.38, height=18, turned=True)
    read = [
        look(Page(1, page.convert("L"), dpi), ["gs1-128"])
        for dpi in (draw.FINE, draw.STANDARD)
        for page in (draw.faxed(paper, dpi, skew=skew, specks=0.002, seed=skew) for skew in (1, 2, 3))
    ]
    found = [symbol.text for seen in read for symbol in seen.symbols]
    assert len(found) > 60
    assert set(found) <= {f"00{number}" for number in numbers}
