"""The server's end made of agreements: all partners of a workspace behind one URL, served by one process."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from gateway.errors import ConfigurationError, TransportError
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
from gateway.transports.as2_http.settings import SCHEMES, As2Settings
from gateway.transports.as2_http.store import Store, sweep
from gateway.transports.as2_http.tls import Way, ask_clients, way
from gateway.transports.base import Secrets
from gateway.transports.https.place import Place
from gateway.transports.https.serving import server_context

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
    ways = {one.receipt_url: partial(way, one, partners[ids]) for ids, one in private.items() if one.receipt_url}
    incidents = Incidents(settings[0].data / INCIDENTS)
    reception = Reception(inbox, lambda them, us: partners.get((them, us)), now, scratch, incidents=incidents)
    receipts = Receipts(partial(_post, ways), scratch)
    sender = Sender(outbox, partial(_post, ways), now, scratch)
    everybody = tuple(partners.values())
    return Site(reception, sender, quarantine, receipts, limits or Limits(), stop=receipts.stop, partners=everybody)


def server_tls(
    certificate: Path | None, key: str, secrets: Secrets, partners: Iterable[Partner]
) -> ssl.SSLContext | None:
    """TLS of the server; None for plain HTTP.

    Args:
        certificate: PEM file with its certificate and chain; None for none.
        key: reference to the private key.
        secrets: resolves it.
        partners: whose client certificates are taken.

    Raises:
        ConfigurationError: a certificate or key cannot be used, or a partner must show one and there is no TLS.
    """
    partners = list(partners)
    if certificate is None:
        for one in partners:
            if one.settings.must_tls:
                message = f"{one.settings.them} must show a certificate (must-tls), and the server has no TLS"
                raise ConfigurationError(message, hint="set certificate and key under [as2] in gateway.toml")
        return None
    context = server_context(certificate, secrets(key), "as2")
    ask_clients(context, partners)
    return context


Ways = Mapping[str, Callable[[dt.datetime], Way]]
"""Addresses for receipts, and how each is reached at a time."""


def _post(ways: Ways, url: str, fields: Fields, body: Content, target: Path) -> Reply:
    """Post with a connection of its own: receipts are sent from several threads, over the certificates of now."""
    registered = url if url in ways else next((one for one in ways if Place.of(one, SCHEMES).same(url)), "")
    if not registered:
        message = f"{url} is not the address of an agreement"
        raise TransportError(message)
    try:
        found = ways[registered](now())
    except ConfigurationError as error:  # e.g. the certificate that is pinned has ended meanwhile
        raise TransportError(error.message, hint=error.hint) from error
    wait = {"answer": ANSWER_SECONDS, "transfer": 4 * ANSWER_SECONDS}
    with poster({registered: found.private}, found.context, pins=found.pins, **wait) as post:
        return post(url, fields, body, target)
