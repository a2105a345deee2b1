"""The wire under httpx: connections only to registered places, one deadline for all, and pinned certificates.

httpx and httpcore have timeouts for single reads and writes only, so a peer that sends a byte a minute keeps a
connection for ever. Here every read and write also ends at the deadline of the whole exchange.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Collection, Iterable
from typing import Any

import httpcore
import httpx

from gateway.errors import TransportError
from gateway.transports.https.place import Place, refused

PIECE = 1 << 15  # bytes in one write, so that a stalled peer is noticed in the middle of a block


class Wire(httpcore.SyncBackend):
    """Opens connections.

    Args:
        places: the hosts and ports that may be connected to; True where private addresses are allowed.
        pins: SHA-256 fingerprints of certificates; empty for any valid one.
        pinned: host whose certificate must be one of `pins`.
    """

    def __init__(self, places: dict[Place, bool], pins: Collection[str] = (), pinned: str = "") -> None:
        super().__init__()
        self._places = {(place.host, place.port): private for place, private in places.items()}
        self._pinned_host = pinned.lower() if pins else None
        self._pins = frozenset(pins)
        self.deadline = float("inf")
        self.facts: tuple[str, ...] = ()

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """Seconds for the next operation.

        Raises:
            Exception: of type `error`, when the deadline has passed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            message = "the exchange took longer than it may"
            raise error(message)
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a registered place, at an address that may be connected to."""
        private = self._places.get((host, port))
        if private is None:
            message = f"{host}:{port} is not the host and port of the agreement"
            raise TransportError(message)
        trouble = f"the host name {host!r} is not known"
        last: Exception | None = None
        for address in _addresses(host, port):
            reason = refused(ipaddress.ip_address(address.partition("%")[0]), private=private)
            if reason:
                trouble = f"{host} leads to {address}, which {reason}"
                continue
            try:
                wait = self.left(timeout, httpcore.ConnectTimeout)
                stream = super().connect_tcp(address, port, wait, local_address, socket_options)
                return Stream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        if last is not None:
            raise last
        raise TransportError(trouble, retryable=trouble.endswith("is not known"))

    def greet(self, place: Place, context: ssl.SSLContext, timeout: float) -> tuple[str, ...]:
        """Connect, speak TLS and leave again; says what was seen."""
        stream = self.connect_tcp(place.host, place.port, timeout)
        try:
            if place.scheme == "https":
                stream = stream.start_tls(context, place.host, timeout)
        finally:
            stream.close()
        return self.facts

    def check(self, stream: httpcore.NetworkStream, host: str | None) -> None:
        """Look at the certificate of a connection before anything is sent over it.

        Raises:
            TransportError: it is none of those pinned.
        """
        connection = stream.get_extra_info("ssl_object")
        shown = hashlib.sha256(connection.getpeercert(True) or b"")
        found = shown.hexdigest().upper()
        self.facts = (
            f"{connection.version()} {connection.cipher()[0]}",
            f"its certificate is valid until {connection.getpeercert(False).get('notAfter', 'nobody knows when')}",
            f"SHA-256 of its certificate: {found}",
        )
        # httpx leaves the hexadecimal digits of an IPv6 address as they were written.
        if host is not None and host.lower() == self._pinned_host and found not in self._pins:
            stream.close()
            message = f"{host} is not the server expected: its certificate has the SHA-256 {found}, which is not pinned"
            hint = "ask the partner, by another way than this connection, whether it changed; then add it to `pins`"
            raise TransportError(message, hint=hint)


class Stream(httpcore.NetworkStream):
    """A connection whose operations end at the wire's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read at most so many bytes."""
        return self._stream.read(max_bytes, self._wire.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all the bytes."""
        for start in range(0, len(buffer), PIECE):
            wait = self._wire.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + PIECE], wait)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Speak TLS from here on, with a peer whose certificate was checked."""
        wait = self._wire.left(timeout, httpcore.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, wait)
        self._wire.check(stream, server_hostname)
        return Stream(stream, self._wire)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore wants to know about the socket."""
        return self._stream.get_extra_info(info)


class WireTransport(httpx.HTTPTransport):
    """httpx's transport over a `Wire`: HTTP/1.1, one connection.

    Args:
        wire: opens the connections.
        context: TLS settings for the peer.
        proxy: URL of a proxy, empty for none.
    """

    def __init__(self, wire: Wire, context: ssl.SSLContext, proxy: str) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool.close()
        if proxy:
            self._pool = httpcore.HTTPProxy(
                proxy_url=proxy, ssl_context=context, max_connections=1, network_backend=wire
            )
        else:
            self._pool = httpcore.ConnectionPool(ssl_context=context, max_connections=2, network_backend=wire)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
