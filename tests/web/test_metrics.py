"""``/metrics`` as Prometheus reads it: its own parser, and the rules for names that `promtool check metrics` knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from gateway.web.watch import Traffic, metrics
from tests.exchange.site import until
from tests.exchange.test_left_out import ACTION, World, event, xml
from tests.web.served import ServedSite
from tests.web.test_hostile import HEAD, connect

#: Units that have a base unit; a name says the base unit.
UNITS = {"milliseconds", "minutes", "hours", "days", "weeks", "kilobytes", "megabytes", "bits", "percent"}
#: What people ask for, and says so in its name.
ASKED_FOR = {"gateway_certificate_days_left"}


def complaints(text: str) -> list[str]:
    """What is wrong with a text by the rules of Prometheus."""
    families = list(text_string_to_metric_families(text))
    found = [word for family in families for word in of_family(family)]
    series = Counter((s.name, *sorted(s.labels.items())) for family in families for s in family.samples)
    return [*found, *(f"{key} comes twice" for key, count in series.items() if count > 1)]


def of_family(family: Metric) -> Iterator[str]:
    counter = family.type == "counter"
    name = f"{family.name}_total" if counter else family.name
    labels = {label for sample in family.samples for label in sample.labels}
    if not re.fullmatch(r"gateway(_[a-z0-9]+)+", name):
        yield f"{name} is no name"
    if not family.documentation.endswith("."):
        yield f"{name} has no help"
    if family.samples and counter != any(sample.name.endswith("_total") for sample in family.samples):
        yield f"{name}: a counter, and only a counter, ends with _total"
    if UNITS.intersection(name.split("_")) and name not in ASKED_FOR:
        yield f"{name} has no base unit"
    if "quantile" in labels and family.type != "summary":
        yield f"{name} is no summary and has quantiles"
    if labels & {"le", "instance", "job"}:
        yield f"{name} has a label of Prometheus's own"


def values(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("gateway_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "ws")
    yield world
    world.workspace.close()


def test_nothing_is_a_number_too(world: World) -> None:
    """Of a new workspace, and right after a restart: each state, partner and receiver is there."""
    text = metrics(world.workspace)
    assert complaints(text) == []
    found = values(text)
    assert {found["messages", state] for state in ("received", "delivering", "done", "refused")} == {0}
    assert (found["backlog", "acme"], found["oldest_open_seconds", "acme"], found["waiting_deliveries", "one"]) == (
        0,
        0,
        0,
    )
    assert (found["deliveries", "failed"], found["ended", "refused"], found["left_out_events",]) == (0, 0, 0)
    assert set(values(metrics(world.workspace))) == set(found)


def test_what_the_ledger_knows(world: World) -> None:
    world.take(xml(event(1, ACTION)), "")
    id_ = world.take(xml(event(1), event(2, ACTION)))
    for delivery in world.workspace.queries.lineage(id_).deliveries:
        world.workspace.ledger.delivered(delivery.id, "x")
    world.workspace.ledger.close(id_)
    world.take(xml(event(3)))
    text = metrics(world.workspace)
    assert complaints(text) == []
    found = values(text)
    assert (found["messages", "done"], found["messages", "refused"], found["messages", "delivering"]) == (1, 1, 1)
    assert (found["left_out_events",], found["backlog", "acme"], found["deliveries", "delivered"]) == (1, 1, 2)
    assert found["latency_seconds", "acme", "0.5"] > 0


def test_requests() -> None:
    traffic = Traffic()
    traffic.requests["POST", "inbox", 202] += 2
    text = "".join(f"{line}\n" for line in traffic.lines(1))
    assert complaints(text) == []
    found = values(text)
    assert found["http_requests_total", "POST", "inbox", "202"] == 2
    assert found["http_start_time_seconds",] > 1.7e9


def received(served: ServedSite) -> float:
    with served.client() as client:
        text = client.get("/metrics").text
    assert complaints(text) == []
    return values(text)["http_received_bytes_total",]


def test_bytes_that_come_at_the_same_time_all_count(served: ServedSite) -> None:
    before = received(served)
    with connect(served) as slow:
        slow.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n".encode() + b"a" * 500)
        until(lambda: len(served.quarantined()) == 1, 10)
        with connect(served) as quick:
            quick.sendall(f"{HEAD}Content-Length: 300\r\n\r\n".encode() + b"b" * 300)
            assert quick.recv(65536).startswith(b"HTTP/1.1 202 ")
        slow.sendall(b"a" * 500)
        assert slow.recv(65536).startswith(b"HTTP/1.1 202 ")
    assert received(served) - before == 1300
