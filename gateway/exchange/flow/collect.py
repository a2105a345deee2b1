"""Taking files from peers: bytes first, then the ledger, and only then the word to the peer.

``offer -> quarantine -> hash -> archive (durable) -> ledger (durable) -> acknowledge``. The process may die between
any two of these. The peer then offers the file again; its identity and hash stand in the ledger, so it is recognised
and only acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.agreements.model import Channel
from gateway.errors import GatewayError, InputError, LimitExceeded, TransportError
from gateway.exchange import failpoints
from gateway.exchange.archive.store import Archive, Stored
from gateway.exchange.flow.holds import Holds
from gateway.exchange.flow.sessions import Sessions
from gateway.exchange.ledger.record import Arrival, Ledger
from gateway.exchange.ledger.tables import Message, State
from gateway.exchange.trouble import frames
from gateway.findings import Finding
from gateway.transports import TRANSPORTS
from gateway.transports.base import Offer, OneFileError, Secrets, Session, acknowledge_all

#: After so many files in a row that could not be had or put away the peer is left alone until the next slot.
PATIENCE = 3
#: The same for files that are bad alone (no right to read them, gone, not whole): three of them must not keep back all
#: that are newer.
BAD = 1000
#: Bad files of one look that are named in the log; the rest are counted.
NAMED = 10
#: So many files, or bytes, are made durable before their peer is told of them, where a peer can be told of many at a
#: time: over a far connection telling of a single one costs a tenth of a second.
AT_ONCE = 16
BYTES_AT_ONCE = 4 << 20

Submit = Callable[[Message], None]
"""Gives a message that is durable here to the engine."""

log = logs.get(__name__)


@dataclass(slots=True)
class Collected:
    """What one look at a channel came to.

    Attributes:
        taken: files that are new here.
        error: what went wrong with the peer, empty when nothing did.
        bad: files that could not be had or put away.
    """

    taken: int = 0
    error: str = ""
    bad: int = 0


@dataclass(frozen=True, slots=True)
class _Secured:
    """A file that is durable here, and whose peer was not told yet."""

    offer: Offer
    message: Message
    new: bool


class Collector:
    """Collects the files of channels.

    Args:
        agreements: who sends what through which channel.
        configuration: hash of the configuration in force.
        ledger: where arrivals are recorded.
        archive: where bytes become durable.
        secrets: resolves references in transport settings.
        sure: called before a peer is told anything; it does not return when this worker lost its work to another one.
    """

    def __init__(
        self,
        agreements: Agreements,
        configuration: str,
        ledger: Ledger,
        archive: Archive,
        secrets: Secrets,
        sure: Callable[[], None] = lambda: None,
    ) -> None:
        self._agreements = agreements
        self.configuration = configuration
        self._ledger = ledger
        self._archive = archive
        self.sessions = Sessions(secrets)
        self._sure = sure
        self._stopping = False
        self._holds = Holds(ledger.database, ledger.clock)

    def stop(self) -> None:
        """Begin with no further file: the process stops. What is taken already stays taken, and its peer is told."""
        self._stopping = True

    def use(self, agreements: Agreements, configuration: str) -> None:
        """Go by other agreements from the next collection on."""
        self._agreements, self.configuration = agreements, configuration

    def collect(self, channel_id: str, submit: Submit) -> Collected:
        """Take everything that a channel's peer offers now. Errors of the peer are recorded, not raised."""
        result = Collected()
        try:
            agreement, channel = self._agreements.channel(channel_id)
            held = self._holds.of_channel(self._agreements, channel.id)
            if held:
                log.info("not collected", channel=channel_id, reason=held)
                return result
            transport = TRANSPORTS.get(channel.transport)
            with self.sessions.connect(transport, channel.settings) as session:
                self._take_all(session, agreement.partner.id, channel, submit, result)
        except GatewayError as error:
            result.error = str(error)
            log.warning("collect failed", channel=channel_id, error=result.error)
        except Exception as error:  # noqa: BLE001 - a bug of ours must show in `gateway status`, not stop the channel in silence
            if self._stopping:
                return result  # the engine is gone already; the rest is taken at the next start
            log.error("collect failed", channel=channel_id, bug=type(error).__name__, at=frames(error))  # noqa: TRY400 - a traceback's text may hold data
            result.error = f"a bug: {type(error).__name__}: {error}"
        if result.bad > NAMED:
            log.warning("not collected", channel=channel_id, files=result.bad, error=result.error)
        self._ledger.collected(channel_id, result.taken, result.error)
        return result

    def _take_all(self, session: Session, partner: str, agreed: Channel, submit: Submit, result: Collected) -> None:
        failures, channel = 0, agreed.id
        known = self._ledger.taken(channel) if agreed.leaves_files else frozenset()
        secured: list[_Secured] = []
        at_once = AT_ONCE if hasattr(session, "acknowledge_all") else 1
        try:
            for offer in takewhile(lambda _: not self._stopping, session.offers()):
                # With a key it is a part of something that is put away whole.
                if offer.identity in known and not offer.key:
                    continue
                failpoints.reach("collect.offered")
                try:
                    if offer.identity in known:
                        self._tell_again(session, offer)
                    elif offer.stays and (told := self._ledger.told(channel, offer.identity)) is not None:
                        self._tell_again(session, offer)
                        if not told:
                            self._ledger.acknowledged(channel, offer.identity)
                    else:
                        message, new = self._secure(session, offer, partner, agreed)
                        if message is not None:
                            secured.append(_Secured(offer, message, new))
                    fault: TransportError | None = None
                except TransportError as error:
                    fault = error
                    self._note(error, channel, offer, result)
                if len(secured) >= at_once or sum(one.offer.size for one in secured) >= BYTES_AT_ONCE:
                    fault = self._tell(session, secured, channel, submit, result) or fault
                # One bad file must not keep the others back; a dead connection must not cost a timeout for each.
                failures = failures + 1 if fault is not None else 0
                if failures >= (BAD if isinstance(fault, OneFileError) else PATIENCE):
                    return
        finally:
            self._tell(session, secured, channel, submit, result)

    def _tell(
        self, session: Session, secured: list[_Secured], channel: str, submit: Submit, result: Collected
    ) -> TransportError | None:
        """Tell the peer that files are durable here, then give them to the engine; the last error of the peer, if any.

        They are ours now, whether the peer could be told or not. What a crash keeps from the engine here is submitted
        at the next start, with all open messages.
        """
        fault = None
        try:
            if secured:
                self._sure()
                errors = acknowledge_all(session, [one.offer for one in secured])
                told = [one.offer.identity for one, error in zip(secured, errors, strict=True) if error is None]
                for one, error in zip(secured, errors, strict=True):
                    if error is not None:
                        fault = error
                        self._note(error, channel, one.offer, result)
                if told:
                    failpoints.reach("collect.acknowledged")
                    self._ledger.acknowledged(channel, *told)
                    failpoints.reach("collect.marked")
        except TransportError as error:
            fault = error
            self._note(error, channel, secured[0].offer, result)
        finally:
            for one in secured:
                if one.new:
                    result.taken += 1
                    if one.message.state == State.RECEIVED:
                        submit(one.message)
                        failpoints.reach("collect.enqueued")
            secured.clear()
        return fault

    def _tell_again(self, session: Session, offer: Offer) -> None:
        """A file that may stay at its peer and is durable here: it is not fetched again."""
        self._sure()
        session.acknowledge(offer)

    def _note(self, error: TransportError, channel: str, offer: Offer, result: Collected) -> None:
        result.bad += 1
        result.error = f"{error} (the last of {result.bad:,} such files)" if result.bad > 1 else str(error)
        if result.bad <= NAMED:
            log.warning("not collected", channel=channel, name=offer.name, error=str(error))

    def _secure(self, session: Session, offer: Offer, partner: str, agreed: Channel) -> tuple[Message | None, bool]:
        """Make one file durable: its message, None when the file is not taken; and whether it is new here."""
        channel = agreed.id
        arrival = Arrival(partner, channel, offer.name, offer.identity, Stored("", offer.size), self.configuration)
        self._archive.require_space(offer.size)
        with self._archive.temporary() as quarantine:
            try:
                session.fetch(offer, failpoints.halfway("collect.half", quarantine, offer.size))
            except LimitExceeded as error:
                self._refuse(arrival, error.finding)
                if offer.stays:  # the transport has a place for what is refused; everywhere else it stays where it is
                    self._sure()
                    session.acknowledge(offer)
                return None, False
            except InputError as error:
                self._refuse(arrival, error.finding, error.message)
                self._sure()
                session.acknowledge(offer)
                return None, False
            except OSError as error:
                message_ = f"{offer.name!r} cannot be written here: {error.strerror or error}"
                raise TransportError(message_, hint="make room on the disk", retryable=True) from error
            failpoints.reach("collect.fetched")
            arrival = Arrival(
                partner, channel, offer.name, offer.identity, self._archive.keep(quarantine), self.configuration
            )
        failpoints.reach("collect.archived")
        message, new = self._ledger.receive(arrival, same_content=agreed.duplicates.content == "process")
        failpoints.reach("collect.recorded")
        if new:
            log.info("received", message=message.id, channel=channel, name=offer.name, size=message.size)
        return message, new

    def _refuse(self, arrival: Arrival, finding: Finding, *reason: str) -> None:
        message, new = self._ledger.refuse_unseen(arrival, finding, *reason)
        if new:
            log.warning(
                "refused", message=message.id, channel=arrival.channel, name=arrival.name, reason=finding.message
            )
