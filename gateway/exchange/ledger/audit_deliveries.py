"""Where deliveries, and the answers that are owed for them, contradict the audit trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger import audit_answers
from gateway.exchange.ledger.audit_facts import (
    DELIVERY,
    KNOWN,
    PAGE,
    Fault,
    Told,
    compared,
    digest,
    same,
    shown,
    told,
    unlike,
)
from gateway.exchange.ledger.tables import ENDED, AuditRow, Delivery, DeliveryState
from gateway.exchange.ledger.tables_answers import Expected, Known

DELIVERED, FAILED, TRIED, MISSED, CANCEL = "delivered", "not delivered", "try failed", "no answer in time", "cancel"
UNCERTAIN, SETTLED = "uncertain", "settled"
_ENDS = (DELIVERED, FAILED, MISSED, UNCERTAIN, SETTLED)
_UNDER_WAY = frozenset(DeliveryState) - ENDED

#: In the facts of a delivery that was made, and what of them is compared elsewhere.
NAMES, ANSWER = "names", "answer"

#: In the facts of a message whose deliveries were planned: name and digest of each, by the end of its id.
PLANNED = "deliveries"

#: What is told of an answer that is owed.
OWED = ("kind", "within", "then", "resends", "due_at", "state", "resent")


def differences(session: Session, since: str) -> Iterator[Fault]:
    """Deliveries that are not as the trail tells, or of which it tells nothing, and those that are gone.

    Args:
        session: a session that reads.
        since: when the trail began, where the ledger is older.
    """
    last = ""
    while True:
        query = sa.select(Delivery).where(Delivery.id > last).order_by(Delivery.id).limit(PAGE)
        page = session.scalars(query).all()
        if not page:
            break
        last = page[-1].id
        of = told(session, {delivery.id for delivery in page} | {delivery.message for delivery in page})
        ids = [delivery.id for delivery in page]
        owed = {row.delivery: row for row in session.scalars(sa.select(Expected).where(Expected.delivery.in_(ids)))}
        names: dict[str, list[Known]] = defaultdict(list)
        query_names = sa.select(Known).where(Known.delivery.in_(ids))
        for row in session.scalars(query_names.order_by(Known.delivery, Known.kind, Known.value)):
            names[row.delivery].append(row)
        for delivery in page:
            entries, plan = of[delivery.id], _planned(of[delivery.message])
            yield from _row(delivery, entries, plan)
            old = since and not entries and (not delivery.delivered_at or delivery.delivered_at <= since)
            if not old:
                cancelled = any(entry.action == CANCEL for entry in of[delivery.message])
                yield from _delivery(delivery, entries, cancelled=cancelled)
            yield from _owed(delivery, entries, owed.get(delivery.id), names[delivery.id])
        session.expunge_all()
    yield from _gone(session)


def _planned(entries: Sequence[Told]) -> tuple[Told, Mapping[str, Any]] | None:
    """What was planned for a message: the entry, and name and digest of each delivery by the end of its id."""
    found = [entry for entry in entries if PLANNED in entry.facts]
    if not found:
        return None
    merged: dict[str, Any] = {}
    for entry in found:
        merged |= entry.facts[PLANNED]
    return found[-1], merged


def _row(delivery: Delivery, entries: Sequence[Told], plan: tuple[Told, Mapping[str, Any]] | None) -> Iterator[Fault]:
    """What was planned of a delivery, and its tries."""
    if plan is None:
        return  # from before this was told
    entry, rows = plan
    name, (message, _, end) = f"delivery {delivery.id}", delivery.id.rpartition(".")
    if end not in rows or message != delivery.message:
        yield Fault(0, f"{name} is one of which the trail knows nothing")
        return
    planned, whole = rows[end]
    if digest([delivery], DELIVERY) != whole:
        yield Fault(entry.number, f"{name} is not as it was planned")
    made = [one.facts["name"] for one in entries if one.action == DELIVERED]
    if delivery.state != DeliveryState.DELIVERED and shown(delivery.name) not in shown([planned, *made[-1:]]):
        yield unlike(name, entry, ["name"])
    tries = [one for one in entries if "attempts" in one.facts]
    if delivery.attempts != (tries[-1].facts["attempts"] if tries else 0):
        yield unlike(name, tries[-1] if tries else entry, ["attempts"])
    again = [one.facts["again"] for one in entries if "again" in one.facts]
    if delivery.again != (again[-1] if again else 0):
        yield unlike(name, entry, ["again"])
    if delivery.state in ENDED and delivery.next_try_at:
        yield unlike(name, entry, ["next_try_at"])


def _delivery(delivery: Delivery, entries: Sequence[Told], *, cancelled: bool) -> Iterator[Fault]:
    """What became of a delivery."""
    name, state = f"delivery {delivery.id}", delivery.state
    entries = [entry for entry in entries if entry.action in _ENDS]
    made = next((entry for entry in entries[::-1] if entry.action == DELIVERED), None)
    last = entries[-1] if entries else None
    number = last.number if last else 0
    if state == DeliveryState.DELIVERED and made is None:
        yield Fault(0, f"{name} stands as delivered, of which the trail knows nothing")
    elif state == DeliveryState.DELIVERED and made is not None:
        yield from compared(name, delivery, made, exclude=(NAMES, ANSWER))
        if delivery.error or not same(delivery.said, made.facts.get("said")):
            yield unlike(name, made, ["error" if delivery.error else "said"])
    else:
        if not _is_right(state, entries, cancelled=cancelled):
            said = f"the trail tells {last.action!r}" if last else "the trail knows nothing of it"
            yield Fault(number, f"{name} stands as {state}, but {said}")
        not_taken = [entry.number for entry in entries if entry.action == SETTLED and _is_again(entry)]
        facts = made.facts if made is not None and made.number > max(not_taken, default=0) else {}
        wrong = [key for key in ("delivered_at", "said") if not same(getattr(delivery, key), facts.get(key))]
        whys = [entry.facts.get("error") for entry in entries if entry.action in (FAILED, UNCERTAIN)]
        ended = state in (DeliveryState.FAILED, DeliveryState.UNCERTAIN)
        wrong += ["error"] if ended and whys and not same(delivery.error, whys[-1]) else []
        if wrong:
            yield Fault(number, f"{name} is not as the trail tells: its {', '.join(wrong)}")


def _is_again(entry: Told) -> bool:
    """Whether a delivery is to be made again after this."""
    resent = entry.action == MISSED and entry.facts.get("then") == "resend"
    return resent or (entry.action == SETTLED and not entry.facts.get("taken"))


def _is_right(state: str, entries: Sequence[Told], *, cancelled: bool) -> bool:
    """Whether a delivery that is not made may stand so after what is told of it."""
    last = entries[-1] if entries else None
    open_ = last is None or _is_again(last)
    if state == DeliveryState.FAILED:
        return last is not None and last.action == FAILED
    if state == DeliveryState.UNCERTAIN:
        return next((entry.action for entry in entries[::-1] if entry.action != MISSED), "") == UNCERTAIN
    if state == DeliveryState.CANCELLED:
        return cancelled and open_
    return state in _UNDER_WAY and open_


def _owed(delivery: Delivery, entries: Sequence[Told], row: Expected | None, names: Sequence[Known]) -> Iterator[Fault]:
    """The answer that is owed for a delivery, and the names by which it may mean the delivery."""
    name = f"delivery {delivery.id}"
    made = [entry for entry in entries if entry.action == DELIVERED]
    if (made and NAMES in made[-1].facts and digest(names, KNOWN) != made[-1].facts[NAMES]) or (names and not made):
        yield Fault(made[-1].number if made else 0, f"the names of {name} for answers are not as the trail tells")
    if made and NAMES not in made[-1].facts:
        return  # from before this was told
    number, wanted = _story(entries)
    if wanted is None or row is None:
        if wanted is not None:
            yield Fault(number, f"tells of an answer that is owed to {name}, which is not on record")
        elif row is not None:
            yield Fault(0, f"an answer to {name} is owed, of which the trail knows nothing")
        return
    wanted |= {"message": delivery.message}
    wrong = [key for key, value in wanted.items() if not same(getattr(row, key), value)]
    if wrong:
        yield Fault(number, f"the answer that is owed to {name} is not as the trail tells: its {', '.join(wrong)}")


def _story(entries: Sequence[Told]) -> tuple[int, dict[str, Any] | None]:
    """How an answer that is owed must stand after all that is told of it, and where; None where none is owed."""
    number, owed = 0, dict[str, Any]()
    for entry in entries:
        if entry.action in (DELIVERED, UNCERTAIN) and ANSWER in entry.facts:
            number, owed = entry.number, dict(entry.facts[ANSWER])
        elif entry.action == SETTLED and not entry.facts.get("taken"):
            owed = {}
        elif owed and entry.action == MISSED and entry.facts["then"] == "resend":
            owed |= {"resent": owed["resent"] + 1, "due_at": entry.facts.get("next", owed["due_at"])}
        elif owed and entry.action == MISSED:
            owed["state"] = "overdue" if entry.facts["then"] == "alert" else "given up"
        elif owed and entry.action == audit_answers.ACTION and entry.facts.get("answered"):
            owed["state"] = "answered"
    return number, owed or None


def _gone(session: Session) -> Iterator[Fault]:
    """Deliveries of which the trail tells and that are not there."""
    there = sa.select(Delivery.id).where(Delivery.id == AuditRow.subject)
    query = sa.select(AuditRow.number, AuditRow.subject).where(AuditRow.action.in_((DELIVERED, FAILED, TRIED)))
    gone = set()
    for number, subject in session.execute(query.where(~there.exists()).order_by(AuditRow.number)):
        gone.add(subject)
        yield Fault(number, f"tells of delivery {subject}, which is not there")
    yield from _unmade(session, gone)


def _unmade(session: Session, gone: set[str]) -> Iterator[Fault]:
    """Deliveries that were planned, of which nothing else is told, and that are not there."""
    last = 0
    while True:
        query = sa.select(AuditRow.number, AuditRow.subject).where(AuditRow.number > last)
        query = (
            query.where(AuditRow.action.in_(("message delivering", "planned"))).order_by(AuditRow.number).limit(PAGE)
        )
        page = session.execute(query).all()
        if not page:
            return
        last = page[-1].number
        of = told(session, [row.subject for row in page], ["message delivering", "planned"])
        wanted = {
            f"{message}.{end}": plan[0].number
            for message, entries in of.items()
            if (plan := _planned(entries)) is not None
            for end in plan[1]
        }
        ids = sorted(set(wanted) - gone)
        known: set[str] = set()
        for at in range(0, len(ids), PAGE):
            known |= set(session.scalars(sa.select(Delivery.id).where(Delivery.id.in_(ids[at : at + PAGE]))))
        for id_ in ids:
            if id_ not in known:
                gone.add(id_)
                yield Fault(wanted[id_], f"tells of delivery {id_}, which is not there")
