"""Reads a document through a shipped mapping with other options under ``table.scan``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway.convert import Request, convert
from gateway.formats.base import Limits
from gateway.formats.table import Mapping, load
from gateway.report import Report
from gateway.sources import Source

SETTINGS = {"event-time": "2026-10-05T14:00:00+02:00", "creation-date": "2026-01-01T00:00:00Z"}


@dataclass
class Read:
    """What came of it."""

    report: Report
    text: str
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.report.findings]

    def finding(self, code: str) -> Any:
        (found,) = [one for one in self.report.findings if one.code == code]
        return found


def mapping(name: str = "styles/fax-page", *, ignore: tuple[str, ...] = (), **scan: Any) -> Mapping:
    """A shipped mapping with other options."""
    shipped = load(name)
    table = shipped.spec.table
    given = table.scan.model_copy(update=scan)
    other = table.model_copy(update={"scan": given, "ignore": [*table.ignore, *ignore]})
    return replace(shipped, spec=shipped.spec.model_copy(update={"table": other}))


def read(
    data: bytes, folder: Path, how: Mapping | None = None, *, limits: Limits | None = None, name: str = "x.tif"
) -> Read:
    """Convert a document; `pictures` are what the findings show."""
    pictures: dict[str, bytes] = {}
    out = folder / "out"
    out.mkdir(exist_ok=True)
    request = Request(
        Source.memory(data, name),
        to="epcis-2.0-json",
        from_="scan",
        mapping=how or mapping(),
        values=SETTINGS,
        limits=limits or Limits(),
        attachments=pictures.__setitem__,
    )
    report = convert(request, out)
    text = Path(report.outputs[0].path).read_text("utf-8") if report.outputs else ""
    for path in out.iterdir():
        path.unlink()
    return Read(report, text, pictures)
