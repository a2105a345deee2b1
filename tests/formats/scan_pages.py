"""Draws pages with barcodes, as a printer would, and scans or faxes them, as time and machines do. All is seeded."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFont

PER_MM = 20  # dots of the paper; finer than any scanner
A4 = (210, 297)
GTIN = "09521321000018"
SSCC_BASE = "3952132100000"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
FINE, STANDARD = (204, 196), (204, 98)

DATAMATRIX = zxingcpp.BarcodeFormat.DataMatrix
CODE128 = zxingcpp.BarcodeFormat.Code128
QR = zxingcpp.BarcodeFormat.QRCode


@dataclass
class Paper:
    """A sheet of white paper, in millimetres."""

    size: tuple[int, int] = A4

    def __post_init__(self) -> None:
        self.image = Image.new("L", (self.size[0] * PER_MM, self.size[1] * PER_MM), 255)
        self.draw = ImageDraw.Draw(self.image)

    def code(
        self,
        content: str,
        x: float,
        y: float,
        *,
        kind: zxingcpp.BarcodeFormat = DATAMATRIX,
        module: float = 0.5,
        height: float = 14,
        gs1: bool = True,
        turned: bool = False,
    ) -> None:
        """Print a barcode; GS1 contents as ``(01)…(21)…``."""
        made = zxingcpp.create_barcode(content, kind, **({"gs1": True} if gs1 else {}))
        raw = made.to_image(scale=1, add_quiet_zones=False)
        rows, columns = raw.shape
        picture = Image.frombytes("L", (columns, rows), bytes(memoryview(raw)))
        tall = height if kind == CODE128 else rows * module
        picture = picture.resize((round(columns * module * PER_MM), round(tall * PER_MM)), Image.Resampling.NEAREST)
        self.image.paste(picture.rotate(90, expand=True) if turned else picture, _dots(x, y))

    def text(self, text: str, x: float, y: float, size: float = 2.4) -> None:
        """Print text."""
        self.draw.text(_dots(x, y), text, fill=0, font=ImageFont.load_default(size * PER_MM))

    def rectangle(self, x: float, y: float, width: float, height: float, fill: int = 0) -> None:
        """A black or white spot."""
        self.draw.rectangle((*_dots(x, y), *_dots(x + width, y + height)), fill=fill)


def _dots(x: float, y: float) -> tuple[int, int]:
    return round(x * PER_MM), round(y * PER_MM)


def scanned(
    paper: Paper, dpi: tuple[int, int] = (300, 300), *, skew: float = 0, noise: int = 0, seed: int = 1
) -> Image.Image:
    """The paper on a scanner: grey, turned by `skew` degrees, with noise of the sensor (0 to 128) and some specks."""
    page = paper.image.rotate(skew, fillcolor=255).resize(_size(paper, dpi), Image.Resampling.BOX)
    if noise:
        rng = random.Random(seed)
        grain = _grain(page.size, rng).point([round(128 + (value - 128) * noise / 128) for value in range(256)])
        page = ImageChops.add(page.point([round(20 + value * 0.85) for value in range(256)]), grain, 1, -128)
        page = specked(page, 0.004, rng)
    return page


def faxed(
    paper: Paper, dpi: tuple[int, int] = FINE, *, skew: float = 0, specks: float = 0, seed: int = 1
) -> Image.Image:
    """The paper after a fax: black and white, few dots, with specks of the line."""
    page = scanned(paper, dpi, skew=skew).point([0] * 128 + [255] * 128)
    return specked(page, specks, random.Random(seed)).convert("1", dither=Image.Dither.NONE)


def specked(page: Image.Image, share: float, rng: random.Random) -> Image.Image:
    """Some pixels turned round."""
    if not share:
        return page
    # Two coarse chances make one fine one.
    first, second = (
        _grain(page.size, rng).point([255] * most + [0] * (256 - most)) for most in (16, round(share * 4096))
    )
    return Image.composite(ImageChops.invert(page), page, ImageChops.multiply(first, second))


def _grain(size: tuple[int, int], rng: random.Random) -> Image.Image:
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))


def _size(paper: Paper, dpi: tuple[int, int]) -> tuple[int, int]:
    return round(paper.size[0] / 25.4 * dpi[0]), round(paper.size[1] / 25.4 * dpi[1])


def serials(count: int, seed: int = 3, length: int = 12) -> list[str]:
    """Synthetic serial numbers."""
    rng = random.Random(seed)
    return ["".join(rng.choices(LETTERS, k=length)) for _ in range(count)]


def pack(serial: str, lot: str = "LX2611") -> str:
    """The element string of a pack."""
    return f"(01){GTIN}(17)280131(10){lot}(21){serial}"


def grid(
    paper: Paper,
    numbers: Sequence[str],
    *,
    columns: int = 5,
    left: float = 14,
    top: float = 30,
    step: tuple[float, float] = (38, 31),
    module: float = 0.5,
    texts: bool = True,
) -> None:
    """Print packs in a grid, with their serial numbers below."""
    for index, serial in enumerate(numbers):
        x, y = left + index % columns * step[0], top + index // columns * step[1]
        paper.code(pack(serial), x, y, module=module)
        if texts:
            paper.text(f"SN {serial}", x, y + 24 * module + 0.5)


def tiff(pages: Iterable[Image.Image], dpi: tuple[int, int] = FINE, compression: str = "group4") -> bytes:
    """A TIFF of several pages."""
    first, *others = pages
    out = io.BytesIO()
    first.save(out, "TIFF", compression=compression, dpi=dpi, save_all=True, append_images=others)
    return out.getvalue()


def png(page: Image.Image, dpi: tuple[int, int] = (300, 300)) -> bytes:
    """A PNG."""
    out = io.BytesIO()
    page.save(out, "PNG", dpi=dpi, compress_level=1)
    return out.getvalue()


def jpeg(page: Image.Image, dpi: tuple[int, int] = (300, 300)) -> bytes:
    """A JPEG of poor quality."""
    out = io.BytesIO()
    page.save(out, "JPEG", dpi=dpi, quality=40)
    return out.getvalue()


def pdf(pages: Iterable[Image.Image], dpi: tuple[int, int] = (300, 300)) -> bytes:
    """A PDF as scanners make it: one picture a page."""
    first, *others = pages
    out = io.BytesIO()
    first.save(out, "PDF", dpi=dpi, save_all=True, append_images=others)
    return out.getvalue()


Line = tuple[float, float, str]


def picture_pdf(page: Image.Image) -> bytes:
    """A PDF of one black and white picture that fills A4, whatever its resolution: a fax in an e-mail."""
    data = zlib.compress(page.tobytes())
    width, height = page.size
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 1 /ColorSpace /DeviceGray"
        b" /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (width, height, len(data), data)
    )
    shown = b"q 595 0 0 842 0 0 cm /I Do Q"
    page_object = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources 3 0 R >>"
    resources = b"<< /XObject << /I 6 0 R >> >>"
    content = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown)
    return _pdf_file([_CATALOG, b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>", resources, page_object, content, picture])


def text_pdf(pages: Iterable[Iterable[Line]], *, invisible: bool = False, rotate: int = 0) -> bytes:
    """A PDF that was printed from text: lines of x and y in millimetres from the upper left corner, and a text."""
    objects: list[bytes] = []
    kids = []
    for lines in pages:
        shown = "".join(
            f"BT /F1 9 Tf {3 if invisible else 0} Tr {x * 72 / 25.4:.2f} {842 - y * 72 / 25.4:.2f} Td ({text}) Tj ET\n"
            for x, y, text in lines
        ).encode()
        number = 4 + len(objects)
        kids.append(f"{number} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {rotate} /Contents {number + 1} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown))
    head = [
        _CATALOG,
        f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _pdf_file([*head, *objects])


_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count, start = len(offsets) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, table)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
