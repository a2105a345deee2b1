"""What the tests of writing share: a mapping from its parts, a document from a table, a table from a document."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec
import yaml
from msgspec import structs

from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.findings import NOWHERE, Loss, Losses, LossMode
from gateway.formats.base import Context
from gateway.formats.table import TABLE, Mapping, load, read
from gateway.options import Options
from gateway.sources import Source

GTIN = "09521321110014"
PLANT = "urn:epc:id:sgln:9521321.00001.0"

FIELDS = {
    "gtin": {"column": "GTIN", "transform": "gtin"},
    "serial": {"column": "Serial", "transform": "serial"},
    "lot": {"column": "Lot", "transform": "lot"},
    "box": {"column": "Box", "transform": "sscc", "required": False},
    "pallet": {"column": "Pallet", "transform": "sscc", "required": False},
    "made": {
        "column": "Made",
        "transform": "datetime",
        "formats": ["DD.MM.YYYY hh:mm:ss"],
        "zone": "Europe/Zurich",
    },
    "packed": {
        "column": "Packed",
        "transform": "datetime",
        "formats": ["DD.MM.YYYY hh:mm"],
        "zone": "Europe/Zurich",
        "required": False,
    },
}
OBJECTS = {
    "unit": {"sgtin": ["gtin", "serial"], "inside": "box"},
    "box": {"sscc": "box", "inside": "pallet"},
    "pallet": {"sscc": "pallet"},
}
PLACE = {"read_point": "plant", "biz_location": "plant"}
UNITS = {"event": "ObjectEvent", "action": "ADD", "epcs": "unit", "time": "made", "biz_step": "commissioning"}
EVENTS = [
    UNITS | PLACE | {"ilmd": {"lotNumber": "lot"}, "group": ["gtin"]},
    {
        "event": "AggregationEvent",
        "action": "ADD",
        "parent": "box",
        "children": "unit",
        "time": "packed",
        "biz_step": "packing",
        "disposition": "in_progress",
    },
    {
        "event": "AggregationEvent",
        "action": "ADD",
        "parent": "pallet",
        "children": "box",
        "time": "packed",
        "biz_step": "packing",
        "disposition": "in_progress",
    },
]
SPEC = {
    "mapping": "x/y",
    "version": 1,
    "title": "t",
    "table": {"csv": {}},
    "company_prefixes": ["9521321"],
    "constants": {"plant": {"value": "9521321000018", "transform": "gln"}},
    "fields": FIELDS,
    "objects": OBJECTS,
    "events": EVENTS,
}


def mapping(**changes) -> Mapping:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text(yaml.safe_dump(SPEC | changes, sort_keys=False, allow_unicode=True), "utf-8")
        return load(str(path))


class Written:
    """A table that was written.

    Attributes:
        data: the file.
        context: its findings and losses.
        lost: every single loss.
    """

    def __init__(self, events: Iterable[Event], by: Mapping, header: Header | None = None, **settings: str) -> None:
        self.lost: list[Loss] = []
        mode = LossMode(settings.pop("loss", "carry"))
        self.context = Context(target_mapping=by, options=Options(settings), losses=Losses(mode, self.lost.append))
        self.data = b"".join(TABLE.write(Document(header or Header(), events), self.context))

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.context.findings]

    @property
    def losses(self) -> list[tuple[str, str, str]]:
        return [(one.code, one.field, one.value) for one in self.lost]


def events_of(data: bytes | str, by: Mapping, name: str = "t.csv", **settings: str) -> list[Event]:
    """The events of a table, without their places; the table must be without findings of errors."""
    context = Context(mapping=by, options=Options(settings))
    source = Source.memory(data.encode() if isinstance(data, str) else data, name)
    events = [structs.replace(event, where=NOWHERE) for event in read(source, context).events]
    assert not context.findings.errors, list(context.findings)
    return events


def normal(events: Iterable[Event]) -> list[str]:
    """Events to compare: those that agree in all but their objects together, and all of it sorted."""
    together: dict[bytes, set[str]] = {}
    for event in events:
        name = "epc_list" if hasattr(event, "epc_list") else "child_epcs"
        bare = structs.replace(event, **{name: None}, where=NOWHERE)
        key = type(event).__name__.encode() + msgspec.json.encode(bare)
        together.setdefault(key, set()).update(getattr(event, name) or ())
    return sorted(f"{key.decode()} {sorted(value)}" for key, value in together.items())
