"""Every shipped mapping reads its own samples as their goldens say, and no other mapping claims them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.formats.table import all_mappings
from gateway.formats.table.conflicts import conflicts
from gateway.formats.table.samples import samples_of
from gateway.mapping_samples import run_sample

PAIRS = [(mapping, sample) for mapping in all_mappings() for sample in samples_of(mapping)]


def test_there_are_samples() -> None:
    assert len(PAIRS) >= 9
    assert len({mapping.name for mapping, _ in PAIRS}) >= 6


@pytest.mark.parametrize(("mapping", "sample"), PAIRS, ids=[sample.name for _, sample in PAIRS])
def test_a_sample_gives_its_goldens(mapping, sample: Path, request: pytest.FixtureRequest) -> None:
    outcome = run_sample(mapping, sample)
    if request.config.getoption("--update"):
        for difference in outcome.differences:
            difference.update()
        return
    said = [line for difference in outcome.differences for line in (difference.title, *difference.lines())]
    assert outcome.right, "\n".join(["run pytest --update and read the diff", *said])


def test_no_mapping_is_in_the_way_of_another() -> None:
    everything = all_mappings()
    assert [conflict.message for conflict in conflicts(everything, everything)] == []
