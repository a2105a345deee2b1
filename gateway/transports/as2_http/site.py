"""The server's end made of agreements: all partners of a workspace behind one URL, served by one process."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.transports.as2 import Content
from gateway.transports.as2.build import Fields
from gateway.transports.as2.partner import Partner
from gateway.transports.as2_http.incidents import Incidents
from gateway.transports.as2_http.post import poster
from gateway.transports.as2_http.receipts import Receipts
from gateway.transports.as2_http.reception import Reception
from gateway.transports.as2_http.sending import Reply, Sender
from gateway.transports.as2_http.server import Limits, Site
from gateway.transports.as2_http.session import INBOX, INCIDENTS, OUTBOX, QUARANTINE, SERVING, folder, now, partner_of
from gateway.transports.as2_http.settings import As2Settings
from gateway.transports.as2_http.store import Store, sweep
from gateway.transports.base import Secrets

ANSWER_SECONDS = 30
"""How long a partner may take to accept a receipt, which is small."""


def site(stated: Iterable[As2Settings], secrets: Secrets, limits: Limits | None = None) -> Site:
    """What the server needs.

    Args:
        stated: settings of channels, then of targets: where two name the same ids, the first one says what messages
            must be.
        secrets: resolves references.
        limits: bounds on one request.

    Raises:
        ConfigurationError: there are none, a certificate or key cannot be read, or they name several data folders.
    """
    settings = list(stated)
    folders = {one.data for one in settings}
    if len(folders) != 1:
        message = "no agreement has a channel or target of AS2" if not settings else "AS2 needs one data folder for all"
        raise ConfigurationError(message, hint="`transport: as2` in agreements; leave out `data`")
    partners: dict[tuple[str, str], Partner] = {}
    private: dict[tuple[str, str], As2Settings] = {}
    for one in settings:
        ids = (one.them, one.us)
        if ids not in partners:
            partners[ids], private[ids] = partner_of(one, secrets), one
    scratch, quarantine = folder(settings[0], SERVING), folder(settings[0], QUARANTINE)
    sweep(scratch, 0)
    sweep(quarantine, 0)
    inbox, outbox = Store(settings[0].data / INBOX), Store(settings[0].data / OUTBOX)
    inbox.clean()
    registered = {one.receipt_url: one.private_addresses for one in private.values() if one.receipt_url}
    incidents = Incidents(settings[0].data / INCIDENTS)
    reception = Reception(inbox, lambda them, us: partners.get((them, us)), now, scratch, incidents=incidents)
    receipts = Receipts(partial(_post, registered), scratch)
    sender = Sender(outbox, partial(_post, registered), now, scratch)
    return Site(reception, sender, quarantine, receipts, limits or Limits(), stop=receipts.stop)


def _post(registered: dict[str, bool], url: str, fields: Fields, body: Content, target: Path) -> Reply:
    """Post with a connection of its own: receipts are sent from several threads."""
    with poster(registered, answer=ANSWER_SECONDS, transfer=4 * ANSWER_SECONDS) as post:
        return post(url, fields, body, target)
