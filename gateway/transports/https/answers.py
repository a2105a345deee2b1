"""What a peer answers, read within bounds, and what it means for a delivery."""

from __future__ import annotations

import contextlib
import email.utils
import http
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from gateway.errors import TransportError
from gateway.findings import clip

#: Bytes of an answer that are read. The rest is left where it is, and the connection is closed.
MOST_BYTES = 1 << 16
#: Characters of an answer that are kept.
MOST_CHARACTERS = 2000
LONGEST_PAUSE = 86400.0

OK = range(200, 300)
REDIRECTIONS = frozenset({301, 302, 307, 308})
#: Refusals that pass by themselves; so do all 5xx but these.
PASSING = frozenset({408, 425, 429})
LASTING = frozenset({501, 505, 511})

_HINTS = {
    401: "check the credentials in the agreement with the partner",
    403: "ask the partner to let our credentials deliver there",
    404: "check the path of the url with the partner",
    405: "check whether the partner wants POST or PUT",
    407: "the proxy wants to know who we are",
    411: "the peer or a proxy before it does not see the length of the file",
    413: "the peer takes no file of this size; ask for its limit, or split the file",
    415: "check content-type with the partner",
    422: "the peer has other bytes under this idempotency key",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's answer.

    Attributes:
        status: status code.
        headers: its headers.
        body: the first bytes of its body.
        whole: whether these are all of them.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def ok(self) -> bool:
        """Whether the peer says that all is well."""
        return self.status in OK

    @property
    def may_pass(self) -> bool:
        """Whether a later try may get another answer without anybody acting."""
        return self.status in PASSING or (self.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR and not self._lasts)

    @property
    def _lasts(self) -> bool:
        return self.status in LASTING

    @property
    def status_line(self) -> str:
        """``503 Service Unavailable``, in the words of the standard, not of the peer."""
        with contextlib.suppress(ValueError):
            return f"{self.status} {http.HTTPStatus(self.status).phrase}"
        return str(self.status)

    @property
    def text(self) -> str:
        """The body for people: one line, cut to a readable length. It may hold serial numbers: never log it."""
        if self.headers.get("content-encoding", "identity") != "identity":
            return f"({len(self.body)} bytes in {_line(self.headers['content-encoding'], 20)})"
        return _line(self.body.decode("utf-8", "replace"), MOST_CHARACTERS)

    @property
    def detail(self) -> str:
        """What a receipt keeps: status, where the peer put the file, and what it said."""
        parts = [self.status_line, *(f"{n}: {_line(self.headers[n])}" for n in ("location",) if n in self.headers)]
        return "; ".join([*parts, self.text] if self.body else parts)

    def names(self, key: str) -> bool:
        """Whether the answer names this idempotency key."""
        return bool(key) and (key.encode() in self.body or any(key in value for value in self.headers.values()))

    def json(self) -> Any:
        """The body as JSON, None when it is none or was not read to its end."""
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(self.body) if self.whole else None
        return None


def read(response: httpx.Response, *, whole: bool = False) -> Answer:
    """Read an answer as far as it is of use, and close it.

    A status is an answer even when the rest of it never comes: what the peer said it did must not be asked for again
    because its words got lost.

    Args:
        response: an answer whose body was not read.
        whole: the body is needed: losing it is an error.
    """
    body = bytearray()
    complete = True
    try:
        for piece in response.iter_raw():
            body += piece
            if len(body) > MOST_BYTES:
                complete = False
                break
    except httpx.HTTPError:
        if whole:
            raise
        complete = False
    finally:
        with contextlib.suppress(httpx.HTTPError):
            response.close()
    return Answer(response.status_code, response.headers, bytes(body[:MOST_BYTES]), complete)


def refusal(answer: Answer, what: str, place: str) -> TransportError:
    """The error for an answer that means that the file did not arrive.

    Args:
        answer: the peer's answer.
        what: what we wanted to do.
        place: the peer, for people.
    """
    if answer.status in REDIRECTIONS or answer.status in range(300, 400):
        where = _line(answer.headers.get("location", "nowhere").partition("?")[0])
        message = f"cannot {what} at {place}: it answers {answer.status_line} and sends us to {where}"
        return TransportError(message, hint="put the right url into the agreement; only its host is followed")
    message = f"cannot {what} at {place}: it answers {answer.status_line}"
    error = TransportError(message, hint=_HINTS.get(answer.status, ""), retryable=answer.may_pass)
    error.detail = answer.text
    error.wait = pause(answer.headers.get("retry-after", ""))
    return error


def _line(text: str, length: int = 200) -> str:
    """A peer's words as one line that can be shown, cut to a length."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return clip(" ".join(printable.split()), length)


def pause(value: str) -> float:
    """Seconds that a ``Retry-After`` asks for (RFC 9110, 10.2.3), at most a day; 0 when it says nothing."""
    if value.strip().isdecimal() and value.isascii():
        return min(float(value.strip()[:9]), LONGEST_PAUSE)
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(moment - time.time(), 0.0), LONGEST_PAUSE)
