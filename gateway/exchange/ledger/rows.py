"""Rows of the ledger that several writers look up or put.

Two workers may be at one message: one that was taken for dead goes on just when another one has taken its work over.
Therefore whoever writes about a message locks its row first, and the second one finds what the first one wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.bounded import bounded
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger.audit_deliveries import ANSWER, NAMES, OWED
from gateway.exchange.ledger.audit_facts import FINDING, KNOWN, LOSS, digest
from gateway.exchange.ledger.database import locking
from gateway.exchange.ledger.tables import Delivery, FindingRow, LossRow, Message, OfferSeen, OutputFile, Stage
from gateway.exchange.ledger.tables_answers import Expected, Known
from gateway.findings import Finding
from gateway.report import Report

#: Name, format, kind and archived content of a file that was made.
Made = tuple[str, str, str, Stored]

#: Bytes of a finding's target: an id and the number of a file.
LONGEST_TARGET = 64

# Made once: to put a statement together costs as much as to run it.
_MESSAGE = locking(sa.select(Message).where(Message.id == sa.bindparam("id_")))
_DELIVERY = locking(sa.select(Delivery).where(Delivery.id == sa.bindparam("id_")))
_OFFER = sa.select(OfferSeen).where(
    OfferSeen.channel == sa.bindparam("channel_"), OfferSeen.identity == sa.bindparam("identity_")
)
_STAGE = sa.select(Stage).where(
    Stage.message == sa.bindparam("message_"),
    Stage.step == sa.bindparam("step_"),
    Stage.target == sa.bindparam("target_"),
)
_LOCKED = "locked messages"


def message_row(session: Session, id_: str) -> Message:
    """The message with this id, locked until the transaction ends."""
    locked: dict[str, Message] = session.info.setdefault(_LOCKED, {})
    if id_ not in locked:
        locked[id_] = session.scalars(_MESSAGE, {"id_": id_}).one()
    return locked[id_]


def delivery_row(session: Session, id_: str) -> Delivery:
    """The delivery with this id, locked until the transaction ends."""
    return session.scalars(_DELIVERY, {"id_": id_}).one()


def delivery_facts(session: Session, row: Delivery) -> dict[str, Any]:
    """What the audit trail tells of a delivery that was made, and of the answer that is owed for it."""
    told = ("target", "partner", "position", "address", "name", "size", "sha256", "attempts", "delivered_at", "said")
    facts = {name: value for name in told if (value := getattr(row, name))}
    session.flush()
    names = sa.select(Known).where(Known.delivery == row.id).order_by(Known.kind, Known.value)
    facts[NAMES] = digest(session.scalars(names), KNOWN)
    return facts | owed_facts(session.get(Expected, row.id))


def owed_facts(owed: Expected | None) -> dict[str, Any]:
    """What the audit trail tells of an answer that is owed."""
    return {} if owed is None else {ANSWER: {name: getattr(owed, name) for name in OWED}}


def offer_row(session: Session, channel: str, identity: str) -> OfferSeen | None:
    """The version of a file that was seen on a channel."""
    return session.scalar(_OFFER, {"channel_": channel, "identity_": identity})


def stage_row(session: Session, message: str, step: str, target: str) -> Stage | None:
    """A step of a message, for one target or (empty) for all. The message is locked."""
    message_row(session, message)
    return session.scalar(_STAGE, {"message_": message, "step_": step, "target_": target})


def running_targets(session: Session, message: str, step: str) -> list[str]:
    """The targets for which a step of a message runs; empty text stands for all of them, and where none is known."""
    query = sa.select(Stage.target).where(Stage.message == message, Stage.step == step, Stage.state == "running")
    return list(session.scalars(query.order_by(Stage.id))) or [""]


def copy_of(output: OutputFile, message: str) -> OutputFile:
    """The same output for another message."""
    return OutputFile(
        message=message,
        target=output.target,
        position=output.position,
        name=output.name,
        format=output.format,
        kind=output.kind,
        size=output.size,
        sha256=output.sha256,
    )


def put_outputs(session: Session, message: str, target: str, outputs: Sequence[Made]) -> dict[str, object]:
    """Keep files that were made for a target in place of those of an earlier run; returns what the trail tells."""
    session.execute(sa.delete(OutputFile).where(OutputFile.message == message, OutputFile.target == target))
    for position, (name, format_, kind, stored) in enumerate(outputs, 1):
        session.add(
            OutputFile(
                message=message,
                target=target,
                position=position,
                name=name,
                format=format_,
                kind=kind,
                size=stored.size,
                sha256=stored.sha256,
            )
        )
    files = [[name, format_, stored.size, kind] for name, format_, kind, stored in outputs]
    return {"sha256": [made[-1].sha256 for made in outputs], "files": files}


def put_findings(
    session: Session,
    message: str,
    target: str,
    findings: Iterable[Finding],
    before: Iterable[tuple[Finding, str]] = (),
) -> str:
    """Keep the findings of one conversion in place of those of an earlier run of it; first some with an eventID.

    Returns what the audit trail tells of them; empty where there are none.
    """
    message_row(session, message)
    target = bounded(target, LONGEST_TARGET)
    session.execute(sa.delete(FindingRow).where(FindingRow.message == message, FindingRow.target == target))
    rows = [
        FindingRow(
            message=message,
            target=target,
            position=position,
            code=finding.code,
            severity=finding.severity.value,
            text=finding.message,
            where=finding.where.as_dict(),
            value=finding.value,
            expected=finding.expected,
            hint=finding.hint,
            event_id=event_id,
        )
        for position, (finding, event_id) in enumerate(chain(before, ((each, "") for each in findings)), 1)
    ]
    session.add_all(rows)
    return digest(rows, FINDING) if rows else ""


def put_losses(session: Session, message: str, target: str, report: Report) -> str:
    """Keep the losses of one conversion in place of those of an earlier run of it.

    Returns what the audit trail tells of them; empty where there are none.
    """
    message_row(session, message)
    session.execute(sa.delete(LossRow).where(LossRow.message == message, LossRow.target == target))
    rows = [
        LossRow(
            message=message,
            target=target,
            position=position,
            code=loss.code,
            outcome=loss.outcome.value,
            field=loss.field,
            count=loss.count,
            examples=loss.examples,
            reason=loss.reason,
        )
        for position, loss in enumerate(report.losses.summaries.values(), 1)
    ]
    session.add_all(rows)
    return digest(rows, LOSS) if rows else ""
