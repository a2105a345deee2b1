"""What a mapping file may say: the models that its YAML is checked against.

A mapping is data. It names columns, transforms and EPCIS fields; it has no expressions and no code. Unknown keys
are errors. The reference for people is ``docs/mapping-reference.md``, which the tests check against these models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Identify(_Model):
    """Which files are this mapping's own. Both must hold: a name pattern, and the header found by content."""

    names: Texts = Field(default=["*"], description="file name patterns, e.g. `*_batch.xlsx`; case is ignored")


class Csv(_Model):
    """Dialect of a CSV file."""

    delimiter: str = Field(default=",", min_length=1, max_length=1, description="separator between cells")
    quote: str = Field(default='"', min_length=1, max_length=1, description="quote character")
    encoding: str = Field(default="utf-8", description="encoding of the text, e.g. `utf-8`, `cp1252`")


class Xlsx(_Model):
    """Which sheet of a workbook holds the table."""

    sheet: str = Field(default="", description="sheet name; without it the first sheet is read")


class Footer(_Model):
    """A row below the data that is no data."""

    words: Texts = Field(description="the row's first filled cell begins with one of these words")
    counts: str = Field(default="", description="object whose number stands in the row; it is compared")


class Table(_Model):
    """How the table lies in the file."""

    csv: Csv | None = Field(default=None, description="present when CSV files are read")
    xlsx: Xlsx | None = Field(default=None, description="present when XLSX workbooks are read")
    decimal: Literal[".", ","] = Field(default=".", description="decimal sign of numbers in text")
    header_within: int = Field(default=20, ge=1, le=500, description="the header is searched in so many rows")
    ignore: Texts = Field(default=[], description="headers of columns that are left out on purpose")
    footers: list[Footer] = Field(default=[], description="totals and other rows below the data")


class Constant(_Model):
    """A value that is the same in all files."""

    value: str = Field(description="the value")
    transform: str = Field(default="text", description="transform that checks it")


class FieldSpec(_Model):
    """A field: one column of the table, and how its cells are read."""

    column: Texts = Field(description="header of the column; several spellings as a list")
    transform: str = Field(default="text", description="named transform")
    required: bool = Field(default=True, description="whether column and cells must be filled")
    otherwise: str = Field(default="", description="setting that is used where the column or a cell is empty")
    help: str = Field(default="", description="what belongs into the column, for the sender")
    formats: Texts = Field(default=[], description="forms of dates and times, e.g. `DD.MM.YYYY`, `M/D/YYYY h:mm AM`")
    zone: str = Field(default="", description="IANA time zone of `datetime`, e.g. `Europe/Berlin`")
    day_00: Literal["", "last"] = Field(default="", description="`last`: day 00 or no day is the month's last")
    numbers: Literal["refuse", "as-shown"] = Field(default="refuse", description="number cells in a `serial`")
    table: dict[str, str] = Field(default={}, description="values of `lookup`: what is read, and what it means")


class ObjectSpec(_Model):
    """A kind of thing that the rows name."""

    sgtin: list[str] = Field(default=[], description="fields of GTIN and serial number")
    sscc: str = Field(default="", description="field of the SSCC")
    inside: str = Field(default="", description="object that contains it")


class Transaction(_Model):
    """A business document: its number becomes ``urn:epcglobal:cbv:bt:<issuer GLN>:<number>``."""

    type: str = Field(description="CBV business transaction type, e.g. `desadv`")
    number: str = Field(description="field of the document's number")
    issuer: str = Field(description="field of the issuer's GLN")


class PartySpec(_Model):
    """A source or destination."""

    type: str = Field(description="CBV source or destination type, e.g. `owning_party`")
    party: str = Field(description="field of the party's GLN")


class EventSpec(_Model):
    """A kind of event. Rows that agree in all its fields share an event."""

    event: Literal["ObjectEvent", "AggregationEvent"] = Field(description="EPCIS event type")
    action: Literal["ADD", "OBSERVE", "DELETE"] = Field(description="EPCIS action")
    epcs: str = Field(default="", description="ObjectEvent: object, or `outermost` for the outermost containers")
    parent: str = Field(default="", description="AggregationEvent: the containing object")
    children: str = Field(default="", description="AggregationEvent: the contained object")
    time: str = Field(description="field of eventTime")
    biz_step: str = Field(default="", description="CBV business step")
    disposition: str = Field(default="", description="CBV disposition")
    read_point: str = Field(default="", description="field of the readPoint's GLN")
    biz_location: str = Field(default="", description="field of the bizLocation's GLN")
    ilmd: dict[str, str] = Field(default={}, description="CBV ILMD attribute: field, e.g. `lotNumber: lot`")
    transactions: list[Transaction] = Field(default=[], description="bizTransactionList")
    sources: list[PartySpec] = Field(default=[], description="sourceList")
    destinations: list[PartySpec] = Field(default=[], description="destinationList")
    group: list[str] = Field(default=[], description="further fields that must agree within an event")
    when: list[str] = Field(default=[], description="fields that must be filled; all empty means no event")
    at_most: int = Field(default=1000, ge=1, le=1_000_000, description="identifiers in one ObjectEvent")


class MappingSpec(_Model):
    """A mapping file."""

    mapping: str = Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$", description="name: `<partner>/<document>`")
    version: int = Field(ge=1, description="raised with each change")
    title: str = Field(description="one line for lists")
    identify: Identify = Field(default=Identify(), description="which files are its own")
    table: Table = Field(description="how the table lies in the file")
    company_prefixes: Texts = Field(default=[], description="GS1 company prefixes of the parties")
    settings: dict[str, str] = Field(default={}, description="own `--set` keys: key and meaning")
    constants: dict[str, Constant] = Field(default={}, description="values that are the same in all files")
    fields: dict[str, FieldSpec] = Field(min_length=1, description="columns")
    objects: dict[str, ObjectSpec] = Field(min_length=1, description="things, the smallest first")
    events: list[EventSpec] = Field(min_length=1, description="events in the order of the output")


def event_fields(event: EventSpec) -> list[str]:
    """Names of all fields and constants whose values an event carries, its identifiers excluded; once each."""
    names = [event.time, event.read_point, event.biz_location, *event.ilmd.values()]
    for transaction in event.transactions:
        names += [transaction.number, transaction.issuer]
    names += [party.party for party in (*event.sources, *event.destinations)]
    names += [*event.when, *event.group]
    return list(dict.fromkeys(name for name in names if name))
