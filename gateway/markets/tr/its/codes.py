"""The codes that ITS and PTS answer with, and the reasons of deactivation, read from data files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from gateway.markets.kit.codes import CodeTable

SUCCESS: Final = "00000"

_FOLDER: Final = Path(__file__).parent
_LISTS: Final = tomllib.loads((_FOLDER / "lists.toml").read_text("utf-8"))

ANSWERS: Final = CodeTable.load(_FOLDER / "answers.toml")
DEACTIVATION_REASONS: Final[dict[str, str]] = _LISTS["deactivation_reason"]
PRODUCT_TYPES: Final[tuple[str, ...]] = tuple(_LISTS["product_type"]["codes"])
DEFAULT_REASONS: Final[dict[str, str]] = _LISTS["reason_of_epcis"]
