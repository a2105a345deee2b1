"""An HTTP proxy that tunnels (CONNECT), and keeps what it was asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Tunnel:
    """A running proxy.

    Attributes:
        status: what it answers to CONNECT; over 299 there is no tunnel.
        asked: the first lines of requests.
    """

    status: int = 200
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def handle(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        self.asked.append(head.split(b"\r\n")[0].decode())
        client.sendall(f"HTTP/1.1 {self.status} Whatever\r\n\r\n".encode())
        if self.status > 299:
            client.close()
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        server = socket.create_connection(
            ("127.0.0.1" if host == "partner.example" or ":" in host else host, int(port))
        )
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=_pour, args=(source, sink), daemon=True).start()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serve(status: int = 200) -> Iterator[Tunnel]:
    """Start a proxy on a free loopback port."""
    tunnel = Tunnel(status)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tunnel.port = listener.getsockname()[1]

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    threading.Thread(target=tunnel.handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield tunnel
