"""What stands behind the events, told from the end of a file instead of passing over all of it.

Nearly every document ends with its last event and the brackets that are still open. Where the last bytes look so, the
first pass over a large file is spared. It is a guess: whoever reads the events finds the true end of their list, and
compares (`gateway.formats.epcis_json.read`).
"""

from __future__ import annotations

import re
from typing import BinaryIO, Final

import msgspec

from gateway.formats.epcis_json.blocks import EVENT_TYPES, Events

_LOOKED_AT: Final = 1 << 17  # an event that is longer is not looked at
_SPACE: Final = rb"[ \t\r\n]*+"
_FIRST_KEY: Final = re.compile(rb'\{[ \t\r\n]*+"type"[ \t\r\n]*+:[ \t\r\n]*+"')
_decode = msgspec.json.Decoder(msgspec.Raw).decode


def plain_ending(stream: BinaryIO, size: int, events: Events) -> bytes | None:
    """What stands behind the ``]`` of the event list, if it is nothing but closing brackets.

    Args:
        stream: the file, UTF-8; left where it is.
        size: its bytes.
        events: its event list, of which nothing was handed out yet.

    Returns:
        The brackets, or None when the end of the file does not look so.
    """
    here = stream.tell()
    stream.seek(max(size - _LOOKED_AT, 0))
    end = stream.read(_LOOKED_AT)
    stream.seek(here)
    closing = _SPACE.join(re.escape(events.closing[at : at + 1]) for at in range(len(events.closing)))
    match = re.search(closing + _SPACE + rb"\Z", end)
    first = _FIRST_KEY.match(events.rest.lstrip())
    if match is None or first is None:
        return None
    start = end.rfind(first[0], 0, match.start())
    while start >= 0 and not end.startswith(EVENT_TYPES, start + len(first[0])):
        start = end.rfind(first[0], 0, start)
    if start < 0 or not end[:start].rstrip().endswith(b","):
        return None
    try:
        _decode(end[start : match.start()])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return end[match.start() + 1 :]
