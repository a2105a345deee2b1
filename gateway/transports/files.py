"""What folders and SFTP servers have in common: settings, looking until files settle, and copying with care."""

from __future__ import annotations

import enum
import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Literal

from pydantic import Field, field_validator

from gateway.errors import LimitExceeded, TransportError
from gateway.findings import Finding, Where
from gateway.transports import names
from gateway.transports.base import Offer, OneFileError, TransportSettings
from gateway.transports.rules import SIZE
from gateway.transports.settle import Entry, Settle, Settling, companion

CHUNK = 1 << 18
_SAME_TIME = 0.002  # seconds; a time that went through a database may have lost its last digits
_LAST_SUFFIX = 1000
_DIGESTS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_HEX = re.compile(rb"\b[0-9A-Fa-f]+\b")
CHECKSUM_FILE_BYTES = 4096


class FileSettings(TransportSettings):
    """Settings of a channel whose peer is a folder, here or on a server.

    Attributes:
        patterns: globs of the names to take, without regard to case.
        ignore: globs of names never to take.
        settle: how to know that a file is whole.
        after: what becomes of a file once it is durable here. ``archive``: it moves into the archive folder;
            ``delete``; ``rename``: it gets the name in ``renamed``, in the same folder; ``keep``: it stays as it is,
            for folders in which nothing may be changed, and is known again by its path, size and time.
        archive: folder inside the collected folder that such files move to.
        archive_days: whether the archive has a folder a day (UTC). Without, no folder but the archive is made.
        renamed: the name that a collected file gets with ``after: rename``.
        max_size: bytes; larger files are refused.
        exists: what to do when another file stands under the name to deliver.
        marker: name of an empty file to write after each delivered file, e.g. ``{name}.done``; empty for none.
        temporary: name that a delivered file has until it is whole. It may lie in another folder of the same disk,
            e.g. ``../staging/{name}``.
        fold_names: the peer does not tell upper from lower case in names (Windows, macOS, many shares), so that
            ``A.CSV.DONE`` is the marker of ``a.csv``.
    """

    patterns: tuple[str, ...] = ("*",)
    ignore: tuple[str, ...] = names.IGNORED
    settle: Settle = Settle()
    after: Literal["archive", "delete", "rename", "keep"] = "archive"
    archive: str = "archive"
    archive_days: bool = True
    renamed: str = Field(default="{name}.taken", min_length=1)
    max_size: int = Field(default=2 << 30, gt=0)
    exists: Literal["refuse", "replace", "suffix"] = "refuse"
    marker: str = ""
    temporary: str = names.TEMPORARY
    fold_names: bool = False

    @field_validator("archive")
    @classmethod
    def _archive_is_inside(cls, value: str) -> str:
        if value in {"", ".", ".."} or "/" in value or "\\" in value or "\0" in value:
            message = "must be the plain name of a folder inside the collected folder"
            raise ValueError(message)
        return value

    @field_validator("marker", "renamed")
    @classmethod
    def _names_its_file(cls, value: str) -> str:
        return companion(value)

    @field_validator("temporary")
    @classmethod
    def _is_another_name(cls, value: str) -> str:
        if value == "{name}" or "{name}" not in value.rpartition("/")[2] or "\\" in value or "\0" in value:
            message = "must end in a name with {name} in it, and must not be {name} itself, e.g. {name}.tmp"
            raise ValueError(message)
        return value

    def takes(self, name: str) -> bool:
        """Whether a file of this name is one to collect."""
        ignore = self.ignore
        if self.after == "rename":
            ignore = (*ignore, names.glob(self.renamed))
        return names.matches(name, self.patterns, ignore)


def settled_offers(
    listing: Callable[[], Iterable[Entry]],
    settings: FileSettings,
    settling: Settling,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Offer]:
    """Look at a folder until nothing more can settle soon, then offer what has settled, oldest first."""
    rule = settings.settle
    end = 0.0
    settling.begin()
    for looks in itertools.count(1):
        present: list[str] = []
        now = clock()
        settling.look(_taken(listing(), settings, present if settling.by_marker else None), present, now)
        # Files that appear while we look must not keep us here for ever.
        end = end or now + rule.min_age
        if (looks >= rule.looks and now >= end) or not settling.worth_another_look(now):
            break
        sleep(max(rule.interval, 0.01))
    stays = settings.after == "keep"
    for entry in in_order(settling.settled(now)):
        yield Offer(entry.name, entry.path, entry.size, entry.modified, stays)


def _taken(entries: Iterable[Entry], settings: FileSettings, present: list[str] | None) -> Iterator[Entry]:
    """The files that the channel takes; the names of all go to `present`."""
    for entry in entries:
        if present is not None:
            present.append(entry.name)
        if settings.takes(entry.name):
            yield entry


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Oldest first, then by name in natural order."""
    return sorted(entries, key=lambda entry: (entry.modified, names.natural(entry.name)))


def unchanged(offer: Offer, size: int, modified: float) -> bool:
    """Whether a file is still the version that was offered."""
    return size == offer.size and abs(modified - offer.modified) < _SAME_TIME


def changed(offer: Offer, place: str) -> OneFileError:
    """The error for a file that is not the one offered any more. It will be offered again when it has settled."""
    message = f"{offer.name!r} in {place} changed or went away after it was offered"
    return OneFileError(message, hint="its sender may still be writing it", retryable=True)


def check_size(offer: Offer, limit: int) -> None:
    """Refuse a file over the limit.

    Raises:
        LimitExceeded: it is.
    """
    if offer.size > limit:
        message = f"the file has {offer.size} bytes; this channel takes at most {limit}"
        where = Where(file=offer.name)
        raise LimitExceeded(Finding.of(SIZE, message, where=where, value=offer.size, expected=f"<= {limit}"))


def pour(read: Callable[[int], bytes], target: BinaryIO, offer: Offer, place: str, checksum: bytes = b"") -> int:
    """Copy exactly the bytes that were offered.

    Args:
        read: reads at most so many bytes from the peer; raises TransportError.
        target: where they go.
        offer: the file.
        place: the peer, for messages.
        checksum: contents of the checksum file, if the channel has one.

    Raises:
        TransportError: there are more or fewer bytes, or they do not match the checksum.
    """
    digest = _expected_digest(checksum, offer, place) if checksum else None
    count = 0
    while block := read(CHUNK):
        count += len(block)
        if count > offer.size:
            raise changed(offer, place)
        if digest:
            digest[0].update(block)
        try:
            target.write(block)
        except OSError as error:
            message = f"{offer.name!r} from {place} cannot be stored here: {error.strerror or error}"
            raise TransportError(message, retryable=True) from error
    if count != offer.size:
        message = f"{offer.name!r} in {place} ended after {count} of {offer.size} bytes"
        raise OneFileError(message, retryable=True)
    if digest and digest[0].hexdigest() != digest[1]:
        message = f"{offer.name!r} in {place} does not match its checksum file"
        raise OneFileError(message, hint="the sender has to send it again", retryable=True)
    return count


def _expected_digest(checksum: bytes, offer: Offer, place: str) -> tuple[hashlib._Hash, str]:
    for word in _HEX.findall(checksum):
        if len(word) in _DIGESTS:
            return hashlib.new(_DIGESTS[len(word)], usedforsecurity=False), word.decode().lower()
    message = f"the checksum file of {offer.name!r} in {place} holds no MD5, SHA-1, SHA-256 or SHA-512"
    raise OneFileError(message, retryable=True)


def blocks(source: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    """The bytes to deliver, from the first one on.

    Raises:
        TransportError: the source is not as long as its caller said.
    """
    count = 0
    while block := _from_here(source, count, name):
        count += len(block)
        if count > size:
            break
        yield block
    if count != size:
        message = f"{name!r} should have {size} bytes, but its source has {'more' if count > size else count}"
        raise TransportError(message)


def _from_here(source: BinaryIO, position: int, name: str) -> bytes:
    try:
        if position == 0:
            source.seek(0)
        return source.read(CHUNK)
    except OSError as error:
        message = f"{name!r} cannot be read here: {error.strerror or error}"
        raise TransportError(message, retryable=True) from error


def sha256(pieces: Iterable[bytes]) -> bytes:
    """SHA-256 of the pieces one after another."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


class Standing(enum.Enum):
    """What stands at the peer under a name that we want to deliver to."""

    NOTHING = enum.auto()
    SAME = enum.auto()
    HALF = enum.auto()  # the beginning of the file to deliver, which a cut left under its final name
    OTHER = enum.auto()


def choose_name(name: str, settings: FileSettings, look: Callable[[str], Standing], place: str) -> tuple[str, Standing]:
    """The name under which a file is to be delivered, and what stands there.

    With ``suffix`` the same bytes are looked for under the numbered names too, so that a retry does not add a file.

    Raises:
        TransportError: another file stands there and the channel does not say what to do then.
    """
    names.plain(name)
    for number in range(1, _LAST_SUFFIX):
        candidate = names.numbered(name, number)
        standing = look(names.plain(candidate))
        if standing is not Standing.OTHER or settings.exists == "replace":
            return candidate, standing
        if settings.exists == "refuse":
            break
    message = f"another file stands in {place} under the name {name!r}"
    raise TransportError(message, hint="choose `exists: suffix` or `exists: replace`, or give outputs distinct names")


def archive_folders(settings: FileSettings, now: float) -> list[str]:
    """The folders, outermost first, in which a file that is put away at a moment lies."""
    if settings.after != "archive":
        return []
    return [settings.archive, *([datetime.fromtimestamp(now, UTC).date().isoformat()] if settings.archive_days else [])]


def name_put_away(name: str, settings: FileSettings) -> str:
    """The name of a file once it is put away, before a number is added to it."""
    return names.fill(settings.renamed, name) if settings.after == "rename" else name
