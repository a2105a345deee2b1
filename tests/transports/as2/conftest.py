"""An exchange in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transports.as2.ends import Exchange


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    return Exchange(tmp_path)
