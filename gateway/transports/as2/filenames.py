"""The name under which a file that came in goes on: made of what the sender states, and fit for every file system.

The stated name itself is kept as metadata. No part of it ever decides where a file is written.
"""

from __future__ import annotations

import re

from gateway.errors import TransportError
from gateway.transports.names import plain, stem

_UNSAFE = re.compile(r"[^\w .()+,@=-]")
_LONGEST = 150


def local_name(stated: str, fallback: str) -> str:
    """A safe name like the stated one; `fallback` if nothing of it is fit.

    Args:
        stated: as the sender spells it; folders are cut off, odd characters become underscores, a long name keeps its
            beginning and its suffix.
        fallback: a safe name of ours, e.g. of the message's id in the ledger.
    """
    last = re.split(r"[/\\]", stated)[-1]
    name = _UNSAFE.sub("_", last).strip(" .")
    head, suffix = stem(name)
    room = _LONGEST - len(suffix.encode("utf-8"))
    if room < 1:
        return fallback
    name = head.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip(" .") + suffix
    try:
        return plain(name)
    except TransportError:
        return fallback
