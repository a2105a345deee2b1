"""Large contents are converted and checked in a process of their own, which ends with the work.

A conversion needs some tens of MiB, whatever the size of its input, and Python gives little of that back. In a process
of its own they are gone afterwards, and each process stays small: the one that exchanges has its libraries and the
transfer, the other one the conversion. The others' messages go on meanwhile on another core.

* The process gets its job on standard input and answers on standard output. Standard input stays open: when this
  process dies, the other one reads its end there and ends itself at once, so that no one works on for nobody.
* It writes into the private folder of the conversion only, never into the archive: the step that asked for it makes
  its outputs durable, and may run again like any other. Into the ledger it writes only what a message says of serial
  numbers, as a part of the hierarchy store that does not count until the step says so.
* What it opens for itself (the database, the vault of codes) it is told by reference; no secret is sent to it.
* When it is killed, for want of memory say, the step is tried again a few times; then the message fails and says so.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import gateway
from gateway import logs
from gateway.convert import check_output
from gateway.convert import convert as convert_here
from gateway.epcis.events import Event
from gateway.errors import GatewayError, InputError, LimitExceeded
from gateway.exchange.archive.store import BLOCK, StorageError
from gateway.exchange.ledger.epc_keys import CHUNK, Named, Pair, Part, part_of
from gateway.exchange.trouble import frames
from gateway.findings import Findings
from gateway.report import Report
from gateway.request import Request
from gateway.sources import Source

if TYPE_CHECKING:
    # Not imported where nothing is asked of a database.
    from gateway.exchange.ledger.database import Place
    from gateway.exchange.serials.look import Run

#: Contents from this size on are worked on apart. To start the process takes less than a second.
LARGE = 4 << 20
#: The same for what is packed: workbooks (ZIP, OLE2) and gzip. A workbook of so many bytes needs some ten MiB.
LARGE_PACKED = 512 << 10
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b")
#: Pages (PDF, TIFF, PNG, JPEG) become pictures of tens of MiB, however small their files are.
_PAGES = (b"%PDF", b"II*\x00", b"MM\x00*", b"\x89PNG", b"\xff\xd8\xff")

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Serials:
    """The part of a conversion in the hierarchy store.

    Attributes:
        place: the database of the store.
        client: whose messages are asked for what they packed into what.
        run: which run of a file asks.
        message: the message's row in the store, which takes what it says; 0 where that is not kept.
    """

    place: Place
    client: str
    run: Run
    message: int


@dataclass(frozen=True, slots=True)
class _Conversion:
    """A conversion; what the message names goes into a file, if one is given."""

    request: Request
    folder: Path
    named: Path | None
    serials: Serials | None

    def run(self) -> tuple[Report, list[Pair]]:
        with contextlib.ExitStack() as stack:
            request, observers = self.request, list[Callable[[Sequence[Event]], None]]()
            named = recorder = None
            if self.named is not None:
                stream = stack.enter_context(self.named.open("xb"))

                def write(keys: list[int], last: bool) -> None:  # noqa: FBT001 - `Named` calls it so
                    pickle.dump((part_of(keys, alone=last and not stream.tell()), last), stream)

                named = Named(write, CHUNK)
                observers.append(named)
            if self.serials is not None:
                from gateway.exchange.serials.store import SerialStore  # noqa: PLC0415 - most conversions need no database

                store = SerialStore(self.serials.place.open())
                stack.callback(store.database.close)
                request = replace(request, hierarchy=store.hierarchy(self.serials.client, self.serials.run))
                if self.serials.message:
                    recorder = store.recorder(self.serials.message)
                    observers.append(recorder.add)
            if observers:
                request = replace(request, observer=_all(observers))
            report = convert_here(request, self.folder)
            if recorder is not None and not report.failed:
                recorder.close()
            return report, named.finish() if named is not None else []


def _all(observers: Sequence[Callable[[Sequence[Event]], None]]) -> Callable[[Sequence[Event]], None]:
    def observe(events: Sequence[Event]) -> None:
        for observer in observers:
            observer(events)

    return observe


@dataclass(frozen=True, slots=True)
class _Check:
    """A check of a finished file."""

    source: Source
    format: str

    def run(self) -> Findings:
        findings = Findings()
        check_output(self.source, self.format, findings)
        return findings


@dataclass(frozen=True, slots=True)
class _Story:
    """A comparison of a message with what others said of serial numbers."""

    place: Place
    client: str
    message: str
    others: frozenset[str]

    def run(self) -> Findings:
        from gateway.exchange.serials.check import check_story  # noqa: PLC0415 - see `_Conversion`

        findings = Findings()
        database = self.place.open()
        with contextlib.closing(database):
            check_story(database, self.client, self.message, findings, self.others)
        return findings


_Job = _Conversion | _Check | _Story


@dataclass(frozen=True, slots=True)
class _Raised:
    """An error on its way to the process that asked: its class, arguments and hint, and where it was raised."""

    kind: type[Exception]
    arguments: tuple[Any, ...]
    hint: str
    at: list[str]


def is_large(source: Source) -> bool:
    """Whether a content is to be worked on in a process of its own."""
    if source.size >= LARGE:
        return True
    head = source.head(8)
    return head.startswith(_PAGES) or (source.size >= LARGE_PACKED and head.startswith(_PACKED))


def convert(
    request: Request, folder: Path, named: Path | None = None, serials: Serials | None = None
) -> tuple[Report, list[Pair]]:
    """Convert as `gateway.convert.convert` does, in a process of its own; gives also the pairs of GTIN and lot.

    Args:
        request: the conversion, without functions that are to be called on the way.
        folder: private folder for the outputs.
        named: file outside `folder` that gets the hashes of what the message names: read it with `parts`.
        serials: the hierarchy store, where the agreement wants it.

    Raises:
        StorageError: the process was killed; try again.
        GatewayError: as `gateway.convert.convert`.
    """
    result: tuple[Report, list[Pair]] = _ask(_Conversion(request, folder, named, serials))
    return result


def check(source: Source, format_: str) -> Findings:
    """Check a finished file as `gateway.convert.check_output` does, in a process of its own.

    Raises:
        StorageError: the process was killed; try again.
        GatewayError: as `gateway.convert.check_output`.
    """
    result: Findings = _ask(_Check(source, format_))
    return result


def contradictions(place: Place, client: str, message: str, others: frozenset[str]) -> Findings:
    """What a message says that contradicts others, as `gateway.exchange.serials.check.check_story`.

    Raises:
        StorageError: the process was killed; try again.
    """
    result: Findings = _ask(_Story(place, client, message, others))
    return result


def parts(named: Path) -> Iterator[Part]:
    """The parts of what a message names, as the index keeps them."""
    with named.open("rb") as stream:
        last = False
        while not last:
            part, last = pickle.load(stream)  # noqa: S301 - our own process wrote it, into a private folder
            yield part


def plain(source: Source, path: Path) -> Source:
    """The same source as a file that another process can open: an encrypted content is decrypted into `path`."""
    if source.path is not None:
        return source
    with source.open() as stream, path.open("xb") as copy:
        shutil.copyfileobj(stream, copy, BLOCK)
    return Source.file(path, source.name)


def _ask(job: _Job) -> Any:
    said = pickle.dumps(job)
    # The same code as here, and nothing from the folder where the gateway happens to run.
    paths = [str(Path(gateway.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-P", "-c", f"from {__name__} import main; main()"]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback's text may hold data
        env=environment,
        start_new_session=True,  # what a terminal sends to all is for this process, which knows when to stop
    ) as process:
        try:
            answer = _talk(process, said)
        except BaseException:
            process.kill()
            raise
    if answer is None:
        message = f"the process that works on a large file ended with {process.returncode}"
        raise StorageError(message, hint="is there enough memory? see the system's log")
    if isinstance(answer, _Raised):
        log.warning("a large file failed in its process", error=answer.kind.__name__, at=answer.at)
        error = answer.kind(*answer.arguments)
        if isinstance(error, GatewayError):
            error.hint = answer.hint
        raise error
    return answer


def _talk(process: subprocess.Popen[bytes], said: bytes) -> Any:
    """Give the job and wait for the answer; None if none comes."""
    if process.stdin is None or process.stdout is None:  # they are pipes; this tells the type checker
        return None
    try:
        process.stdin.write(said)
        process.stdin.flush()
        answer = process.stdout.read()
    except BrokenPipeError:
        return None
    finally:
        process.wait()
    return pickle.loads(answer) if process.returncode == 0 else None  # noqa: S301 - our own process wrote it


def main() -> None:
    """What the process does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a stop is for the one that asked; this one ends with it
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    job: _Job = pickle.load(stdin)  # noqa: S301 - the gateway wrote it
    threading.Thread(target=_end_with, args=(stdin,), daemon=True).start()
    answer: Any
    try:
        answer = job.run()
    except Exception as error:  # noqa: BLE001 - the one that asked gets it
        answer = _portable(error)
    stdout.write(pickle.dumps(answer))
    stdout.flush()
    os._exit(0)  # the other thread waits in a read


def _end_with(stdin: BinaryIO) -> None:
    stdin.read()
    os._exit(1)


def _portable(error: Exception) -> _Raised:
    at = frames(error)
    if isinstance(error, InputError | LimitExceeded):
        return _Raised(type(error), (error.finding,), error.hint, at)
    if isinstance(error, GatewayError):
        return _Raised(type(error), (error.message,), error.hint, at)
    if isinstance(error, OSError):
        return _Raised(OSError, (error.errno, error.strerror), "", at)
    return _Raised(RuntimeError, (f"{type(error).__name__}: {error}",), "", at)
