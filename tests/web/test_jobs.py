"""What a capture job says in each state of its message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.exchange.ledger.left_out import PROCEED
from gateway.exchange.ledger.tables import State
from gateway.web.jobs import MOST_ERRORS, errors_of, job
from tests.exchange.test_left_out import ACTION, AGREEMENT, World, event, xml


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "ws")
    yield world
    world.workspace.close()


@pytest.mark.parametrize("state", [State.DELIVERING, State.AWAITING, State.DONE, State.FAILED, State.CANCELLED])
def test_what_was_captured_stays_captured(world: World, state: State) -> None:
    """Whatever becomes of its deliveries and answers; the job ended when it was found valid."""
    id_ = world.take(xml(event(1)), "")
    before = job(world.message(id_), world.received)
    assert before.finished
    world.workspace.ledger.move(id_, state)
    assert job(world.message(id_), world.received) == before
    assert (before.running, before.success, before.errors) == (False, True, ())


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_what_ended_before_was_not_captured(world: World, state: State) -> None:
    id_ = world.receive(xml(event(1)), "")
    world.workspace.ledger.move(id_, state)
    told = job(world.message(id_), world.received)
    assert (told.running, told.success, len(told.errors)) == (False, False, 1)


def test_a_duplicate_goes_as_the_first_one(world: World) -> None:
    """It is no success as long as the first one is none, which may still be refused."""
    first, again = (world.receive(xml(event(1, ACTION)), "") for _ in range(2))
    assert world.message(again).state == "duplicate"
    assert (job(world.message(again), world.received).running, world.message(again).closed_at != "") == (True, True)
    world.go(first)
    told = job(world.message(again), world.received)
    assert (told.running, told.success) == (False, False)
    assert told.errors == job(world.message(first), world.received).errors
    assert told.created <= told.finished


def test_what_two_receivers_refuse_is_said_once(world: World) -> None:
    id_ = world.take(xml(event(1, ACTION)), "")
    assert len({row.target for row in world.workspace.queries.lineage(id_).findings if row.severity == "error"}) == 2
    assert len(job(world.message(id_), world.received).errors) == 1


@pytest.mark.parametrize("behaviour", ["", PROCEED])
def test_more_errors_than_a_job_names(tmp_path: Path, behaviour: str) -> None:
    """The error file has them all."""
    world = World(tmp_path / "ws", AGREEMENT.replace("left-out: 10", "left-out: 1000"))
    id_ = world.take(xml(event(1), *(event(number, ACTION) for number in range(2, 152))), behaviour)
    message = world.message(id_)
    told = job(message, world.received)
    assert len(told.errors) == MOST_ERRORS + 1
    assert told.as_dict("/capture/x")["errorFile"] == "/capture/x/errors"
    assert f"/capture/{id_}/errors" in told.errors[-1]["detail"]
    problems = list(errors_of(message, world.received, world.workspace.archive))
    assert [problem["event"] for problem in problems] == list(range(2, 152))
    assert tuple(problems[:MOST_ERRORS]) == (told.errors[:-1] if behaviour else told.errors[:MOST_ERRORS])
    world.workspace.close()


def test_the_errors_of_one_event(world: World) -> None:
    """Five are kept, the others counted."""
    bad = event(2).replace(b"</epc>", b"</epc>" + b"<epc>urn:epc:id:sgtin:1.2.3</epc>" * 8)
    id_ = world.take(xml(event(1), bad))
    problems = list(errors_of(world.message(id_), world.received, world.workspace.archive))
    assert [problem.get("event") for problem in problems] == [2] * 5 + [None]
    assert "Event 2 has" in problems[-1]["detail"]
