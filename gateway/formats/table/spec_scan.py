"""What a mapping file may say of scanned pages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from gateway.formats.table.spec_base import Model, as_list


class Scan(Model):
    """Scanned or faxed pages: PDF, TIFF, PNG, JPEG. Each barcode is a row, its values are columns such as `AI(01)`.

    Further columns: `page`, `x` and `y` (millimetres from the upper left corner), `symbology`, and `raw`, the code as
    element string.
    """

    symbologies: Annotated[list[Literal["datamatrix", "gs1-128", "qr"]], BeforeValidator(as_list)] = Field(
        default=["datamatrix", "gs1-128", "qr"],
        description="which barcodes are read: `datamatrix`, `gs1-128`, `qr`",
        min_length=1,
    )
    dpi: int = Field(
        default=300,
        ge=100,
        le=600,
        description="dots per inch at which PDF pages are drawn, and of pictures that do not say their own",
    )
    inside: Literal["", "page"] = Field(
        default="", description="the one code with (00) on a page contains the others: they get its `AI(00)`"
    )
    expect: int = Field(default=0, ge=0, description="codes that each page must have, without its label; 0 for any")
    covers: int = Field(default=0, ge=0, description="so many pages at the beginning are covers and are not read")
    text: Literal["", "table"] = Field(
        default="", description="the text of PDF pages is a table; barcodes are not read then"
    )

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Scan:
        if self.text and (self.inside or self.expect):
            message = "`text: table` reads no barcodes, which `inside` and `expect` are about"
            raise ValueError(message)
        return self
