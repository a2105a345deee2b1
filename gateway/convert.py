"""From bytes to bytes and a report: the pure heart that the CLI and the exchange both call.

``detect -> read -> check -> write``. A conversion writes its outputs into a private folder that the caller gives
and that nobody else looks into; the caller publishes them (rename) only when the report has not failed. Neither
network nor clock is used here: the time arrives as an argument.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.checks.one_fault import add_unsaid
from gateway.checks.rules import LET_PASS
from gateway.checks.run import ALL_LAYERS, BUILT_LAYERS, LAYERS, Layer, check_events
from gateway.detect import detect, is_document
from gateway.epcis.document import Document
from gateway.epcis.event_hash import with_hash_ids
from gateway.epcis.events import Event, epcs
from gateway.epcis.identifiers import translate
from gateway.epcis.legacy_ilmd import KEEP, LEGACY_ILMD, default_mode, to_ilmd
from gateway.errors import InputError, LimitExceeded, LossRefused, UsageError
from gateway.findings import Finding, Findings, Loss, Losses, LossMode, Rule, Severity
from gateway.formats import FORMATS, packed
from gateway.formats.base import Context, Format, Limits, Reader
from gateway.gs1 import CompanyPrefixes, Gs1Error
from gateway.markets import messages
from gateway.markets.base import Message
from gateway.options import COMPANY_PREFIX, EPC, EVENT_ID, Options, Setting
from gateway.report import Output, Report
from gateway.schemas import check_schema
from gateway.sources import Source

if TYPE_CHECKING:
    # Mappings are read with pydantic, whose import a conversion of EPCIS documents need not wait for.
    from gateway.formats.table.mappings import Mapping as TableMapping

TOO_LARGE = Rule(
    "LIMIT-01",
    Severity.ERROR,
    "A file must not be larger than the limit",
    "The limit protects the machine from hostile and broken input.",
    "raise the limit for this partner if the file is genuine",
)
NO_EVENTS = Rule(
    "CONVERT-01",
    Severity.ERROR,
    "A conversion must have events to convert",
    "An output without events would look like a success to its receiver. An EPCIS document may have none, e.g. master"
    " data alone or a query without results; to write it as another EPCIS document is only a warning.",
    "check that the file holds data and that the mapping finds it",
)
RULES = (TOO_LARGE, NO_EVENTS)


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion or validation.

    Attributes:
        source: the input.
        to: target format or market message; empty for `validate`.
        from_: input format; empty to detect it.
        mapping: mapping to read a table with; None to detect it among `mappings`.
        mappings: mappings that may claim the input; looked at only when no format is sure of it.
        values: ``--set`` values.
        loss: what to do with values that the target has no place for.
        now: clock reading for documents that are built here, ISO 8601 with zone.
        limits: bounds on the input.
        progress: called with the number of input bytes read so far.
        loss_sink: called with every loss in full.
        findings_limit: how many findings the report keeps.
        schemas: folder with official schemas to use instead of ours; with it, outputs are checked too.
    """

    source: Source
    to: str = ""
    from_: str = ""
    mapping: TableMapping | None = None
    mappings: Iterable[TableMapping] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    loss: LossMode = LossMode.CARRY
    now: str = ""
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[int], None] | None = None
    loss_sink: Callable[[Loss], None] | None = None
    findings_limit: int = 1000
    schemas: Path | None = None


def convert(request: Request, out: Path) -> Report:
    """Convert one file; outputs go into the private folder `out`.

    A report that has failed has no outputs, and `out` is empty again.

    Raises:
        UsageError: the request does not fit together (unknown format, unknown setting, no writer).
        PluginError: a plugin is broken.
    """
    target = _target(request.to)
    report = _report(request)
    try:
        document, context, source = _open(request, report, target, _detected(request, report))
        built = context.mapping is not None
        # What is built here or goes to a regulator must be right in every respect; a partner's document need only be
        # valid to be written as another one.
        layers = BUILT_LAYERS if built else LAYERS
        lenient = LET_PASS if isinstance(target, Format) and not built else ()
        document.events = _checked(document.events, context, report, layers, lenient)
        document.events = _to_ilmd(document.events, context, report)
        document.events = _until_error(_translated(document.events, context), report.findings)
        if context.options.get(EVENT_ID) == "hash":
            document.events = with_hash_ids(document.events)
        if isinstance(target, Format):
            outputs = [_write(document, context, target, source, out)]
        else:
            outputs = list(_compose(document, context, target, out))
        if report.events == 0 and not report.failed:
            valid = isinstance(target, Format) and not built
            text = f"{request.source.name or 'the input'} gave no events"
            report.findings.report(NO_EVENTS, text, severity=Severity.WARNING if valid else None)
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


def validate(request: Request) -> Report:
    """Check one file: well-formed, schema, identifiers, vocabulary, time, event rules, the batch's story.

    A market message is checked as its receiver will: what it lacks to become events is no matter here.

    Raises:
        UsageError: as `convert`.
    """
    report = _report(request)
    try:
        detected = _detected(request, report)
        key = detected[0]
        if key not in FORMATS and key in messages():
            Options.check(request.values, _settings(messages()[key].settings, None))
            check_output(request.source, key, report.findings, request.schemas)
            return report
        document, context, source = _open(request, report, None, detected)
        for _ in _checked(document.events, context, report, ALL_LAYERS, ()):
            pass
        of_schema = Findings(request.findings_limit)
        check_output(source, report.format_in, of_schema, request.schemas)
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


def settings_of(request: Request) -> list[Setting]:
    """All settings that a request's reader, mapping and target know."""
    target = _target(request.to) if request.to else None
    _, settings = _reader(*_detected(request, _report(request)))
    return _settings(settings, target)


def _report(request: Request) -> Report:
    return Report(
        format_out=request.to,
        findings=Findings(request.findings_limit),
        losses=Losses(request.loss, request.loss_sink),
    )


def _target(key: str) -> Format | Message:
    if key in FORMATS:
        format_ = FORMATS.get(key)
        if format_.write is None:
            message = f"the format {key!r} can be read but not written"
            raise UsageError(message, hint=f"choose one of {', '.join(_writable())}")
        return format_
    market_messages = messages()
    if key in market_messages:
        return market_messages[key]
    known = _writable()
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    text = f"there is no format or market message {key!r}"
    raise UsageError(text, hint=f"{hint}known: {', '.join(known)}")


def _writable() -> list[str]:
    return [format_.key for format_ in FORMATS if format_.write] + list(messages())


def _open(
    request: Request, report: Report, target: Format | Message | None, detected: tuple[str, TableMapping | None]
) -> tuple[Document, Context, Source]:
    """The document, what its conversion shares, and the source that it is read from, which may be in an archive."""
    read, settings = _reader(*detected)
    context = Context(
        options=Options.check(request.values, _settings(settings, target)),
        findings=report.findings,
        losses=report.losses,
        limits=request.limits,
        now=request.now,
        mapping=detected[1],
        progress=request.progress,
    )
    source = _unpacked(request, report)
    if source is not request.source and request.progress is not None:
        context.progress = _scaled(request.progress, request.source.size, source.size)
    return read(source, context), context, source


def _unpacked(request: Request, report: Report) -> Source:
    """The document of the request, taken out of its archive where it is in one."""
    source, key = request.source, report.format_in
    format_ = FORMATS.get(key) if key in FORMATS else None
    if format_ is None or not format_.packed or not packed.is_packed(source.head(4)):
        return source
    return packed.document(source, request.limits, is_document, report.findings)


def _scaled(progress: Callable[[int], None], size: int, unpacked: int) -> Callable[[int], None]:
    """Progress in bytes of the archive."""
    return lambda count: progress(min(size, count * size // max(unpacked, 1)))


def _reader(key: str, mapping: TableMapping | None) -> tuple[Reader, tuple[Setting, ...]]:
    """Reader of a format or market message, and its settings."""
    if key not in FORMATS and key in messages():
        message = messages()[key]
        if message.parse is None:
            text = f"the market message {key!r} can be composed but not read"
            raise UsageError(text)
        return message.parse, message.settings
    format_ = FORMATS.get(key)
    if format_.read is None:
        text = f"the format {key!r} can be written but not read"
        raise UsageError(text)
    settings = format_.settings + (tuple(mapping.settings) if mapping is not None else ())
    return format_.read, settings


def _detected(request: Request, report: Report) -> tuple[str, TableMapping | None]:
    """Key of the input's format or market message, and the mapping, by name or by detection."""
    size = request.source.size
    if size > request.limits.input_bytes:
        text = f"{request.source.name} has {size:,} bytes, allowed are {request.limits.input_bytes:,}"
        raise LimitExceeded(Finding.of(TOO_LARGE, text, value=size, expected=f"at most {request.limits.input_bytes}"))
    mapping = request.mapping
    key = request.from_ or ("table" if mapping is not None else "")
    if not key or (key == "table" and mapping is None):
        detection = detect(request.source, request.mappings, request.limits)
        key = detection.format
        if detection.mapping:
            mapping = next(m for m in request.mappings if m.name == detection.mapping)
    report.format_in = key
    return key, mapping


def _settings(settings: Iterable[Setting], target: Format | Message | None) -> list[Setting]:
    return [*settings, *(target.settings if target is not None else ()), EPC, COMPANY_PREFIX, EVENT_ID, LEGACY_ILMD]


def _checked(
    events: Iterable[Event], context: Context, report: Report, layers: Sequence[Layer], lenient: Collection[str]
) -> Iterator[Event]:
    """Check and count events."""
    if context.mapping is not None:
        # A table's reader has named row and column of every wrong cell. What is built of wrong cells is wrong again,
        # and a sender does not want to read it twice, in words of EPCIS.
        events = _until_error(events, report.findings)
    for event in check_events(events, context, layers, lenient):
        report.events += 1
        report.epcs += epcs(event)
        yield event


def _to_ilmd(events: Iterable[Event], context: Context, report: Report) -> Iterable[Event]:
    """Bring lot and expiry that a 1.x sender put at event level where EPCIS has them, unless both sides are XML."""
    xml = (report.format_in.endswith("-xml"), report.format_out.endswith("-xml"))
    mode = context.options.get(LEGACY_ILMD) or default_mode(from_xml=xml[0], to_xml=xml[1])
    return events if mode == KEEP or context.mapping is not None else to_ilmd(events, mode, context.findings)


def _until_error(events: Iterable[Event], findings: Findings) -> Iterator[Event]:
    """Hand events on until something is wrong; then read the rest for its findings only.

    Nothing is written of a file with errors, so a writer need not see what comes after the first.
    """
    for event in events:
        if not findings.errors:
            yield event


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
    if target.write is None:  # `_target` has refused it already; this tells the type checker
        raise UsageError(target.key)
    name = f"{safe_stem(source.name)}{target.suffix}"
    return _save(out / name, target.write(document, context), target.key)


def _compose(document: Document, context: Context, target: Message, out: Path) -> Iterator[Output]:
    for submission in target.compose(document, context):
        target.check(submission.data, context.findings)
        yield _save(out / submission.name, [submission.data], target.key)


def _save(path: Path, data: Iterable[bytes], key: str) -> Output:
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as stream:
        for block in data:
            digest.update(block)
            size += len(block)
            stream.write(block)
    return Output(path.name, key, size, digest.hexdigest(), str(path))


def _stop(report: Report, error: InputError | LimitExceeded) -> None:
    report.findings.add(error.finding)
    if isinstance(error, LimitExceeded):
        report.stopped = error.exit_code


def _name_lines(request: Request, report: Report) -> None:
    """Give findings about events the lines of these, where the reader does not count lines."""
    event_lines = FORMATS.get(report.format_in).event_lines if report.format_in in FORMATS else None
    wanted = {finding.where.event for finding in report.findings if not finding.where.line} - {0}
    if event_lines is None or not wanted:
        return
    try:
        lines = event_lines(_unpacked(request, Report(format_in=report.format_in)), wanted)
    except (InputError, LimitExceeded):
        return  # the archive is damaged, and the report says so
    for index, finding in enumerate(report.findings.kept):
        line = lines.get(finding.where.event, 0)
        if line and not finding.where.line:
            where = msgspec.structs.replace(finding.where, line=line)
            report.findings.replace(index, replace(finding, where=where))


def safe_stem(name: str) -> str:
    """A file name's stem made of safe characters only; names from outside are never used as they are."""
    stem = Path(name).name
    stem = stem.rsplit(".", 1)[0] if "." in stem.lstrip(".") else stem
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")
    return safe[:80] or "output"
