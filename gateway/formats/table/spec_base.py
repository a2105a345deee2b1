"""What the models of mapping files share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def as_list(value: object) -> object:
    """A single value as a list of one."""
    return value if isinstance(value, list) else [value]


Texts = Annotated[list[str], BeforeValidator(as_list)]


class Model(BaseModel):
    """A part of a mapping file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
