"""Which messages the engine has been given, and which it must still be given.

Who records a message gives it to the engine right afterwards. A crash in between, a replay, a file that was pushed or
another worker leaves messages of which this process does not know whether the engine has them: then the engine is
asked, many at a time. To give it a message again would do no harm, but costs as much as a step of its way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.tables import Message


class Submissions:
    """Gives messages to the engine.

    Args:
        queries: the ledger.
        enqueue: gives the engine a message; again has no effect.
        known: which of these messages the engine has.
    """

    def __init__(
        self,
        queries: Queries,
        enqueue: Callable[[Message], None],
        known: Callable[[Sequence[str]], Collection[str]],
    ) -> None:
        self._queries = queries
        self._enqueue = enqueue
        self._known = known
        self._given: set[str] = set()
        self._waited: set[str] = set()

    def give(self, message: Message) -> None:
        """Give the engine one message."""
        self._enqueue(message)
        self._given.add(message.id)

    def give_left(self, waiting: Iterable[str]) -> None:
        """Give the engine, in this order, those of these messages that it does not have."""
        unsure = [id_ for id_ in waiting if id_ not in self._given]
        if not unsure:
            return
        known = self._known(unsure)
        for id_ in unsure:
            if id_ not in known:
                self._enqueue(self._queries.message(id_))
        self._given.update(unsure)

    def give_waiting(self, waiting: Sequence[str]) -> None:
        """The same, of all messages that have not begun, for those that had not begun at the last call either."""
        self.give_left(id_ for id_ in waiting if id_ in self._waited)
        self._waited = set(waiting)
        self._given &= self._waited
