"""The reference page is what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_reference_page_is_current(golden) -> None:
    page = runpy.run_path(str(DOCS / "mapping_reference.py"))["page"]()
    assert page.count("| `") >= 60
    golden(DOCS / "mapping-reference.md", page.encode())
