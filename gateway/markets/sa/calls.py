"""Calls to the services of RSD: HTTP Basic, SOAP 1.1, no header; what one client does otherwise is a setting."""

from __future__ import annotations

import base64
from typing import Any, Final

from gateway.errors import ConfigurationError, TransportError
from gateway.formats.epcis_xml.escape import text
from gateway.markets.client import Account, Call, Reply
from gateway.markets.kit.checks import is_gln
from gateway.markets.kit.soap import CONTENT_TYPE, Service
from gateway.markets.sa.operations import Operation
from gateway.options import Setting

SECURITY: Final = Setting(
    "ws-security",
    "yes: also a WS-Security UsernameToken in a SOAP header, as one client does; others saw that refused with 400",
    ("no", "yes"),
    "no",
)
MEDIA: Final = Setting(
    "content-type",
    "media type of requests, on which clients differ",
    ("text/xml", "application/soap+xml"),
    "text/xml",
)
SETTINGS: Final = (SECURITY, MEDIA)
_GLN: Final = 13
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_BODY: Final = b"<soap-env:Body>"


def gln_of(account: Account) -> str:
    """The GLN that a user name begins with.

    Raises:
        ConfigurationError: it begins with none; RSD would answer 11039.
    """
    gln = account.user[:_GLN]
    if not is_gln(gln):
        message = "the user name for RSD does not begin with a GLN of 13 digits"
        raise ConfigurationError(message, hint="write it as RSD gave it; its first 13 characters are your GLN")
    return gln


def request(operation: Operation, **values: Any) -> bytes:
    """A request that zeep builds from our service description."""
    return Service(operation.description, operation.operation).request(values)


def call(operation: Operation, body: bytes, account: Account, *, once: bool = False) -> Call:
    """The call that brings a request.

    Args:
        operation: what is asked for.
        body: the request.
        account: who speaks.
        once: whether it has an effect.
    """
    gln_of(account)
    secure = account.option(SECURITY) == "yes"
    pair = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
    media = account.option(MEDIA)
    headers = {
        "Content-Type": CONTENT_TYPE if media == MEDIA.default else f"{media}; charset=utf-8",
        "SOAPAction": '""',
        "Authorization": f"Basic {pair}",
    }
    if secure and _BODY not in body:
        message = "the request is not one that the gateway composed, so no header can be put into it"
        raise TransportError(message, hint="compose it again")
    if secure:
        body = body.replace(_BODY, _token(account) + _BODY, 1)
    return Call("POST", operation.path, headers, body, once=once)


def refuse(reply: Reply) -> None:
    """Stop at a reply that says nothing about a request, because RSD did not look at it.

    Raises:
        TransportError: name or password are wrong, the address is, or the form of requests.
    """
    match reply.status:
        case 401 | 403:
            message = f"RSD refuses the user name or the password ({reply.status})"
            raise TransportError(message, hint="correct user and password in the agreement")
        case 404 | 405:
            message = f"RSD has no such service at this address ({reply.status})"
            raise TransportError(message, hint="the address is that of the server, without /ws")
        case 400 | 415:
            message = f"RSD does not take requests of this form ({reply.status})"
            raise TransportError(message, hint=f"look at the settings {SECURITY.key} and {MEDIA.key}")
        case _:
            return


def _token(account: Account) -> bytes:
    return (
        f'<soap-env:Header><wsse:Security xmlns:wsse="{_WSS}-wssecurity-secext-1.0.xsd"><wsse:UsernameToken>'
        f"<wsse:Username>{text(account.user)}</wsse:Username>"
        f'<wsse:Password Type="{_WSS}-username-token-profile-1.0#PasswordText">{text(account.password)}</wsse:Password>'
        "</wsse:UsernameToken></wsse:Security></soap-env:Header>"
    ).encode()
