"""Running the exchange: until it is stopped, or once through everything that waits.

Nothing needs a clean stop. What runs when the process goes away, runs again at the next start.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.errors import ConfigurationError
from gateway.exchange.clock import stamp
from gateway.exchange.engine import Engine
from gateway.exchange.engine_words import VERSION
from gateway.exchange.flow.collect import Collector
from gateway.exchange.flow.deliveries import AHEAD
from gateway.exchange.flow.sessions import Sessions
from gateway.exchange.flow.steps import Flow
from gateway.exchange.ledger.audit import Actor
from gateway.exchange.ledger.database import StoreError
from gateway.exchange.ledger.past import Past
from gateway.exchange.ledger.tables import Delivery, DeliveryState, Message, State
from gateway.exchange.memory import few_arenas, give_back
from gateway.exchange.operations.alerts import LOOK as ALERTS
from gateway.exchange.operations.alerts import Alerting
from gateway.exchange.reload import LOOK as RELOAD
from gateway.exchange.reload import Reloader
from gateway.exchange.schedule import Scheduler
from gateway.exchange.workers import BEATS, Crew
from gateway.exchange.workspace import Workspace
from gateway.transports.secrets import Referred, secrets
from gateway.vault import LazyVault

#: How long the engine remembers work that has ended. The ledger remembers it for ever.
REMEMBERED = timedelta(days=30)

#: Seconds between two looks for work that the engine may forget.
PRUNE = 600.0

#: Seconds between two looks for work that stopped here without an end.
LOST = 10.0

#: Seconds after which memory that is free is given back to the system.
GIVE_BACK = 60.0

#: Seconds between two looks for tries that a wrong clock has put far ahead.
STRAYS = 60.0

#: Seconds between two looks at the ledger for messages that came in from elsewhere, e.g. by `gateway replay`.
LOOK = 2.0

#: Seconds between two looks for waiting work that is to be woken.
WAKES = 1.0

log = logs.get(__name__)


@dataclass(slots=True)
class Outcome:
    """What `once` came to.

    Attributes:
        messages: messages that were open before or came in, as they are now.
        failed_channels: error by channel id.
        waiting: deliveries that another `once` or `run` will try again.
        uncertain: how many deliveries of these messages an operator has to settle.
    """

    messages: list[Message] = field(default_factory=list)
    failed_channels: dict[str, str] = field(default_factory=dict)
    waiting: list[Delivery] = field(default_factory=list)
    uncertain: int = 0

    @property
    def peer_failed(self) -> bool:
        """Whether a peer could not be reached, or did not take a file."""
        return bool(self.failed_channels or self.waiting or self.uncertain) or any(
            message.state == State.FAILED for message in self.messages
        )


@dataclass(frozen=True, slots=True)
class Running:
    """What exchanges in a workspace while it is open.

    Attributes:
        engine: the engine, started.
        crew: this worker among the others.
        flow: the steps of messages and deliveries.
    """

    engine: Engine
    crew: Crew
    flow: Flow

    def wake(self) -> None:
        """Tell waiting work that is to look again."""
        work = self.flow.holds.wakes()
        if work:
            self.engine.wake(work)
            self.flow.holds.told(work)


@contextmanager
def exchange(workspace: Workspace) -> Iterator[Running]:
    """A workspace's engine, started; no other process exchanges under this worker's name meanwhile.

    Raises:
        UsageError: another process does.
        ConfigurationError: an agreement is wrong.
    """
    few_arenas()
    agreements, settings = workspace.agreements, workspace.settings
    with workspace.exclusive():
        workspace.act_as(Actor(f"gateway {settings.engine.worker}"))
        crew = Crew(workspace.database, settings.engine.worker, VERSION, settings.engine.silence)
        died = crew.join()
        workspace.archive.clear_quarantine()
        configuration = workspace.ledger.configuration(agreements.files)
        resolve = secrets(settings.root)
        flow = Flow(agreements, workspace.ledger, workspace.archive, resolve, sure=crew.sure)
        flow.configuration = configuration
        if settings.codes_key:
            flow.codes = LazyVault(settings.codes, Referred(settings.root, settings.codes_key))
        flow.past = Past(settings, workspace.database).agreements
        collector = Collector(agreements, configuration, workspace.ledger, workspace.archive, resolve, crew.sure)
        flow.sessions = collector.sessions = Sessions(resolve, keep=True)
        engine = Engine(settings, flow, collector, workspace.password)
        engine.start(died=died)
        engine.left.prune(workspace.clock() - REMEMBERED)
        try:
            yield Running(engine, crew, flow)
        finally:
            collector.stop()
            engine.stop()
            flow.sessions.close()
            with _complained():
                crew.leave()


@contextmanager
def _complained() -> Iterator[None]:
    """A database that does not work at the end is only told of: whoever starts next finds out what was left."""
    try:
        yield
    except StoreError as error:
        log.warning("the end of this worker cannot be recorded", error=str(error))


def run(workspace: Workspace, stopping: threading.Event, interval: float = 0.5) -> None:
    """Exchange until `stopping` is set.

    Args:
        workspace: the workspace.
        stopping: ends the service.
        interval: seconds between two looks; a slot fires at most this much late.

    Raises:
        UsageError: another process exchanges in this workspace, or under this worker's name.
        ConfigurationError: an agreement is wrong.
    """
    with exchange(workspace) as running:
        log.info("started", workspace=str(workspace.settings.root), worker=workspace.settings.engine.worker)
        leader = Leader(workspace, running)

        def use(agreements: Agreements, configuration: str) -> None:
            running.engine.use(agreements, configuration)
            running.flow.sessions.drop()
            leader.use()

        reload = _every(RELOAD, Reloader(workspace, running.engine.configuration, use).look)
        tidy = _every(GIVE_BACK, give_back)
        go_on = _every(LOST, running.engine.left.take_up_lost)
        while not stopping.is_set():
            try:
                leader.look()
                reload()
                tidy()
                go_on()
            except (StoreError, SQLAlchemyError) as error:
                # The second one comes from the engine's own database.
                said = error if isinstance(error, StoreError) else getattr(error, "orig", None) or type(error).__name__
                log.warning("the database does not work; trying again", error=str(said))
                leader.alerting.broken_aside()
            stopping.wait(interval)
        log.info("stopping")


class Leader:
    """What one worker does for all: schedules, work that nobody has taken up, silent workers, forgetting.

    Args:
        workspace: the workspace.
        running: this worker. It looks at nothing while another one leads.
    """

    def __init__(self, workspace: Workspace, running: Running) -> None:
        self._running = running
        self._leading = False
        self._workspace = workspace
        engine = running.engine
        self._scheduler = self._new_scheduler()
        self.alerting = Alerting(workspace)
        self._chores = (
            _every(LOOK, _submitting(engine, running.flow)),
            _every(WAKES, running.wake),
            _every(WAKES, lambda: engine.ask(stamp(workspace.clock()))),
            _every(workspace.settings.engine.silence / BEATS, self._take_over),
            _every(STRAYS, lambda: running.flow.holds.wake_strays(AHEAD)),
            _every(PRUNE, lambda: engine.left.prune(workspace.clock() - REMEMBERED)),
            _every(ALERTS, self.alerting.look_aside),
        )

    def use(self) -> None:
        """Go by the agreements that the workspace has now."""
        self._scheduler = self._new_scheduler()
        self._leading = False
        self._running.flow.holds.look_again()

    def _new_scheduler(self) -> Scheduler:
        engine, workspace = self._running.engine, self._workspace
        return Scheduler(workspace.agreements, workspace.ledger, engine.collect, workspace.clock, engine.waiting)

    def look(self) -> None:
        """Do what is due, if this worker leads."""
        if not self._running.crew.leads():
            self._leading = False
            return
        if not self._leading:
            self._running.engine.lead()
            self._scheduler.begin()
            self._leading = True
        self._scheduler.tick()
        for chore in self._chores:
            chore()

    def _take_over(self) -> None:
        if not self._running.crew.shared:
            return
        with self._running.crew.silent() as lost:
            if lost is not None:
                moved = self._running.engine.left.take_over(lost.name, died=lost.died)
                left = self._workspace.settings.data / "quarantine" / lost.name
                shutil.rmtree(left, ignore_errors=True)  # nobody else empties it if that worker stays away
                log.warning("took over the work of a worker", worker=lost.name, pieces=moved)


def once(
    workspace: Workspace, wait: float = 0.0, progress: Callable[[dict[str, int]], None] = lambda _counts: None
) -> Outcome:
    """Collect from every channel once and finish all work that can be finished.

    Args:
        workspace: the workspace.
        wait: seconds for which failed deliveries are tried again; later tries are left to the next run.
        progress: called now and then with the number of messages by state.

    Raises:
        UsageError: another process exchanges in this workspace.
        ConfigurationError: an agreement is wrong.
    """
    outcome = Outcome()
    queries, alerting = workspace.queries, Alerting(workspace)
    with exchange(workspace) as service:
        running = service.engine
        running.lead()
        started = workspace.clock()
        since = queries.open_messages()
        newest = next(iter(queries.messages(limit=1)), None)
        collections = {
            channel.id: f"once:{channel.id}:{stamp(started)}" for _, channel in workspace.agreements.channels()
        }
        for channel, id_ in collections.items():
            running.collect(channel, id_)
        service.flow.answering.look(service.flow.agreements, running.redeliver)
        submit = _every(LOOK, _submitting(running, service.flow))
        wake = _every(WAKES, service.wake)
        go_on = _every(LOST, running.left.take_up_lost)
        pause = min(workspace.settings.engine.poll_interval, 0.2)
        ask = _every(pause, lambda: running.ask(stamp(workspace.clock())))
        while collections or not _idle(service.flow, stamp(started + timedelta(seconds=wait)), workspace, outcome):
            for channel, id_ in list(collections.items()):
                error = running.outcome(id_)
                if error is not None:
                    del collections[channel]
                    if error:
                        outcome.failed_channels[channel] = error
            progress(queries.counts())
            time.sleep(pause)
            submit()
            wake()
            ask()
            go_on()
        service.flow.answering.reconsider(service.flow.agreements)
    alerting.look()
    new = queries.messages(after=newest.number if newest else 0)
    outcome.messages = [*(queries.message(message.id) for message in since), *reversed(new)]
    ids = {message.id for message in outcome.messages}
    outcome.uncertain = sum(delivery.message in ids for delivery in queries.uncertain())
    return outcome


def _idle(flow: Flow, until: str, workspace: Workspace, outcome: Outcome) -> bool:
    """Whether nothing is left to do but what is held, and what is tried or asked for after `until`."""
    messages = flow.queries.open_messages()
    deliveries = flow.queries.open_deliveries()
    now = stamp(workspace.clock())
    later = [d for d in deliveries if _waits(flow, d, max(until, now))]
    blocked = {delivery.partner for delivery in later}
    outcome.waiting = [delivery for delivery in deliveries if delivery.partner in blocked]
    if any(delivery.partner not in blocked for delivery in deliveries) or flow.regulators.due(until):
        return False
    waiting = {delivery.message for delivery in deliveries}
    return all(
        message.id in waiting or (message.state == State.RECEIVED and _held(flow, message)) for message in messages
    )


def _waits(flow: Flow, delivery: Delivery, until: str) -> bool:
    """Whether a delivery is not tried before a time."""
    if delivery.state == DeliveryState.HELD:
        with contextlib.suppress(ConfigurationError):
            return bool(flow.holds.of_target(flow.agreements, delivery.target))
    return delivery.state == DeliveryState.WAITING and delivery.next_try_at > until


def _held(flow: Flow, message: Message) -> bool:
    """Whether a message waits until its channel is released."""
    with contextlib.suppress(ConfigurationError):
        return bool(flow.holds.of_channel(flow.agreements, message.channel))
    return False


def _submitting(running: Engine, flow: Flow) -> Callable[[], None]:
    """Submits, oldest first, messages that nobody submitted: replays, and those whose collection broke off.

    Sees to answers that have not come in time, too.
    """

    def submit() -> None:
        running.process_all(flow.queries.not_begun())
        running.left.bury()
        flow.answering.look(flow.agreements, running.redeliver)

    return submit


def _every(seconds: float, action: Callable[[], object]) -> Callable[[], None]:
    """Call `action` at most once in so many seconds."""
    last = time.monotonic()

    def maybe() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            action()

    return maybe
