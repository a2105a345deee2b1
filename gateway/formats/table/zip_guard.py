"""Measures what a zip really unpacks to, before anything else opens it.

The sizes that a zip declares are its sender's word. Here each member is inflated and thrown away, in small pieces,
until a cap is reached; memory stays flat whatever the file says.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.table import rules
from gateway.formats.table.cells import letter
from gateway.formats.table.sheet_extent import Estimate, Extent, whole_tags
from gateway.formats.table.sheet_marks import Marks, Scan
from gateway.sources import Source

_PIECE = 1 << 16
_LOCAL_HEADER = 30
#: Below this many unpacked bytes the ratio says nothing: empty sheets compress very well.
_RATIO_FROM = 10_000_000
_MEMBERS = 10_000
#: Sheets are mostly in xl/worksheets, but may be anywhere; shared texts are the only other large part.
_SHEET = re.compile(r"(?!.*sharedstrings\.xml$).+\.xml", re.IGNORECASE)
#: What zipfile says when the directory at the end of a zip is missing.
_NO_DIRECTORY = "File is not a zip file"


def check(source: Source, limits: Limits) -> dict[str, Marks]:
    """Unpack every member of a zip under the limits, and measure the sheets in it.

    Returns:
        The marks of each XLSX sheet, by the name of its part.

    Raises:
        LimitExceeded: it unpacks to more than `limits` allow, the ratio is that of a zip bomb, or the few cells of a
            sheet lie so far apart that the sheet would fill the memory.
        InputError: it is no complete zip, or damaged.
    """
    where = Where(file=source.name)
    if source.size > limits.input_bytes:
        message = f"the file has {source.size:,} bytes, allowed are {limits.input_bytes:,}"
        raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where))
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS:
                message = f"the workbook has {len(members):,} parts, allowed are {_MEMBERS:,}"
                raise LimitExceeded(Finding.of(rules.XLSX_BOMB, message, where=where))
            guard = _Guard(stream, source, limits)
            for member in members:
                guard.measure(member)
            return guard.marks
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError) as error:
        reason = "its end is missing" if str(error) == _NO_DIRECTORY else str(error)
        message = f"the file is not a complete workbook: {reason}"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where)) from error


class _Guard:
    """Inflates members one after the other and counts what they unpack to."""

    def __init__(self, stream: BinaryIO, source: Source, limits: Limits) -> None:
        self._stream = stream
        self._source = source
        self._limits = limits
        self._unpacked = 0
        self.marks: dict[str, Marks] = {}

    def measure(self, member: zipfile.ZipInfo) -> None:
        """Inflate a member; again, and more slowly, when its cells seem to lie far apart."""
        estimate = Estimate()
        scan = Scan() if _SHEET.fullmatch(member.filename) else None
        for piece in whole_tags(self._inflated(member)):
            estimate.feed(piece)
            if scan is not None:
                scan.feed(piece)
        if scan is not None:
            scan.end()
            self.marks[member.filename.lower()] = scan.marks
        if estimate.harmless:
            return
        before, self._unpacked = self._unpacked, 0  # the caps were kept; this is the same member once more
        extent = Extent()
        extent.feed(whole_tags(self._inflated(member)))
        self._unpacked = before
        if not extent.harmless:
            last = f"{letter(extent.columns)}{extent.rows}"
            message = f"a sheet of the workbook reaches to the cell {last}, but holds only {extent.cells:,} cells"
            where = Where(file=self._source.name, path=member.filename)
            raise LimitExceeded(Finding.of(rules.XLSX_SPARSE, message, where=where))

    def _inflated(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        self._stream.seek(member.header_offset)
        header = self._stream.read(_LOCAL_HEADER)
        name, extra = struct.unpack_from("<HH", header, 26)
        self._stream.seek(name + extra, 1)
        if member.compress_type not in {zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED}:
            message = f"part {member.filename!r} is packed in a way that workbooks do not use"
            raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=Where(file=self._source.name)))
        checksum = 0
        for piece in self._pieces(member):
            checksum = zlib.crc32(piece, checksum)
            self._unpacked += len(piece)
            self._cap()
            yield piece
        if checksum != member.CRC:
            message = f"part {member.filename!r} is damaged, its checksum does not match"
            raise zipfile.BadZipFile(message)

    def _pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        left = member.compress_size
        inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
        while left > 0:
            piece = self._stream.read(min(_PIECE, left))
            if not piece:
                message = f"part {member.filename!r} is cut off"
                raise EOFError(message)
            left -= len(piece)
            if inflater is None:
                yield piece
                continue
            while piece and not inflater.eof:
                yield inflater.decompress(piece, _PIECE)
                piece = inflater.unconsumed_tail

    def _cap(self) -> None:
        size = self._source.size
        if self._unpacked > self._limits.unpacked_bytes:
            message = f"the workbook unpacks to more than {self._limits.unpacked_bytes:,} bytes"
        elif self._unpacked > _RATIO_FROM and self._unpacked > self._limits.ratio * size:
            message = f"the workbook unpacks to more than {self._limits.ratio} times its {size:,} bytes"
        else:
            return
        raise LimitExceeded(Finding.of(rules.XLSX_BOMB, message, where=Where(file=self._source.name)))
