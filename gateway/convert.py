"""From bytes to bytes and a report: the pure heart that the CLI and the exchange both call.

``detect -> read -> check -> write``. A conversion writes its outputs into a private folder that the caller gives
and that nobody else looks into; the caller publishes them (rename) only when the report has not failed. Neither
network nor clock is used here: the time arrives as an argument.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.checks.run import ALL_LAYERS, BUILT_LAYERS, LAYERS, Layer, check_batches
from gateway.detect import UNKNOWN_FORMAT, detect
from gateway.epcis.document import Document
from gateway.epcis.event_hash import with_hash_ids
from gateway.epcis.events import Event, epcs
from gateway.epcis.identifiers import translate
from gateway.epcis.legacy_ilmd import KEEP, LEGACY_ILMD, default_mode, to_ilmd
from gateway.epcis.observed_commissioning import COMMISSIONING_ACTION, with_action
from gateway.errors import InputError, LimitExceeded, LossRefused, UsageError
from gateway.findings import Finding, Findings, Loss, Losses, LossMode, Rule, Severity
from gateway.formats import FORMATS
from gateway.formats.base import Context, Edge, Format, Limits, Reader
from gateway.gs1 import CompanyPrefixes, Gs1Error
from gateway.markets import messages
from gateway.markets.base import Message
from gateway.options import COMPANY_PREFIX, EPC, EVENT_ID, Options, Setting
from gateway.report import Body, Output, Report
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
    "An output without events would look like a success to its receiver.",
    "check that the file holds data and that the mapping finds it",
)
RULES = (TOO_LARGE, NO_EVENTS)

#: Settings of what happens to events between reader and writer.
_MODEL_SETTINGS = (EPC, COMPANY_PREFIX, EVENT_ID, LEGACY_ILMD, COMMISSIONING_ACTION)


#: The format key that stands for all files that a mapping reads.
TABLE = "table"


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion or validation.

    Attributes:
        source: the input.
        to: target format or market message; empty for `validate`.
        from_: input format; empty to detect it.
        mapping: mapping to read a table with; None to detect it among `mappings`.
        to_mapping: mapping to write a table with; None: `mapping`, when the input is read without one.
        mappings: mappings that may claim the input; looked at only when no format is sure of it.
        values: ``--set`` values.
        loss: what to do with values that the target has no place for.
        now: clock reading for documents that are built here, ISO 8601 with zone.
        limits: bounds on the input.
        progress: called with the number of input bytes read so far.
        loss_sink: called with every loss in full.
        attachments: called with name and bytes of every picture that belongs to a finding.
        findings_limit: how many findings the report keeps.
        schemas: folder with official schemas to use instead of ours; with it, outputs are checked too.
    """

    source: Source
    to: str = ""
    from_: str = ""
    mapping: TableMapping | None = None
    to_mapping: TableMapping | None = None
    mappings: Iterable[TableMapping] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    loss: LossMode = LossMode.CARRY
    now: str = ""
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[int], None] | None = None
    loss_sink: Callable[[Loss], None] | None = None
    attachments: Callable[[str, bytes], None] | None = None
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
        document, context = _open(request, report, target)
        layers = LAYERS if context.mapping is None else BUILT_LAYERS
        document.events = with_action(document.events, context.options.get(COMMISSIONING_ACTION), context.findings)
        document.events = _checked(document.events, context, report, layers)
        document.events = _to_ilmd(document.events, context, report)
        document.events = _until_error(_translated(document.events, context), report.findings)
        if context.options.get(EVENT_ID) == "hash":
            document.events = with_hash_ids(document.events)
        if isinstance(target, Format):
            outputs = [_write(document, context, target, request.source, out)]
        else:
            outputs = list(_compose(document, context, target, out))
        if report.events == 0 and not report.failed and not document.header.vocabularies:
            report.findings.report(NO_EVENTS, f"{request.source.name or 'the input'} gave no events")
        if request.schemas is not None and isinstance(target, Format) and not report.failed:
            for output in outputs:
                check_output(Source.file(Path(output.path)), output.format, report.findings, request.schemas)
    except (InputError, LimitExceeded) as error:
        _stop(report, error)
        outputs = []
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

    Raises:
        UsageError: as `convert`.
    """
    report = _report(request)
    try:
        document, context = _open(request, report, None)
        events = with_action(document.events, context.options.get(COMMISSIONING_ACTION), context.findings)
        for _ in _checked(events, context, report, ALL_LAYERS):
            pass
        check_output(request.source, report.format_in, report.findings, request.schemas)
    except (InputError, LimitExceeded) as error:
        _stop(report, error)
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
    _, settings, _ = _reader(_sides(request, target), _report(request))
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


def _open(request: Request, report: Report, target: Format | Message | None) -> tuple[Document, Context]:
    size = request.source.size
    if size > request.limits.input_bytes:
        text = f"{request.source.name} has {size:,} bytes, allowed are {request.limits.input_bytes:,}"
        raise LimitExceeded(Finding.of(TOO_LARGE, text, value=size, expected=f"at most {request.limits.input_bytes}"))
    request = _sides(request, target)
    read, settings, mapping = _reader(request, report)
    context = Context(
        options=Options.check(request.values, _settings(settings, target)),
        findings=report.findings,
        losses=report.losses,
        limits=request.limits,
        now=request.now,
        mapping=mapping,
        target_mapping=request.to_mapping,
        progress=request.progress,
        attachments=request.attachments,
    )
    return read(request.source, context), context


def _sides(request: Request, target: Format | Message | None) -> Request:
    """The request with each mapping on its side: a mapping alone is the target's when the input is read without one.

    Raises:
        UsageError: the target needs a mapping and has none, or has one and needs none.
    """
    if not isinstance(target, Format) or not target.needs_target_mapping:
        if request.to_mapping is not None:
            message = f"the format {request.to!r} is written without a mapping"
            raise UsageError(message, hint="leave --to-mapping out")
        return request
    if request.to_mapping is not None:
        return request
    if request.mapping is None:
        message = f"the format {target.key!r} is written through a mapping"
        raise UsageError(message, hint="give --mapping NAME; `gateway list mappings` shows them")
    key = request.from_ or detect(request.source, [request.mapping]).format
    if key in FORMATS and FORMATS.get(key).needs_mapping:
        message = "the input and the output are both read and written through a mapping"
        raise UsageError(message, hint="name the input's with --mapping and the output's with --to-mapping")
    return replace(request, from_=key, mapping=None, to_mapping=request.mapping)


def _reader(request: Request, report: Report) -> tuple[Reader, tuple[Setting, ...], TableMapping | None]:
    """Reader, its settings and the mapping, by name or by detection."""
    mapping = request.mapping
    key = request.from_ or (TABLE if mapping is not None else "")
    mapped = key in FORMATS and FORMATS.get(key).needs_mapping
    if not key or (mapped and mapping is None):
        detection = detect(request.source, request.mappings)
        _expect(request, detection.format)
        key = detection.format
        if detection.mapping:
            mapping = next(m for m in request.mappings if m.name == detection.mapping)
    elif mapped and mapping is not None:
        # A table is whatever carries rows; which of them it is, the file says.
        key = mapping.format_of(request.source)
        _expect(request, key)
    report.format_in = key
    if key not in FORMATS and key in messages():
        message = messages()[key]
        if message.parse is None:
            text = f"the market message {key!r} can be composed but not read"
            raise UsageError(text)
        return message.parse, message.settings, None
    format_ = FORMATS.get(key)
    if format_.read is None:
        text = f"the format {key!r} can be written but not read"
        raise UsageError(text)
    settings = format_.settings + (tuple(mapping.settings) if mapping is not None else ())
    return format_.read, settings, mapping


def _expect(request: Request, found: str) -> None:
    """Refuse a file that is not of the format that the caller named; `TABLE` stands for all that mappings read.

    Raises:
        InputError: it is not.
    """
    if request.from_ not in ("", TABLE, found):
        text = f"{request.source.name or 'the input'} is {found}, not {request.from_}"
        raise InputError(Finding.of(UNKNOWN_FORMAT, text, value=found, expected=request.from_))


def _settings(settings: Iterable[Setting], target: Format | Message | None) -> list[Setting]:
    return [*settings, *(target.settings if target is not None else ()), *_MODEL_SETTINGS]


def _checked(events: Iterable[Event], context: Context, report: Report, layers: Sequence[Layer]) -> Iterator[Event]:
    """Check and count events."""
    if context.mapping is not None:
        # A table's reader has named row and column of every wrong cell. What is built of wrong cells is wrong again,
        # and a sender does not want to read it twice, in words of EPCIS.
        events = _until_error(events, report.findings)
    for batch in check_batches(events, context, layers):
        report.events += len(batch)
        report.epcs += sum(map(epcs, batch))
        yield from batch


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
    suffix = target.suffix if target.suffix_of is None else target.suffix_of(context)
    name = f"{safe_stem(source.name)}{suffix}"
    return _save(out / name, target.write(document, context), target.key)


def _compose(document: Document, context: Context, target: Message, out: Path) -> Iterator[Output]:
    for submission in target.compose(document, context):
        target.check(submission.data, context.findings)
        yield _save(out / submission.name, [submission.data], target.key)


def _save(path: Path, data: Iterable[bytes], key: str) -> Output:
    digest = hashlib.sha256()
    size = 0
    edges: list[tuple[int, bytes]] = []
    with path.open("xb") as stream:
        for block in data:
            if isinstance(block, Edge):
                edges.append((size, block.between))
            digest.update(block)
            size += len(block)
            stream.write(block)
    body = Body(edges[0][0], edges[1][0], edges[0][1]) if len(edges) == 2 else None  # noqa: PLR2004 - begin and end
    return Output(path.name, key, size, digest.hexdigest(), str(path), body)


def _stop(report: Report, error: InputError | LimitExceeded) -> None:
    report.findings.add(error.finding)
    if isinstance(error, LimitExceeded):
        report.stopped = error.exit_code


def safe_stem(name: str) -> str:
    """A file name's stem made of safe characters only; names from outside are never used as they are."""
    stem = Path(name).name
    stem = stem.rsplit(".", 1)[0] if "." in stem.lstrip(".") else stem
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")
    return safe[:80] or "output"
