"""Where the files that ship beside the code are: shipped mappings and our own schemas.

In a wheel they lie inside the package (``gateway/_shipped``), in a source tree beside it. Inside is looked at
first, because a folder ``mappings`` beside the package in ``site-packages`` could belong to somebody else.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. ``shipped("xsd", "tr", "pts")``.

    Raises:
        FileNotFoundError: when the installation is incomplete.
    """
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    message = f"the installation lacks {'/'.join(parts)}"
    raise FileNotFoundError(message)
