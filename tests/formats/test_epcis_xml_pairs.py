"""Documents that exist in XML and in JSON-LD say the same."""

from __future__ import annotations

from pathlib import Path

from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.formats.epcis_xml import EPCIS_2_0_XML
from gateway.options import Options
from gateway.sources import Source

OPTIONS = Options.check({"layout": "pretty", "cbv": "urn"}, EPCIS_2_0_XML.settings)


def test_pairs(fixtures: Path) -> None:
    pairs = [path for path in sorted((fixtures / "epcis").glob("*.xml")) if path.with_suffix(".jsonld").exists()]
    assert pairs
    for path in pairs:
        for format_, twin in ((EPCIS_2_0_JSON, path.with_suffix(".jsonld")), (EPCIS_2_0_XML, path)):
            context = Context(options=OPTIONS)
            written = b"".join(EPCIS_2_0_XML.write(format_.read(Source.file(twin), context), context))
            assert written == path.read_bytes(), twin.name
            assert not len(context.findings)
            assert context.losses.count == 0
