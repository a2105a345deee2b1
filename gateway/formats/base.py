"""What a format is: a frozen value that describes itself, with a reader, a writer, or both.

A reader turns a `Source` into a `Document` whose events stream; a writer turns a `Document` into blocks of bytes.
Neither opens files for writing, knows the network or the clock. What is wrong goes to the findings, what the target
cannot hold goes to the losses; both are in the context that they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.epcis.document import Document
from gateway.findings import Findings, Losses, LossRule, Rule
from gateway.options import Options, Setting
from gateway.sources import Source

BLOCK_BYTES = 1 << 16  # writers hand out blocks of about this size


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile or broken input. Over one of them the reader raises `LimitExceeded`.

    Attributes:
        input_bytes: size of the input as it comes.
        unpacked_bytes: size after unpacking (xlsx, zip, gzip).
        ratio: unpacked size over packed size, tested once the unpacked size is over 10 MB.
        depth: nesting of elements or objects.
        event_bytes: size of one event.
        epcs_per_event: identifiers in one event.
        rows: rows of a table.
        cell_characters: characters in one cell.
        pages: pages of a scanned document.
        page_pixels: pixels of one page (A3 at 600 dpi has 70 million).
    """

    input_bytes: int = 20 << 30
    unpacked_bytes: int = 4 << 30
    ratio: int = 200
    depth: int = 100
    event_bytes: int = 512 << 20
    epcs_per_event: int = 5_000_000
    rows: int = 50_000_000
    cell_characters: int = 32_767
    pages: int = 1000
    page_pixels: int = 80_000_000


@dataclass(slots=True)
class Context:
    """What one conversion shares among its parts.

    Attributes:
        options: the checked ``--set`` values.
        findings: what is wrong with the input.
        losses: what the target cannot hold.
        limits: bounds on the input.
        now: clock reading of the conversion, ISO 8601 with zone. Used only where a document is *built* and no
            ``creation-date`` was given; never for events.
        mapping: the loaded mapping for table-like formats, else None.
        target_mapping: the loaded mapping to write a table with, else None.
        progress: called now and then with the number of input bytes consumed so far.
        hierarchy: what was packed into what in earlier messages (`gateway.markets.base.Hierarchy`), None when nobody
            remembers.
        codes: gives the secret codes of packs that were ordered (`gateway.markets.base.Codes`), None when nobody has
            them.
        without: numbers of the events that are left out (`gateway.leaving`).
        attachments: takes pictures of places that a person has to look at, as a plain file name and its bytes; None
            when nobody keeps them.
    """

    options: Options = field(default_factory=Options)
    findings: Findings = field(default_factory=Findings)
    losses: Losses = field(default_factory=Losses)
    limits: Limits = field(default_factory=Limits)
    now: str = ""
    mapping: Any = None
    target_mapping: Any = None
    progress: Callable[[int], None] | None = None
    attachments: Callable[[str, bytes], None] | None = None
    hierarchy: Any = None
    codes: Any = None
    without: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A format's claim on a file after looking at its head.

    Attributes:
        score: 0-100. 100 is proof (root element and namespace), 50 a good sign, below 20 a guess.
        reason: why, for a person.
    """

    score: int
    reason: str


class Unsplittable(Exception):
    """A document that cannot be cut into smaller ones safely."""


class Edge(bytes):
    """An empty block of a writer: before its first event, behind that, and behind the last one."""


Reader = Callable[[Source, Context], Document]
Writer = Callable[[Document, Context], Iterable[bytes]]
Splitter = Callable[[Source, Limits, int], Iterator[Source]]
EventLines = Callable[[Source, Collection[int]], Mapping[int, int]]
Sniffer = Callable[[bytes, str], Claim | None]


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        key: fixed name, e.g. ``epcis-1.2-xml``.
        title: one line for ``gateway list formats``.
        suffix: file name suffix of what the writer makes, e.g. ``.xml``.
        media_type: of what the writer makes.
        sniff: looks at the first bytes and the file's name.
        read: reader, or None.
        write: writer, or None.
        split: cuts a large document into small ones, for work on several cores, or None. All have the head, the first
            event and the tail of the whole, at which writers look to choose prefixes.
        settings: ``--set`` keys that reader and writer know.
        rules: findings they may report.
        loss_rules: losses they may report.
        needs_mapping: whether reading needs a mapping.
        needs_target_mapping: whether writing needs a mapping.
        suffix_of: suffix of what the writer makes in one conversion, where it is not always `suffix`.
        schema: path of the schema of what the writer makes, below ``xsd/``; empty when there is none.
        event_lines: finds the lines of events by their numbers, for formats whose reader does not know them.
        epcis: whether it is EPCIS itself: a document that its schema lets pass is written as another one, even where it
            breaks the text of the standard or holds no events.
        packed: whether its documents may come as gzip or in a zip file.
        of_document: rules under which an error is the document's, even where it names an event (`gateway.leaving`).
        strays: rules about what stands among the events and is none.
    """

    key: str
    title: str
    suffix: str
    media_type: str = "application/octet-stream"
    sniff: Sniffer | None = None
    read: Reader | None = None
    write: Writer | None = None
    split: Splitter | None = None
    settings: tuple[Setting, ...] = ()
    rules: tuple[Rule, ...] = ()
    loss_rules: tuple[LossRule, ...] = ()
    needs_mapping: bool = False
    needs_target_mapping: bool = False
    suffix_of: Callable[[Context], str] | None = None
    schema: tuple[str, ...] = ()
    event_lines: EventLines | None = None
    epcis: bool = False
    packed: bool = False
    of_document: tuple[Rule, ...] = ()
    strays: tuple[Rule, ...] = ()


def blocks(parts: Iterable[str | Edge], size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Join small pieces of text into UTF-8 blocks of about `size` bytes; edges stay between them."""
    pending: list[str] = []
    length = 0
    for part in parts:
        if isinstance(part, Edge):
            yield "".join(pending).encode("utf-8")
            yield part
            pending.clear()
            length = 0
            continue
        pending.append(part)
        length += len(part)
        if length >= size:
            yield "".join(pending).encode("utf-8")
            pending.clear()
            length = 0
    if pending:
        yield "".join(pending).encode("utf-8")
