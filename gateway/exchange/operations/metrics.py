"""Numbers about the exchange, counted from the ledger. Nothing here keeps a count of its own: a restart loses none.

`metrics` gives samples; `prometheus` writes them in the text form of Prometheus. Labels are ids from agreements and
words of ours, never names of files or serial numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.exchange.clock import moment, stamp
from gateway.exchange.ledger.tables import FINAL, DeliveryState, State

if TYPE_CHECKING:
    from gateway.agreements.load import Agreements
    from gateway.exchange.ledger.queries import Queries

#: How far latencies look back, and how many messages they are taken of at most.
WINDOW = timedelta(hours=1)
MOST = 10_000

_QUANTILES = (0.5, 0.95, 1.0)

#: What is no plain number of now: these quantiles are a summary, whose count is that of messages in the window.
_SUMMARIES = frozenset({"gateway_latency_seconds"})
_HELP = {
    "gateway_messages": "Messages in the ledger by state.",
    "gateway_deliveries": "Deliveries in the ledger by state.",
    "gateway_backlog": "Messages by partner that are not at an end.",
    "gateway_oldest_open_seconds": "Age of the oldest message of a partner that is not at an end.",
    "gateway_waiting_deliveries": "Deliveries to a receiver that are not made yet.",
    "gateway_uncertain_deliveries": "Deliveries to a receiver that may have arrived; an operator has to settle them.",
    "gateway_latency_seconds": "From arrival to end, for messages that ended in the last hour.",
    "gateway_ended": "Messages that ended in the last hour, by state.",
    "gateway_left_out_events": "Wrong events that were left out of messages which ended in the last hour.",
    "gateway_channel_failing": "1 where the last look at a channel failed.",
    "gateway_channel_seconds_since_look": "Since the last look at a channel.",
    "gateway_schedule_lag_seconds": "How long the newest slot of a channel that has passed has not been fired.",
    "gateway_configuration_refused": "1 where the files of the configuration are wrong and an older version goes on.",
    "gateway_answers": "Answers that are waited for, overdue, given up, answered, and unknown ones that came.",
    "gateway_certificate_days_left": "Days until a certificate ends; negative when it has ended.",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One number.

    Attributes:
        name: what is counted, in the manner of Prometheus.
        value: the number.
        labels: of what.
    """

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def help(self) -> str:
        """What the number means."""
        return _HELP.get(self.name, "")


def metrics(
    queries: Queries,
    now: datetime,
    agreements: Agreements | None = None,
    certificates: Iterable[tuple[str, datetime]] = (),
) -> list[Sample]:
    """All samples as of `now`.

    Args:
        queries: the ledger.
        now: the time.
        agreements: whose schedules are looked at, and for whose partners a number is given where it is 0, if they can
            be loaded.
        certificates: name and end of each certificate in use.
    """
    samples = list(_messages(queries, now, agreements))
    samples += _deliveries(queries, agreements)
    samples += _latencies(queries, now)
    samples += _channels(queries, now, agreements)
    samples += [
        Sample("gateway_answers", n, {"state": state}) for state, n in queries.answer_counts(stamp(now)).items()
    ]
    samples += [
        Sample("gateway_configuration_refused", float(bool(row.error)), {"worker": row.worker})
        for row in queries.in_force()
    ]
    samples += [
        Sample("gateway_certificate_days_left", round((end - now) / timedelta(days=1), 3), {"certificate": name})
        for name, end in certificates
    ]
    return samples


def prometheus(samples: Iterable[Sample]) -> str:
    """The text form of Prometheus, version 0.0.4: samples of one name together, with their help."""
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        by_name.setdefault(sample.name, []).append(sample)
    lines = []
    for name, group in by_name.items():
        lines += [f"# HELP {name} {group[0].help}", f"# TYPE {name} {'summary' if name in _SUMMARIES else 'gauge'}"]
        lines += [f"{name}{_labels(sample.labels)} {sample.value:.15g}" for sample in group]
    return "".join(f"{line}\n" for line in lines)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that a share of the values does not exceed (nearest rank)."""
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escaped = (
        (name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for name, value in labels.items()
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"


def _messages(queries: Queries, now: datetime, agreements: Agreements | None) -> Iterator[Sample]:
    counts = queries.counts()
    for state in State:
        yield Sample("gateway_messages", counts.get(state.value, 0), {"state": state.value})
    # A series that comes and goes cannot be graphed, and no alarm on it ends.
    backlog = {agreement.partner.id: (0, "") for agreement in (agreements.all if agreements is not None else ())}
    backlog |= {partner: (count, oldest) for partner, count, oldest in queries.backlog()}
    for partner, (count, oldest) in backlog.items():
        yield Sample("gateway_backlog", count, {"partner": partner})
        yield Sample("gateway_oldest_open_seconds", _since(oldest, now) if oldest else 0.0, {"partner": partner})


def _deliveries(queries: Queries, agreements: Agreements | None) -> Iterator[Sample]:
    waiting = {
        target.receiver: 0
        for agreement in (agreements.all if agreements is not None else ())
        for target in agreement.targets
    }
    uncertain = dict(waiting)
    by_state = {state.value: 0 for state in DeliveryState}
    for partner, state, count in queries.delivery_counts():
        by_state[state] = by_state.get(state, 0) + count
        if state == DeliveryState.UNCERTAIN:
            uncertain[partner] = count
        if state in (DeliveryState.PLANNED, DeliveryState.WAITING):
            waiting[partner] = waiting.get(partner, 0) + count
    for name, kind, counts in (
        ("gateway_deliveries", "state", by_state),
        ("gateway_waiting_deliveries", "receiver", waiting),
        ("gateway_uncertain_deliveries", "receiver", uncertain),
    ):
        yield from (Sample(name, count, {kind: value}) for value, count in counts.items())


def _latencies(queries: Queries, now: datetime) -> Iterator[Sample]:
    since = stamp(now - WINDOW)
    by_state = {state.value: 0 for state in State if state in FINAL}
    seconds: dict[str, list[float]] = {}
    for partner, state, received, closed in queries.ended_since(since, MOST):
        by_state[state] = by_state.get(state, 0) + 1
        seconds.setdefault(partner, []).append((moment(closed) - moment(received)).total_seconds())
    for state, count in by_state.items():
        yield Sample("gateway_ended", count, {"state": state})
    yield Sample("gateway_left_out_events", queries.left_out_since(since))
    for partner, values in seconds.items():
        values.sort()
        for share in _QUANTILES:
            yield Sample(
                "gateway_latency_seconds", quantile(values, share), {"partner": partner, "quantile": f"{share:g}"}
            )


def _channels(queries: Queries, now: datetime, agreements: Agreements | None) -> Iterator[Sample]:
    for channel, look in sorted(queries.collections().items()):
        yield Sample("gateway_channel_failing", float(bool(look.error)), {"channel": channel})
        yield Sample("gateway_channel_seconds_since_look", _since(look.at, now), {"channel": channel})
    if agreements is None:
        return
    reached = queries.schedules()
    for _, agreed in agreements.channels():
        row, timing = reached.get(agreed.id), agreed.timing
        if row is None or timing is None:
            continue
        due = timing.latest(moment(row.last_slot), now)
        lag = (now - due).total_seconds() if due is not None else 0.0
        yield Sample("gateway_schedule_lag_seconds", lag, {"channel": agreed.id})


def _since(at: str, now: datetime) -> float:
    return max(0.0, round((now - moment(at)).total_seconds(), 3))
