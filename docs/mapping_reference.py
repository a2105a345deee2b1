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
shipped one of the same name. `mappings/acme-cmo/batch.yaml` is a complete example, `mappings/styles` has one for each
shape of table, and `gateway mapping infer` proposes one for a table that nobody has described
([from a spreadsheet](from-a-spreadsheet.md)). Samples in the folder `mappings/<partner>/<document>/` are what
`gateway mapping test` runs. Editors that know JSON Schema help with `mappings/mapping.schema.json`: name it in the
first line, `# yaml-language-server: $schema=../mapping.schema.json`.

* Columns are found by header, in any order; case and number of blanks do not matter. The header row is found
  by content.
* A column that the mapping does not name is reported, unless it stands under `table.ignore`.
* An event never mixes rows that differ in one of the fields that the event uses, its time included.
* Nothing that is missing is invented: an empty required cell is an error, unless a setting (`otherwise`) supplies it.
* YAML reads `#`, `:`, `,` and leading zeros in its own way: quote such headers and numbers (`"LOT #"`, `"0312345"`).
* Forms of dates and times are made of YYYY or YY, MM, DD, hh, mm, ss; M, D and h take one or two digits; AM takes AM
  or PM (`M/D/YYYY h:mm AM`). Everything else, such as `/` or `T`, stands for itself.
* Events come in the order of `events`: list commissioning before packing, and packing from the inside out.

## Shapes of tables

* **One row a thing**, with its containers in further columns: nothing to declare. It is the quickest to read.
* **Levels**: one row an object, a column says which kind. `table.levels` names the column and its words; rows follow
  their container, or name it in a column (`parent`). `inherit` lists fields that stand in the container's row, e.g.
  the time when its contents were packed (`styles/levels`).
* **Blocks and merged cells**: `table.fill_down` lists fields whose empty cells take the value above, outermost first; a
  new value clears those listed after it. A row that fills only such fields is the header row of its box
  (`styles/box-blocks`).
* **Cells above the table** (`Batch: VX26`): a field with `preamble` instead of `column`.
* **Several columns, one value**: `join` puts texts together, `first_of` takes the first that is filled.
* **Rows of several kinds**: `where` limits an event to rows whose field has a value, e.g. `where: {action: scrap}`. A
  row that no event takes is an error (`styles/rework`, `styles/returns`).
* **Amounts without serial numbers**: an object with `quantity` (`styles/quantities`).
* **Several sheets**: `table.xlsx.sheet` is a list of names, or `*` for all that have the header; footers count their
  own sheet.

`steps` prepare a text before its transform: `steps: [{split: {by: "/", part: 2}}, {case: upper}]`.
A cell that its steps leave empty is an empty cell.

This page is written from the code by `docs/mapping_reference.py`.
"""

PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", spec.MappingSpec),
    ("`identify`", spec.Identify),
    ("`table`", spec.Table),
    ("`table.csv`", spec.Csv),
    ("`table.xlsx`", spec.Xlsx),
    ("`table.levels`", spec.Levels),
    ("`table.footers`", spec.Footer),
    ("`constants`", spec.Constant),
    ("`fields`", spec.FieldSpec),
    ("`fields.steps`", spec.Step),
    ("`split`", spec.Split),
    ("`regex`", spec.Regex),
    ("`pad`", spec.Pad),
    ("`replace`", spec.Replace),
    ("`objects`", spec.ObjectSpec),
    ("`objects.quantity`", spec.Quantity),
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
            lines.append(f"| `{field.alias or name}` | {default} | {_choices(field.annotation)}{field.description} |")
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
