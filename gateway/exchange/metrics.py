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

if TYPE_CHECKING:
    from gateway.agreements.load import Agreements
    from gateway.exchange.queries import Queries

#: How far latencies look back, and how many messages they are taken of at most.
WINDOW = timedelta(hours=1)
MOST = 10_000

_QUANTILES = (0.5, 0.95, 1.0)
_HELP = {
    "gateway_messages": "Messages in the ledger by state.",
    "gateway_deliveries": "Deliveries in the ledger by state.",
    "gateway_backlog": "Messages by partner that are not at an end.",
    "gateway_oldest_open_seconds": "Age of the oldest message of a partner that is not at an end.",
    "gateway_waiting_deliveries": "Deliveries to a receiver that are not made yet.",
    "gateway_uncertain_deliveries": "Deliveries to a receiver that may have arrived; an operator has to settle them.",
    "gateway_latency_seconds": "From arrival to end, for messages that ended in the last hour.",
    "gateway_ended": "Messages that ended in the last hour, by state.",
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
        agreements: whose schedules are looked at, if they can be loaded.
        certificates: name and end of each certificate in use.
    """
    samples = list(_messages(queries, now))
    samples += _deliveries(queries)
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
        lines += [f"# HELP {name} {group[0].help}", f"# TYPE {name} gauge"]
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


def _messages(queries: Queries, now: datetime) -> Iterator[Sample]:
    for state, count in queries.counts().items():
        yield Sample("gateway_messages", count, {"state": state})
    for partner, count, oldest in queries.backlog():
        yield Sample("gateway_backlog", count, {"partner": partner})
        yield Sample("gateway_oldest_open_seconds", _since(oldest, now), {"partner": partner})


def _deliveries(queries: Queries) -> Iterator[Sample]:
    waiting: dict[str, int] = {}
    by_state: dict[str, int] = {}
    for partner, state, count in queries.delivery_counts():
        by_state[state] = by_state.get(state, 0) + count
        if state == "uncertain":
            yield Sample("gateway_uncertain_deliveries", count, {"receiver": partner})
        if state in ("planned", "waiting"):
            waiting[partner] = waiting.get(partner, 0) + count
    for state, count in by_state.items():
        yield Sample("gateway_deliveries", count, {"state": state})
    for partner, count in waiting.items():
        yield Sample("gateway_waiting_deliveries", count, {"receiver": partner})


def _latencies(queries: Queries, now: datetime) -> Iterator[Sample]:
    ended = queries.ended_since(stamp(now - WINDOW), MOST)
    by_state: dict[str, int] = {}
    seconds: dict[str, list[float]] = {}
    for partner, state, received, closed in ended:
        by_state[state] = by_state.get(state, 0) + 1
        seconds.setdefault(partner, []).append((moment(closed) - moment(received)).total_seconds())
    for state, count in by_state.items():
        yield Sample("gateway_ended", count, {"state": state})
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
