"""Pictures of places that a person has to look at: handed over as PNG, and named in the findings."""

from __future__ import annotations

import io

from gateway.findings import Finding, Rule, Where
from gateway.formats.base import Context
from gateway.formats.scan.page import MM_PER_INCH, Box, Page

#: So many pictures are kept of one document; a page of noise must not fill a disk.
_MOST = 200
#: Millimetres around a place that its picture shows.
_AROUND = 8.0
#: Dots across of the picture of a whole page: 200 dpi on A4.
_WIDTH = 1654
#: A page is blank when no more than so many squares of so many pixels are darker than the paper, by so many of 255
#: greys: specks are smaller, and faint writing must not be taken for nothing.
_SPOTS, _STEP, _DARKER = 6, 8, 24
#: A page that is dark all over is no blank paper.
_PAPER = 128


class Pictures:
    """Reports what is wrong at places of pages, with pictures where somebody keeps them.

    Args:
        file: name of the document.
        context: takes findings and pictures.
    """

    def __init__(self, file: str, context: Context) -> None:
        self._file = file
        self._context = context
        self._names: set[str] = set()

    @property
    def errors(self) -> int:
        """How many errors have been found in the document."""
        return self._context.findings.errors

    def where(self, page: Page, box: Box | None = None) -> Where:
        """A place on a page as a person finds it, e.g. ``page 2, 84 x 31 mm``."""
        return Where(file=self._file, path=f"page {page.number}" + (f", {box}" if box is not None else ""))

    def report(
        self, rule: Rule, message: str, page: Page, box: Box | None = None, *, value: object = "", expected: str = ""
    ) -> None:
        """Report a place that a person has to look at."""
        finding = Finding.of(rule, message, where=self.where(page, box), value=value, expected=expected)
        self.add(finding, page, box)

    def add(self, finding: Finding, page: Page, box: Box | None = None) -> None:
        """Report a finding, with a picture of its place."""
        hint = " ".join(part for part in (finding.hint, self._keep(page, box)) if part)
        self._context.findings.add(
            Finding(
                finding.code,
                finding.severity,
                finding.message,
                self.where(page, box),
                finding.value,
                finding.expected,
                hint,
            )
        )

    def _keep(self, page: Page, box: Box | None) -> str:
        """Hand over a picture; what the finding says of it."""
        if page.image is None:
            return ""
        if self._context.attachments is None:
            return "(With --report FILE a picture of the place is kept.)"
        name = f"page-{page.number}" + (f"-{str(box).replace(' mm', '').replace(' ', '')}" if box else "") + ".png"
        if name not in self._names:
            if len(self._names) >= _MOST:
                return ""
            self._names.add(name)
            self._context.attachments(name, _png(page, box))
        return f"(Picture: {name})"


def blank(page: Page) -> bool:
    """Whether there is nothing on a page but specks."""
    if page.image is None:
        return not page.words
    greys = page.image.reduce(_STEP).histogram()
    paper = greys.index(max(greys))
    return paper > _PAPER and sum(greys[: paper - _DARKER]) <= _SPOTS


def _png(page: Page, box: Box | None) -> bytes:
    image = page.image
    if image is None:
        return b""
    if box is not None:
        across, down = (dpi / MM_PER_INCH for dpi in page.dpi)
        left, top = max(round((box.left - _AROUND) * across), 0), max(round((box.top - _AROUND) * down), 0)
        right = max(min(round((box.right + _AROUND) * across), image.width), left + 1)
        bottom = max(min(round((box.bottom + _AROUND) * down), image.height), top + 1)
        image = image.crop((left, top, right, bottom))
    else:
        # Pixels that are not square become so, and a large page smaller.
        width = min(image.width, _WIDTH)
        height = max(round(image.height * width / image.width * page.dpi[0] / page.dpi[1]), 1)
        image = image.resize((width, height))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
