"""Telling that the ledger itself does not work: its disk is full, or its server is gone.

What was told of other troubles stands in the ledger. Of this one it cannot, so it is remembered here, by this process:
after a restart it is told anew, and each worker tells it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway import logs
from gateway.errors import GatewayError
from gateway.exchange.clock import Clock, stamp
from gateway.exchange.operations.alert_ways import Notice, Way
from gateway.exchange.operations.troubles import LEDGER
from gateway.settings import Settings

TEXT = "the ledger cannot be read or written, so that nothing goes on: see the log, and gateway status"
BLIND = "it cannot be found out what is wrong, because of a bug: see the log"

log = logs.get(__name__)


class Alarm:
    """Tells, by all ways, that the ledger does not work, and that it works again.

    Args:
        settings: the workspace's.
        ways: how it is told.
        clock: the time.
    """

    def __init__(self, settings: Settings, ways: Sequence[Way], clock: Clock) -> None:
        self._settings, self._ways, self._clock = settings, ways, clock
        self._began: datetime | None = None
        self._last: datetime | None = None
        self._told: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def broken(self, text: str = TEXT) -> None:
        """The ledger does not work at this moment, or cannot be looked at."""
        with self._lock:
            now = self._clock()
            self._began, self._last = self._began or now, now
            repeat = timedelta(seconds=self._settings.alerts.repeat)
            for way in self._ways:
                told = self._told.get(way.name)
                if (told is None or now - told >= repeat) and self._tell(way, "still" if told else "new", text):
                    self._told[way.name] = now

    def works(self) -> None:
        """The ledger works at this moment. Its trouble is over when it has worked for `pause` seconds."""
        with self._lock:
            if self._last is None or self._clock() - self._last < timedelta(seconds=self._settings.alerts.pause):
                return
            for way in self._ways:
                if way.name in self._told and self._tell(way, "ended", TEXT):
                    del self._told[way.name]
            if not self._told:
                self._began = self._last = None

    def _tell(self, way: Way, what: str, text: str) -> bool:
        if LEDGER in self._settings.alerts.mute or self._began is None:
            return False
        notice = Notice(f"{LEDGER}:{LEDGER}", LEDGER, what, text, 1, stamp(self._began))
        try:
            way.tell(str(self._settings.root), [notice])
        except GatewayError as error:
            log.warning("alert not told", way=way.name, error=str(error))
            return False
        log.warning("alert", kind=notice.kind, what=notice.what, text=notice.text)
        return True
