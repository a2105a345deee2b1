"""Finds the barcodes of a page.

One look at a picture finds most codes. A poor scan needs several: specks of a fax go away when the picture is made
softer, fine modules come out when it is made larger, uneven light needs a local threshold. Each look may add codes;
none may contradict another, which `Seen` watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageFilter

from gateway.formats.scan.page import MM_PER_INCH, Box, Page
from gateway.formats.scan.symbols import Seen, Symbol

#: So many codes a page can have.
MOST_CODES = 2000
#: zxing-cpp gives no more results than this for a picture, and does not say that there are more.
_MOST_RESULTS = 255
#: Neighbouring tiles share so many millimetres: no code is larger.
_SHARED_MM = 60.0
#: Pictures larger than this are not doubled: their modules are large enough.
_DOUBLED_PIXELS = 16_000_000
#: Pixels count as square up to this ratio; a fax in standard mode has twice as many dots across as down.
_SQUARE = 1.3

_FORMATS = {
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "gs1-128": zxingcpp.BarcodeFormat.Code128,
    "qr": zxingcpp.BarcodeFormat.QRCode,
}
_NAMES = {format_: name for name, format_ in _FORMATS.items()}


@dataclass(frozen=True, slots=True)
class _Look:
    """A way to look at a picture.

    Attributes:
        prepare: what is done to it before.
        binarizer: how grey becomes black and white.
        scale: by how much `prepare` makes it larger.
        believed: whether symbols that are found and not decoded are there: looks at soft pictures only, because noise
            has shapes of codes in it.
    """

    prepare: Callable[[Image.Image], Image.Image]
    binarizer: zxingcpp.Binarizer
    scale: int = 1
    believed: bool = False


def _doubled(image: Image.Image) -> Image.Image:
    return image.resize((image.width * 2, image.height * 2), Image.Resampling.BICUBIC)


_FIXED = zxingcpp.Binarizer.FixedThreshold
_LOOKS = (
    _Look(lambda image: image, zxingcpp.Binarizer.LocalAverage),
    _Look(lambda image: image, _FIXED),
    _Look(lambda image: image.filter(ImageFilter.GaussianBlur(0.8)), _FIXED, believed=True),
    _Look(lambda image: image.filter(ImageFilter.BoxBlur(1)), _FIXED, believed=True),
    _Look(_doubled, _FIXED, scale=2),
)


class TooMany(ValueError):
    """A page has more codes than can be told apart."""


def look(page: Page, symbologies: Sequence[str]) -> Seen:
    """All barcodes of a page.

    Args:
        page: a page with a picture.
        symbologies: which are looked for: ``datamatrix``, ``gs1-128``, ``qr``.

    Raises:
        TooMany: the page has more codes than can be told apart.
    """
    seen = Seen()
    formats = zxingcpp.BarcodeFormats([_FORMATS[name] for name in symbologies])
    for image, dpi in _pictures(page):
        for number, way in enumerate(_LOOKS):
            if way.scale > 1 and image.width * image.height > _DOUBLED_PIXELS:
                continue
            scaled = dpi[0] * way.scale, dpi[1] * way.scale
            for barcode, left, top in _barcodes(way.prepare(image), formats, way, scaled):
                _take(barcode, (left, top), scaled, number, seen)
                if len(seen) > MOST_CODES:
                    raise TooMany
    seen.settle()
    return seen


def _pictures(page: Page) -> Iterator[tuple[Image.Image, tuple[float, float]]]:
    """The picture of a page, and a second one with square pixels if it has others."""
    if page.image is None:
        return
    yield page.image, page.dpi
    across, down = page.dpi
    if max(across, down) > _SQUARE * min(across, down):
        most = max(across, down)
        size = round(page.image.width * most / across), round(page.image.height * most / down)
        yield page.image.resize(size, Image.Resampling.BICUBIC), (most, most)


def _barcodes(
    image: Image.Image, formats: zxingcpp.BarcodeFormats, way: _Look, dpi: tuple[float, float]
) -> Iterator[tuple[zxingcpp.Barcode, int, int]]:
    """The barcodes of a picture and where the tile begins that they were found in. Full tiles are halved."""
    tiles = [(0, 0, image.width, image.height)]
    while tiles:
        left, top, right, bottom = tile = tiles.pop()
        part = image if tile == (0, 0, *image.size) else image.crop(tile)
        found = zxingcpp.read_barcodes(
            part,
            formats=formats,
            binarizer=way.binarizer,
            text_mode=zxingcpp.TextMode.Plain,
            return_errors=way.believed,
        )
        shared = round(_SHARED_MM / MM_PER_INCH * dpi[0]), round(_SHARED_MM / MM_PER_INCH * dpi[1])
        if len(found) >= _MOST_RESULTS and bottom - top > 2 * shared[1]:
            half = (top + bottom) // 2
            tiles += [(left, top, right, half + shared[1] // 2), (left, half - shared[1] // 2, right, bottom)]
        elif len(found) >= _MOST_RESULTS and right - left > 2 * shared[0]:
            half = (left + right) // 2
            tiles += [(left, top, half + shared[0] // 2, bottom), (half - shared[0] // 2, top, right, bottom)]
        elif len(found) >= _MOST_RESULTS:
            raise TooMany
        else:
            yield from ((barcode, left, top) for barcode in found)


def _take(barcode: zxingcpp.Barcode, start: tuple[int, int], dpi: tuple[float, float], number: int, seen: Seen) -> None:
    position = barcode.position
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    across = [(start[0] + corner.x) / dpi[0] * MM_PER_INCH for corner in corners]
    down = [(start[1] + corner.y) / dpi[1] * MM_PER_INCH for corner in corners]
    box = Box(min(across), min(down), max(across), max(down))
    name = _NAMES.get(barcode.symbology, str(barcode.format))
    if barcode.valid:
        seen.add(Symbol(name, barcode.symbology_identifier, barcode.text, box, barcode.orientation), number)
    elif _LOOKS[number].believed:
        seen.add_unread(box, name)
