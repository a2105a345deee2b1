"""What the commands about proofs share: a message found, verified again, and told in plain words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.errors import ConfigurationError, UsageError
from gateway.printable import printable

if TYPE_CHECKING:
    from gateway.exchange.workspace import Workspace
    from gateway.transports.as2 import Region, Scratch
    from gateway.transports.as2.partner import Partner
    from gateway.transports.as2_http.archive import Kept
    from gateway.transports.as2_http.evidence import Evidence

MARKS = {True: ("green", "holds   "), False: ("red", "FAILS   "), None: ("yellow", "unknown ")}


def examined(workspace: Workspace, wanted: str, scratch: Scratch) -> tuple[Evidence, Kept]:
    """A message that is kept, verified again.

    Raises:
        UsageError: there is none.
    """
    from gateway.exchange.operations.as2_parties import folders
    from gateway.transports.as2_http.archive import find
    from gateway.transports.as2_http.evidence import examine

    places = folders(workspace.agreements)
    nothing = "no agreement has a channel or target of AS2"
    error = UsageError(nothing, hint="`transport: as2` in agreements")
    for data in places:
        try:
            kept = find(data, wanted)
        except UsageError as missing:
            error = missing
            continue
        return examine(kept.direction, kept.entry, _partner(workspace, kept), scratch), kept
    raise error


def _partner(workspace: Workspace, kept: Kept) -> Partner | None:
    from gateway.exchange.operations.as2_parties import parties
    from gateway.transports.as2_http.session import partner_of
    from gateway.transports.secrets import secrets

    for one in parties(workspace.agreements):
        if (one.us, one.them) == kept.ids:
            try:
                return partner_of(one.settings, secrets(workspace.settings.root))
            except ConfigurationError:  # a key or certificate of today is not needed for what was kept
                return None
    return None


def told(found: Evidence, kept: Kept) -> list[tuple[str, str]]:
    """The result in plain words: lines with their colours."""
    return [(colour, printable(line)) for colour, line in _told(found, kept)]


def _told(found: Evidence, kept: Kept) -> Iterator[tuple[str, str]]:
    us, them = kept.ids
    way = f"{them} to {us}, taken" if found.direction == "in" else f"{us} to {them}, sent"
    yield "", f"message   {found.record.get('message-id', '')}"
    yield "", f"from      {way} {str(found.record.get('time', '?'))[:19].replace('T', ' ')}Z"
    for name, region in found.files:
        yield "", f"file      {name}, {region.size:,} bytes, sha256 {sha256(region)}"
    for check in found.checks:
        colour, mark = MARKS[check.good]
        yield colour, f"{mark}  {check.text}"
    yield "", ""
    if found.failed:
        yield "red", "Something does not hold: what is kept was changed or is damaged. Do not rely on it."
        return
    if not found.proven:
        yield "yellow", f"Not proven: nothing here keeps {them} from denying it."
        return
    if found.direction == "in":
        yield "green", f"Proven: {them} signed exactly these files. Nobody could who does not have its private key, and"
        yield "green", "nobody can have changed a byte since."
    else:
        yield (
            "green",
            f"Proven: {them} has confirmed, with its signature, that it received exactly these files, byte for",
        )
        yield "green", "byte."
    yield "", "Not proven: the time, which is that of this machine's clock; and what anybody did with the files then."


def sha256(region: Region) -> str:
    """Of a part of a file, in hexadecimal."""
    hashing = hashlib.sha256()
    for chunk in region.chunks():
        hashing.update(chunk)
    return hashing.hexdigest()
