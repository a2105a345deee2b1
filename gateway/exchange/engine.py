"""The durable engine: the only module that knows DBOS.

It remembers which step of which message is done and goes on there after a crash. It gets ids only; payloads lie in
the archive and the state of every message in the ledger, so that another engine could take over.

Rules that hold here, each for a measured reason:

* the application version is a constant of ours, because DBOS never resumes the work of another version; it changes
  together with the steps below, and work of the versions before is begun again from the ledger (`Engine.adopt`);
* the executor id is the worker's name and stays the same, because DBOS resumes the work of its own name at start;
  the work of a worker that does not come back is moved to the others (`Engine.take_over`);
* workflow ids are message and delivery ids, fixed in width and rising, because SQLite keeps seconds only and DBOS
  breaks ties by id;
* ids and results are stored as JSON, not as pickles;
* SQLite is put into WAL mode once, before DBOS opens it;
* rows in the ledger are kept single by their natural keys: a step that runs twice finds its own.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    PortableWorkflowError,
    SetEnqueueOptions,
    SetWorkflowID,
    StepOptions,
)
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.errors import ConfigurationError, UsageError
from gateway.exchange import failpoints
from gateway.exchange.archive.store import StorageError
from gateway.exchange.at_work import AtWork
from gateway.exchange.engine_words import (
    AGAIN,
    ASK,
    ASK_LOOK,
    AT_A_TIME,
    CLIENT_POOL,
    COLLECT,
    DELIVER,
    LONGEST,
    OLDER,
    PATIENCE,
    PROCESS,
    VERSION,
    WAKE,
    WORKING,
    pool,
    queue_options,
)
from gateway.exchange.flow.collect import Collector
from gateway.exchange.flow.steps import Flow, Go
from gateway.exchange.gate import Gate
from gateway.exchange.ledger.database import IDLE, address, use_wal
from gateway.exchange.ledger.tables import Delivery, Message, State
from gateway.exchange.leftovers import Leftovers
from gateway.exchange.schedule import SCHEDULED
from gateway.exchange.submissions import Submissions
from gateway.settings import Settings

#: A full disk or a lost database is waited out for about half a minute; after that the message fails and can be
#: replayed.
RETRY_STORAGE: StepOptions = {
    "retries_allowed": True,
    "max_attempts": 6,
    "interval_seconds": 1.0,
    "backoff_rate": 2.0,
    "should_retry": lambda error: isinstance(error, StorageError),
}

R = TypeVar("R")
log = logs.get(__name__)


class _Parts:
    """What the workflow functions work with. DBOS registers functions of a module, so they find it here."""

    flow: Flow
    collector: Collector
    engine: Engine
    gate = Gate()
    at_work = AtWork()


def _step(name: str, function: Callable[[str], R], argument: str) -> R:
    def through_the_gate(argument: str) -> R:
        with _Parts.gate:
            return function(argument)

    return DBOS.run_step({"name": name, **RETRY_STORAGE}, through_the_gate, argument)


def _at_work(workflow: Callable[[str], R]) -> Callable[[str], R]:
    """The workflow, noted while it runs."""

    def noted(argument: str) -> R:
        with _Parts.at_work.on(str(DBOS.workflow_id)):
            return workflow(argument)

    return noted


@DBOS.workflow(name=COLLECT)
@_at_work
def _collect(channel: str) -> str:
    return _step("collect", _collect_step, channel)


def _collect_step(channel: str) -> str:
    _Parts.engine.process_left(channel)
    return _Parts.collector.collect(channel, _Parts.engine.process).error


@DBOS.workflow(name=PROCESS)
@_at_work
def _process(message: str) -> None:
    flow = _Parts.flow
    try:
        while (answer := _step("read", flow.read, message)) == Go.HELD:
            DBOS.recv(WAKE, timeout_seconds=LONGEST)
        if answer != Go.ON:
            return
        for delivery, lane in _step("release", flow.release, message):
            with SetWorkflowID(delivery), SetEnqueueOptions(queue_partition_key=lane):
                DBOS.enqueue_workflow(DELIVER, _deliver, delivery)
            failpoints.reach("deliver.enqueued")
    except (dbos_error.DBOSMaxStepRetriesExceeded, PortableWorkflowError) as error:
        # The second one is the first one after a crash: stored errors come back as name and text.
        last = error.errors[-1] if isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded) else error
        _step("fail", lambda id_: _fail_step(id_, str(last)), message)


def _fail_step(message: str, reason: str) -> None:
    _Parts.flow.end(message, "convert", State.FAILED, reason)


@DBOS.workflow(name=DELIVER)
@_at_work
def _deliver(delivery: str) -> None:
    while (wait := _step("attempt", _Parts.flow.attempt, delivery)) is not None:
        DBOS.recv(WAKE, timeout_seconds=wait)


@DBOS.workflow(name=ASK)
@_at_work
def _ask(delivery: str) -> None:
    _step(ASK, _Parts.flow.ask, delivery)


class Engine:
    """The engine of one process. There is at most one of them.

    Args:
        settings: database, worker's name, poll interval.
        flow: the steps of messages and deliveries.
        collector: collects channels.
        password: password of the database server, empty where none is needed.
    """

    def __init__(self, settings: Settings, flow: Flow, collector: Collector, password: str = "") -> None:
        self._settings = settings.engine
        self._url = address(settings.engine.url, password).render_as_string(hide_password=False)
        self._flow = flow
        self._collector = collector
        self._client: DBOSClient | None = None
        self.left = Leftovers(flow, settings.engine.worker, _Parts.at_work, self._running, self._list)
        self._submissions = Submissions(flow.queries, self._process, self._known)
        _Parts.flow, _Parts.collector, _Parts.engine = flow, collector, self
        _Parts.gate.open()

    def start(self, *, died: bool = False) -> None:
        """Launch the engine; DBOS takes up what it remembers of this worker's work.

        Args:
            died: whether this worker's last process did not stop but died.

        Raises:
            ConfigurationError: the engine's database cannot be opened.
        """
        if died:
            self._count_own_deaths()
        try:
            self._launch()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            message = f"the engine's database cannot be opened: {error}"
            raise ConfigurationError(message, hint="see `url` under [engine] in gateway.toml") from error

    def lead(self) -> None:
        """Take up the work that nobody else takes up: that of an older version of the flow; open messages that DBOS
        does not know (the process died before they were submitted, or its database was lost); and workflows that
        DBOS gave up, whose messages become ``failed``.
        """  # noqa: D205
        self.adopt()
        self.left.bury()
        self._submissions.give_left(message.id for message in self._flow.queries.open_messages())

    def _launch(self) -> None:
        use_wal(self._settings.url)
        poll = self._settings.poll_interval
        config: DBOSConfig = {
            "name": "gateway",
            "system_database_url": self._url,
            "sys_db_idle_transaction_timeout_sec": IDLE,
            "application_version": VERSION,
            "executor_id": self._settings.worker,
            "log_level": "WARNING",
            "console_log_level": "WARNING",
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": poll,
            "sys_db_pool_size": pool(self._settings.url),
        }
        self._client = self._connect()  # work that is taken up again begins within `launch`, and may enqueue more
        DBOS(config=config)
        DBOS.launch()
        DBOS.register_queue(PROCESS, worker_concurrency=self._settings.concurrency, **queue_options(poll))
        DBOS.register_queue(COLLECT, **queue_options(poll))
        DBOS.register_queue(DELIVER, **queue_options(poll))
        DBOS.register_queue(ASK, **queue_options(max(poll, ASK_LOOK)))

    def _connect(self) -> DBOSClient:
        return DBOSClient(
            system_database_url=self._url,
            serializer=DBOSPortableJSONSerializer(),
            system_database_pool_size=CLIENT_POOL,
            sys_db_idle_transaction_timeout_sec=IDLE,
            application_name="gateway",
        )

    @property
    def configuration(self) -> str:
        """Hash of the configuration in force."""
        return self._collector.configuration

    def use(self, agreements: Agreements, configuration: str) -> None:
        """Go by other agreements. What a step has begun with the old ones, it ends with them or begins again."""
        self._flow.agreements, self._flow.configuration = agreements, configuration
        self._collector.use(agreements, configuration)

    def stop(self) -> None:
        """Stop taking work, and wait a little for the steps at work; those that go on run again at the next start."""
        if not _Parts.gate.close(PATIENCE):
            log.warning("a step takes long; it will run again")
        if self._client is not None:
            self._client.destroy()
            self._client = None
        DBOS.destroy(workflow_completion_timeout_sec=1)

    # ---- work ---------------------------------------------------------------------------------------------------

    def collect(self, channel: str, id_: str) -> None:
        """Enqueue a collection. The same id again has no effect."""
        self._enqueue(COLLECT, id_, channel, channel)

    def process(self, message: Message) -> None:
        """Enqueue the processing of a message; its sender's messages keep their order. Again: no effect."""
        self._submissions.give(message)

    def process_all(self, waiting: Sequence[str]) -> None:
        """Enqueue, of all messages that have not begun, those that nobody has enqueued since the last time."""
        self._submissions.give_waiting(waiting)

    def process_left(self, channel: str) -> None:
        """Enqueue what a collection that broke off took and did not enqueue, before newer files of the channel."""
        self._submissions.give_left(self._flow.queries.not_begun(channel))

    def deliver(self, delivery: Delivery) -> None:
        """Enqueue a delivery that was planned. Again: no effect."""
        self._enqueue(DELIVER, delivery.id, self._flow.delivery_lane(delivery), delivery.id)

    def wake(self, work: Iterable[str]) -> None:
        """Let waiting work look again at once: a message's or a delivery's."""
        for id_ in work:
            with contextlib.suppress(dbos_error.DBOSNonExistentWorkflowError):
                self._running().send(id_, "", topic=WAKE)

    def redeliver(self, delivery: Delivery, time: int) -> None:
        """Enqueue a delivery once more, for the given time; the same time again has no effect."""
        self._enqueue(DELIVER, f"{delivery.id}{AGAIN}{time}", self._flow.delivery_lane(delivery), delivery.id)

    def ask(self, until: str) -> None:
        """Enqueue questions for answers that are to be asked for until a time. Again: no effect within an hour."""
        for row, target in self._flow.regulators.due(until):
            self._enqueue(ASK, f"{row.delivery}.{ASK}{row.asked}-{until[:13]}", target, row.delivery)

    def outcome(self, id_: str) -> str | None:
        """What a collection came to: an error text, empty for none; None while it is at work."""
        for status in self._list(workflow_ids=[id_]):
            if status.status == "SUCCESS":
                return str(status.output or "")
            if status.status not in WORKING:
                return f"the engine gave up: {status.status}"
        return None

    def waiting(self, channel: str) -> bool:
        """Whether a scheduled collection of a channel has not begun yet."""
        return bool(self._list(status="ENQUEUED", workflow_id_prefix=f"{SCHEDULED}:{channel}:", limit=1))

    # ---- what others left ---------------------------------------------------------------------------------------

    def adopt(self) -> int:
        """Begin the unfinished work of older versions again; returns how many pieces that were.

        Its steps may run again, so it starts at its first one. Collections are dropped: the next slot takes the files.
        """
        old = self._list(status=WORKING, app_version=OLDER, load_output=False)
        if not old:
            return 0
        self._running().delete_workflows([status.workflow_id for status in old])
        for status in sorted(old, key=lambda status: str(status.workflow_id)):
            with contextlib.suppress(UsageError):  # the ledger is another one; it decides what there is
                if status.name == PROCESS:
                    self.process(self._flow.queries.message(status.workflow_id))
                elif status.name == DELIVER:
                    self.deliver(self._flow.queries.delivery(status.workflow_id))
        log.warning("work of an older version begins again", pieces=len(old))
        return len(old)

    def _count_own_deaths(self) -> None:
        """Count the death of this worker against what it worked at, and take out what killed it too often."""
        try:
            self._client = self._connect()
            for status in self._list(status="PENDING", executor_id=self._settings.worker, load_output=False):
                if self._flow.deadly(status.workflow_id):
                    self._client.cancel_workflow(status.workflow_id)
        except (SQLAlchemyError, OSError, dbos_error.DBOSException):
            log.warning("the engine's database was lost; the work begins again from the ledger")
        finally:
            if self._client is not None:
                self._client.destroy()
                self._client = None

    def _process(self, message: Message) -> None:
        self._enqueue(PROCESS, message.id, self._flow.lane(message), message.id)

    def _known(self, ids: Sequence[str]) -> set[str]:
        parts = (list(ids[at : at + AT_A_TIME]) for at in range(0, len(ids), AT_A_TIME))
        return {found.workflow_id for part in parts for found in self._list(workflow_ids=part, load_output=False)}

    def _enqueue(self, workflow: str, id_: str, partition: str, argument: str) -> None:
        self._running().enqueue(
            {
                "workflow_name": workflow,
                "queue_name": workflow,
                "workflow_id": id_,
                "app_version": VERSION,
                "queue_partition_key": partition,
            },
            argument,
        )

    def _running(self) -> DBOSClient:
        if self._client is None:
            message = "the engine does not run"
            raise RuntimeError(message)
        return self._client

    def _list(self, **filters: Any) -> Sequence[Any]:
        return [] if self._client is None else self._client.list_workflows(load_input=False, **filters)
