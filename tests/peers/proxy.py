"""A TCP proxy that breaks or is far: it cuts or stalls connections after so many bytes, and delays what it forwards."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Forwards to `target`; after `limit` bytes in `direction` ("up" or "down") it does what `then` says.

    Everything arrives `delay` seconds later. `bytes` counts the bytes of each direction, `cuts` how often it still
    cuts (None: always).
    """

    target: int
    direction: str = "up"
    limit: int | None = None
    then: str = "cut"
    port: int = 0
    connections: int = 0
    bytes: dict[str, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    delay: float = 0.0
    cuts: int | None = None
    _sockets: list[socket.socket] = field(default_factory=list)

    def handle(self, client: socket.socket) -> None:
        self.connections += 1
        server = socket.create_connection(("127.0.0.1", self.target))
        self._sockets += [client, server]
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the delay is ours alone
        pair = (client, server)
        for source, sink, direction in ((client, server, "up"), (server, client, "down")):
            threading.Thread(target=self._forward, args=(source, sink, direction, pair), daemon=True).start()

    def _forward(self, source, sink, direction, pair) -> None:
        count = 0
        limit = self.limit if direction == self.direction and self.cuts != 0 else None
        send = self._later(sink) if self.delay else sink.sendall
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                count += len(data)
                self.bytes[direction] += len(data)
                if limit is not None and count > limit:
                    if self.then == "stall":
                        return  # both sockets stay open, nothing moves any more
                    self.cuts = self.cuts and self.cuts - 1
                    break
                send(data)
        if self.delay:
            time.sleep(self.delay)
        for sock in pair:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _later(self, sink):
        waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def work() -> None:
            with contextlib.suppress(OSError):
                while True:
                    due, data = waiting.get()
                    time.sleep(max(0.0, due - time.monotonic()))
                    sink.sendall(data)

        threading.Thread(target=work, daemon=True).start()
        return lambda data: waiting.put((time.monotonic() + self.delay, data))

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


@contextlib.contextmanager
def serve(
    target: int,
    *,
    direction: str = "up",
    limit: int | None = None,
    then: str = "cut",
    delay: float = 0.0,
    cuts: int | None = None,
) -> Iterator[Proxy]:
    """Start a proxy on a free loopback port."""
    proxy = Proxy(target, direction, limit, then, delay=delay, cuts=cuts)
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
