"""What the tests of tables share: a small mapping that tests change, and a conversion with it."""

from __future__ import annotations

import copy
from pathlib import Path

import yaml

from gateway.epcis.events import Event
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding
from gateway.formats.base import Context, Limits
from gateway.formats.table import load, read
from gateway.sources import Source

GTIN = "09521321110014"
UNIT = "urn:epc:id:sgtin:9521321.011001."
CASES = ["095213210000000018", "095213210000000025", "095213210000000032"]
HEAD = "GTIN,Serial,Lot,Expiry,Case"

SPEC = {
    "mapping": "x/y",
    "version": 1,
    "title": "t",
    "table": {"csv": {}, "xlsx": {}},
    "company_prefixes": ["9521321"],
    "constants": {"at": {"value": "2026-10-05T09:00:00Z", "transform": "datetime"}},
    "fields": {
        "gtin": {"column": "GTIN", "transform": "gtin"},
        "serial": {"column": "Serial", "transform": "serial"},
        "lot": {"column": "Lot", "transform": "lot", "required": False},
        "expiry": {"column": "Expiry", "transform": "date", "formats": ["YYYY-MM-DD"], "required": False},
        "case": {"column": "Case", "transform": "sscc", "required": False},
    },
    "objects": {"unit": {"sgtin": ["gtin", "serial"], "inside": "case"}, "case": {"sscc": "case"}},
    "events": [
        {
            "event": "ObjectEvent",
            "action": "ADD",
            "epcs": "unit",
            "time": "at",
            "biz_step": "commissioning",
            "ilmd": {"lotNumber": "lot", "itemExpirationDate": "expiry"},
        },
        {"event": "AggregationEvent", "action": "ADD", "parent": "case", "children": "unit", "time": "at"},
    ],
}


def mapping(tmp_path: Path, table: dict | None = None, **fields: dict):
    """The small mapping with another table, and with some keys of some fields changed."""
    spec = copy.deepcopy(SPEC)
    if table is not None:
        spec["table"] = table
    for name, changed in fields.items():
        spec["fields"][name] = spec["fields"].get(name, {}) | changed
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), "utf-8")
    return load(str(path))


def convert(mapped, data: bytes | str, name: str = "s.csv", limits: Limits | None = None):
    """The events of a file, and what was found; a file that cannot be read any further has its finding last."""
    context = Context(mapping=mapped, limits=limits or Limits())
    source = Source.memory(data.encode() if isinstance(data, str) else data, name)
    events: list[Event] = []
    try:
        events += read(source, context).events
    except (InputError, LimitExceeded) as error:
        context.findings.add(error.finding)
    return events, list(context.findings)


def told(findings: list[Finding]) -> list[tuple[str, int, str]]:
    """Code, row and column of each finding."""
    return [(one.code, one.where.row, one.where.column) for one in findings]


def codes(findings: list[Finding]) -> list[str]:
    """The codes."""
    return [one.code for one in findings]


def serials(events: list[Event]) -> list[str]:
    """The serial numbers that were commissioned."""
    return [epc.removeprefix(UNIT) for event in events for epc in getattr(event, "epc_list", None) or ()]
