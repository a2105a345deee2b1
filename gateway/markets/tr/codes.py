"""The code tables of PTS, read from ``codes.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

_TABLES: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("codes.toml").read_text("utf-8"))

ACTION_TYPES: Final[dict[str, str]] = _TABLES["action_types"]
CONTAINER_TYPES: Final[dict[str, str]] = _TABLES["container_types"]
ACTION_SPELLINGS: Final[dict[str, str]] = _TABLES["spellings"]["action_type"]
CONTAINER_SPELLINGS: Final[dict[str, str]] = _TABLES["spellings"]["container_type"]

#: containerType from the outermost carrier inwards, by depth of nesting.
LEVELS: Final[dict[int, tuple[str, ...]]] = {int(depth): tuple(types) for depth, types in _TABLES["levels"].items()}
