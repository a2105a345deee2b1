"""Writing to the ledger what comes in: files that are durable here, files that are not taken, replays."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.errors import UsageError
from gateway.exchange.archive.store import Stored
from gateway.exchange.clock import Clock, stamp, system
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.audit_rows import BEGUN
from gateway.exchange.ledger.audit_work import version_of
from gateway.exchange.ledger.configurations import changed_to
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.left_out import LIST
from gateway.exchange.ledger.rows import copy_of, message_row, offer_row, put_findings
from gateway.exchange.ledger.tables import (
    FINAL,
    Collection,
    Configuration,
    Delivery,
    DeliveryState,
    History,
    Message,
    OfferSeen,
    OutputFile,
    State,
)
from gateway.findings import Finding

#: Facts of the arrival that the audit trail tells, besides `BEGUN`.
_ARRIVAL = (
    *("partner", "channel", "name", "size", "sha256", "configuration"),
    *("replay_of", "duplicate_of", "start", "error_behaviour"),
)

#: What a replay that begins with a step knows already.
_KEPT = {"detect": (), "convert": ("format", "mapping")}

#: Name of the lock under which messages get their numbers: numbers, ids and times rise in the order of the commits.
ARRIVALS = "arrivals"

#: What an id begins with: the time of arrival, as digits to the millisecond. It may be so far ahead of the clock.
TIME = 17
AHEAD = timedelta(days=1)

# Made once, as those of `gateway.exchange.ledger.rows`.
_LATEST = sa.select(sa.func.max(Message.id))
_DOUBTFUL = sa.select(Delivery.id).where(Delivery.message == Message.id, Delivery.state == DeliveryState.UNCERTAIN)
_COUNTS = sa.or_(Message.state.not_in([State.REFUSED, State.FAILED, State.CANCELLED]), _DOUBTFUL.exists())
_FIRST = (
    sa.select(Message.id)
    .where(Message.channel == sa.bindparam("channel_"), Message.sha256 == sa.bindparam("sha256_"))
    .where(Message.state != State.DUPLICATE, _COUNTS)
    .order_by(Message.number)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file whose bytes are durable in the archive.

    Attributes:
        partner: who sent it.
        channel: where it was collected.
        name: its name as the sender spells it.
        identity: `Offer.identity`, which tells this version of the file from another one.
        stored: the archived content.
        configuration: hash of the configuration in force.
        error_behaviour: ``proceed`` where the sender wants wrong events left out, else empty.
    """

    partner: str
    channel: str
    name: str
    identity: str
    stored: Stored
    configuration: str
    error_behaviour: str = ""


class OtherContentError(UsageError):
    """An identity that is good for one file was given to another one."""


class Intake:
    """The part of the ledger that records arrivals. Each method is one transaction and may be called again."""

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self.database = database
        self.clock = clock

    def now(self) -> str:
        """The time as the ledger writes it."""
        return stamp(self.clock())

    def configuration(self, files: Mapping[str, str]) -> str:
        """Keep a version of the configuration and return its hash. The same files have the same hash.

        A version that is not the one before goes into the audit trail, also when it comes back.
        """
        digest, now = version_of(dict(files)), self.now()
        with self.database.write() as session:
            self.database.alone(session, "configurations")
            known = session.get(Configuration, digest)
            if known is None:
                session.add(Configuration(sha256=digest, seen_at=now, files=dict(files)))
            changed_to(session, digest, files, now, new=known is None)
        return digest

    def receive(self, arrival: Arrival, *, same_content: bool = False, once: bool = False) -> tuple[Message, bool]:
        """Record a file that is durable here; the second value is False when it was recorded before.

        It was recorded before when its peer has not been told yet: a crash or a peer's fault came in between. A file
        that stands there again after that, was put there again, even if its name, size and time are the same.

        The same bytes that came before on this channel make a message in state ``duplicate``, unless the earlier one
        was refused, failed or was cancelled: then the sender tries again.

        Args:
            arrival: the file.
            same_content: process also bytes that came before.
            once: the identity was given by the peer to one file for ever, as an idempotency key is.

        Raises:
            OtherContentError: with `once`, its identity was given to other bytes before, or for something else to be
                done about wrong events.
        """
        with self.database.write() as session:
            self.database.alone(session, ARRIVALS)
            known = offer_row(session, arrival.channel, arrival.identity)
            same = known is not None and known.sha256 == arrival.stored.sha256
            if known is not None and same and (once or not known.acknowledged_at):
                message = message_row(session, known.message)
                if not once or message.error_behaviour == arrival.error_behaviour:
                    return message, False
            if known is not None and once:
                text = f"the identity {arrival.identity!r} was given to another file"
                raise OtherContentError(text, hint="give each file one of its own")
            first = None if same_content else self._first(session, arrival)
            message = self._add(
                session,
                Message(
                    partner=arrival.partner,
                    channel=arrival.channel,
                    name=arrival.name,
                    size=arrival.stored.size,
                    sha256=arrival.stored.sha256,
                    state=State.DUPLICATE if first else State.RECEIVED,
                    reason=f"the same bytes came as {first}" if first else "",
                    duplicate_of=first,
                    configuration=arrival.configuration,
                    error_behaviour=arrival.error_behaviour,
                ),
            )
            self._see(session, known, arrival, message)
            return message, True

    def told(self, channel: str, identity: str) -> str | None:
        """When the peer was told that a file is durable here, empty if it was not yet; None without its bytes."""
        with self.database.read() as session:
            known = offer_row(session, channel, identity)
            return known.acknowledged_at if known is not None and known.sha256 else None

    def refuse_unseen(
        self, arrival: Arrival, finding: Finding, reason: str = "over a limit; the file stays where it is"
    ) -> tuple[Message, bool]:
        """Record a file that was not taken, because it is over a limit or for what it is (a mail of a stranger)."""
        with self.database.write() as session:
            self.database.alone(session, ARRIVALS)
            known = offer_row(session, arrival.channel, arrival.identity)
            if known is not None:
                return message_row(session, known.message), False
            message = self._add(
                session,
                Message(
                    partner=arrival.partner,
                    channel=arrival.channel,
                    name=arrival.name,
                    size=arrival.stored.size,
                    sha256="",
                    state=State.REFUSED,
                    reason=reason,
                    configuration=arrival.configuration,
                ),
            )
            self._see(session, None, arrival, message)
            self._tell(session, message, findings=put_findings(session, message.id, "", [finding]))
            return message, True

    def replay(
        self, old: Message, root: str, start: str, only_targets: Sequence[str] | None, configuration: str
    ) -> Message:
        """A new message from the archived bytes of an old one.

        Args:
            old: the message to run again; unless it begins with ``detect`` or ``convert`` its outputs are taken over.
            root: id of the message that came in: `old`, or what `old` itself is a replay of.
            start: what to begin with: a step, or ``resend``.
            only_targets: the targets that get something; None for all of the channel.
            configuration: hash of the configuration in force.
        """
        with self.database.write() as session:
            self.database.alone(session, ARRIVALS)
            message = self._add(
                session,
                Message(
                    partner=old.partner,
                    channel=old.channel,
                    name=old.name,
                    size=old.size,
                    sha256=old.sha256,
                    state=State.RECEIVED,
                    replay_of=root,
                    start=start,
                    only_targets=list(only_targets) if only_targets is not None else None,
                    configuration=configuration,
                    error_behaviour=old.error_behaviour,
                    left_out=0 if start in ("detect", "convert") else old.left_out,
                    **{name: getattr(old, name) for name in _KEPT.get(start, BEGUN)},
                ),
            )
            if start not in ("detect", "convert"):
                taken = sa.select(OutputFile).where(OutputFile.message == old.id)
                outputs = session.scalars(taken.order_by(OutputFile.target, OutputFile.position)).all()
                for target, some in groupby(outputs, lambda output: output.target):
                    if only_targets is None or target in (*only_targets, LIST):
                        copies = [copy_of(output, message.id) for output in some]
                        session.add_all(copies)
                        files = [[output.name, output.format, output.size, output.kind] for output in copies]
                        facts = {"target": target, "sha256": [output.sha256 for output in copies], "files": files}
                        if target == LIST:
                            facts["left_out"] = old.left_out
                        audit.note(session, audit.Entry(self.now(), "outputs", message.id, facts))
            return message

    def taken(self, channel: str) -> frozenset[str]:
        """Identities of the files of a channel that are durable here and whose peer was told, or was told nothing."""
        query = sa.select(OfferSeen.identity).where(OfferSeen.channel == channel, OfferSeen.acknowledged_at != "")
        with self.database.read() as session:
            return frozenset(session.scalars(query))

    def acknowledged(self, channel: str, *identities: str) -> None:
        """The peer was told that files are durable here."""
        with self.database.write() as session:
            for identity in identities:
                offer = offer_row(session, channel, identity)
                if offer is not None:
                    offer.acknowledged_at = self.now()

    def collected(self, channel: str, taken: int, error: str = "") -> None:
        """Note the last look at a channel."""
        with self.database.write() as session:
            session.merge(Collection(channel=channel, at=self.now(), taken=taken, error=error))

    def _add(self, session: Session, message: Message) -> Message:
        """Give a message its number and id. Ids never go back, even when the clock does.

        Unless it goes back by more than a day: then it was wrong before, and ids would lie about it for years.
        """
        latest = session.scalar(_LATEST) or ""
        now = self.clock()
        ahead = f"{now + AHEAD:%Y%m%d%H%M%S%f}"[:TIME]
        message.received_at = stamp(now)
        message.id = uuid.uuid4().hex  # until the database has given the number
        if message.state in FINAL:
            message.closed_at = message.received_at
        session.add(message)
        session.flush()
        # Milliseconds: a ledger that was thrown away and begun again must not give an id that the engine knows already.
        own = f"{now:%Y%m%d%H%M%S%f}"[:TIME]
        message.id = f"{max(own, latest[:TIME]) if latest[:TIME] < ahead else own}-{message.number:08d}"
        session.flush()
        session.add(History(message=message.id, at=message.received_at, state=message.state, detail=message.reason))
        facts = {name: getattr(message, name) or "" for name in (*_ARRIVAL, *BEGUN)}
        self._tell(session, message, only_targets=message.only_targets, **facts)
        return message

    def _tell(self, session: Session, message: Message, **what: object) -> None:
        """Tell the audit trail more of an arrival, in the row that tells it."""
        audit.tell(session, audit.Entry(message.received_at, f"message {message.state}", message.id, what))

    def _first(self, session: Session, arrival: Arrival) -> str | None:
        return session.scalar(_FIRST, {"channel_": arrival.channel, "sha256_": arrival.stored.sha256})

    def _see(self, session: Session, known: OfferSeen | None, arrival: Arrival, message: Message) -> None:
        if known is None:
            known = OfferSeen(channel=arrival.channel, identity=arrival.identity)
            session.add(known)
        known.sha256, known.message, known.seen_at, known.acknowledged_at = (
            message.sha256,
            message.id,
            message.received_at,
            "",
        )
        self._tell(session, message, identity=arrival.identity)
