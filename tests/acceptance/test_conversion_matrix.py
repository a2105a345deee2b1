"""Every valid EPCIS document of the corpora into every format, with each loss mode.

A document is one test a direction and mode. The official schemas decide what is valid, the meter what is kept.
"""

from __future__ import annotations

import collections

import pytest
from lxml import etree

from gateway.findings import LossMode
from tests.acceptance.conversions import converted, not_accounted, output_error
from tests.acceptance.corpus import FORMATS, JSON, V1, V2, Sample
from tests.acceptance.expected import refusal, refusals, valid

pytestmark = pytest.mark.corpora

#: What even ``carry`` cannot keep, in documents of our own that hold nothing else: attributes where the model has no
#: place, and characters that XML forbids.
LOST_ALL_THE_SAME = {
    "own/attributes-1.2.xml": {"LOSS-C35-PART"},
    "own/characters.jsonld": {"LOSS-XML-01"},
}

COMMENTS = "LOSS-C31-COMMENT"
CASES = [pytest.param(s, target, id=f"{s.id}>{target}") for s in valid() for target in FORMATS]
CONVERTIBLE = [case for case in CASES if refusal(*case.values) is None]


def test_the_corpora_are_complete(corpora):
    """A walk that finds nothing would pass everything."""
    found = collections.Counter(sample.format for sample in valid())
    assert found[V1] >= 20
    assert found[V2] >= 56
    assert found[JSON] >= 89
    assert len(CONVERTIBLE) >= 445


def test_the_list_of_refused_documents_names_documents(corpora):
    known = {sample.name for sample in valid()}
    assert {name for name, _ in refusals()} <= known


@pytest.mark.parametrize(("sample", "target"), CONVERTIBLE)
def test_comments_and_processing_instructions_are_listed(sample: Sample, target: str):
    """C31: each of them, in every direction, whatever becomes of the values."""
    listed = collections.Counter(loss.value for loss in converted(sample, target).losses if loss.code == COMMENTS)
    expected: collections.Counter[str] = collections.Counter()
    if sample.format != JSON:
        root = etree.fromstring(sample.data, etree.XMLParser(resolve_entities=False, no_network=True))
        for node in root.getroottree().xpath("//comment() | //processing-instruction()"):
            target_of = f"{node.target} " if node.tag is etree.ProcessingInstruction else ""
            expected[f"{target_of}{node.text or ''}".strip()] += 1
    assert listed == expected


@pytest.mark.parametrize(("sample", "target"), CONVERTIBLE)
def test_carry_keeps_every_value_in_a_valid_document(sample: Sample, target: str):
    result = converted(sample, target)
    assert not result.report.failed, result.told
    assert output_error(sample, target) == ""
    assert not_accounted(sample, target) == ()
    lost = {loss.code for loss in result.losses if loss.outcome == "lost"} - {COMMENTS}
    assert lost == (LOST_ALL_THE_SAME.get(sample.name, set()) if target != sample.format or target == V1 else set())


@pytest.mark.parametrize(("sample", "target"), CONVERTIBLE)
def test_drop_lists_every_value_that_it_leaves_out(sample: Sample, target: str):
    result = converted(sample, target, LossMode.DROP)
    assert not result.report.failed, result.told
    assert output_error(sample, target, LossMode.DROP) == ""
    assert not_accounted(sample, target, LossMode.DROP) == ()
    assert [loss for loss in result.losses if loss.outcome == "carried"] == []


@pytest.mark.parametrize(("sample", "target"), CONVERTIBLE)
def test_fail_refuses_exactly_when_something_would_be_carried_or_lost(sample: Sample, target: str):
    losses = converted(sample, target).losses
    result = converted(sample, target, LossMode.FAIL)
    assert result.report.exit_code == (3 if losses else 0), result.told
    assert bool(result.output) is not bool(losses)
    assert sorted({loss.code for loss in result.losses}) == sorted({loss.code for loss in losses})


@pytest.mark.parametrize(("sample", "target"), [case for case in CASES if refusal(*case.values) is not None])
def test_a_refused_document_gets_exactly_the_listed_findings(sample: Sample, target: str):
    result = converted(sample, target)
    expected = refusal(sample, target)
    assert result.errors == sorted(expected.findings), result.told
    assert result.report.exit_code == 1
    assert result.output == b""
