"""What happens to a message, step by step: detect, convert, check, plan, deliver, close.

The steps know nothing of the engine that calls them. Each takes an id, may be called again after a crash at any of
its lines, and leaves the same rows and bytes as if it had been called once. Only `attempt` has an effect outside this
machine, and that one is idempotent by the transport's contract: the same name and bytes delivered twice are one file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from gateway import logs
from gateway.agreements.load import TABLE, Agreements, is_mapped
from gateway.agreements.model import Channel, Target
from gateway.convert import check_output, convert
from gateway.detect import UNKNOWN_FORMAT, Detection, detect
from gateway.errors import ConfigurationError, GatewayError, InputError, LimitExceeded, TransportError
from gateway.exchange import failpoints
from gateway.exchange.archive import Archive, StorageError, Stored
from gateway.exchange.epc_index import Indexer
from gateway.exchange.ledger import Ledger, Plan
from gateway.exchange.names import delivery_names
from gateway.exchange.queries import Queries
from gateway.exchange.requests import request_for
from gateway.exchange.tables import FINAL, Delivery, DeliveryState, Message, OutputFile, State
from gateway.exchange.trouble import frames
from gateway.findings import Findings
from gateway.formats.table.mappings import Mapping as TableMapping
from gateway.report import Report
from gateway.sources import Source
from gateway.transports import TRANSPORTS
from gateway.transports.base import Receipt, Secrets

P = ParamSpec("P")
log = logs.get(__name__)


def _step(
    function: Callable[Concatenate[Flow, str, P], bool],
) -> Callable[Concatenate[Flow, str, P], bool]:
    """A step of a message: True when the next one may follow.

    Whatever goes wrong ends the message in a state that an operator sees. Only a disk without room is raised: the
    engine tries that again.
    """

    @wraps(function)
    def guarded(flow: Flow, message: str, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        if State(flow.queries.message(message).state) in FINAL:
            return False
        try:
            return function(flow, message, *args, **kwargs)
        except StorageError:
            raise
        except (InputError, LimitExceeded) as error:
            flow.ledger.findings(message, "", [error.finding])
            flow.end(message, function.__name__, State.REFUSED, str(error), logged=error.finding.code)
        except GatewayError as error:
            flow.end(message, function.__name__, State.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - a bug of ours must end as a failed message, not as a silent one
            bug = f"a bug: {type(error).__name__}"
            log.error("step failed", message=message, step=function.__name__, bug=bug, at=frames(error))  # noqa: TRY400 - a traceback's text may hold data
            flow.end(message, function.__name__, State.FAILED, f"{bug}: {error}", logged=bug)
        return False

    return guarded


class Flow:
    """The steps of all messages.

    Args:
        agreements: who gets what.
        ledger: the record.
        archive: the bytes.
        secrets: resolves references in transport settings.
        jitter: gives numbers from 0 to 1 that spread retries.
    """

    def __init__(
        self,
        agreements: Agreements,
        ledger: Ledger,
        archive: Archive,
        secrets: Secrets,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.agreements = agreements
        self.ledger = ledger
        self.queries = Queries(ledger.database)
        self.archive = archive
        self._secrets = secrets
        self._jitter = jitter

    # ---- one message --------------------------------------------------------------------------------------------

    @_step
    def detect(self, id_: str) -> bool:
        """Say what the file is: by the agreement, else by its content."""
        message = self.queries.message(id_)
        self.ledger.move(id_, State.CONVERTING)
        if message.start != "detect" and message.format:
            return True
        self.ledger.begin(id_, "detect", input_sha256=message.sha256)
        failpoints.reach("detect.started")
        _, channel = self.agreements.channel(message.channel)
        found = self._detection(message, channel)
        self.ledger.detected(id_, found.format, found.mapping or "", found.reason)
        failpoints.reach("detect.recorded")
        return True

    @_step
    def convert(self, id_: str) -> bool:
        """Convert the file for each of its targets; outputs go into the archive."""
        message = self.queries.message(id_)
        if message.start == "deliver":
            return True
        for number, target in enumerate(self._targets(message)):
            self._convert_for(message, target, first=number == 0)
        return True

    @_step
    def check(self, id_: str) -> bool:
        """The gate before the outside world: every target has its outputs whole, or nobody gets anything."""
        message = self.queries.message(id_)
        self.ledger.begin(id_, "check")
        lineage = self.queries.lineage(id_)
        refused = [stage.target for stage in lineage.stages if stage.step == "convert" and stage.state == "failed"]
        if refused:
            errors = len({(f.code, str(f.where), f.text) for f in lineage.findings if f.severity == "error"})
            what = f"{errors:,} {'error' if errors == 1 else 'errors'}" if errors else "something would be lost"
            self.end(id_, "check", State.REFUSED, f"{what} for {', '.join(refused)}; nothing was delivered")
            return False
        served = {output.target for output in lineage.outputs}
        for target in self._targets(message):
            if target.id not in served:
                self.end(id_, "check", State.FAILED, f"there is no output for {target.id}")
                return False
        damaged = [output.name for output in lineage.outputs if not self.archive.verify(output.sha256)]
        if damaged:
            self.end(id_, "check", State.FAILED, f"the archive lacks or has damaged {', '.join(damaged)}")
            return False
        if not self._valid(id_, lineage.outputs):
            return False
        self.ledger.finish(id_, "check", detail=f"{len(lineage.outputs)} outputs for {len(served)} targets")
        failpoints.reach("check.recorded")
        return True

    def plan(self, id_: str) -> list[tuple[str, str]]:
        """Write down the deliveries of a message that passed the check: their ids and receivers, in order."""
        message = self.queries.message(id_)
        if State(message.state) in FINAL:
            return []
        try:
            plans = self._plans(message)
        except GatewayError as error:
            self.end(id_, "plan", State.FAILED, str(error))
            return []
        deliveries = self.ledger.plan(id_, plans)
        failpoints.reach("deliver.planned")
        return [(delivery.id, delivery.partner) for delivery in deliveries]

    def _plans(self, message: Message) -> list[Plan]:
        plans: list[Plan] = []
        made = self.queries.lineage(message.id).outputs
        for target in self._targets(message):
            transport = TRANSPORTS.get(target.transport)
            address = transport.address(target.settings)
            outputs = [output for output in made if output.target == target.id]
            for output, name in zip(outputs, delivery_names(target, message, outputs), strict=True):
                plans.append(
                    Plan(target.id, output.position, target.receiver, name, address, output.size, output.sha256)
                )
        return plans

    def end(self, id_: str, step: str, state: State, reason: str, *, logged: str = "") -> None:
        """End a message before its way is over.

        Args:
            id_: the message.
            step: where it ended.
            state: how it ended.
            reason: why, for the operator who looks at the message.
            logged: what to log instead, where the reason may hold serial numbers.
        """
        self.ledger.finish(id_, step, failed=True, detail=reason)
        self.ledger.move(id_, state, reason)
        log.warning(state.value, message=id_, step=step, reason=logged or reason.splitlines()[0])

    # ---- one delivery -------------------------------------------------------------------------------------------

    def attempt(self, delivery_id: str) -> float | None:
        """Try to deliver. Returns the seconds to wait before the next try, None when there is none."""
        delivery = self.queries.delivery(delivery_id)
        if delivery.state in (DeliveryState.DELIVERED, DeliveryState.FAILED):
            return None
        failpoints.reach("deliver.started")
        wait: float | None = None
        try:
            target = self.agreements.target(delivery.target)
            receipt = self._deliver(delivery, target)
        except TransportError as error:
            wait = target.retry.wait(delivery.attempts + 1, self._jitter()) if error.retryable else None
            if wait is not None:
                wait = max(wait, error.wait)
            self._undelivered(delivery, str(error), wait, error.detail)
            return wait
        except GatewayError as error:
            self._undelivered(delivery, str(error), None)
            return None
        except Exception as error:  # noqa: BLE001 - a bug must not block the receiver's queue for ever
            log.error("delivery failed", delivery=delivery_id, at=frames(error))  # noqa: TRY400 - a traceback's text may hold data
            self._undelivered(delivery, f"a bug: {type(error).__name__}: {error}", None)
            return None
        failpoints.reach("deliver.sent")
        self.ledger.delivered(delivery_id, receipt.name)
        failpoints.reach("deliver.recorded")
        log.info("delivered", message=delivery.message, target=delivery.target, name=receipt.name, size=receipt.size)
        return None

    def close(self, delivery_id: str) -> bool:
        """Close the message of a delivery if it was the last one. True when that closed it."""
        message = self.queries.delivery(delivery_id).message
        state = self.ledger.close(message)
        failpoints.reach("close.recorded")
        if state is not None:
            log.info("closed", message=message, state=state.value)
        return state is not None

    # ---- helpers ------------------------------------------------------------------------------------------------

    def _detection(self, message: Message, channel: Channel) -> Detection:
        mappings = self._mappings(channel)
        if channel.format and not is_mapped(channel.format):
            return Detection(channel.format, None, "the agreement says so")
        if channel.format and len(mappings) == 1:
            return Detection(channel.format, mappings[0].name, "the agreement says so")
        try:
            return detect(self._source(message), mappings)
        except InputError as error:
            if error.finding.code != UNKNOWN_FORMAT.code:
                raise
            if len(channel.mappings) == 1:
                # What should be this partner's table but does not look like it: its mapping says where it is wrong.
                return Detection(TABLE, mappings[0].name, "the agreement names one mapping, and nothing else claims it")
            hint = f"name the `format`, or one of the `mappings`, of channel {channel.id!r} in its agreement"
            raise InputError(replace(error.finding, hint=hint)) from error

    def _convert_for(self, message: Message, target: Target, *, first: bool) -> None:
        """Convert for one target; the first conversion also tells which identifiers the message names."""
        agreements = self.agreements  # others may come into force in the middle
        self.ledger.begin(message.id, "convert", target=target.id, input_sha256=message.sha256)
        failpoints.reach("convert.started")
        indexer = Indexer(self.ledger.database, message.number)
        request = request_for(agreements, self.archive, message, target)
        if first:
            request = replace(request, observer=indexer)
        with self.archive.folder() as folder:
            report = convert(request, folder)
            if first:
                indexer.finish()
            failpoints.reach("convert.written")
            outputs = [] if report.failed else self._archive_outputs(report)
        failpoints.reach("convert.archived")
        self.ledger.converted(message.id, target.id, report, outputs)
        failpoints.reach("convert.recorded")

    def _archive_outputs(self, report: Report) -> list[tuple[str, str, Stored]]:
        kept = []
        for output in report.outputs:
            stored = self.archive.put(Path(output.path))
            if stored.sha256 != output.sha256:
                message = f"{output.name} changed between conversion and archive"
                raise StorageError(message)
            kept.append((output.name, output.format, stored))
        return kept

    def _valid(self, id_: str, outputs: Sequence[OutputFile]) -> bool:
        """Check each output as its receiver will, against the schema and rules of its format."""
        for output in outputs:
            findings = Findings()
            check_output(self.archive.source(output.sha256, output.name), output.format, findings)
            if findings.errors:
                self.ledger.findings(id_, f"{output.target}/{output.position}", findings)
                self.end(id_, "check", State.FAILED, f"{output.name} for {output.target} is not valid {output.format}")
                return False
        return True

    def _deliver(self, delivery: Delivery, target: Target) -> Receipt:
        transport = TRANSPORTS.get(target.transport)
        with (
            self.archive.open(delivery.sha256) as stream,
            transport.connect(target.settings, self._secrets) as session,
        ):
            return session.deliver(delivery.name, stream, delivery.size)

    def _undelivered(self, delivery: Delivery, error: str, wait: float | None, detail: str = "") -> None:
        """Keep why a try failed. What the peer said (`detail`) may hold serial numbers: it is not logged."""
        self.ledger.undelivered(delivery.id, f"{error}; it says: {detail}" if detail else error, wait)
        log.warning(
            "not delivered",
            message=delivery.message,
            target=delivery.target,
            error=error,
            next_try="none" if wait is None else f"in {wait:.0f} s",
        )

    def _targets(self, message: Message) -> list[Target]:
        agreement, channel = self.agreements.channel(message.channel)
        targets = agreement.targets_of(channel)
        if message.only_targets is None:
            return targets
        # A replay names its targets. One that has gone since must not be left out in silence.
        known = {target.id: target for target in targets}
        gone = [id_ for id_ in message.only_targets if id_ not in known]
        if gone:
            text = f"the agreement of channel {channel.id!r} has no target {', '.join(gone)} any more"
            raise ConfigurationError(text, hint="restore it, or replay the message again with the targets of now")
        return [known[id_] for id_ in message.only_targets]

    def _mappings(self, channel: Channel) -> Sequence[TableMapping]:
        return self.agreements.mappings[channel.id]

    def _source(self, message: Message) -> Source:
        return self.archive.source(message.sha256, message.name)
