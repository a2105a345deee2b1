"""Which messages are given to the engine: each once, whoever recorded it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from gateway.exchange.submissions import Submissions


class Engine:
    """What the engine has, and what it was asked and given."""

    def __init__(self, *has: str) -> None:
        self.has = set(has)
        self.asked: list[list[str]] = []
        self.given: list[str] = []

    def known(self, ids: Sequence[str]) -> set[str]:
        self.asked.append(list(ids))
        return self.has & set(ids)

    def enqueue(self, message: SimpleNamespace) -> None:
        self.given.append(message.id)
        self.has.add(message.id)

    def submissions(self) -> Submissions:
        return Submissions(SimpleNamespace(message=lambda id_: SimpleNamespace(id=id_)), self.enqueue, self.known)


def test_what_was_given_here_is_neither_given_again_nor_asked_about() -> None:
    engine = Engine()
    submissions = engine.submissions()
    submissions.give(SimpleNamespace(id="1"))
    submissions.give_left(["1"])
    assert (engine.given, engine.asked) == (["1"], [])


def test_what_another_worker_gave_is_not_given_again_and_what_nobody_gave_is_given_in_order() -> None:
    engine = Engine("2", "4")
    submissions = engine.submissions()
    submissions.give_left(["1", "2", "3", "4"])
    submissions.give_left(["1", "2", "3", "4"])
    assert engine.given == ["1", "3"]
    assert engine.asked == [["1", "2", "3", "4"]]


def test_what_waits_at_one_look_only_is_left_to_whoever_recorded_it() -> None:
    engine = Engine()
    submissions = engine.submissions()
    submissions.give_waiting(["1"])
    assert engine.given == []
    submissions.give_waiting(["1", "2"])
    assert engine.given == ["1"]
    submissions.give_waiting(["2"])
    assert engine.given == ["1", "2"]
