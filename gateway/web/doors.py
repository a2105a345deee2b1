"""Who may come in: the channels that partners push into, and the keys and certificates that open them.

Keys are kept as SHA-256 hashes, those given by reference too. A key that is shown is compared with all of them in a
time that does not depend on which one it is, or how much of it is right.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.agreements.load import Agreements
from gateway.errors import ConfigurationError
from gateway.transports.base import Secrets
from gateway.transports.https.receive import Receive
from gateway.web.problems import Problem

SCHEME = "bearer "
SHORTEST_KEY = 20  # characters; a shorter key could be guessed from its hash


@dataclass(frozen=True, slots=True)
class Door:
    """A channel that files are pushed into.

    Attributes:
        channel: its id.
        partner: whose it is.
        receive: who may come in, and with what.
        same_content: whether bytes that came before are processed again.
    """

    channel: str
    partner: str
    receive: Receive
    same_content: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who has shown a key or a certificate.

    Attributes:
        name: name of the key, or the first digits of the certificate's SHA-256; it stands in the ledger.
        doors: the channels that are open to this one.
    """

    name: str
    doors: tuple[Door, ...]

    def door(self, channel: str) -> Door:
        """The channel of this id.

        Raises:
            Problem: it is not open to this client; whether there is such a channel is not said.
        """
        for door in self.doors:
            if door.channel == channel:
                return door
        raise Problem(403, "This key or certificate does not open that channel.")

    def capture(self) -> Door:
        """The channel that this client's EPCIS documents go into.

        Raises:
            Problem: there is none.
        """
        for door in self.doors:
            if door.receive.capture:
                return door
        raise Problem(403, "This key or certificate does not allow capturing EPCIS documents.")


class Doors:
    """All channels that files are pushed into.

    Args:
        agreements: the agreements in force.
        secrets: resolves references to keys.

    Raises:
        ConfigurationError: a key cannot be resolved, is too short, or opens doors of two partners.
    """

    def __init__(self, agreements: Agreements, secrets: Secrets) -> None:
        self.all: Sequence[Door] = [
            Door(channel.id, agreement.partner.id, receive, channel.duplicates.content == "process")
            for agreement, channel in agreements.channels()
            if isinstance(receive := getattr(channel.settings, "receive", None), Receive)
        ]
        self._keys: dict[bytes, Client] = {}
        self._certificates: dict[str, Client] = {}
        for door in self.all:
            for key in door.receive.keys:
                digest = bytes.fromhex(key.sha256) if key.sha256 else _hash(_long(secrets(key.key or ""), key.name))
                self._keys[digest] = _opened(self._keys.get(digest), key.name, door)
            for pin in door.receive.certificates:
                name = f"certificate-{pin[:16].lower()}"
                self._certificates[pin] = _opened(self._certificates.get(pin), name, door)

    def client(self, headers: Mapping[str, str], certificate: str) -> Client:
        """Who shows these headers or this certificate.

        Args:
            headers: headers of a request.
            certificate: SHA-256 of the client's certificate, which the server has verified; empty for none.

        Raises:
            Problem: nobody that we know.
        """
        shown = headers.get("x-api-key", "")
        authorization = headers.get("authorization", "")
        if not shown and authorization.lower().startswith(SCHEME):
            shown = authorization[len(SCHEME) :].strip()
        digest = _hash(shown)
        found = None
        for kept, client in self._keys.items():
            if hmac.compare_digest(kept, digest) and shown:
                found = client
        found = found or self._certificates.get(certificate)
        if found is None:
            why = (
                "The key is not known." if shown else "Show an API key (Authorization: Bearer KEY, or X-API-Key: KEY)."
            )
            raise Problem(401, why, WWW_Authenticate="Bearer")
        return found


def _opened(client: Client | None, name: str, door: Door) -> Client:
    """The client of a key, to whom one more door is open."""
    if client is None:
        return Client(name, (door,))
    other = client.doors[0]
    if client.name != name or other.partner != door.partner:
        message = f"one key stands under {client.name!r} in channel {other.channel} and {name!r} in {door.channel}"
        raise ConfigurationError(message, hint="give every partner a key of its own, and each key one name")
    if door.receive.capture and any(each.receive.capture for each in client.doors):
        message = f"the key {name!r} opens {other.channel} and {door.channel} for captures: which one is meant?"
        raise ConfigurationError(message, hint="set `capture: true` in one of them")
    return Client(name, (*client.doors, door))


def _long(key: str, name: str) -> str:
    if len(key) < SHORTEST_KEY:
        message = f"the key {name!r} has less than {SHORTEST_KEY} characters"
        raise ConfigurationError(message, hint="`gateway serve --new-key` makes one")
    return key


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
