"""What can go wrong on the way to a peer, in our words: errors of httpx and OpenSSL become a TransportError."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator

import httpcore
import httpx

from gateway.errors import TransportError
from gateway.findings import clip

_CERTIFICATE = "its certificate is not valid"


@contextlib.contextmanager
def explained(what: str, place: str) -> Iterator[None]:
    """Turn an error inside into a TransportError that says what we wanted to do, where, and whether to retry."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.TimeoutException, httpcore.NetworkError) as error:
        reason, retryable, hint = explain(error)
        message = f"cannot {what} at {place}: {reason}"
        raise TransportError(message, hint=hint, retryable=retryable) from error


def explain(error: Exception) -> tuple[str, bool, str]:  # noqa: PLR0911 - a table with one line an error
    """The reason in words, whether a later try may succeed without anybody acting, and what to do."""
    root = _of_openssl(error)
    match root or error:
        case ssl.SSLCertVerificationError() as bad:
            hint = "the partner has to renew or repair it; a `ca` of the agreement may be the wrong one"
            return f"{_CERTIFICATE}: {bad.verify_message}", False, hint
        case ssl.SSLError() as bad if _is_about_us(bad):
            return "it does not accept our certificate", False, "check client-certificate with the partner"
        case ssl.SSLError() as bad:
            reason = (bad.reason or str(bad)).replace("_", " ").lower()
            return f"no TLS connection: {clip(reason)}", "eof" in reason, ""
        case httpx.ConnectTimeout() | httpcore.ConnectTimeout():
            return "it did not take the connection in time", True, ""
        case httpx.WriteTimeout() | httpcore.WriteTimeout():
            return "it did not take the bytes in time", True, ""
        case httpx.TimeoutException() | httpcore.TimeoutException():
            return "it did not answer in time", True, ""
        case httpx.ProxyError():
            return f"the proxy refuses: {clip(str(error))}", True, "check `proxy` in the agreement"
        case httpx.ConnectError():
            return f"no connection: {clip(str(error))}", True, ""
        case httpx.RemoteProtocolError():
            return f"its answer is no HTTP, or ended early: {clip(str(error))}", True, ""
        case _:
            return f"the connection broke: {clip(str(error)) or type(error).__name__}", True, ""


def _of_openssl(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _is_about_us(error: ssl.SSLError) -> bool:
    """Whether the peer broke off with an alert about the certificate that we showed, or did not show."""
    return "ALERT" in (error.reason or "") and ("CERTIFICATE" in error.reason or "UNKNOWN_CA" in error.reason)
