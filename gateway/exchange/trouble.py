"""Saying where a bug of ours struck, without the data that it struck on."""

from __future__ import annotations

import traceback


def frames(error: BaseException) -> list[str]:
    """The lines of code that an error came through, outermost first, for the log.

    A whole traceback ends with the error's text, which may repeat a serial number of the file at work. That text goes
    to the ledger only.
    """
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
