"""The two ends of a conversion: what its input is and how it is read, and what it is to become.

The input is detected unless the caller names it, taken out of its archive, and opened as a document with the context
that all parts of the conversion share.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.detect import UNKNOWN_FORMAT, detect, is_document
from gateway.epcis.document import Document
from gateway.epcis.legacy_ilmd import LEGACY_ILMD
from gateway.epcis.observed_commissioning import COMMISSIONING_ACTION
from gateway.errors import InputError, LimitExceeded, UsageError
from gateway.findings import Finding, Rule, Severity
from gateway.formats import FORMATS, packed
from gateway.formats.base import Context, Format, Reader
from gateway.markets import messages
from gateway.markets.base import Message
from gateway.options import COMPANY_PREFIX, EPC, EVENT_ID, Options, Setting
from gateway.report import Report
from gateway.request import Request
from gateway.sources import Source

if TYPE_CHECKING:
    from gateway.formats.table.mappings import Mapping as TableMapping

TOO_LARGE = Rule(
    "LIMIT-01",
    Severity.ERROR,
    "A file must not be larger than the limit",
    "The limit protects the machine from hostile and broken input.",
    "raise the limit for this partner if the file is genuine",
)

#: The format key that stands for all files that a mapping reads.
TABLE = "table"

#: Settings of what happens to events between reader and writer.
_MODEL_SETTINGS = (EPC, COMPANY_PREFIX, EVENT_ID, LEGACY_ILMD, COMMISSIONING_ACTION)


@dataclass(frozen=True, slots=True)
class Input:
    """What the input of a request is.

    Attributes:
        request: the request, with each mapping on its side.
        key: the input's format or market message.
        mapping: the mapping that it is read through, if any.
    """

    request: Request
    key: str
    mapping: TableMapping | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An input that is being read.

    Attributes:
        document: its header, and its events as they come.
        context: what the parts of the conversion share.
        source: what is read: the input, or the document in it where it is an archive.
    """

    document: Document
    context: Context
    source: Source


def target_of(key: str) -> Format | Message:
    """The format or market message with this key, to write.

    Raises:
        UsageError: there is none, or it is only read.
    """
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


def input_of(request: Request, report: Report, target: Format | Message | None) -> Input:
    """What the input is, by name or by detection.

    Raises:
        InputError: it is not recognised, or is not of the format that was named.
        LimitExceeded: it is larger than the limit.
        UsageError: a mapping is missing, or is one too many.
    """
    size = request.source.size
    if size > request.limits.input_bytes:
        text = f"{request.source.name} has {size:,} bytes, allowed are {request.limits.input_bytes:,}"
        raise LimitExceeded(Finding.of(TOO_LARGE, text, value=size, expected=f"at most {request.limits.input_bytes}"))
    request = _sides(request, target)
    mapping = request.mapping
    key = request.from_ or (TABLE if mapping is not None else "")
    mapped = key in FORMATS and FORMATS.get(key).needs_mapping
    if not key or (mapped and mapping is None):
        detection = detect(request.source, request.mappings, request.limits)
        _expect(request, detection.format)
        key = detection.format
        if detection.mapping:
            mapping = next(m for m in request.mappings if m.name == detection.mapping)
    elif mapped and mapping is not None:
        # A table is whatever carries rows; which of them it is, the file says.
        key = mapping.format_of(request.source)
        _expect(request, key)
    report.format_in = key
    return Input(request, key, mapping)


def open_input(found: Input, report: Report, target: Format | Message | None) -> Opened:
    """Begin to read.

    Raises:
        InputError: the document cannot be read any further.
        LimitExceeded: it is over a limit.
        UsageError: a setting is unknown, or the format is only written.
    """
    request = found.request
    read, settings = _reader(found.key, found.mapping)
    context = Context(
        options=Options.check(request.values, all_settings(settings, target)),
        findings=report.findings,
        losses=report.losses,
        limits=request.limits,
        now=request.now,
        mapping=found.mapping,
        target_mapping=request.to_mapping,
        progress=request.progress,
        attachments=request.attachments,
        hierarchy=request.hierarchy,
        codes=request.codes,
        without=request.leaving.without if request.leaving is not None else (),
    )
    source = unpacked(request, report)
    if source is not request.source and request.progress is not None:
        context.progress = _scaled(request.progress, request.source.size, source.size)
    return Opened(read(source, context), context, source)


def settings_of(request: Request) -> list[Setting]:
    """All settings that a request's reader, mapping and target know."""
    target = target_of(request.to) if request.to else None
    found = input_of(request, Report(), target)
    _, settings = _reader(found.key, found.mapping)
    return all_settings(settings, target)


def all_settings(settings: Iterable[Setting], target: Format | Message | None) -> list[Setting]:
    """The settings of a reader, of what happens to events, and of a target."""
    return [*settings, *(target.settings if target is not None else ()), *_MODEL_SETTINGS]


def unpacked(request: Request, report: Report) -> Source:
    """The document of the request, taken out of its archive where it is in one."""
    source, key = request.source, report.format_in
    format_ = FORMATS.get(key) if key in FORMATS else None
    if format_ is None or not format_.packed or not packed.is_packed(source.head(4)):
        return source
    return packed.document(source, request.limits, is_document, report.findings)


def _scaled(progress: Callable[[int], None], size: int, unpacked: int) -> Callable[[int], None]:
    """Progress in bytes of the archive."""
    return lambda count: progress(min(size, count * size // max(unpacked, 1)))


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


def _expect(request: Request, found: str) -> None:
    """Refuse a file that is not of the format that the caller named; `TABLE` stands for all that mappings read.

    Raises:
        InputError: it is not.
    """
    if request.from_ not in ("", TABLE, found):
        text = f"{request.source.name or 'the input'} is {found}, not {request.from_}"
        raise InputError(Finding.of(UNKNOWN_FORMAT, text, value=found, expected=request.from_))
