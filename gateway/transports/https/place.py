"""Where a peer is: the one host and port that a channel may connect to, and which addresses that host may have.

A host name is somebody else's word. It may lead to the machine's own services, or to the address where a cloud gives
out its credentials. So every address is looked at after the name was resolved, and the connection goes to the very
address that was looked at.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

_PORTS = {"https": 443, "http": 80}
_EMBEDDED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address inside an IPv6 one
_SAFE = "!$&'()*+,;=:@~-._"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Place:
    """A host and port that somebody registered in an agreement.

    Attributes:
        scheme: ``https``, or ``http`` for a proxy.
        host: name or address, in small letters.
        port: TCP port.
        shown: the URL for people: without query, which may hold a secret.
    """

    scheme: str
    host: str
    port: int
    shown: str

    @classmethod
    def of(cls, url: str, schemes: tuple[str, ...] = ("https",)) -> Place:
        """The place that a URL names.

        Raises:
            ValueError: it is no such URL, or holds a user name or password.
        """
        parts = _split(url)
        if parts.scheme not in schemes or not parts.hostname:
            message = f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)} and name a host"
            raise ValueError(message)
        if parts.username is not None or parts.password is not None or parts.fragment:
            message = "must not hold a user name, a password or a fragment"
            raise ValueError(message)
        port = _port(parts)
        shown = f"{parts.scheme}://{_bracketed(parts.hostname)}:{port}{parts.path}"
        return cls(parts.scheme, parts.hostname, port, shown)

    def same(self, url: str) -> bool:
        """Whether another URL leads to the same scheme, host and port."""
        try:
            other = Place.of(url, (self.scheme,))
        except ValueError:
            return False
        return (other.host, other.port) == (self.host, self.port)


def fill(url: str, name: str) -> str:
    """Put a file's name where the URL says ``{name}``."""
    return url.replace("{name}", quote(name, safe=_SAFE.replace("&", "").replace("+", "").replace("=", "")))


def refused(address: Address, *, private: bool) -> str:
    """Why a connection to this address is refused, empty when it is not.

    Args:
        address: where a host name leads.
        private: whether the agreement allows private networks and this machine.
    """
    address = _inner(address)
    nobody = address.is_multicast or address.is_unspecified or address.is_link_local or address.is_reserved
    if nobody and not address.is_loopback:  # ::1 counts as reserved
        return "is no address of a peer"
    if not address.is_global and not private:
        return "is on a private network, which the agreement does not allow (private-addresses)"
    return ""


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _EMBEDDED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _split(url: str) -> SplitResult:
    if any(character <= " " or character in '\\\x7f"<>^`|' for character in url) or not url.isascii():
        message = "must be a URL in ASCII without spaces or control characters"
        raise ValueError(message)
    try:
        return urlsplit(url)
    except ValueError:
        message = "is no URL"
        raise ValueError(message) from None


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        message = "has a port that is no number from 1 to 65535"
        raise ValueError(message) from None
    return _PORTS[parts.scheme] if port is None else port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
