"""paramiko's SFTP client, with what it lacks.

* Several requests at a time, for the many small files of a far server.
* The server's extensions, and its answer "I do not know this request".
* File names that are not UTF-8: paramiko stops at the first one in a folder.
* Failed writes: paramiko drops the answers to the last hundred pipelined writes, so that a hole in a file on a full
  disk goes unnoticed.
* Silence: paramiko goes on using a connection after a timeout, in the middle of a packet.
* Broken connections: the thread that asks for blocks ahead prints a traceback.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import paramiko
from paramiko.sftp import (
    CMD_CLOSE,
    CMD_HANDLE,
    CMD_INIT,
    CMD_NAME,
    CMD_OPENDIR,
    CMD_READDIR,
    CMD_STATUS,
    CMD_VERSION,
    SFTP_OP_UNSUPPORTED,
    SFTPError,
)

# The largest read or write that every server takes (paramiko, SFTPFile.MAX_REQUEST_SIZE).
REQUEST = 32768
#: Reads that are asked for before the first is answered: twice what the connection's window of 2 MiB holds. Without a
#: bound paramiko asks for the whole file at once, and keeps half a kilobyte for each read until it is answered.
_ASKED = 128
_PAUSE = 0.005  # seconds
PROTOCOL = 3
POSIX_RENAME = "posix-rename@openssh.com"

Request = tuple[Any, ...]
"""A request: its command, then its arguments as paramiko packs them."""
Answer = tuple[int, paramiko.Message] | OSError | EOFError
"""The kind of an answer and its contents; a refusal is a value here, so that it spoils none of the others."""


class FailedError(OSError):
    """The server answered that a request failed, without saying of which kind the failure is."""


class _Answers:
    """Collects the answers to requests that run at the same time; paramiko calls it like one of its files."""

    def __init__(self, convert: Callable[[paramiko.Message], None]) -> None:
        self._convert = convert
        self.by_number: dict[int, Answer] = {}

    def _async_response(self, kind: int, answer: paramiko.Message, number: int) -> None:
        self.by_number[number] = (kind, answer)
        if kind == CMD_STATUS:
            try:
                self._convert(answer)
            except (OSError, EOFError) as error:
                self.by_number[number] = error


class Client(paramiko.SFTPClient):
    """An SFTP session on a channel.

    Attributes:
        extensions: what the server says that it can do beyond the protocol.
    """

    def _send_version(self) -> int:
        hello = paramiko.Message()
        hello.add_int(PROTOCOL)
        self._send_packet(CMD_INIT, hello)
        kind, data = self._read_packet()
        if kind != CMD_VERSION:
            message = "Incompatible sftp protocol"
            raise SFTPError(message)
        answer = paramiko.Message(data)
        version = answer.get_int()
        names = []
        while answer.get_remainder():
            names.append(answer.get_binary().decode("utf-8", "replace"))
            answer.get_binary()
        self.extensions = frozenset(names)
        return version

    def _convert_status(self, answer: paramiko.Message) -> None:
        code = paramiko.Message(answer.get_remainder()).get_int()
        if code == SFTP_OP_UNSUPPORTED:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        try:
            super()._convert_status(answer)  # type: ignore[misc]
        except OSError as error:
            if error.errno is None:
                raise FailedError(str(error)) from None
            raise

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        """Send all requests, then wait for all answers, in the order of the requests.

        The answers must fit into the connection's window of 2 MiB, or both sides wait for each other.

        Raises:
            paramiko.SSHException: the connection broke.
        """
        answers = _Answers(self._convert_status)
        numbers = [self._async_request(answers, *request) for request in requests]  # type: ignore[attr-defined]
        while len(answers.by_number) < len(numbers):
            self._read_response()  # type: ignore[attr-defined]
        return [answers.by_number[number] for number in numbers]

    @property
    def usable(self) -> bool:
        """Whether the connection still stands, as far as is known without asking the server."""
        transport = self.sock.get_transport()
        return not self.sock.closed and transport is not None and transport.is_active()

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
                    attributes = attributes_of(answer, line)
                    if name not in {b".", b".."}:
                        yield name, attributes
        finally:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                request(CMD_CLOSE, handle)

    @contextlib.contextmanager
    def writing(self, path: bytes, *, exclusive: bool) -> Iterator[Callable[[Iterable[bytes]], None]]:
        """Open a file for writing; gives the function that writes all its bytes and sees the answer to every write.

        Args:
            path: the file; it is overwritten unless `exclusive`.
            exclusive: fail if the file is there.
        """
        with self.open(path, "wx" if exclusive else "wb") as file:

            def write(blocks: Iterable[bytes]) -> None:
                file.set_pipelined(True)
                held = b""
                for block in blocks:
                    file.write(held)
                    held = block
                # The last piece goes without pipelining: that waits for the answers to all writes before it.
                head = max(len(held) - REQUEST, 0)
                file.write(held[:head])
                file.set_pipelined(False)
                file.write(held[head:])

            yield write

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
                wanted = min(most, left)
                data: bytes = file.read(wanted) if wanted else b""
                # Less than wanted is the end. Asked once more, a prefetched file waits for an answer that never comes.
                left = left - len(data) if len(data) == wanted else 0
                return data

            yield read


def attributes_of(answer: paramiko.Message, line: bytes = b"") -> paramiko.SFTPAttributes:
    """Attributes of a file out of an answer; `line` is the one for people in a listing."""
    build: Callable[..., paramiko.SFTPAttributes] = paramiko.SFTPAttributes._from_msg  # type: ignore[attr-defined]  # noqa: SLF001 - the only parser of this part
    attributes = build(answer)
    attributes.longname = line.decode("utf-8", "replace")
    return attributes


def _quiet_prefetch(file: Any) -> None:
    """Keep the prefetch thread's errors out of standard error: the reading side gets them anyway.

    It asks for no more than `_ASKED` reads ahead, and ends with the file. paramiko's own bound goes on for ever when
    nobody reads any more.
    """
    ask = file._prefetch_thread  # noqa: SLF001 - there is no public place to catch them

    def some(chunks: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for chunk in chunks:
            while len(file._prefetch_extents) >= _ASKED and not file.closed:  # noqa: SLF001
                time.sleep(_PAUSE)
            if file.closed:
                return
            yield chunk

    def ask_quietly(chunks: Iterable[tuple[int, int]], *arguments: Any) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            ask(some(chunks), *arguments)

    file._prefetch_thread = ask_quietly  # noqa: SLF001 - as above
