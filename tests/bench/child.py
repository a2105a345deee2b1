"""Processes that the benchmark measures and that are no command of the gateway.

``child.py bare FILE`` parses events with lxml and does nothing with them: the yardstick that is always there.
``child.py checked FILE OUT FORMAT`` checks FILE against its XML schema, then converts it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

EVENTS = ("ObjectEvent", "AggregationEvent")


def bare(path: str) -> None:
    """Parse, touch nothing, free."""
    from lxml import etree

    events = etree.iterparse(path, ("end",), tag=EVENTS, remove_blank_text=True, resolve_entities=False)
    for _, event in events:
        event.clear()
        parent = event.getparent()
        while parent is not None and event.getprevious() is not None:
            del parent[0]


def checked(path: str, out: str, to: str) -> int:
    """What a partner's file gets that must be valid before it is converted; gives the exit code."""
    from gateway.convert import Request, check_output, convert
    from gateway.findings import Findings
    from gateway.sources import Source

    source, findings = Source.file(Path(path)), Findings()
    check_output(source, "epcis-1.2-xml", findings)
    with tempfile.TemporaryDirectory(dir=Path(out).parent) as folder:
        report = convert(Request(source, to=to, now="2026-11-22T00:00:00Z"), Path(folder))
    return report.exit_code or bool(findings.errors)


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare(sys.argv[2])
    else:
        sys.exit(checked(*sys.argv[2:]))
