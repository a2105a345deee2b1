"""What is this file? Formats, market messages and mappings are asked; the surest claim wins, a draw is an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, InputError, LimitExceeded
from gateway.findings import Finding, Rule, Severity
from gateway.formats import FORMATS
from gateway.formats.base import Claim, Limits
from gateway.formats.packed import documents, is_packed
from gateway.markets import messages
from gateway.sources import Source

if TYPE_CHECKING:
    # Mappings are read with pydantic, whose import a conversion of EPCIS documents need not wait for.
    from gateway.formats.table.mappings import Mapping as TableMapping

#: A format that claims a file with this score has seen its root element and namespace: nothing else is asked.
PROOF = 100
#: A packed file is taken for a document only when its format is about as sure.
_SURE = 60

UNKNOWN_FORMAT = Rule(
    "DETECT-01",
    Severity.ERROR,
    "The format of a file must be recognised",
    "No format, mapping or market message claims the file by its content.",
    "name the format with --from or the mapping with --mapping (see `gateway list formats`, `gateway list mappings`)",
)
AMBIGUOUS = Rule(
    "DETECT-02",
    Severity.ERROR,
    "A file must be claimed by one mapping only",
    "Two mappings claim the file equally well; guessing between them could misread every serial number.",
    "name the mapping with --mapping, or make `identify` of one of them stricter",
)
EMPTY = Rule(
    "DETECT-03",
    Severity.ERROR,
    "A file must not be empty",
    "The file has no bytes; a transfer was probably cut or a job exported nothing.",
    "ask the sender to send the file again",
)
RULES = (UNKNOWN_FORMAT, AMBIGUOUS, EMPTY)

_SHOWN = 60  # bytes of an unknown file that a finding quotes


@dataclass(frozen=True, slots=True)
class Detection:
    """What a file is taken for.

    Attributes:
        format: format key or market message key.
        mapping: name of the mapping for tables, else None.
        reason: why, for a person.
    """

    format: str
    mapping: str | None
    reason: str


def detect(source: Source, mappings: Iterable[TableMapping] = (), limits: Limits | None = None) -> Detection:
    """Say what a file is, by its content first and its name second.

    A file that nobody knows as it is may be an archive: then the formats look into it.

    Raises:
        InputError: nothing claims the file, two mappings claim it equally well, or it is an archive with several
            documents.
        LimitExceeded: it is an archive over a limit.
    """
    head = source.head()
    if not head:
        raise InputError(Finding.of(EMPTY, f"{source.name or 'the input'} is empty"))
    claims: list[tuple[Claim, Detection]] = []
    in_archive = _in_archive(source, head, limits or Limits())
    for claim, detection in _claims(source, head, mappings, in_archive):
        if claim.score >= PROOF and detection.mapping is None:
            return detection
        claims.append((claim, detection))
    if not claims and isinstance(in_archive, GatewayError):
        raise in_archive
    if not claims:
        tried = ", ".join(mapping.name for mapping in mappings) or "none"
        message = f"nothing claims {source.name or 'the input'}; mappings tried: {tried}"
        raise InputError(Finding.of(UNKNOWN_FORMAT, message, value=_printable(head[:_SHOWN])))
    claims.sort(key=lambda pair: -pair[0].score)
    best = claims[0]
    rivals = [d for c, d in claims if c.score == best[0].score and d.mapping and d.mapping != best[1].mapping]
    if best[1].mapping and rivals:
        names = " and ".join([best[1].mapping, *(rival.mapping or "" for rival in rivals)])
        raise InputError(Finding.of(AMBIGUOUS, f"{source.name} is claimed by {names}"))
    return best[1]


def is_document(head: bytes, name: str) -> bool:
    """Whether a format whose documents may be packed claims a file."""
    return _in_format(head, name) is not None


def _in_format(head: bytes, name: str) -> tuple[Claim, Detection] | None:
    for format_ in FORMATS:
        claim = format_.sniff(head, name) if format_.packed and format_.sniff else None
        if claim and claim.score >= _SURE:
            return claim, Detection(format_.key, None, claim.reason)
    return None


def _in_archive(source: Source, head: bytes, limits: Limits) -> tuple[Claim, Detection] | GatewayError | None:
    """The claim on the document in an archive, or why it cannot be read: then others may know the file better."""
    if not is_packed(head):
        return None
    try:
        found = documents(source, limits, is_document)
    except (InputError, LimitExceeded) as error:
        return error
    return _in_format(found[0].head(), found[0].name) if found else None


def _claims(
    source: Source,
    head: bytes,
    mappings: Iterable[TableMapping],
    in_archive: tuple[Claim, Detection] | GatewayError | None,
) -> Iterator[tuple[Claim, Detection]]:
    """All claims on a file; what costs least to ask comes first."""
    for format_ in FORMATS:
        claim = format_.sniff(head, source.name) if format_.sniff else None
        if claim:
            yield claim, Detection(format_.key, None, claim.reason)
    for message in messages().values():
        claim = message.sniff(head, source.name) if message.sniff else None
        if claim:
            yield claim, Detection(message.key, None, claim.reason)
    if isinstance(in_archive, tuple):
        yield in_archive
    for mapping in mappings:
        claim = mapping.claims(head, source.name, source)
        if claim:
            yield claim, Detection(mapping.format_of(source), mapping.name, claim.reason)


def _printable(head: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 else "." for b in head)  # noqa: PLR2004 - printable ASCII
