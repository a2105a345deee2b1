"""Documents that the official schemas refuse are refused here, too, with a finding that names the fault."""

from __future__ import annotations

import pytest

from gateway.convert import Request, validate
from gateway.sources import Source
from tests.acceptance.corpus import Sample
from tests.acceptance.expected import faults, invalid, refusal, valid

pytestmark = pytest.mark.corpora


def test_every_invalid_document_is_listed(corpora):
    assert len(invalid()) >= 31
    assert [sample.name for sample in invalid() if not any(fault.covers(sample) for fault in faults())] == []


@pytest.mark.parametrize("sample", invalid(), ids=lambda sample: sample.id)
def test_the_fault_is_named(sample: Sample):
    fault = next(fault for fault in faults() if fault.covers(sample))
    report = validate(Request(Source.memory(sample.data, sample.name), from_=sample.format))
    named = [f for f in report.findings if f.code == fault.code and f.severity == "error"]
    assert named, [str(finding) for finding in report.findings]
    assert any(all(word in f"{f.message} {f.value}" for word in fault.names) for f in named), [str(f) for f in named]
    assert report.exit_code == 1
    assert all(f.hint for f in named)


def _holds_no_control_message(sample: Sample) -> bool:
    """Our schemas leave out the query interface's messages, which are no data."""
    refused = refusal(sample, sample.format)
    return refused is None or "EPCIS-XML-10" not in refused.findings


@pytest.mark.parametrize(
    "sample", [sample for sample in valid() if _holds_no_control_message(sample)], ids=lambda sample: sample.id
)
def test_our_schema_rules_accept_what_the_official_ones_accept(sample: Sample):
    report = validate(Request(Source.memory(sample.data, sample.name), from_=sample.format))
    assert [str(finding) for finding in report.findings if finding.code.startswith(("XSD-", "JSON-SCHEMA-"))] == []
