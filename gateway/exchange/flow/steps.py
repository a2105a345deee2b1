"""What happens to a message, step by step: detect, convert, check, plan, deliver, close.

The steps know nothing of the engine that calls them. Each takes an id, may be called again after a crash at any of
its lines, and leaves the same rows and bytes as if it had been called once. The engine calls them two by two (`read`,
`release`, `attempt`), because to remember a step costs as much as a small step itself. Only `attempt` has an effect
outside this machine, and that one is idempotent by the transport's contract: the same name and bytes delivered twice
are one file.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec

from gateway import logs
from gateway.agreements.load import TABLE, is_mapped
from gateway.agreements.model import Channel, Target
from gateway.detect import UNKNOWN_FORMAT, Detection, detect
from gateway.errors import ConfigurationError, GatewayError, InputError, LimitExceeded, UsageError
from gateway.exchange import failpoints
from gateway.exchange.archive.store import StorageError
from gateway.exchange.flow.converting import Converting
from gateway.exchange.flow.large import check_made
from gateway.exchange.flow.names import RESEND, delivery_names
from gateway.exchange.ledger.control_numbers import control_number
from gateway.exchange.ledger.left_out import LIST
from gateway.exchange.ledger.record import Plan
from gateway.exchange.ledger.tables import ENDED, FINAL, Delivery, DeliveryState, Message, OutputFile, State
from gateway.exchange.trouble import frames
from gateway.findings import Severity
from gateway.formats.table.mappings import Mapping as TableMapping
from gateway.markets import messages
from gateway.sources import Source
from gateway.transports import TRANSPORTS

#: A message in one of these is converted and its deliveries are planned. Where the engine lost its memory, the steps
#: before are not gone again.
PLANNED = frozenset({State.DELIVERING, State.AWAITING})

#: A piece of work over which workers died so often is taken out of their way.
DEATHS = 5

#: Under this name the ledger keeps what a message contradicts; no target can have it.
STORY = "(serials)"

P = ParamSpec("P")
log = logs.get(__name__)


class Go(enum.StrEnum):
    """What follows a step of a message. Text, because the engine keeps it."""

    ON = "on"  # the next step
    STOP = "stop"  # nothing: the message is at an end
    HELD = "held"  # the same step again, once an operator has released what is held


def _step(
    function: Callable[Concatenate[Flow, Message, P], Go],
) -> Callable[Concatenate[Flow, str, P], Go]:
    """A step of a message, which it gets as it stands in the ledger now.

    Whatever goes wrong ends the message in a state that an operator sees. Only a disk without room is raised: the
    engine tries that again.
    """

    @wraps(function)
    def guarded(flow: Flow, id_: str, /, *args: P.args, **kwargs: P.kwargs) -> Go:
        message = flow.queries.message(id_)
        state = State(message.state)
        if state in FINAL:
            return Go.STOP
        if state in PLANNED:
            return Go.ON
        try:
            return function(flow, message, *args, **kwargs)
        except StorageError:
            raise
        except (InputError, LimitExceeded) as error:
            flow.ledger.findings(id_, "", [error.finding])
            flow.end(id_, function.__name__, State.REFUSED, str(error), logged=error.finding.code)
        except GatewayError as error:
            flow.end(id_, function.__name__, State.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - a bug of ours must end as a failed message, not as a silent one
            bug = f"a bug: {type(error).__name__}"
            log.error("step failed", message=id_, step=function.__name__, bug=bug, at=frames(error))  # noqa: TRY400 - a traceback's text may hold data
            flow.end(id_, function.__name__, State.FAILED, f"{bug}: {error}", logged=bug)
        return Go.STOP

    return guarded


class Flow(Converting):
    """The steps of all messages."""

    # ---- one message --------------------------------------------------------------------------------------------

    def read(self, id_: str) -> Go:
        """Detect what a message is and convert it: what the engine remembers as one step."""
        going = self.detect(id_)
        return self.convert(id_) if going == Go.ON else going

    def release(self, id_: str) -> list[tuple[str, str]]:
        """Check what was made of a message and plan its deliveries, one step of the engine: their ids and lanes."""
        since = self.ledger.now()
        return self.plan(id_, since) if self.check(id_) == Go.ON else []

    @_step
    def detect(self, message: Message) -> Go:
        """Say what the file is: by the agreement, else by its content."""
        id_ = message.id
        agreement, channel = self.agreements.channel(message.channel)
        held = self.holds.of_channel(self.agreements, channel.id)
        if held:
            self.ledger.waits(id_, held)
            log.info("held", message=id_, reason=held)
            return Go.HELD
        if message.start != "detect" and message.format:
            self.ledger.move(id_, State.CONVERTING)
            return Go.ON
        since = self.ledger.now()
        failpoints.reach("detect.started")
        answered = self.answering.take_file(self.agreements, agreement, channel, message)
        if answered:
            self.ledger.finish(id_, "detect", detail=answered)
            self.ledger.move(id_, State.DONE, answered)
            return Go.STOP
        if channel.answers is not None and not agreement.targets_of(channel):
            kind = channel.answers.kind.value
            table = channel.answers.table
            needed = f" (its first line must name {', '.join(table.columns)})" if table is not None else ""
            text = f"it is no answer of kind {kind}{needed}, and nobody gets files of channel {channel.id}"
            self.end(id_, "detect", State.REFUSED, text)
            return Go.STOP
        found = self._detection(message, channel)
        self.ledger.detected(id_, found.format, found.mapping or "", found.reason, since)
        failpoints.reach("detect.recorded")
        return Go.ON if message.replay_of else self._number(message, channel, found.format)

    @_step
    def convert(self, message: Message) -> Go:
        """Convert the file for each of its targets; outputs go into the archive."""
        if message.start not in ("detect", "convert"):
            return Go.ON
        self.convert_all(message, self._targets(message))
        return Go.ON

    @_step
    def check(self, message: Message) -> Go:
        """The gate before the outside world: every target has its outputs whole, or nobody gets anything.

        That a message passed is written together with what follows from it, its deliveries.
        """
        id_ = message.id
        outputs, refused = self.queries.made(id_)
        if refused:
            found = self.queries.lineage(id_).findings
            errors = len({(f.code, str(f.where), f.text) for f in found if f.severity == "error"})
            what = f"{errors:,} {'error' if errors == 1 else 'errors'}" if errors else "something would be lost"
            self.end(id_, "check", State.REFUSED, f"{what} for {', '.join(refused)}; nothing was delivered")
            return Go.STOP
        made = [output for output in outputs if output.target != LIST]
        served = {output.target for output in made}
        idle = [target for target in self._targets(message) if target.id not in served]
        stages = self.queries.lineage(id_).stages if idle else ()
        converted = {stage.target for stage in stages if stage.step == "convert" and stage.state == "done"}
        for target in idle:
            if target.id not in converted or target.to not in messages():
                self.end(id_, "check", State.FAILED, f"there is no output for {target.id}")
                return Go.STOP
        damaged = [output.name for output in outputs if not self.archive.verify(output.sha256)]
        if damaged:
            self.end(id_, "check", State.FAILED, f"the archive lacks or has damaged {', '.join(damaged)}")
            return Go.STOP
        if not self._valid(id_, made) or not self._consistent(message):
            return Go.STOP
        self.remembering.counts(message)
        failpoints.reach("check.passed")
        if not made:
            self.ledger.finish(id_, "check", detail=self._passed(message, made))
            self.ledger.move(id_, State.DONE, _unwanted(idle))
            return Go.STOP
        return Go.ON

    def plan(self, id_: str, since: str = "") -> list[tuple[str, str]]:
        """Write down the deliveries of a message that passed the check: their ids and lanes, in order.

        What is planned already stays as it was planned, whatever the agreements say now: some of it may be delivered.
        """
        message = self.queries.message(id_)
        if State(message.state) in FINAL:
            return []
        deliveries: Sequence[Delivery] = ()
        if State(message.state) in PLANNED:
            deliveries = self.queries.lineage(id_).deliveries
        if not deliveries:
            try:
                plans = self._plans(message)
            except GatewayError as error:
                self.end(id_, "check", State.FAILED, str(error))
                return []
            deliveries = self.ledger.plan(id_, plans, self._passed(message, plans), since)
        failpoints.reach("deliver.planned")
        return [(delivery.id, self.delivery_lane(delivery)) for delivery in deliveries]

    def _passed(self, message: Message, made: Sequence[Plan] | Sequence[OutputFile]) -> str:
        """What the check of a message came to, in words."""
        served = {one.target for one in made}
        gone = f"; {message.left_out:,} events were left out" if message.left_out else ""
        idle = [target for target in self._targets(message) if target.id not in served]
        return "; ".join(filter(None, [f"{len(made)} outputs for {len(served)} targets{gone}", _unwanted(idle)]))

    def _plans(self, message: Message) -> list[Plan]:
        plans: list[Plan] = []
        made, _ = self.queries.made(message.id)
        for target in self._targets(message):
            transport = TRANSPORTS.get(target.transport)
            address = transport.address(target.settings)
            outputs = [output for output in made if output.target == target.id]
            names = delivery_names(target, message, outputs)
            if message.start == RESEND and message.replay_of:
                known = self.queries.delivered_names(message.replay_of, target.id)
                names = [known.get(output.sha256, name) for output, name in zip(outputs, names, strict=True)]
            for output, name in zip(outputs, names, strict=True):
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
        self.remembering.forget(id_)
        self.ledger.finish(id_, step, failed=True, detail=reason)
        self.ledger.move(id_, state, reason)
        log.warning(state.value, message=id_, step=step, reason=logged or reason.splitlines()[0])

    def give_up(self, work: str, reason: str) -> None:
        """End a message or a delivery that the engine gave up, so that an operator sees it.

        Raises:
            UsageError: the ledger knows nothing of it.
        """
        message = self.queries.message(work.partition(".")[0]).id
        if "." not in work:
            self.ledger.move(message, State.FAILED, reason)
            return
        delivery, target = self.queries.delivery(work), None
        with contextlib.suppress(ConfigurationError):
            target = self.agreements.target(delivery.target)
        if delivery.state not in ENDED:
            self._undelivered(delivery, target, reason, None)
        self.ledger.close(message)

    def deadly(self, work: str) -> bool:
        """Count the death of a worker against a piece of work; whether it was one too many.

        A delivery that merely waited is not to blame.
        """
        with contextlib.suppress(UsageError):
            if self.queries.delivery(work).state in (DeliveryState.WAITING, DeliveryState.HELD):
                return False
        return self.interruptions.add(work) >= DEATHS

    def parked(self, work: str) -> str:
        """Why a piece of work is out of the way; empty when no deaths are the reason."""
        deaths = self.interruptions.count(work)
        return f"parked: workers died over it {deaths} times; see the log, then replay it" if deaths >= DEATHS else ""

    # ---- helpers ------------------------------------------------------------------------------------------------

    def _number(self, message: Message, channel: Channel, format_: str) -> Go:
        """What the agreement says about an interchange whose number came before."""
        policy = channel.duplicates.control_number
        number = control_number(self._source(message), format_) if policy != "process" else ""
        first = self.control_numbers.first(message, number) if number else ""
        if not first:
            return Go.ON
        self.ledger.repeats(message.id, first)
        state = State.DUPLICATE if policy == "skip" else State.REFUSED
        reason = f"the control number {number} came already, in {first}"
        self.end(message.id, "detect", state, reason, logged=f"the control number came already, in {first}")
        return Go.STOP

    def _detection(self, message: Message, channel: Channel) -> Detection:
        mappings = self._mappings(message)
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

    def _valid(self, id_: str, outputs: Sequence[OutputFile]) -> bool:
        """Check each output as its receiver will, against the schema and rules of its format."""
        for output in outputs:
            findings = check_made(self.archive, output)
            if findings.errors:
                self.ledger.findings(id_, f"{output.target}/{output.position}", findings)
                self.end(id_, "check", State.FAILED, f"{output.name} for {output.target} is not valid {output.format}")
                return False
        return True

    def _consistent(self, message: Message) -> bool:
        """Compare what a message says of serial numbers with what earlier ones said."""
        agreement, _ = self.agreements.channel(message.channel)
        findings = self.remembering.contradictions(agreement, message)
        if findings:
            self.ledger.findings(message.id, STORY, findings)
        wrong = sum(finding.severity is Severity.ERROR for finding in findings)
        if wrong:
            what = "contradiction" if wrong == 1 else "contradictions"
            self.end(message.id, "check", State.REFUSED, f"{wrong:,} {what} to earlier messages")
        return not wrong

    def _mappings(self, message: Message) -> Sequence[TableMapping]:
        return self._agreements_for(message).mappings[message.channel]

    def _source(self, message: Message) -> Source:
        return self.archive.source(message.sha256, message.name)


def _unwanted(idle: Sequence[Target]) -> str:
    return f"nothing in it is reported to {', '.join(target.id for target in idle)}" if idle else ""
