"""Who sent a mail: the address that it names, and what our own mail server found out about it.

The ``From`` of a mail is text that anybody can write. The server that received the mail for us may have checked it:
by SPF, DKIM and DMARC, and it says so in a header ``Authentication-Results`` (RFC 8601) under its own name. Such a
header can be forged as well, so the receiving server removes those that come in under its name; of those that are left
only the topmost counts, since each server writes above what it got.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import Message

_ADDRESS = r"[^<>@\s\",;()]+@[^<>@\s\",;()]+"
_FROM = re.compile(rf'(?:(?:"(?:[^"\\]|\\.)*"|[^<>@",;()]*) ?<({_ADDRESS})>|({_ADDRESS}))')
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([A-Za-z0-9-]+)\s*=\s*([A-Za-z]+)\b")
_DKIM_DOMAIN = re.compile(r"header\.(?:d|i)\s*=\s*\"?(?:[^\s;@\"]*@)?([^\s;@\"]+)", re.IGNORECASE)


def sender(mail: Message) -> str:
    """The one address under ``From``, without regard to case; empty if there is none, or more than one.

    Only the plain forms are read. In others two programs can see two addresses, ours and the one that checked the mail.
    """
    values = mail.get_all("from", [])
    found = _FROM.fullmatch(" ".join(str(values[0]).split())) if len(values) == 1 else None
    return (found[1] or found[2]).casefold() if found else ""


def allowed(address: str, patterns: Sequence[str]) -> bool:
    """Whether an address is one of those in the agreement."""
    name, _, domain = address.rpartition("@")
    return bool(name) and any(pattern in {address, f"*@{domain}"} for pattern in patterns)


def authenticated(mail: Message, server: str, address: str) -> bool:
    """Whether our mail server says that the sender is who the mail names.

    Args:
        mail: the mail's headers.
        server: name under which our server writes its results.
        address: the sender.
    """
    domain = address.rpartition("@")[2]
    for header in mail.get_all("authentication-results", []):
        text = str(header)
        while _COMMENT.search(text):
            text = _COMMENT.sub(" ", text)
        name, _, results = text.partition(";")
        if name.split()[:1] and name.split()[0].casefold() == server:
            return any(_passes(result, domain) for result in results.split(";"))
    return False


def _passes(result: str, domain: str) -> bool:
    found = _RESULT.match(result)
    if found is None or found[2].casefold() != "pass":
        return False
    method = found[1].casefold()
    if method == "dmarc":
        stated = re.search(r"header\.from\s*=\s*\"?([^\s;\"]+)", result, re.IGNORECASE)
        return stated is None or stated[1].casefold() == domain
    # Not SPF: it is about another address, which the mail does not show. A parent domain signs for its children.
    signers = [signer.casefold() for signer in _DKIM_DOMAIN.findall(result) if "." in signer]
    return method == "dkim" and any(domain == signer or domain.endswith(f".{signer}") for signer in signers)
