"""Taking the bytes of a request: straight to the disk, within limits on size and time, with bounded memory."""

from __future__ import annotations

import asyncio
import email.message
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from gateway.errors import TransportError
from gateway.transports import names
from gateway.web.doors import Door
from gateway.web.problems import Problem

BLOCK = 1 << 20
LONGEST_NAME = 150
RETRY_AFTER = "10"

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_SUFFIXES = {
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/json": ".json",
    "application/ld+json": ".jsonld",
    "text/csv": ".csv",
    "application/zip": ".zip",
    "text/plain": ".txt",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a client has to be, in seconds.

    Attributes:
        stall: without a byte.
        whole: for one whole file.
    """

    stall: float = 30.0
    whole: float = 3600.0


@dataclass(frozen=True, slots=True)
class Announced:
    """What a request says of the file that it carries.

    Attributes:
        media: media type, without parameters.
        length: bytes, None when it does not say.
        name: name of the file, empty when it has none; fit to be used.
        key: idempotency key, empty when there is none.
    """

    media: str
    length: int | None
    name: str
    key: str

    def file_name(self, fallback: str) -> str:
        """The name of the file, or one made of `fallback` and the media type."""
        return self.name or f"{fallback}{_SUFFIXES.get(self.media, '.bin')}"


def announced(request: Request, door: Door) -> Announced:
    """Look at a request before its file is read.

    Raises:
        Problem: the channel does not take such a file.
    """
    headers = request.headers
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not door.receive.takes(media):
        raise Problem(415, f"This channel takes {', '.join(door.receive.content_types)}.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "Send the file as it is, without Content-Encoding.")
    length = headers.get("content-length")
    if length is None and "chunked" not in headers.get("transfer-encoding", "").lower():
        raise Problem(411, "Say how long the file is (Content-Length), or send it in chunks.")
    size = int(length) if length is not None and length.isdecimal() else None
    if size is not None and size > door.receive.max_size:
        raise too_large(door)
    if size == 0:
        raise Problem(400, "The request carries no file.")
    key = headers.get("idempotency-key", "").strip().strip('"')
    if key and not _KEY.fullmatch(key):
        raise Problem(400, "Idempotency-Key has to be 1 to 200 printable ASCII characters without spaces.")
    return Announced(media, size, _name(headers.get("content-disposition", "")), key)


async def take(request: Request, door: Door, target: BinaryIO, pace: Pace) -> int:
    """Write the file that a request carries to `target`; returns its size.

    Raises:
        Problem: it is too large, empty, or does not come in time.
        ClientDisconnect: the client went away before its end.
    """
    size = 0
    block = bytearray()
    end = time.monotonic() + pace.whole
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(max(min(pace.stall, end - time.monotonic()), 0)):
                piece = await anext(stream, None)
        except TimeoutError:
            why = "The file did not come in time. Send it again with the same Idempotency-Key."
            raise Problem(408, why, Connection="close") from None
        if piece is None:
            break
        size += len(piece)
        if size > door.receive.max_size:
            raise too_large(door)
        block += piece
        if len(block) >= BLOCK:
            await run_in_threadpool(target.write, bytes(block))
            block.clear()
    if size == 0:
        raise Problem(400, "The request carries no file.")
    await run_in_threadpool(target.write, bytes(block))
    return size


def too_large(door: Door) -> Problem:
    """The refusal of a file over the channel's limit, with the header in which EPCIS names the limit."""
    limit = door.receive.max_size
    problem = Problem(413, f"This channel takes files of at most {limit:,} bytes.")
    problem.headers["GS1-EPCIS-Capture-File-Size-Limit"] = str(limit)
    return problem


class Gate:
    """Counts what is under way in each channel, so that no client takes all the room."""

    def __init__(self) -> None:
        self._now: dict[str, int] = {}
        self._minutes: dict[str, tuple[int, int]] = {}

    @contextmanager
    def inside(self, door: Door) -> Iterator[None]:
        """One more file is being taken.

        Raises:
            Problem: there are too many already.
        """
        limits = door.receive
        under_way = self._now.get(door.channel, 0)
        if under_way >= limits.uploads:
            raise Problem(429, f"This channel takes {limits.uploads} files at a time.", Retry_After=RETRY_AFTER)
        self._count(door)
        self._now[door.channel] = under_way + 1
        try:
            yield
        finally:
            self._now[door.channel] -= 1

    @property
    def under_way(self) -> int:
        """Files that are being taken now."""
        return sum(self._now.values())

    def _count(self, door: Door) -> None:
        most = door.receive.per_minute
        if not most:
            return
        now = time.monotonic()
        minute, count = self._minutes.get(door.channel, (int(now // 60), 0))
        if minute != int(now // 60):
            minute, count = int(now // 60), 0
        if count >= most:
            wait = str(60 - int(now % 60))
            raise Problem(429, f"This channel takes {most} files a minute.", Retry_After=wait)
        self._minutes[door.channel] = (minute, count + 1)


def _name(disposition: str) -> str:
    """The file name in a ``Content-Disposition``, made fit; empty when there is none."""
    if not disposition:
        return ""
    message = email.message.Message()
    message["Content-Disposition"] = disposition.encode("ascii", "replace").decode()
    try:
        stated = message.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError):  # whatever the library makes of odd parameters
        return ""
    name = stated.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    stem, suffix = names.stem(name.encode("utf-8", "replace").decode())
    name = f"{stem[: LONGEST_NAME - len(suffix)]}{suffix}"
    while len(name.encode()) > LONGEST_NAME and stem:
        stem = stem[: len(stem) * 3 // 4]
        name = f"{stem}{suffix}"
    try:
        return names.plain(name)
    except TransportError:
        return ""


__all__ = ["Announced", "ClientDisconnect", "Gate", "Pace", "announced", "take", "too_large"]
