"""What a market is: a frozen value that describes itself, and composes submissions from a Document.

A market never opens a socket. What EPCIS cannot supply is declared as settings (from an agreement, ``--set`` or
mapped columns); a missing one is a finding that names where to put it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from gateway.epcis.document import Document
from gateway.findings import Findings, LossRule, Rule
from gateway.formats.base import Context, Sniffer
from gateway.options import Setting
from gateway.sources import Source


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a fact comes from: title, address or repository, and the date it was read."""

    title: str
    address: str
    read: date


class Hierarchy(Protocol):
    """Parent, children, contents and attributes of an EPC as of a time (an xsd:dateTime, ``""`` for the latest).

    `gateway convert` answers from the document in hand; the exchange answers from its store of all messages.
    """

    def parent(self, epc: str, as_of: str = "") -> str | None:
        """The container an EPC is in."""

    def children(self, epc: str, as_of: str = "") -> list[str]:
        """What is directly in a container, in the order in which it was packed."""

    def contents(self, epc: str, as_of: str = "") -> list[str]:
        """All instances at the bottom of a container."""

    def attributes(self, epc: str, as_of: str = "") -> dict[str, str]:
        """ILMD of an EPC by local name, e.g. ``lotNumber`` and ``itemExpirationDate``."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One file or request for a regulator.

    Attributes:
        name: a safe file name, the same for the same content.
        data: the bytes.
        epcs: how many packs it speaks of.
    """

    name: str
    data: bytes
    epcs: int = 0


Composer = Callable[[Document, Context], Iterable[Submission]]
Parser = Callable[[Source, Context], Document]
Checker = Callable[[bytes, Findings], None]


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that a regulator sets on one message.

    Attributes:
        key: short name; the market's test class has a test ``test_limit_<key>`` for it.
        value: the largest allowed amount.
        unit: of what, e.g. ``bytes`` or ``serial numbers``.
        source: where the bound is written.
    """

    key: str
    value: int
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a market.

    Attributes:
        key: ``<market>-<system>[-<message>]``, e.g. ``tr-pts``; usable as ``--to``.
        title: one line for lists.
        suffix: file name suffix of a submission.
        compose: builds submissions from a document.
        check: checks the bytes of one submission against the market's schema and rules.
        settings: what EPCIS cannot supply, and choices.
        rules: findings that composing, checking and parsing may report.
        loss_rules: values of a document that the message has no place for.
        limits: the regulator's bounds on one submission.
        parse: reads such a message into a document, or None.
        sniff: looks at the first bytes of an input, or None.
    """

    key: str
    title: str
    suffix: str
    compose: Composer
    check: Checker
    media_type: str = "application/octet-stream"
    settings: tuple[Setting, ...] = ()
    rules: tuple[Rule, ...] = ()
    loss_rules: tuple[LossRule, ...] = ()
    limits: tuple[Limit, ...] = ()
    parse: Parser | None = None
    sniff: Sniffer | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """A regulator's system.

    Attributes:
        key: folder name, e.g. ``tr``.
        name: the country or region and the system's name.
        authority: who runs it.
        status: ``in force``, ``planned`` or ``revoked``, with the dates in `legal`.
        legal: what the law asks, with dates, in a few lines.
        references: where the facts come from.
        messages: what can be composed or read.
        unknown: what is not public and therefore left out.
    """

    key: str
    name: str
    authority: str
    status: str
    legal: str
    references: tuple[Reference, ...]
    messages: tuple[Message, ...]
    unknown: tuple[str, ...] = ()
