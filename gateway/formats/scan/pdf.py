"""Pages of PDF files, drawn by PDFium, and the words of their text layer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.scan import rules
from gateway.formats.scan.page import MM_PER_INCH, Box, Page, Word
from gateway.formats.scan.pages import check_count, check_pixels
from gateway.sources import Source

if TYPE_CHECKING:
    from PIL import Image

_POINTS = 72
_MM = MM_PER_INCH / _POINTS
_TAIL = 4096
_END = b"%%EOF"
_MOST_CHARACTERS = 500_000
_BLANKS = {0x00A0, 0x2007, 0x202F, 0xFEFF}

#: PDFium keeps global state: two threads must not be inside it at once, whatever documents they read.
_PDFIUM = threading.RLock()


def pdf_pages(source: Source, limits: Limits, *, dpi: int, text: bool) -> Iterator[Page]:
    """The pages of a PDF.

    Raises:
        InputError: cut off, damaged, protected or without pages.
        LimitExceeded: too many pages, too large a page, or too much text on it.
    """
    _check_end(source)
    with _drawing(source, ""):
        document = _open(source)
    try:
        with _drawing(source, ""):
            count = len(document)
        check_count(source, count, limits)
        for number in range(1, count + 1):
            with _drawing(source, f"page {number}"):
                page = _page(source, document, number, limits, dpi=dpi, text=text)
            yield page
    finally:
        with _PDFIUM:
            document.close()


def _check_end(source: Source) -> None:
    """Refuse a PDF whose end is missing: PDFium would repair it, and pages could be lost without a word."""
    with source.open() as stream:
        stream.seek(max(source.size - _TAIL, 0))
        tail = stream.read()
    if _END not in tail:
        message = "the PDF is cut off: its end is missing"
        raise InputError(Finding.of(rules.BROKEN, message, where=Where(file=source.name), expected=_END.decode()))


def _open(source: Source) -> Any:
    # PDFium refuses a document without pages, but leaves the number of an earlier error standing then. No document of
    # ours can have this one: it is read before.
    raw.FPDF_LoadDocument(b"", None)
    try:
        return pdfium.PdfDocument(source.path if source.path is not None else source.data)
    except pdfium.PdfiumError as error:
        where = Where(file=source.name)
        if error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
            message = "the PDF is protected by a password"
            raise InputError(Finding.of(rules.PASSWORD, message, where=where)) from error
        if error.err_code == raw.FPDF_ERR_FILE:
            raise InputError(Finding.of(rules.NO_PAGES, "the PDF has no pages", where=where)) from error
        message = f"the PDF cannot be opened: {error}"
        raise InputError(Finding.of(rules.BROKEN, message, where=where)) from error


@contextmanager
def _drawing(source: Source, place: str) -> Iterator[None]:
    """Stands around each use of PDFium."""
    try:
        with _PDFIUM:
            yield
    except (pdfium.PdfiumError, OSError, ValueError, MemoryError) as error:
        message = f"the PDF cannot be read: {error or type(error).__name__}"
        raise InputError(Finding.of(rules.BROKEN, message, where=Where(file=source.name, path=place))) from error


def _page(source: Source, document: Any, number: int, limits: Limits, *, dpi: int, text: bool) -> Page:
    page = document[number - 1]
    try:
        width, height = page.get_size()
        words = tuple(_words(source, page, number)) if text else ()
        if words:
            return Page(number, None, (dpi, dpi), words)
        check_pixels(source, number, (width * dpi / _POINTS, height * dpi / _POINTS), limits)
        for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
            check_pixels(source, number, image.get_px_size(), limits)
        return Page(number, _draw(page, dpi), (dpi, dpi))
    finally:
        page.close()


def _draw(page: Any, dpi: int) -> Image.Image:
    bitmap = page.render(scale=dpi / _POINTS, grayscale=True)
    try:
        picture: Image.Image = bitmap.to_pil()
        return picture.convert("L") if picture.mode != "L" else picture.copy()  # the bitmap's memory goes away
    finally:
        bitmap.close()


def _words(source: Source, page: Any, number: int) -> Iterator[Word]:
    """The words that are printed on the page. Invisible ones were guessed from a picture (OCR) and are left out."""
    layer = page.get_textpage()
    try:
        count = layer.count_chars()
        if count > _MOST_CHARACTERS:
            message = f"the page has {count:,} characters, allowed are {_MOST_CHARACTERS:,}"
            where = Where(file=source.name, path=f"page {number}")
            raise LimitExceeded(Finding.of(rules.TOO_MUCH_TEXT, message, where=where))
        letters: list[str] = []
        boxes: list[tuple[float, float, float, float]] = []
        for index in range(count):
            code = raw.FPDFText_GetUnicode(layer, index)
            if code <= ord(" ") or code in _BLANKS or not _visible(layer, index):
                if letters:
                    yield _word(page, letters, boxes)
                letters, boxes = [], []
                continue
            letters.append(chr(code))
            boxes.append(layer.get_charbox(index, loose=True))
        if letters:
            yield _word(page, letters, boxes)
    finally:
        layer.close()


def _visible(layer: Any, index: int) -> bool:
    thing = raw.FPDFText_GetTextObject(layer, index)
    return bool(thing) and raw.FPDFTextObj_GetTextRenderMode(thing) != raw.FPDF_TEXTRENDERMODE_INVISIBLE


def _word(page: Any, letters: list[str], boxes: list[tuple[float, float, float, float]]) -> Word:
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return Word("".join(letters), _box(page, left, bottom, right, top))


def _box(page: Any, left: float, bottom: float, right: float, top: float) -> Box:
    """A rectangle in PDF coordinates (from the lower left corner of the unturned page) as the reader sees it."""
    x0, y0, x1, y1 = page.get_bbox()
    turned = page.get_rotation()
    if turned == 90:  # noqa: PLR2004 - degrees
        sides = bottom - y0, left - x0, top - y0, right - x0
    elif turned == 180:  # noqa: PLR2004
        sides = x1 - right, bottom - y0, x1 - left, top - y0
    elif turned == 270:  # noqa: PLR2004
        sides = y1 - top, x1 - right, y1 - bottom, x1 - left
    else:
        sides = left - x0, y1 - top, right - x0, y1 - bottom
    return Box(*(side * _MM for side in sides))
