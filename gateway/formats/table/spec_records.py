"""What a mapping may say of files that hold records instead of rows: fixed-width lines, JSON, XML; and their totals."""

from __future__ import annotations

from pydantic import Field

from gateway.formats.table.spec_base import Model, Texts


class Span(Model):
    """A part of a line, in characters."""

    start: int = Field(ge=1, le=100_000, description="first character; 1 is the first of the line")
    width: int = Field(ge=1, le=100_000, description="how many characters")


class Fixed(Model):
    """Lines whose values stand at fixed places."""

    columns: dict[str, Span] = Field(min_length=1, description="columns of a data line: name and place")
    encoding: str = Field(default="auto", description="encoding of the text, e.g. `cp1252`; `auto` goes by evidence")
    kind: Span | None = Field(default=None, description="the part that says what kind of line it is")
    data: Texts = Field(default=[], description="what `kind` says in data lines")
    lines: dict[str, dict[str, Span]] = Field(
        default={},
        description="other kinds of lines and their columns, whose values hold for the data lines below, or are totals",
    )
    ignore: Texts = Field(default=[], description="what `kind` says in lines that are left out on purpose")


class Json(Model):
    """JSON, or JSON Lines: one document a line."""

    records: str = Field(
        default="",
        description="keys that lead to the list of records, e.g. `batch.cases.units`, through all lists on the way",
    )


class Xml(Model):
    """XML with an element for each record."""

    records: str = Field(min_length=1, description="path of a record, e.g. `/Batch/Unit`, `//b:Unit`")
    columns: dict[str, str] = Field(
        min_length=1,
        description="columns: name and XPath from the record, e.g. `@serial`, `Lot`, `../@sscc`, `Id[@type='SN']`",
    )
    namespaces: dict[str, str] = Field(default={}, description="prefixes of the paths and their namespace URIs")


class Control(Model):
    """A total that a file states once: above the header, in a header or trailer line, or beside the list of records."""

    column: str = Field(
        description="label above the header; column of `table.fixed.lines`, `table.xml.columns`; `../count` in JSON"
    )
    counts: str = Field(description="object whose number it is; it is compared")
    required: bool = Field(default=True, description="whether it must be there")
