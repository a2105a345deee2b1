"""The number that a sender gives each interchange, so that the second one with it can be recognised.

X12: sender and ISA13. EDIFACT: sender and UNB 0020. EPCIS XML: sender and instance identifier of the standard business
document header. Other formats carry none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import sqlalchemy as sa
from lxml import etree
from sqlalchemy.orm import Session

from gateway.bounded import bounded
from gateway.errors import InputError, LimitExceeded
from gateway.exchange.clock import Clock, stamp, system
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.audit_rows import NUMBER
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import Message, State
from gateway.exchange.ledger.tables_work import ControlNumber
from gateway.formats.edi import edifact_syntax, x12_syntax
from gateway.sources import Source

_BODY = "EPCISBody"
_UNUSED = (State.REFUSED, State.FAILED, State.CANCELLED)


def control_number(source: Source, format_: str) -> str:
    """The interchange's number with its sender, empty where there is none or it cannot be read."""
    reader = _READERS.get(format_)
    if reader is None:
        return ""
    try:
        with source.open() as stream:
            return bounded(reader(stream, source.name))
    except (InputError, LimitExceeded, etree.XMLSyntaxError):
        return ""  # the conversion will say what is wrong with the file


class ControlNumbers:
    """Which numbers came on which channel.

    Args:
        database: the ledger's database.
        clock: the time.
    """

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self._database = database
        self._clock = clock

    def first(self, message: Message, number: str) -> str:
        """Id of the message that brought a number first, on the same channel; empty when it is this one.

        A message that was refused, failed or was cancelled does not count: its sender tries again.
        """
        with self._database.write() as session:
            self._database.alone(session, f"control numbers {message.channel}")
            query = sa.select(ControlNumber).where(ControlNumber.channel == message.channel)
            row = session.scalar(query.where(ControlNumber.number == number))
            if row is None:
                session.add(ControlNumber(channel=message.channel, number=number, message=message.id))
                self._note(session, message, number)
                return ""
            if row.message == message.id:
                return ""
            state = session.scalar(sa.select(Message.state).where(Message.id == row.message))
            if state is None or state in _UNUSED:
                row.message = message.id
                self._note(session, message, number)
                return ""
            return row.message

    def _note(self, session: Session, message: Message, number: str) -> None:
        audit.note(session, audit.Entry(stamp(self._clock()), NUMBER, message.id, {"number": number}))


def _x12(stream: BinaryIO, name: str) -> str:
    isa = next(iter(x12_syntax.segments(stream, name)))
    return f"{isa.value(5).strip()}:{isa.value(6).strip()}/{isa.value(13).strip()}"


def _edifact(stream: BinaryIO, name: str) -> str:
    unb = next(iter(edifact_syntax.segments(stream, name)))
    return f"{unb.value(2)}:{unb.value(2, 2)}/{unb.value(5)}" if unb.value(5) else ""


def _epcis_xml(stream: BinaryIO, _name: str) -> str:
    sender = ""
    for event, element in etree.iterparse(
        stream, events=("start", "end"), no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False
    ):
        tag = etree.QName(element).localname
        if event == "start" and tag == _BODY:
            return ""
        if event == "end" and tag == "Identifier" and not sender:
            sender = (element.text or "").strip()
        if event == "end" and tag == "InstanceIdentifier":
            number = (element.text or "").strip()
            return f"{sender}/{number}" if number else ""
    return ""


_READERS: dict[str, Callable[[BinaryIO, str], str]] = {
    "x12-856": _x12,
    "edifact-desadv": _edifact,
    "epcis-1.2-xml": _epcis_xml,
    "epcis-2.0-xml": _epcis_xml,
}
