"""Public samples of TraceLink's messages: read without errors, complete, and written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.checks.schema import check_xml
from gateway.findings import Findings
from gateway.resources import shipped
from tests.formats.test_tracelink_read import missing_values
from tests.formats.tracelink_help import errors, lost, read, write

pytestmark = pytest.mark.corpora


@pytest.fixture
def samples(corpora: Path) -> dict[str, bytes]:
    folder = corpora / "vendors" / "tracelink" / "samples"
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.xml"))}
    assert len(found) >= 5
    return found


def test_every_sample_is_read_and_nothing_is_missing(samples: dict[str, bytes]) -> None:
    for name, data in samples.items():
        document, events, found = read(data)
        assert errors(found) == [], name
        assert events, name
        assert found.losses.count == 0, name
        assert missing_values(data, document, events, found) == [], name


def test_samples_come_back(samples: dict[str, bytes]) -> None:
    assigned = {name: data for name, data in samples.items() if "Assigned" in name}
    assert len(assigned) >= 2
    for name, data in assigned.items():
        document, before, _ = read(data)
        written, found = write(document)
        assert (errors(found), lost(found)) == ([], {}), name
        assert read(written)[1] == before, name


def test_our_schema_takes_the_samples(samples: dict[str, bytes]) -> None:
    """The schema was written from facts; the vendor's own files show that these are right."""
    for name, data in samples.items():
        if "Assigned" in name:
            findings = Findings()
            check_xml(data, shipped("xsd", "tracelink", "snx", "messages.xsd"), findings)
            assert [str(finding) for finding in findings] == [], name
