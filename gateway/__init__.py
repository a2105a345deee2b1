"""The gateway: medicine serialization data between partners' files, EPCIS and regulators' formats."""

from __future__ import annotations

__version__ = "0.1.0"
