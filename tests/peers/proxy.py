"""A TCP proxy that breaks: it cuts or stalls a connection after so many bytes in one direction."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Forwards to `target`; after `limit` bytes in `direction` ("up" or "down") it does what `then` says."""

    target: int
    direction: str = "up"
    limit: int | None = None
    then: str = "cut"
    port: int = 0
    connections: int = 0
    bytes: dict[str, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    _sockets: list[socket.socket] = field(default_factory=list)

    def handle(self, client: socket.socket) -> None:
        self.connections += 1
        server = socket.create_connection(("127.0.0.1", self.target))
        self._sockets += [client, server]
        pair = (client, server)
        for source, sink, direction in ((client, server, "up"), (server, client, "down")):
            threading.Thread(target=self._forward, args=(source, sink, direction, pair), daemon=True).start()

    def _forward(self, source, sink, direction, pair) -> None:
        count = 0
        limit = self.limit if direction == self.direction else None
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                count += len(data)
                self.bytes[direction] += len(data)
                if limit is not None and count > limit:
                    if self.then == "stall":
                        return  # both sockets stay open, nothing moves any more
                    break
                sink.sendall(data)
        for sock in pair:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


@contextlib.contextmanager
def serve(target: int, *, direction: str = "up", limit: int | None = None, then: str = "cut") -> Iterator[Proxy]:
    """Start a proxy on a free loopback port."""
    proxy = Proxy(target, direction, limit, then)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    proxy.handle(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield proxy
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            proxy.close()
