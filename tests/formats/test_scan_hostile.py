"""Bad documents give one clear finding: never a traceback, never half an output, never an exploding picture."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Limits
from gateway.formats.scan.pages import is_scan, pages
from gateway.sources import Source
from tests.formats import scan_pages as draw
from tests.formats.scan_read import mapping, read

SMALL = (60, 40)


def page(serial: str = "A1") -> draw.Paper:
    paper = draw.Paper(SMALL)
    paper.code(draw.pack(serial), 20, 10)
    return paper


FAX = draw.tiff([draw.faxed(page(f"A{index}")) for index in range(3)])
SCAN = draw.pdf([draw.scanned(page())])
TEXT = draw.text_pdf([[(20, 20, "GTIN")]])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, rows: int) -> bytes:
    """A PNG whose header says one thing; its data may be shorter."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress((b"\0" + b"\0" * ((width + 7) // 8)) * rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff_of(width: int, height: int) -> bytes:
    """A TIFF with nothing behind its header."""
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 1),
        (259, 3, 4),
        (262, 3, 0),
        (273, 4, 8),
        (278, 4, height),
        (279, 4, 1),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)


def endless_tiff() -> bytes:
    """A TIFF whose only page names itself as the next one."""
    data = bytearray(draw.tiff([draw.faxed(page())]))
    start = struct.unpack("<I", data[4:8])[0]
    count = struct.unpack("<H", data[start : start + 2])[0]
    end = start + 2 + 12 * count
    data[end : end + 4] = struct.pack("<I", start)
    return bytes(data)


ENCRYPTED = TEXT.replace(
    b"/Root 1 0 R",
    b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"11" * 32 + b"> /U <" + b"22" * 32 + b"> >>"
    b" /ID [<" + b"33" * 16 + b"> <" + b"33" * 16 + b">]",
)
NO_PAGES = TEXT.replace(b"/Kids [4 0 R] /Count 1", b"/Kids [] /Count 0     ")
LARGE_PAGE = TEXT.replace(b"[0 0 595 842]", b"[0 0 14000 14000]")
#: The picture inside says that it has other measures than its data.
LARGE_PICTURE = (
    draw.picture_pdf(draw.faxed(page())).replace(b"/Width 482", b"/Width 99999").replace(b"/Height ", b"/Height 9", 1)
)

BAD = {
    "no picture": (b"hello, I am a letter", "x.tif", "SCAN-FILE-01"),
    "no PDF": (b"hello, I am a letter", "x.pdf", "SCAN-FILE-01"),
    "only the beginning of a PDF": (b"%PDF-1.7\n", "x.pdf", "SCAN-FILE-01"),
    "PDF cut off": (SCAN[: len(SCAN) // 2], "x.pdf", "SCAN-FILE-01"),
    "PDF of garbage": (b"%PDF-1.4\n" + bytes(range(256)) * 9 + b"%%EOF", "x.pdf", "SCAN-FILE-01"),
    "PDF with a password": (ENCRYPTED, "x.pdf", "SCAN-FILE-02"),
    "PDF without pages": (NO_PAGES, "x.pdf", "SCAN-FILE-03"),
    "PDF with an enormous page": (LARGE_PAGE, "x.pdf", "SCAN-LIMIT-02"),
    "PDF with an enormous picture": (LARGE_PICTURE, "x.pdf", "SCAN-LIMIT-02"),
    "TIFF cut off": (FAX[: len(FAX) // 2], "x.tif", "SCAN-FILE-01"),
    "only the beginning of a TIFF": (FAX[:6], "x.tif", "SCAN-FILE-01"),
    "TIFF of 100 million pixels": (tiff_of(10_000, 10_000), "x.tif", "SCAN-LIMIT-02"),
    "TIFF of a million million pixels": (tiff_of(1_000_000, 1_000_000), "x.tif", "SCAN-LIMIT-02"),
    "PNG cut off": (draw.png(draw.scanned(page()))[:3000], "x.png", "SCAN-FILE-01"),
    "PNG of 100 million pixels": (png_of(10_000, 10_000, 1), "x.png", "SCAN-LIMIT-02"),
    "PNG of 90 million white pixels": (png_of(9_000, 10_000, 10_000), "x.png", "SCAN-LIMIT-02"),
    "PNG that promises more": (png_of(1000, 1000, 10), "x.png", "SCAN-PAGE-01"),
    "JPEG cut off": (draw.jpeg(draw.scanned(page()))[:2000], "x.jpg", "SCAN-FILE-01"),
    "only the beginning of a JPEG": (b"\xff\xd8\xff\xe0", "x.jpg", "SCAN-FILE-01"),
    "picture of another kind": (b"GIF89a\x01\0\x01\0\0\0\0", "x.png", "SCAN-FILE-01"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_documents_give_one_finding(case: str, tmp_path: Path) -> None:
    data, name, code = BAD[case]
    got = read(data, tmp_path, mapping(inside=""), name=name)
    assert code in got.codes
    assert got.report.exit_code == (6 if "LIMIT" in code else 1)
    assert got.text == ""
    for finding in got.report.findings:
        assert finding.where.file == name
        assert finding.hint


def test_the_large_picture_is_what_it_says() -> None:
    assert b"/Width 99999 /Height 9309" in LARGE_PICTURE
    assert b"/Encrypt" in ENCRYPTED


def test_a_page_that_is_a_pattern_of_codes(tmp_path: Path) -> None:
    made = draw.zxingcpp.create_barcode("A1", draw.DATAMATRIX).to_image(scale=2)
    tile = Image.frombytes("L", (made.shape[1], made.shape[0]), bytes(memoryview(made)))
    pattern = Image.new("L", (900, 900), 255)
    for x in range(0, 900, tile.width):
        for y in range(0, 900, tile.height):
            pattern.paste(tile, (x, y))
    got = read(draw.png(pattern), tmp_path, name="x.png")
    assert got.codes == ["SCAN-LIMIT-04"]
    assert got.report.exit_code == 6


@pytest.mark.parametrize("name", ["fax", "scan"])
def test_too_many_pages(name: str, tmp_path: Path) -> None:
    data = FAX if name == "fax" else draw.text_pdf([[(20, 20, "x")]] * 3)
    got = read(data, tmp_path, limits=Limits(pages=2))
    assert got.codes[-1] == "SCAN-LIMIT-01"
    assert got.report.exit_code == 6


def test_a_tiff_that_never_ends_is_read_once() -> None:
    found = list(pages(Source.memory(endless_tiff(), "x.tif"), Limits(), dpi=300))
    assert len(found) == 1


def test_a_page_at_a_time() -> None:
    """The pages of a fax are unpacked when they are asked for: a page that is damaged stops only itself."""
    found = pages(Source.memory(FAX[:-200], "x.tif"), Limits(), dpi=300)
    with pytest.raises(InputError):
        list(found)
    damaged = bytearray(FAX)
    found = pages(Source.memory(bytes(damaged), "x.tif"), Limits(), dpi=300)
    assert next(found).number == 1
    assert next(found).number == 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_pictures_of_all_kinds_become_grey(mode: str, tmp_path: Path) -> None:
    grey = draw.scanned(page())
    if mode == "I;16":
        image = grey.convert("I").point(lambda value: value * 200).convert("I;16")
    elif mode == "LA":
        image = grey.convert("LA")
    elif mode == "RGBA":
        image = Image.new("RGBA", grey.size, (0, 0, 0, 255))
        image.putalpha(grey.point(lambda value: 255 - value))
    else:
        image = grey.convert(mode)
    path = tmp_path / "x.tif"
    image.save(path, dpi=(300, 300))
    (found,) = pages(Source.file(path), Limits(), dpi=300)
    assert found.image is not None
    assert found.image.mode == "L"
    from gateway.formats.scan.codes import look

    assert [symbol.text[-2:] for symbol in look(found, ["datamatrix"]).symbols] == ["A1"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_documents_never_escape(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([FAX, SCAN, TEXT, draw.png(draw.scanned(draw.Paper((10, 10))))]))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    said = ""
    try:
        for found in pages(Source.memory(bytes(damaged), "x"), Limits(page_pixels=4_000_000), dpi=100, text=True):
            assert found.number >= 1
    except (InputError, LimitExceeded) as error:
        said = error.finding.code
    assert said == "" or said.startswith("SCAN-")


def test_documents_are_known_by_their_content_or_claim() -> None:
    assert is_scan(SCAN, "x")
    assert is_scan(FAX, "x")
    assert is_scan(b"hello", "x.PDF")
    assert not is_scan(b"gtin;serial", "x.csv")


def test_without_the_extra_the_message_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "fax.tif").write_bytes(FAX)
    (tmp_path / "scan.pdf").write_bytes(SCAN)
    for library, name, more in (
        ("zxingcpp", "fax.tif", []),
        ("PIL", "fax.tif", ["--mapping", "styles/fax-page"]),
        ("pypdfium2", "scan.pdf", ["--mapping", "styles/fax-page"]),
    ):
        code = f"import sys; sys.modules[{library!r}] = None; from gateway.cli.main import main; main()"
        command = [sys.executable, "-c", code, "convert", str(tmp_path / name), "--to", "epcis-2.0-json", *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 4, done.stderr
        assert "pip install 'epcis-gateway[scan]'" in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
