"""paramiko's SFTP client, with four things that it lacks.

* File names that are not UTF-8: paramiko stops at the first one in a folder.
* Failed writes: paramiko drops the answers to the last hundred pipelined writes, so that a hole in a file on a full
  disk goes unnoticed.
* Silence: paramiko goes on using a connection after a timeout, in the middle of a packet.
* Broken connections: the thread that asks for blocks ahead prints a traceback.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR, SFTPError

# The largest read or write that every server takes (paramiko, SFTPFile.MAX_REQUEST_SIZE).
REQUEST = 32768


class Client(paramiko.SFTPClient):
    """An SFTP session on a channel."""

    def _read_packet(self) -> tuple[int, bytes]:
        with self._unusable_after_timeout():
            return super()._read_packet()  # type: ignore[misc, no-any-return]

    def _send_packet(self, kind: int, packet: paramiko.Message) -> None:
        with self._unusable_after_timeout():
            super()._send_packet(kind, packet)  # type: ignore[misc]

    @contextlib.contextmanager
    def _unusable_after_timeout(self) -> Iterator[None]:
        """Break the connection when it fell silent: half a packet may be lost, and cleaning up would wait again."""
        try:
            yield
        except TimeoutError:
            self.sock.get_transport().close()
            raise

    def entries(self, folder: bytes) -> Iterator[tuple[bytes, paramiko.SFTPAttributes]]:
        """Names and attributes of what is in a folder, ``.`` and ``..`` left out."""
        request: Callable[..., tuple[int, paramiko.Message]] = self._request  # type: ignore[attr-defined]
        kind, answer = request(CMD_OPENDIR, folder)
        if kind != CMD_HANDLE:
            message = "Expected handle"
            raise SFTPError(message)
        handle = answer.get_binary()
        try:
            while True:
                try:
                    kind, answer = request(CMD_READDIR, handle)
                except EOFError:
                    return
                if kind != CMD_NAME:
                    message = "Expected name response"
                    raise SFTPError(message)
                for _ in range(answer.get_int()):
                    name = answer.get_binary()
                    line = answer.get_binary()
                    attributes = _attributes(answer, line)
                    if name not in {b".", b".."}:
                        yield name, attributes
        finally:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                request(CMD_CLOSE, handle)

    def write(self, path: bytes, blocks: Iterable[bytes], *, exclusive: bool, progress: Callable[[], None]) -> None:
        """Write a file and see the answer to every write.

        Args:
            path: the file; it is overwritten unless `exclusive`.
            blocks: its bytes.
            exclusive: fail if the file is there.
            progress: called after each block.
        """
        with self.open(path, "wx" if exclusive else "wb") as file:
            file.set_pipelined(True)
            held = b""
            for block in blocks:
                file.write(held)
                progress()
                held = block
            # The last piece goes without pipelining: that waits for the answers to all writes before it.
            head = max(len(held) - REQUEST, 0)
            file.write(held[:head])
            file.set_pipelined(False)
            file.write(held[head:])

    @contextlib.contextmanager
    def reading(self, path: bytes, size: int, *, prefetch: bool) -> Iterator[Callable[[int], bytes]]:
        """Open a file for reading up to `size` bytes; gives the function that reads the next ones."""
        with self.open(path, "rb") as file:
            if prefetch and size > REQUEST:
                _quiet_prefetch(file)
                file.prefetch(size)
            left = size

            def read(most: int) -> bytes:
                nonlocal left
                data: bytes = file.read(min(most, left)) if left else b""
                left -= len(data)
                return data

            yield read


def _attributes(answer: paramiko.Message, line: bytes) -> paramiko.SFTPAttributes:
    build: Callable[..., paramiko.SFTPAttributes] = paramiko.SFTPAttributes._from_msg  # type: ignore[attr-defined]  # noqa: SLF001 - the only parser of this part
    attributes = build(answer)
    attributes.longname = line.decode("utf-8", "replace")
    return attributes


def _quiet_prefetch(file: Any) -> None:
    """Keep the prefetch thread's errors out of standard error: the reading side gets them anyway."""
    ask = file._prefetch_thread  # noqa: SLF001 - there is no public place to catch them

    def ask_quietly(*arguments: Any) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            ask(*arguments)

    file._prefetch_thread = ask_quietly  # noqa: SLF001 - as above
