"""How the mapping commands take their mappings: names, files, folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import UsageError

if TYPE_CHECKING:
    from gateway.formats.table.mappings import Mapping

#: Settings of a sample are YAML, too, and no mapping.
SET = ".set.yaml"


def files_in(folder: Path) -> list[Path]:
    """The mapping files of a folder of mappings, or of the folder of one partner."""
    for pattern in ("*.yaml", "*/*.yaml"):
        files = sorted(path for path in folder.glob(pattern) if not path.name.endswith(SET))
        if files:
            return files
    return []


def named(names: Sequence[str]) -> list[str]:
    """Names and files, folders replaced by the files in them.

    Raises:
        UsageError: a folder has no mappings.
    """
    out: list[str] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found = files_in(path)
            if not found:
                message = f"there is no mapping in the folder {name}"
                raise UsageError(message, hint="mappings lie in FOLDER/<partner>/<document>.yaml")
            out += map(str, found)
        else:
            out.append(name)
    return out


def with_named(everything: Sequence[Mapping], given: Sequence[Mapping]) -> list[Mapping]:
    """All mappings, those given by file in place of others of the same name."""
    return list({mapping.name: mapping for mapping in (*everything, *given)}.values())
