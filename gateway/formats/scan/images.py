"""Pages of TIFF files (all of a fax), PNG and JPEG, unpacked by Pillow."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.scan import rules
from gateway.formats.scan.page import Page
from gateway.formats.scan.pages import check_count, check_pixels
from gateway.sources import Source

_KINDS = ("TIFF", "PNG", "JPEG")
#: Pixels in a line of a fax on A4, dots per inch across, and down in fine and in standard mode (ITU-T T.4).
_FAX_WIDTH = 1728
_FAX = (204.0, 196.0, 98.0)
#: A fax of A4 in standard mode has no more lines than this; a cut page in fine mode may be as short, which a
#: resolution inside the file would say.
_FAX_STANDARD_LINES = 1200
_LEAST_DPI, _MOST_DPI = 50.0, 2400.0


def image_pages(source: Source, limits: Limits, *, dpi: int) -> Iterator[Page]:
    """The pages of a picture file.

    Raises:
        InputError: it is no TIFF, PNG or JPEG, or damaged.
        LimitExceeded: too many pages, or too large a page.
    """
    number = 1
    with source.open() as stream:
        with _readable(source, "page 1"):
            image = Image.open(stream, formats=_KINDS)
        with image:
            while True:
                check_count(source, number, limits)
                check_pixels(source, number, image.size, limits)
                with _readable(source, f"page {number}"):
                    grey = _grey(image)
                yield Page(number, grey, _dpi(image, dpi))
                try:
                    with _readable(source, f"page {number + 1}"):
                        image.seek(number)
                except EOFError:
                    return
                number += 1


def _grey(image: Image.Image) -> Image.Image:
    if "A" in image.getbands() or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image.convert("RGBA")).convert("L")
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        # Conversion to grey would cut the values off instead of scaling them.
        low, high = image.getextrema()
        span = float(high - low) or 1.0  # type: ignore[operator]  # one band
        return image.convert("F").point(lambda value: value * (255 / span) - low * (255 / span)).convert("L")  # type: ignore[operator]
    return image.convert("L")


def _dpi(image: Image.Image, otherwise: int) -> tuple[float, float]:
    """Dots per inch as the file says; those of a fax when it has the width of one."""
    given = image.info.get("dpi")
    if isinstance(given, tuple) and all(_LEAST_DPI <= float(value) <= _MOST_DPI for value in given):
        return float(given[0]), float(given[1])
    if image.width == _FAX_WIDTH:
        across, fine, standard = _FAX
        return across, standard if image.height <= _FAX_STANDARD_LINES else fine
    return float(otherwise), float(otherwise)


@contextmanager
def _readable(source: Source, place: str) -> Iterator[None]:
    """Turn what Pillow raises for damaged and hostile files into findings."""
    where = Where(file=source.name, path=place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of doubtful metadata; sizes are checked before anything is unpacked
            yield
    except Image.DecompressionBombError as error:
        message = f"the picture is too large: {error}"
        raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where)) from error
    except UnidentifiedImageError as error:
        message = "the file is no PDF, TIFF, PNG or JPEG, whatever its name says"
        raise InputError(Finding.of(rules.BROKEN, message, where=Where(file=source.name))) from error
    except EOFError:
        raise
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, MemoryError) as error:
        # Pillow's readers raise all of these for files that are cut off or damaged.
        message = f"the picture cannot be read: {error or type(error).__name__}"
        raise InputError(Finding.of(rules.BROKEN, message, where=where)) from error
