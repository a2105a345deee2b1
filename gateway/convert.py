"""From bytes to bytes and a report: the pure heart that the CLI and the exchange both call.

``detect -> read -> check -> write``. A conversion writes its outputs into a private folder that the caller gives
and that nobody else looks into; the caller publishes them (rename) only when the report has not failed. Neither
network nor clock is used here: the time arrives as an argument.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from gateway.checks.one_fault import add_unsaid
from gateway.checks.rules import LET_PASS
from gateway.checks.run import ALL_LAYERS, BUILT_LAYERS, LAYERS, Layer, check_batches
from gateway.epcis.batches import Batches, batches
from gateway.epcis.document import Document
from gateway.epcis.events import Event, epcs
from gateway.epcis.identifiers import translate
from gateway.epcis.legacy_ilmd import KEEP, LEGACY_ILMD, default_mode, to_ilmd
from gateway.epcis.observed_commissioning import COMMISSIONING_ACTION, with_action
from gateway.errors import InputError, LimitExceeded, LossRefused, UsageError
from gateway.findings import Findings, Losses, LossMode, Rule, Severity
from gateway.formats import FORMATS
from gateway.formats.base import Context, Edge, Format
from gateway.gs1 import CompanyPrefixes, Gs1Error
from gateway.leaving import Separating
from gateway.markets import market_of, messages
from gateway.markets.base import Message
from gateway.markets.kit import rules as market_rules
from gateway.opening import TOO_LARGE, all_settings, input_of, open_input, settings_of, target_of, unpacked
from gateway.options import COMPANY_PREFIX, EPC, EVENT_ID, Options
from gateway.report import Body, Output, Report
from gateway.request import Request
from gateway.schemas import check_schema
from gateway.sources import Source

__all__ = ["RULES", "Request", "check_output", "convert", "safe_stem", "settings_of", "validate"]

NO_EVENTS = Rule(
    "CONVERT-01",
    Severity.ERROR,
    "A conversion must have events to convert",
    "An output without events would look like a success to its receiver. An EPCIS document may have none, e.g. master"
    " data alone or a query without results; to write it as another EPCIS document is only a warning.",
    "check that the file holds data and that the mapping finds it",
)
RULES = (TOO_LARGE, NO_EVENTS)


def convert(request: Request, out: Path) -> Report:
    """Convert one file; outputs go into the private folder `out`.

    A report that has failed has no outputs, and `out` is empty again.

    Raises:
        UsageError: the request does not fit together (unknown format, unknown setting, no writer).
        PluginError: a plugin is broken.
    """
    target = target_of(request.to)
    report = new_report(request)
    try:
        opened = open_input(input_of(request, report, target), report, target)
        document, context = opened.document, opened.context
        among_epcis = is_epcis(report.format_in) and is_epcis(request.to)
        document.events = _to_write(document.events, context, request, report)
        if context.options.get(EVENT_ID) == "hash":
            from gateway.epcis.event_hash import with_hash_ids  # noqa: PLC0415 - few conversions ask for it

            document.events = with_hash_ids(document.events)
        if isinstance(target, Format):
            outputs = [_write(document, context, target, opened.source, out)]
        else:
            outputs = list(_compose(document, context, target, out))
        if report.events == 0 and not report.failed:
            text = f"{request.source.name or 'the input'} gave no events"
            report.findings.report(NO_EVENTS, text, severity=Severity.WARNING if among_epcis else None)
        if request.schemas is not None and isinstance(target, Format) and not report.failed:
            for output in outputs:
                check_output(Source.file(Path(output.path)), output.format, report.findings, request.schemas)
    except (InputError, LimitExceeded) as error:
        _stop(report, error)
        outputs = []
    _name_lines(request, report)
    if report.losses.mode is LossMode.FAIL and report.losses.count and not report.failed:
        report.stopped = LossRefused.exit_code
    if report.failed:
        for path in out.iterdir():
            path.unlink()
    else:
        report.outputs.extend(outputs)
    return report


def _to_write(events: Iterable[Event], context: Context, request: Request, report: Report) -> Iterable[Event]:
    """The reader's events on their way to the writer: checked, and changed as the settings want it."""
    leaving = request.leaving
    if leaving is not None and leaving.without:
        events = Batches(_without(batches(events), leaving.without, report))
    # What is built here or goes to a regulator must be right in every respect; a partner's EPCIS document need only
    # be valid to be written as another one.
    layers = BUILT_LAYERS if context.mapping is not None else LAYERS
    lenient = LET_PASS if is_epcis(report.format_in) and is_epcis(request.to) else ()
    events = with_action(events, context.options.get(COMMISSIONING_ACTION), context.findings)
    events = _checked(events, context, report, layers, lenient, request.observer)
    events = _translated(_to_ilmd(events, context, report), context)
    right = _right if leaving is not None else _unless_wrong
    return Batches(right(batches(events), report))


def validate(request: Request) -> Report:
    """Check one file: well-formed, schema, identifiers, vocabulary, time, event rules, the batch's story.

    A market message is checked as its receiver will: what it lacks to become events is no matter here.

    Raises:
        UsageError: as `convert`.
    """
    report = new_report(request)
    try:
        found = input_of(request, report, None)
        if found.key not in FORMATS and found.key in messages():
            Options.check(request.values, all_settings(messages()[found.key].settings, None))
            check_output(request.source, found.key, report.findings, request.schemas)
            return report
        opened = open_input(found, report, None)
        context = opened.context
        events = with_action(opened.document.events, context.options.get(COMMISSIONING_ACTION), context.findings)
        for _ in _checked(events, context, report, ALL_LAYERS, (), request.observer):
            pass
        of_schema = Findings(request.findings_limit)
        check_output(opened.source, report.format_in, of_schema, request.schemas)
        add_unsaid(report.findings, of_schema)
        report.losses = Losses()  # of what is only looked at, nothing is lost
    except (InputError, LimitExceeded) as error:
        _stop(report, error)
    _name_lines(request, report)
    return report


def check_output(source: Source, key: str, findings: Findings, schemas: Path | None = None) -> None:
    """Check a finished file against the schema and rules of its format or market message `key`.

    Args:
        source: the file.
        key: its format or market message.
        findings: where errors go.
        schemas: folder with official schemas to use instead of ours; market messages keep theirs.

    Raises:
        ConfigurationError: the folder lacks the schema.
    """
    if key not in FORMATS:
        with source.open() as stream:
            messages()[key].check(stream.read(), findings)
        return
    check_schema(source, FORMATS.get(key), findings, schemas)


def is_epcis(key: str) -> bool:
    return key in FORMATS and FORMATS.get(key).epcis


def new_report(request: Request) -> Report:
    """A report of which nothing is known yet."""
    leaving = request.leaving
    return Report(
        format_out=request.to,
        findings=Separating(leaving, request.findings_limit) if leaving else Findings(request.findings_limit),
        losses=Losses(request.loss, request.loss_sink),
    )


def _checked(
    events: Iterable[Event],
    context: Context,
    report: Report,
    layers: Sequence[Layer],
    lenient: Collection[str],
    observer: Callable[[Sequence[Event]], None] | None,
) -> Iterable[Event]:
    """Check and count events, and show them to who asked for it."""
    if context.mapping is not None:
        # A table's reader has named row and column of every wrong cell. What is built of wrong cells is wrong again,
        # and a sender does not want to read it twice, in words of EPCIS.
        events = _until_error(events, report.findings)
    return Batches(_counted(check_batches(events, context, layers, lenient), report, observer))


def _counted(
    lists: Iterable[list[Event]], report: Report, observer: Callable[[Sequence[Event]], None] | None
) -> Iterator[list[Event]]:
    for batch in lists:
        if not report.events:
            report.first_epcs = epcs(batch[0])
        report.events += len(batch)
        report.epcs += sum(map(epcs, batch))
        if observer is not None:
            observer(batch)
        yield batch


def _to_ilmd(events: Iterable[Event], context: Context, report: Report) -> Iterable[Event]:
    """Bring lot and expiry that a 1.x sender put at event level where EPCIS has them, unless both sides are XML."""
    xml = (report.format_in.endswith("-xml"), report.format_out.endswith("-xml"))
    mode = context.options.get(LEGACY_ILMD) or default_mode(from_xml=xml[0], to_xml=xml[1])
    return events if mode == KEEP or context.mapping is not None else to_ilmd(events, mode, context.findings)


def _until_error(events: Iterable[Event], findings: Findings) -> Iterator[Event]:
    """Hand events on until something is wrong; then read the rest for its findings only."""
    for event in events:
        if not findings.errors:
            yield event


def _unless_wrong(lists: Iterable[list[Event]], report: Report) -> Iterator[list[Event]]:
    """The same, some events at a time.

    Nothing is written of a file with errors, so a writer need not see what comes after the first.
    """
    for batch in lists:
        if not report.findings.errors:
            yield batch


def _without(lists: Iterable[list[Event]], numbers: Collection[int], report: Report) -> Iterator[list[Event]]:
    """Leave events out as if they were not there; their IDs are noted."""
    for batch in lists:
        kept = [event for event in batch if event.where.event not in numbers]
        if len(kept) < len(batch):
            gone = (event for event in batch if event.where.event in numbers)
            report.left_out_ids.update((event.where.event, event.event_id or "") for event in gone)
        if kept:
            yield kept


def _right(lists: Iterable[list[Event]], report: Report) -> Iterator[list[Event]]:
    """Keep wrong events from the writer, which may find others wrong; of a wrong document it need not see the rest."""
    findings = report.findings
    assert isinstance(findings, Separating)  # noqa: S101 - the caller has looked; this tells the type checker
    for batch in lists:
        if findings.of_document:
            continue
        kept = [event for event in batch if event.where.event not in findings.wrong] if findings.wrong else batch
        for event in kept:
            report.numbering.add(event.where.event)
        if kept:
            yield kept


def _translated(events: Iterable[Event], context: Context) -> Iterable[Event]:
    style = context.options.get(EPC)
    if style == "keep":
        return events
    try:
        prefixes = CompanyPrefixes.from_setting(context.options.get(COMPANY_PREFIX))
    except Gs1Error as error:
        raise UsageError(str(error), hint=error.hint) from error
    return translate(events, style, prefixes, context.findings, context.losses)


def _write(document: Document, context: Context, target: Format, source: Source, out: Path) -> Output:
    if target.write is None:  # `target_of` has refused it already; this tells the type checker
        raise UsageError(target.key)
    suffix = target.suffix if target.suffix_of is None else target.suffix_of(context)
    name = f"{safe_stem(source.name)}{suffix}"
    output = _save(out / name, target.write(document, context), target.key)
    # What stands among the events and is none is written behind all of them: such outputs cannot be put together.
    return replace(output, body=None) if document.event_list_extensions else output


def _compose(document: Document, context: Context, target: Message, out: Path) -> Iterator[Output]:
    market = market_of(target.key)
    if market.ended is not None:
        text = f"the regime of {market.name} ended on {market.ended.isoformat()}; {target.key} is not composed any more"
        context.findings.report(market_rules.ENDED, text, value=target.key)
        return
    for submission in target.compose(document, context):
        target.check(submission.data, context.findings)
        saved = _save(out / submission.name, [submission.data], target.key)
        yield replace(saved, kind=submission.kind, packs=submission.epcs)


def _save(path: Path, data: Iterable[bytes], key: str) -> Output:
    digest = hashlib.sha256()
    size = 0
    edges: list[int] = []
    with path.open("xb") as stream:
        for block in data:
            if isinstance(block, Edge):
                edges.append(size)
            digest.update(block)
            size += len(block)
            stream.write(block)
    body = Body(*edges) if len(edges) == 3 else None  # noqa: PLR2004 - there are events, and all is written
    return Output(path.name, key, size, digest.hexdigest(), str(path), body)


def _stop(report: Report, error: InputError | LimitExceeded) -> None:
    findings = report.findings
    (findings.stop if isinstance(findings, Separating) else findings.add)(error.finding)
    if isinstance(error, LimitExceeded):
        report.stopped = error.exit_code


def _name_lines(request: Request, report: Report) -> None:
    """Give findings about events the lines of these, where the reader does not count lines."""
    event_lines = FORMATS.get(report.format_in).event_lines if report.format_in in FORMATS else None
    findings = report.findings
    wanted = {finding.where.event for finding in findings if not finding.where.line} - {0}
    if isinstance(findings, Separating):
        wanted.update(findings.wrong)
    if event_lines is None or not wanted:
        return
    try:
        lines = event_lines(unpacked(request, Report(format_in=report.format_in)), wanted)
    except (InputError, LimitExceeded):
        return  # the archive is damaged, and the report says so
    for index, finding in enumerate(findings.kept):
        line = lines.get(finding.where.event, 0)
        if line and not finding.where.line:
            where = structs.replace(finding.where, line=line)
            findings.replace(index, replace(finding, where=where))
    if isinstance(findings, Separating):
        findings.name_lines(lines)


def safe_stem(name: str) -> str:
    """A file name's stem made of safe characters only; names from outside are never used as they are."""
    stem = Path(name).name
    stem = stem.rsplit(".", 1)[0] if "." in stem.lstrip(".") else stem
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")
    return safe[:80] or "output"
