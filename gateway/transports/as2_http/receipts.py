"""Sending receipts that a partner wants later, to the address that the agreement registers and to no other one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

from gateway import logs
from gateway.errors import TransportError
from gateway.transports.as2.build import Built
from gateway.transports.as2.partner import Partner
from gateway.transports.as2_http.sending import Post
from gateway.transports.as2_http.settings import SCHEMES
from gateway.transports.https.place import Place

log = logs.get(__name__)

WAITS = (0.0, 5.0, 30.0, 120.0)
"""Seconds before each try."""


class Receipts:
    """Sends receipts.

    Args:
        post: speaks HTTP.
        scratch: folder for answers.
        waits: seconds before each try; when they are used up, the partner sends the message again and gets the stored
            receipt.
    """

    def __init__(self, post: Post, scratch: Path, waits: Sequence[float] = WAITS) -> None:
        self._post, self._scratch, self._waits = post, scratch, waits
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Give up waiting: the process ends, and partners will ask again."""
        self._stopped.set()

    def __call__(self, partner: Partner, url: str, built: Built) -> bool:
        """Send a receipt; whether it arrived."""
        registered = partner.settings.receipt_url
        if not _same(registered, url):
            # The address comes from outside; posting there would let anybody reach hosts through us.
            log.error(
                "AS2 receipt not sent: its address is not registered", partner=partner.settings.them, url=url[:300]
            )
            return False
        for wait in self._waits:
            if self._stopped.wait(wait):
                return False
            target = self._scratch / f"answer-{uuid.uuid4().hex}"
            try:
                reply = self._post(url, built.fields, built.body, target)
            except TransportError as error:
                log.warning("AS2 receipt not sent", partner=partner.settings.them, reason=str(error))
                continue
            finally:
                target.unlink(missing_ok=True)
            if 200 <= reply.status < 300:  # noqa: PLR2004
                return True
            log.warning("AS2 receipt not taken", partner=partner.settings.them, status=reply.status)
        return False


def _same(registered: str, url: str) -> bool:
    try:
        return bool(registered) and Place.of(registered, SCHEMES).same(url)
    except ValueError:
        return False
