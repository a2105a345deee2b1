"""What a caller asks of a conversion or validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.epcis.events import Event
from gateway.findings import Loss, LossMode
from gateway.formats.base import Limits
from gateway.leaving import Leaving
from gateway.sources import Source

if TYPE_CHECKING:
    # Mappings are read with pydantic, whose import a conversion of EPCIS documents need not wait for.
    from gateway.formats.table.mappings import Mapping as TableMapping


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion or validation.

    Attributes:
        source: the input.
        to: target format or market message; empty for `validate`.
        from_: input format; empty to detect it.
        mapping: mapping to read a table with; None to detect it among `mappings`.
        to_mapping: mapping to write a table with; None: `mapping`, when the input is read without one.
        mappings: mappings that may claim the input; looked at only when no format is sure of it.
        values: ``--set`` values.
        loss: what to do with values that the target has no place for.
        now: clock reading for documents that are built here, ISO 8601 with zone.
        limits: bounds on the input.
        progress: called with the number of input bytes read so far.
        loss_sink: called with every loss in full.
        attachments: called with name and bytes of every picture that belongs to a finding.
        observer: called with the events, some at a time, in order and before anything is changed in them.
        findings_limit: how many findings the report keeps.
        hierarchy: remembers what earlier messages packed into what (`gateway.markets.base.Hierarchy`); markets ask it
            what the input does not tell.
        codes: gives the secret codes of packs that were ordered (`gateway.markets.base.Codes`).
        leaving: which events may be left out because they are wrong; None: a document is converted whole or not at all.
        schemas: folder with official schemas to use instead of ours; with it, outputs are checked too.
    """

    source: Source
    to: str = ""
    from_: str = ""
    mapping: TableMapping | None = None
    to_mapping: TableMapping | None = None
    mappings: Iterable[TableMapping] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    loss: LossMode = LossMode.CARRY
    now: str = ""
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[int], None] | None = None
    loss_sink: Callable[[Loss], None] | None = None
    attachments: Callable[[str, bytes], None] | None = None
    observer: Callable[[Sequence[Event]], None] | None = None
    findings_limit: int = 1000
    leaving: Leaving | None = None
    schemas: Path | None = None
    hierarchy: Any = None
    codes: Any = None
