"""Pages for the comparisons: forty codes on A4, scanned and faxed, and a mapping that wants all forty."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODES = 40
#: A page of forty codes must be through in so many seconds, the start of the process included.
SECONDS = 5.0
SETTINGS = ("--set", "event-time=2026-10-05T14:00:00+02:00")
MAPPING = "scan.yaml"


def make(folder: Path) -> None:
    """Draw the pages; write the mapping."""
    sys.path.insert(0, str(ROOT))
    from tests.formats import scan_pages as draw

    paper = draw.Paper()
    paper.code("(00)395213210000000019", 14, 8, kind=draw.CODE128, module=0.4)
    draw.grid(paper, draw.serials(CODES))
    scan = draw.scanned(paper, skew=2, noise=60)
    fax = draw.faxed(paper, draw.STANDARD, skew=2, specks=0.002)
    (folder / "scan.pdf").write_bytes(draw.pdf([scan]))
    (folder / "fax.tif").write_bytes(draw.tiff([fax], draw.STANDARD))
    shipped = (ROOT / "mappings" / "styles" / "fax-page.yaml").read_text(encoding="utf-8")
    whole = shipped.replace("scan: {inside: page}", f"scan: {{inside: page, expect: {CODES}}}")
    (folder / MAPPING).write_text(whole, encoding="utf-8")
