"""EDI files between drop folders: the agreement names the format, or the mapping, or neither."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exchange.site import Site

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings" / "edi"
AGREEMENT = """\
partner: {id: acme}
channels:
  - id: acme-in
    transport: folder
    settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}
targets:
  - {id: one, to: epcis-2.0-json, transport: folder, settings: {path: data/one}, set: {time-zone: Europe/Zurich}}
"""


@pytest.mark.parametrize("says", ["", "format: x12-856\n    mappings: [edi/x12-856]"])
def test_a_ship_notice_goes_through(make_site: Callable[[str], Site], says: str) -> None:
    site = make_site(
        AGREEMENT.replace("    transport: folder\n    set", f"    {says}\n    transport: folder\n    set", 1)
    )
    site.drop("asn.x12", (MAPPINGS / "x12-856" / "shipment-4711.x12").read_bytes())
    assert not site.once()
    (message,) = site.messages()
    assert (message.state, message.mapping, message.events) == ("done", "edi/x12-856", 5)
    assert site.delivered()["one"] == ["asn.jsonld"]
