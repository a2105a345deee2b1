"""With carry, a document that went through another format comes back equal: every value, and every order that matters."""

from __future__ import annotations

import pytest

from tests.acceptance.conversions import round_trip
from tests.acceptance.corpus import JSON, V1, V2, Sample
from tests.acceptance.expected import refusal, valid

pytestmark = pytest.mark.corpora

ROUTES = {V1: (V2, JSON), V2: (V1, JSON), JSON: (V1, V2)}
CASES = [
    pytest.param(s, via, id=f"{s.id}>{via}") for s in valid() for via in ROUTES[s.format] if refusal(s, via) is None
]


def test_there_are_enough_round_trips(corpora):
    assert len(CASES) >= 297


@pytest.mark.parametrize(("sample", "via"), CASES)
def test_a_round_trip_gives_the_document_back(sample: Sample, via: str):
    back, difference = round_trip(sample, via)
    assert difference == "", back.told
