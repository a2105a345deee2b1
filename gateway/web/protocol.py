"""HTTP/1.1 as uvicorn speaks it, with the bounds that it lacks: connections, slow headers, bodies that nobody wants.

uvicorn waits for ever for a request's headers, and reads for ever what a client sends after it was refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import sys
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.transports.https.serving import CERTIFICATE
from gateway.web.problems import MEDIA, of_status

BAD = 400

LINGER_SECONDS = 5.0
LINGER_BYTES = 8 << 20
UNREAD_SECONDS = 30.0


class Bounded(H11Protocol):
    """One connection.

    Attributes:
        most_connections: connections at the same time; further ones are closed at once.
        header_seconds: from the connection, or from the end of the request before, to the end of a request's headers.
    """

    most_connections: ClassVar[int]
    header_seconds: ClassVar[float]
    _timer: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _unwanted = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self.app_state = {**self.app_state, CERTIFICATE: _fingerprint(transport)}
        self._arm(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or we, have gone."""
        self._disarm()
        self._written()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._refused():
            self._unwanted += len(data)
            if self._unwanted > LINGER_BYTES:
                self.transport.abort()
                return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._arm(self.header_seconds)  # a part of a request's headers
        elif not self._refused():
            self._disarm()

    def on_response_complete(self) -> None:
        """A request has its answer."""
        super().on_response_complete()
        if self._refused():
            # The client still sends what nobody reads. Closing at once would lose the answer on its way.
            self._arm(LINGER_SECONDS)

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        super().pause_writing()
        self._writing = self._writing or self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads on."""
        self._written()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """What came is no HTTP, or more of it than there may be: h11 knows which status says so."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # the answer went out before, to what looked like a request
            return
        status = int(getattr(sys.exception(), "error_status_hint", BAD))
        problem = of_status(status).response(epcis=False)
        body = bytes(problem.body)
        headers = [(b"content-type", MEDIA.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _written(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _refused(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY

    def _arm(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(seconds, self._give_up)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        self.transport.abort()


def protocol(most_connections: int, header_seconds: float) -> type[Bounded]:
    """The protocol class with these bounds."""
    return type("Protocol", (Bounded,), {"most_connections": most_connections, "header_seconds": header_seconds})


def _fingerprint(transport: asyncio.Transport) -> str:
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    shown: Any = connection.getpeercert(binary_form=True) if connection is not None else None
    return hashlib.sha256(shown).hexdigest().upper() if shown else ""
