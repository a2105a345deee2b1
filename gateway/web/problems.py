"""Saying no: every refusal is a problem as RFC 7807 defines it, with EPCIS's own types where EPCIS asks for them.

Types and titles of EPCIS come from the OpenAPI description of GS1 EPCIS 2.0 (``components/responses``).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

MEDIA = "application/problem+json"
PLAIN = "about:blank"  # RFC 7807, 4.2: the status says it all

#: Type and title in EPCIS of refusals by their status.
EPCIS = {
    400: ("epcisException:ValidationException", "The request is not valid"),
    401: ("epcisException:SecurityException", "Unauthorised request"),
    403: ("epcisException:SecurityException", "Access to resource forbidden"),
    404: ("epcisException:NoSuchNameException", "Resource not found"),
    406: ("epcisException:ImplementationException", "Cannot reproduce response in a desired content type"),
    413: ("epcisException:CaptureLimitExceededException", "Capture Payload too large"),
    415: ("epcisException:ImplementationException", "Unsupported Media Type"),
    500: ("epcisException:ImplementationException", "A server-side error occurred"),
    501: ("epcisException:ImplementationException", "Functionality not supported by server"),
}


class Problem(Exception):
    """A refusal.

    Args:
        status: status code.
        detail: what is wrong and how to repair it, for the client's people. Never data of another client, never
            something of the inside.
        headers: headers of the answer.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(self, *, epcis: bool) -> JSONResponse:
        """The answer.

        Args:
            epcis: whether it answers a request of EPCIS's REST binding.
        """
        kind, title = EPCIS.get(self.status, ("", "")) if epcis else ("", "")
        body = {
            "type": kind or PLAIN,
            "title": title or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return JSONResponse(body, self.status, headers=self.headers, media_type=MEDIA)


def is_epcis(path: str) -> bool:
    """Whether a path belongs to EPCIS's REST binding."""
    return path == "/capture" or path.startswith("/capture/")


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem for a status that needs no further words."""
    problem = Problem(status, HTTPStatus(status).description or HTTPStatus(status).phrase)
    problem.headers = dict(headers or {})
    return problem
