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
from gateway.exchange.answers import GIVEN_UP, WAITING, AnswerBook, Incoming
from gateway.exchange.archive import Archive
from gateway.exchange.clock import stamp
from gateway.exchange.ledger import Ledger
from gateway.exchange.tables import Delivery, OutputFile
from gateway.exchange.tables_answers import Asking, Expected
from gateway.transports.base import Receipt, Session

#: What is expected of a regulator where the agreement does not say it.
EXPECTED = Expectation.model_validate({"kind": AnswerKind.TICKET, "within": DAY})
#: Seconds until an answer is asked for again where the transport does not say how often.
LATER = 3600.0

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
        receipt: Receipt = submit(delivery.name, source, delivery.size, self._kind(delivery))
        return receipt

    def ask(self, session: Session, delivery: Delivery, source: BinaryIO) -> Receipt:
        """Ask for the answer to a submission."""
        ask: Any = getattr(session, "ask", None)
        if ask is None:  # the agreement has another transport now
            return Receipt(delivery.name, delivery.size)
        receipt: Receipt = ask(delivery.name, source, delivery.size, self._kind(delivery))
        return receipt

    @staticmethod
    def expectation(target: Target, receipt: Receipt) -> Expectation | None:
        """The answer that is owed for a delivery."""
        if receipt.answer is None or (target.answer is not None and target.answer.kind is AnswerKind.TICKET):
            return target.answer
        return EXPECTED

    def heard(self, delivery: Delivery, target: Target, receipt: Receipt) -> None:
        """Take what a regulator said; what it will say later is asked for at its time."""
        answer = receipt.answer
        if answer is None:
            return
        sha256 = self._keep(receipt.reply)
        key = f"{delivery.id}!{_digest(answer)}"
        row = self._book.take(
            Incoming(key, AnswerKind.TICKET, (), answer, delivery.partner, sha256=sha256, delivery=delivery.id)
        )
        log.info("answer", message=delivery.message, delivery=delivery.id, verdict=row.verdict, standing=row.standing)
        if answer.verdict is Verdict.PENDING:
            self.later(delivery.id, target)
        else:
            self.over(delivery.id)

    def due(self, until: str) -> list[tuple[Asking, str]]:
        """Who is to be asked for an answer until a time, and the target that owes it."""
        query = sa.select(Asking, Delivery.target).join(Delivery, Delivery.id == Asking.delivery)
        query = query.where(Asking.ask_at <= until).order_by(Asking.ask_at, Asking.delivery)
        with self._ledger.database.read() as session:
            return [(row, target) for row, target in session.execute(query)]

    def before(self, delivery: Delivery, target: Target) -> tuple[str, float]:
        """The earlier delivery whose answer this one waits for, and for how many seconds; empty for none."""
        asking = getattr(target.settings, "ask", None)
        if asking is None or not asking.in_order:
            return "", 0.0
        earlier = sa.select(Asking).join(Delivery, Delivery.id == Asking.delivery)
        earlier = earlier.join(Expected, Expected.delivery == Asking.delivery)
        earlier = earlier.where(Delivery.target == delivery.target, Delivery.id < delivery.id)
        with self._ledger.database.read() as session:
            row = session.scalar(earlier.where(Expected.state == WAITING).order_by(Asking.delivery).limit(1))
            return (row.delivery, asking.wait(row.asked)) if row is not None else ("", 0.0)

    def waits(self, delivery: str) -> bool:
        """Whether an answer is still asked for; one that was given up is not."""
        with self._ledger.database.write() as session:
            row, expected = session.get(Asking, delivery), session.get(Expected, delivery)
            if row is not None and (expected is None or expected.state == GIVEN_UP):
                session.delete(row)
                return False
            return row is not None

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

    def over(self, delivery: str) -> None:
        """Nothing is asked for any more."""
        with self._ledger.database.write() as session:
            session.execute(sa.delete(Asking).where(Asking.delivery == delivery))

    def _kind(self, delivery: Delivery) -> str:
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


def _digest(answer: Answer) -> str:
    """Tells one answer from another one to the same delivery."""
    serials = [(each.identifier, each.verdict, [str(reason) for reason in each.reasons]) for each in answer.serials]
    parts = (answer.verdict, answer.reference, list(map(str, answer.reasons)), answer.unexpected, serials)
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:40]
