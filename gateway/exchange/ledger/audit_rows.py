"""Where the rows of messages contradict the audit trail: the message itself, its history, steps, outputs, findings.

The trail proves itself by its chain; what it tells was written in the same transaction as the rows. So a row that was
changed, put in or taken out afterwards differs from what the trail tells of it. Rows are read some at a time.

A ledger may be older than what the trail tells of some of its rows: such rows are not compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger import audit_answers, audit_deliveries, audit_work
from gateway.exchange.ledger.audit_facts import (
    FINDING,
    LOSS,
    PAGE,
    STAGE,
    Fault,
    Told,
    compared,
    digest,
    same,
    shown,
    told,
    unlike,
)
from gateway.exchange.ledger.left_out import LIST
from gateway.exchange.ledger.tables import (
    FINAL,
    Delivery,
    FindingRow,
    History,
    LossRow,
    Message,
    OfferSeen,
    OutputFile,
    Stage,
    State,
)
from gateway.exchange.ledger.tables_answers import AnswerRow, Expected, Known, ResultRow
from gateway.exchange.ledger.tables_work import ControlNumber

OUTPUTS, STEP, FINDINGS, PRUNED, NUMBER, REPEATS = "outputs", "step", "findings", "pruned", "control number", "repeats"
ARRIVED = ("message received", "message duplicate", "message refused")

#: In the facts of an arrival: how a message stands before any step. Without them it is older than most of these checks.
BEGUN = ("format", "mapping", "events", "epcs")
NEW = "start"

_ELSEWHERE = ("detail", "identity", "findings", *BEGUN)


def differences(session: Session, since: str = "") -> Iterator[Fault]:
    """Everything that differs.

    Args:
        session: a session that reads.
        since: when the trail began, where the ledger is older; rows from before, of which it tells nothing, are right.
    """
    yield from _guarded("messages", _messages(session, since))
    yield from _guarded("rows of nothing", _strangers(session))
    yield from _guarded("deliveries", audit_deliveries.differences(session, since))
    yield from _guarded("answers", audit_answers.differences(session))
    yield from _guarded("what operators did", audit_work.differences(session, since))


def _guarded(what: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """Where somebody wrote what the gateway never writes, the comparison ends there, and that is a fault."""
    try:
        yield from faults
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        yield Fault(
            0, f"{what}: a row, or what the trail tells of one, cannot be read: {type(error).__name__}: {error}"
        )


def _messages(session: Session, since: str) -> Iterator[Fault]:
    last = 0
    while True:
        query = sa.select(Message).where(Message.number > last).order_by(Message.number).limit(PAGE)
        page = session.scalars(query).all()
        if not page:
            break
        last = page[-1].number
        ids = [message.id for message in page]
        of = told(session, ids)
        outputs = _by_message(session, OutputFile, ids, OutputFile.target, OutputFile.position)
        stages = _by_message(session, Stage, ids, Stage.id)
        history = _by_message(session, History, ids, History.id)
        for message in page:
            entries = of[message.id]
            if not entries and message.received_at > since:
                yield Fault(0, f"message {message.id} is one of which the trail knows nothing")
            yield from _message(message, entries, outputs[message.id])
            if _is_new(entries):
                yield from _state(message, entries, history[message.id])
                yield from _stages(message, entries, stages[message.id])
        yield from _listed(session, FindingRow, FINDING, "findings", of)
        yield from _listed(session, LossRow, LOSS, "losses", of)
        yield from _offered(session, page, of)
        yield from _numbers(session, page, of)
        session.expunge_all()
    yield from _offers(session)


def _is_new(entries: Sequence[Told]) -> bool:
    return any(entry.action in ARRIVED and NEW in entry.facts for entry in entries)


def _by_message(session: Session, table: Any, ids: Sequence[str], *order: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.scalars(sa.select(table).where(table.message.in_(ids)).order_by(table.message, *order)):
        found[row.message].append(row)
    return found


def _message(message: Message, entries: Sequence[Told], outputs: Sequence[OutputFile]) -> Iterator[Fault]:
    name = f"message {message.id}"
    arrived = [entry for entry in entries if entry.action in ARRIVED and "partner" in entry.facts]
    for entry in arrived:
        repeated = [one for one in entries if one.action == REPEATS]
        yield from compared(name, message, entry, exclude=(*_ELSEWHERE, "duplicate_of") if repeated else _ELSEWHERE)
        for one in repeated:
            yield from compared(name, message, one)
    by_target = {str(entry.facts.get("target")): entry for entry in entries if entry.action == OUTPUTS}
    left_out = by_target[LIST].facts.get("left_out", 0) if LIST in by_target else 0
    if message.left_out != left_out:
        text = f"{name} left out {message.left_out} events, of which the trail tells {left_out}"
        yield Fault(by_target[LIST].number if LIST in by_target else 0, text)
    if not by_target and message.replay_of and not _is_new(entries):
        return  # of replays from before their outputs were told
    if not by_target and not arrived:
        return  # from before the trail
    for target in sorted({*by_target, *(output.target for output in outputs)}):
        mine = [output for output in outputs if output.target == target]
        number, facts = (by_target[target].number, by_target[target].facts) if target in by_target else (0, {})
        right = [output.sha256 for output in mine] == facts.get("sha256", [])
        if right and "files" in facts:
            made = [[shown(one.name), one.format, one.size, one.kind] for one in mine]
            right = all(have[: len(want)] == want for have, want in zip(made, shown(facts["files"]), strict=True))
        if not right or [one.position for one in mine] != list(range(1, len(mine) + 1)):
            yield Fault(number, f"the outputs of {name} for {target} are not those that the trail tells")


def _state(message: Message, entries: Sequence[Told], history: Sequence[History]) -> Iterator[Fault]:
    """What is known of a message, and what it came to."""
    name, wanted = f"message {message.id}", _known(entries)
    for key, (entry, value) in wanted.items():
        if not same(getattr(message, key), value):
            yield unlike(name, entry, [key])
    end = history[-1] if history and message.state in FINAL else None
    known = Counter((entry.action, entry.at) for entry in entries)
    wrong = {
        "pruned_at": "pruned_at" not in wanted and message.pruned_at,
        "number": int(message.id.rpartition("-")[2]) != message.number,
        "closed_at": message.closed_at != (end.at if end is not None else ""),
        "reason": end is not None and message.reason != end.detail,
        "history": any(0 < known[key] < count for key, count in Counter(map(_moment, history)).items()),
    }
    if any(wrong.values()):
        yield unlike(name, entries[-1], [key for key, is_wrong in wrong.items() if is_wrong])
    details = {_moment(row): row.detail for row in history}
    for entry in entries:
        detail = details.get((entry.action, entry.at))
        if detail is not None and not same(detail, entry.facts.get("detail")):
            yield unlike(f"the history of {name}", entry, ["detail"])


def _moment(row: History) -> tuple[str, str]:
    """A row of a history as the trail tells it: action and time."""
    return f"message {row.state}", row.at


def _known(entries: Sequence[Told]) -> dict[str, tuple[Told, Any]]:
    """What the entries of a message tell that its row must hold, by column: the last word on each."""
    wanted: dict[str, tuple[Told, Any]] = {}
    for entry in entries:
        if entry.action in (*ARRIVED, STEP, OUTPUTS):
            wanted |= {key: (entry, entry.facts[key]) for key in BEGUN if key in entry.facts}
        if entry.action in ARRIVED and NEW in entry.facts:
            wanted["received_at"] = (entry, entry.at)
        if entry.action == PRUNED:
            wanted["pruned_at"] = (entry, entry.at)
    return wanted


def _stages(message: Message, entries: Sequence[Told], stages: Sequence[Stage]) -> Iterator[Fault]:
    """The steps of a message. One that was begun and not ended is not told, unless it was begun before."""
    wanted: dict[tuple[str, str], Told] = {
        (entry.facts["step"], entry.facts.get("target", "")): entry for entry in entries if "step" in entry.facts
    }
    for stage in stages:
        key = (stage.step, stage.target)
        entry = wanted.pop(key, None)
        name = f"step {stage.step}{f' for {stage.target}' if stage.target else ''} of message {message.id}"
        if entry is None:
            ended = stage.finished_at or stage.output_sha256 or stage.detail or stage.state != "running"
            if ended or message.state == State.DONE:
                yield Fault(0, f"{name} is one of which the trail knows nothing")
        elif digest([stage], STAGE) != entry.facts["row"]:
            yield Fault(entry.number, f"{name} is not as the trail tells")
    for (step, _), entry in wanted.items():
        yield Fault(entry.number, f"tells of step {step} of message {message.id}, which is not there")


def _listed(
    session: Session, table: Any, columns: Sequence[str], what: str, of: Mapping[str, Sequence[Told]]
) -> Iterator[Fault]:
    """Findings or losses, of which a digest is told for each target."""
    wanted: dict[tuple[Any, ...], Told] = {}
    for id_, entries in of.items():
        for told_ in entries if _is_new(entries) else ():
            if what in told_.facts:
                wanted[id_, str(told_.facts.get("target", ""))] = told_
    rows = sa.select(table).where(table.message.in_([id_ for id_, entries in of.items() if _is_new(entries)]))
    rows = rows.order_by(table.message, table.target, table.position).execution_options(yield_per=PAGE)
    there = set()
    for key, group in groupby(session.scalars(rows), attrgetter("message", "target")):
        found, entry = digest(group, columns), wanted.get(key)
        name = f"the {what} of message {key[0]}{f' for {key[1]}' if key[1] else ''}"
        if entry is None:
            yield Fault(0, f"{name} are some of which the trail knows nothing")
        elif entry.facts[what] != found:
            yield Fault(entry.number, f"{name} are not those that the trail tells")
        there.add(key)
    for key, left in wanted.items():
        if left.facts[what] and key not in there:
            yield Fault(left.number, f"tells of {what} of message {key[0]}, which are not there")


def _offered(session: Session, page: Sequence[Message], of: Mapping[str, Sequence[Told]]) -> Iterator[Fault]:
    """Whether the files that were seen at peers are on record. A later file of the same name takes the row over."""
    arrived = {
        (message.channel, shown(entry.facts["identity"])): (message, entry)
        for message in page
        for entry in of[message.id]
        if entry.action in ARRIVED and "identity" in entry.facts
    }
    query = sa.select(OfferSeen.channel, OfferSeen.identity).where(
        OfferSeen.channel.in_({channel for channel, _ in arrived}),
        OfferSeen.identity.in_([identity for _, identity in arrived]),
    )
    there = {(channel, identity) for channel, identity in session.execute(query)} if arrived else set()
    for key, (message, entry) in arrived.items():
        if key not in there:
            yield Fault(entry.number, f"tells of a file at the peer of message {message.id}, which is not on record")


def _offers(session: Session) -> Iterator[Fault]:
    """What is kept of the files that were seen at peers."""
    last = 0
    while True:
        query = sa.select(OfferSeen, Message).outerjoin(Message, Message.id == OfferSeen.message)
        page = session.execute(query.where(OfferSeen.id > last).order_by(OfferSeen.id).limit(PAGE)).all()
        if not page:
            return
        last = page[-1][0].id
        of = told(session, [row.message for row, _ in page], ARRIVED)
        for row, message in page:
            if message is None or not _is_new(of[row.message]):
                continue
            name = f"the file at the peer of message {row.message}"
            entry = next((one for one in of[row.message] if "identity" in one.facts), None)
            values = (row.channel, row.identity, row.sha256, row.seen_at)
            if entry is None:
                yield Fault(0, f"{name} is one of which the trail knows nothing")
            elif values != (message.channel, shown(entry.facts["identity"]), message.sha256, message.received_at):
                yield Fault(entry.number, f"{name} is not as the trail tells")
        session.expunge_all()


def _numbers(session: Session, page: Sequence[Message], of: Mapping[str, Sequence[Told]]) -> Iterator[Fault]:
    """Numbers of interchanges, and the message that each belongs to."""
    entries = [(message, entry) for message in page for entry in of[message.id] if entry.action == NUMBER]
    numbers = {(message.channel, shown(entry.facts["number"])): entry for message, entry in entries}
    query = sa.select(ControlNumber.channel, ControlNumber.number).where(
        ControlNumber.channel.in_({channel for channel, _ in numbers}),
        ControlNumber.number.in_([number for _, number in numbers]),
    )
    there = {(channel, number) for channel, number in session.execute(query)} if numbers else set()
    for key, entry in numbers.items():
        if key not in there:
            yield Fault(entry.number, f"tells of control number {key[1]} of {key[0]}, which is not on record")
    own = {message.id: {(m.channel, shown(e.facts["number"])) for m, e in entries if m is message} for message in page}
    new = [message.id for message in page if _is_new(of[message.id])]
    for row in session.scalars(sa.select(ControlNumber).where(ControlNumber.message.in_(new))):
        if (row.channel, row.number) not in own[row.message]:
            yield Fault(0, f"control number {row.number} of message {row.message} is not as the trail tells")


def _strangers(session: Session) -> Iterator[Fault]:
    """Rows that belong to a message, a delivery or an answer that is not there."""
    of_messages = (History, Stage, OutputFile, Delivery, FindingRow, LossRow, OfferSeen, ControlNumber)
    owners: list[tuple[Any, Any]] = [(table.message, Message.id) for table in of_messages]
    owners += [(Expected.delivery, Delivery.id), (Known.delivery, Delivery.id), (ResultRow.answer, AnswerRow.id)]
    for column, owner in owners:
        query = sa.select(column).where(~sa.exists().where(owner == column)).distinct().limit(PAGE)
        for id_ in session.scalars(query):
            what = f"{owner.class_.__tablename__.replace('ies', 'ys').removesuffix('s')} {id_}"
            yield Fault(0, f"{column.class_.__tablename__} has rows of {what}, which is not there")
