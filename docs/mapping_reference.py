"""Writes ``docs/mapping-reference.md`` from the models and transforms; a test compares the two.

``python docs/mapping_reference.py`` prints the page.
"""

from __future__ import annotations

import sys
import typing

from pydantic import BaseModel

from gateway.formats.table import spec
from gateway.formats.table.references import SETTINGS
from gateway.formats.table.transforms import OPTIONS, TRANSFORMS

INTRODUCTION = """# Mapping reference

A mapping is a YAML file that says what a partner's table means: which column holds what, and which EPCIS events the
rows make. It is data: no expressions, no code, and unknown keys are errors with file, line and a suggestion.
The file `mappings/<partner>/<document>.yaml` is the mapping `<partner>/<document>`; one in a workspace wins over a
shipped one of the same name. `mappings/acme-cmo/batch.yaml` is a complete example.

* Columns are found by header, in any order; case and number of blanks do not matter. The header row is found
  by content.
* A column that the mapping does not name is reported, unless it stands under `table.ignore`.
* An event never mixes rows that differ in one of the fields that the event uses, its time included.
* Nothing that is missing is invented: an empty required cell is an error, unless a setting (`otherwise`) supplies it.
* YAML reads `#`, `:`, `,` and leading zeros in its own way: quote such headers and numbers (`"LOT #"`, `"0312345"`).
* Forms of dates and times are made of YYYY or YY, MM, DD, hh, mm, ss; M, D and h take one or two digits; AM takes AM
  or PM (`M/D/YYYY h:mm AM`). Everything else, such as `/` or `T`, stands for itself.
* Events come in the order of `events`: list commissioning before packing, and packing from the inside out.

This page is written from the code by `docs/mapping_reference.py`.
"""

PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", spec.MappingSpec),
    ("`identify`", spec.Identify),
    ("`table`", spec.Table),
    ("`table.csv`", spec.Csv),
    ("`table.xlsx`", spec.Xlsx),
    ("`table.footers`", spec.Footer),
    ("`constants`", spec.Constant),
    ("`fields`", spec.FieldSpec),
    ("`objects`", spec.ObjectSpec),
    ("`events`", spec.EventSpec),
    ("`events.transactions`", spec.Transaction),
    ("`events.sources` and `events.destinations`", spec.PartySpec),
)


def page() -> str:
    """The reference page."""
    parts = [INTRODUCTION]
    for title, model in PARTS:
        meaning = (model.__doc__ or "").split("\n")[0]
        lines = [f"## {title}", "", meaning, "", "| key | default | meaning |", "|---|---|---|"]
        for name, field in model.model_fields.items():
            default = "required" if field.is_required() else _shown(field.default)
            lines.append(f"| `{name}` | {default} | {_choices(field.annotation)}{field.description} |")
        parts.append("\n".join(lines) + "\n")
    lines = ["## Transforms", "", "| transform | keys | meaning |", "|---|---|---|"]
    for key in TRANSFORMS.keys():  # noqa: SIM118 - a registry is no dict
        meaning = (TRANSFORMS.get(key).__doc__ or "").split("\n")[0]
        lines.append(f"| `{key}` | {', '.join(f'`{one}`' for one in sorted(OPTIONS.get(key, ())))} | {meaning} |")
    parts.append("\n".join(lines) + "\n\nOthers come by the entry point group `gateway.transforms`.\n")
    lines = ["## Settings", "", "`--set` keys that every mapping knows; a mapping adds its own under `settings`.", ""]
    lines += [f"* `{setting.key}`: {setting.title}" for setting in SETTINGS]
    parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _shown(default: object) -> str:
    return f"`{default}`" if default not in (None, "", [], {}) and not isinstance(default, BaseModel) else ""


def _choices(annotation: object) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(f"`{one}`" for one in typing.get_args(annotation) if one) + ". "
    return ""


if __name__ == "__main__":
    sys.stdout.write(page())
