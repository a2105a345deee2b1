"""The durable engine: the only module that knows DBOS.

It remembers which step of which message is done and goes on there after a crash. It gets ids only; payloads lie in
the archive and the state of every message in the ledger, so that another engine could take over.

Rules that hold here, each for a measured reason:

* the application version is a constant of ours, because DBOS never resumes the work of another version; it changes
  only together with the steps below, after the old work has drained;
* the executor id is the worker's name and stays the same, because DBOS resumes the work of its own name at start;
* workflow ids are message and delivery ids, fixed in width and rising, because SQLite keeps seconds only and DBOS
  breaks ties by id;
* ids and results are stored as JSON, not as pickles;
* SQLite is put into WAL mode once, before DBOS opens it.

Rows in the ledger are kept single by their natural keys (`gateway.exchange.ledger`), not by DBOS's datasource: a
step that runs twice finds its own rows. That keeps the flow and the ledger free of the engine.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.errors import ConfigurationError, UsageError
from gateway.exchange import failpoints
from gateway.exchange.archive import StorageError
from gateway.exchange.collect import Collector
from gateway.exchange.flow import Flow
from gateway.exchange.schedule import SCHEDULED
from gateway.exchange.tables import DeliveryState, Message, State
from gateway.settings import Settings

VERSION = "pipeline-1"
COLLECT, PROCESS, DELIVER = "collect", "process", "deliver"
GIVEN_UP = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"]
PRUNED = 1000

#: A full disk is waited out for about half a minute; after that the message fails and can be replayed.
RETRY_STORAGE: StepOptions = {
    "retries_allowed": True,
    "max_attempts": 6,
    "interval_seconds": 1.0,
    "backoff_rate": 2.0,
    "should_retry": lambda error: isinstance(error, StorageError),
}

log = logs.get(__name__)


class _Parts:
    """What the workflow functions work with. DBOS registers functions of a module, so they find it here."""

    flow: Flow
    collector: Collector
    engine: Engine


@DBOS.workflow(name=COLLECT)
def _collect(channel: str) -> str:
    return DBOS.run_step({"name": "collect"}, _collect_step, channel)


def _collect_step(channel: str) -> str:
    return _Parts.collector.collect(channel, _Parts.engine.process).error


@DBOS.workflow(name=PROCESS)
def _process(message: str) -> None:
    flow = _Parts.flow
    try:
        for name, step in (("detect", flow.detect), ("convert", flow.convert), ("check", flow.check)):
            if not DBOS.run_step({"name": name, **RETRY_STORAGE}, step, message):
                return
        for delivery, partner in DBOS.run_step({"name": "plan"}, flow.plan, message):
            with SetWorkflowID(delivery), SetEnqueueOptions(queue_partition_key=partner):
                DBOS.enqueue_workflow(DELIVER, _deliver, delivery)
            failpoints.reach("deliver.enqueued")
    except (dbos_error.DBOSMaxStepRetriesExceeded, PortableWorkflowError) as error:
        # The second one is the first one after a crash: stored errors come back as name and text.
        last = error.errors[-1] if isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded) else error
        DBOS.run_step({"name": "fail"}, _fail_step, message, str(last))


def _fail_step(message: str, reason: str) -> None:
    _Parts.flow.end(message, "convert", State.FAILED, reason)


@DBOS.workflow(name=DELIVER)
def _deliver(delivery: str) -> None:
    flow = _Parts.flow
    while (wait := DBOS.run_step({"name": "attempt"}, flow.attempt, delivery)) is not None:
        DBOS.sleep(wait)
    DBOS.run_step({"name": "close"}, flow.close, delivery)


class Engine:
    """The engine of one process. There is at most one of them.

    Args:
        settings: database, worker's name, poll interval.
        flow: the steps of messages and deliveries.
        collector: collects channels.
    """

    def __init__(self, settings: Settings, flow: Flow, collector: Collector) -> None:
        self._settings = settings.engine
        self._flow = flow
        self._collector = collector
        self._client: DBOSClient | None = None
        self._buried: set[str] = set()
        _Parts.flow, _Parts.collector, _Parts.engine = flow, collector, self

    def start(self) -> None:
        """Launch the engine and take up the work that the last run left.

        Three kinds of work are taken up: what DBOS itself remembers; open messages in the ledger that it does not
        know (the process died before they were submitted, or its database was lost); and workflows that DBOS gave
        up, whose messages become ``failed`` so that an operator sees them.

        Raises:
            ConfigurationError: the engine's database cannot be opened.
        """
        try:
            self._launch()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            message = f"the engine's database cannot be opened: {error}"
            raise ConfigurationError(message, hint="see `url` under [engine] in gateway.toml") from error
        self.bury()
        for open_message in self._flow.queries.open_messages():
            self.process(open_message)

    def _launch(self) -> None:
        _prepare_sqlite(self._settings.url)
        serializer = DBOSPortableJSONSerializer()
        config: DBOSConfig = {
            "name": "gateway",
            "system_database_url": self._settings.url,
            "application_version": VERSION,
            "executor_id": self._settings.worker,
            "log_level": "WARNING",
            "console_log_level": "WARNING",
            "serializer": serializer,
            "notification_listener_polling_interval_sec": self._settings.poll_interval,
        }
        DBOS(config=config)
        DBOS.launch()
        poll: dict[str, Any] = {"polling_interval_sec": self._settings.poll_interval, "on_conflict": "always_update"}
        DBOS.register_queue(COLLECT, partition_concurrency=1, **poll)
        DBOS.register_queue(PROCESS, partition_concurrency=1, worker_concurrency=self._settings.concurrency, **poll)
        DBOS.register_queue(DELIVER, partition_concurrency=1, **poll)
        self._client = DBOSClient(
            system_database_url=self._settings.url, serializer=serializer, application_name="gateway"
        )

    @property
    def configuration(self) -> str:
        """Hash of the configuration in force."""
        return self._collector.configuration

    def use(self, agreements: Agreements, configuration: str) -> None:
        """Go by other agreements. What a step has begun with the old ones, it ends with them or begins again."""
        self._flow.agreements = agreements
        self._collector.use(agreements, configuration)

    def stop(self) -> None:
        """Stop taking work. Steps that run now are not waited for: they run again at the next start."""
        if self._client is not None:
            self._client.destroy()
            self._client = None
        DBOS.destroy()

    def collect(self, channel: str, id_: str) -> None:
        """Enqueue a collection. The same id again has no effect."""
        self._enqueue(COLLECT, id_, channel, channel)

    def process(self, message: Message) -> None:
        """Enqueue the processing of a message; its sender's messages keep their order. Again: no effect."""
        self._enqueue(PROCESS, message.id, message.channel, message.id)

    def outcome(self, id_: str) -> str | None:
        """What a collection came to: an error text, empty for none; None while it is at work."""
        for status in self._list(workflow_ids=[id_]):
            if status.status == "SUCCESS":
                return str(status.output or "")
            if status.status not in ("ENQUEUED", "PENDING", "DELAYED"):
                return f"the engine gave up: {status.status}"
        return None

    def waiting(self, channel: str) -> bool:
        """Whether a scheduled collection of a channel has not begun yet."""
        return bool(self._list(status="ENQUEUED", workflow_id_prefix=f"{SCHEDULED}:{channel}:", limit=1))

    def bury(self) -> None:
        """Make messages ``failed`` whose workflow the engine gave up."""
        for status in self._list(status=GIVEN_UP, name=[PROCESS, DELIVER], load_output=False):
            if status.workflow_id in self._buried:
                continue
            try:
                self._bury(status.workflow_id, status.name, f"the engine gave up: {status.status}")
            except UsageError:
                # The ledger was restored from a backup, or is another one. It decides what there is.
                log.warning("work of an unknown message was dropped", workflow=status.workflow_id)
            self._buried.add(status.workflow_id)

    def _bury(self, id_: str, workflow: str, reason: str) -> None:
        message = self._flow.queries.message(id_.partition(".")[0]).id
        if workflow == PROCESS:
            self._flow.ledger.move(message, State.FAILED, reason)
            return
        if self._flow.queries.delivery(id_).state in (DeliveryState.PLANNED, DeliveryState.WAITING):
            self._flow.ledger.undelivered(id_, reason, None)
        self._flow.ledger.close(message)

    def prune(self, before: datetime) -> int:
        """Forget work that ended before a moment; DBOS never does. The ledger keeps what happened.

        At most `PRUNED` pieces at a time, so that a look takes no longer than other work can wait.
        """
        ended = self._list(
            status=["SUCCESS", *GIVEN_UP], completed_before=before.isoformat(), limit=PRUNED, load_output=False
        )
        if ended and self._client is not None:
            self._client.delete_workflows([status.workflow_id for status in ended])
        return len(ended)

    def _enqueue(self, workflow: str, id_: str, partition: str, argument: str) -> None:
        if self._client is None:
            message = "the engine does not run"
            raise RuntimeError(message)
        self._client.enqueue(
            {
                "workflow_name": workflow,
                "queue_name": workflow,
                "workflow_id": id_,
                "app_version": VERSION,
                "queue_partition_key": partition,
            },
            argument,
        )

    def _list(self, **filters: Any) -> Sequence[Any]:
        return [] if self._client is None else self._client.list_workflows(load_input=False, **filters)


def _prepare_sqlite(url: str) -> None:
    """Put an SQLite file into WAL mode; the mode stays in the file."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        with contextlib.closing(sqlite3.connect(parsed.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
