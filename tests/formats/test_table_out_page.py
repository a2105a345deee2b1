"""The page on written tables names every code, every transform and every step."""

from __future__ import annotations

from pathlib import Path

from gateway.formats.table.losses import LOSS_RULES
from gateway.formats.table.rules import RULES
from gateway.formats.table.transforms import TRANSFORMS
from gateway.formats.table.transforms.inverse import INVERSES, PARTS, UNDO

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tables-out.md").read_text("utf-8")


def test_the_page_names_every_code() -> None:
    codes = [rule.code for rule in (*RULES, *LOSS_RULES)]
    own = [code for code in codes if code.startswith(("TABLE-OUT", "TABLE-FORMULA", "LOSS-TABLE"))]
    assert len(own) >= 17
    assert [code for code in own if f"`{code}`" not in PAGE] == []


def test_the_page_names_every_transform_and_step() -> None:
    assert set(INVERSES) <= set(TRANSFORMS.keys())
    assert [name for name in (*INVERSES, *UNDO, *PARTS) if f"`{name}`" not in PAGE] == []
