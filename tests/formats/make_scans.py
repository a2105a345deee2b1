"""Draws the samples of `styles/fax-page` and `styles/pdf-text`: ``python tests/formats/make_scans.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.formats import scan_pages as draw  # noqa: E402

STYLES = ROOT / "mappings" / "styles"
BOXES = ("395213210000000019", "395213210000000026")
PACKS = 12


def page(number: int, serials: list[str]) -> draw.Paper:
    """The page of a box."""
    paper = draw.Paper()
    paper.text("Acme CMO   Packing report", 14, 10, 5)
    paper.text(f"Batch LX2611   Box {number}   page {number} of {len(BOXES)}", 14, 18, 3.5)
    paper.code(f"(00){BOXES[number - 1]}", 14, 26, kind=draw.CODE128, module=0.4)
    paper.text(f"(00) {BOXES[number - 1]}", 14, 41, 3)
    paper.code(f"(02){draw.GTIN}(37){PACKS}(10)LX2611", 104, 26, kind=draw.CODE128, module=0.4)
    paper.text(f"(02) {draw.GTIN} (37) {PACKS} (10) LX2611", 104, 41, 3)
    draw.grid(paper, serials, columns=4, left=18, top=60, step=(46, 62), module=0.6)
    paper.text("Signed: ____________________", 14, 280, 3.5)
    return paper


def fax() -> bytes:
    """Two pages in fine mode, a little askew."""
    numbers = draw.serials(PACKS * len(BOXES))
    papers = [page(box, numbers[PACKS * (box - 1) : PACKS * box]) for box in (1, 2)]
    return draw.tiff(
        [draw.faxed(paper, skew=1.5 * box - 2, specks=0.0005, seed=box) for box, paper in enumerate(papers, 1)]
    )


def broken_fax() -> bytes:
    """A page on which one code is smeared, one is torn off and one is not GS1; then a page without any code."""
    numbers = draw.serials(PACKS)
    paper = page(1, numbers)
    paper.rectangle(68, 64, 7, 6)
    paper.rectangle(155, 58, 16, 20, fill=255)
    paper.rectangle(17, 181, 16, 16, fill=255)
    paper.code(f"01{draw.GTIN}21{numbers[8]}", 18, 182, module=0.6, gs1=False)
    letter = draw.Paper()
    letter.text("Dear colleagues, the serial numbers of box 2 follow tomorrow.", 14, 40, 4)
    return draw.tiff([draw.faxed(paper, skew=1), draw.faxed(letter)])


def printed() -> bytes:
    """A packing list of two pages, as a program prints it to PDF."""
    numbers = draw.serials(24, seed=7)
    columns = (20, 80, 130)
    pages = []
    for number, box in enumerate(BOXES, 1):
        lines: list[draw.Line] = [(20, 20, "Acme CMO packing list")]
        if number == 1:
            lines += [(20, 30, f"GTIN: {draw.GTIN}"), (20, 36, "Lot: LX2611"), (20, 42, "Expiry: 2028-01-31")]
        lines += list(zip(columns, [54] * 3, ("Box SSCC", "Pack serial", "Packed at"), strict=True))
        for index, serial in enumerate(numbers[PACKS * (number - 1) : PACKS * number]):
            cells = (box, serial, f"05.10.2026 14:{number:02}")
            lines += list(zip(columns, [60 + 6 * index] * 3, cells, strict=True))
        if number == len(BOXES):
            lines.append((20, 140, f"Total packs: {len(numbers)}"))
        lines.append((20, 280, f"Page {number} of {len(BOXES)}"))
        pages.append(lines)
    return draw.text_pdf(pages)


if __name__ == "__main__":
    for path, data in (
        (STYLES / "fax-page" / "fax-lx2611.tif", fax()),
        (STYLES / "fax-page" / "fax-broken.tif", broken_fax()),
        (STYLES / "pdf-text" / "packing-lx2611.pdf", printed()),
    ):
        path.write_bytes(data)
        print(f"{path.relative_to(ROOT)}: {len(data):,} bytes")
