"""One delivery on its way: whether it may go now, the try itself, and what follows a try that failed.

As with all steps, each method may be called again after a crash. Only `attempt` has an effect outside this machine,
and that one is idempotent by the transport's contract: the same name and bytes delivered twice are one file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.agreements.model import Target
from gateway.answers import Verdict
from gateway.errors import ConfigurationError, GatewayError, TransportError
from gateway.exchange import failpoints
from gateway.exchange.archive.store import Archive
from gateway.exchange.clock import moment
from gateway.exchange.engine_words import AGAIN
from gateway.exchange.flow.answering import Answering
from gateway.exchange.flow.holds import Holds
from gateway.exchange.flow.interruptions import Interruptions
from gateway.exchange.flow.rates import Rates
from gateway.exchange.flow.regulators import Regulators
from gateway.exchange.flow.remembering import Remembering
from gateway.exchange.flow.sessions import Sessions
from gateway.exchange.ledger.control_numbers import ControlNumbers
from gateway.exchange.ledger.database import StoreError
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Ledger
from gateway.exchange.ledger.tables import ENDED, Delivery, DeliveryState, Message
from gateway.exchange.trouble import frames
from gateway.findings import Finding
from gateway.transports import TRANSPORTS
from gateway.transports.base import Receipt, Secrets
from gateway.vault import LazyVault

#: A delivery that is held looks again by itself after so many seconds; a release wakes it at once.
HELD_LOOK = 3600.0

#: A try may come so many seconds before its time.
EARLY = 1.0

#: No try lies further ahead (the longest pause of an agreement, stretched); one that does was put there by a clock that
#: was wrong.
AHEAD = 9 * 86400.0

log = logs.get(__name__)


class Deliveries:
    """The steps of all deliveries, and in which order they and the messages go.

    Args:
        agreements: who gets what.
        ledger: the record.
        archive: the bytes.
        secrets: resolves references in transport settings.
        jitter: gives numbers from 0 to 1 that spread retries.
        sure: called before anything happens outside; it does not return when this worker lost its work to another one.
    """

    def __init__(
        self,
        agreements: Agreements,
        ledger: Ledger,
        archive: Archive,
        secrets: Secrets,
        jitter: Callable[[], float] = random.random,
        sure: Callable[[], None] = lambda: None,
    ) -> None:
        self.agreements = agreements
        self.ledger = ledger
        self.queries = Queries(ledger.database)
        self.holds = Holds(ledger.database, ledger.clock)
        self.interruptions = Interruptions(ledger.database, ledger.clock)
        self.control_numbers = ControlNumbers(ledger.database, ledger.clock)
        self._rates = Rates(ledger.database)
        self.answering = Answering(ledger, archive)
        self.remembering = Remembering(ledger.database, ledger.clock)
        self.regulators = Regulators(ledger, archive, self.answering.book)
        self._sure = sure
        self.configuration = ""
        self.codes: LazyVault | None = None
        self.past: Callable[[str], Agreements] | None = None
        self.archive = archive
        self.sessions = Sessions(secrets)
        self._jitter = jitter

    # ---- one delivery -------------------------------------------------------------------------------------------

    def attempt(self, delivery_id: str) -> float | None:
        """Try to deliver, and close the message if that was the last of its deliveries: one step of the engine.

        Returns the seconds to wait before the next try, None when there is none.
        """
        delivery = self.queries.delivery(delivery_id)
        wait = None if delivery.state in ENDED else self._try(delivery)
        if wait is None:
            self.close(delivery.message)
        return wait

    def close(self, message: str) -> bool:
        """Close a message whose deliveries have all come to an end. True when that closed it."""
        state = self.ledger.close(message)
        failpoints.reach("close.recorded")
        if state is not None:
            log.info("closed", message=message, state=state.value)
        return state is not None

    def _try(self, delivery: Delivery) -> float | None:
        delivery_id = delivery.id
        failpoints.reach("deliver.started")
        wait: float | None = None
        target: Target | None = None
        try:
            target = self.agreements.target(delivery.target)
            if pause := self._pause(delivery, target):
                return pause
            receipt = self._deliver(delivery, target)
        except TransportError as error:
            retry = target.retry if target is not None and error.retryable else None
            wait = retry.wait(delivery.attempts + 1, self._jitter()) if retry is not None else None
            if wait is not None:
                wait = max(wait, error.wait)
            self._found(delivery, error.findings)
            self._undelivered(delivery, target, str(error), wait, error.detail)
            return wait
        except StoreError:
            raise  # our own database, not the receiver: the engine tries the step again
        except GatewayError as error:
            self._undelivered(delivery, target, str(error), None)
            return None
        except Exception as error:  # noqa: BLE001 - a bug must not block the receiver's queue for ever
            log.error("delivery failed", delivery=delivery_id, at=frames(error))  # noqa: TRY400 - a traceback's text may hold data
            self._undelivered(delivery, target, f"a bug: {type(error).__name__}: {error}", None)
            return None
        failpoints.reach("deliver.sent")
        self._found(delivery, receipt.findings)
        if not self._not_understood(delivery, target, receipt):
            self._made(delivery, target, receipt)
        return None

    def _made(self, delivery: Delivery, target: Target, receipt: Receipt) -> None:
        """A receiver has a file: remember that, and what it says."""
        names = self.answering.names(target, delivery)
        owed = self.regulators.expectation(target, receipt)
        self.ledger.delivered(delivery.id, receipt.name, owed, names, receipt.detail)
        failpoints.reach("answer.unheard")
        self.regulators.heard(delivery, target, receipt)
        failpoints.reach("deliver.recorded")
        log.info("delivered", message=delivery.message, target=delivery.target, name=receipt.name, size=receipt.size)

    def _pause(self, delivery: Delivery, target: Target) -> float:
        """Seconds for which a delivery must wait that is not its own fault; 0 when it may go.

        A hold, a try that is not due yet (it was woken without need), or the target's rate.
        """
        held = self.holds.of_target(self.agreements, target.id)
        if held:
            self.ledger.held(delivery.id, held)
            log.info("held", message=delivery.message, target=delivery.target, reason=held)
            return HELD_LOOK
        if delivery.state == DeliveryState.WAITING:
            early = (moment(delivery.next_try_at) - self.ledger.clock()).total_seconds()
            if EARLY < early <= AHEAD:
                return early
        earlier, pause = self.regulators.before(delivery, target)
        if earlier:
            self.ledger.postponed(delivery.id, f"waits for the answer to {earlier}", pause)
            return pause
        return self._rates.ask(target.id, delivery.id, target.rate) if target.rate else 0.0

    # ---- order --------------------------------------------------------------------------------------------------

    def lane(self, message: Message) -> str:
        """In which lane a message is processed: what is in one lane keeps its order."""
        try:
            _, channel = self.agreements.channel(message.channel)
        except ConfigurationError:
            return message.channel  # the first step says so
        return _lane(channel.id, message.number, channel.parallel)

    def delivery_lane(self, delivery: Delivery) -> str:
        """In which lane a delivery is made.

        One that an operator has sent again goes beside the others: what stands in their lane may wait for it.
        """
        again = AGAIN if delivery.again else ""
        try:
            target = self.agreements.target(delivery.target)
        except ConfigurationError:
            return delivery.partner + again
        return _lane(delivery.partner, int(delivery.message.rpartition("-")[2]), target.parallel) + again

    def _deliver(self, delivery: Delivery, target: Target) -> Receipt:
        transport = TRANSPORTS.get(target.transport)
        with (
            self.archive.open(delivery.sha256) as stream,
            self.sessions.connect(transport, target.settings) as session,
        ):
            self._sure()
            source = failpoints.halfway("deliver.half", stream, delivery.size)
            return self.regulators.deliver(session, delivery, source)

    def ask(self, delivery_id: str) -> None:
        """Ask a regulator for the answer to a delivery; what goes wrong is tried again later."""
        delivery = self.queries.delivery(delivery_id)
        if not self.regulators.waits(delivery_id):
            return
        target: Target | None = None
        try:
            target = self.agreements.target(delivery.target)
            if held := self.holds.of_target(self.agreements, target.id):
                self.regulators.rest(delivery_id, held)
                return
            transport = TRANSPORTS.get(target.transport)
            with (
                self.archive.open(delivery.sha256) as stream,
                self.sessions.connect(transport, target.settings) as session,
            ):
                receipt = self.regulators.ask(session, delivery, stream)
            failpoints.reach("answer.asked")
            self.regulators.heard(delivery, target, receipt)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is still owed
            text = str(error) if isinstance(error, GatewayError) else f"a bug: {type(error).__name__}"
            self.regulators.later(delivery_id, target, text, getattr(error, "wait", 0.0))
            log.warning("cannot ask", message=delivery.message, target=delivery.target, error=text)

    def _found(self, delivery: Delivery, findings: Sequence[Finding]) -> None:
        """Keep what a receiver found wrong with a file, or what is not known of its fate."""
        if findings:
            self.ledger.findings(delivery.message, f"{delivery.target}/{delivery.position}", findings)

    def _not_understood(self, delivery: Delivery, target: Target, receipt: Receipt) -> bool:
        """Whether a regulator replied in a way that leaves open whether it took a file; then a person has to look."""
        if receipt.answer is None or receipt.answer.verdict is not Verdict.UNREADABLE:
            return False
        if not self.regulators.doubtful(delivery, target):
            return False
        error = f"the reply is not understood: {receipt.answer.unexpected or 'it says nothing'}"
        self.ledger.uncertain(delivery.id, error, self.regulators.owed(target))
        self.regulators.heard(delivery, target, receipt)
        log.warning("not known whether it arrived", message=delivery.message, target=delivery.target)
        return True

    def _undelivered(
        self, delivery: Delivery, target: Target | None, error: str, wait: float | None, detail: str = ""
    ) -> None:
        """Keep why a try failed. What the peer said (`detail`) may hold serial numbers: it is not logged."""
        text = f"{error}; it says: {detail}" if detail else error
        last = wait is None or self.queries.delivery(delivery.id).state == DeliveryState.CANCELLED
        if last and self.regulators.doubtful(delivery, target):
            self.ledger.uncertain(delivery.id, text, self.regulators.owed(target))
        else:
            self.ledger.undelivered(delivery.id, text, wait)
        log.warning(
            "not delivered",
            message=delivery.message,
            target=delivery.target,
            error=error,
            next_try="none" if wait is None else f"in {wait:.0f} s",
        )


def _lane(name: str, number: int, lanes: int) -> str:
    return name if lanes == 1 else f"{name}#{number % lanes}"
