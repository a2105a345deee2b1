"""One large document on several cores, with the same bytes as on one.

The document is cut into small whole ones (`Format.split`), each is converted for itself, and the events of the outputs
are put together. That gives what one conversion gives when the small outputs differ in nothing but their events, and
when there is nothing to say about single events. Both are looked at; where either does not hold, and where a document
cannot be cut, it is converted again as a whole.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway import convert as one
from gateway.detect import detect
from gateway.errors import GatewayError
from gateway.findings import Finding, Loss
from gateway.formats import FORMATS
from gateway.formats.base import Splitter, Unsplittable
from gateway.report import Body, Output, Report
from gateway.sources import Source

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.context import BaseContext

#: Below this size the start of the processes costs more than they save.
SMALLEST: Final = 20 << 20
_PIECE: Final = 12 << 20
_AHEAD: Final = 2  # pieces that wait while all processes are busy
_BLOCK: Final = 1 << 18
#: What formats load when they are first used.
_NEEDED: Final = tuple(
    f"gateway.formats.{module}"
    for module in ("epcis_xml.read", "epcis_xml.write", "epcis_json.read", "epcis_json.write")
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one small conversion gave.

    Attributes:
        path: the file.
        body: where its events stand.
        events: number of events.
        epcs: number of identifiers.
        first_epcs: how many of them are the first event's.
        findings: what was said about the document as a whole.
        losses: the same of losses.
    """

    path: str
    body: Body
    events: int
    epcs: int
    first_epcs: int
    findings: list[Finding]
    losses: list[Loss]


def convert(request: one.Request, out: Path, jobs: int, *, smallest: int = SMALLEST, piece: int = _PIECE) -> Report:
    """Convert one file as `gateway.convert.convert` does, on several cores where that is safe and worth it.

    Args:
        request: the conversion.
        out: private folder for the outputs.
        jobs: most processes at a time.
        smallest: size from which it is worth it.
        piece: bytes of events in one small document.

    Raises:
        UsageError: as `gateway.convert.convert`.
        PluginError: the same.
    """
    if jobs > 1 and request.source.size >= smallest:
        try:
            key, split = _splitter(request)
            return _together(replace(request, from_=key), out, jobs, split(request.source, request.limits, piece))
        except Unsplittable:
            for path in out.iterdir():
                path.unlink()
    return one.convert(request, out)


def _splitter(request: one.Request) -> tuple[str, Splitter]:
    """The input's format and how to cut it."""
    if request.source.size > request.limits.input_bytes:  # the whole conversion says it
        raise Unsplittable
    if request.mapping is not None or request.to_mapping is not None or request.to not in FORMATS:
        raise Unsplittable
    try:
        key = request.from_ or detect(request.source).format
    except GatewayError as error:  # the whole conversion says it
        raise Unsplittable from error
    format_ = FORMATS.get(key) if key in FORMATS else None
    if format_ is None or format_.split is None:
        raise Unsplittable
    return key, format_.split


def _together(request: one.Request, out: Path, jobs: int, documents: Iterator[Source]) -> Report:
    # The libraries that start processes take a third of the time that a small conversion has.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    target = FORMATS.get(request.to)
    path = out / f"{one.safe_stem(request.source.name)}{target.suffix}"
    small = replace(request, mappings=(), progress=None, loss_sink=None, attachments=None, schemas=None, codes=None)
    report = one.new_report(request)
    report.format_in = request.from_
    with (
        tempfile.TemporaryDirectory(dir=out) as folder,
        ProcessPoolExecutor(jobs, mp_context=_processes()) as pool,
        path.open("xb") as stream,
    ):
        joined = _Joined(stream, report)
        waiting: deque[Future[_Part]] = deque()
        done = 0
        try:
            for source in documents:
                waiting.append(pool.submit(_work, replace(small, source=source), folder))
                if len(waiting) >= jobs + _AHEAD:
                    joined.add(waiting.popleft().result())
                if request.progress is not None:
                    done = min(done + source.size, request.source.size)
                    request.progress(done)
            while waiting:
                joined.add(waiting.popleft().result())
        except BaseException as error:
            pool.shutdown(cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                raise Unsplittable from error
            raise
        joined.finish()
    if request.schemas is not None:
        one.check_output(Source.file(path), target.key, report.findings, request.schemas)
    if report.failed:
        path.unlink()
    else:
        report.outputs.append(Output(path.name, target.key, joined.size, joined.digest.hexdigest(), str(path)))
    return report


def _processes() -> BaseContext:
    """How processes are started: as copies of one that has loaded what they need, where the system knows this.

    That is this one where it has a single thread, so that no copy waits for a lock that another thread held; starting
    one for the purpose takes a sixth of a second.
    """
    import multiprocessing  # noqa: PLC0415 - as above

    if sys.platform == "linux" and threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *_NEEDED])
    return context


def _work(request: one.Request, folder: str) -> _Part:
    """Convert one small document, in a process of its own.

    Raises:
        Unsplittable: there is something to say about its events.
    """
    losses: list[Loss] = []
    try:
        with request.source.open() as stream:
            source = Source.memory(stream.read(), request.source.name)
        small = replace(request, source=source, loss_sink=losses.append)
        report = one.convert(small, Path(tempfile.mkdtemp(dir=folder)))
    except GatewayError as error:
        raise Unsplittable from error
    findings = list(report.findings)
    single = any(finding.where.event for finding in findings) or any(loss.event for loss in losses)
    body = report.outputs[0].body if len(report.outputs) == 1 else None
    if report.failed or single or body is None:
        raise Unsplittable
    return _Part(report.outputs[0].path, body, report.events, report.epcs, report.first_epcs, findings, losses)


class _Joined:
    """Puts the events of small outputs together, in their order."""

    def __init__(self, stream: BinaryIO, report: Report) -> None:
        self._stream = stream
        self._report = report
        self._around: tuple[bytes, bytes] | None = None
        self._said: tuple[list[Finding], list[Loss]] = ([], [])
        self.digest = hashlib.sha256()
        self.size = 0

    def add(self, part: _Part) -> None:
        """Take the next output.

        Raises:
            Unsplittable: it differs from the first in more than its events.
        """
        path, body = Path(part.path), part.body
        with path.open("rb") as stream:
            head = stream.read(body.start)
            stream.seek(body.end)
            around, said = (head, stream.read()), (part.findings, part.losses)
            start, events, epcs = body.behind_first, part.events - 1, part.epcs - part.first_epcs
            if self._around is None:
                self._around, self._said = around, said
                self._write(head)
                start, events, epcs = body.start, part.events, part.epcs
            elif (around, said) != (self._around, self._said):
                raise Unsplittable
            stream.seek(start)
            left = body.end - start
            while left:
                block = stream.read(min(left, _BLOCK))
                self._write(block)
                left -= len(block)
        path.unlink()
        self._report.events += events
        self._report.epcs += epcs

    def finish(self) -> None:
        """Write what stands behind the events, and report what was said about the document.

        Raises:
            Unsplittable: there were no events.
        """
        if self._around is None:
            raise Unsplittable
        self._write(self._around[1])
        for finding in self._said[0]:
            self._report.findings.add(finding)
        for loss in self._said[1]:
            self._report.losses.take(loss)

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self.digest.update(data)
        self.size += len(data)
