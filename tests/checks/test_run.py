"""All layers together: what passes through, and what it costs."""

from __future__ import annotations

from collections import Counter
from time import process_time
from types import SimpleNamespace

from gateway.checks.run import LAYERS, STORY, check_events
from gateway.findings import Findings


def test_events_pass_some_at_a_time_and_wrong_ones_too(make):
    context = SimpleNamespace(findings=Findings(), now="")
    taken = []

    def source():
        for number in range(300):
            taken.append(number)
            yield make.object(action="PUT", epc_list=[str(number)])

    stream = check_events(source(), context, (*LAYERS, STORY))
    assert taken == []
    assert next(stream).epc_list == ["0"]
    assert 1 <= len(taken) < 100
    assert [event.epc_list for event in stream] == [[str(number)] for number in range(1, 300)]
    assert Counter(f.code for f in context.findings) == {"EPCIS-EVENT-01": 300, "EPCIS-ID-01": 300}


def test_without_layers_nothing_is_checked(make):
    context = SimpleNamespace(findings=Findings(), now="")
    assert len(list(check_events([make.object(action="")], context, ()))) == 1
    assert len(context.findings) == 0


def test_checking_a_batch_costs_little(make):
    """A bound with much room, so that a slow machine passes and an accidental parse of every EPC does not."""
    epcs = [f"{make.gtin}S{number:09}" for number in range(20_000)]
    many, single = [make.object(epc_list=epcs)], [make.object(epc_list=[epc]) for epc in epcs[:5000]]

    def cost(events):
        context = SimpleNamespace(findings=Findings(), now="2026-11-22T10:00:00Z")
        best = float("inf")
        for _ in range(3):
            start = process_time()
            count = sum(1 for _ in check_events(events, context, LAYERS))
            best = min(best, process_time() - start)
        assert (count, len(context.findings)) == (len(events), 0)
        return best

    assert cost(many) / len(epcs) < 1e-6
    assert cost(single) / len(single) < 30e-6
