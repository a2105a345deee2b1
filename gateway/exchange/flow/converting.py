"""A message is converted for its targets: as a whole or, where its sender asked for it, without its wrong events.

An event that cannot be passed on to one target is left out for all of them, so that all receivers have the same events.
What it leaves behind may make others wrong, so the conversions are done again until nothing is wrong any more; each
time with the same input, so that a worker that begins again after a crash comes to the same events and bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.agreements.model import Agreement, Target
from gateway.convert import convert
from gateway.errors import ConfigurationError, InputError
from gateway.exchange import failpoints
from gateway.exchange.archive.store import StorageError
from gateway.exchange.flow.deliveries import Deliveries
from gateway.exchange.flow.large import check_file, convert_large, is_large
from gateway.exchange.flow.requests import request_for
from gateway.exchange.ledger.epc_index import Indexer
from gateway.exchange.ledger.left_out import FORMAT, LIST, NAME, PROCEED, LeftOut, is_separable
from gateway.exchange.ledger.record import Made
from gateway.exchange.ledger.tables import FINAL, Message, State
from gateway.findings import Finding, Findings, Severity
from gateway.leaving import INSEPARABLE, NONE_LEFT, Separating
from gateway.report import Report
from gateway.request import Request
from gateway.transports.https.receive import Receive

#: So often a target is converted again because events were left out.
MOST_ROUNDS: Final = 10

#: Errors of left-out events that stand in the ledger for each target; the list has more.
MOST_TOLD: Final = 1000

log = logs.get(__name__)


class Converting(Deliveries):
    """The step ``convert`` of all messages."""

    def convert_all(self, message: Message, targets: Sequence[Target]) -> None:
        """Convert for each target; outputs go into the archive.

        Raises:
            InputError: its wrong events cannot be left out of it.
        """
        most = self._may_be_left_out(message)
        if most:
            self._without_wrong(message, targets, LeftOut(most))
            return
        for number, target in enumerate(targets):
            self._convert_for(message, target, None, first=number == 0)

    def _may_be_left_out(self, message: Message) -> int:
        """How many events of a message may be left out; 0 where it goes on whole or not at all."""
        _, channel = self.agreements.channel(message.channel)
        receive = getattr(channel.settings, "receive", None)
        if message.error_behaviour != PROCEED or not isinstance(receive, Receive) or not is_separable(message.format):
            return 0
        return receive.left_out

    def _without_wrong(self, message: Message, targets: Sequence[Target], left: LeftOut) -> None:
        done: dict[str, int] = {}  # how many events had been left out when a target was converted
        rounds = 0
        while True:
            target = next((target for target in targets if done.get(target.id) != len(left)), None)
            if target is None:
                if self._is_consistent_without(message, left):
                    break
                continue
            rounds += 1
            if rounds > MOST_ROUNDS * len(targets):
                self.ledger.left_out(message.id, 0, None, left.told_to_others("", MOST_TOLD))
                text = f"after {len(left):,} events were left out, there were still others wrong"
                raise InputError(Finding.of(INSEPARABLE, text))
            before = len(left)
            if self._convert_for(message, target, left, first=target is targets[0]):
                done[target.id] = len(left)
            elif len(left) == before:  # the document is wrong, not one of its events
                self.ledger.left_out(message.id, 0, None, left.told_to_others(target.id, MOST_TOLD))
                return
        self._keep_list(message, left)

    def _is_consistent_without(self, message: Message, left: LeftOut) -> bool:
        """Whether no single event of what is left contradicts earlier messages; others are for the check."""
        agreement, _ = self.agreements.channel(message.channel)
        findings = self.remembering.contradictions(agreement, message)
        wrong = [finding for finding in findings if finding.severity is Severity.ERROR]
        return not left.contradicts(LIST, wrong)

    def _keep_list(self, message: Message, left: LeftOut) -> None:
        if not left:
            self.ledger.left_out(message.id, 0, None, ())
            return
        with self.archive.folder() as folder:
            left.write(folder / NAME)
            stored = self.archive.put(folder / NAME)
        failpoints.reach("left-out.archived")
        self.ledger.left_out(message.id, len(left), (NAME, FORMAT, "", stored), left.told(LIST, MOST_TOLD))
        log.warning("events left out", message=message.id, count=len(left))

    def _convert_for(self, message: Message, target: Target, left: LeftOut | None, *, first: bool) -> bool:
        """Convert for one target; the first conversion also tells what the message names and says.

        False where single events are wrong that may be left out, or the document is wrong; only the latter is recorded.
        """
        agreements = self._agreements_for(message)
        self.ledger.begin(message.id, "convert", target=target.id, input_sha256=message.sha256)
        failpoints.reach("convert.started")
        agreement, _ = self.agreements.channel(message.channel)
        request = request_for(agreements, self.archive, message, target)
        request = replace(request, hierarchy=self.remembering.hierarchy(agreement, message), codes=self.codes)
        if left is not None:
            request = replace(request, leaving=left.leaving())
        with self.archive.folder() as folder:
            report = self._converted(agreement, message, request, folder, first=first)
            failpoints.reach("convert.written")
            if left is not None and self._leave_out(report, target, left):
                return False
            outputs = [] if report.failed else self._archive_outputs(report)
        failpoints.reach("convert.archived")
        told = left.told(target.id, MOST_TOLD) if left is not None else ()
        self.ledger.converted(message.id, target.id, report, outputs, told)
        failpoints.reach("convert.recorded")
        return not report.failed

    def _converted(
        self, agreement: Agreement, message: Message, request: Request, folder: Path, *, first: bool
    ) -> Report:
        again = request.leaving is not None and bool(request.leaving.without)
        if first and again:  # what was told of the message holds no more
            self.remembering.forget(message.id)
        if is_large(request):
            return self._apart(agreement, message, request, folder, first=first, again=again)
        return self._observed(agreement, message, request, folder, again=again) if first else convert(request, folder)

    def _apart(
        self, agreement: Agreement, message: Message, request: Request, folder: Path, *, first: bool, again: bool
    ) -> Report:
        """The same in a process of its own, with what it keeps: see `_observed`."""
        database, told = self.ledger.database, self.remembering
        if not first:
            return convert_large(database, self.archive, request, folder, None, told.serials(agreement, message))
        with told.recording(agreement, message) as (recorder, fail):
            serials = told.serials(agreement, message, recorder)
            report = convert_large(database, self.archive, request, folder, None if again else message, serials)
            if report.failed:
                fail()
        self._forget_if_ended(agreement, message)
        return report

    def _leave_out(self, report: Report, target: Target, left: LeftOut) -> bool:
        """Whether there were events to be left out; else the report holds all that is wrong with the document."""
        findings = report.findings
        if not isinstance(findings, Separating):
            return False
        if not report.failed and report.events and is_separable(target.to):
            for output in report.outputs:
                _name_events(check_file(Path(output.path), output.format), report)
        if findings.of_document or report.stopped:
            return False
        if left.take(target.id, report):
            return True
        if left and not report.events:
            findings.report(NONE_LEFT, f"none of the document's events is right: {len(left):,} were left out")
        return False

    def _observed(
        self, agreement: Agreement, message: Message, request: Request, folder: Path, *, again: bool
    ) -> Report:
        """Convert, and keep which identifiers the message names and what it says of them.

        What it names is kept of all of its events, what it says only of those that are passed on.
        """
        indexer = Indexer(self.ledger.database, message.number)
        with self.remembering.observing(agreement, message, indexer if not again else lambda _: None) as seen:
            observer, fail = seen
            report = convert(replace(request, observer=observer), folder)
            if not again:
                indexer.finish()
            if report.failed:
                fail()
        self._forget_if_ended(agreement, message)
        return report

    def _forget_if_ended(self, agreement: Agreement, message: Message) -> None:
        """What a message said counts no more if it was cancelled meanwhile."""
        if agreement.serials is not None and State(self.queries.message(message.id).state) in FINAL:
            self.remembering.forget(message.id)

    def _archive_outputs(self, report: Report) -> list[Made]:
        kept: list[Made] = []
        for output in report.outputs:
            stored = self.archive.put(Path(output.path))
            if stored.sha256 != output.sha256:
                message = f"{output.name} changed between conversion and archive"
                raise StorageError(message)
            kept.append((output.name, output.format, output.kind, stored))
        return kept

    def _agreements_for(self, message: Message) -> Agreements:
        """The agreements of now; a replay goes by the mappings of the configuration that it names.

        Raises:
            ConfigurationError: that configuration cannot be read any more.
        """
        now = self.agreements  # others may come into force in the middle
        if not message.replay_of or self.past is None or message.configuration == self.configuration:
            return now
        then = self.past(message.configuration)
        return replace(
            now,
            mappings={**now.mappings, **then.mappings},
            target_mappings={**now.target_mappings, **then.target_mappings},
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


def _name_events(found: Findings, report: Report) -> None:
    """Report what an output's receiver would find wrong, with the numbers that its events have in the document."""
    for finding in found:
        number = report.numbering.of(finding.where.event)
        where = type(finding.where)(event=number, path=finding.where.path)
        report.findings.add(replace(finding, where=where))
    report.findings.leave_out(Severity.ERROR, found.errors - sum(f.severity is Severity.ERROR for f in found))
