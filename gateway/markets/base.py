"""What a market is: a frozen value that describes itself, and composes submissions from a Document.

A market never opens a socket. What EPCIS cannot supply is declared as settings (from an agreement, ``--set`` or
mapped columns); a missing one is a finding that names where to put it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from gateway.epcis.document import Document
from gateway.findings import Findings, LossRule, Rule
from gateway.formats.base import Context, Sniffer
from gateway.markets.client import Client
from gateway.markets.simulation import Simulation
from gateway.options import Setting
from gateway.sources import Source

#: How good the evidence is: A official schema or real samples, B documented fields, C general knowledge.
GRADES: Final = ("A", "A-", "B+", "B", "B-", "C+", "C")
STATUSES: Final = ("in force", "planned", "revoked")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a fact comes from: title, address or repository, and the date it was read."""

    title: str
    address: str
    read: date


@dataclass(frozen=True, slots=True)
class LegalDate:
    """A day from which something is law, or is law no more.

    Attributes:
        day: the day.
        what: what begins or ends, in one line.
    """

    day: date
    what: str


@dataclass(frozen=True, slots=True)
class Need:
    """A value that a message asks for and EPCIS has no field for, and where it comes from.

    Attributes:
        name: the regulator's own name, e.g. ``contract_type``.
        title: what it is, in one line.
        setting: supplies it for a whole document, from ``--set`` or ``set:`` in the agreement; None when it does not.
        attribute: local name of the ILMD attribute or vendor element that supplies it for one pack or event, which a
            mapping can fill from a column; empty when none does.
        required: whether a message without it is refused.
    """

    name: str
    title: str
    setting: Setting | None = None
    attribute: str = ""
    required: bool = True


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


class Codes(Protocol):
    """Secret codes of packs, e.g. of a vault (`gateway.vault`)."""

    def codes(self, names: Sequence[str]) -> Mapping[str, str]:
        """The codes that are known, by the market's name of the pack."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One file or request for a regulator.

    Attributes:
        name: a safe file name, the same for the same content.
        data: the bytes.
        epcs: how many packs it speaks of.
        kind: which of the message's documents or operations it is, e.g. ``dispatch``, where a message has several.
    """

    name: str
    data: bytes
    epcs: int = 0
    kind: str = ""


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
        grade: how good the evidence for it is, one of `GRADES`.
        schema: path of its schema below ``xsd/``: an XML schema, or a table of columns (TOML) for messages without XML.
        needs: what EPCIS cannot supply, and where it comes from instead.
        client: how it is brought to the regulator's system; None where a person uploads it, or nobody has to.
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
    grade: str = "C"
    schema: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    client: Client | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """A regulator's system.

    Attributes:
        key: folder name, e.g. ``tr``.
        name: the country or region and the system's name.
        authority: who runs it.
        status: one of `STATUSES`.
        legal: what the law asks, in a few lines.
        references: where the facts come from.
        messages: what can be composed or read.
        unknown: what is not public and therefore left out.
        dates: days of the law, in order.
        ended: the day on which the regime ended, None while it has not. Nothing is composed for a regime that has
            ended; its messages are still read and checked.
        simulation: how its system is simulated; None where it has none that a machine speaks to.
    """

    key: str
    name: str
    authority: str
    status: str
    legal: str
    references: tuple[Reference, ...]
    messages: tuple[Message, ...]
    unknown: tuple[str, ...] = ()
    dates: tuple[LegalDate, ...] = ()
    ended: date | None = None
    simulation: Simulation | None = None

    @property
    def grades(self) -> str:
        """The grades of its messages, best first, each once."""
        found = {message.grade for message in self.messages}
        return ", ".join(grade for grade in GRADES if grade in found)
