"""Work that was left undone: by workers that are gone, by threads that ended, by the engine that gave it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway import logs
from gateway.errors import UsageError
from gateway.exchange.at_work import AtWork
from gateway.exchange.engine_words import AGAIN, ASK, AT_A_TIME, COLLECT, DELIVER, GIVEN_UP, PROCESS
from gateway.exchange.flow.steps import Flow

log = logs.get(__name__)


class Client(Protocol):
    """What is asked of the engine's client; see `dbos.DBOSClient`."""

    def cancel_workflow(self, workflow_id: str) -> None:
        """Nobody goes on with it."""

    def delete_workflows(self, workflow_ids: list[str]) -> None:
        """Forget them."""

    def resume_workflows(self, workflow_ids: list[str], *, queue_name: str | None = None) -> Any:
        """Put them into a queue again."""


class Leftovers:
    """Finds what was left, and sees that somebody goes on with it or that it ends.

    Args:
        flow: the steps of messages and deliveries.
        worker: this worker's name.
        at_work: what runs here.
        client: the engine's client.
        find: pieces of work that the engine knows, by `DBOSClient.list_workflows`.
    """

    def __init__(
        self,
        flow: Flow,
        worker: str,
        at_work: AtWork,
        client: Callable[[], Client],
        find: Callable[..., Sequence[Any]],
    ) -> None:
        self._flow = flow
        self._worker = worker
        self._at_work = at_work
        self._client = client
        self._find = find
        self._buried = set[str]()

    def take_over(self, worker: str, *, died: bool = True) -> int:
        """Move the unfinished work of another worker to the living ones; returns how many pieces that were.

        Args:
            worker: name of the worker; it must not be able to begin meanwhile.
            died: whether its end is to be counted against what it worked at.
        """
        left = []
        for status in self._find(status="PENDING", executor_id=worker, load_output=False):
            if died and self._flow.deadly(status.workflow_id):
                self._client().cancel_workflow(status.workflow_id)
            elif status.queue_name:
                left.append(status)
        self._put_back(left)
        return len(left)

    def take_up_lost(self) -> int:
        """Go on with work that the engine believes to run here and that does not; returns how many pieces that were.

        Its thread ends and the work stays as it was when the engine's database cannot be written, on a full disk say.
        """
        names = [COLLECT, PROCESS, DELIVER, ASK]
        here = self._find(status="PENDING", executor_id=self._worker, name=names, load_output=False)
        ids = self._at_work.lost([status.workflow_id for status in here])
        lost = [status for status in here if status.workflow_id in ids and status.queue_name]
        self._put_back(lost)
        if lost:
            log.warning("work that had stopped goes on", pieces=len(lost))
        return len(lost)

    def _put_back(self, left: Iterable[Any]) -> None:
        """Put work back into its own queue, so that its place in the order is kept."""
        queues: dict[str, list[str]] = defaultdict(list)
        for status in left:
            queues[status.queue_name].append(status.workflow_id)
        for queue, ids in queues.items():
            self._client().resume_workflows(sorted(ids), queue_name=queue)

    def bury(self) -> None:
        """Make messages ``failed`` whose workflow the engine gave up."""
        for status in self._find(status=GIVEN_UP, name=[PROCESS, DELIVER], load_output=False):
            if status.workflow_id in self._buried:
                continue
            work = status.workflow_id.partition(AGAIN)[0]
            try:
                reason = self._flow.parked(work) or f"the engine gave up: {status.status}"
                self._flow.give_up(work, reason)
                if status.name == PROCESS:
                    self._give_up_planned(work, reason)
            except UsageError:
                # The ledger was restored from a backup, or is another one. It decides what there is.
                log.warning("work of an unknown message was dropped", workflow=status.workflow_id)
            self._buried.add(status.workflow_id)

    def _give_up_planned(self, message: str, reason: str) -> None:
        """End the deliveries of a message that were planned and never given to the engine: nobody would make them."""
        planned = [row.id for row in self._flow.queries.open_deliveries() if row.message == message]
        if planned:
            known = {status.workflow_id for status in self._find(workflow_ids=planned, load_output=False)}
            for id_ in planned:
                if id_ not in known:
                    self._flow.give_up(id_, reason)

    def prune(self, before: datetime) -> int:
        """Forget work that ended before a moment, some pieces at a time; DBOS never does. The ledger keeps it."""
        ended = self._find(
            status=["SUCCESS", *GIVEN_UP], completed_before=before.isoformat(), limit=AT_A_TIME, load_output=False
        )
        if ended:
            self._client().delete_workflows([status.workflow_id for status in ended])
        return len(ended)
