"""What the exchange does with regulators: hands submissions over, takes their answers, asks for those that come later.

Who is to be asked stands in the ledger from the moment of the delivery, so that neither a restart nor a crash between
the delivery and its answer loses one: the transport remembers the answer, and gives it when it is asked.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, BinaryIO

import orjson
import sqlalchemy as sa

from gateway import logs
from gateway.agreements.answers import DAY, AnswerKind, Expectation
from gateway.agreements.model import Target
from gateway.answers import Answer, Verdict
from gateway.errors import ConfigurationError, TransportError
from gateway.exchange.archive.store import Archive
from gateway.exchange.clock import moment, stamp
from gateway.exchange.ledger.answers import ANSWERED, GIVEN_UP, WAITING, AnswerBook, Incoming
from gateway.exchange.ledger.record import Ledger
from gateway.exchange.ledger.tables import ENDED, Delivery, DeliveryState, OutputFile
from gateway.exchange.ledger.tables_answers import Asking, Expected
from gateway.submit.journal import Journal, digest
from gateway.transports.base import Receipt, Session

#: What is expected of a regulator where the agreement does not say it.
EXPECTED = Expectation.model_validate({"kind": AnswerKind.TICKET, "within": DAY})
#: Seconds until an answer is asked for again where the transport does not say how often.
LATER = 3600.0
#: Seconds after which it is looked again whether a held target may be asked.
REST = 60.0
#: For so long after its time an answer is asked for that the agreement has given up.
MEMORY = timedelta(days=30)
#: Questions to one target that are put at once.
MOST = 20
_UNDER_WAY = [state for state in DeliveryState if state not in ENDED]
#: No question lies further ahead; one that does was put there by a clock that was wrong.
AHEAD = timedelta(days=2)

log = logs.get(__name__)


class Regulators:
    """Hands submissions over and asks for answers.

    Args:
        ledger: the record.
        archive: the bytes.
        book: takes answers.
    """

    def __init__(self, ledger: Ledger, archive: Archive, book: AnswerBook) -> None:
        self._ledger = ledger
        self._archive = archive
        self._book = book

    def deliver(self, session: Session, delivery: Delivery, source: BinaryIO) -> Receipt:
        """Deliver a file; a session with a regulator is told of which kind it is."""
        submit: Any = getattr(session, "submit", None)
        if submit is None:
            return session.deliver(delivery.name, source, delivery.size)
        receipt: Receipt = submit(delivery.name, source, delivery.size, self.kind(delivery))
        return receipt

    def ask(self, session: Session, delivery: Delivery, source: BinaryIO) -> Receipt:
        """Ask for the answer to a submission."""
        ask: Any = getattr(session, "ask", None)
        if ask is None:  # the agreement has another transport now
            return Receipt(delivery.name, delivery.size)
        receipt: Receipt = ask(delivery.name, source, delivery.size, self.kind(delivery))
        return receipt

    @staticmethod
    def expectation(target: Target, receipt: Receipt) -> Expectation | None:
        """The answer that is owed for a delivery."""
        return target.answer if receipt.answer is None else Regulators.owed(target)

    @staticmethod
    def owed(target: Target | None) -> Expectation:
        """What is expected of a regulator: its answer, within a time."""
        stated = target.answer if target is not None else None
        return stated if stated is not None and stated.kind is AnswerKind.TICKET else EXPECTED

    def doubtful(self, delivery: Delivery, target: Target | None) -> bool:
        """Whether a regulator may have a file that did not arrive as far as we know."""
        journal: Journal | None = getattr(target.settings, "journal", None) if target is not None else None
        if journal is None:
            return False
        with self._archive.open(delivery.sha256) as stream:
            sha256 = digest(stream.read(), self.kind(delivery))
        try:
            return journal.uncertain(delivery.name, sha256)
        except (ConfigurationError, TransportError):
            return True  # the memory cannot be read: it is not known

    def heard(self, delivery: Delivery, target: Target, receipt: Receipt) -> None:
        """Take what a regulator said; what it will say later is asked for at its time."""
        answer = receipt.answer
        if answer is None:
            return
        sha256 = self._keep(receipt.reply)
        key = f"{delivery.id}!{digest_of(answer)}"
        row = self._book.take(
            Incoming(key, AnswerKind.TICKET, (), answer, delivery.partner, sha256=sha256, delivery=delivery.id)
        )
        log.info("answer", message=delivery.message, delivery=delivery.id, verdict=row.verdict, standing=row.standing)
        if answer.verdict is Verdict.PENDING:
            self.later(delivery.id, target)
        else:
            self.over(delivery.id)

    def due(self, until: str) -> list[tuple[Asking, str]]:
        """Who is to be asked for an answer until a time, and the target that owes it; of each target the next few.

        A system that is down for days must not keep the others waiting, nor the whole backlog be looked at each second.
        """
        ahead = stamp(moment(until) + AHEAD)
        order = (Asking.ask_at, Asking.delivery)
        place = sa.func.row_number().over(partition_by=Delivery.target, order_by=order).label("place")
        due = sa.select(Asking.delivery, Delivery.target, place).join(Delivery, Delivery.id == Asking.delivery)
        few = due.where(sa.or_(Asking.ask_at <= until, Asking.ask_at > ahead)).subquery()
        query = sa.select(Asking, few.c.target).join(few, few.c.delivery == Asking.delivery)
        with self._ledger.database.read() as session:
            found = session.execute(query.where(few.c.place <= MOST).order_by(*order))
            return [(row, target) for row, target in found]

    def before(self, delivery: Delivery, target: Target) -> tuple[str, float]:
        """The earlier delivery whose answer this one waits for, and for how many seconds; empty for none."""
        asking = getattr(target.settings, "ask", None)
        if asking is None or not asking.in_order:
            return "", 0.0
        # Each question begins with few rows, however many deliveries there were: a ledger of years has millions.
        asked = sa.select(Delivery.id, Asking.asked).join(Asking, Asking.delivery == Delivery.id)
        doubtful = sa.select(Delivery.id, sa.null()).where(Delivery.state == DeliveryState.UNCERTAIN)
        again = sa.select(Delivery.id, sa.null()).where(Delivery.state.in_(_UNDER_WAY), Delivery.again > 0)
        waiting = [
            one.join(Expected, Expected.delivery == Delivery.id).where(Expected.state == WAITING)
            for one in (asked, doubtful)
        ]
        found: list[Any] = []
        with self._ledger.database.read() as session:
            for one in (*waiting, again):
                mine = one.where(Delivery.target == delivery.target, Delivery.id < delivery.id)
                found += session.execute(mine.order_by(Delivery.id).limit(1)).all()
        if not found:
            return "", 0.0
        earliest, times = min(found, key=lambda row: str(row[0]))
        return earliest, asking.wait(times) if times is not None else asking.longest

    def waits(self, delivery: str) -> bool:
        """Whether an answer is still asked for: also one that was given up, until `MEMORY` after it was due.

        What comes so late changes the message no more, but it says what became of each pack.
        """
        with self._ledger.database.write() as session:
            row, expected = session.get(Asking, delivery), session.get(Expected, delivery)
            if row is None:
                return False
            old = stamp(self._ledger.clock() - MEMORY)
            over = expected is None or expected.state == ANSWERED
            if over or (expected is not None and expected.state == GIVEN_UP and expected.due_at < old):
                session.delete(row)
                return False
            return True

    def later(self, delivery: str, target: Target | None, error: str = "", wait: float = 0.0) -> None:
        """Ask again later, after ever longer pauses."""
        asking = getattr(target.settings, "ask", None) if target is not None else None
        with self._ledger.database.write() as session:
            row = session.get(Asking, delivery)
            if row is None:
                return
            pause = max(asking.wait(row.asked) if asking is not None else LATER, wait)
            row.asked, row.error = row.asked + 1, error
            row.ask_at = stamp(self._ledger.clock() + timedelta(seconds=pause))

    def rest(self, delivery: str, reason: str) -> None:
        """Ask nothing for a while. That is no question."""
        with self._ledger.database.write() as session:
            row = session.get(Asking, delivery)
            if row is not None:
                row.error, row.ask_at = reason, stamp(self._ledger.clock() + timedelta(seconds=REST))

    def over(self, delivery: str) -> None:
        """Nothing is asked for any more."""
        with self._ledger.database.write() as session:
            session.execute(sa.delete(Asking).where(Asking.delivery == delivery))

    def kind(self, delivery: Delivery) -> str:
        """Of which kind a submission is."""
        query = sa.select(OutputFile.kind).where(
            OutputFile.message == delivery.message,
            OutputFile.target == delivery.target,
            OutputFile.position == delivery.position,
        )
        with self._ledger.database.read() as session:
            return session.scalar(query) or ""

    def _keep(self, reply: bytes) -> str:
        """Put a reply into the archive; its hash, empty for none."""
        if not reply:
            return ""
        with self._archive.temporary() as copy:
            copy.write(reply)
            return self._archive.keep(copy).sha256


def digest_of(answer: Answer) -> str:
    """Tells one answer from another one to the same delivery."""
    serials = [(each.identifier, each.verdict, [str(reason) for reason in each.reasons]) for each in answer.serials]
    parts = (answer.verdict, answer.reference, list(map(str, answer.reasons)), answer.unexpected, serials)
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:40]
