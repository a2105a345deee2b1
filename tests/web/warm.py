"""What every server process of these tests needs, loaded once in the process that they are forked from."""

from __future__ import annotations

import gateway.cli.serve
import gateway.web.server

__all__ = ["gateway"]
