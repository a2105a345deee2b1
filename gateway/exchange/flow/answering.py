"""Answers at work: files of a channel of answers are taken, deliveries get known by names, overdue ones are seen to."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from gateway import logs
from gateway.agreements.answers import AnswerKind
from gateway.agreements.load import Agreements
from gateway.agreements.model import Agreement, Channel, Target
from gateway.convert import new_report
from gateway.errors import GatewayError, InputError, LimitExceeded, UsageError
from gateway.exchange.archive.store import Archive
from gateway.exchange.flow.answer_files import Arrivals, control_name, read
from gateway.exchange.flow.answers_later import LateBook, Unknown
from gateway.exchange.flow.requests import events_of
from gateway.exchange.ledger import epc_index
from gateway.exchange.ledger.answers import EDIFACT, X12, AnswerBook, Incoming, Missed, Name
from gateway.exchange.ledger.epc_keys import keys_of
from gateway.exchange.ledger.epcs import canonical, instances
from gateway.exchange.ledger.left_out import LIST, numbers
from gateway.exchange.ledger.record import Ledger
from gateway.exchange.ledger.tables import Delivery, Message, OutputFile
from gateway.exchange.ledger.tables_answers import AnswerRow, Expected
from gateway.findings import Findings
from gateway.formats.base import Limits
from gateway.formats.edi import acknowledge
from gateway.opening import input_of, open_input
from gateway.request import Request

#: Identifiers of a partner's events that are looked up to find what they answer.
ASKED = 500

log = logs.get(__name__)


class Answering:
    """Takes answers and looks after those that do not come.

    Args:
        ledger: the record.
        archive: the bytes.
    """

    def __init__(self, ledger: Ledger, archive: Archive) -> None:
        self._database = ledger.database
        self._archive = archive
        self.book = AnswerBook(ledger.database, ledger.clock)
        self._late = LateBook(self.book)
        self._compared: dict[int, str] = {}

    def take_file(self, agreements: Agreements, agreement: Agreement, channel: Channel, message: Message) -> str:
        """Take a message as answers, if it is that; returns what came of it in words, empty when it is none."""
        if channel.answers is None:
            return ""
        source = self._archive.source(message.sha256, message.name)
        if channel.answers.kind is AnswerKind.EPCIS:
            found = self._arrivals(agreements, message, agreement.partner.id, agreements.limits[channel.id])
        else:
            found = read(source, message, channel.answers, agreement.partner.id)
        if found is None:
            return ""
        rows = [self.book.take(incoming) for incoming in found]
        for row in rows:
            _log(row)
        return _in_words(rows)

    def names(self, target: Target, delivery: Delivery) -> list[Name]:
        """Names inside a file by which its receiver's answer will speak of it: control numbers of EDI."""
        if target.answer is None or target.answer.kind not in (AnswerKind.X12, AnswerKind.EDIFACT):
            return []
        with self._archive.open(delivery.sha256) as stream:
            interchanges = acknowledge.survey(stream, delivery.name, Findings())
        names: list[Name] = []
        for interchange in interchanges:
            if interchange.head.tag == "ISA":
                names += [(X12, control_name(group.head.value(1), group.control)) for group in interchange.inside]
            else:
                names.append((EDIFACT, interchange.control))
        return names

    def look(self, agreements: Agreements, redeliver: Callable[[Delivery, int], None]) -> list[Missed]:
        """See to answers that came too early to be known, and to those that have not come in time.

        Args:
            agreements: who gets what.
            redeliver: enqueues a delivery for the given time; to enqueue it twice does no harm.

        Returns:
            Those that were missed now.
        """
        self.reconsider(agreements)
        missed = self.book.overdue()
        for one in missed:
            log.warning(
                "no answer in time", message=one.delivery.message, delivery=one.delivery.id, then=one.then.value
            )
        for one in self.book.resending():
            redeliver(one.delivery, one.resent)
        return missed

    def reconsider(self, agreements: Agreements) -> list[AnswerRow]:
        """Find out what answers mean that came before the delivery that they mean was on record."""
        found = self._late.by_name()
        waiting = self._late.of_events()
        for one in waiting:
            if self._compared.get(one.answer) == one.newest:
                continue  # nothing was recorded since it was compared
            with contextlib.suppress(GatewayError):  # its channel or its bytes are gone: it stays unknown
                found += self._events_again(agreements, one)
        self._compared = {one.answer: one.newest for one in waiting}
        for row in found:
            _log(row)
        return found

    def _events_again(self, agreements: Agreements, unknown: Unknown) -> list[AnswerRow]:
        """What the events of an unknown answer say to deliveries that were recorded since."""
        with self._database.read() as session:
            carrier = session.scalars(sa.select(Message).where(Message.id == unknown.carrier)).one()
        arrivals = self._arrivals(agreements, carrier, carrier.partner, agreements.limits[carrier.channel]) or []
        rows: list[AnswerRow] = []
        for incoming in arrivals:
            if incoming.delivery:
                # The first one that fits is what the unknown answer says; others are answers of their own.
                row = self._late.says(unknown.answer, incoming) if not rows else self.book.take(incoming)
                rows += [row] if row is not None else []
        return rows

    def _arrivals(
        self, agreements: Agreements, message: Message, partner: str, limits: Limits
    ) -> list[Incoming] | None:
        """What a partner's events answer; None when they tell of no arrival."""
        request = Request(source=self._archive.source(message.sha256, message.name), limits=limits)
        arrivals = Arrivals()
        report = new_report(request)
        try:
            for event in open_input(input_of(request, report, None), report, None).document.events:
                arrivals([event])
        except (InputError, LimitExceeded, UsageError):
            return None  # what is wrong with it is said where it is processed like any other file
        if not arrivals.epcs:
            return None
        found = []
        for number, delivery in enumerate(self._owed(arrivals, partner), 1):
            answered = self._message(delivery)
            try:
                sent = array("Q", keys_of(_sent(agreements, self._archive, answered, self._left_out(answered))))
            except GatewayError as error:
                log.warning("an answer cannot be compared", message=answered.id, error=str(error))
                continue
            found.append(
                Incoming(
                    f"{message.id}#{number}",
                    AnswerKind.EPCIS,
                    (),
                    arrivals.answer(sent),
                    partner,
                    message.id,
                    delivery=delivery.id,
                )
            )
        if found:
            return found
        empty = Arrivals().answer(array("Q"))
        return [Incoming(f"{message.id}#1", AnswerKind.EPCIS, (), empty, partner, message.id)]

    def _owed(self, arrivals: Arrivals, partner: str) -> Sequence[Delivery]:
        """Deliveries to a partner that owes us events, of messages that name what has arrived."""
        some = canonical([epc for epc, _ in zip(arrivals.epcs, range(ASKED), strict=False)])
        with self._database.read() as session:
            numbers = epc_index.candidates(session, some)
            query = sa.select(Delivery).join(Message, Message.id == Delivery.message)
            query = query.join(Expected, Expected.delivery == Delivery.id)
            query = query.where(Message.number.in_(numbers), Delivery.partner == partner)
            query = query.where(Expected.kind == AnswerKind.EPCIS.value).order_by(Delivery.id)
            return session.scalars(query).all()

    def _left_out(self, message: Message) -> frozenset[int]:
        """The events of a message that nobody got."""
        if not message.left_out:
            return frozenset()
        query = sa.select(OutputFile).where(OutputFile.message == message.id, OutputFile.target == LIST)
        with self._database.read() as session:
            return numbers(self._archive, session.scalars(query).all())

    def _message(self, delivery: Delivery) -> Message:
        with self._database.read() as session:
            return session.scalars(sa.select(Message).where(Message.id == delivery.message)).one()


def _sent(agreements: Agreements, archive: Archive, message: Message, without: frozenset[int]) -> Iterator[str]:
    for event in events_of(agreements, archive, message):
        if event.where.event not in without:
            yield from canonical(list(instances(event)))


def _log(row: AnswerRow) -> None:
    log.info(
        "answer", message=row.carrier or "", delivery=row.delivery or "", verdict=row.verdict, standing=row.standing
    )


def _in_words(rows: Sequence[AnswerRow]) -> str:
    counted: dict[str, int] = {}
    for row in rows:
        what = row.verdict if row.delivery else "unknown"
        counted[what] = counted.get(what, 0) + 1
    words = ", ".join(f"{count} {what}" for what, count in counted.items()) or "none inside"
    return f"answers: {words}"
