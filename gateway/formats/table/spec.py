"""What a mapping file may say: the models that its YAML is checked against.

A mapping is data. It names columns, transforms and EPCIS fields; it has no expressions and no code. Unknown keys
are errors. The reference for people is ``docs/mapping-reference.md``, which the tests check against these models.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.formats.table.spec_base import Model as _Model
from gateway.formats.table.spec_base import Texts
from gateway.formats.table.spec_records import Control, Fixed, Json, Xml
from gateway.formats.table.spec_scan import Scan

#: A delimiter or an encoding that the file itself shows.
AUTO = "auto"


class Identify(_Model):
    """Which files are this mapping's own. All must hold: a name pattern, and the header found by content."""

    names: Texts = Field(default=["*"], description="file name patterns, e.g. `*_batch.xlsx`; case is ignored")
    columns: Texts = Field(default=[], description="further headers that must stand in the header row")
    without: Texts = Field(default=[], description="headers that must not stand in the header row")
    contains: Texts = Field(default=[], description="words that must stand in a cell above or in the header row")


class Csv(_Model):
    """Dialect of a CSV file."""

    delimiter: str = Field(
        default=AUTO, pattern=r"^(auto|[\s\S])$", description="separator between cells; `auto` goes by the header"
    )
    quote: str = Field(default='"', min_length=1, max_length=1, description="quote character")
    encoding: str = Field(
        default=AUTO, description="encoding of the text, e.g. `utf-8`, `cp1252`; `auto` goes by evidence"
    )
    formulas: Literal["guarded", "plain"] = Field(
        default="guarded",
        description="`guarded`: an apostrophe stands before cells that begin with = + - @, and is no part of them",
    )


class Xlsx(_Model):
    """Which sheets of a workbook hold the table."""

    sheet: Texts = Field(
        default=[], description="sheet names, or `*` for all that have the header; without it the first sheet is read"
    )


class X12(_Model):
    """X12 ship notices (856). Columns are named by level and segment, see `docs/edi.md`."""

    transactions: Texts = Field(default=["856"], description="transaction sets that are read (ST01)")
    versions: Texts = Field(
        default=[], description="versions that are read, e.g. `005010`, `004010`; without it any (ST03, GS08)"
    )
    senders: Texts = Field(default=[], description="interchange senders whose files are its own (ISA06)")
    containers: Texts = Field(
        default=["MAN*GM"], description="what holds the number of a container; read as `inside.1`, `inside.2` ..."
    )
    encoding: str = Field(default="utf-8", description="encoding of the text; X12 does not say it")


class Edifact(_Model):
    """EDIFACT despatch advices (DESADV). Columns are named by level and segment, see `docs/edi.md`."""

    versions: Texts = Field(
        default=[], description="versions that are read, e.g. `D96A`, `D01B`, `D07A`; without it any (UNH)"
    )
    senders: Texts = Field(default=[], description="interchange senders whose files are its own (UNB)")
    containers: Texts = Field(
        default=["GIN*BJ"], description="what holds the number of a container; read as `inside.1`, `inside.2` ..."
    )
    encoding: str = Field(default="", description="encoding to read instead of the character set that UNB declares")


class Footer(_Model):
    """A row below the data that is no data."""

    words: Texts = Field(description="the row's first filled cell begins with one of these words")
    counts: str = Field(default="", description="object whose number stands in the row; it is compared")


class Levels(_Model):
    """One row an object, with a column that says which kind of object it is: its level in the hierarchy."""

    column: Texts = Field(description="header of the column of the level; several spellings as a list")
    objects: dict[str, str] = Field(min_length=1, description='what the column says, and the object: `"1": pallet`')
    parent: Texts = Field(
        default=[],
        description="header of the column that names the containing object; without it rows follow their container",
    )
    inherit: Texts = Field(
        default=[], description="fields whose value stands in the row of the container, e.g. when it was packed"
    )


class Table(_Model):
    """How the table lies in the file."""

    csv: Csv | None = Field(default=None, description="present when CSV files are read")
    xlsx: Xlsx | None = Field(default=None, description="present when workbooks are read: XLSX, XLS, ODS")
    fixed: Fixed | None = Field(default=None, description="present when fixed-width lines are read")
    json_: Json | None = Field(default=None, alias="json", description="present when JSON or JSON Lines are read")
    xml: Xml | None = Field(default=None, description="present when XML records are read")
    scan: Scan | None = Field(default=None, description="present when scanned or faxed pages are read (extra `scan`)")
    x12: X12 | None = Field(default=None, description="present when X12 ship notices are read")
    edifact: Edifact | None = Field(default=None, description="present when EDIFACT despatch advices are read")
    decimal: Literal[".", ","] = Field(default=".", description="decimal sign of numbers in text")
    header_within: int = Field(default=20, ge=1, le=500, description="the header is searched in so many rows")
    ignore: Texts = Field(default=[], description="headers left out on purpose; `*` for any characters")
    footers: list[Footer] = Field(default=[], description="totals and other rows below the data")
    controls: list[Control] = Field(default=[], description="totals that a file states once, outside its rows")
    fill_down: Texts = Field(
        default=[],
        description="fields whose empty cells take the value above, outermost first: merged cells, box header rows",
    )
    levels: Levels | None = Field(default=None, description="present when each row is one object of any level")

    def kind(self, key: str) -> object:
        """What the table says of a kind of file (``csv``, ``json`` …), None when it does not read it."""
        fields = type(self).model_fields
        name = next((name for name, field in fields.items() if (field.alias or name) == key), "")
        return getattr(self, name) if name else None


class Constant(_Model):
    """A value that is the same in all files."""

    value: str = Field(description="the value")
    transform: str = Field(default="text", description="transform that checks it")


class Regex(_Model):
    """A part of the text, found by a regular expression."""

    pattern: str = Field(min_length=1, max_length=200, description="regular expression with one group, for all of it")


class Split(_Model):
    """A part of the text between separators."""

    by: str = Field(min_length=1, description="separator")
    part: int = Field(description="which part: 1 is the first, -1 the last")
    of: int = Field(default=0, ge=0, description="how many parts there must be; 0 for any number")


class Pad(_Model):
    """The text made longer."""

    length: int = Field(ge=1, le=100, description="wanted length")
    with_: str = Field(default="0", alias="with", min_length=1, max_length=1, description="what is put before it")


class Replace(_Model):
    """A text inside the text exchanged for another."""

    old: str = Field(min_length=1, description="what stands there")
    new: str = Field(default="", description="what is put there")


class Step(_Model):
    """One step that prepares a text for its transform. Each has exactly one key; they are done in their order."""

    strip: str | None = Field(default=None, min_length=1, description="characters left out at both ends")
    remove: str | None = Field(default=None, min_length=1, description="characters left out everywhere")
    replace: Replace | None = Field(default=None, description='exchange a text: `{old: "/", new: "-"}`')
    prefix: str | None = Field(default=None, min_length=1, description="what is put before the text")
    suffix: str | None = Field(default=None, min_length=1, description="what is put behind the text")
    pad: Pad | None = Field(default=None, description='make it longer: `{length: 14, with: "0"}`')
    case: Literal["upper", "lower"] | None = Field(default=None, description="upper or lower case letters")
    split: Split | None = Field(default=None, description='take a part: `{by: "/", part: 2}`')
    regex: Regex | None = Field(default=None, description='take a part: `{pattern: "LOT:(.*)"}`')
    element: str | None = Field(
        default=None, pattern=r"^[0-9]{2,4}$", description='take the value of an application identifier: `"21"`'
    )


class FieldSpec(_Model):
    """A field: one column of the table, or a cell above it, and how it is read."""

    column: Texts = Field(default=[], description="header of the column; several spellings as a list")
    preamble: Texts = Field(
        default=[], description="label of a cell above the header; its value stands right of it, or behind its colon"
    )
    join: list[str] = Field(default=[], description="headers of columns whose texts are put together")
    separator: str = Field(default="", description="what `join` puts between the texts")
    first_of: list[str] = Field(default=[], description="headers of columns of which the first filled one counts")
    steps: list[Step] = Field(default=[], description="what is done to the text before the transform")
    transform: str = Field(default="text", description="named transform")
    default: str = Field(default="", description="what an empty cell stands for")
    required: bool = Field(default=True, description="whether column and cells must be filled")
    otherwise: str = Field(default="", description="setting that is used where the column or a cell is empty")
    help: str = Field(default="", description="what belongs into the column, for the sender")
    formats: Texts = Field(default=[], description="forms of dates and times, e.g. `DD.MM.YYYY`, `M/D/YYYY h:mm AM`")
    zone: str = Field(default="", description="IANA time zone of `datetime`, e.g. `Europe/Berlin`")
    day_00: Literal["", "last"] = Field(default="", description="`last`: day 00 or no day is the month's last")
    numbers: Literal["refuse", "as-shown"] = Field(default="refuse", description="number cells in a `serial`")
    table: dict[str, str] = Field(default={}, description="values of `lookup`: what is read, and what it means")

    @property
    def headers(self) -> list[str]:
        """All headers that the field is read from."""
        return [*self.column, *self.join, *self.first_of]

    @property
    def title(self) -> str:
        """What the field is called in messages when its column is not there."""
        return [*self.column, *self.preamble, *self.first_of, " + ".join(self.join)][0]


class Quantity(_Model):
    """An amount of a trade item: of a lot (LGTIN), or of any."""

    gtin: str = Field(description="field of the GTIN")
    lot: str = Field(default="", description="field of the lot; without it the amount is of the GTIN")
    amount: str = Field(description="field of the amount (transform `number`)")
    uom: str = Field(default="", description="field of the unit (UN/ECE Recommendation 20); none for pieces")


class ObjectSpec(_Model):
    """A kind of thing that the rows name."""

    sgtin: list[str] = Field(default=[], description="fields of GTIN and serial number")
    sscc: str = Field(default="", description="field of the SSCC")
    epc: str = Field(default="", description="field of the whole identifier (transform `sgtin` or `epc`)")
    quantity: Quantity | None = Field(default=None, description="an amount without serial numbers; smallest thing only")
    inside: str = Field(default="", description="object that contains it")

    @property
    def identity(self) -> list[str]:
        """The fields that identify it; the last is the one that differs from row to row."""
        if self.quantity is not None:
            return [name for name in (self.quantity.gtin, self.quantity.lot, self.quantity.amount) if name]
        return [*self.sgtin] or [self.sscc or self.epc]


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
    children: str = Field(
        default="", description="AggregationEvent: the contained object; DELETE without it empties the container"
    )
    where: dict[str, Texts] = Field(
        default={}, description="only rows in which these fields have this value, or one of these: `{kind: RETURN}`"
    )
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
    names = [event.time, event.read_point, event.biz_location, *event.ilmd.values(), *event.where]
    for transaction in event.transactions:
        names += [transaction.number, transaction.issuer]
    names += [party.party for party in (*event.sources, *event.destinations)]
    names += [*event.when, *event.group]
    return list(dict.fromkeys(name for name in names if name))
