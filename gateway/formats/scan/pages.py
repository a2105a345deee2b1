"""The pages of a document, one after the other: never more than one picture in memory."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.scan import rules
from gateway.formats.scan.page import Page
from gateway.sources import Source

#: The beginnings by which the kinds of documents are known. A PDF's may stand behind other bytes.
_PDF, _PDF_WITHIN = b"%PDF-", 1024
_IMAGES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_SUFFIXES = (".pdf", ".tif", ".tiff", ".png", ".jpg", ".jpeg")


def is_pdf(head: bytes) -> bool:
    """Whether a file with these first bytes is a PDF."""
    return _PDF in head[:_PDF_WITHIN]


def is_scan(head: bytes, name: str) -> bool:
    """Whether a file is, or claims to be, a document of pages."""
    return is_pdf(head) or head.startswith(_IMAGES) or name.lower().endswith(_SUFFIXES)


def pages(source: Source, limits: Limits, *, dpi: int, text: bool = False) -> Iterator[Page]:
    """The pages of a document.

    Args:
        source: the document.
        limits: bounds.
        dpi: dots per inch at which PDF pages are drawn, and which pictures have that do not say their own.
        text: whether the text layer is wanted; pages that have one are not drawn then.

    Raises:
        InputError: not a complete document, protected, or without pages.
        LimitExceeded: too many pages, or too large a page.
    """
    if is_pdf(source.head(_PDF_WITHIN)):
        from gateway.formats.scan.pdf import pdf_pages  # noqa: PLC0415 - needs the extra

        yield from pdf_pages(source, limits, dpi=dpi, text=text)
    else:
        from gateway.formats.scan.images import image_pages  # noqa: PLC0415 - needs the extra

        yield from image_pages(source, limits, dpi=dpi)


def check_count(source: Source, number: int, limits: Limits) -> None:
    """Refuse a document with too many pages.

    Raises:
        LimitExceeded: it has more than allowed.
    """
    if number > limits.pages:
        message = f"the document has more than {limits.pages:,} pages"
        where = Where(file=source.name)
        raise LimitExceeded(Finding.of(rules.TOO_MANY_PAGES, message, where=where, expected=f"at most {limits.pages}"))


def check_pixels(source: Source, number: int, size: tuple[float, float], limits: Limits) -> None:
    """Refuse a page before its picture is unpacked.

    Raises:
        LimitExceeded: it has more pixels than allowed.
    """
    width, height = round(size[0]), round(size[1])
    if width * height > limits.page_pixels:
        message = f"a picture has {width:,} x {height:,} pixels, allowed are {limits.page_pixels:,}"
        where = Where(file=source.name, path=f"page {number}")
        expected = f"at most {limits.page_pixels:,} pixels"
        raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where, value=width * height, expected=expected))
