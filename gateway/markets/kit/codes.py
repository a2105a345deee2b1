"""Code tables of regulators: data files with source and date, read once.

A table is a TOML file with ``source``, ``read`` and one ``[codes.<code>]`` for each code, with ``meaning`` and, where
it is no refusal, ``verdict``; ``retryable = true`` where sending again can help.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.answers import Reason, Verdict


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The answer codes of a regulator.

    Attributes:
        source: where they are listed.
        read: when.
        reasons: by code.
    """

    source: str
    read: date
    reasons: Mapping[str, Reason]

    @classmethod
    def load(cls, path: Path) -> CodeTable:
        """Read a table.

        Raises:
            KeyError: the file lacks something.
        """
        data = tomllib.loads(path.read_text("utf-8"))
        reasons = {
            code: Reason(
                code,
                entry["meaning"],
                Verdict(entry.get("verdict", Verdict.REJECTED)),
                retryable=entry.get("retryable", False),
            )
            for code, entry in data["codes"].items()
        }
        return cls(data["source"], data["read"], reasons)

    def __call__(self, code: str) -> Reason:
        """What a code means. One that is not listed is a refusal whose meaning is not known."""
        return self.reasons.get(code) or Reason(code, "", Verdict.REJECTED)
