"""Measures what a zip really unpacks to, before anything else opens it.

The sizes that a zip declares are its sender's word. Here each member is inflated and thrown away, in small pieces,
until a cap is reached; memory stays flat whatever the file says.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.table import rules
from gateway.sources import Source

_PIECE = 1 << 16
_LOCAL_HEADER = 30
#: Below this many unpacked bytes the ratio says nothing: empty sheets compress very well.
_RATIO_FROM = 10_000_000
_MEMBERS = 10_000


def check(source: Source, limits: Limits) -> None:
    """Unpack every member of a zip under the limits.

    Raises:
        LimitExceeded: it unpacks to more than `limits` allow, or the ratio is that of a zip bomb.
        InputError: it is no complete zip.
    """
    where = Where(file=source.name)
    if source.size > limits.input_bytes:
        message = f"the file has {source.size} bytes, allowed are {limits.input_bytes}"
        raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where))
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS:
                message = f"the workbook has {len(members)} parts, allowed are {_MEMBERS}"
                raise LimitExceeded(Finding.of(rules.XLSX_BOMB, message, where=where))
            unpacked = 0
            for member in members:
                unpacked = _inflate(stream, member, unpacked, source, limits)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError) as error:
        message = f"the file is not a complete workbook: {error}"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where)) from error


def _inflate(stream: BinaryIO, member: zipfile.ZipInfo, unpacked: int, source: Source, limits: Limits) -> int:
    stream.seek(member.header_offset)
    header = stream.read(_LOCAL_HEADER)
    name, extra = struct.unpack_from("<HH", header, 26)
    stream.seek(name + extra, 1)
    left = member.compress_size
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    if inflater is None and member.compress_type != zipfile.ZIP_STORED:
        message = f"part {member.filename!r} is packed in a way that workbooks do not use"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=Where(file=source.name)))
    while left > 0:
        piece = stream.read(min(_PIECE, left))
        if not piece:
            message = f"part {member.filename!r} is cut off"
            raise EOFError(message)
        left -= len(piece)
        if inflater is None:
            unpacked += len(piece)
            _cap(unpacked, source, limits)
            continue
        while piece and not inflater.eof:
            unpacked += len(inflater.decompress(piece, _PIECE))
            piece = inflater.unconsumed_tail
            _cap(unpacked, source, limits)
    return unpacked


def _cap(unpacked: int, source: Source, limits: Limits) -> None:
    if unpacked > limits.unpacked_bytes:
        message = f"the workbook unpacks to more than {limits.unpacked_bytes} bytes"
    elif unpacked > _RATIO_FROM and unpacked > limits.ratio * source.size:
        message = f"the workbook unpacks to more than {limits.ratio} times its {source.size} bytes"
    else:
        return
    raise LimitExceeded(Finding.of(rules.XLSX_BOMB, message, where=Where(file=source.name)))
