"""Documents that come as gzip or in a zip file, read as if they came alone.

Nothing is unpacked to disk or as a whole: a packed document is a `Source` that unpacks while it is read. What it
unpacks to is counted, whatever the archive says of itself. Names inside archives are metadata only.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Findings, Rule, Severity, Where
from gateway.formats.base import Limits
from gateway.sources import Source

BROKEN: Final = Rule(
    "PACK-01",
    Severity.ERROR,
    "An archive must be complete",
    "The gzip stream or zip file is damaged or cut; what was unpacked of it cannot be trusted.",
    "ask the sender to send the file again",
)
SEVERAL: Final = Rule(
    "PACK-02",
    Severity.ERROR,
    "A zip file holds one document",
    "Each conversion is of one document, so that its report and its losses are clear.",
    "unpack the zip file and convert each document by itself",
)
NONE: Final = Rule(
    "PACK-03",
    Severity.ERROR,
    "A zip file holds a document",
    "None of the files in it is a document of the expected format.",
    "look what is in the zip file",
)
KIND: Final = Rule(
    "PACK-04",
    Severity.ERROR,
    "An archive is a plain one",
    "Documents are read from gzip and from zip files that store or deflate; not from archives in archives, and not"
    " with a password.",
    "pack the document once, without a password",
)
LIMIT: Final = Rule(
    "PACK-05",
    Severity.ERROR,
    "An archive must stay within the limits",
    "The limits on unpacked size, ratio and number of files protect the machine from archive bombs.",
    "raise the limit for this partner if the file is genuine",
)
IGNORED: Final = Rule(
    "PACK-06",
    Severity.INFO,
    "Other files in a zip file are not read",
    "Beside the document the zip file holds files of another kind.",
    "Nothing to do, unless one of them should have been read",
)
RULES: Final = (BROKEN, SEVERAL, NONE, KIND, LIMIT, IGNORED)

GZIP: Final = b"\x1f\x8b"
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_RATIO_FROM: Final = 10_000_000  # as `Limits.ratio` says
_BUFFER: Final = 1 << 16
_MEMBERS: Final = 1000
_DIRECTORY_BYTES: Final = 1 << 20  # zipfile reads all of it before it can be asked how many files there are
_END = struct.Struct("<4s8xL4xH")
_END_MARK: Final = b"PK\x05\x06"
_END_WITHIN: Final = _END.size + (1 << 16)
_PASSWORD: Final = 1
_SHOWN: Final = 5

Known = Callable[[bytes, str], bool]


def is_packed(head: bytes) -> bool:
    """Whether a file with these first bytes is a gzip or zip file."""
    return head.startswith((GZIP, *ZIP))


def documents(source: Source, limits: Limits, known: Known) -> list[Source]:
    """The documents in an archive.

    Args:
        source: the archive.
        limits: bounds on what it unpacks to.
        known: says of first bytes and a name whether they are those of a document.

    Raises:
        InputError: it is no complete archive, or has a password.
        LimitExceeded: it holds too many files.
    """
    return [document for document in _files(source, limits) if known(document.head(), document.name)]


def document(source: Source, limits: Limits, known: Known, findings: Findings) -> Source:
    """The one document in an archive. A single file need not be known: its reader will say what is wrong with it.

    Args:
        source: the archive.
        limits: bounds on what it unpacks to.
        known: says of first bytes and a name whether they are those of a document.
        findings: takes the names of files that are not read.

    Raises:
        InputError: as `documents`; or it holds no document, several, or another archive.
        LimitExceeded: as `documents`.
    """
    files = _files(source, limits)
    chosen = files if len(files) == 1 else [file for file in files if known(file.head(), file.name)]
    where = Where(file=source.name)
    if len(chosen) != 1:
        rule, found = (SEVERAL, chosen) if chosen else (NONE, files)
        what = f"{len(chosen)} documents" if chosen else f"no document among its {len(files)} files"
        text = f"the zip file holds {what}{': ' if found else ''}{_names(found)}"
        raise InputError(Finding.of(rule, text, where=where, value=_names(found), expected="one document"))
    others = [file for file in files if file is not chosen[0]]
    if others:
        text = f"beside the document {chosen[0].name} the zip file holds {len(others)} other files: {_names(others)}"
        findings.report(IGNORED, text, where=where, value=_names(others))
    if is_packed(chosen[0].head(len(ZIP[0]))):
        text = f"{chosen[0].name} is an archive inside an archive"
        raise InputError(Finding.of(KIND, text, where=where, value=chosen[0].name, expected="a document"))
    stem = PurePosixPath(source.name)
    name = f"{stem.stem}{'' if stem.stem.endswith(_suffix(chosen[0])) else _suffix(chosen[0])}"
    return Source(name, opener=chosen[0].opener, length=chosen[0].length)


def _suffix(file: Source) -> str:
    return PurePosixPath(file.name).suffix


def _names(files: list[Source]) -> str:
    names = ", ".join(file.name for file in files[:_SHOWN])
    return f"{names} and {len(files) - _SHOWN} more" if len(files) > _SHOWN else names


def _files(source: Source, limits: Limits) -> list[Source]:
    if source.head(len(GZIP)) == GZIP:
        with _reading(source.name), source.open() as stream:
            stream.seek(-4, io.SEEK_END)
            length = int.from_bytes(stream.read(4), "little")  # of the last part, modulo 4 GiB: good enough to show

        def unpacked() -> BinaryIO:
            file = source.open()
            return _guarded(cast("BinaryIO", gzip.GzipFile(fileobj=file)), file, source.name, source.size, limits)

        return [Source(source.name.removesuffix(".gz"), opener=unpacked, length=length)]
    with _reading(source.name), source.open() as stream:
        _check_directory(stream, source)
        members = [member for member in zipfile.ZipFile(stream).infolist() if not member.is_dir()]
        if len(members) > _MEMBERS:
            raise _too_much(source.name, f"the zip file holds {len(members):,} files, allowed are {_MEMBERS:,}")
        return [_member(source, member, limits) for member in members if not member.filename.startswith("__MACOSX/")]


def _member(source: Source, member: zipfile.ZipInfo, limits: Limits) -> Source:
    def unpacked() -> BinaryIO:
        if member.flag_bits & _PASSWORD or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            what = "has a password" if member.flag_bits & _PASSWORD else "is packed in a way that is not read"
            text = f"the file {member.filename!r} in the zip file {what}"
            raise InputError(Finding.of(KIND, text, where=Where(file=source.name), expected="store or deflate"))
        with _reading(source.name):
            file = source.open()
            stream = zipfile.ZipFile(file).open(member)  # noqa: SIM115 - the guard closes it
        return _guarded(cast("BinaryIO", stream), file, source.name, member.compress_size, limits)

    return Source(PurePosixPath(member.filename).name, opener=unpacked, length=member.file_size)


def _check_directory(stream: BinaryIO, source: Source) -> None:
    """Look at the size of a zip file's directory before it is read."""
    stream.seek(-min(source.size, _END_WITHIN), io.SEEK_END)
    tail = stream.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        message = "its end is missing"
        raise zipfile.BadZipFile(message)
    size = _END.unpack_from(tail, at)[1]
    if size > _DIRECTORY_BYTES:
        raise _too_much(source.name, f"the zip file lists more than {_MEMBERS:,} files")
    stream.seek(0)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError, zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError) as error:
        text = f"the archive is not complete: {error}"
        raise InputError(Finding.of(BROKEN, text, where=Where(file=name), value=error)) from error


def _too_much(name: str, text: str) -> LimitExceeded:
    return LimitExceeded(Finding.of(LIMIT, text, where=Where(file=name)))


def _guarded(stream: BinaryIO, file: BinaryIO, name: str, packed: int, limits: Limits) -> BinaryIO:
    return io.BufferedReader(_Guard(stream, file, name, packed, limits), _BUFFER)


class _Guard(io.RawIOBase):
    """What is unpacked, counted."""

    def __init__(self, stream: BinaryIO, file: BinaryIO, name: str, packed: int, limits: Limits) -> None:
        self._stream = stream
        self._file = file
        self._name = name
        self._most = min(limits.unpacked_bytes, max(_RATIO_FROM, packed * limits.ratio))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; going back unpacks from the start again."""
        with _reading(self._name):
            self._at = self._stream.seek(offset, whence)
        return self._at

    def tell(self) -> int:
        """How much was unpacked."""
        return self._at

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        """Unpack some more.

        Raises:
            InputError: the archive is damaged.
            LimitExceeded: it unpacks to more than the limits allow.
        """
        with _reading(self._name):
            data = self._stream.read(len(target))
        self._at += len(data)
        if self._at > self._most:
            raise _too_much(self._name, f"the archive unpacks to more than {self._most:,} bytes")
        target[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        self._file.close()
        super().close()
